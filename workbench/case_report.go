package workbench

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain/bitcoin"
	"goshawk/cluster"
	"goshawk/identity"
	"goshawk/report"
	"goshawk/store"
)

// mostAnswers is how many bytes of traces' answers one report reads; those used come first.
const mostAnswers = 192 << 20

// CaseReport collects what a case's report says, as the case stands now. Reading it is noted,
// and so is each exhibit that it reads. A trace whose answer cannot be read is in it with a
// warning, and without a drawing.
func (b *Bench) CaseReport(ctx context.Context, s *identity.Subject, id goshawk.ID) (*report.Case, error) {
	c, err := b.Book.Read(ctx, s, id, "read the case for its report")
	if err != nil {
		return nil, err
	}
	return b.reportOf(ctx, s, c)
}

// reportOf collects what the report of a case that was read says.
func (b *Bench) reportOf(ctx context.Context, s *identity.Subject, c *casebook.Case) (out *report.Case, err error) {
	id := c.ID
	out = DraftReport(c)
	if out.Agency, err = b.agencyName(ctx, c.Agency); err != nil {
		return nil, err
	}
	budget := int64(mostAnswers)
	for _, used := range []bool{true, false} { // those used are read first
		for i := range out.Runs {
			if out.Runs[i].Used != used {
				continue
			}
			if err := b.readAnswer(ctx, s, id, c, &out.Runs[i], &budget); err != nil {
				return nil, err
			}
		}
	}
	out.Labels = caseLabels(out.Runs)
	spans, err := b.spans(ctx, c, out)
	if err != nil {
		return nil, err
	}
	out.Heuristics = caseHeuristics(c, out, spans)
	return out, b.priceReport(ctx, c, out)
}

// DraftReport is what a case's records alone say of its report: without the agency's name, and
// without what is read from the traces' answers.
func DraftReport(c *casebook.Case) *report.Case {
	own, asked := c.Records[casebook.KindCase]["case"], c.Records[casebook.KindReport]["case"]
	out := &report.Case{Version: goshawk.Version, ID: string(c.ID), Seq: c.Seq, At: c.Touched, Marking: own.Text("marking"), Reference: own.Text("reference"), Title: own.Text("title"),
		Author: asked.Text("author"), Qualification: asked.Text("qualification"), Question: own.Text("question"), Summary: own.Text("summary"),
		Alternatives: asked.Text("alternatives"), Limitations: asked.Text("limitations"), Runs: []report.CaseRun{}, Labels: []report.CaseSource{}, Heuristics: []report.CaseHeuristic{}}
	numbers, runs, used := exhibitNumbers(c), ReportRuns(c), usedRuns(c)
	out.Exhibits = caseExhibits(c)
	for i, run := range runs {
		one := caseRun(c, run, i, numbers)
		one.Used = used[run]
		out.Runs = append(out.Runs, one)
	}
	out.Findings = caseFindings(c, numbers, runs)
	out.Ranges = report.Ranges(out.Runs)
	out.Picture = casePicture(c.Records[casebook.KindGraph][goshawk.ID(asked.Text("graph"))])
	return out
}

func (b *Bench) agencyName(ctx context.Context, id goshawk.ID) (name string, err error) {
	err = b.Store.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Agencies()
		for i := range list {
			if list[i].ID == id {
				name = list[i].Name
			}
		}
		return err
	})
	return name, err
}

// begun orders records as they were begun.
func begun(records map[goshawk.ID]casebook.Record) []goshawk.ID {
	first := func(r casebook.Record) (least int64) {
		for _, v := range r {
			if least == 0 || v.Seq < least {
				least = v.Seq
			}
		}
		return least
	}
	var list []goshawk.ID
	for id, r := range records {
		if !r.Gone() {
			list = append(list, id)
		}
	}
	slices.SortFunc(list, func(a, b goshawk.ID) int {
		return cmp.Or(cmp.Compare(first(records[a]), first(records[b])), cmp.Compare(a, b))
	})
	return list
}

// ReportRuns are a case's traces in the order in which a report numbers them: R-1 is the first.
func ReportRuns(c *casebook.Case) []goshawk.ID { return begun(c.Records[casebook.KindRun]) }

// ReportFindings are a case's findings in the order of its report: as their authors ordered them,
// and then as they were begun.
func ReportFindings(c *casebook.Case) []goshawk.ID {
	findings := c.Records[casebook.KindFinding]
	list := begun(findings)
	slices.SortStableFunc(list, func(a, b goshawk.ID) int {
		return cmp.Compare(findings[a].Number("order"), findings[b].Number("order"))
	})
	return list
}

// usedRuns are those marked as used, and those that a finding names.
func usedRuns(c *casebook.Case) map[goshawk.ID]bool {
	used := map[goshawk.ID]bool{}
	for id, r := range c.Records[casebook.KindRun] {
		if r.Flag("used") {
			used[id] = true
		}
	}
	for _, f := range c.Records[casebook.KindFinding] {
		if f.Gone() {
			continue
		}
		for _, id := range f.List("runs") {
			used[goshawk.ID(id)] = true
		}
	}
	return used
}

func exhibitNumbers(c *casebook.Case) map[goshawk.ID]string {
	out := map[goshawk.ID]string{}
	for id, r := range c.Records[casebook.KindExhibit] {
		out[id] = r.Text("number")
	}
	return out
}

func caseExhibits(c *casebook.Case) []report.CaseExhibit {
	ways := map[goshawk.ID][]report.CaseTransfer{}
	for _, id := range begun(c.Records[casebook.KindCustody]) {
		r := c.Records[casebook.KindCustody][id]
		of := goshawk.ID(r.Text("exhibit"))
		ways[of] = append(ways[of], report.CaseTransfer{At: r.Text("at"), From: r.Text("from"), To: r.Text("to"), Reason: r.Text("reason")})
	}
	list := []report.CaseExhibit{}
	for _, id := range begun(c.Records[casebook.KindExhibit]) {
		r := c.Records[casebook.KindExhibit][id]
		way := ways[id]
		slices.SortStableFunc(way, func(a, b report.CaseTransfer) int { return cmp.Compare(a.At, b.At) })
		list = append(list, report.CaseExhibit{Number: r.Text("number"), Name: r.Text("name"), Media: r.Text("media"), SHA256: r.Text("sha256"), Bytes: r.Number("bytes"), Source: r.Text("source"),
			Obtained: r.Text("obtained"), Custodian: r.Text("custodian"), Comment: r.Text("comment"), Transfers: way})
	}
	return list
}

func caseFindings(c *casebook.Case, numbers map[goshawk.ID]string, runs []goshawk.ID) []report.CaseFinding {
	list := []report.CaseFinding{}
	for i, id := range ReportFindings(c) {
		r := c.Records[casebook.KindFinding][id]
		f := report.CaseFinding{Number: i + 1, Title: r.Text("title"), Text: r.Text("text"), Support: r.Text("support"), Exhibits: []string{}, Runs: []string{}}
		for _, x := range r.List("exhibits") {
			number, known := numbers[goshawk.ID(x)]
			if !known {
				number = x
			}
			f.Exhibits = append(f.Exhibits, number)
		}
		for _, x := range r.List("runs") {
			name := x
			if at := slices.Index(runs, goshawk.ID(x)); at >= 0 {
				name = runNumber(at)
			}
			f.Runs = append(f.Runs, name)
		}
		list = append(list, f)
	}
	return list
}

// runNumber is what a report calls a trace, by its place among them.
func runNumber(at int) string { return "R-" + strconv.Itoa(at+1) }

func caseRun(c *casebook.Case, id goshawk.ID, at int, numbers map[goshawk.ID]string) report.CaseRun {
	r := c.Records[casebook.KindRun][id]
	out := report.CaseRun{Number: runNumber(at), ID: string(id), Title: r.Text("title"), State: r.Text("state"), Exhibit: numbers[goshawk.ID(r.Text("exhibit"))]}
	var q RunQuestion
	var sum RunSummary
	if json.Unmarshal(r["question"].JSON, &q) != nil {
		out.Warnings = append(out.Warnings, "its question cannot be read")
	}
	if v := r["summary"].JSON; len(v) > 0 && json.Unmarshal(v, &sum) != nil {
		out.Warnings = append(out.Warnings, "what it came to cannot be read")
	}
	out.Ledger, out.Direction, out.Starts, out.Parameters = string(q.Ledger), "forward", q.Starts, runParameters(&q)
	if q.Direction != "" {
		out.Direction = q.Direction
	}
	out.Error, out.Network, out.Ticker, out.Decimals, out.Version, out.Height, out.Block = sum.Error, sum.Network, sum.Ticker, sum.Decimals, sum.Version, sum.Height, sum.Block
	out.Amount, out.Steps, out.Truncated, out.EndsCut, out.SHA256 = sum.Amount, sum.Steps, sum.Truncated, sum.EndsCut, sum.SHA256
	out.Labels = sum.Labels
	out.Warnings = append(out.Warnings, sum.Warnings...)
	out.Methods = sum.Methods
	each := sum.Each
	if len(sum.Methods) == 0 && sum.Method != "" {
		out.Methods, each = []string{sum.Method}, []RunOfMethod{{Method: sum.Method, Totals: sum.Totals}}
	}
	if len(out.Methods) == 0 { // it came to nothing: what it was asked by
		if out.Methods = q.Methods; len(out.Methods) == 0 && q.Method != "" {
			out.Methods = []string{q.Method}
		}
	}
	out.Totals = caseTotals(each)
	for i := range sum.Ends {
		e := &sum.Ends[i]
		end := report.CaseEnd{Kind: e.Kind, Tx: e.Tx, Out: e.Out, Amounts: e.Amounts, Time: e.Time, Inference: e.Sweep != "", Note: e.Note, Candidates: e.Candidates}
		if len(sum.Methods) == 0 {
			end.Amounts = []*string{e.Amount}
		}
		if e.Address != nil {
			end.Address = *e.Address
		}
		if e.Label != nil {
			end.Label, end.Sure, end.Source = e.Label.Label, e.Label.Words, e.Label.Source
		}
		out.Ends = append(out.Ends, end)
	}
	return out
}

func caseTotals(each []RunOfMethod) (list []report.CaseSum) {
	for _, kind := range goshawk.EndKinds() {
		sum, reached, unknown := report.CaseSum{Kind: string(kind)}, false, make([]int, len(each))
		for i := range each {
			t, has := each[i].Totals[string(kind)]
			var amount *string
			if has && (t.Unknown == 0 || t.Amount != "0") {
				amount = &t.Amount
			}
			sum.Amounts, sum.Counts, reached = append(sum.Amounts, amount), append(sum.Counts, t.Count), reached || has
			unknown[i] = t.Unknown
		}
		if slices.Max(append(unknown, 0)) > 0 {
			sum.Unknown = unknown
		}
		if reached {
			list = append(list, sum)
		}
	}
	return list
}

// runParameters are all that can change a trace's answer but its starts and methods, in words.
func runParameters(q *RunQuestion) (list []report.CaseFact) {
	add := func(name, value string) { list = append(list, report.CaseFact{Name: name, Value: value}) }
	confidence := 50
	if q.StopConfidence != nil {
		confidence = *q.StopConfidence
	}
	add("labels name a service from the confidence", strconv.Itoa(confidence))
	hops := "no limit"
	if q.MaxHops != nil {
		hops = strconv.Itoa(*q.MaxHops)
	}
	add("most transactions on a way", hops)
	least := "no limit"
	if q.MinAmount != "" {
		least = q.MinAmount + " smallest units"
	}
	add("least amount followed", least)
	when := func(name string, t time.Time) {
		if !t.IsZero() {
			add(name, t.UTC().Format(time.RFC3339Nano))
		}
	}
	when("until", q.Until)
	when("coins of addresses received since", q.Since)
	when("coins of addresses received before", q.Before)
	through := "no: the trace stops there"
	if q.ThroughCoinJoin {
		through = "yes: what lies beyond is no finding"
	}
	add("through CoinJoins", through)
	services := "by address"
	if q.ByCluster {
		services = "by cluster, an inference"
	}
	add("labels reach", services)
	return list
}

// readAnswer reads a trace's whole answer from its exhibit, if there is one and it fits.
func (b *Bench) readAnswer(ctx context.Context, s *identity.Subject, id goshawk.ID, c *casebook.Case, out *report.CaseRun, budget *int64) error {
	exhibit := goshawk.ID(c.Records[casebook.KindRun][goshawk.ID(out.ID)].Text("exhibit"))
	rec := c.Records[casebook.KindExhibit][exhibit]
	if exhibit == "" || rec == nil {
		return nil
	}
	out.SHA256 = rec.Text("sha256")
	size := rec.Number("bytes")
	if size > *budget {
		out.Warnings = append(out.Warnings, "its answer is too large to be drawn here: "+goshawk.Count(size, "byte", "bytes"))
		return nil
	}
	*budget -= size
	in, _, err := b.Book.OpenExhibit(ctx, s, id, exhibit)
	if err == nil {
		defer in.Close() // read only
		// The last bytes come only where all of them are what was fixed.
		var text []byte
		if text, err = io.ReadAll(io.LimitReader(in, size+1)); err == nil {
			out.Traces, err = report.ReadTraces(bytes.NewReader(text))
			out.Drawn = err == nil
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		b.Log.Error("a trace's answer cannot be read", "error", err)
		out.Warnings = append(out.Warnings, "its answer, the exhibit "+out.Exhibit+", cannot be read as it was fixed")
	}
	return nil
}

func casePicture(r casebook.Record) *report.CasePicture {
	if r == nil || r.Gone() {
		return nil
	}
	p := &report.CasePicture{Title: r.Text("title"), Nodes: []report.CaseNode{}, Edges: []report.CaseEdge{}}
	assets := map[string]goshawk.Asset{} // by node
	for _, name := range slices.Sorted(maps.Keys(r)) {
		text := r[name].JSON
		if id, is := strings.CutPrefix(name, "node/"); is {
			var n struct {
				Node
				X    float64 `json:"x"`
				Y    float64 `json:"y"`
				Note string  `json:"note"`
			}
			if len(text) == 0 || string(text) == "null" || json.Unmarshal(text, &n) != nil {
				continue
			}
			node := report.CaseNode{ID: id, What: n.What, Text: n.Text, Title: n.Title, Note: n.Note, X: n.X, Y: n.Y, Inferred: n.Inferred}
			if n.Label != nil {
				node.Label, node.Sure, node.Source = n.Label.Text, report.Confidence(n.Label.Confidence), n.Label.Source
				node.Because = n.Label.Because
			}
			if params, err := bitcoin.Lookup(n.Network); err == nil {
				assets[id] = params.Asset()
			}
			p.Nodes = append(p.Nodes, node)
		}
		if strings.HasPrefix(name, "edge/") {
			var e Edge
			if len(text) == 0 || string(text) == "null" || json.Unmarshal(text, &e) != nil {
				continue
			}
			p.Edges = append(p.Edges, report.CaseEdge{From: e.From, To: e.To, What: e.What, Value: e.Value, Method: e.Method, Note: e.Note, Inferred: e.Inferred})
		}
	}
	for i := range p.Edges {
		e := &p.Edges[i]
		e.Ticker, e.Decimals = assets[e.From].Ticker, int(assets[e.From].Decimals)
	}
	return p
}

func caseLabels(runs []report.CaseRun) []report.CaseSource {
	list := []report.CaseSource{}
	for i := range runs {
		for _, t := range runs[i].Traces {
			for _, l := range t.Labels {
				if one := (report.CaseSource{Name: l.Source, Hash: l.Hash, Date: l.Date}); !slices.Contains(list, one) {
					list = append(list, one)
				}
			}
		}
	}
	slices.SortFunc(list, func(a, b report.CaseSource) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Hash, b.Hash))
	})
	return list
}

// times are the first and the last of some.
type times struct{ first, last time.Time }

func (t *times) see(at time.Time) {
	if at.IsZero() {
		return
	}
	if t.first.IsZero() || at.Before(t.first) {
		t.first = at
	}
	if at.After(t.last) {
		t.last = at
	}
}

// sweepRule names the inference by which a trace takes an unlabelled address for a customer's
// deposit address. It is part of the trace, and has the program's version.
func sweepRule() string { return "service sweep of goshawk " + goshawk.Version }

// caseHeuristics lists the rules by which something was inferred that the report shows: in the
// traces that are used, and on the graph.
// spans are those of the ledgers: clusters are made of all that a ledger holds, and not of what is drawn of it.
func caseHeuristics(c *casebook.Case, out *report.Case, spans map[goshawk.ID]span) []report.CaseHeuristic {
	list := []report.CaseHeuristic{}
	measured := bitcoin.Networks()[0].Name // the one whose economy worlds copy
	add := func(name, where, network string, t times) {
		list = append(list, report.CaseHeuristic{Name: name, Where: where, First: t.first, Last: t.last, Measured: network == measured})
	}
	for i := range out.Runs {
		r := &out.Runs[i]
		if !r.Used {
			continue
		}
		var sweeps, mixes times
		swept, mixed, rules := map[string]bool{}, map[string]bool{}, map[string]bool{} // of several methods, each end once
		for _, t := range r.Traces {
			for k := range t.Ends {
				e := &t.Ends[k]
				at, name := blockTime(e.Time), fmt.Sprint(e.Kind, e.Tx, e.Height)
				if e.Out != nil {
					name += fmt.Sprint(":", *e.Out)
				}
				if e.Sweep != nil {
					sweeps.see(at)
					swept[name] = true
				}
				if e.Kind == goshawk.EndCoinJoin || e.Candidates > 0 {
					mixes.see(at)
					mixed[name], rules[t.Parameters.CoinJoinRule] = true, true
				}
			}
		}
		for k := range r.Ends {
			if len(r.Traces) > 0 {
				break // they have all ends; the record has the largest, and is what is left where they are too large to be read
			}
			e := &r.Ends[k]
			name, at := fmt.Sprint(k), time.Time{}
			if e.Time != nil {
				at = *e.Time
			}
			if e.Inference {
				sweeps.see(at)
				swept[name] = true
			}
			if (e.Kind == string(goshawk.EndCoinJoin) || e.Candidates > 0) && r.Version == goshawk.Version {
				mixes.see(at)
				mixed[name], rules[CoinJoinRule()] = true, true
			}
		}
		var q RunQuestion
		if json.Unmarshal(c.Records[casebook.KindRun][goshawk.ID(r.ID)]["question"].JSON, &q) == nil && q.ByCluster {
			add(cluster.CoSpendRule, r.Number+": labels reach whole clusters", r.Network, spans[q.Ledger].times)
		}
		if len(swept) > 0 {
			add(sweepRule(), fmt.Sprintf("%s: %s at unlabelled addresses that a service swept", r.Number, goshawk.Count(len(swept), "end", "ends")), r.Network, sweeps)
		}
		for rule := range rules {
			if rule != "" {
				add(rule, fmt.Sprintf("%s: %s at or beyond CoinJoins", r.Number, goshawk.Count(len(mixed), "end", "ends")), r.Network, mixes)
			}
		}
	}
	graph := goshawk.ID(c.Records[casebook.KindReport]["case"].Text("graph"))
	onGraph(c.Records[casebook.KindGraph][graph], spans, add)
	slices.SortStableFunc(list, func(a, b report.CaseHeuristic) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Where, b.Where))
	})
	return list
}

// severalNetworks stands for the network of a graph that shows more than one: nothing was measured for that.
const severalNetworks = "several"

// onGraph adds the inferences that a graph shows: clusters, and CoinJoins.
func onGraph(r casebook.Record, spans map[goshawk.ID]span, add func(name, where, network string, t times)) {
	if r == nil || r.Gone() {
		return
	}
	var mixes times
	network, clusters := "", 0
	rules := map[string]int{}
	for name, v := range r {
		var n Node
		if !strings.HasPrefix(name, "node/") || json.Unmarshal(v.JSON, &n) != nil {
			continue
		}
		if n.Network != "" && n.Network != network {
			if network != "" {
				n.Network = severalNetworks
			}
			network = n.Network
		}
		if n.What == NodeCluster || n.Cluster != "" {
			clusters++
		}
		if n.CoinJoin != "" {
			rules[n.CoinJoin]++
			if n.Time != nil {
				mixes.see(*n.Time)
			}
		}
	}
	if clusters > 0 {
		var all times
		for _, s := range spans {
			if s.network == network {
				all.see(s.first)
				all.see(s.last)
			}
		}
		add(cluster.CoSpendRule, "the graph: "+goshawk.Count(clusters, "node", "nodes")+" of clusters", network, all)
	}
	for rule, joins := range rules {
		add(rule, "the graph: "+goshawk.Count(joins, "transaction", "transactions")+" consistent with CoinJoins", network, mixes)
	}
}

func blockTime(seconds int64) time.Time {
	if seconds == 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

// PackageSource is the source of exhibits that are packages of evidence.
const PackageSource = packageSource
