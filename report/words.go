package report

import "goshawk"

// Method explains a way of following value in words that can be read out in court.
type Method struct {
	Name     string
	Rule     string // what happens at a transaction, one sentence
	Backward string // the same question asked backward; empty where it cannot be
	Assumes  string // what the rule takes for granted, one sentence
}

var methods = [...]Method{
	{
		Name:     "poison",
		Rule:     "Any tainted input makes every output of a transaction, and its fee, wholly tainted.",
		Backward: "Every input of a transaction that made a traced coin is traced, whole.",
		Assumes:  "It assumes nothing and claims no amounts: it shows everything the money could have touched, so its figures are values touched and may exceed what was taken.",
	},
	{
		Name:     "haircut",
		Rule:     "What comes into a transaction tainted is spread over its outputs and its fee in proportion to their value.",
		Backward: "What a transaction paid to traced coins is spread over its inputs in proportion to their value.",
		Assumes:  "It assumes that coins spent together mix evenly (pro rata), so that each later coin holds a little of each earlier one.",
	},
	{
		Name:     "fifo",
		Rule:     "First in, first out: the inputs of a transaction form one queue in their order, its outputs take from the front in theirs, and the fee takes the rest.",
		Backward: "First in, first out, read from outputs to inputs: the units of a traced output come from the same places in the queue of inputs.",
		Assumes:  "It assumes that the order in which a wallet wrote down inputs and outputs stands for the order in which money came and went.",
	},
	{
		Name:     "lifo",
		Rule:     "Last in, first out: the inputs of a transaction form one queue in their order, its outputs in turn take from the back, and the fee takes the rest.",
		Backward: "Last in, first out, read from outputs to inputs: the units of a traced output come from the same places in the queue of inputs.",
		Assumes:  "It assumes that the order in which a wallet wrote down inputs and outputs stands for the order in which money came and went, the last to come being the first to go.",
	},
	{
		Name:     "fifo-age",
		Rule:     "First in, first out by age: the inputs of a transaction form one queue by the creation of the coins they spend, oldest first; its outputs take from the front in their order, and the fee takes the rest.",
		Backward: "First in, first out by age, read from outputs to inputs: the units of a traced output come from the same places in the queue of inputs, oldest coin first.",
		Assumes:  "It assumes that the coin that came first went first, and that the order in which a wallet wrote down outputs stands for the order in which money went.",
	},
	{
		Name:    "tiho",
		Rule:    "Taint in, highest out: tainted units fill the outputs of a transaction from the largest value down, and then the fee.",
		Assumes: "It assumes that the tainted money is what the transaction was made for, and that the largest output is its purpose and small ones are change.",
	},
}

// MethodNamed explains a method by its name.
func MethodNamed(name string) (Method, bool) {
	for _, m := range methods {
		if m.Name == name {
			return m, true
		}
	}
	return Method{}, false
}

// explain returns the rule and the assumption of a trace's method, in the
// direction it was walked.
func explain(method, direction string) (rule, assumes string) {
	m, ok := MethodNamed(method)
	if !ok {
		return "This program has no description of the method.", ""
	}
	if direction == "backward" && m.Backward != "" {
		return m.Backward, m.Assumes
	}
	return m.Rule, m.Assumes
}

// kindWords says in words what an end kind means.
type kindWords struct {
	kind    goshawk.EndKind
	title   string // where the money is, as a heading
	meaning string // one clause
	glyph   string // a mark for text without colour

	source, sourceMeaning string // title and meaning in a backward trace, where they differ
}

var kindTable = [...]kindWords{
	{goshawk.EndService, "At a service", "with a labelled party that pools customers' money", "■", "From a service", "from a labelled party that pools customers' money"},
	{goshawk.EndUnspent, "Unspent", "at rest up to the ledger's last block", "●", "", ""},
	{goshawk.EndCoinJoin, "Into a CoinJoin", "spent together with strangers' coins", "◆", "Out of a CoinJoin", "paid out of a mix with strangers' coins"},
	{goshawk.EndBurnt, "Burnt", "where nobody can ever spend it", "✕", "", ""},
	{goshawk.EndUnresolved, "Unresolved", "the ledger lacks what the method needs", "?", "", ""},
	{goshawk.EndOrigin, "Newly mined", "coins that a block created", "★", "", ""},
	{goshawk.EndStart, "At another start", "counted there", "▶", "", ""},
	{goshawk.EndLimit, "At a limit", "where the question's limits stopped the trace", "▌", "", ""},
	{goshawk.EndFee, "Fees", "paid to the miners of the blocks", "○", "", ""},
}

// wordsOf returns what an end kind is called in a trace of a direction.
func wordsOf(k goshawk.EndKind, direction string) kindWords {
	for _, w := range kindTable {
		if w.kind != k {
			continue
		}
		if direction == "backward" && w.source != "" {
			w.title, w.meaning = w.source, w.sourceMeaning
		}
		return w
	}
	return kindWords{kind: k, title: string(k), glyph: "·"}
}

// meaningOf is what an end kind means in an answer: who says that a coin is unspent,
// and of which blocks that is known.
func meaningOf(k goshawk.EndKind, t *goshawk.Trace) string {
	switch {
	case k == goshawk.EndUnspent && t.Claim != "":
		return "at rest, as " + line(t.Claim, 60) + " says"
	case k == goshawk.EndUnspent && t.Ledger.Partial:
		return "no block of this ledger spends it"
	}
	return wordsOf(k, t.Direction).meaning
}

// mixWords says of an end at or beyond a CoinJoin what it could as well be, and
// that it is no finding; empty for other ends.
func mixWords(e *goshawk.End, direction string) string {
	if e.Candidates <= 0 {
		return ""
	}
	could := goshawk.Count(e.Candidates, "output", "outputs") + " could carry it on"
	if direction == "backward" {
		could = goshawk.Count(e.Candidates, "input", "inputs") + " could have fed it"
	}
	if e.Kind == goshawk.EndCoinJoin {
		return could + ": none is a finding"
	}
	return "beyond a CoinJoin of which " + could + ": no finding"
}

// Confidence says a label's confidence, 0 to 100, in words. The ladder follows
// the levels that TagPacks use: from 90 the source saw it itself (it owns the
// address, the chain says so, or it made a transaction there); from 70 a
// service or an investigation said so; from 50 a provider or an authority; from
// 20 it was found on the web or told by others; below that it is a guess.
func Confidence(level int) string {
	switch {
	case level >= 90:
		return "very high"
	case level >= 70:
		return "high"
	case level >= 50:
		return "moderate"
	case level >= 20:
		return "low"
	default:
		return "very low"
	}
}

// basisWords says how a source came to know, by the names of the TagPack confidence levels.
var basisWords = [...]struct{ name, words string }{
	{"override", "set by hand by the label's keeper"},
	{"ownership", "the source controls the address"},
	{"ledger_immanent", "the chain itself says so"},
	{"manual_transaction", "the source made a transaction there"},
	{"service_api", "the service's own interface"},
	{"forensic_investigation", "a forensic investigation"},
	{"authority_data", "an authority's data"},
	{"trusted_provider", "a trusted provider's data"},
	{"service_data", "the service's published data"},
	{"forensic", "forensic reports"},
	{"untrusted_transaction", "a transaction reported by others"},
	{"web_crawl", "found on the web"},
	{"heuristic", "a heuristic"},
	{"unknown", "not said"},
}

func basis(name string) string {
	for _, b := range basisWords {
		if b.name == name {
			return b.words
		}
	}
	return line(name, 60)
}
