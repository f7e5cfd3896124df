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
// everything needed to compute it again. Its JSON form is part of the
// command-line contract (docs/json.md).
type Trace struct {
	Version    string          `json:"version"` // of the program that answered
	Network    string          `json:"network"`
	Asset      Asset           `json:"asset"`
	Ledger     TracePoint      `json:"ledger"`
	Claim      string          `json:"claim,omitempty"` // whose claim the answer rests on, for remote sources
	Method     string          `json:"method"`
	Direction  string          `json:"direction"` // forward or backward
	Parameters TraceParameters `json:"parameters"`
	Labels     []LabelSource   `json:"labels"`
	Start      []TraceStart    `json:"start"`
	Totals     []TraceTotal    `json:"-"` // as an object by kind in JSON
	Ends       []End           `json:"ends"`
	Steps      uint64          `json:"steps"` // transactions walked
	Flows      []Flow          `json:"flows,omitempty"`
	FlowsCut   uint64          `json:"flows_omitted,omitempty"` // coins walked but not listed in Flows
	Truncated  bool            `json:"truncated"`
	Warnings   []string        `json:"warnings,omitempty"`
}

// TracePoint is the ledger's tip when the question was asked.
type TracePoint struct {
	Height int32 `json:"height"`
	Hash   Hash  `json:"hash"`
}

// TraceParameters are all the settings that can change an answer.
type TraceParameters struct {
	StopConfidence  int    `json:"stop_confidence"`
	MaxHops         *int   `json:"max_hops"`   // nil: no limit
	MinAmount       *Units `json:"min_amount"` // nil: no limit
	Until           string `json:"until,omitempty"`
	ThroughCoinJoin bool   `json:"through_coinjoin"`
	Services        string `json:"services,omitempty"` // "address", or "cluster" where labels reach clusters
	CoinJoinRule    string `json:"coinjoin_rule,omitempty"`
}

// TraceStart is a coin that a trace starts from.
type TraceStart struct {
	Tx      Hash   `json:"tx"`
	Out     uint32 `json:"out"`
	Address string `json:"address,omitempty"`
	Amount  Units  `json:"amount"`
}

// TraceTotal sums the ends of one kind.
type TraceTotal struct {
	Kind   EndKind
	Amount Units
	Count  int
}

// End is where traced value rests. A fee's end names its transaction and has
// neither output nor address.
type End struct {
	Kind    EndKind `json:"kind"`
	Tx      Hash    `json:"tx"`
	Out     *uint32 `json:"out"`
	Address *string `json:"address"`
	Amount  *Units  `json:"amount"` // nil where nobody can say
	Hops    int     `json:"hops"`
	Label   *Label  `json:"label"`
	Height  int32   `json:"height"`         // of Tx; -1 where it is not known
	Time    int64   `json:"time,omitempty"` // header time of Tx's block, seconds since 1970
	// Sweep is the transaction that emptied this unlabelled address into the
	// service: the evidence, an inference, that it is a customer's deposit address.
	Sweep *Hash `json:"sweep,omitempty"`
	// Candidates counts the outputs that could be the coin's continuation
	// beyond a CoinJoin.
	Candidates int `json:"candidates,omitempty"`
	// Note says in words what stopped the trace here, where the kind does not.
	Note string `json:"note,omitempty"`
	// ByStart splits Amount over the starts that it came from, if asked.
	ByStart []StartShare `json:"by_start,omitempty"`
}

// StartShare is the part of an amount that came from one start.
type StartShare struct {
	Start  int   `json:"start"` // index in Trace.Start
	Amount Units `json:"amount"`
}

// Flow is a coin that traced value passed through: created by Tx and, on the
// way walked, spent by Spender, in either direction.
type Flow struct {
	Tx      Hash   `json:"tx"`
	Out     uint32 `json:"out"`
	Address string `json:"address"`
	Amount  Units  `json:"amount"` // traced units of it; for poison its value
	Value   Units  `json:"value"`
	Hops    int    `json:"hops"`
	Height  int32  `json:"height"`
	Time    int64  `json:"time,omitempty"`
	Spender *Hash  `json:"spender"` // nil at a forward trace's end and a backward trace's start
}

// Comparison holds one question's answers by several methods, side by side.
type Comparison struct {
	Traces []*Trace        `json:"traces"`
	Ends   []ComparisonEnd `json:"ends"`
}

// ComparisonEnd is one end under every method: nil where a method does not
// reach it.
type ComparisonEnd struct {
	Kind    EndKind  `json:"kind"`
	Tx      Hash     `json:"tx"`
	Out     *uint32  `json:"out"`
	Address *string  `json:"address"`
	Label   *Label   `json:"label"`
	Amounts []*Units `json:"amounts"` // in the order of Traces
	Least   Units    `json:"least"`   // over the methods that claim amounts (all but poison); 0 where one does not reach it
	Most    Units    `json:"most"`
}
