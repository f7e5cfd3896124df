package ledgertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"goshawk"
)

func ExampleMustChain() {
	h := MustChain(`
		tx theft: mint 50 -> alice 50
		block
		tx split: theft:0 -> bob 30, carol 19.99 fee .01`)
	l := h.Ledger()
	ctx := context.Background()
	found, err := l.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{h.Tx("split")}})
	if err != nil {
		panic(err)
	}
	var batch goshawk.Transactions
	if err := l.Transactions(ctx, found.Transactions, 0, &batch); err != nil {
		panic(err)
	}
	for _, out := range batch.Out(0) {
		fmt.Println(batch.Asset.Format(goshawk.U(out.Value)))
	}
	// Output:
	// 30.00000000 COIN
	// 19.99000000 COIN
}

// describe writes a history's blocks as a reader would list them.
func describe(h *History) string {
	var s strings.Builder
	address := func(b *goshawk.Block, kind goshawk.Kind, start, end uint32) string {
		text := h.Codec.FormatAddress(kind, b.Keys[start:end])
		for _, word := range slices.Sorted(maps.Keys(h.addresses)) {
			if h.addresses[word] == text {
				return word
			}
		}
		return text
	}
	for _, b := range h.Blocks {
		fmt.Fprintf(&s, "block %d time=%d\n", b.Height, b.Time)
		for i, tx := range b.Txs {
			fmt.Fprintf(&s, "  %s version=%d locktime=%d weight=%d coinbase=%v\n", h.Name(tx.Hash), tx.Version, tx.LockTime, tx.Weight, tx.Coinbase)
			for _, in := range b.TxInputs(i) {
				prev := "outside"
				if name := h.Name(in.Prev.Tx); len(name) < 64 {
					prev = fmt.Sprintf("%s:%d", name, in.Prev.Index)
				}
				fmt.Fprintf(&s, "    < %s sequence=%x known=%d value=%d height=%d %s\n", prev, in.Sequence, in.Known, in.Value, in.Height, address(b, in.Kind, in.KeyStart, in.KeyEnd))
			}
			for _, out := range b.TxOutputs(i) {
				fmt.Fprintf(&s, "    > %d %s %v key=%v burnt=%v\n", out.Value, address(b, out.Kind, out.KeyStart, out.KeyEnd), out.Kind, out.ByKey, out.Burnt)
			}
		}
	}
	return s.String()
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ name, script, want string }{
		{"chain", `
			# the theft
			tx theft: mint -> alice 50, data "a, b" # note
			block 3 time=2021-01-02
			tx split version=1 locktime=0x10 sequence=7 weight=99: theft:0 -> alice/p2pk 1sat, bob/p2pkh fee .5`, `block 0 time=1600000000
  coinbase@0 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=true
block 1 time=1600000600
  theft version=2 locktime=0 weight=290 coinbase=true
    > 5000000000 alice p2wpkh key=false burnt=false
    > 0 nulldata:6a04612c2062 nulldata key=false burnt=true
block 2 time=1600001200
  coinbase@2 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=false
block 3 time=1609545600
  coinbase@3 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=false
  split version=1 locktime=16 weight=99 coinbase=false
    < theft:0 sequence=7 known=0 value=0 height=-1 nonstandard:
    > 1 alice/p2pk p2pkh key=true burnt=false
    > 4949999999 bob/p2pkh p2pkh key=false burnt=false
`},
		{"partial", `
			partial
			block 300 time=5
			tx a: unresolved alice, unresolved, before bob 2 9 -> carol 1
			block
			tx b: a:0 -> dave`, `block 300 time=5
  coinbase@300 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=false
  a version=2 locktime=0 weight=982 coinbase=false
    < outside sequence=ffffffff known=1 value=0 height=-1 alice
    < outside sequence=ffffffff known=0 value=0 height=-1 nonstandard:
    < outside sequence=ffffffff known=2 value=200000000 height=9 bob
    > 100000000 carol p2wpkh key=false burnt=false
block -1 time=605
  coinbase@?1 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=false
  b version=2 locktime=0 weight=438 coinbase=false
    < a:0 sequence=ffffffff known=0 value=0 height=-1 nonstandard:
    > 100000000 dave p2wpkh key=false burnt=false
`},
		{"late", `
			start 7
			tx a: before alice .5 -> bob .5`, `block 7 time=1600000000
  coinbase@7 version=2 locktime=0 weight=166 coinbase=true
    > 5000000000 miner p2wpkh key=false burnt=false
  a version=2 locktime=0 weight=438 coinbase=false
    < outside sequence=ffffffff known=2 value=50000000 height=-1 alice
    > 50000000 bob p2wpkh key=false burnt=false
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, err := Parse(Text{}, c.script)
			if err != nil {
				t.Fatal(err)
			}
			if got := describe(h); got != c.want {
				t.Errorf("the script became\n%s\nnot\n%s", got, c.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const before = "tx m: mint 50 -> alice 50\n"
	for script, says := range map[string]string{
		"pay alice":                                    "a line begins with",
		before + "start 5":                             "before everything else",
		"start 0":                                      "a height above 0",
		before + "partial":                             "before everything else",
		before + "block 1":                             "not a height to come",
		before + "block soon":                          "not a height to come",
		before + "block 900000":                        "blocks away",
		before + "block time=noon":                     "not a time",
		"tx m mint -> alice 50":                        "a colon",
		"tx m: mint alice 50":                          "an arrow",
		"tx m depth=1: mint -> alice 50":               "no setting",
		"tx m weight=x: mint -> alice 50":              "not a setting",
		before + "tx m: m:0 -> bob":                    "already",
		before + "tx n: m:1 -> bob":                    "no output",
		before + "tx n: x:0 -> bob":                    "no output",
		before + "tx n: m:0 -> bob 51":                 "more than the inputs",
		before + "tx n: m:0 -> bob 50 fee .1":          "more than the inputs",
		before + "tx n: m:0 -> bob 49 fee .1":          "are not the inputs",
		before + "tx n: m:0 -> bob, carol":             "two outputs",
		before + "tx n: m:0 -> bob 1.123456789":        "not an amount",
		before + "tx n: m:0 -> bob -1":                 "not an amount",
		before + "tx n: m:0 -> bob 1xsat":              "not an amount",
		before + "tx n: m:0 -> bob/p2x 1":              "not an address",
		before + "tx n: m:0 -> bob 1 2":                "not an address and an amount",
		before + "tx n: m:0 -> ":                       "not an address and an amount",
		before + `tx n: m:0 -> data "x`:                "in quotes",
		before + "tx n: -> bob 1":                      "an input is missing",
		before + "tx n: unresolved -> bob 1":           "no input of this history",
		before + "tx n: before bob 5 -> bob 1":         "no input of this history",
		before + "tx n same as x: mint -> bob 1":       "no transaction",
		"tx m: mint -> alice":                          "needs an amount",
		"tx m: mint, mint -> alice 1":                  "no other input",
		"partial\ntx n: unresolved -> bob":             "needs an amount",
		"partial\ntx n: before bob 5 soon -> bob 1":    "not a height",
		"tx m: mint -> a 100000000000, b 100000000000": "64 bits",
	} {
		_, err := Parse(Text{}, script)
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%q gives %v, not %q", script, err, says)
		}
	}
}

func TestNamesThatAreNotThere(t *testing.T) {
	h := MustChain("")
	for name, ask := range map[string]func(){
		"transaction": func() { h.Tx("theft") },
		"outpoint":    func() { h.Outpoint("coinbase@0") },
		"address":     func() { h.Address("alice") },
		"script":      func() { MustChain("nonsense") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("an unknown %s does not stop the test", name)
				}
			}()
			ask()
		}()
	}
}
