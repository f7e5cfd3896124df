package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/letter"
	"goshawk/workbench"
)

// answered is an answer's record as pages show it.
type answered struct {
	record
	s workbench.AnswerSummary
	m letter.Mapping
}

func readAnswer(r record) answered {
	one := answered{record: r}
	// What cannot be read is shown empty: the history still has it.
	if v := r.Record["summary"].JSON; len(v) > 0 && json.Unmarshal(v, &one.s) != nil {
		one.s = workbench.AnswerSummary{}
	}
	if v := r.Record["mapping"].JSON; len(v) > 0 && json.Unmarshal(v, &one.m) != nil {
		one.m = letter.Mapping{}
	}
	return one
}

// answersPage lists what services answered, and takes a file.
func (q *request) answersPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the answers", casebook.KindAnswer, casebook.KindLetter, casebook.KindExhibit)
	if err != nil {
		return err
	}
	var list []answered
	var services []string
	for _, r := range records(c, casebook.KindAnswer) {
		a := readAnswer(r)
		list = append(list, a)
		if s := r.Text("service"); a.m.List != "" && !slices.Contains(services, s) {
			services = append(services, s)
		}
	}
	slices.Reverse(list)
	var letters []record
	for _, l := range records(c, casebook.KindLetter) {
		if l.Text("state") != "draft" {
			letters = append(letters, l)
		}
	}
	v := q.casePage(&c.Summary, "/answers", "")
	v.title = v.t("nav.answers")
	return q.show(v, answersPage(v, list, services, letters, c.Records[casebook.KindExhibit]))
}

// mostForms is the most bytes of the fields beside an answer's file.
const mostFieldBytes = 4_096

// uploadAnswer fixes a file of a service as an exhibit, as it came, before anybody says what it means.
func (q *request) uploadAnswer() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, letter.MostAnswer+mostForm)
	parts, err := q.MultipartReader()
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the form cannot be read: %w", err).WithHint("send the form from its own page")
	}
	said := url.Values{}
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return goshawk.Errorf(goshawk.Invalid, "no file was chosen").WithHint("choose the file that the service sent")
		}
		if err != nil {
			return goshawk.Errorf(goshawk.Invalid, "the form did not come whole: %w", err).WithHint("send it again; nothing was stored")
		}
		in := &flowing{part, http.NewResponseController(q.w)}
		if part.FormName() != "file" {
			text, err := io.ReadAll(io.LimitReader(in, mostFieldBytes))
			if err != nil {
				return goshawk.Errorf(goshawk.Invalid, "the form did not come whole: %w", err).WithHint("send it again; nothing was stored")
			}
			if name := part.FormName(); name == "letter" || name == "service" {
				said.Set(name, strings.TrimSpace(string(text)))
			}
			continue
		}
		if part.FileName() == "" {
			return goshawk.Errorf(goshawk.Invalid, "no file was chosen").WithHint("choose the file that the service sent")
		}
		service, err := q.answering(id, said)
		if err != nil {
			return err
		}
		x, err := q.s.Book.AddExhibit(q.Context(), q.subject, id, casebook.Exhibit{Name: part.FileName(), Source: "answer of " + service}, in)
		if err != nil {
			return err
		}
		said.Set("exhibit", string(x.ID))
		return q.done(casePath(id)+"/answers/new?"+said.Encode(), "answer_fixed", 0)
	}
}

// answering is the service that answers: the letter's, where there is one.
func (q *request) answering(id goshawk.ID, said url.Values) (string, error) {
	if which := said.Get("letter"); which != "" {
		c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked which letter is answered", casebook.KindLetter)
		if err != nil {
			return "", err
		}
		r, err := find(c, casebook.KindLetter, goshawk.ID(which))
		if err != nil {
			return "", err
		}
		said.Set("service", r.Text("service"))
	}
	service := said.Get("service")
	if service == "" || len(service) > 200 {
		return "", goshawk.Errorf(goshawk.Invalid, "it is not said who answers").WithHint("choose the letter, or name the service; the field must come before the file")
	}
	return service, nil
}

// mappingView is what the page that asks what a file means shows.
type mappingView struct {
	exhibit, letter goshawk.ID
	number          string // of the exhibit
	service         string
	ledgers         []workbench.Status
	ledger          *workbench.Status
	table           *letter.Table
	proposal        *letter.Proposal
	open            []string
	read            *letter.Read // nil: the mapping is not whole
	fault           string
}

// columns are those that the list can have.
func (x *mappingView) columns() []letter.Column {
	must, may := x.proposal.Mapping.List.Columns()
	return slices.Concat(must, may)
}

func (x *mappingView) must(c letter.Column) bool {
	must, _ := x.proposal.Mapping.List.Columns()
	return slices.Contains(must, c)
}

// picked is the column of the file that is chosen; -1: none.
func (x *mappingView) picked(c letter.Column) int {
	if at, ok := x.proposal.Mapping.Columns[c]; ok {
		return at
	}
	return -1
}

// asked says whether something is left open.
func (x *mappingView) asked(what string) bool { return slices.Contains(x.open, what) }

// newAnswerPage shows what a file would mean, and asks for what it leaves open. Nothing is stored by looking.
func (q *request) newAnswerPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "looked at what an answer's file means", casebook.KindCase, casebook.KindExhibit)
	if err != nil {
		return err
	}
	f := q.URL.Query()
	r, err := find(c, casebook.KindExhibit, goshawk.ID(f.Get("exhibit")))
	if err != nil {
		return err
	}
	b, err := q.bench()
	if err != nil {
		return err
	}
	x := &mappingView{exhibit: r.ID, letter: goshawk.ID(f.Get("letter")), number: r.Text("number"), service: f.Get("service"), ledgers: ledgerChoices(q.ledgers())}
	want := f.Get("ledger")
	if want == "" {
		want = own(c).Text("ledger")
	}
	for i := range x.ledgers {
		if x.ledger == nil || string(x.ledgers[i].ID) == want {
			x.ledger = &x.ledgers[i]
		}
	}
	if x.ledger == nil {
		return goshawk.Errorf(goshawk.Unsupported, "there is no ledger to compare the answer with").WithHint("add one on the page of ledgers")
	}
	if x.table, _, err = b.AnswerFile(q.Context(), q.subject, c.ID, x.exhibit, f.Get("delimiter")); err != nil {
		return err
	}
	q.propose(x, f)
	v := q.casePage(&c.Summary, "/answers", "")
	v.trail = append(v.trail, crumb{v.t("nav.answers"), casePath(c.ID) + "/answers"})
	v.title = v.t("answer.means", "Number", x.number)
	return q.show(v, newAnswerPage(v, x))
}

// propose takes what the form says, and what the file itself leaves no doubt about.
func (q *request) propose(x *mappingView, f url.Values) {
	list := letter.List(f.Get("list"))
	if list == "" {
		list = x.table.ProposeList()
	}
	x.proposal = x.table.Propose(list, x.ledger.Decimals, x.ledger.Ticker)
	if f.Get("chosen") != "" {
		x.proposal.Mapping = mappingOf(f, x.ledger.Decimals, x.table.Delimiter)
		x.proposal.Mapping.List = list
	}
	x.open = x.proposal.Mapping.Check(len(x.table.Head))
	if len(x.open) > 0 {
		return
	}
	read, err := x.table.Read(&x.proposal.Mapping)
	if err != nil {
		x.fault = err.Error()
		return
	}
	x.read = read
}

// mappingOf is what a form says of a file.
func mappingOf(f url.Values, decimals int, delimiter string) letter.Mapping {
	m := letter.Mapping{List: letter.List(f.Get("list")), Delimiter: delimiter, Columns: map[letter.Column]int{}, Time: f.Get("time"), Zone: strings.TrimSpace(f.Get("zone")), Unit: f.Get("unit"), Decimal: f.Get("decimal"),
		Account: strings.TrimSpace(f.Get("account")), Asset: strings.TrimSpace(f.Get("asset")), Decimals: decimals}
	for name := range f {
		c, ok := strings.CutPrefix(name, "c.")
		if at, err := strconv.Atoi(f.Get(name)); ok && err == nil && at >= 0 {
			m.Columns[letter.Column(c)] = at
		}
	}
	must, may := m.List.Columns() // what was chosen for another list is none of this one's
	for c := range m.Columns {
		if !slices.Contains(must, c) && !slices.Contains(may, c) {
			delete(m.Columns, c)
		}
	}
	return m
}

// takeAnswerForm takes a file as an answer, as its columns were said to mean.
func (q *request) takeAnswerForm() error {
	b, err := q.bench()
	if err == nil {
		err = q.form()
	}
	if err != nil {
		return err
	}
	f, id := q.PostForm, goshawk.ID(q.PathValue("case"))
	decimals := 0
	for _, l := range q.ledgers() {
		if string(l.ID) == f.Get("ledger") {
			decimals = l.Decimals
		}
	}
	n := workbench.NewAnswer{Exhibit: goshawk.ID(f.Get("exhibit")), Letter: goshawk.ID(f.Get("letter")), Service: strings.TrimSpace(f.Get("service")), Ledger: goshawk.ID(f.Get("ledger")),
		Mapping: mappingOf(f, decimals, f.Get("delimiter")), Without: f.Get("without") != ""}
	made, err := b.Answer(q.Context(), q.subject, id, n)
	if err != nil {
		return err
	}
	return q.done(casePath(id)+"/answers/"+string(made), "answer_taken", 0)
}

// answerView is what the page of an answer shows.
type answerView struct {
	*workbench.ReadAnswer
	number string // of the exhibit
	only   workbench.MatchState
	counts map[workbench.MatchState]int
	shown  []workbench.Matched
	cut    int
}

// mostAnswerRows is how many rows a page shows; the exhibit has them all.
const mostAnswerRows = 500

// answerPage shows an answer's rows beside what the chain says; those that do not match come first.
func (q *request) answerPage() error {
	id := goshawk.ID(q.PathValue("case"))
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read an answer", casebook.KindAnswer, casebook.KindExhibit)
	if err != nil {
		return err
	}
	b, err := q.bench()
	if err != nil {
		return err
	}
	if _, err := find(c, casebook.KindAnswer, goshawk.ID(q.PathValue("answer"))); err != nil {
		return err
	}
	a, err := b.OpenAnswer(q.Context(), q.subject, id, goshawk.ID(q.PathValue("answer")))
	if err != nil {
		return err
	}
	x := &answerView{ReadAnswer: a, number: c.Records[casebook.KindExhibit][a.Exhibit].Text("number"), only: workbench.MatchState(q.URL.Query().Get("only")), counts: workbench.Counts(a.Rows)}
	for i := range a.Rows {
		if x.only != "" && a.Rows[i].State != x.only {
			continue
		}
		x.shown = append(x.shown, a.Rows[i])
	}
	bad := func(s workbench.MatchState) int {
		return slices.Index([]workbench.MatchState{workbench.MatchDiffers, workbench.MatchAbsent, workbench.MatchNone, workbench.MatchSeveral, workbench.MatchLikely, workbench.MatchCoin, workbench.MatchUnpaid, workbench.MatchOffChain}, s)
	}
	slices.SortStableFunc(x.shown, func(a, b workbench.Matched) int { return bad(a.State) - bad(b.State) })
	if n := len(x.shown); n > mostAnswerRows {
		x.cut, x.shown = n-mostAnswerRows, x.shown[:mostAnswerRows]
	}
	v := q.casePage(&c.Summary, "/answers", "")
	v.trail = append(v.trail, crumb{v.t("nav.answers"), casePath(c.ID) + "/answers"})
	v.title = v.t("answer.of", "Name", a.Service, "File", a.Summary.Name)
	return q.show(v, answerPage(v, x))
}

// matchLook is how the state of a row looks.
func matchLook(s workbench.MatchState) string {
	switch s {
	case workbench.MatchCoin:
		return "good"
	case workbench.MatchLikely, workbench.MatchSeveral, workbench.MatchUnpaid:
		return "warn"
	case workbench.MatchDiffers, workbench.MatchAbsent, workbench.MatchNone:
		return "bad"
	}
	return "open"
}

// units writes an answer's smallest units as people do.
func units(n uint64, ticker string, decimals int) string {
	x := letter.Identifiers{Ticker: ticker, Decimals: decimals}
	return x.Amount(strconv.FormatUint(n, 10))
}

// acrossView is what the page of an account shows.
type acrossView struct {
	*workbench.Across
	ask    workbench.AcrossQuestion
	runs   []run
	chosen *run
	fault  string
	hint   string
}

func (x *acrossView) units(n uint64) string { return units(n, x.Ticker, x.Decimals) }

// from is the trace and the method that are chosen, as a form sends them.
func (x *acrossView) from(id goshawk.ID, method string) bool {
	return x.ask.Run == id && (x.ask.Method == method || x.ask.Method == "" && x.Across != nil && x.Method == method)
}

// question is what a page's address, or a form, asks about an account.
func acrossOf(f url.Values) workbench.AcrossQuestion {
	q := workbench.AcrossQuestion{Service: strings.TrimSpace(f.Get("service")), Account: strings.TrimSpace(f.Get("account")), Opening: strings.TrimSpace(f.Get("opening")), Wholly: f["wholly"]}
	run, method, _ := strings.Cut(f.Get("run"), " ")
	q.Run, q.Method = goshawk.ID(run), method
	return q
}

// acrossPage shows an account line by line, and what each method makes of it.
func (q *request) acrossPage() error {
	id := goshawk.ID(q.PathValue("case"))
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked at an account of a service", casebook.KindRun, casebook.KindAnswer)
	if err != nil {
		return err
	}
	b, err := q.bench()
	if err != nil {
		return err
	}
	x := &acrossView{ask: acrossOf(q.URL.Query())}
	for _, r := range slices.Backward(records(c, casebook.KindRun)) {
		if one := readRun(r); one.Text("state") == "done" && one.s.Direction != "backward" {
			x.runs = append(x.runs, one)
		}
	}
	if x.ask.Service == "" {
		return goshawk.Errorf(goshawk.NotFound, "it is not said whose account").WithHint("choose it from the answers of a service")
	}
	if x.ask.Run == "" && len(x.ask.Wholly) == 0 {
		x.ask.Run = q.endsAt(x.runs, x.ask.Service)
	}
	x.Across, err = b.Across(q.Context(), q.subject, id, x.ask)
	switch goshawk.CodeOf(err) {
	case "":
		if err != nil {
			return err
		}
	case goshawk.Invalid, goshawk.NotFound:
		x.fault, x.hint = err.Error(), goshawk.HintOf(err)
	default:
		return err
	}
	for i := range x.runs {
		if x.runs[i].ID == x.ask.Run {
			x.chosen = &x.runs[i]
		}
	}
	v := q.casePage(&c.Summary, "/answers", "")
	v.trail = append(v.trail, crumb{v.t("nav.answers"), casePath(c.ID) + "/answers"})
	v.title = v.t("across.title", "Name", x.ask.Service)
	if x.Across != nil && x.Account != "" {
		v.title = v.t("across.title_account", "Name", x.ask.Service, "Account", x.Account)
	}
	return q.show(v, acrossPage(v, x))
}

// endsAt is the latest trace that ends at a service; else the latest one, "" without any.
func (q *request) endsAt(runs []run, service string) goshawk.ID {
	for i := range runs {
		for j := range runs[i].s.Ends {
			if e := &runs[i].s.Ends[j]; e.Label != nil && strings.EqualFold(e.Label.Label, service) {
				return runs[i].ID
			}
		}
	}
	if len(runs) > 0 {
		return runs[0].ID
	}
	return ""
}

// methodsOf are those that a trace was made by.
func (r *run) methodsOf() []string {
	if len(r.s.Methods) > 0 {
		return r.s.Methods
	}
	return []string{r.s.Method}
}

// continueForm goes on from an account's withdrawals with a new trace.
func (q *request) continueForm() error {
	b, err := q.bench()
	if err == nil {
		err = q.form()
	}
	if err != nil {
		return err
	}
	id := goshawk.ID(q.PathValue("case"))
	run, _, err := b.Continue(q.Context(), q.subject, id, workbench.ContinueQuestion{AcrossQuestion: acrossOf(q.PostForm), By: q.PostForm.Get("by"), Methods: q.PostForm["method"], Coins: q.PostForm["coin"]})
	if err != nil {
		return err
	}
	return q.done(casePath(id)+"/runs/"+string(run), "run_begun", 0)
}

// share is how much of a line a method takes, for people: "–" where nothing.
func (x *acrossView) share(r *workbench.AcrossResult, line int) string {
	if r.Error != "" {
		return "?"
	}
	if n := r.Units(line); n > 0 {
		return x.units(n)
	}
	return "–"
}

// carried says whether any method sends followed units to a coin of the chain with a line.
func (x *acrossView) carried(line int) bool {
	l := &x.Lines[line]
	return l.What == "withdrawal" && l.Coin != "" && slices.ContainsFunc(x.Results, func(r workbench.AcrossResult) bool { return r.Units(line) > 0 })
}

// goesOn says whether a trace could go on from any line.
func (x *acrossView) goesOn() bool {
	for i := range x.Lines {
		if x.carried(i) {
			return true
		}
	}
	return false
}

// ofInterest are the lines that a page shows: those with followed units, and where an account is short, all.
func (x *acrossView) ofInterest() (list []int, cut int) {
	const most = 300
	for i := range x.Lines {
		if len(x.Lines) <= most || x.Lines[i].Tainted > 0 || slices.ContainsFunc(x.Results, func(r workbench.AcrossResult) bool { return r.Units(i) > 0 }) {
			list = append(list, i)
		}
	}
	if len(list) > most {
		list = list[:most]
	}
	return list, len(x.Lines) - len(list)
}

// accountHref is the page of an account.
func accountHref(c goshawk.ID, service, name string, run goshawk.ID, method string) string {
	f := url.Values{"service": {service}}
	if name != "" {
		f.Set("account", name)
	}
	if run != "" {
		f.Set("run", strings.TrimSpace(fmt.Sprintf("%s %s", run, method)))
	}
	return casePath(c) + "/account?" + f.Encode()
}
