package workbench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/report"
	"goshawk/trace"
)

// How many traces run at once.
const (
	mostRuns       = 4 // on a server
	mostRunsPerson = 2 // of one person
	progressEvery  = 200 * time.Millisecond
	mostRunTime    = 2 * time.Hour
)

// runs are the traces that run.
type runs struct {
	mu       sync.Mutex
	running  map[goshawk.ID]*running
	packages []PackageJob // the latest
}

type running struct {
	of     goshawk.ID // the case
	person goshawk.ID
	cancel context.CancelCauseFunc
}

var errCancelled = errors.New("cancelled")

// Run begins a trace in a case: its record is there, as running, when Run returns. Its answer becomes an
// exhibit of the case, and what it comes to stands in the record.
func (b *Bench) Run(ctx context.Context, s *identity.Subject, c goshawk.ID, q RunQuestion) (goshawk.ID, error) {
	if err := b.Book.MayChange(ctx, s, c); err != nil {
		return "", err
	}
	methods, err := q.methods()
	if err != nil {
		return "", err
	}
	if len(q.Starts) == 0 {
		return "", goshawk.Errorf(goshawk.Invalid, "a trace needs a coin to start from").WithHint("name one as TXID:N, or an address")
	}
	held, err := b.Use(ctx, q.Ledger)
	if err != nil {
		return "", err
	}
	asked, err := held.asked(ctx, &q)
	if err != nil {
		held.Release()
		return "", err
	}
	title := q.Title
	if title == "" {
		title = runTitle(&q, methods)
	}
	id := casebook.NewID()
	work, cancel := context.WithCancelCause(context.Background()) //nolint:contextcheck // it goes on when who asked has left
	r := &running{of: c, person: s.Person.ID, cancel: cancel}
	if err := b.admit(id, r); err != nil {
		cancel(nil)
		held.Release()
		return "", err
	}
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, id, name, v) }
	if err := b.runsHere(ctx, c, id); err != nil {
		b.leave(id)
		held.Release()
		return "", err
	}
	_, err = b.Book.Act(ctx, s, c, "began a trace", []casebook.Edit{set("question", q), set("state", "running"), set("title", title)})
	if err != nil {
		b.leave(id)
		held.Release()
		return "", err
	}
	subject := *s
	started := b.jobs.start(func(bench context.Context) {
		defer b.leave(id)
		defer held.Release()
		defer context.AfterFunc(bench, func() { r.cancel(nil) })()
		work, end := context.WithTimeout(work, mostRunTime)
		defer end()
		b.work(work, &subject, c, id, held, asked, methods)
	})
	if !started {
		b.leave(id)
		held.Release()
		return "", errEnding() // its record is found at the next start
	}
	return id, nil
}

// admit takes a run among those that run, or says that there are too many.
func (b *Bench) admit(id goshawk.ID, r *running) error {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	if b.runs.running == nil {
		b.runs.running = map[goshawk.ID]*running{}
	}
	own := 0
	for _, o := range b.runs.running {
		if o.person == r.person {
			own++
		}
	}
	switch {
	case own >= mostRunsPerson:
		return goshawk.Errorf(goshawk.Busy, "%d of your traces run already", own).WithHint("wait until one ends, or cancel it")
	case len(b.runs.running) >= mostRuns:
		return goshawk.Errorf(goshawk.Busy, "%d traces run on this server", len(b.runs.running)).WithHint("wait until one ends")
	}
	b.runs.running[id] = r
	return nil
}

func (b *Bench) leave(id goshawk.ID) {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	if r := b.runs.running[id]; r != nil {
		r.cancel(nil)
		delete(b.runs.running, id)
	}
}

// Running counts the traces that run.
func (b *Bench) Running() int {
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	return len(b.runs.running)
}

// CancelRun ends a trace of a case; what it found so far is kept, and said to be so.
func (b *Bench) CancelRun(ctx context.Context, s *identity.Subject, c, run goshawk.ID) error {
	if err := b.Book.MayChange(ctx, s, c); err != nil {
		return err
	}
	b.runs.mu.Lock()
	defer b.runs.mu.Unlock()
	r := b.runs.running[run]
	if r == nil || r.of != c {
		return goshawk.Errorf(goshawk.Conflict, "the trace does not run").WithHint("it has ended, or there is none of this name")
	}
	r.cancel(errCancelled)
	return nil
}

// methods are the methods asked for, each once.
func (q *RunQuestion) methods() ([]trace.Method, error) {
	names := q.Methods
	if len(names) == 0 && q.Method != "" {
		names = []string{q.Method}
	}
	if len(names) == 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "say by which method").WithHint("methods are poison, haircut, fifo, lifo, fifo-age, tiho")
	}
	var list []trace.Method
	seen := map[trace.Method]bool{}
	for _, n := range names {
		m, err := trace.ParseMethod(n)
		if err != nil {
			return nil, err
		}
		if q.Direction == "backward" {
			if err := m.CheckBackward(); err != nil {
				return nil, err
			}
		}
		if !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
	}
	return list, nil
}

func runTitle(q *RunQuestion, methods []trace.Method) string {
	var names []string
	for _, m := range methods {
		names = append(names, string(m))
	}
	way := "forward"
	if q.Direction != "" {
		way = q.Direction
	}
	from := q.Starts[0]
	if len(from) > 24 {
		from = from[:12] + "…" + from[len(from)-8:]
	}
	if n := len(q.Starts) - 1; n > 0 {
		from += fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + " " + way + " from " + from
}

// asked is a question as the engine takes it; the services are made by who runs it.
func (h *Held) asked(ctx context.Context, q *RunQuestion) (*trace.Question, error) {
	t := &trace.Question{Backward: q.Direction == "backward", MaxHops: q.MaxHops, ThroughCoinJoin: q.ThroughCoinJoin, ByStart: q.ByStart, Flows: 2000, Until: q.Until,
		StopConfidence: 50, ServicesBy: "address", CoinJoin: IsCoinJoin, CoinJoinRule: CoinJoinRule(), Labels: h.Labels.Sources()}
	if q.StopConfidence != nil {
		t.StopConfidence = *q.StopConfidence
	}
	if q.ByCluster {
		t.ServicesBy = "cluster"
	}
	if q.MinAmount != "" {
		var n goshawk.Units
		if err := n.SetFromDecimal(q.MinAmount); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "%q is no amount", q.MinAmount).WithHint("write a whole number of smallest units")
		}
		t.MinAmount = &n
	}
	for _, start := range q.Starts {
		coins, err := h.starts(ctx, strings.TrimSpace(start), q)
		if err != nil {
			return nil, err
		}
		if t.Starts = append(t.Starts, coins...); len(t.Starts) > 100_000 {
			return nil, goshawk.Errorf(goshawk.Invalid, "these are more than 100,000 coins").WithHint("bound the times in which an address received")
		}
	}
	return t, nil
}

// starts are the coins that a start names.
func (h *Held) starts(ctx context.Context, text string, q *RunQuestion) ([]goshawk.Outpoint, error) {
	if o, err := goshawk.ParseOutpoint(text); err == nil {
		return []goshawk.Outpoint{o}, nil
	}
	if hash, err := goshawk.ParseHash(strings.ToLower(text)); err == nil {
		id, err := h.txID(ctx, text)
		if err != nil {
			return nil, err
		}
		var batch goshawk.Transactions
		if err := h.Transactions(ctx, []goshawk.TxID{id}, 0, &batch); err != nil {
			return nil, err
		}
		var coins []goshawk.Outpoint
		for i, o := range batch.Out(0) {
			if o.Value > 0 {
				coins = append(coins, goshawk.Outpoint{Tx: hash, Index: uint32(i)})
			}
		}
		return coins, nil
	}
	coins, err := trace.Coins(ctx, h, text, q.Since, q.Before)
	if err == nil && len(coins) == 0 {
		err = goshawk.Errorf(goshawk.NotFound, "%s received no coins in this time", text)
	}
	return coins, h.Elsewhere(ctx, err)
}

// work traces, and brings the answer into the case.
func (b *Bench) work(ctx context.Context, s *identity.Subject, c, id goshawk.ID, h *Held, q *trace.Question, methods []trace.Method) {
	summary, answer, err := b.trace(ctx, c, id, h, q, methods)
	state := "done"
	switch {
	case err == nil:
	case errors.Is(context.Cause(ctx), errCancelled):
		state, summary.Error = "cancelled", "it was cancelled; what it had found until then is kept"
	case errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		state, summary.Error, summary.Hint = "failed", "it took too long", "bound it by hops, amount or time"
	case ctx.Err() != nil:
		state, summary.Error, summary.Hint = "failed", endedWords, "run it again"
	default:
		state, summary.Error, summary.Hint = "failed", "it failed", goshawk.HintOf(err)
		if code := goshawk.CodeOf(err); code != "" && code != goshawk.Corrupt && code != goshawk.Unavailable {
			summary.Error = err.Error()
		}
		b.Log.Error("a trace failed", "error", err)
	}
	// What was found is kept whatever ended it.
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer end()
	var exhibit goshawk.ID
	if answer != nil && b.Book.Files != nil {
		fixed, bad := b.Book.AddExhibit(ctx, s, c, casebook.Exhibit{Name: "trace-" + string(id) + ".json", Media: "application/json",
			Source: fmt.Sprintf("computed by Goshawk %s over the ledger %s, %s, block %d", goshawk.Version, h.ID, h.Known.Network, h.Known.Height)}, bytes.NewReader(answer))
		if bad != nil {
			b.Log.Error("a trace's answer was not kept", "error", bad)
			state, summary.Error, summary.Hint = "failed", "its answer could not be kept as an exhibit", "run it again"
		} else {
			exhibit, summary.SHA256 = fixed.ID, fixed.SHA256
		}
	}
	if bad := b.finish(ctx, s, c, id, state, summary, exhibit); bad != nil {
		b.Log.Error("a trace's end was not recorded", "error", bad)
	}
	if bad := b.ran(ctx, c, id); bad != nil {
		b.Log.Error("a trace's end was not noted", "error", bad)
	}
	b.tell(c, Progress{Run: id, Done: int64(summary.Steps), Total: int64(summary.Steps), Text: state})
}

const endedWords = "the server ended while it ran"

// finish writes what became of a run.
func (b *Bench) finish(ctx context.Context, s *identity.Subject, c, id goshawk.ID, state string, summary *RunSummary, exhibit goshawk.ID) error {
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, id, name, v) }
	was, err := json.Marshal("running")
	if err != nil {
		return err
	}
	to := set("state", state)
	to.Before = was
	edits := []casebook.Edit{to, set("summary", summary)}
	if exhibit != "" {
		edits = append(edits, set("exhibit", exhibit))
	}
	_, err = b.Book.Record(ctx, s, c, "a trace ended: "+state, edits)
	return err
}

func (b *Bench) tell(c goshawk.ID, p Progress) {
	if b.Progress != nil {
		b.Progress(c, p)
	}
}

// trace asks the engine. Where it was interrupted there is an answer with the error.
func (b *Bench) trace(ctx context.Context, c, id goshawk.ID, h *Held, q *trace.Question, methods []trace.Method) (*RunSummary, []byte, error) {
	summary := &RunSummary{}
	services, err := NewServices(ctx, h.Chain, h.Labels, q.StopConfidence, q.ServicesBy == "cluster")
	if err != nil {
		return summary, nil, err
	}
	q.Services = services
	last := time.Time{}
	q.Progress = func(p trace.Progress) {
		if now := time.Now(); now.Sub(last) >= progressEvery {
			last = now
			b.tell(c, Progress{Run: id, Done: int64(p.Steps), Text: fmt.Sprintf("%s walked, %s ahead, block %s", goshawk.Count(p.Steps, "transaction", "transactions"),
				goshawk.Count(p.Pending, "coin", "coins"), goshawk.Group(fmt.Sprint(p.Height)))})
		}
	}
	var buf bytes.Buffer
	if len(methods) == 1 {
		q.Method = methods[0]
		answer, err := trace.Run(ctx, h, *q)
		if answer == nil {
			return summary, nil, h.Elsewhere(ctx, err)
		}
		LabelEnds(h.Labels, answer)
		if bad := report.TraceJSON(&buf, answer); bad != nil {
			return summary, nil, bad
		}
		return summarise(answer), buf.Bytes(), err
	}
	answer, err := trace.Compare(ctx, h, *q, methods)
	if answer == nil {
		return summary, nil, h.Elsewhere(ctx, err)
	}
	for _, t := range answer.Traces {
		LabelEnds(h.Labels, t)
	}
	for i := range answer.Ends {
		answer.Ends[i].Label = LabelOf(h.Labels, answer.Ends[i].Label, answer.Ends[i].Address)
	}
	if bad := report.ComparisonJSON(&buf, answer); bad != nil {
		return summary, nil, bad
	}
	return summariseAll(answer), buf.Bytes(), err
}
