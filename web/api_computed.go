package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/workbench"
)

func computedCalls() []call {
	return []call{
		{id: "fix-computed", pattern: "POST /cases/{case}/exhibits/computed", action: identity.ChangeCase, status: 201, summary: "Fix an answer as an exhibit",
			about: "Asks one of the questions of `expand`, `why` and `paths`, or reads a graph, and fixes question and answer as an exhibit of the case: JSON, with the program's version and the ledger's last block. " +
				"The server asks it itself, so that nobody can have written the answer. The answers of traces, letters and files are exhibits anyway.", handle: typed(fixComputed)},
	}
}

// graphQuestion names a graph, as it stood after a change.
type graphQuestion struct {
	Graph goshawk.ID `json:"graph" maxLength:"128"`
	At    int64      `json:"at,omitempty" minimum:"0" doc:"number of a change of the case; 0: as it stands"`
}

// computedQuestion is one of these.
type computedQuestion struct {
	Expand *workbench.ExpandQuestion `json:"expand,omitempty"`
	Why    *workbench.WhyQuestion    `json:"why,omitempty"`
	Paths  *workbench.PathsQuestion  `json:"paths,omitempty"`
	Graph  *graphQuestion            `json:"graph,omitempty"`
}

type fixComputedInput struct {
	CaseInput
	Body computedQuestion
}

type fixComputedOutput struct {
	Body *casebook.Fixed
}

// computed is what the exhibit holds.
type computed struct {
	Version  string           `json:"goshawk"`
	Ledger   *computedOver    `json:"ledger,omitempty"`
	Case     goshawk.ID       `json:"case"`
	Question computedQuestion `json:"question"`
	Answer   any              `json:"answer"`
}

// computedOver is the state of a ledger that an answer was computed from.
type computedOver struct {
	ID      goshawk.ID `json:"id"`
	Network string     `json:"network"`
	Height  int32      `json:"height"`
	Block   string     `json:"block"`
}

func fixComputed(q *request, in *fixComputedInput) (*fixComputedOutput, error) {
	c := goshawk.ID(in.Case)
	if err := q.s.Book.MayChange(q.Context(), q.subject, c); err != nil {
		return nil, err
	}
	x := computed{Version: goshawk.Version, Case: c, Question: in.Body}
	name, err := q.compute(&x)
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(&x, "", "  ")
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "an answer cannot be written: %w", err)
	}
	from := "computed by Goshawk " + goshawk.Version + " from the case's own records"
	if l := x.Ledger; l != nil {
		from = fmt.Sprintf("computed by Goshawk %s over the ledger %s, %s, block %d", goshawk.Version, l.ID, l.Network, l.Height)
	}
	fixed, err := q.s.Book.AddExhibit(q.Context(), q.subject, c, casebook.Exhibit{Name: name, Media: "application/json", Source: from}, bytes.NewReader(append(text, '\n')))
	return &fixComputedOutput{fixed}, err
}

// compute asks the one question that there is, and names the file for its answer.
func (q *request) compute(x *computed) (name string, err error) {
	over := func(ledger goshawk.ID, what string, ask func(context.Context, *workbench.Held) (any, error)) error {
		x.Answer, err = overLedger(q, string(x.Case), ledger, what, func(ctx context.Context, h *workbench.Held) (any, error) {
			x.Ledger = &computedOver{h.ID, h.Known.Network, h.Known.Height, h.Known.Hash.String()}
			return ask(ctx, h)
		})
		return err
	}
	ask, asked := x.Question, 0
	if e := ask.Expand; e != nil {
		asked, name = asked+1, "around-"+clipped(e.Node)+".json"
		err = over(e.Ledger, "looked at what is around "+e.Node, func(ctx context.Context, h *workbench.Held) (any, error) { return h.Expand(ctx, *e) })
	}
	if w := ask.Why; w != nil && err == nil {
		asked, name = asked+1, "cluster-"+clipped(w.Address)+".json"
		err = over(w.Ledger, "looked at the cluster of "+w.Address, func(ctx context.Context, h *workbench.Held) (any, error) { return h.Why(ctx, *w) })
	}
	if p := ask.Paths; p != nil && err == nil {
		asked, name = asked+1, "paths-"+clipped(p.From)+"-"+clipped(p.To)+".json"
		err = over(p.Ledger, "looked for paths from "+p.From+" to "+p.To, func(ctx context.Context, h *workbench.Held) (any, error) { return h.Paths(ctx, *p) })
	}
	if g := ask.Graph; g != nil && err == nil {
		asked, name = asked+1, "graph-"+string(g.Graph)+".json"
		var out *readGraphOutput
		if out, err = readGraph(q, &readGraphInput{CaseInput{string(x.Case)}, string(g.Graph), g.At}); err == nil {
			x.Answer = out.Body
		}
	}
	if err == nil && asked != 1 {
		err = goshawk.Errorf(goshawk.Invalid, "%d questions were asked", asked).WithHint("ask one: expand, why, paths or graph")
	}
	return name, err
}
