package workbench

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk/label"
	"goshawk/letter"
)

func hashOf(n int) string { return fmt.Sprintf("%064x", n) }

// booked is a deposit that is matched with a coin.
func booked(line int, account string, units uint64, coin string, state MatchState) Matched {
	return Matched{Row: letter.Row{Line: line, Time: time.Date(2026, 1, line, 0, 0, 0, 0, time.UTC), Account: account, Reference: fmt.Sprint("D", line), Amount: units}, State: state, Coin: coin, Value: units}
}

// TestCoinOnce: a coin that a list names twice is followed once; one about which the list and the chain disagree is not
// followed at all, and each is said.
func TestCoinOnce(t *testing.T) {
	coin, other := hashOf(1)+":0", hashOf(2)+":0"
	x := &Across{}
	k := &accountBook{of: x, byCoin: map[string]uint64{coin: 7, other: 5}, credited: map[string]bool{}}
	k.add(&ReadAnswer{ID: "a", Mapping: letter.Mapping{List: letter.Deposits}, Rows: []Matched{booked(1, "7", 10, coin, MatchCoin), booked(2, "7", 10, coin, MatchCoin), booked(3, "7", 5, other, MatchDiffers)}})
	if err := k.lines("7", ""); err != nil {
		t.Fatal(err)
	}
	var followed uint64
	for _, l := range x.Lines {
		followed += l.Tainted
	}
	said := strings.Join(x.Faults, "\n")
	if followed != 7 || x.Lines[2].Coin != "" || !strings.Contains(said, "credited more than once") || !strings.Contains(said, "line 3 does not agree with the chain") {
		t.Errorf("%d are followed: %+v\n%s", followed, x.Lines, said)
	}
}

// TestTwoAccounts: two accounts cannot have been credited the same coin.
func TestTwoAccounts(t *testing.T) {
	coin := hashOf(1) + ":0"
	rows := []Matched{booked(1, "7", 10, coin, MatchCoin), booked(2, "8", 10, coin, MatchCoin), booked(3, "8", 10, hashOf(2)+":0", MatchCoin), booked(4, "8", 10, hashOf(2)+":0", MatchLikely)}
	once(rows)
	for i, want := range []MatchState{MatchSeveral, MatchSeveral, MatchCoin, MatchLikely} {
		if rows[i].State != want {
			t.Errorf("line %d is %s: %s", rows[i].Line, rows[i].State, rows[i].Note)
		}
	}
	if rows[0].Note == "" || rows[2].Note != "" || !strings.Contains(rows[3].Note, "line 3") {
		t.Errorf("%+v", rows)
	}
}

// TestLongStatement: lists made to keep the server busy are brought together at once, and right.
func TestLongStatement(t *testing.T) {
	const n = 50_000
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	k := &accountBook{of: &Across{}, byCoin: map[string]uint64{}, credited: map[string]bool{}}
	var booked []letter.Row
	for i := range n {
		k.movements = append(k.movements, movement{Matched{Row: letter.Row{Line: i, Time: at, Account: "7", Reference: "same", Tx: hashOf(1), Amount: 1}, State: MatchAbsent}, letter.Deposits})
		booked = append(booked, letter.Row{Line: i, Time: at, Account: "7", Reference: "same", Tx: hashOf(1), Credit: 1, Balance: uint64(i + 1)})
	}
	k.statement = append(k.statement, booked)
	if err := k.lines("7", ""); err != nil {
		t.Fatal(err)
	}
	deposits := 0
	for _, l := range k.of.Lines {
		if l.What == "deposit" {
			deposits++
		}
	}
	if deposits != n || len(k.of.Faults) > 0 {
		t.Errorf("%d of %d are found: %v", deposits, n, k.of.Faults)
	}
}

// TestStatementFiles: a statement that comes in several files, a month each, is one, in whatever order they were imported, and
// whether their newest row stands first or last.
func TestStatementFiles(t *testing.T) {
	month := func(n int, last uint64, balances ...uint64) (rows []letter.Row) {
		for i, b := range balances {
			r := letter.Row{Line: i + 2, Time: time.Date(2026, time.Month(n), 1+i, 0, 0, 0, 0, time.UTC), Account: "7", Reference: fmt.Sprint(n, " ", i), Balance: b}
			r.Credit, r.Debit = max(b, last)-last, max(b, last)-b
			rows, last = append(rows, r), b
		}
		return rows
	}
	back := func(rows []letter.Row) []letter.Row {
		slices.Reverse(rows)
		return rows
	}
	for name, files := range map[string][][]letter.Row{
		"in order":         {month(1, 0, 10, 6), month(2, 6, 9, 4)},
		"the later before": {month(2, 6, 9, 4), month(1, 0, 10, 6)},
		"newest first":     {back(month(1, 0, 10, 6)), back(month(2, 6, 9, 4))},
		"both":             {back(month(2, 6, 9, 4)), back(month(1, 0, 10, 6))},
		"one of each":      {month(2, 6, 9, 4), back(month(1, 0, 10, 6)), {{Account: "8", Credit: 1, Balance: 1}}},
	} {
		k := &accountBook{of: &Across{}, byCoin: map[string]uint64{}, credited: map[string]bool{}, statement: files}
		if err := k.lines("7", ""); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, l := range k.of.Lines {
			order = append(order, l.Reference)
		}
		if strings.Join(order, ", ") != "1 0, 1 1, 2 0, 2 1" || len(k.of.Faults) > 0 || k.of.Opening != 0 {
			t.Errorf("%s: %q, from %d on; %q", name, order, k.of.Opening, k.of.Faults)
		}
	}
}

// TestOneMoment: deposits and withdrawals of one moment are in one order, whichever list was imported first, and whichever
// row of it stands first.
func TestOneMoment(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 1, 1, 12, minute, 0, 0, time.UTC) }
	row := func(line, minute int, units uint64, ref string) Matched {
		return Matched{Row: letter.Row{Line: line, Time: at(minute), Account: "7", Reference: ref, Amount: units}, State: MatchNone}
	}
	deposits := &ReadAnswer{ID: "a", Mapping: letter.Mapping{List: letter.Deposits}, Rows: []Matched{row(2, 5, 3, "D2"), row(3, 5, 4, "D1"), row(4, 1, 5, "D0")}} // the newest first
	withdrawals := &ReadAnswer{ID: "b", Mapping: letter.Mapping{List: letter.Withdrawals}, Rows: []Matched{row(2, 5, 6, "W1"), row(3, 5, 2, "W2")}}
	for _, files := range [][]*ReadAnswer{{deposits, withdrawals}, {withdrawals, deposits}} {
		k := &accountBook{of: &Across{}, byCoin: map[string]uint64{}, credited: map[string]bool{}}
		for _, a := range files {
			k.add(a)
		}
		if err := k.lines("7", ""); err != nil {
			t.Fatal(err)
		}
		var order []string
		for _, l := range k.of.Lines {
			order = append(order, l.Reference)
		}
		if got := strings.Join(order, " "); got != "D0 D1 D2 W1 W2" {
			t.Errorf("%s first: %s", files[0].ID, got)
		}
	}
}

// TestAbout: a line is about the movement of its reference or transaction, else of its moment, if that is only one.
func TestAbout(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	move := func(ref, tx string, n uint64) movement {
		return movement{Matched{Row: letter.Row{Time: at, Reference: ref, Tx: tx, Amount: n}}, letter.Deposits}
	}
	k := &accountBook{movements: []movement{move("", "", 5), move("D2", "", 5), move("D3", "t3", 5), move("", "", 6), move("", "", 6)}}
	x := k.index()
	for _, c := range []struct {
		row  letter.Row
		want int
	}{
		{letter.Row{Time: at, Credit: 5, Reference: "D2"}, 1}, {letter.Row{Time: at, Credit: 5, Tx: "t3"}, 2}, {letter.Row{Time: at, Credit: 5, Reference: "other"}, 0}, {letter.Row{Time: at, Credit: 5}, -1},
		{letter.Row{Time: at, Credit: 6}, -1}, {letter.Row{Time: at, Debit: 5, Reference: "D2"}, -1}, {letter.Row{Time: at.Add(1), Credit: 5}, -1},
	} {
		if got := x.about(&c.row); got != c.want {
			t.Errorf("%+v is about %d, not %d", c.row, got, c.want)
		}
	}
	x.used[0], x.used[1] = true, true
	if got := x.about(&letter.Row{Time: at, Credit: 5}); got != 2 {
		t.Errorf("of one that is left: %d", got)
	}
}

// TestWhy: a letter gives the reason that there is for an address to be a service's, and no other.
func TestWhy(t *testing.T) {
	const own, alike = "1own", "1alike"
	source, err := label.Parse("x.yaml", []byte("title: x\ncreator: y\ntags:\n- {address: "+own+", label: Kestrel, confidence: ownership, currency: BTC}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := label.NewSet(nil, []*label.Source{source})
	if err != nil {
		t.Fatal(err)
	}
	h := &Held{Labels: set}
	says := &RunLabel{Label: "Kestrel", Words: "high", Source: "x.yaml"}
	address := func(a string) *string { return &a }
	for _, c := range []struct {
		end      RunEnd
		cluster  bool
		inferred bool
		words    string
	}{
		{RunEnd{Address: address(own), Label: says}, true, false, "labelled “Kestrel”"},
		{RunEnd{Address: address(alike), Label: says}, true, true, "one cluster"},
		{RunEnd{Address: address(alike), Label: says, Sweep: "ab"}, true, true, "transaction ab spent the coin"},
	} {
		inferred, words := h.why(&c.end, c.cluster)
		if inferred != c.inferred || !strings.Contains(words, c.words) {
			t.Errorf("%+v: %t, %s", c.end, inferred, words)
		}
	}
}
