package web

import (
	"slices"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// casePageCalls answer what pages of a case put together from its records and the ledgers.
func casePageCalls() []call {
	return []call{
		{id: "read-timeline", pattern: "GET /cases/{case}/timeline", action: identity.ReadCase, summary: "Read the timeline",
			about: "Events, exhibits, custody transfers, letters and movements, with the transactions of interest at the times that a ledger says, in the order in which they happened. Those that no ledger knows come last, without a time. " +
				"An event is added as any record is: `POST /cases/{case}/changes`.", handle: typed(readTimeline)},
		{id: "read-wallet", pattern: "GET /cases/{case}/wallets/{wallet}", action: identity.ReadCase, summary: "Read a wallet's addresses",
			about: "The addresses of a seized wallet's public key or descriptor: with a ledger of its network all of them up to the first gap of unused ones, else as many as the gap. " +
				"A wallet is added as any record is: `POST /cases/{case}/changes` with the kind `wallet`; a private key is refused.", handle: typed(readWallet)},
	}
}

// happeningOut is one line of a timeline as the API tells it.
type happeningOut struct {
	At    *time.Time    `json:"at,omitempty" doc:"left out where no ledger says when it was"`
	What  string        `json:"what" enum:"event,exhibit,custody,letter,alert,transaction"`
	Kind  casebook.Kind `json:"kind" doc:"of the record that says it"`
	ID    goshawk.ID    `json:"id" doc:"of that record"`
	Title string        `json:"title"`
	Text  string        `json:"text,omitempty" doc:"Markdown"`
	Chain string        `json:"chain,omitempty" doc:"an address, transaction or coin"`
}

type readTimelineInput struct {
	CaseInput
	PageInput
}

type readTimelineOutput struct {
	Body struct {
		Happened []happeningOut `json:"happened" nullable:"false"`
		Next     string         `json:"next,omitempty" doc:"cursor of the next page"`
	} `nameHint:"Timeline"`
}

func readTimeline(q *request, in *readTimelineInput) (*readTimelineOutput, error) {
	_, list, unknown, err := q.timeline(goshawk.ID(in.Case))
	if err != nil {
		return nil, err
	}
	out := &readTimelineOutput{}
	out.Body.Happened = []happeningOut{}
	// Records of two kinds may have one ID.
	list, out.Body.Next, err = pageAfter(append(list, unknown...), &in.PageInput, func(h *happened) mark {
		return mark{int64(slices.Index(timelineKinds, h.of.Kind)), string(h.of.ID)}
	})
	if err != nil {
		return nil, err
	}
	for _, h := range list {
		one := happeningOut{What: h.key, Kind: h.of.Kind, ID: h.of.ID, Title: h.title, Text: h.text, Chain: h.chain}
		if known(h.at) {
			one.At = &h.at
		}
		out.Body.Happened = append(out.Body.Happened, one)
	}
	return out, nil
}

type readWalletInput struct {
	CaseInput
	Wallet string `path:"wallet" maxLength:"128" doc:"ID of the wallet's record"`
}

// walletAddress is one of a wallet's addresses as the API tells it.
type walletAddress struct {
	Path         string `json:"path" doc:"the steps below the wallet's key: 0/5"`
	Address      string `json:"address"`
	Transactions *int64 `json:"transactions,omitempty" doc:"in the ledger; left out where there is none"`
	InCase       bool   `json:"in_case"`
}

// walletBranch is one of a wallet's chains of addresses.
type walletBranch struct {
	Addresses []walletAddress `json:"addresses" nullable:"false"`
	Complete  bool            `json:"complete" doc:"the gap was reached: none after it was used"`
}

type readWalletOutput struct {
	Body struct {
		ID       goshawk.ID     `json:"id"`
		Network  string         `json:"network"`
		Key      string         `json:"key"`
		Gap      int            `json:"gap" doc:"so many unused addresses in a row end a branch"`
		Ledger   goshawk.ID     `json:"ledger,omitempty" doc:"that says which were used"`
		Branches []walletBranch `json:"branches" nullable:"false" doc:"where there are two: receiving, then change"`
	} `nameHint:"Wallet"`
}

func readWallet(q *request, in *readWalletInput) (*readWalletOutput, error) {
	w, err := q.wallet(goshawk.ID(in.Case), goshawk.ID(in.Wallet))
	if err != nil {
		return nil, err
	}
	out := &readWalletOutput{}
	b := &out.Body
	b.ID, b.Network, b.Key, b.Gap, b.Ledger, b.Branches = w.ID, w.Text("network"), w.Text("key"), w.gap, w.ledger, []walletBranch{}
	for _, from := range w.branches {
		to := walletBranch{Addresses: []walletAddress{}, Complete: from.last}
		for i := range from.list {
			a := &from.list[i]
			one := walletAddress{Path: a.Path, Address: a.Text, InCase: a.there}
			if w.ledger != "" {
				one.Transactions = &a.times
			}
			to.Addresses = append(to.Addresses, one)
		}
		b.Branches = append(b.Branches, to)
	}
	return out, nil
}
