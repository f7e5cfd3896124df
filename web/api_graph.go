package web

import (
	"encoding/json"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain"
	"goshawk/identity"
)

func graphCalls() []call {
	return []call{
		{id: "read-graph", pattern: "GET /cases/{case}/graphs/{graph}", action: identity.ReadCase, summary: "Read a graph",
			about:  "A graph's fields: `node/…`, `edge/…`, `group/…`, `view`, `title`. With `at`, as it stood after that change of the case, which is how snapshots are read. It is changed as any record is: `POST /cases/{case}/changes`. A node needs `what`, `text`, `x` and `y`; an edge `from`, `to` and `what`; a group a `title`: with what else they hold, they are as `expand` tells them, and a value of another kind is refused.",
			handle: typed(readGraph)},
		{id: "find-addresses", pattern: "POST /cases/{case}/find", action: identity.ChangeCase, summary: "Find addresses in a text", limit: casebook.MostText + 1<<20,
			about:  "Addresses, wallets' keys, transactions and coins in any text, with their checksums checked. Nothing is stored: what is wanted is added by a change.",
			handle: typed(findAddresses)},
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

type findAddressesInput struct {
	CaseInput
	Body struct {
		Text string `json:"text" doc:"at most 8 MiB are looked at"`
	} `nameHint:"TextToSearch"`
}

type findAddressesOutput struct {
	Body struct {
		Found []casebook.Found `json:"found" nullable:"false"`
		More  bool             `json:"more" doc:"there is more in the text than the limits allow"`
	} `nameHint:"FoundInText"`
}

func findAddresses(q *request, in *findAddressesInput) (*findAddressesOutput, error) {
	if err := q.s.Book.MayChange(q.Context(), q.subject, goshawk.ID(in.Case)); err != nil {
		return nil, err
	}
	out := &findAddressesOutput{}
	list, more := q.s.find([]byte(in.Body.Text))
	out.Body.Found, out.Body.More = append([]casebook.Found{}, list...), more
	for i := range out.Body.Found {
		if len(out.Body.Found[i].Networks) == 0 {
			out.Body.Found[i].Networks = chain.Networks() // 64 digits say nothing of theirs
		}
	}
	return out, nil
}
