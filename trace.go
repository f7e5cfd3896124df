package goshawk

// End kinds, in the order in which they are tried; the first that applies names the end.
type EndKind string

const (
	EndStart      EndKind = "start"      // units that arrived at another start
	EndBurnt      EndKind = "burnt"      // an output that nobody can spend
	EndService    EndKind = "service"    // at a service, or in its customer's deposit address
	EndCoinJoin   EndKind = "coinjoin"   // spent by a CoinJoin
	EndUnresolved EndKind = "unresolved" // the ledger lacks what the method needs to go on
	EndOrigin     EndKind = "origin"     // backward: newly mined coins
	EndUnspent    EndKind = "unspent"    // at rest
	EndLimit      EndKind = "limit"      // where the caller's limits stopped the trace
	EndFee        EndKind = "fee"        // paid to a miner
)

// EndKinds lists all kinds in the order in which answers show them.
func EndKinds() []EndKind {
	return []EndKind{EndService, EndUnspent, EndCoinJoin, EndBurnt, EndUnresolved, EndOrigin, EndStart, EndLimit, EndFee}
}

// Trace is an answer: value followed from its starts by a named method, with
// everything needed to compute it again. Its JSON form (docs/json.md)
// is written by package report.
type Trace struct {
	Version    string // of the program that answered
	Network    string
	Asset      Asset
	Ledger     TracePoint
	Claim      string // whose claim the answer rests on, for remote sources
	Method     string
	Direction  string // forward or backward
	Parameters TraceParameters
	Labels     []LabelSource
	Start      []TraceStart
	Totals     []TraceTotal // as an object by kind in JSON
	Ends       []End
	Steps      uint64 // transactions walked
	Flows      []Flow
	FlowsCut   uint64 // coins walked but not listed in Flows
	Truncated  bool
	Warnings   []string
}

// TracePoint is what the ledger held when the question was asked: from which
// block to which.
type TracePoint struct {
	Height  int32
	Hash    Hash
	Start   int32 // height of the first block
	Partial bool  // single blocks without their parents: which ones, height and hash do not say
}

// TraceParameters are all the settings that can change an answer.
type TraceParameters struct {
	StopConfidence  int
	MaxHops         *int   // nil: no limit
	MinAmount       *Units // nil: no limit
	Until           string
	ThroughCoinJoin bool
	Services        string // "address", or "cluster" where labels reach clusters
	CoinJoinRule    string
}

// TraceStart is a coin that a trace starts from.
type TraceStart struct {
	Tx      Hash
	Out     uint32
	Address string
	Amount  Units
}

// TraceTotal sums the ends of one kind.
type TraceTotal struct {
	Kind    EndKind
	Amount  Units // of those whose amounts are known
	Count   int
	Unknown int // of Count: ends whose amount nobody can say, not in Amount
}

// End is where traced value rests. A fee's end names its transaction and has
// neither output nor address.
type End struct {
	Kind    EndKind
	Tx      Hash
	Out     *uint32
	Address *string
	Amount  *Units // nil where nobody can say
	Hops    int
	Label   *Label
	Height  int32 // of Tx; -1 where it is not known
	Time    int64 // header time of Tx's block, seconds since 1970
	// Sweep is the transaction that emptied this unlabelled address into the
	// service: the evidence, an inference, that it is a customer's deposit address.
	Sweep *Hash
	// Spender is the transaction by which a backward trace came to a coin that the
	// ledger does not hold: no flow says it.
	Spender *Hash
	// Candidates counts the outputs of a CoinJoin that could carry on the coin,
	// backward the inputs that could have fed it; 0 where the way met none.
	Candidates int
	// Note says in words what stopped the trace here, where the kind does not.
	Note string
	// ByStart splits Amount over the starts that it came from, if asked.
	ByStart []StartShare
}

// StartShare is the part of an amount that came from one start.
type StartShare struct {
	Start  int // index in Trace.Start
	Amount Units
}

// Flow is a coin that traced value passed through: created by Tx and, on the
// way walked, spent by Spender, in either direction.
type Flow struct {
	Tx      Hash
	Out     uint32
	Address string
	Amount  Units // traced units of it; for poison its value
	Value   Units
	Hops    int
	Height  int32
	Time    int64
	Spender *Hash // nil at a forward trace's end and a backward trace's start
}

// Comparison holds one question's answers by several methods, side by side.
type Comparison struct {
	Traces []*Trace // of the methods that ran, in the order asked
	NotRun []string // methods asked for whose turn did not come before an interruption
	Ends   []ComparisonEnd
}

// ComparisonEnd is one end under every method. An amount is nil where a method
// does not reach it, and where nobody can say how much it is, as Unknown tells.
type ComparisonEnd struct {
	Kind    EndKind
	Tx      Hash
	Out     *uint32
	Address *string
	Label   *Label
	Amounts []*Units // in the order of Traces
	Unknown []bool   // in the order of Traces: who reaches it with an unknown amount; nil if nobody
	Least   *Units   // over the methods that claim amounts (all but poison): 0 where one does not reach it, nil where none does
	Most    *Units
}

// Paths answers how value can have got from one party to another. A path says
// that value could have come this way, as every output of a transaction may hold
// value of each input; it claims no amount.
type Paths struct {
	Version   string // of the program that answered
	Network   string
	Asset     Asset
	Ledger    TracePoint
	Claim     string // whose claim the answer rests on, for remote sources
	Labels    []LabelSource
	From, To  string // address, cluster or label: as whoever asked called them
	MaxHops   int    // 0: no limit
	Paths     []Path // none where there is no path
	Truncated bool   // the search stopped at a limit before it was complete
	Warnings  []string
}

// Path is one way through the chain, coin by coin: each is created by the
// transaction that spends the one before.
type Path struct {
	By     string // what it is best at: shortest, largest
	Amount Units  // of its smallest coin
	Steps  []PathStep
}

// PathStep is one coin of a path.
type PathStep struct {
	Tx      Hash
	Out     uint32
	Address string
	Amount  *Units // nil where it is not known: a first coin that is unresolved
	Height  int32  // of Tx; -1 where it is not known
	Time    int64  // header time of Tx's block; 0 where it is not known
	Spender *Hash  // the transaction that spends it on the path; nil for the last coin
}
