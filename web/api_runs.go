package web

import (
	"net/http"

	"goshawk"
	"goshawk/identity"
	"goshawk/workbench"
)

func runCalls() []call {
	return []call{
		{id: "begin-run", pattern: "POST /cases/{case}/runs", action: identity.ChangeCase, summary: "Begin a trace", status: http.StatusAccepted,
			about: "Follows value by one method, or by several side by side. The case's record of it (`GET /cases/{case}?kind=run`) says how it stands: `running`, then `done`, `failed` or `cancelled`; the case's events tell how far it is. " +
				"The whole answer becomes an exhibit; the record's `summary` has the largest ends and all totals. Few run at once: 429 says so.", handle: typed(beginRun)},
		{id: "cancel-run", pattern: "POST /cases/{case}/runs/{run}/cancel", action: identity.ChangeCase, summary: "Cancel a trace", status: http.StatusNoContent,
			about: "What it found so far is kept, marked as truncated.", handle: typed(cancelRun)},
		{id: "read-run-picture", pattern: "GET /cases/{case}/runs/{run}/picture", action: identity.ReadCase, summary: "Read a trace as a picture",
			about: "The coins that traced value passed through, as nodes and edges that a graph takes; of a comparison, every method's edges. With `ends`, the ways to so many of the largest ends only, each along the coins that carried most; `scope` and `more` say what is left out.", handle: typed(runPicture)},
	}
}

type beginRunInput struct {
	CaseInput
	Body struct {
		Question workbench.RunQuestion `json:"question"`
	} `nameHint:"NewRun"`
}

type beginRunOutput struct {
	Body struct {
		ID goshawk.ID `json:"id" doc:"of the record"`
	} `nameHint:"RunBegun"`
}

func beginRun(q *request, in *beginRunInput) (*beginRunOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	id, err := b.Run(q.Context(), q.subject, goshawk.ID(in.Case), in.Body.Question)
	if err != nil {
		return nil, err
	}
	out := &beginRunOutput{}
	out.Body.ID = id
	return out, nil
}

type runInput struct {
	CaseInput
	Run string `path:"run" maxLength:"128" doc:"ID of the trace's record"`
}

func cancelRun(q *request, in *runInput) (*struct{}, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	return nil, b.CancelRun(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Run))
}

type runPictureInput struct {
	CaseInput
	Run  string `path:"run" maxLength:"128" doc:"ID of the trace's record"`
	Ends int    `query:"ends" minimum:"0" maximum:"500" doc:"the ways to so many of the largest ends; 0: everything"`
}

type runPictureOutput struct {
	Body *workbench.Found
}

func runPicture(q *request, in *runPictureInput) (*runPictureOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	found, err := b.Laid(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Run), in.Ends)
	return &runPictureOutput{found}, err
}
