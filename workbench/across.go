package workbench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/account"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/letter"
)

// AcrossQuestion asks where followed units are in an account of a service, by what it answered.
type AcrossQuestion struct {
	Service string     `json:"service" minLength:"1" maxLength:"200"`
	Account string     `json:"account" maxLength:"200" doc:"as the service's lists call it"`
	Run     goshawk.ID `json:"run,omitempty" maxLength:"128" doc:"the trace whose ends are followed"`
	Method  string     `json:"method,omitempty" maxLength:"20" doc:"of a comparison: whose amounts; without it, the first's"`
	// Wholly names deposits of which all is followed, whatever a trace says.
	Wholly  []string `json:"wholly,omitempty" maxItems:"1000" doc:"coins, TXID:N"`
	Opening string   `json:"opening,omitempty" maxLength:"20" pattern:"^[0-9]*$" doc:"balance before the first row, in smallest units, where there is no statement"`
}

// Across is an account, line by line, and what each method makes of it.
type Across struct {
	Service  string          `json:"service"`
	Account  string          `json:"account"`
	Ledger   goshawk.ID      `json:"ledger"`
	Network  string          `json:"network"`
	Ticker   string          `json:"ticker"`
	Decimals int             `json:"decimals"`
	Run      goshawk.ID      `json:"run,omitempty"`
	Method   string          `json:"method,omitempty" doc:"by which the deposits were followed"`
	Basis    string          `json:"basis" enum:"statement,lists" doc:"statement: every line of the account; lists: deposits and withdrawals only"`
	Opening  uint64          `json:"opening,string"`
	Followed uint64          `json:"followed,string" doc:"units that came in and are followed"`
	Lines    []AcrossLine    `json:"lines" nullable:"false"`
	Results  []AcrossResult  `json:"results" nullable:"false" doc:"by method; none of them is the legal one"`
	Answers  []goshawk.ID    `json:"answers" nullable:"false"`
	Faults   []string        `json:"faults" nullable:"false" doc:"what does not fit, or is left out"`
	Others   []AcrossAccount `json:"others" nullable:"false" doc:"accounts of the service that followed coins came to"`
}

// AcrossLine is a line of the account.
type AcrossLine struct {
	Time      time.Time  `json:"time"`
	Reference string     `json:"reference,omitempty"`
	What      string     `json:"what" enum:"deposit,withdrawal,other"`
	Credit    uint64     `json:"credit,string"`
	Debit     uint64     `json:"debit,string"`
	Fee       uint64     `json:"fee,string,omitempty" doc:"of the debit, what the service kept"`
	Tainted   uint64     `json:"followed,string"`
	State     MatchState `json:"state"`
	Coin      string     `json:"coin,omitempty"`
	Address   string     `json:"address,omitempty"`
	Balance   *string    `json:"balance,omitempty"`
}

// AcrossResult is what a method makes of the account.
type AcrossResult struct {
	account.Result
	// Error says why it makes nothing of it.
	Error string `json:"error,omitempty"`
	// Out is what went out with withdrawals; Elsewhere with other debits.
	Out       uint64 `json:"out,string"`
	Elsewhere uint64 `json:"elsewhere,string"`
	byLine    map[int]uint64
}

// Units is how many followed units went with a line's debit.
func (r *AcrossResult) Units(line int) uint64 { return r.byLine[line] }

// AcrossAccount is an account that followed coins came to.
type AcrossAccount struct {
	Account  string `json:"account"`
	Deposits int    `json:"deposits"`
	Followed uint64 `json:"followed,string"`
}

// Across follows units across an account by every method. Nothing is stored.
func (b *Bench) Across(ctx context.Context, s *identity.Subject, c goshawk.ID, q AcrossQuestion) (*Across, error) {
	answers, err := b.AnswersOf(ctx, s, c, q.Service)
	if err != nil {
		return nil, err
	}
	out := &Across{Service: q.Service, Account: q.Account, Ledger: answers[0].Ledger, Network: answers[0].Summary.Network, Ticker: answers[0].Summary.Ticker, Decimals: answers[0].Mapping.Decimals, Run: q.Run,
		Lines: []AcrossLine{}, Results: []AcrossResult{}, Answers: []goshawk.ID{}, Faults: []string{}, Others: []AcrossAccount{}}
	book := &accountBook{byCoin: map[string]uint64{}, credited: map[string]bool{}, of: out}
	if q.Run != "" {
		if err := b.followed(ctx, s, c, &q, book); err != nil {
			return nil, err
		}
	}
	for _, coin := range q.Wholly {
		if _, err := goshawk.ParseOutpoint(coin); err != nil {
			return nil, err
		}
		book.byCoin[coin] = math.MaxUint64
	}
	for _, a := range answers {
		if a.Ledger != out.Ledger {
			out.fault("the file " + a.Summary.Name + " is about another ledger, and was left out")
			continue
		}
		out.Answers = append(out.Answers, a.ID)
		book.add(a)
	}
	out.Others = book.accounts()
	if q.Account == "" && len(out.Others) > 0 {
		out.Account = out.Others[0].Account
	}
	if err := book.lines(out.Account, q.Opening); err != nil {
		return nil, err
	}
	out.calculate()
	return out, nil
}

func (x *Across) fault(what string) {
	if len(x.Faults) < 50 && !slices.Contains(x.Faults, what) {
		x.Faults = append(x.Faults, what)
	}
}

// followed reads how many units of which coins a trace ended with.
func (b *Bench) followed(ctx context.Context, s *identity.Subject, c goshawk.ID, q *AcrossQuestion, book *accountBook) error {
	whole, err := b.Book.Read(ctx, s, c, "read a trace, to go on across an account", casebook.KindRun)
	if err != nil {
		return err
	}
	rec := whole.Records[casebook.KindRun][q.Run]
	var sum RunSummary
	if rec == nil || json.Unmarshal(rec["summary"].JSON, &sum) != nil {
		return goshawk.Errorf(goshawk.NotFound, "the case has no such trace, or it has not ended")
	}
	which := slices.Index(sum.Methods, q.Method)
	if q.Method != "" && which < 0 && q.Method != sum.Method {
		return goshawk.Errorf(goshawk.Invalid, "the trace was not made by %q", q.Method).WithHint("choose one of its methods")
	}
	if book.of.Method = sum.Method; len(sum.Methods) > 0 {
		which = max(which, 0)
		book.of.Method = sum.Methods[which]
	}
	if sum.Direction == "backward" {
		return goshawk.Errorf(goshawk.Invalid, "a backward trace says where value came from").WithHint("choose a forward one: its ends are what came into accounts")
	}
	if sum.EndsCut > 0 {
		book.of.fault(fmt.Sprintf("the trace has %d ends more than its record lists: what came in by those is not followed here", sum.EndsCut))
	}
	for i := range sum.Ends {
		e := &sum.Ends[i]
		amount := e.Amount
		if len(e.Amounts) > 0 {
			amount = e.Amounts[which]
		}
		if e.Out == nil || amount == nil {
			continue
		}
		units, err := strconv.ParseUint(*amount, 10, 64)
		if err != nil {
			return goshawk.Errorf(goshawk.Unsupported, "an end of the trace is larger than an account's line can be")
		}
		book.byCoin[fmt.Sprintf("%s:%d", e.Tx, *e.Out)] += units
	}
	return nil
}

// accountBook brings the lists of a service together.
type accountBook struct {
	of        *Across
	byCoin    map[string]uint64 // followed units by coin
	credited  map[string]bool   // coins that a line of the account carries in already
	movements []movement        // deposits and withdrawals
	statement [][]letter.Row    // by file
	seen      map[string]string // rows that were met, by all that they say: the file
}

type movement struct {
	Matched
	list letter.List
}

// coin is the one coin that a row is about; "" where nobody can say, and where the chain says something else of it.
func (m *movement) coin() string {
	if m.State == MatchCoin || m.State == MatchLikely {
		return m.Coin
	}
	return ""
}

// add takes the rows of one answer. A row that another file has, too, counts once.
func (k *accountBook) add(a *ReadAnswer) {
	if k.seen == nil {
		k.seen = map[string]string{}
	}
	twice := 0
	var booked []letter.Row
	var moved []movement
	for i := range a.Rows {
		r := a.Rows[i]
		key := fmt.Sprint(a.Mapping.List, "\n", r.Time.Unix(), "\n", r.Account, "\n", r.Reference, "\n", r.Tx, "\n", r.Address, "\n", r.Amount, "\n", r.Credit, "\n", r.Debit, "\n", r.Balance, "\n", r.Coin)
		if file, met := k.seen[key]; met && file != string(a.ID) {
			twice++
			continue
		}
		k.seen[key] = string(a.ID)
		if a.Mapping.List == letter.Statement {
			booked = append(booked, r.Row)
			continue
		}
		moved = append(moved, movement{r, a.Mapping.List})
	}
	oldestFirst(moved, func(m *movement) time.Time { return m.Time })
	k.movements, k.statement = append(k.movements, moved...), append(k.statement, booked)
	if twice > 0 {
		k.of.fault(goshawk.Count(twice, "row", "rows") + " of the file " + a.Summary.Name + " stood in another file already, and counted once")
	}
	if a.Summary.Bad > 0 {
		k.of.fault(goshawk.Count(a.Summary.Bad, "row", "rows") + " of the file " + a.Summary.Name + " could not be read, and were left out")
	}
}

// accounts lists those that followed coins came to, the largest first.
func (k *accountBook) accounts() []AcrossAccount {
	by := map[string]*AcrossAccount{}
	for i := range k.movements {
		m := &k.movements[i]
		if units, ok := k.byCoin[m.coin()]; ok && m.list == letter.Deposits {
			x := by[m.Account]
			if x == nil {
				x = &AcrossAccount{Account: m.Account}
				by[m.Account] = x
			}
			x.Deposits++
			x.Followed += min(units, m.Amount)
		}
	}
	list := []AcrossAccount{}
	for _, x := range by {
		list = append(list, *x)
	}
	slices.SortFunc(list, func(a, b AcrossAccount) int {
		return cmp.Or(cmp.Compare(b.Followed, a.Followed), cmp.Compare(a.Account, b.Account))
	})
	return list
}

// lines writes the account: from its statement where there is one, else from deposits and withdrawals.
func (k *accountBook) lines(name, opening string) error {
	k.movements = slices.DeleteFunc(k.movements, func(m movement) bool { return m.Account != name })
	rows := oneStatement(k.statement, name)
	if len(k.movements)+len(rows) == 0 {
		return goshawk.Errorf(goshawk.NotFound, "the lists of %q have no account %q", k.of.Service, name).WithHint("choose one of the accounts that they name")
	}
	if len(rows) > 0 {
		return k.fromStatement(rows)
	}
	x := k.of
	x.Basis = "lists"
	x.fault("there is no statement of the account: trades, transfers inside the service and fees that the lists do not name are missing")
	if opening != "" {
		n, err := strconv.ParseUint(opening, 10, 63)
		if err != nil {
			return goshawk.Errorf(goshawk.Invalid, "%q is no balance", opening)
		}
		x.Opening = n
	}
	// Of one moment, which may be a minute, what came in is there before it goes out, whichever file was
	// imported first: "deposits" stands before "withdrawals".
	slices.SortStableFunc(k.movements, func(a, b movement) int {
		return cmp.Or(a.Time.Compare(b.Time), strings.Compare(string(a.list), string(b.list)))
	})
	for i := range k.movements {
		m := &k.movements[i]
		if m.State == MatchUnpaid {
			x.fault(fmt.Sprintf("the withdrawal %s of %s was asked for and not sent: it took nothing out of the account here", m.Reference, m.Time.Format(time.RFC3339)))
			continue
		}
		x.Lines = append(x.Lines, k.line(m))
	}
	return nil
}

// line is a deposit or a withdrawal as a line of the account.
func (k *accountBook) line(m *movement) AcrossLine {
	l := AcrossLine{Time: m.Time, Reference: m.Reference, State: m.State, Coin: m.coin(), Address: m.Address, What: "deposit", Credit: m.Amount}
	if l.Coin == "" && m.Coin != "" {
		k.of.fault("line " + strconv.Itoa(m.Line) + " does not agree with the chain about " + m.Coin + ": that coin is not followed here")
	}
	if m.list == letter.Withdrawals {
		l.What, l.Credit, l.Debit, l.Fee = "withdrawal", 0, m.Amount+m.Fee, m.Fee
		return l
	}
	units, ok := k.byCoin[l.Coin]
	switch {
	case !ok || l.Coin == "":
	case k.credited[l.Coin]:
		k.of.fault("the coin " + l.Coin + " is credited more than once: it is followed the first time only")
	default:
		k.credited[l.Coin] = true
		if l.Tainted = min(units, l.Credit); units > l.Credit && units != math.MaxUint64 {
			k.of.fault("more of " + l.Coin + " is followed than the service credited")
		}
	}
	return l
}

// oneStatement puts the files of a statement together, as far as they are about an account: each in the order in which it goes
// on, the oldest row first, and one behind the other. Within a file the order of its rows counts, for several may be of one moment.
func oneStatement(files [][]letter.Row, account string) (rows []letter.Row) {
	var parts [][]letter.Row
	for _, file := range files {
		var part []letter.Row
		for i := range file {
			if file[i].Account == account {
				part = append(part, file[i])
			}
		}
		if len(part) == 0 {
			continue
		}
		oldestFirst(part, func(r *letter.Row) time.Time { return r.Time })
		parts = append(parts, part)
	}
	slices.SortStableFunc(parts, func(a, b []letter.Row) int { return a[0].Time.Compare(b[0].Time) })
	return slices.Concat(parts...)
}

// oldestFirst turns a list round that has the newest first.
func oldestFirst[T any](list []T, at func(*T) time.Time) {
	by := func(a, b T) int { return at(&a).Compare(at(&b)) }
	if !slices.IsSortedFunc(list, by) && slices.IsSortedFunc(list, func(a, b T) int { return by(b, a) }) {
		slices.Reverse(list)
	}
}

// fromStatement goes through a statement, line by line, and finds the deposit or withdrawal that each is about.
func (k *accountBook) fromStatement(rows []letter.Row) error {
	x := k.of
	x.Basis = "statement"
	if first := rows[0]; first.Balance+first.Debit >= first.Credit {
		x.Opening = first.Balance + first.Debit - first.Credit
	}
	all := k.index()
	balance := x.Opening
	for i := range rows {
		r := &rows[i]
		if balance = balance + r.Credit - r.Debit; balance != r.Balance {
			x.fault(fmt.Sprintf("line %d of the statement (%s) does not add up: its balance is %d, and should be %d: a line is missing, or not in order", r.Line, r.Reference, r.Balance, balance))
			balance = r.Balance
		}
		if r.Credit == 0 && r.Debit == 0 {
			continue
		}
		l := AcrossLine{Time: r.Time, Reference: r.Reference, What: "other", Credit: r.Credit, Debit: r.Debit, State: MatchOffChain}
		if at := all.about(r); at >= 0 {
			all.used[at] = true
			l = k.line(&k.movements[at])
			l.Time = r.Time
		}
		text := strconv.FormatUint(r.Balance, 10)
		l.Balance = &text
		x.Lines = append(x.Lines, l)
	}
	for i := range all.used {
		if m := &k.movements[i]; !all.used[i] && m.State != MatchUnpaid {
			x.fault(fmt.Sprintf("the %s %s of %s has no line in the statement, and was left out", strings.TrimSuffix(string(m.list), "s"), m.Reference, m.Time.Format(time.RFC3339)))
		}
	}
	return nil
}

// movementIndex finds deposits and withdrawals by what a line of a statement says of them.
type movementIndex struct {
	of   []movement
	used []bool
	by   map[string][]int // in order
}

// index brings the movements of an account under all that a line can name them by.
func (k *accountBook) index() *movementIndex {
	x := &movementIndex{of: k.movements, used: make([]bool, len(k.movements)), by: map[string][]int{}}
	for i := range k.movements {
		m := &k.movements[i]
		units := m.Amount
		if m.list == letter.Withdrawals {
			units += m.Fee
		}
		moved := fmt.Sprint(m.list, " ", units, " ")
		at := strconv.FormatInt(m.Time.UnixNano(), 10)
		keys := []string{moved + "at " + at}
		if m.Reference != "" {
			keys = append(keys, moved+"reference "+m.Reference)
		} else {
			keys = append(keys, moved+"without reference at "+at)
		}
		if m.Tx != "" {
			keys = append(keys, moved+"tx "+m.Tx)
		}
		for _, key := range keys {
			x.by[key] = append(x.by[key], i)
		}
	}
	return x
}

// open lists up to two movements under a key that no line is about yet. Those that were used are passed once, however
// many lines ask.
func (x *movementIndex) open(key string) []int {
	list := x.by[key]
	for len(list) > 0 && x.used[list[0]] {
		list = list[1:]
	}
	for len(list) > 1 && x.used[list[1]] {
		list[1] = list[0]
		list = list[1:]
	}
	x.by[key] = list
	return list[:min(len(list), 2)]
}

// about finds the deposit or withdrawal that a line of a statement is about: by its reference or transaction, else by
// its time and amount where only one has them; -1: it is about none.
func (x *movementIndex) about(r *letter.Row) int {
	moved := fmt.Sprint(letter.Deposits, " ", r.Credit, " ")
	if r.Debit > 0 {
		moved = fmt.Sprint(letter.Withdrawals, " ", r.Debit, " ")
	}
	var named []int
	at := moved + "at "
	if r.Reference != "" {
		named = append(named, x.open(moved+"reference "+r.Reference)...)
		at = moved + "without reference at "
	}
	if r.Tx != "" {
		named = append(named, x.open(moved+"tx "+r.Tx)...)
	}
	if len(named) > 0 {
		return slices.Min(named)
	}
	if near := x.open(at + strconv.FormatInt(r.Time.UnixNano(), 10)); len(near) == 1 {
		return near[0]
	}
	return -1 // none, or two could be meant
}

// calculate asks each method.
func (x *Across) calculate() {
	lines := make([]account.Line, len(x.Lines))
	for i := range x.Lines {
		l := &x.Lines[i]
		lines[i] = account.Line{ID: cmp.Or(l.Reference, strconv.Itoa(i+1)), At: l.Time, Credit: l.Credit, Debit: l.Debit, Tainted: l.Tainted}
		x.Followed += l.Tainted
	}
	for _, m := range account.Methods() {
		r := AcrossResult{byLine: map[int]uint64{}}
		got, err := account.Follow(x.Opening, lines, m)
		if err != nil {
			r.Result, r.Error = account.Result{Method: m, Outs: []account.Out{}, Parts: []account.Part{}}, err.Error()
			x.Results = append(x.Results, r)
			continue
		}
		r.Result = *got
		for _, o := range got.Outs {
			r.byLine[o.Line] = o.Units
			if x.Lines[o.Line].What == "withdrawal" {
				r.Out += o.Units
			} else {
				r.Elsewhere += o.Units
			}
		}
		x.Results = append(x.Results, r)
	}
}

// ContinueQuestion asks for a trace that goes on from withdrawals of an account.
type ContinueQuestion struct {
	AcrossQuestion
	By      string   `json:"by" enum:"fifo,lifo,pro-rata,lowest-balance" doc:"the method for the account"`
	Methods []string `json:"methods,omitempty" maxItems:"6" doc:"for the chain; without any, that of the trace before"`
	// Coins are those of the withdrawals to go on from; without any, all that carry followed units.
	Coins []string `json:"coins,omitempty" maxItems:"1000" doc:"TXID:N"`
}

// Continue fixes what the methods make of an account as an exhibit, and begins a trace from the withdrawals
// that carry followed units by one of them. The trace follows those coins wholly: how much of each is
// followed stands in the exhibit.
func (b *Bench) Continue(ctx context.Context, s *identity.Subject, c goshawk.ID, q ContinueQuestion) (run, exhibit goshawk.ID, err error) {
	if err := b.Book.MayChange(ctx, s, c); err != nil {
		return "", "", err
	}
	x, err := b.Across(ctx, s, c, q.AcrossQuestion)
	if err != nil {
		return "", "", err
	}
	at := slices.IndexFunc(x.Results, func(r AcrossResult) bool { return string(r.Method) == q.By })
	if at < 0 || x.Results[at].Error != "" {
		return "", "", goshawk.Errorf(goshawk.Invalid, "the account cannot be followed by %q", q.By).WithHint("choose fifo, lifo, pro-rata or lowest-balance; look at what does not fit in the account")
	}
	var starts []string
	for _, o := range x.Results[at].Outs {
		l := &x.Lines[o.Line]
		if l.What == "withdrawal" && l.Coin != "" && (len(q.Coins) == 0 || slices.Contains(q.Coins, l.Coin)) {
			starts = append(starts, l.Coin)
		}
	}
	if len(starts) == 0 || len(q.Coins) > len(starts) {
		return "", "", goshawk.Errorf(goshawk.Invalid, "of these withdrawals not every one carries followed units to a coin of the chain, by %s", q.By).WithHint("choose others, or another method")
	}
	ask := RunQuestion{Ledger: x.Ledger, Methods: q.Methods, Starts: starts, Title: fmt.Sprintf("On from %s, across account %s by %s", short(q.Service, 60), short(x.Account, 40), q.By)}
	if len(ask.Methods) == 0 {
		ask.Methods = []string{cmp.Or(x.Method, "fifo")}
	}
	text, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return "", "", goshawk.Errorf(goshawk.Corrupt, "the account cannot be written: %w", err)
	}
	fixed, err := b.Book.AddExhibit(ctx, s, c, casebook.Exhibit{Name: "account-" + short(x.Account, 60) + ".json", Media: "application/json",
		Source: fmt.Sprintf("computed by Goshawk %s from the lists of %s and the ledger %s", goshawk.Version, short(q.Service, 200), x.Ledger)}, bytes.NewReader(text))
	if err != nil {
		return "", "", err
	}
	run, err = b.Run(ctx, s, c, ask)
	return run, fixed.ID, err
}

// short is at most so many characters of a text.
func short(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
