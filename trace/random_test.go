package trace_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/ledger/ledgertest"
	"goshawk/trace"
)

// tiny makes a random history of coins worth a few units, so that the reference
// can follow every one of them.
func tiny(rng *rand.Rand) *ledgertest.History {
	h := &ledgertest.History{Codec: ledgertest.Text{}}
	switch rng.IntN(5) {
	case 0:
		h.Partial = true
	case 1:
		h.Start = 100
	}
	type spendable struct {
		at    goshawk.Outpoint
		value uint64
	}
	var pool []spendable
	hash := func() (x goshawk.Hash) {
		for i := 0; i < len(x); i += 8 {
			v := rng.Uint64()
			for k := range 8 {
				x[i+k] = byte(v >> (8 * k))
			}
		}
		return x
	}
	var parent goshawk.Hash
	at := uint32(1_600_000_000)
	people := 3 + rng.IntN(12)
	for height := range int32(3 + rng.IntN(8)) {
		b := &goshawk.Block{Hash: hash(), Height: h.Start + height, Time: at}
		if h.Partial {
			b.Height = 10 * height
			if rng.IntN(6) == 0 {
				b.Height = -1
			}
		} else {
			b.Parent = parent
		}
		parent = b.Hash
		at += uint32(rng.IntN(1000)) - 200
		key := func() (uint32, uint32) {
			from := uint32(len(b.Keys))
			b.Keys = append(b.Keys, byte(rng.IntN(people)))
			return from, from + 1
		}
		for t := range 1 + rng.IntN(6) {
			tx := goshawk.BlockTx{Hash: hash(), Weight: uint32(rng.IntN(8)), Coinbase: t == 0}
			var total uint64
			if tx.Coinbase {
				total = uint64(1 + rng.IntN(30))
			} else {
				for range 1 + rng.IntN(5) {
					in := goshawk.BlockInput{Height: -1}
					switch {
					case (h.Partial || h.Start > 0) && rng.IntN(8) == 0:
						in.Prev = goshawk.Outpoint{Tx: hash(), Index: uint32(rng.IntN(3))}
						in.Known = goshawk.CoinKnown
						if h.Partial {
							in.Known = goshawk.Knowledge(rng.IntN(3))
						}
						if in.Known != goshawk.NothingKnown {
							in.Kind = goshawk.WitnessPubKeyHash
							in.KeyStart, in.KeyEnd = key()
						}
						if in.Known == goshawk.CoinKnown {
							in.Value = uint64(1 + rng.IntN(12))
							in.Height = int32(rng.IntN(30)) - 1
							total += in.Value
						}
					case len(pool) > 0:
						i := rng.IntN(len(pool))
						if rng.IntN(4) == 0 {
							i = len(pool) - 1
						}
						in.Prev = pool[i].at
						total += pool[i].value
						pool = slices.Delete(pool, i, i+1)
					default:
						continue
					}
					b.Ins = append(b.Ins, in)
				}
				before := uint32(0)
				if n := len(b.Txs); n > 0 {
					before = b.Txs[n-1].InputEnd
				}
				if uint32(len(b.Ins)) == before {
					continue
				}
			}
			first := 0
			if n := len(b.Txs); n > 0 {
				first = int(b.Txs[n-1].OutputEnd)
			}
			for range 1 + rng.IntN(5) {
				v := rng.Uint64N(total + 1)
				if rng.IntN(3) == 0 {
					v = min(v, 2)
				}
				total -= v
				o := goshawk.BlockOutput{Value: v, Kind: goshawk.WitnessPubKeyHash}
				o.KeyStart, o.KeyEnd = key()
				if rng.IntN(12) == 0 {
					o.Burnt, o.Kind = true, goshawk.NullData
				}
				b.Outs = append(b.Outs, o)
			}
			tx.InputEnd, tx.OutputEnd = uint32(len(b.Ins)), uint32(len(b.Outs))
			b.Txs = append(b.Txs, tx)
			for j, o := range b.Outs[first:] {
				if !o.Burnt {
					pool = append(pool, spendable{goshawk.Outpoint{Tx: tx.Hash, Index: uint32(j)}, o.Value})
				}
			}
		}
		h.Blocks = append(h.Blocks, b)
	}
	return h
}

// parties says that some addresses are services and some are labelled otherwise.
type parties struct{ every int }

func (p parties) Party(a goshawk.AddressID) trace.Party {
	switch int(a) % p.every {
	case 0:
		return trace.Party(int(a) / p.every % 2)
	case 1:
		return trace.NoService
	default:
		return trace.Unlabelled
	}
}

func (p parties) Label(a goshawk.AddressID) *goshawk.Label {
	return &goshawk.Label{Text: fmt.Sprint("service ", p.Party(a)), Source: "test"}
}

func askedAtRandom(rng *rand.Rand, txs []*refTx) (refQuestion, bool) {
	var coins []goshawk.Outpoint
	for _, x := range txs {
		for j, o := range x.outs {
			if o.value > 0 {
				coins = append(coins, goshawk.Outpoint{Tx: x.row.Hash, Index: uint32(j)})
			}
		}
	}
	q := refQuestion{Question: trace.Question{Backward: rng.IntN(2) == 0, ByStart: rng.IntN(2) == 0, Flows: 10_000}}
	q.Method = trace.Methods()[rng.IntN(6)]
	if q.Backward && q.Method == trace.TIHO || len(coins) == 0 {
		return q, false
	}
	for range 1 + rng.IntN(5) {
		q.Starts = append(q.Starts, coins[rng.IntN(len(coins))])
	}
	if rng.IntN(4) == 0 {
		n := rng.IntN(5)
		q.MaxHops = &n
	}
	if rng.IntN(4) == 0 {
		n := goshawk.U(uint64(rng.IntN(8)))
		q.MinAmount = &n
	}
	if rng.IntN(4) == 0 {
		q.Until = time.Unix(txs[rng.IntN(len(txs))].row.Time, 0)
	}
	if rng.IntN(2) == 0 {
		s := parties{every: 3 + rng.IntN(6)}
		q.Services, q.party = s, s.Party
	}
	if rng.IntN(2) == 0 {
		q.joins = func(row goshawk.Transaction) bool { return row.Weight == 0 }
		q.CoinJoin = func(b *goshawk.Transactions, r int) bool { return q.joins(b.Rows[r]) }
		q.ThroughCoinJoin = rng.IntN(2) == 0
	}
	return q, true
}

func described(q refQuestion) string {
	text := fmt.Sprintf("%s, backward %v, %d starts, through %v, services %v, coinjoins %v, by start %v", q.Method, q.Backward, len(q.Starts), q.ThroughCoinJoin, q.Services, q.joins != nil, q.ByStart)
	if q.MaxHops != nil {
		text += fmt.Sprintf(", %d hops", *q.MaxHops)
	}
	if q.MinAmount != nil {
		text += fmt.Sprintf(", least %s", q.MinAmount.Dec())
	}
	if !q.Until.IsZero() {
		text += fmt.Sprintf(", until %d", q.Until.Unix())
	}
	return text
}

// inWords writes the ends of an answer as the reference does.
func inWords(t *goshawk.Trace) []refEnd {
	var ends []refEnd
	for _, x := range t.Ends {
		e := refEnd{kind: x.Kind, at: x.Tx.String(), amount: "unknown", hops: x.Hops, mixed: x.Candidates}
		if x.Out != nil {
			e.at = goshawk.Outpoint{Tx: x.Tx, Index: *x.Out}.String()
		}
		if x.Amount != nil {
			e.amount = x.Amount.Dec()
		}
		if x.Sweep != nil {
			e.sweep = x.Sweep.String()
		}
		for _, s := range x.ByStart {
			e.shares += fmt.Sprintf("%d:%s ", s.Start, s.Amount.Dec())
		}
		ends = append(ends, e)
	}
	return ends
}

func sortEnds(ends []refEnd) []refEnd {
	slices.SortFunc(ends, func(a, b refEnd) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind)) })
	return ends
}

func endsText(ends []refEnd) string {
	var text strings.Builder
	for _, e := range ends {
		fmt.Fprintf(&text, "  %+v\n", e)
	}
	return text.String()
}

func ask(t testing.TB, l goshawk.Ledger, q trace.Question) *goshawk.Trace {
	t.Helper()
	a, err := trace.Run(context.Background(), l, q)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAsTheReference(t *testing.T) {
	histories := 1500
	if testing.Short() {
		histories = 200
	}
	reached := map[goshawk.EndKind]int{}
	for seed := range uint64(histories) {
		rng := rand.New(rand.NewPCG(seed, 1))
		l := tiny(rng).Ledger()
		txs, partial := readAll(t, l)
		for range 8 {
			q, ok := askedAtRandom(rng, txs)
			if !ok {
				continue
			}
			want := refTrace(txs, partial, q)
			for name, ledger := range map[string]goshawk.Ledger{"embedded": l, "remote": &remote{Ledger: l}} {
				got := ask(t, ledger, q.Question)
				a, b := endsText(sortEnds(inWords(got))), endsText(sortEnds(slices.Clone(want.ends)))
				if a != b || got.Steps != want.steps {
					t.Fatalf("seed %d, %s: %s\nengine, %d steps:\n%sreference, %d steps:\n%s", seed, name, described(q), got.Steps, a, want.steps, b)
				}
			}
			for _, e := range want.ends {
				reached[e.kind]++
			}
		}
	}
	for _, kind := range goshawk.EndKinds() {
		if reached[kind] < 20 {
			t.Errorf("only %d ends of kind %s were compared: the histories are too tame", reached[kind], kind)
		}
	}
}
