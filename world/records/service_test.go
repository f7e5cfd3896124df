package records

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk"
	"goshawk/world"
)

// TestBatchPaysInAnyOrder: a batch may pay a customer's later request first; each
// row has its own amount, and what nobody asked for is an error.
func TestBatchPaysInAnyOrder(t *testing.T) {
	m := &memory{MapFS: fstest.MapFS{}}
	s, err := newService(&world.Actor{Name: "Kestrel Exchange"}, terms{files: accountFiles("trades.csv")}, m.Create)
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

// TestOrdersAreDeleted: an order is there until it is paid and the time for
// complaints is over; those that are left are whole, and numbered anew.
func TestOrdersAreDeleted(t *testing.T) {
	const now = 1_000_000
	for hours, want := range map[int]string{0: "3", 24: "2 3"} {
		m := &memory{MapFS: fstest.MapFS{}}
		s, err := newService(&world.Actor{Name: "Fogbank", Role: world.MixingService}, terms{files: []string{"addresses.csv", "deposits.csv", "withdrawals.csv", "balances.csv"}, forgets: true, hours: hours}, m.Create)
		if err != nil {
			t.Fatal(err)
		}
		s.text = func(world.Address) string { return "there" }
		tell := func(a *account, n world.Entry) {
			n.Account = a.id
			if err := s.hold(told{entry: n, address: "somewhere"}, a); err != nil {
				t.Fatal(err)
			}
		}
		for i, paid := range []uint32{now - 86_400, now - 86_399, 0} {
			a := &account{id: uint32(i + 1), customer: &world.Actor{}}
			if err := s.own(&world.Owned{Address: "in", Account: a.id}); err != nil {
				t.Fatal(err)
			}
			s.byID[a.id], s.accounts = a, append(s.accounts, a)
			tell(a, world.Entry{Kind: world.EntryDeposit, Satoshis: 900, Balance: 900})
			tell(a, world.Entry{Kind: world.EntryRequest, Satoshis: 400, Fee: 50, Balance: 450})
			tell(a, world.Entry{Kind: world.EntryRequest, Satoshis: 440, Fee: 10})
			tell(a, world.Entry{Kind: world.EntryWithdrawal, Satoshis: 400, Fee: 50, Time: 1})
			if paid > 0 {
				tell(a, world.Entry{Kind: world.EntryWithdrawal, Satoshis: 440, Fee: 10, Time: paid})
			}
		}
		truth, err := newSheet(m.Create, "truth/customers.csv", "service,account,since,actor,name,papers")
		if err != nil {
			t.Fatal(err)
		}
		if err := s.close(m.Create, truth, now); err != nil {
			t.Fatal(err)
		}
		for name, rows := range map[string]int{"addresses.csv": 1, "deposits.csv": 1, "withdrawals.csv": 2, "balances.csv": 3} {
			var orders []string
			count := map[string]int{}
			for _, r := range m.rows(t, s.folder+name) {
				if count[r["account"]]++; count[r["account"]] == 1 {
					orders = append(orders, r["account"])
				}
				if name == "withdrawals.csv" && r["account"] == "3" && r["satoshis"] == "440" && (r["paid"] != "" || r["address"] != "there") {
					t.Errorf("what is still to be paid is %v", r)
				}
			}
			slices.Sort(orders)
			if got := strings.Join(orders, " "); got != want || count["3"] != rows {
				t.Errorf("%d hours: %s has the orders %s, %v", hours, name, got, count)
			}
		}
		if d := m.rows(t, s.folder+"deposits.csv"); d[0]["deposit"] != "D1" {
			t.Errorf("%v shows that orders were deleted", d[0])
		}
	}
}
