package letter

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
)

func itoa(n int) string { return strconv.Itoa(n) }

// List is what the rows of an answer's file are.
type List string

const (
	Deposits    List = "deposits"    // what came in from the chain
	Withdrawals List = "withdrawals" // what went out to it
	Statement   List = "statement"   // everything that changed an account, with its balance
)

// Lists lists them.
func Lists() []List { return []List{Deposits, Withdrawals, Statement} }

// Column is what a column of an answer means.
type Column string

const (
	ColTime      Column = "time"      // when it was booked
	ColPaid      Column = "paid"      // of a withdrawal: when it was sent; empty: it was not
	ColAccount   Column = "account"   //
	ColReference Column = "reference" // the service's own name of the row
	ColAddress   Column = "address"   //
	ColTx        Column = "tx"        // the transaction, or TXID:N
	ColOut       Column = "output"    // its output's index
	ColAmount    Column = "amount"    // of a deposit or a withdrawal, without the fee
	ColFee       Column = "fee"       // that the account paid beside the amount
	ColChange    Column = "change"    // of a statement: with its sign
	ColCredit    Column = "credit"    // of a statement: what came in
	ColDebit     Column = "debit"     // and what went out
	ColBalance   Column = "balance"   // after the row
	ColAsset     Column = "asset"     // which coin; rows of others are left out, and counted
)

// Columns lists those that a list can have; the first of each pair of brackets are those that it must have.
func (l List) Columns() (must, may []Column) {
	switch l {
	case Deposits:
		return []Column{ColTime, ColAmount}, []Column{ColAccount, ColReference, ColAddress, ColTx, ColOut, ColAsset}
	case Withdrawals:
		return []Column{ColTime, ColAmount}, []Column{ColPaid, ColAccount, ColReference, ColFee, ColAddress, ColTx, ColOut, ColAsset}
	case Statement:
		return []Column{ColTime, ColBalance}, []Column{ColAccount, ColReference, ColChange, ColCredit, ColDebit, ColTx, ColAsset}
	}
	return nil, nil
}

// How times are written.
const (
	TimeISO        = "iso"         // 2026-11-30T12:00:00Z, 2026-11-30 12:00
	TimeDayFirst   = "day-first"   // 30.11.2026 12:00, 30/11/2026
	TimeMonthFirst = "month-first" // 11/30/2026 12:00
	TimeUnix       = "unix"        // seconds since 1970
	TimeUnixMilli  = "unix-ms"     // milliseconds
)

// TimeForms lists them.
func TimeForms() []string {
	return []string{TimeISO, TimeDayFirst, TimeMonthFirst, TimeUnix, TimeUnixMilli}
}

// Units of amounts.
const (
	UnitCoin     = "coin"     // 0.5
	UnitSmallest = "smallest" // 50000000
)

// Mapping says what an answer's file means. It is kept with the answer: who reads the exhibit by it again
// gets the same rows.
type Mapping struct {
	List      List           `json:"list" enum:"deposits,withdrawals,statement"`
	Delimiter string         `json:"delimiter" maxLength:"1" doc:"a comma, a semicolon, a tab or a bar"`
	Columns   map[Column]int `json:"columns" doc:"which column of the file, from 0"`
	Time      string         `json:"time" enum:"iso,day-first,month-first,unix,unix-ms"`
	Zone      string         `json:"zone,omitempty" maxLength:"64" doc:"of times that do not say it: +00:00, or a place of the IANA time zone database, Europe/Tallinn, with its summer time"`
	Unit      string         `json:"unit" enum:"coin,smallest"`
	Decimal   string         `json:"decimal" doc:"a point or a comma"`
	Account   string         `json:"account,omitempty" maxLength:"200" doc:"whose list it is, where no column says so"`
	Asset     string         `json:"asset,omitempty" maxLength:"32" doc:"how the column asset calls the ledger's coin"`
	Decimals  int            `json:"decimals" minimum:"0" maximum:"18" doc:"of the coin"`
}

// Row is a row of an answer.
type Row struct {
	Line      int        `json:"line"` // of the file, from 1
	Time      time.Time  `json:"time"`
	Paid      *time.Time `json:"paid,omitempty"`
	Account   string     `json:"account,omitempty"`
	Reference string     `json:"reference,omitempty"`
	Address   string     `json:"address,omitempty"`
	Tx        string     `json:"tx,omitempty"`
	Out       *uint32    `json:"out,omitempty"`
	Amount    uint64     `json:"amount,string"`        // of deposits and withdrawals
	Fee       uint64     `json:"fee,string,omitempty"` // of withdrawals
	Credit    uint64     `json:"credit,string,omitempty"`
	Debit     uint64     `json:"debit,string,omitempty"`
	Balance   uint64     `json:"balance,string,omitempty"` // of statements
}

// Fault is a cell that cannot be what its column says.
type Fault struct {
	Line int    `json:"line"`
	What string `json:"what"`
}

// Read is an answer's rows, and what could not be read.
type Read struct {
	Rows   []Row
	Faults []Fault // the first; nil: every row was read
	Bad    int     // rows with faults
	Others int     // rows of other assets
}

// Check says what a mapping leaves open, by name of its field: an answer is not imported before it is whole.
func (m *Mapping) Check(columns int) []string {
	var open []string
	lack := func(is bool, what string) {
		if is {
			open = append(open, what)
		}
	}
	lack(!slices.Contains(Lists(), m.List), "list")
	lack(!slices.Contains(TimeForms(), m.Time), "time form")
	lack(m.Unit != UnitCoin && m.Unit != UnitSmallest, "unit")
	lack(m.Decimal != "." && m.Decimal != ",", "decimal mark")
	lack(m.Decimals < 0 || m.Decimals > 18, "decimals")
	must, may := m.List.Columns()
	for _, c := range must {
		_, ok := m.Columns[c]
		lack(!ok, string(c))
	}
	if m.List == Statement {
		_, change := m.Columns[ColChange]
		_, credit := m.Columns[ColCredit]
		_, debit := m.Columns[ColDebit]
		lack(change == (credit || debit) || credit != debit, "change, or both credit and debit")
	}
	used := map[int]bool{}
	for _, c := range slices.Concat(must, may) {
		at, ok := m.Columns[c]
		lack(ok && (at < 0 || at >= columns || used[at]), string(c)+": a column of its own")
		used[at] = used[at] || ok
	}
	for c := range m.Columns {
		lack(!slices.Contains(must, c) && !slices.Contains(may, c), "no column "+string(c))
	}
	_, asset := m.Columns[ColAsset]
	lack(asset && m.Asset == "", "which asset")
	_, err := offset(m.Zone)
	lack(m.Zone != "" && err != nil && !strings.Contains(m.Zone, "/"), "zone")
	return open
}

// Rows reads a table as a mapping says. Without the mapping being whole it is an Invalid error; what a single
// cell lacks is a Fault.
func (t *Table) Read(m *Mapping) (*Read, error) {
	if open := m.Check(len(t.Head)); len(open) > 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "it is not said yet what the file means: %s", strings.Join(open, ", ")).WithHint("choose it on the page, or in the mapping; nothing is guessed")
	}
	in, err := t.zone(m.Zone)
	if err != nil {
		return nil, err
	}
	out := &Read{}
	for i, cells := range t.Rows {
		cell := func(c Column) string {
			at, ok := m.Columns[c]
			if !ok {
				return ""
			}
			return strings.TrimSpace(cells[at])
		}
		if _, has := m.Columns[ColAsset]; has && !strings.EqualFold(cell(ColAsset), m.Asset) {
			out.Others++
			continue
		}
		row, err := m.row(cell, in)
		if err != nil {
			if out.Bad++; len(out.Faults) < mostFaults {
				out.Faults = append(out.Faults, Fault{t.Lines[i], err.Error()})
			}
			continue
		}
		row.Line = t.Lines[i]
		out.Rows = append(out.Rows, *row)
	}
	return out, nil
}

// row reads one row, whose times are of a zone where they do not say it.
func (m *Mapping) row(cell func(Column) string, in *time.Location) (*Row, error) {
	r := &Row{Account: cell(ColAccount), Reference: cell(ColReference), Address: cell(ColAddress)}
	if r.Account == "" {
		r.Account = m.Account
	}
	var err error
	if r.Time, err = m.moment(cell(ColTime), in); err != nil {
		return nil, fmt.Errorf("time: %w", err)
	}
	if text := cell(ColPaid); text != "" {
		paid, err := m.moment(text, in)
		if err != nil {
			return nil, fmt.Errorf("paid: %w", err)
		}
		r.Paid = &paid
	}
	if text := cell(ColTx); text != "" {
		if o, err := goshawk.ParseOutpoint(text); err == nil {
			r.Tx, r.Out = o.Tx.String(), &o.Index
		} else if h, err := goshawk.ParseHash(strings.ToLower(strings.TrimPrefix(text, "0x"))); err == nil {
			r.Tx = h.String()
		} else if m.List != Statement { // a statement's rows are known by other things, too
			return nil, fmt.Errorf("transaction: %q is none", short(text))
		}
	}
	if text := cell(ColOut); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || r.Out != nil && uint64(*r.Out) != n {
			return nil, fmt.Errorf("output: %q is no index of an output", short(text))
		}
		at := uint32(n)
		r.Out = &at
	}
	number := func(c Column, to *uint64) error {
		text := cell(c)
		if text == "" && (c == ColFee || c == ColCredit || c == ColDebit) {
			return nil
		}
		n, negative, err := m.amount(text)
		if err == nil && negative && n > 0 {
			err = fmt.Errorf("%q is less than nothing", short(text))
		}
		if err != nil {
			return fmt.Errorf("%s: %w", c, err)
		}
		*to = n
		return nil
	}
	if m.List != Statement {
		if err := number(ColAmount, &r.Amount); err != nil {
			return nil, err
		}
		if r.Amount == 0 {
			return nil, fmt.Errorf("amount: it is nothing")
		}
		if err := number(ColFee, &r.Fee); err != nil {
			return nil, err
		}
		if r.Amount+r.Fee < r.Amount {
			return nil, fmt.Errorf("amount: it is larger than any can be")
		}
		return r, nil
	}
	if err := number(ColBalance, &r.Balance); err != nil {
		return nil, err
	}
	if _, signed := m.Columns[ColChange]; signed {
		n, negative, err := m.amount(cell(ColChange))
		if err != nil {
			return nil, fmt.Errorf("change: %w", err)
		}
		if r.Credit = n; negative {
			r.Credit, r.Debit = 0, n
		}
		return r, nil
	}
	if err := number(ColCredit, &r.Credit); err != nil {
		return nil, err
	}
	if err := number(ColDebit, &r.Debit); err != nil {
		return nil, err
	}
	if r.Credit > 0 && r.Debit > 0 {
		return nil, fmt.Errorf("it is a credit and a debit at once")
	}
	return r, nil
}

// short is a cell as a fault repeats it.
func short(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

// amount reads an amount as smallest units, exactly: what is finer than they are is refused.
func (m *Mapping) amount(text string) (units uint64, negative bool, err error) {
	s := strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		s, negative = rest, true
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	mark, group := ".", ","
	if m.Decimal == "," {
		mark, group = ",", "."
	}
	whole, fraction, has := strings.Cut(s, mark)
	if whole, err = ungrouped(whole, group); err != nil || has && fraction == "" {
		return 0, false, fmt.Errorf("%q is no amount", short(text))
	}
	places := 0
	if m.Unit == UnitCoin {
		places = m.Decimals
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > places {
		return 0, false, fmt.Errorf("%q is finer than the coin's smallest unit", short(text))
	}
	digits := whole + fraction + strings.Repeat("0", places-len(fraction))
	units, err = strconv.ParseUint(digits, 10, 64)
	if err != nil || strings.ContainsAny(digits, "+-_") || units > math.MaxInt64 {
		return 0, false, fmt.Errorf("%q is no amount", short(text))
	}
	return units, negative, nil
}

// ungrouped takes the marks out that stand before each three digits.
func ungrouped(s, mark string) (string, error) {
	for _, g := range []string{mark, "'", "’", " ", "\u00a0", "\u202f"} {
		if !strings.Contains(s, g) {
			continue
		}
		parts := strings.Split(s, g)
		for i, p := range parts {
			if len(p) != 3 && (i > 0 || len(p) == 0 || len(p) > 3) {
				return "", fmt.Errorf("no groups of three digits")
			}
		}
		if s[0] == '0' { // 0,123 is no thousand of anything: its comma is the decimal mark
			return "", fmt.Errorf("groups that begin with nothing")
		}
		s = strings.Join(parts, "")
		break
	}
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return "", fmt.Errorf("no digits")
	}
	return s, nil
}

// layouts are a form's ways to write a time, without its zone.
func layouts(form string) []string {
	switch form {
	case TimeISO:
		return []string{"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006/01/02 15:04:05", "2006/01/02 15:04"}
	case TimeDayFirst:
		return []string{"2/1/2006 15:04:05", "2/1/2006 15:04", "2.1.2006 15:04:05", "2.1.2006 15:04", "2-1-2006 15:04:05", "2-1-2006 15:04", "2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2-Jan-2006 15:04:05", "2/1/2006, 15:04:05", "2.1.2006, 15:04:05"}
	case TimeMonthFirst:
		return []string{"1/2/2006 15:04:05", "1/2/2006 15:04", "1/2/2006 3:04:05 PM", "1/2/2006 3:04 PM", "1/2/2006, 3:04:05 PM", "1-2-2006 15:04:05", "Jan 2, 2006 15:04:05", "Jan 2, 2006 3:04:05 PM"}
	}
	return nil
}

// offset reads an offset from UTC.
func offset(s string) (*time.Location, error) {
	t, err := time.Parse("Z07:00", s)
	if err != nil {
		return nil, err
	}
	return t.Location(), nil
}

// zone is the zone of times that do not say it: an offset from UTC, or a place. Nil where none is named.
func (t *Table) zone(name string) (*time.Location, error) {
	if name == "" {
		return nil, nil //nolint:nilnil // there is none, and that is no error
	}
	if in, err := offset(name); err == nil {
		return in, nil
	}
	if strings.Contains(name, "/") && t.Places != nil { // what has none could be the zone of the machine
		if in, err := t.Places(name); err == nil {
			return in, nil
		}
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "%q is no zone that is known", short(name)).WithHint("write an offset such as +02:00, or a place of the IANA time zone database such as Europe/Tallinn")
}

// local is the time that a clock on the wall shows in a place. When clocks are put back, an hour comes twice, and when they are put
// forward, one never does: neither is guessed.
func local(wall time.Time, in *time.Location) (time.Time, error) {
	_, before := wall.Add(-24 * time.Hour).In(in).Zone()
	_, after := wall.Add(24 * time.Hour).In(in).Zone()
	var found []time.Time
	for _, ahead := range []int{before, after} {
		t := wall.Add(-time.Duration(ahead) * time.Second)
		if _, is := t.In(in).Zone(); is == ahead && !slices.ContainsFunc(found, t.Equal) {
			found = append(found, t)
		}
	}
	shown := wall.Format("2006-01-02 15:04")
	switch len(found) {
	case 0:
		return time.Time{}, fmt.Errorf("%s never was in %s: clocks were put forward", shown, in)
	case 1:
		return found[0], nil
	}
	return time.Time{}, fmt.Errorf("%s was twice in %s: clocks were put back", shown, in)
}

// moment reads a time. One that does not say its zone is of the one given, if it is not nil.
func (m *Mapping) moment(text string, in *time.Location) (time.Time, error) {
	s := strings.TrimSpace(text)
	if m.Time == TimeUnix || m.Time == TimeUnixMilli {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n <= 0 || n > 253_402_300_799_999 || m.Time == TimeUnix && n > 253_402_300_799 {
			return time.Time{}, fmt.Errorf("%q is no count of time since 1970", short(text))
		}
		if m.Time == TimeUnixMilli {
			return time.UnixMilli(n).UTC(), nil
		}
		return time.Unix(n, 0).UTC(), nil
	}
	if rest, ok := strings.CutSuffix(s, " UTC"); ok {
		s = rest + "Z"
	}
	for _, l := range layouts(m.Time) {
		for _, z := range []string{"Z07:00", " Z07:00", "Z0700", " -0700"} {
			if t, err := time.Parse(l+z, s); err == nil && between(t) {
				return t.UTC(), nil
			}
		}
		if _, err := time.Parse(l, s); err == nil && in == nil {
			return time.Time{}, fmt.Errorf("%q does not say its zone", short(text))
		}
		if in != nil {
			if wall, err := time.Parse(l, s); err == nil && between(wall) {
				return local(wall, in)
			}
		}
	}
	return time.Time{}, fmt.Errorf("%q is no time of this form", short(text))
}

// between keeps times to years that JSON and databases can hold, and coins can have.
func between(t time.Time) bool { return t.Year() >= 2009 && t.Year() < 2200 }
