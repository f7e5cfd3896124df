// Package trace follows value from chosen coins, forward to where it rests or
// backward to where it came from, by six named methods, exact to the unit. The
// rules are those of docs/method/tracing.md. It also compares methods side by
// side and finds paths between addresses.
//
// It reads a chain through the goshawk.Ledger contract only, and writes nothing.
// It never guesses: what a ledger cannot say becomes an end that says so. It
// uses no clock, network, disk, randomness or goroutines; the same question to
// the same ledger gives the same answer to the byte.
package trace

import (
	"context"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// Method names a rule by which value passes through a transaction.
type Method string

// The methods; docs/method/tracing.md states each rule.
const (
	Poison  Method = "poison"   // any tainted input taints every output wholly
	Haircut Method = "haircut"  // in proportion to value
	FIFO    Method = "fifo"     // first in, first out, by input order
	LIFO    Method = "lifo"     // last in, first out, by input order
	FIFOAge Method = "fifo-age" // first in, first out, by the age of the coins spent
	TIHO    Method = "tiho"     // taint in, highest out
)

// Methods lists all methods, in the order in which comparisons show them.
func Methods() []Method { return []Method{Poison, Haircut, FIFO, LIFO, FIFOAge, TIHO} }

// ParseMethod reads a method's name.
func ParseMethod(name string) (Method, error) {
	m := Method(name)
	if !slices.Contains(Methods(), m) {
		names := make([]string, 0, len(Methods()))
		for _, m := range Methods() {
			names = append(names, string(m))
		}
		return "", goshawk.Errorf(goshawk.Invalid, "no method is called %q", name).WithHint("methods are %s", strings.Join(names, ", "))
	}
	return m, nil
}

// CheckBackward refuses a method that has no backward.
func (m Method) CheckBackward() error {
	if m != TIHO {
		return nil
	}
	return goshawk.Errorf(goshawk.Unsupported, "tiho cannot be followed backward: it does not say which input an output came from").
		WithHint("use haircut, fifo, fifo-age, lifo or poison")
}

// intervals says whether the method knows which units of a coin are tainted.
func (m Method) intervals() bool { return m == FIFO || m == LIFO || m == FIFOAge }

// Question is what a trace is asked. Its zero value with a method and starts is
// a full trace without limits, services or CoinJoin detection.
type Question struct {
	Method   Method
	Backward bool
	// Starts are the coins to follow, jointly. The order and repetitions mean
	// nothing; answers list them in chain order.
	Starts []goshawk.Outpoint

	MaxHops         *int           // coins at this many hops end; nil: no limit
	MinAmount       *goshawk.Units // coins with a smaller tainted sum end; nil: no limit
	Until           time.Time      // later spends (backward: coins created earlier) are not walked; zero: no limit
	ThroughCoinJoin bool

	// Services says which addresses pool customers' money; nil: none. A value
	// that also has Prepare is told the addresses of each batch beforehand.
	Services Services
	// CoinJoin says whether a row of a batch is a CoinJoin; nil: none is. Rows
	// come without hashes, kinds and sequences.
	CoinJoin func(batch *goshawk.Transactions, row int) bool

	// ByStart splits each end over the starts that it came from.
	ByStart bool
	// Flows caps the coins listed for drawings: 0 means 2,000, negative none.
	Flows int

	// Echoed in the answer, as they changed what Services and CoinJoin say.
	StopConfidence int
	ServicesBy     string // "address", or "cluster" where labels reach clusters
	CoinJoinRule   string
	Labels         []goshawk.LabelSource

	// Progress, if set, is called now and then from the tracing goroutine.
	Progress func(Progress)
}

// Progress tells how far a trace has come.
type Progress struct {
	Steps   uint64 // transactions walked
	Pending int    // coins found and not yet decided
	Height  int32  // of the transaction at hand; -1 where it is not known
}

// Party names who is labelled at an address: a service by its number, from 0,
// or one of the two below.
type Party int32

const (
	Unlabelled Party = -1 // no service's, as far as labels say: it may be a customer's deposit address
	NoService  Party = -2 // known to be no customer's deposit address
)

// Services knows which addresses are labelled with a category that pools
// customers' money, at or above the asked confidence. Party is called for every
// traced output and must be fast; Label only for what is reported.
type Services interface {
	// Party returns the same number for all addresses of one service.
	Party(goshawk.AddressID) Party
	// Label returns the best label that makes the address a service's.
	Label(goshawk.AddressID) *goshawk.Label
}

// Preparer is what Services may also be, for stores that are read in batches:
// Prepare is called with every address that Party may be asked for next.
type Preparer interface {
	Prepare(context.Context, []goshawk.AddressID) error
}

const defaultFlows = 2000

// check refuses questions that no ledger can answer.
func (q *Question) check() error {
	if _, err := ParseMethod(string(q.Method)); err != nil {
		return err
	}
	if len(q.Starts) == 0 {
		return goshawk.Errorf(goshawk.Invalid, "a trace needs a coin to start from").WithHint("name one as TXID:VOUT, or an address")
	}
	if q.Backward {
		if err := q.Method.CheckBackward(); err != nil {
			return err
		}
	}
	if q.MaxHops != nil && *q.MaxHops < 0 {
		return goshawk.Errorf(goshawk.Invalid, "%d hops is no limit", *q.MaxHops).WithHint("give 0 or more hops, or none for no limit")
	}
	return nil
}

// parameters are the settings as the answer echoes them.
func (q *Question) parameters() goshawk.TraceParameters {
	p := goshawk.TraceParameters{
		StopConfidence:  q.StopConfidence,
		MaxHops:         q.MaxHops,
		MinAmount:       q.MinAmount,
		ThroughCoinJoin: q.ThroughCoinJoin,
		Services:        q.ServicesBy,
		CoinJoinRule:    q.CoinJoinRule,
	}
	if !q.Until.IsZero() {
		p.Until = q.Until.UTC().Format(time.RFC3339Nano)
	}
	return p
}

// direction is the question's direction in the answer's words.
func (q *Question) direction() string {
	if q.Backward {
		return "backward"
	}
	return "forward"
}
