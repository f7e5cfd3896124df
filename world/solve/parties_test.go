package solve

import (
	"context"
	"testing"

	"goshawk"
	"goshawk/trace"
)

// desk is a chain of one payment out of address 1, and the labels of some addresses.
type desk struct {
	Chain // none else is asked
	outs  int
	names map[goshawk.AddressID]*goshawk.Label
}

func (d desk) History(_ context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	var page goshawk.HistoryPage
	if q.Address == 1 {
		page.Entries = []goshawk.HistoryEntry{{Tx: 7, Spent: goshawk.Amount{Units: goshawk.U(100)}}}
	}
	return page, nil
}

func (d desk) Transactions(_ context.Context, _ []goshawk.TxID, _ goshawk.Want, into *goshawk.Transactions) error {
	into.Inputs = []goshawk.Input{{Address: 1, Value: 100}}
	for i := range d.outs {
		into.Outputs = append(into.Outputs, goshawk.Output{Address: goshawk.AddressID(2 + i), Value: uint64(10 + i)})
	}
	into.Rows = []goshawk.Transaction{{ID: 7, InputEnd: 1, OutputEnd: uint32(d.outs)}}
	return nil
}

func (d desk) Addresses(_ context.Context, ids []goshawk.AddressID, _ goshawk.Want) ([]goshawk.Address, error) {
	list := make([]goshawk.Address, len(ids)) // none is fresh
	for i := range list {
		list[i] = goshawk.Address{ID: ids[i], Transactions: 9, Outputs: 9}
	}
	return list, nil
}

func (d desk) Party(a goshawk.AddressID) trace.Party {
	if l := d.names[a]; l != nil {
		return trace.Party(len(l.Text))
	}
	return trace.Unlabelled
}

func (d desk) Label(a goshawk.AddressID) *goshawk.Label { return d.names[a] }

// alone has every address in a cluster of its own, but those from 10 on in one.
type alone struct{}

func (alone) Root(a goshawk.AddressID) goshawk.AddressID { return min(a, 10) }

func (alone) Members(_ context.Context, a goshawk.AddressID, _ int) ([]goshawk.AddressID, bool, error) {
	if a < 10 {
		return []goshawk.AddressID{a}, false, nil
	}
	return []goshawk.AddressID{10, 11, 12, 13}, false, nil
}

func opened(t *testing.T, d desk) *parties {
	t.Helper()
	p := &parties{solver: &solver{Case: Case{Chain: d, Services: d}}, groups: alone{}, seen: map[goshawk.AddressID]*party{}}
	if err := p.Prepare(t.Context(), []goshawk.AddressID{1, 10}); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPaysOut: a deposit from which a service pays its customers is the service's;
// who pays a service and keeps change is not.
func TestPaysOut(t *testing.T) {
	for _, c := range []struct {
		outs    int
		cluster bool
		want    trace.Party
	}{
		{4, true, 6},
		{4, false, trace.Unlabelled}, // a customer's deposit address, for all that is known
		{2, true, trace.Unlabelled},  // a payment and its change
	} {
		p := opened(t, desk{outs: c.outs, names: map[goshawk.AddressID]*goshawk.Label{3: {Text: "Bourse", Cluster: c.cluster}}})
		if got := p.Party(1); got != c.want {
			t.Errorf("%d outputs, a label of the cluster %t: %d, not %d", c.outs, c.cluster, got, c.want)
		}
	}
}

// TestMostLabels: one label that is said of a whole cluster gives way to what most
// labels of its addresses say.
func TestMostLabels(t *testing.T) {
	spread := &goshawk.Label{Text: "Pool", Match: "by its cluster"}
	right := &goshawk.Label{Text: "Harbour"}
	p := opened(t, desk{names: map[goshawk.AddressID]*goshawk.Label{10: {Text: "Pool", Cluster: true}, 11: right, 12: right, 13: spread}})
	for a := goshawk.AddressID(10); a <= 13; a++ {
		if p.Party(a) != 7 || p.Label(a) != right {
			t.Errorf("%d is of %d, %v", a, p.Party(a), p.Label(a))
		}
	}
	p = opened(t, desk{names: map[goshawk.AddressID]*goshawk.Label{10: {Text: "Pool", Cluster: true}, 11: right, 12: spread, 13: spread}})
	if p.Party(12) != 4 {
		t.Errorf("one against one: %d", p.Party(12))
	}
}
