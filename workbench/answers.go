package workbench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // places keep their summer times where the system has no database of them: in a container, on Windows

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/letter"
	"goshawk/trace"
)

// MatchState is how a row of an answer stands to the chain.
type MatchState string

const (
	MatchCoin      MatchState = "matched"   // the transaction that the row names has this output, of this amount
	MatchLikely    MatchState = "likely"    // the row names none; one coin has its address, amount and time: an inference
	MatchDiffers   MatchState = "differs"   // the transaction is there, and says something else
	MatchSeveral   MatchState = "several"   // several coins fit: which of them nobody can say from the row
	MatchAbsent    MatchState = "absent"    // the ledger has no such transaction
	MatchNone      MatchState = "unmatched" // no coin fits, or the row names nothing to look for
	MatchUnpaid    MatchState = "unpaid"    // a withdrawal that was asked for and not sent: its list says when others were
	MatchOffChain  MatchState = "off-chain" // a line of a statement
	matchPatience             = 48 * time.Hour
	mostMatchAsked            = 2_000 // addresses that are looked through
)

// MatchStates lists those that a row of a deposit or withdrawal can have.
func MatchStates() []MatchState {
	return []MatchState{MatchCoin, MatchLikely, MatchDiffers, MatchSeveral, MatchAbsent, MatchNone, MatchUnpaid, MatchOffChain}
}

// Matched is a row of an answer beside what the chain says.
type Matched struct {
	letter.Row
	State  MatchState `json:"state"`
	Coin   string     `json:"coin,omitempty" doc:"TXID:N"`
	Value  uint64     `json:"value,string,omitempty" doc:"of the coin"`
	Mined  *time.Time `json:"mined,omitempty" doc:"time of the coin's block"`
	Height int32      `json:"height,omitempty"`
	Note   string     `json:"note,omitempty" doc:"what differs"`
}

// Match compares the rows of an answer, read by a mapping, with the chain.
func (h *Held) Match(ctx context.Context, by *letter.Mapping, rows []letter.Row) ([]Matched, error) {
	out := make([]Matched, len(rows))
	var hashes []string
	for i := range rows {
		out[i].Row = rows[i]
		if rows[i].Tx != "" {
			hashes = append(hashes, rows[i].Tx)
		}
	}
	if by.List == letter.Statement {
		for i := range out {
			out[i].State = MatchOffChain
		}
		return out, nil
	}
	// Part by part: what a file names may be any transactions of the chain, and the largest of them.
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	named := map[string][]int{}
	for i := range out {
		if tx := out[i].Tx; tx != "" {
			named[tx] = append(named[tx], i)
		}
	}
	for part := range slices.Chunk(hashes, 500) {
		known, err := h.paid(ctx, part)
		if err != nil {
			return nil, err
		}
		for _, tx := range part {
			for _, i := range named[tx] {
				out[i].inTx(known[tx])
			}
		}
	}
	// Only a list that says of its withdrawals when they were sent can say that one was not.
	_, told := by.Columns[letter.ColPaid]
	if err := h.matchAddresses(ctx, by.List == letter.Withdrawals && told, out); err != nil {
		return nil, err
	}
	once(out)
	return out, nil
}

// matchAddresses compares the rows that name no transaction, address by address. With sent, those without a time of
// sending were not sent.
func (h *Held) matchAddresses(ctx context.Context, sent bool, out []Matched) error {
	at := map[string][]int{}
	var addresses []string // in the order of the rows
	for i := range out {
		m := &out[i]
		switch {
		case m.Tx != "":
		case sent && m.Paid == nil && m.Address == "":
			m.State = MatchUnpaid
		case m.Address == "":
			m.State, m.Note = MatchNone, "it names neither a transaction nor an address"
		case at[m.Address] == nil && len(addresses) == mostMatchAsked:
			m.State, m.Note = MatchNone, "too many addresses were looked through already"
		default:
			if at[m.Address] == nil {
				addresses = append(addresses, m.Address)
			}
			at[m.Address] = append(at[m.Address], i)
		}
	}
	for _, address := range addresses {
		coins, err := h.coinsOf(ctx, address)
		if err != nil {
			return err
		}
		for _, i := range at[address] {
			out[i].near(sent, coins)
		}
	}
	return nil
}

// once looks for coins that several rows are matched with: a coin is credited, or paid out, once. Where they name
// different accounts nobody can say whose it is.
func once(rows []Matched) {
	lines := map[string][]int{}
	for i := range rows {
		if m := &rows[i]; m.State == MatchCoin || m.State == MatchLikely {
			lines[m.Coin] = append(lines[m.Coin], i)
		}
	}
	for _, same := range lines {
		first := &rows[same[0]]
		several := slices.ContainsFunc(same, func(i int) bool { return rows[i].Account != first.Account })
		for k, i := range same {
			m, other := &rows[i], first
			if k == 0 && several {
				other = &rows[same[1]]
			}
			switch {
			case several:
				m.State, m.Note = MatchSeveral, fmt.Sprintf("line %d says the same coin came to another account: one of them is wrong", other.Line)
			case k > 0:
				m.Note = fmt.Sprintf("line %d names the same coin", other.Line)
			}
		}
	}
}

// inTx compares a row with the transaction that it names; nil: the ledger has none.
func (m *Matched) inTx(t *paidTx) {
	if t == nil {
		m.State = MatchAbsent
		return
	}
	m.Mined, m.Height = moment(t.time), t.height
	var fit []int
	for i, o := range t.outs {
		if (m.Out == nil || int(*m.Out) == i) && o.value == m.Amount && (m.Address == "" || o.address == m.Address) {
			fit = append(fit, i)
		}
	}
	switch {
	case len(fit) == 1:
		m.take(fit[0], t.outs[fit[0]].value)
		m.State = MatchCoin
		return
	case len(fit) > 1:
		m.State, m.Note = MatchSeveral, goshawk.Count(len(fit), "output of it fits", "outputs of it fit")
		return
	}
	m.State, m.Note = MatchDiffers, "no output of it has this amount"
	if m.Address != "" {
		m.Note += " and address"
	}
	if m.Out != nil {
		at := int(*m.Out)
		if at >= len(t.outs) {
			m.Note = "it has no such output"
			return
		}
		o := t.outs[at]
		m.take(at, o.value)
		switch {
		case m.Address != "" && o.address != m.Address:
			m.Note = "the output pays another address"
		default:
			m.Note = "the output is worth something else"
		}
	}
}

func (m *Matched) take(at int, value uint64) {
	index := uint32(at)
	m.Out, m.Coin, m.Value = &index, fmt.Sprintf("%s:%d", m.Tx, at), value
}

// nearCoin is a coin of an address.
type nearCoin struct {
	out    goshawk.Outpoint
	value  uint64
	time   int64
	height int32
}

// coinsOf lists the coins that an address received; none where the chain does not know it.
func (h *Held) coinsOf(ctx context.Context, address string) ([]nearCoin, error) {
	coins, err := trace.Coins(ctx, h, address, time.Time{}, time.Time{})
	if code := goshawk.CodeOf(err); code == goshawk.NotFound || code == goshawk.Invalid {
		return nil, nil // the row then says that nothing fits
	}
	if err != nil {
		return nil, err
	}
	if len(coins) > 20_000 {
		return nil, nil // such an address is shared: amount and time would say too little
	}
	var hashes []string
	for _, c := range coins {
		hashes = append(hashes, c.Tx.String())
	}
	known, err := h.paid(ctx, hashes)
	if err != nil {
		return nil, err
	}
	var list []nearCoin
	for _, c := range coins {
		t := known[c.Tx.String()]
		list = append(list, nearCoin{c, t.outs[c.Index].value, t.time, t.height})
	}
	return list, nil
}

// near looks for the one coin that has a row's amount about the row's time.
func (m *Matched) near(sent bool, coins []nearCoin) {
	at := m.Time
	if m.Paid != nil {
		at = *m.Paid
	}
	var fit []*nearCoin
	for i := range coins {
		if gap := time.Unix(coins[i].time, 0).Sub(at); coins[i].value == m.Amount && gap.Abs() <= matchPatience {
			fit = append(fit, &coins[i])
		}
	}
	switch len(fit) {
	case 0:
		if m.State = MatchNone; sent && m.Paid == nil {
			m.State = MatchUnpaid
		}
	case 1:
		c := fit[0]
		m.State, m.Tx, m.Mined, m.Height = MatchLikely, c.out.Tx.String(), moment(c.time), c.height
		m.take(int(c.out.Index), c.value)
		m.Note = "one coin has this address and amount within two days"
	default:
		m.State, m.Note = MatchSeveral, goshawk.Count(len(fit), "coin fits", "coins fit")
	}
}

// Counts says how many rows stand how.
func Counts(rows []Matched) map[MatchState]int {
	n := map[MatchState]int{}
	for i := range rows {
		n[rows[i].State]++
	}
	return n
}

// AnswerSummary is what an answer's record keeps of its rows; they are read from the exhibit again by its mapping.
type AnswerSummary struct {
	Name    string             `json:"name"` // of the file
	Rows    int                `json:"rows"`
	Bad     int                `json:"bad,omitempty"`
	Others  int                `json:"others,omitempty"`
	States  map[MatchState]int `json:"states"`
	Network string             `json:"network"`
	Ticker  string             `json:"ticker"`
	Height  int32              `json:"height"` // the ledger's last block when it was matched
}

// NewAnswer is what somebody says of a file of a service.
type NewAnswer struct {
	Exhibit goshawk.ID     `json:"exhibit" minLength:"1" maxLength:"128"`
	Letter  goshawk.ID     `json:"letter,omitempty" maxLength:"128" doc:"that it answers"`
	Service string         `json:"service" minLength:"1" maxLength:"200"`
	Ledger  goshawk.ID     `json:"ledger" minLength:"1" maxLength:"128"`
	Mapping letter.Mapping `json:"mapping"`
	// Without says that rows with faults are left out, and counted. Else a file with any is refused.
	Without bool `json:"without_faulty_rows,omitempty"`
}

// AnswerFile reads an exhibit of a case as a table. That it was opened is noted.
func (b *Bench) AnswerFile(ctx context.Context, s *identity.Subject, c, exhibit goshawk.ID, delimiter string) (*letter.Table, string, error) {
	from, rec, err := b.Book.OpenExhibit(ctx, s, c, exhibit)
	if err != nil {
		return nil, "", err
	}
	defer from.Close()
	var buf bytes.Buffer
	if _, err := io.Copy(&buf, io.LimitReader(from, letter.MostAnswer+1)); err != nil {
		return nil, "", err
	}
	t, err := letter.ReadTable(buf.Bytes(), delimiter)
	if err != nil {
		return nil, "", err
	}
	t.Places = time.LoadLocation
	return t, rec.Text("name"), nil
}

// Answer takes a file that is an exhibit of the case as a service's answer: its rows are read as the mapping says,
// compared with the chain, and the record says what came of it.
func (b *Bench) Answer(ctx context.Context, s *identity.Subject, c goshawk.ID, n NewAnswer) (goshawk.ID, error) {
	if err := b.Book.MayChange(ctx, s, c); err != nil {
		return "", err
	}
	held, err := b.Use(ctx, n.Ledger)
	if err != nil {
		return "", err
	}
	defer held.Release()
	table, name, err := b.AnswerFile(ctx, s, c, n.Exhibit, n.Mapping.Delimiter)
	if err != nil {
		return "", err
	}
	if d := int(held.Known.Asset.Decimals); n.Mapping.Decimals != d {
		return "", goshawk.Errorf(goshawk.Invalid, "the coin of the ledger %q has %d decimals, not %d", n.Ledger, d, n.Mapping.Decimals)
	}
	read, err := table.Read(&n.Mapping)
	if err != nil {
		return "", err
	}
	if read.Bad > 0 && !n.Without {
		return "", goshawk.Errorf(goshawk.Invalid, "%s cannot be read; line %d: %s", goshawk.Count(read.Bad, "row", "rows"), read.Faults[0].Line, read.Faults[0].What).
			WithHint("look at what the columns mean once more, or say that such rows are left out")
	}
	if len(read.Rows) == 0 {
		return "", goshawk.Errorf(goshawk.Invalid, "no row of the file can be read so").WithHint("look at what the columns mean once more")
	}
	matched, err := held.Match(ctx, &n.Mapping, read.Rows)
	if err != nil {
		return "", err
	}
	whole, err := b.Book.Read(ctx, s, c, "imported an answer", casebook.KindLetter)
	if err != nil {
		return "", err
	}
	id := casebook.NewID()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindAnswer, id, name, v) }
	edits := []casebook.Edit{set("service", n.Service), set("exhibit", n.Exhibit), set("mapping", n.Mapping), set("ledger", n.Ledger),
		set("summary", AnswerSummary{name, len(read.Rows), read.Bad, read.Others, Counts(matched), held.Known.Network, held.Known.Asset.Ticker, held.Known.Height})}
	if n.Letter != "" {
		rec := whole.Records[casebook.KindLetter][n.Letter]
		if rec == nil || rec.Gone() {
			return "", goshawk.Errorf(goshawk.NotFound, "the case has no such letter")
		}
		if !strings.EqualFold(rec.Text("service"), n.Service) {
			return "", goshawk.Errorf(goshawk.Invalid, "the letter went to %q, and this is an answer of %q", rec.Text("service"), n.Service).WithHint("choose the letter that they answer, or none")
		}
		edits = append(edits, set("letter", n.Letter))
		if rec.Text("state") == "sent" {
			to := casebook.Set(casebook.KindLetter, n.Letter, "state", "answered")
			to.Before = rec["state"].JSON
			edits = append(edits, to)
		}
	}
	_, err = b.Book.Act(ctx, s, c, "took a file as the answer of "+n.Service, edits)
	return id, err
}

// ReadAnswer is an answer's record with its rows, as they stand to the chain now.
type ReadAnswer struct {
	ID      goshawk.ID     `json:"id"`
	Service string         `json:"service"`
	Letter  goshawk.ID     `json:"letter,omitempty"`
	Exhibit goshawk.ID     `json:"exhibit"`
	Ledger  goshawk.ID     `json:"ledger"`
	Mapping letter.Mapping `json:"mapping"`
	Summary AnswerSummary  `json:"summary"`
	Rows    []Matched      `json:"rows" nullable:"false"`
}

// OpenAnswer reads an answer's rows again from its exhibit, by its mapping, and compares them with the chain.
func (b *Bench) OpenAnswer(ctx context.Context, s *identity.Subject, c, id goshawk.ID) (*ReadAnswer, error) {
	whole, err := b.Book.Read(ctx, s, c, "read an answer", casebook.KindAnswer)
	if err != nil {
		return nil, err
	}
	rec := whole.Records[casebook.KindAnswer][id]
	if rec == nil || rec.Gone() {
		return nil, goshawk.Errorf(goshawk.NotFound, "the case has no such answer")
	}
	a := &ReadAnswer{ID: id, Service: rec.Text("service"), Letter: goshawk.ID(rec.Text("letter")), Exhibit: goshawk.ID(rec.Text("exhibit")), Ledger: goshawk.ID(rec.Text("ledger")), Rows: []Matched{}}
	if json.Unmarshal(rec["mapping"].JSON, &a.Mapping) != nil || a.Mapping.List == "" {
		return nil, goshawk.Errorf(goshawk.Conflict, "the answer does not say what its columns mean").WithHint("import its exhibit once more")
	}
	if v := rec["summary"].JSON; len(v) > 0 && json.Unmarshal(v, &a.Summary) != nil {
		a.Summary = AnswerSummary{}
	}
	table, _, err := b.AnswerFile(ctx, s, c, a.Exhibit, a.Mapping.Delimiter)
	if err != nil {
		return nil, err
	}
	read, err := table.Read(&a.Mapping)
	if err != nil {
		return nil, err
	}
	held, err := b.Use(ctx, a.Ledger)
	if err != nil {
		return nil, err
	}
	defer held.Release()
	a.Rows, err = held.Match(ctx, &a.Mapping, read.Rows)
	return a, err
}

// AnswersOf opens the answers of one service: those of a case that have its name, in letters' case aside.
func (b *Bench) AnswersOf(ctx context.Context, s *identity.Subject, c goshawk.ID, service string) ([]*ReadAnswer, error) {
	whole, err := b.Book.Read(ctx, s, c, "read the answers of "+service, casebook.KindAnswer)
	if err != nil {
		return nil, err
	}
	var ids []goshawk.ID
	for id, rec := range whole.Records[casebook.KindAnswer] {
		if !rec.Gone() && strings.EqualFold(rec.Text("service"), service) && len(rec["mapping"].JSON) > 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	var list []*ReadAnswer
	for _, id := range ids {
		a, err := b.OpenAnswer(ctx, s, c, id)
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	if len(list) == 0 {
		return nil, goshawk.Errorf(goshawk.NotFound, "the case has no lists of %q", service).WithHint("import what they answered first")
	}
	return list, nil
}
