package report

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"goshawk"
)

// step is what an officer can do next about the value that went to one party.
type step struct {
	Party    string // as the label with the highest confidence names it
	Heading  string
	Advice   string
	Amount   goshawk.Units // of the payments whose amount is known
	Unknown  uint64        // payments whose amount nobody can say
	Labels   []string
	Payments int
	Deposits []*deposit // the largest sum first
	best     *goshawk.Label
}

// deposit is what one of a party's addresses got, or backward gave.
type deposit struct {
	Address  string // empty where it is not known
	Amount   goshawk.Units
	Payments []*goshawk.End // the largest first
	Sweeps   []goshawk.Hash // the evidence that an unlabelled address is the party's
}

// officerAdvice depends on what a party is labelled to be, by TagPack concept.
// %s is the party.
var officerAdvice = [...]struct{ concept, heading, advice string }{
	{"mixing_service", "Mixing service: %s", "A mixing service pools strangers' money and seldom answers. The chain alone does not say where this value left it. Find out whether its records were seized, and by whom."},
	{"market", "Market: %s", "The operators of such a market seldom answer. Find out whether its records were seized, and by whom."},
	{"defi_bridge", "Bridge: %s", "A bridge pays out on another chain. Look for the payment that matches this one in time and amount there; nobody at the bridge need know the customer."},
	{"bridge", "Bridge: %s", "A bridge pays out on another chain. Look for the payment that matches this one in time and amount there; nobody at the bridge need know the customer."},
	{"defi_dex", "Decentralised exchange: %s", "Such an exchange swaps one asset for another and knows no customers. Look at what the same transaction or account received in return."},
	{"mining_service", "Write to %s", "Ask which miner or customer each address below was assigned to. Ask to preserve the records, and to freeze what is left."},
}

const (
	writeHeading = "Write to %s"
	writeAdvice  = "Ask who controls each deposit address below, and for the account that was credited. Ask to preserve the records, and to freeze what is left."
	originAdvice = "Ask who requested each withdrawal below, and for the account that was debited. Ask to preserve the records."
)

func advice(l *goshawk.Label, party string, backward bool) (heading, text string) {
	for _, a := range officerAdvice {
		if slices.Contains(l.Concepts, a.concept) {
			return strings.Replace(a.heading, "%s", party, 1), a.advice
		}
	}
	text = writeAdvice
	if backward {
		text = originAdvice
	}
	return strings.Replace(writeHeading, "%s", party, 1), text
}

// payment words one end at a service: when it was credited, or backward, what
// paid it out. Backward an end is the coin that the service spent: the payment
// is the transaction that spent it, which the flows name.
type payment struct {
	Verb, When string // When begins with " on ", or is empty
	Lead, Tx   string // by transaction, and its hash
	Tail       string // , output 0
	From       string // backward, the coin that was spent; else empty
}

func paymentOf(t *goshawk.Trace, e *goshawk.End) payment {
	out := ", output " + cellOut(e.Out)
	if t.Direction != "backward" || e.Sweep != nil {
		return payment{Verb: "credited", When: " on " + moment(e.Height, e.Time), Lead: "by transaction ", Tx: e.Tx.String(), Tail: out}
	}
	p := payment{Verb: "paid out", Lead: "by the transaction that spent ", Tx: e.Tx.String(), Tail: out}
	spender := e.Spender
	for i := range t.Flows {
		if f := &t.Flows[i]; spender == nil && f.Tx == e.Tx && e.Out != nil && f.Out == *e.Out {
			spender = f.Spender
		}
	}
	if spender == nil {
		return p
	}
	p.From, p.Lead, p.Tx, p.Tail = p.Tx+out, "by transaction ", spender.String(), ""
	for i := range t.Flows {
		if f := &t.Flows[i]; f.Tx == *spender {
			p.When = " on " + moment(f.Height, f.Time)
			break
		}
	}
	return p
}

// nextSteps gathers a trace's service ends by party, the largest sum first.
func nextSteps(t *goshawk.Trace) []*step {
	var steps []*step
	of := make(map[string]*step)
	at := make(map[[2]string]*deposit)
	for i := range t.Ends {
		e := &t.Ends[i]
		if e.Kind != goshawk.EndService || e.Label == nil {
			continue
		}
		s := of[e.Label.Party()]
		if s == nil {
			s = &step{}
			of[e.Label.Party()] = s
			steps = append(steps, s)
		}
		plus(&s.Amount, e.Amount)
		if e.Amount == nil {
			s.Unknown++
		}
		s.Payments++
		key := [2]string{e.Label.Party(), cellText(e.Address)}
		d := at[key]
		if d == nil {
			d = &deposit{Address: line(key[1], 400)}
			at[key] = d
			s.Deposits = append(s.Deposits, d)
		}
		plus(&d.Amount, e.Amount)
		d.Payments = append(d.Payments, e)
		if e.Sweep != nil && !slices.Contains(d.Sweeps, *e.Sweep) {
			d.Sweeps = append(d.Sweeps, *e.Sweep)
		}
		if words := labelWords(e.Label); len(s.Labels) < 5 && !slices.Contains(s.Labels, words) {
			s.Labels = append(s.Labels, words)
		}
		if s.best == nil || e.Label.Less(s.best) {
			s.best = e.Label
		}
	}
	for _, s := range steps {
		slices.SortStableFunc(s.Deposits, func(a, b *deposit) int { return b.Amount.Cmp(&a.Amount) })
		for _, d := range s.Deposits {
			slices.SortStableFunc(d.Payments, func(a, b *goshawk.End) int { return more(a.Amount, b.Amount) })
		}
		s.Party = line(s.best.Text, 120)
		s.Heading, s.Advice = advice(s.best, s.Party, t.Direction == "backward")
	}
	slices.SortStableFunc(steps, func(a, b *step) int { return cmp.Or(b.Amount.Cmp(&a.Amount), cmp.Compare(a.Party, b.Party)) })
	return steps
}

// sum writes what a party got or gave; where amounts are unknown it is a lower bound.
func (s *step) sum(a goshawk.Asset) string { return spent(a, &s.Amount, s.Unknown, money) }

// labelWords says what a label claims, whose claim it is and how sure its source is.
func labelWords(l *goshawk.Label) string {
	s := "“" + line(l.Text, 120) + "”, says " + line(l.Source, 80) + ", confidence " + Confidence(l.Confidence) + " (" + strconv.Itoa(l.Confidence) + " of 100"
	if l.Basis != "" {
		s += ", " + basis(l.Basis)
	}
	s += ")"
	if l.Modified != "" {
		s += ", as of " + line(l.Modified, 20)
	}
	if l.Match != "" {
		s += "; the address matched " + line(l.Match, 40) + " only"
	}
	return s
}

// sweepWords says why an unlabelled address counts as a service's. Forward it says
// too what else that can mean: somebody's own address, emptied into an account.
func sweepWords(d *deposit, party string, backward bool) string {
	const shown = 3
	var names []string
	for _, h := range d.Sweeps[:min(len(d.Sweeps), shown)] {
		names = append(names, h.String())
	}
	subject := "Transaction " + names[0]
	if len(d.Sweeps) > 1 {
		subject = "Transactions " + strings.Join(names, ", ")
	}
	if n := len(d.Sweeps) - shown; n > 0 {
		subject += " and " + number(n) + " more"
	}
	words := "Inference, not fact: no label names this address. " + subject + " emptied it into addresses of " + party + " only, which is how a service collects its customers' deposits."
	if !backward {
		words += " Or its owner made a deposit so: ask for the account that was credited there, too."
	}
	return words
}

// paymentWords counts a party's payments and the addresses that they went to or came from.
func paymentWords(s *step, backward bool) string {
	side := " to "
	if backward {
		side = " from "
	}
	return goshawk.Count(s.Payments, "payment", "payments") + side + goshawk.Count(len(s.Deposits), "address", "addresses")
}

// largestEnds returns the n ends with the largest amounts, fees left out.
func largestEnds(t *goshawk.Trace, n int) (ends []*goshawk.End, others int) {
	for i := range t.Ends {
		if t.Ends[i].Kind != goshawk.EndFee {
			ends = append(ends, &t.Ends[i])
		}
	}
	slices.SortStableFunc(ends, func(a, b *goshawk.End) int { return more(a.Amount, b.Amount) })
	if len(ends) > n {
		ends, others = ends[:n], len(ends)-n
	}
	return ends, others
}

// sumCheck compares what ends claim with what starts hold, in words. Poison
// claims nothing, and says so.
func sumCheck(t *goshawk.Trace) string {
	var starts, ends goshawk.Units
	for i := range t.Start {
		plus(&starts, &t.Start[i].Amount)
	}
	for i := range t.Totals {
		plus(&ends, &t.Totals[i].Amount)
	}
	switch {
	case t.Method == "poison":
		return "Amounts are values touched, not claims: they may exceed what the starts held, " + money(t.Asset, &starts) + "."
	case starts.Eq(&ends):
		return "The ends sum to the starts to the last unit: " + money(t.Asset, &ends) + "."
	default:
		return "The ends sum to " + money(t.Asset, &ends) + ", the starts to " + money(t.Asset, &starts) + "."
	}
}

func totalsHead(t *goshawk.Trace) string {
	if t.Direction == "backward" {
		return "Where it came from"
	}
	return "Where it is"
}

func drawingHead(t *goshawk.Trace) string {
	if t.Direction == "backward" {
		return "The way back"
	}
	return "The way there"
}

func startSum(t *goshawk.Trace) goshawk.Units {
	var sum goshawk.Units
	for i := range t.Start {
		plus(&sum, &t.Start[i].Amount)
	}
	return sum
}

// limitWords lists in words what could stop the trace.
func limitWords(t *goshawk.Trace) string {
	p := &t.Parameters
	words := []string{"services by labels of confidence " + strconv.Itoa(p.StopConfidence) + " (" + Confidence(p.StopConfidence) + ") or more"}
	if p.Services == "cluster" {
		words[0] += ", also through clusters (inference)"
	}
	if p.ThroughCoinJoin {
		words = append(words, "not at CoinJoins: what lies beyond one is no finding")
	} else {
		words = append(words, "CoinJoins")
	}
	if p.MaxHops != nil {
		words = append(words, goshawk.Count(*p.MaxHops, "hop", "hops"))
	}
	if p.MinAmount != nil {
		words = append(words, "amounts below "+money(t.Asset, p.MinAmount))
	}
	if p.Until != "" {
		side := "blocks after "
		if t.Direction == "backward" {
			side = "coins created before "
		}
		words = append(words, side+line(p.Until, 40))
	}
	return strings.Join(words, "; ")
}

// rerun is the command that asks the same question again, its flags set apart
// by between. DIR, PATH and URL stand for the reader's own.
func rerun(t *goshawk.Trace, between string) string {
	return rerunWith(t, "--method "+line(t.Method, 40), between)
}

func rerunWith(t *goshawk.Trace, method, between string) string {
	const shown = 8
	var starts []string
	for i := range t.Start[:min(len(t.Start), shown)] {
		starts = append(starts, outpoint(t.Start[i].Tx, t.Start[i].Out))
	}
	if len(t.Start) > shown {
		starts = append(starts, "…")
	}
	source := "--ledger DIR"
	if t.Claim != "" {
		source = "--source URL"
	}
	flags := []string{"goshawk trace " + source, "--from " + strings.Join(starts, ","), method}
	add := func(when bool, flag string) {
		if when {
			flags = append(flags, flag)
		}
	}
	p := &t.Parameters
	add(t.Direction == "backward", "--backward")
	add(len(t.Labels) > 0, "--labels PATH")
	add(true, "--stop-confidence "+strconv.Itoa(p.StopConfidence))
	if p.MaxHops != nil {
		add(true, "--max-hops "+strconv.Itoa(*p.MaxHops))
	}
	add(p.Until != "", "--until "+line(p.Until, 40))
	if p.MinAmount != nil {
		add(true, "--min-amount "+p.MinAmount.Dec())
	}
	add(p.ThroughCoinJoin, "--through-coinjoin")
	add(p.Services == "cluster", "--cluster-labels")
	add(slices.ContainsFunc(t.Ends, func(e goshawk.End) bool { return len(e.ByStart) > 0 }), "--by-start")
	add(t.FlowsCut > 0, "--flows "+strconv.Itoa(len(t.Flows)))
	return strings.Join(flags, between)
}

// rerunWords says what the command needs to give the same bytes.
func rerunWords(t *goshawk.Trace) string {
	last := strconv.Itoa(int(t.Ledger.Height)) + " (" + t.Ledger.Hash.String() + ")"
	ledger := "a ledger of " + line(t.Network, 40) + " that ends at block " + last
	switch {
	case t.Ledger.Partial:
		ledger = "this ledger, of single blocks of " + line(t.Network, 40) + " up to block " + last + " and no other,"
	case t.Ledger.Start > 0:
		ledger = "a ledger of " + line(t.Network, 40) + " that begins at block " + strconv.Itoa(int(t.Ledger.Start)) + " and ends at block " + last
	}
	s := "Goshawk " + line(t.Version, 40) + " on " + ledger
	if len(t.Labels) > 0 {
		s = strings.TrimSuffix(s, ",") + ", with label files of the SHA-256 hashes named here,"
	}
	s += " gives this answer again, byte for byte. A ledger that goes on may know of later payments."
	if t.Ledger.Partial {
		s += " One of other blocks may answer differently."
	}
	if len(t.Start) > 8 {
		s += " All starts are in the JSON form of this answer."
	}
	return s
}

// grounds says what kind of statement the answer makes.
const grounds = "That a transaction paid an address is a fact of the chain. Who controls an address is a source's claim, given with its confidence. That an unlabelled address is a customer's deposit address, and which units of a mixed coin are whose, are inferences: the first from a sweep, the second by the method named."
