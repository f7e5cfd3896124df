package records

import (
	"testing"
	"testing/fstest"

	"goshawk"
	"goshawk/world"
)

// TestBatchPaysInAnyOrder: a batch may pay a customer's later request first; each
// row has its own amount, and what nobody asked for is an error.
func TestBatchPaysInAnyOrder(t *testing.T) {
	m := &memory{MapFS: fstest.MapFS{}}
	s, err := newService(&world.Actor{Name: "Kestrel Exchange"}, m.Create)
	if err != nil {
		t.Fatal(err)
	}
	a := &account{id: 3}
	for i, n := range []world.Entry{
		{Kind: world.EntryRequest, Satoshis: 500, Fee: 10, Time: 100},
		{Kind: world.EntryRequest, Satoshis: 700, Fee: 10, Time: 200},
		{Kind: world.EntryWithdrawal, Satoshis: 700, Fee: 10, Time: 300},
		{Kind: world.EntryWithdrawal, Satoshis: 500, Fee: 10, Time: 300, Output: 1},
	} {
		if err := s.entry(&n, a, "somewhere"); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
	if err := s.entry(&world.Entry{Kind: world.EntryWithdrawal, Satoshis: 500, Fee: 10}, a, ""); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("a payment that nobody asked for: %v", err)
	}
	if err := s.withdrawals.Close(); err != nil {
		t.Fatal(err)
	}
	rows := m.rows(t, s.folder+"withdrawals.csv")
	if len(rows) != 2 || rows[0]["withdrawal"] != "W2" || rows[0]["satoshis"] != "700" || rows[1]["withdrawal"] != "W1" || rows[1]["requested"] != "1970-01-01T00:01:40Z" {
		t.Errorf("the rows are %v", rows)
	}
}
