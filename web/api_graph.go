package web

import (
	"encoding/json"

	"goshawk"
	"goshawk/identity"
)

func graphCalls() []call {
	return []call{
		{id: "read-graph", pattern: "GET /cases/{case}/graphs/{graph}", action: identity.ReadCase, summary: "Read a graph",
			about:  "A graph's fields: `node/…`, `edge/…`, `group/…`, `view`, `title`. With `at`, as it stood after that change of the case, which is how snapshots are read. It is changed as any record is: `POST /cases/{case}/changes`.",
			handle: typed(readGraph)},
	}
}

type readGraphInput struct {
	CaseInput
	Graph string `path:"graph" maxLength:"128" doc:"ID of the graph"`
	At    int64  `query:"at" minimum:"0" doc:"number of a change of the case; 0: as it stands"`
}

type readGraphOutput struct {
	Body struct {
		ID     goshawk.ID                 `json:"id"`
		Seq    int64                      `json:"seq" doc:"the change after which the graph stood so"`
		Fields map[string]json.RawMessage `json:"fields" doc:"each field's value, by its name"`
	} `nameHint:"Graph"`
}

func readGraph(q *request, in *readGraphInput) (*readGraphOutput, error) {
	v, err := q.s.Book.Graph(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Graph), in.At)
	if err != nil {
		return nil, err
	}
	out := &readGraphOutput{}
	out.Body.ID, out.Body.Seq, out.Body.Fields = v.ID, v.Seq, v.Fields
	return out, nil
}
