package web

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/trace"
	"goshawk/workbench"
)

// run is a trace as pages show it.
type run struct {
	record
	q      workbench.RunQuestion
	s      workbench.RunSummary
	prices *prices // nil: values are told in the coin alone
	since  string  // what became of the chain that it read: workbench.Since
}

// fees is how many of the listed ends are fees: one for each transaction, and nobody to ask.
func (r *run) fees() int {
	n := 0
	for i := range r.s.Ends {
		if r.s.Ends[i].Kind == string(goshawk.EndFee) {
			n++
		}
	}
	return n
}

func readRun(r record) run {
	one := run{record: r}
	// What cannot be read is shown empty: the history still has it.
	if json.Unmarshal(r.Record["question"].JSON, &one.q) != nil {
		one.q = workbench.RunQuestion{}
	}
	if v := r.Record["summary"].JSON; len(v) > 0 && json.Unmarshal(v, &one.s) != nil {
		one.s = workbench.RunSummary{}
	}
	return one
}

// methods are those that the trace was asked by.
func (r *run) methods() string {
	if len(r.q.Methods) > 0 {
		return strings.Join(r.q.Methods, ", ")
	}
	return r.q.Method
}

func (r *run) direction() string {
	if r.q.Direction == "backward" {
		return "backward"
	}
	return "forward"
}

// look is how a trace's state looks.
func (r *run) look() string {
	switch r.Text("state") {
	case "done":
		return "good"
	case "running":
		return "waiting"
	case "failed":
		return "bad"
	}
	return "warn"
}

// kinds are the kinds of ends that the trace has, in the order of reports.
func (r *run) kinds() []string {
	var list []string
	for _, k := range goshawk.EndKinds() {
		_, has := r.s.Totals[string(k)]
		for i := range r.s.Each {
			_, one := r.s.Each[i].Totals[string(k)]
			has = has || one
		}
		if has {
			list = append(list, string(k))
		}
	}
	return list
}

// total is what a method of a comparison comes to at one kind of ends.
func (r *run) total(m *workbench.RunOfMethod, kind string) string {
	t, has := m.Totals[kind]
	if !has {
		return "–"
	}
	return r.amount(t.Amount)
}

// asset is the coin that the trace followed.
func (r *run) asset() goshawk.Asset {
	return goshawk.Asset{Network: r.s.Network, Ticker: r.s.Ticker, Decimals: uint8(min(max(r.s.Decimals, 0), 77))}
}

// amount writes smallest units as people do.
func (r *run) amount(units string) string {
	var n goshawk.Units
	if n.SetFromDecimal(units) != nil {
		return units
	}
	a := r.asset()
	return goshawk.Group(a.Decimal(n)) + " " + a.Ticker
}

// time is when the coin of an end moved there; zero where the record does not say it.
func (r *run) time(e *workbench.RunEnd) time.Time {
	if e.Time == nil {
		return time.Time{}
	}
	return *e.Time
}

// worth is what an end's amount was worth on the day on which it came there; "" where that is not told.
func (r *run) worth(v *view, e *workbench.RunEnd, units *string) string {
	if units == nil {
		return ""
	}
	return r.prices.worth(v, *units, r.time(e))
}

func (r *run) amountOr(units *string, unknown string) string {
	if units == nil {
		return unknown
	}
	return r.amount(*units)
}

// runsPage lists the traces of a case: those not used, too.
func (q *request) runsPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the traces", casebook.KindCase, casebook.KindRun)
	if err != nil {
		return err
	}
	var list []run
	for _, r := range slices.Backward(records(c, casebook.KindRun)) {
		list = append(list, readRun(r))
	}
	v := q.casePage(&c.Summary, "/runs", "")
	v.title = v.t("nav.runs")
	return q.show(v, runsPage(v, list, q.ledgers(), own(c).Text("ledger"), q.URL.Query().Get("start")))
}

// methodNames lists the methods, in the order of comparisons.
func methodNames() []string {
	var list []string
	for _, m := range trace.Methods() {
		list = append(list, string(m))
	}
	return list
}

func (q *request) beginRunForm() error {
	b, err := q.bench()
	if err == nil {
		err = q.form()
	}
	if err != nil {
		return err
	}
	f := q.PostForm
	ask := workbench.RunQuestion{Ledger: goshawk.ID(f.Get("ledger")), Methods: f["method"], Direction: f.Get("direction"), Starts: strings.Fields(f.Get("starts")),
		MinAmount: strings.TrimSpace(f.Get("min")), ThroughCoinJoin: f.Get("through") != "", ByStart: f.Get("split") != "", Title: strings.TrimSpace(f.Get("title"))}
	if len(ask.Methods) == 1 {
		ask.Method, ask.Methods = ask.Methods[0], nil
	}
	if text := strings.TrimSpace(f.Get("hops")); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return goshawk.Errorf(goshawk.Invalid, "%q is no number of transactions", text)
		}
		ask.MaxHops = &n
	}
	if text := strings.TrimSpace(f.Get("sure")); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 100 {
			return goshawk.Errorf(goshawk.Invalid, "%q is no confidence", clipped(text)).WithHint("from 0 to 100")
		}
		ask.StopConfidence = &n
	}
	if text := f.Get("until"); text != "" {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			return goshawk.Errorf(goshawk.Invalid, "%q is no day", text)
		}
		if ask.Until = day; ask.Direction != "backward" {
			ask.Until = day.Add(24*time.Hour - time.Second)
		}
	}
	c := goshawk.ID(q.PathValue("case"))
	id, err := b.Run(q.Context(), q.subject, c, ask)
	if err != nil {
		return err
	}
	return q.done(casePath(c)+"/runs/"+string(id), "run_begun", 0)
}

// runPage shows one trace.
func (q *request) runPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read a trace", casebook.KindCase, casebook.KindRun, casebook.KindExhibit)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindRun, goshawk.ID(q.PathValue("run")))
	if err != nil {
		return err
	}
	one := readRun(r)
	var times []time.Time
	for i := range one.s.Ends {
		times = append(times, one.time(&one.s.Ends[i]))
	}
	if one.prices, err = q.pricesOf(c, one.asset(), times); err != nil {
		return err
	}
	if one.s.Block != "" && q.s.Bench != nil {
		if one.since, err = q.s.Bench.Since(q.Context(), one.q.Ledger, one.s.Height, one.s.Block); err != nil {
			return err
		}
	}
	v := q.casePage(&c.Summary, "/runs", "")
	v.trail = append(v.trail, crumb{v.t("nav.runs"), casePath(c.ID) + "/runs"})
	if v.title = one.Text("title"); v.title == "" {
		v.title = one.methods()
	}
	number := c.Records[casebook.KindExhibit][goshawk.ID(one.Text("exhibit"))].Text("number")
	return q.show(v, runPage(v, &one, number))
}

func (q *request) cancelRunForm() error {
	b, err := q.bench()
	c, id := goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("run"))
	if err == nil {
		err = b.CancelRun(q.Context(), q.subject, c, id)
	}
	if err != nil {
		return err
	}
	return q.done(casePath(c)+"/runs/"+string(id), "run_cancelled", 0)
}

// againRunForm asks the same question once more.
func (q *request) againRunForm() error {
	b, err := q.bench()
	if err != nil {
		return err
	}
	at := goshawk.ID(q.PathValue("case"))
	c, err := q.s.Book.Read(q.Context(), q.subject, at, "read a trace, to run it again", casebook.KindRun)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindRun, goshawk.ID(q.PathValue("run")))
	if err != nil {
		return err
	}
	one := readRun(r)
	id, err := b.Run(q.Context(), q.subject, at, one.q)
	if err != nil {
		return err
	}
	return q.done(casePath(at)+"/runs/"+string(id), "run_begun", 0)
}
