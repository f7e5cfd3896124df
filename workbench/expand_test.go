package workbench

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/label"
	"goshawk/ledger/ledgertest"
)

// over puts questions to a ledger that is no store, with labels as a CSV file has them.
func over(tb testing.TB, l goshawk.Ledger, csv string) *Held {
	tb.Helper()
	head, err := l.Head(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	var files []*label.Source
	if csv != "" {
		src, err := label.Parse("labels.csv", []byte(csv), nil)
		if err != nil {
			tb.Fatal(err)
		}
		files = append(files, src)
	}
	set, err := label.NewSet(nil, files)
	if err != nil {
		tb.Fatal(err)
	}
	return &Held{Chain: &Chain{Ledger: l, Known: head}, ID: "test", Labels: set}
}

const ransom = `
block time=2024-05-01
tx pay: mint 50 -> victim 50
block time=2024-05-02
tx theft: pay:0 -> thief 30, victim 19 fee 1
tx other: mint 50 -> friend 50
block time=2024-05-03
tx mixed: theft:0, other:0 -> shop 40, thief 30, bar 9 fee 1
block time=2024-05-04
tx out: mixed:1 -> shop 29 fee 1
`

// told is an answer as a test reads it: edges with names in place of hashes and keys.
func told(h *ledgertest.History, f *Found) []string {
	name := func(id string) string {
		kind, text, _ := strings.Cut(id, ":")
		for _, n := range []string{"victim", "thief", "friend", "shop", "bar"} {
			if text == h.Address(n) {
				return n
			}
		}
		for _, n := range []string{"pay", "theft", "other", "mixed", "out"} {
			text = strings.Replace(text, h.Tx(n).String(), n, 1)
		}
		return kind + ":" + text
	}
	list := []string{}
	for _, e := range f.Edges {
		line := fmt.Sprintf("%s %s %s %s", name(e.From), e.What, name(e.To), e.Value)
		if e.Inferred {
			line += " inferred"
		}
		list = append(list, line)
	}
	return list
}

func TestExpand(t *testing.T) {
	h := ledgertest.MustChain(ransom)
	held := over(t, h.Ledger(), "address,label,category,confidence\n"+h.Address("shop")+",The Shop,exchange,70\n")
	a := func(n string) string { return "a:" + h.Address(n) }
	day := func(n int) time.Time { return time.Date(2024, 5, n, 0, 0, 0, 0, time.UTC) }
	for _, c := range []struct {
		what string
		q    ExpandQuestion
		want []string
	}{
		{"what came in, the largest first", ExpandQuestion{Node: a("thief"), Direction: "in", Level: LevelTransaction}, []string{"t:mixed receive thief 3000000000", "t:theft receive thief 3000000000"}},
		{"the oldest first", ExpandQuestion{Node: a("thief"), Direction: "in", Level: LevelTransaction, Order: "oldest"}, []string{"t:theft receive thief 3000000000", "t:mixed receive thief 3000000000"}},
		{"where it went, in days", ExpandQuestion{Node: a("thief"), Direction: "out", Level: LevelTransaction, From: day(4), Until: day(5)}, []string{"thief spend t:out 3000000000"}},
		{"at least so much", ExpandQuestion{Node: a("shop"), Direction: "in", Level: LevelTransaction, Min: "3000000000"}, []string{"t:mixed receive shop 4000000000"}},
		{"a transaction's outputs", ExpandQuestion{Node: "t:" + h.Tx("theft").String(), Direction: "out", Level: LevelTransaction}, []string{"t:theft receive thief 3000000000", "t:theft receive victim 1900000000"}},
		{"a transaction's inputs", ExpandQuestion{Node: "t:" + h.Tx("mixed").String(), Direction: "in", Level: LevelTransaction}, []string{"friend spend t:mixed 5000000000", "thief spend t:mixed 3000000000"}},
		{"those with a label", ExpandQuestion{Node: "t:" + h.Tx("mixed").String(), Direction: "out", Level: LevelTransaction, Label: "EXCHANGE"}, []string{"t:mixed receive shop 4000000000"}},
		{"the next transaction by spend", ExpandQuestion{Node: "u:" + h.Outpoint("theft:0").String(), Direction: "out", Level: LevelTransaction}, []string{"u:theft:0 spend t:mixed 3000000000"}},
		{"the transaction that made a coin", ExpandQuestion{Node: "u:" + h.Outpoint("theft:0").String(), Direction: "in", Level: LevelTransaction}, []string{"t:theft receive u:theft:0 3000000000"}},
		{"a coin that rests", ExpandQuestion{Node: "u:" + h.Outpoint("out:0").String(), Direction: "out", Level: LevelTransaction}, []string{}},
		{"the next transactions by spend, coin by coin", ExpandQuestion{Node: "t:" + h.Tx("theft").String(), Direction: "out", Level: LevelTransaction, By: "coin"},
			[]string{"t:theft receive u:theft:0 3000000000", "u:theft:0 spend t:mixed 3000000000", "t:theft receive u:theft:1 1900000000"}},
		// Of mixed, thief put in 3/8: 15 of what shop got, 3.375 of bar's.
		{"whom it paid", ExpandQuestion{Node: a("thief"), Direction: "out", Level: LevelAggregated}, []string{"thief pay shop 4400000000 inferred", "thief pay bar 337500000 inferred"}},
		{"who paid it", ExpandQuestion{Node: a("shop"), Direction: "in", Level: LevelAggregated}, []string{"thief pay shop 4400000000 inferred", "friend pay shop 2500000000 inferred"}},
		{"who paid it alone", ExpandQuestion{Node: a("thief"), Direction: "in", Level: LevelAggregated, Until: day(2)}, []string{"victim pay thief 3000000000"}},
		{"another asset", ExpandQuestion{Node: a("thief"), Direction: "in", Level: LevelTransaction, Asset: "USDT"}, []string{}},
	} {
		f, err := held.Expand(t.Context(), c.q)
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := told(h, f); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.what, got, c.want)
		}
		if f.More != 0 || f.Cursor != "" || f.Sampled {
			t.Errorf("%s: more %d, cursor %q", c.what, f.More, f.Cursor)
		}
		for _, n := range f.Nodes {
			if n.Text == h.Address("shop") && (n.Label == nil || n.Label.Text != "The Shop" || n.Label.Words == "" || n.Label.Category != "exchange") {
				t.Errorf("%s: the shop's label is %+v", c.what, n.Label)
			}
		}
	}
}

// TestExpandPerDay: a sum over several days says what moved on each of them, and that adds up.
func TestExpandPerDay(t *testing.T) {
	h := ledgertest.MustChain(ransom)
	f, err := over(t, h.Ledger(), "").Expand(t.Context(), ExpandQuestion{Node: "a:" + h.Address("thief"), Direction: "out", Level: LevelAggregated})
	if err != nil {
		t.Fatal(err)
	}
	want := []map[string]string{{"2024-05-03": "1500000000", "2024-05-04": "2900000000"}, nil}
	for i, e := range f.Edges {
		if !maps.Equal(e.Days, want[i]) {
			t.Errorf("%s, in sum %s: by day %v, not %v", e.To, e.Value, e.Days, want[i])
		}
	}
	// Whatever the order in which transactions come, the days' sums are the sum; too many days are left out.
	for _, days := range []int{2, 60, mostDays, mostDays + 1} {
		o := &other{}
		for i := range 3 * days {
			at := int64(i*7%days)*24*60*60 + int64(i)
			if i == 0 {
				o.first, o.last = at, at
			}
			o.first, o.last = min(o.first, at), max(o.last, at)
			v := goshawk.U(uint64(i + 1))
			o.on(at, &v)
			o.units.Add(&o.units, &v)
		}
		var sum goshawk.Units
		for _, v := range o.days {
			sum.Add(&sum, &v)
		}
		if days > mostDays && o.perDay() != nil {
			t.Errorf("%d days are listed", len(o.days))
		}
		if days <= mostDays && (sum != o.units || len(o.perDay()) != days) {
			t.Errorf("%d days sum to %s, not %s", len(o.days), sum.Dec(), o.units.Dec())
		}
	}
}

// TestExpandRefuses says what is wrong with a question.
func TestExpandRefuses(t *testing.T) {
	h := ledgertest.MustChain(ransom)
	held := over(t, h.Ledger(), "")
	good := ExpandQuestion{Node: "a:" + h.Address("thief"), Direction: "in", Level: LevelTransaction}
	for _, c := range []struct {
		change func(*ExpandQuestion)
		code   goshawk.Code
	}{
		{func(q *ExpandQuestion) { q.Direction = "up" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Level = "deep" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Node = "x:1" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Node = "t:12" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Node = "t:" + strings.Repeat("0", 63) + "1" }, goshawk.NotFound},
		{func(q *ExpandQuestion) { q.Node = "a:" + strings.Repeat("9", 40) }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Node = "u:" + h.Tx("out").String() + ":7" }, goshawk.NotFound},
		{func(q *ExpandQuestion) { q.Min = "1.5" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.Cursor = "nonsense" }, goshawk.Invalid},
		{func(q *ExpandQuestion) { q.By = "cluster" }, goshawk.Unsupported},
	} {
		q := good
		c.change(&q)
		if _, err := held.Expand(t.Context(), q); goshawk.CodeOf(err) != c.code {
			t.Errorf("%+v: %v", q, err)
		}
	}
}

// TestExpandOfRandomHistories: pages show each thing once and all of it, and an edge between two parties is
// the same whichever of them was asked for.
func TestExpandOfRandomHistories(t *testing.T) {
	edges := 0
	for seed := range uint64(12) {
		l := ledgertest.Random(seed, ledgertest.Shape{}).Ledger()
		held := over(t, l, "")
		sides := [2]map[string]Edge{{}, {}}
		for a := range goshawk.AddressID(held.Known.Addresses) {
			infos, err := l.Addresses(t.Context(), []goshawk.AddressID{a}, goshawk.WantTotals)
			if err != nil {
				t.Fatal(err)
			}
			if !goshawk.ID("a:" + infos[0].Text).Valid() {
				continue
			}
			for i, direction := range []string{"out", "in"} {
				q := ExpandQuestion{Node: "a:" + infos[0].Text, Direction: direction, Level: LevelAggregated, Most: 3}
				for _, e := range pages(t, held, q) {
					sides[i][e.ID] = e
				}
				q.Level, q.Most = LevelTransaction, 2
				var sum goshawk.Units
				for _, e := range pages(t, held, q) {
					var n goshawk.Units
					if err := n.SetFromDecimal(e.Value); err != nil {
						t.Fatal(err)
					}
					sum.Add(&sum, &n)
				}
				want := infos[0].Spent.Units
				if direction == "in" {
					want = infos[0].Received.Units
				}
				if sum != want {
					t.Fatalf("seed %d, %s %s: the pages sum to %s, not %s", seed, direction, infos[0].Text, sum.Dec(), want.Dec())
				}
			}
		}
		for id, e := range sides[0] {
			edges++
			back, ok := sides[1][id]
			// Scopes are of the question; the rest is the same from both sides.
			if !ok || back.Value != e.Value || back.Count != e.Count || back.Inferred != e.Inferred || back.Note != e.Note || !back.First.Equal(*e.First) || !back.Last.Equal(*e.Last) {
				t.Fatalf("seed %d: from its payer %+v, from who was paid %+v", seed, e, back)
			}
		}
		for id, e := range sides[1] {
			if _, ok := sides[0][id]; !ok {
				t.Fatalf("seed %d: only who was paid knows of %+v", seed, e)
			}
		}
	}
	if edges < 100 {
		t.Errorf("only %d edges were compared", edges)
	}
}

// pages asks until there is nothing more, and returns all edges.
func pages(t *testing.T, h *Held, q ExpandQuestion) (all []Edge) {
	t.Helper()
	seen := map[string]bool{}
	for {
		f, err := h.Expand(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range f.Edges {
			if seen[e.ID] {
				t.Fatalf("%+v comes twice", e)
			}
			seen[e.ID] = true
			all = append(all, e)
		}
		if (f.More == 0) != (f.Cursor == "") {
			t.Fatalf("more %d with the cursor %q", f.More, f.Cursor)
		}
		if q.Cursor = f.Cursor; q.Cursor == "" {
			return all
		}
	}
}

// TestExpandWhale: of a busy address a part is looked at, which is said, and pages lead through all of it.
func TestExpandWhale(t *testing.T) {
	held, address := whale(t, mostLooked+5_000)
	q := ExpandQuestion{Node: "a:" + address, Direction: "in", Level: LevelTransaction}
	f, err := held.Expand(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Sampled || f.More < 5_000 || len(f.Edges) != usualMost || !strings.Contains(f.Scope, "the newest 50,000 were looked at") {
		t.Errorf("sampled %t, %d more, %d edges: %s", f.Sampled, f.More, len(f.Edges), f.Scope)
	}
	q.Most = mostOutputs
	if n := len(pages(t, held, q)); n < 20_000 {
		t.Errorf("all pages together show %d transactions", n)
	}
}
