package web

import (
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
	"goshawk/workbench"
)

// TestSince: a trace keeps what it said, and its page says where the chain that it read is not there any more.
func TestSince(t *testing.T) {
	s := newStage(t)
	s.chain(20)
	c := s.newCase()
	b := s.as("investigator")
	var ledgers struct{ Ledgers []workbench.Status }
	b.do("GET", apiRoot+"/ledgers", nil).is(t, 200, &ledgers)
	tip := ledgers.Ledgers[0].Tip
	other := strings.Repeat("0b", 32)
	for id, was := range map[goshawk.ID]struct {
		ledger string
		height int32
		block  string
		says   string
	}{
		"r1": {"main", tip.Height, tip.Hash, ""},
		"r2": {"main", tip.Height, other, "the chain was reorganised, or another ledger stands in its place"},
		"r3": {"main", tip.Height + 1, other, "the chain was reorganised, or another ledger stands in its place"},
		"r4": {"away", tip.Height, tip.Hash, "The server has no ledger of this name any more"},
	} {
		set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, id, name, v) }
		_, err := s.web.Book.Act(t.Context(), s.subject("investigator"), c, "traced", []casebook.Edit{set("question", map[string]any{"ledger": was.ledger, "method": "fifo", "starts": []string{"x"}}), set("state", "done"),
			set("summary", workbench.RunSummary{Method: "fifo", Network: "regtest", Ticker: "tBTC", Decimals: 8, Height: was.height, Block: was.block})})
		if err != nil {
			t.Fatal(err)
		}
		page := b.page(casePath(c) + "/runs/" + string(id))
		has(t, page, "regtest, up to block")
		if was.says != "" {
			has(t, page, was.says)
		} else if strings.Contains(page, "What stands here is what the trace said then") {
			t.Error("a trace's chain is said not to be there, which it is")
		}
	}
}
