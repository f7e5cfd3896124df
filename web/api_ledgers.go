package web

import (
	"net/http"

	"goshawk"
	"goshawk/identity"
	"goshawk/workbench"
)

func ledgerCalls() []call {
	return []call{
		{id: "list-ledgers", pattern: "GET /ledgers", action: identity.ReadLedger, summary: "List ledgers",
			about: "The chains that this server can be asked about: their networks, which blocks they hold, and how they are. A ledger that cannot be read says why in `fault`.", handle: typed(listLedgers)},
		{id: "add-ledger", pattern: "POST /ledgers", action: identity.ManageServer, summary: "Add a ledger", status: http.StatusNoContent,
			about: "Adds a ledger by the path of its folder on the server's machine. Those in the folder `ledgers` of the data folder are there by themselves.", handle: typed(addLedger)},
		{id: "remove-ledger", pattern: "DELETE /ledgers/{ledger}", action: identity.ManageServer, summary: "Forget a ledger", status: http.StatusNoContent,
			about: "A ledger that was added is forgotten. Its files stay as they are.", handle: typed(removeLedger)},
		{id: "check-ledger", pattern: "POST /ledgers/{ledger}/check", action: identity.ManageServer, summary: "Check a ledger", status: http.StatusAccepted,
			about: "Begins to verify all of a ledger's bytes. What is found stands in the list of ledgers, as `checked`.", handle: typed(checkLedger)},
	}
}

// bench is what is done with ledgers; an Unsupported error where there is none.
func (q *request) bench() (*workbench.Bench, error) {
	if q.s.Bench == nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this server has no ledgers")
	}
	return q.s.Bench, nil
}

// LedgerInput names a ledger in a call's path.
type LedgerInput struct {
	Ledger string `path:"ledger" maxLength:"128" doc:"ID of the ledger"`
}

type listLedgersOutput struct {
	Body struct {
		Ledgers []workbench.Status    `json:"ledgers" nullable:"false"`
		Labels  []goshawk.LabelSource `json:"labels" nullable:"false" doc:"the label files, with their hashes"`
	} `nameHint:"LedgerList"`
}

func listLedgers(q *request, _ *struct{}) (*listLedgersOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	out := &listLedgersOutput{}
	if out.Body.Ledgers, err = b.List(q.Context(), q.subject); err != nil {
		return nil, err
	}
	sources, err := b.LabelSources()
	out.Body.Labels = append([]goshawk.LabelSource{}, sources...)
	return out, err
}

type addLedgerInput struct {
	Body struct {
		ID   string `json:"id" minLength:"1" maxLength:"128" doc:"what it is called here"`
		Path string `json:"path" minLength:"1" maxLength:"4096" doc:"of its folder, from the root on"`
	} `nameHint:"NewLedger"`
}

func addLedger(q *request, in *addLedgerInput) (*struct{}, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	return nil, b.Add(q.Context(), q.subject, goshawk.ID(in.Body.ID), in.Body.Path)
}

func removeLedger(q *request, in *LedgerInput) (*struct{}, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	return nil, b.Remove(q.Context(), q.subject, goshawk.ID(in.Ledger))
}

func checkLedger(q *request, in *LedgerInput) (*struct{}, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	return nil, b.Check(q.Context(), q.subject, goshawk.ID(in.Ledger))
}
