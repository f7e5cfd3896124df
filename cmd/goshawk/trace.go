package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"goshawk"
	"goshawk/label"
	"goshawk/report"
	"goshawk/trace"
	"goshawk/workbench"
)

// methods is the --compare flag: alone it means all methods.
type methods struct {
	list []trace.Method
	all  bool // none was named
}

func (m *methods) String() string {
	var names []string
	for _, method := range m.list {
		names = append(names, string(method))
	}
	return strings.Join(names, ",")
}

func (m *methods) IsBoolFlag() bool { return true }

func (m *methods) Set(s string) error {
	if m.all = s == "true"; m.all {
		m.list = trace.Methods()
		return nil
	}
	if s == "" {
		return errors.New("name methods after it (--compare=fifo,haircut), or write --compare alone for all")
	}
	m.list = nil
	if s == "false" {
		return nil
	}
	for _, name := range strings.Split(s, ",") {
		method, err := trace.ParseMethod(strings.TrimSpace(name))
		if err != nil {
			return fmt.Errorf("%w; %s", err, goshawk.HintOf(err))
		}
		if !slices.Contains(m.list, method) {
			m.list = append(m.list, method)
		}
	}
	return nil
}

// methodAsked returns the method of a trace, or none where methods are compared.
// A setting that the command line leaves no room for gives way.
func (c *command) methodAsked(name string, compare *methods, backward *bool, format *string) (trace.Method, error) {
	if len(compare.list) > 0 && (*format == "graphml" || *format == "svg") {
		switch {
		case c.givesWay("format", "compare"):
			*format = "text"
		case c.givesWay("compare", "format"):
			compare.list = nil
		default:
			return "", badUsage("a comparison cannot be written as %s: use text, json, csv or html", *format)
		}
	}
	if *backward && (compare.all || c.givesWay("compare", "backward")) { // one has no backward
		compare.list = slices.DeleteFunc(compare.list, func(m trace.Method) bool { return m.CheckBackward() != nil })
	}
	asked := compare.list
	if name != "" {
		m, err := trace.ParseMethod(name)
		if err != nil {
			return "", err
		}
		if !slices.Contains(asked, m) {
			asked = append([]trace.Method{m}, asked...)
		}
	}
	if len(asked) == 0 {
		return "", badUsage("say by which method: --method NAME\n%s", methodTable())
	}
	for _, m := range asked {
		if err := m.CheckBackward(); *backward && err != nil {
			if !c.givesWay("backward", "method", "compare") {
				return "", err
			}
			c.say("The setting --backward gives way: %s has no backward.", m)
			*backward = false
		}
	}
	if len(compare.list) == 0 {
		return asked[0], nil
	}
	compare.list = asked
	return "", nil
}

func runTrace(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.remoteFlags().labelFlags()
	var from list
	var until, since, before moment
	var compare methods
	c.Var(&from, "from", "`TXID:VOUT` of the coins to follow, between commas; may repeat")
	address := c.String("address", "", "follow every coin that `ADDR` received")
	c.Var(&since, "received-since", "with --address: coins received at `TIME` or later")
	c.Var(&before, "received-until", "with --address: coins received at `TIME` or earlier")
	method := c.String("method", "", "`NAME` of the method: "+methodNames())
	backward := c.Bool("backward", false, "ask where the coins came from")
	confidence := c.Int("stop-confidence", 50, "a service's label counts from confidence `N` on, 0 to 100")
	hops := c.limit("max-hops", noLimit, "end coins after `N` transactions")
	least := c.String("min-amount", "", "end coins with fewer tainted units than `SAT`")
	c.Var(&until, "until", "do not walk what was spent after `TIME` (backward: created before it)")
	through := c.Bool("through-coinjoin", false, "go on through CoinJoins; what lies beyond is never a finding")
	c.Var(&compare, "compare", "run all methods, or with --compare=fifo,haircut only those named, and show where they disagree")
	byStart := c.Bool("by-start", false, "split every end over the coins that it came from")
	byCluster := c.Bool("cluster-labels", false, "let labels that define a cluster reach all of it: inference")
	flows := c.limit("flows", 2000, "list at most `N` coins for drawings")
	format := c.format("text", "json", "csv", "graphml", "svg", "html")
	out := c.String("out", "", "write to `FILE` instead of the terminal")
	c.alternatives("from", "address")
	c.alternatives("method", "compare")
	if err := c.parse(0, 0); err != nil {
		return err
	}
	only, err := c.methodAsked(*method, &compare, backward, format)
	if err != nil {
		return err
	}
	last := until.last()
	if *backward {
		last = until.Time // of a date alone the first second: what was created on that day is walked
	}
	q := trace.Question{Method: only, Backward: *backward, ThroughCoinJoin: *through, ByStart: *byStart, Flows: *flows, Until: last,
		StopConfidence: *confidence, ServicesBy: "address", CoinJoin: workbench.IsCoinJoin, CoinJoinRule: workbench.CoinJoinRule()}
	if *confidence < 0 || *confidence > 100 {
		return badUsage("--stop-confidence cannot be %d: it must be from 0 to 100", *confidence)
	}
	if *hops != noLimit {
		q.MaxHops = hops
	}
	if *flows == 0 {
		q.Flows = -1
	}
	if *least != "" {
		var n goshawk.Units
		if err := n.SetFromDecimal(*least); err != nil || strings.HasPrefix(*least, "+") {
			return badUsage("--min-amount cannot be %q: it must be a number of satoshi", *least)
		}
		q.MinAmount = &n
	}
	if err := c.inOrder("received-since", &since, "received-until", &before); err != nil {
		return err
	}
	for _, text := range from.values {
		o, err := goshawk.ParseOutpoint(text)
		if err != nil {
			return err
		}
		q.Starts = append(q.Starts, o)
	}
	switch {
	case *address == "" && len(q.Starts) == 0:
		return badUsage("say where to start: --from TXID:VOUT, or --address ADDR")
	case *address != "" && len(q.Starts) > 0:
		return badUsage("--from and --address exclude each other")
	case *address == "":
		if err := c.refuse("goes with --address", "received-since", "received-until"); err != nil {
			return err
		}
	}

	if _, err := target(*out); err != nil {
		return err
	}
	var set *label.Set
	closeLabels := func() error { return nil }
	defer func() { err = errors.Join(err, closeLabels()) }()
	ch, err := s.open(ctx, func(ch *chain) (err error) {
		if *byCluster && ch.Local == nil {
			return workbench.NoClusters("leave --cluster-labels out, or ingest the chain into a ledger")
		}
		if *address != "" {
			if _, _, err := ch.Params.ParseAddress(*address); err != nil {
				return err
			}
		}
		set, closeLabels, err = s.labelSet()
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	if *address != "" {
		if q.Starts, err = ch.received(ctx, *address, since, before); err != nil {
			return err
		}
	}
	if *byCluster {
		q.ServicesBy = "cluster"
	}
	services, err := workbench.NewServices(ctx, ch.Chain, set, *confidence, *byCluster)
	if err != nil {
		return err
	}
	q.Services = services
	q.Labels = set.Sources()
	progress := newBar(c)
	q.Progress = func(p trace.Progress) {
		progress.update(-1, fmt.Sprintf("%s walked, %s ahead, height %d", goshawk.Count(p.Steps, "transaction", "transactions"), goshawk.Count(p.Pending, "coin", "coins"), p.Height))
	}
	if len(compare.list) > 0 {
		answer, err := trace.Compare(ctx, ch, q, compare.list)
		progress.clear()
		if answer == nil {
			return ch.Elsewhere(ctx, err)
		}
		return c.outputSoFar(*out, err, func(w io.Writer) error {
			for _, t := range answer.Traces {
				ch.warnOfStarts(t, *address)
				workbench.LabelEnds(set, t)
			}
			for i := range answer.Ends {
				answer.Ends[i].Label = workbench.LabelOf(set, answer.Ends[i].Label, answer.Ends[i].Address)
			}
			return c.writeComparison(w, *format, answer)
		})
	}
	answer, err := trace.Run(ctx, ch, q)
	progress.clear()
	if answer == nil {
		return ch.Elsewhere(ctx, err)
	}
	return c.outputSoFar(*out, err, func(w io.Writer) error {
		ch.warnOfStarts(answer, *address)
		workbench.LabelEnds(set, answer)
		return c.writeTrace(w, *format, answer)
	})
}

// received lists the coins that an address received. Where there are none, it says
// of which blocks that is known.
func (ch *chain) received(ctx context.Context, address string, since, until moment) ([]goshawk.Outpoint, error) {
	coins, err := trace.Coins(ctx, ch, address, since.Time, until.last())
	if err != nil || len(coins) > 0 {
		return coins, ch.Elsewhere(ctx, err)
	}
	when := ""
	if !since.IsZero() || !until.IsZero() {
		when = " in this time"
	}
	if !ch.Known.Partial && ch.Known.Start == 0 {
		return nil, ch.Elsewhere(ctx, goshawk.Errorf(goshawk.NotFound, "%s received no coins%s", address, when))
	}
	return nil, ch.Elsewhere(ctx, goshawk.Errorf(goshawk.NotFound, "%s received no coins%s in the blocks of this ledger, and may have received some in others", address, when).
		WithHint("a ledger that has those blocks can follow them"))
}

// warnOfStarts says that an address's coins are not all of them where the ledger
// lacks part of the chain.
func (ch *chain) warnOfStarts(answer *goshawk.Trace, address string) {
	if address != "" && (ch.Known.Partial || ch.Known.Start > 0) {
		answer.Warnings = append(answer.Warnings, "the starts are the coins that "+address+" received in the blocks of this ledger: what it received elsewhere is not followed")
	}
}

func (c *command) writeTrace(w io.Writer, format string, answer *goshawk.Trace) error {
	switch format {
	case "json":
		return report.TraceJSON(w, answer)
	case "csv":
		return report.TraceCSV(w, answer)
	case "graphml":
		return report.TraceGraphML(w, answer)
	case "svg":
		return report.TraceSVG(w, answer)
	case "html":
		return report.TraceHTML(w, answer)
	}
	return report.TraceText(w, answer, report.Style{Color: c.color()})
}

func (c *command) writeComparison(w io.Writer, format string, answer *goshawk.Comparison) error {
	switch format {
	case "json":
		return report.ComparisonJSON(w, answer)
	case "csv":
		return report.ComparisonCSV(w, answer)
	case "html":
		return report.ComparisonHTML(w, answer)
	}
	return report.ComparisonText(w, answer, report.Style{Color: c.color()})
}

func methodNames() string {
	var names []string
	for _, m := range trace.Methods() {
		names = append(names, string(m))
	}
	return strings.Join(names, ", ")
}

// methodTable tells the methods apart, for somebody who has to choose one.
func methodTable() string {
	var b strings.Builder
	for _, m := range trace.Methods() {
		d, _ := report.MethodNamed(string(m))
		fmt.Fprintf(&b, "  %-9s %s\n", m, d.Rule)
	}
	return strings.TrimRight(b.String(), "\n")
}
