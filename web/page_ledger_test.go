package web

import (
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// What a ledger knows stands beside what is in the case.
func TestPagesAskTheLedger(t *testing.T) {
	s := newStage(t)
	whale := s.chain(50)
	id := s.newCase()
	at := casePath(id)
	held, err := s.web.Bench.Use(t.Context(), "main")
	if err != nil {
		t.Fatal(err)
	}
	found, err := held.Find(t.Context(), goshawk.Names{Addresses: []string{whale}})
	if err != nil {
		t.Fatal(err)
	}
	page, err := held.History(t.Context(), goshawk.HistoryQuery{Address: found.Addresses[0], Oldest: true, Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	var batch goshawk.Transactions
	if err := held.Transactions(t.Context(), []goshawk.TxID{page.Entries[0].Tx}, goshawk.WantHashes, &batch); err != nil {
		t.Fatal(err)
	}
	first := batch.Rows[0]
	held.Release()
	ines := s.as("investigator")
	set := casebook.Set
	edits := []casebook.Edit{set(casebook.KindSubject, "a1", "network", "regtest"), set(casebook.KindSubject, "a1", "what", "address"), set(casebook.KindSubject, "a1", "text", whale),
		set(casebook.KindSubject, "t1", "network", "regtest"), set(casebook.KindSubject, "t1", "what", "transaction"), set(casebook.KindSubject, "t1", "text", first.Hash.String()),
		set(casebook.KindSubject, "t2", "network", "regtest"), set(casebook.KindSubject, "t2", "what", "transaction"), set(casebook.KindSubject, "t2", "text", strings.Repeat("0", 63)+"1"),
		set(casebook.KindSubject, "a2", "network", "bitcoin"), set(casebook.KindSubject, "a2", "what", "address"), set(casebook.KindSubject, "a2", "text", firstAddress),
		set(casebook.KindWallet, "w1", "network", "regtest"), set(casebook.KindWallet, "w1", "key", "wpkh(tpubD6NzVbkrYhZ4XgiXtGrdW5XDAPFCL9h7we1vwNCpn8tGbBcgfVYjXyhWo4E1xkh56hjod1RhGjxbaTLV3X4FyWuejifB9jusQ46QzG87VKp/<0;1>/*)")}
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), id, "added", edits); err != nil {
		t.Fatal(err)
	}
	seen := when(time.Unix(first.Time, 0))
	has(t, ines.page(at+"/subjects/a1"), "main", "Received", seen)
	has(t, ines.page(at+"/subjects/t1"), seen)
	has(t, ines.page(at+"/subjects/t2"), "does not occur")
	hasNot(t, ines.page(at+"/subjects/a2"), "does not occur", "Received")
	line := ines.page(at + "/timeline")
	has(t, line, seen, "Time not known")
	if strings.Count(line, "Not known") != 1 {
		t.Error("the transaction that no ledger knows has a time, or the other has none")
	}
	wallet := ines.page(at + "/wallets/w1")
	hasNot(t, wallet, "No ledger here", "the gap was not reached")
	if n := strings.Count(wallet, `name="pick"`); n != 40 {
		t.Errorf("%d addresses, not a gap of 20 for each branch", n)
	}
	// What is pasted is thought to be of the ledger's network.
	res := ines.post(casePath(s.newCase())+"/find", "text", first.Hash.String())
	has(t, string(res.body), `<option value="regtest" selected`)
}
