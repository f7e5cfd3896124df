package web

import (
	"context"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/workbench"
)

func expandCalls() []call {
	return []call{
		{id: "expand", pattern: "POST /cases/{case}/expand", action: identity.ReadCase, summary: "Show what is around a node",
			about: "Where the value of an address, transaction, coin, cluster or service came from, or where it went: nodes and edges as a graph takes them; nothing is stored. At the transaction level these are facts of the chain. " +
				"At the aggregated level an edge sums what moved between two parties over all transactions in `scope`: where others' coins were spent too, a part in proportion to value, marked `inferred`. " +
				"However busy the node, bounded work is done: `scope` says what was looked at, `more` what is not shown.", handle: typed(expand)},
		{id: "why", pattern: "POST /cases/{case}/why", action: identity.ReadCase, summary: "Show why addresses are held to be one party's",
			about: "The cluster of an address: its other addresses, and the transactions that join them. It is an inference.", handle: typed(why)},
		{id: "paths", pattern: "POST /cases/{case}/paths", action: identity.ReadCase, summary: "Find paths",
			about: "How value can have come from one party to another: the shortest path and the largest. A path says that value could have come this way, and claims no amount.", handle: typed(paths)},
	}
}

// overLedger asks a ledger in a case: who may read the case may, and it is noted what was asked.
func overLedger[T any](q *request, c string, ledger goshawk.ID, what string, ask func(context.Context, *workbench.Held) (T, error)) (answer T, err error) {
	b, err := q.bench()
	if err != nil {
		return answer, err
	}
	if _, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(c), what, casebook.KindCase); err != nil {
		return answer, err
	}
	held, err := b.Use(q.Context(), ledger)
	if err != nil {
		return answer, err
	}
	defer held.Release()
	return ask(q.Context(), held)
}

type expandInput struct {
	CaseInput
	Body workbench.ExpandQuestion
}

type expandOutput struct {
	Body *workbench.Found
}

func expand(q *request, in *expandInput) (*expandOutput, error) {
	found, err := overLedger(q, in.Case, in.Body.Ledger, "looked at what is around "+in.Body.Node, func(ctx context.Context, h *workbench.Held) (*workbench.Found, error) {
		return h.Expand(ctx, in.Body)
	})
	return &expandOutput{found}, err
}

type whyInput struct {
	CaseInput
	Body workbench.WhyQuestion
}

type whyOutput struct {
	Body *workbench.Why
}

func why(q *request, in *whyInput) (*whyOutput, error) {
	found, err := overLedger(q, in.Case, in.Body.Ledger, "looked at the cluster of "+in.Body.Address, func(ctx context.Context, h *workbench.Held) (*workbench.Why, error) {
		return h.Why(ctx, in.Body)
	})
	return &whyOutput{found}, err
}

type pathsInput struct {
	CaseInput
	Body workbench.PathsQuestion
}

type pathsOutput struct {
	Body *workbench.FoundPaths
}

func paths(q *request, in *pathsInput) (*pathsOutput, error) {
	found, err := overLedger(q, in.Case, in.Body.Ledger, "looked for paths from "+in.Body.From+" to "+in.Body.To, func(ctx context.Context, h *workbench.Held) (*workbench.FoundPaths, error) {
		return h.Paths(ctx, in.Body)
	})
	return &pathsOutput{found}, err
}
