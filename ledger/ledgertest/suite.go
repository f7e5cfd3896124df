package ledgertest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"goshawk"
)

// TestLedger holds a ledger to the contract: it compares what the ledger answers
// with the model, on fixed histories and on random ones. Open returns a ledger
// filled with the history, as h.Codec, h.Partial and h.Start say; it may use t
// to clean up. A source that cannot hold some histories (a remote one has no
// partial ledgers) returns nil for them, and they are skipped.
func TestLedger(t *testing.T, open func(t *testing.T, h *History) goshawk.Ledger) {
	check := func(name string, h *History) {
		t.Run(name, func(t *testing.T) {
			l := open(t, h)
			if l == nil {
				t.Skip("not for this ledger")
			}
			report(t, Differences(t.Context(), l, h))
		})
	}
	fixed := scripts()
	for _, name := range slices.Sorted(maps.Keys(fixed)) {
		check(name, MustChain(fixed[name]))
	}
	for seed := range uint64(12) {
		check(fmt.Sprintf("random %d", seed), Random(seed, Shape{}))
		check(fmt.Sprintf("random partial %d", seed), Random(seed, Shape{Partial: true}))
		check(fmt.Sprintf("random late %d", seed), Random(seed, Shape{Start: 700_000}))
	}
	check("random long", Random(99, Shape{Blocks: 150, Payments: 4}))
	check("random crowded", Random(98, Shape{Blocks: 8, Payments: 60, Addresses: 6}))
	t.Run("many readers", func(t *testing.T) {
		h := Random(97, Shape{Blocks: 20})
		l := open(t, h)
		if l == nil {
			t.Skip("not for this ledger")
		}
		found := make([][]string, 4)
		var readers sync.WaitGroup
		for i := range found {
			readers.Go(func() { found[i] = Differences(context.Background(), l, h) })
		}
		readers.Wait()
		for _, f := range found {
			report(t, f)
		}
	})
}

func report(t *testing.T, differences []string) {
	t.Helper()
	if len(differences) > 0 {
		t.Errorf("the ledger breaks the contract:\n%s", strings.Join(differences, "\n"))
	}
}

// scripts returns the fixed histories of the suite by name, as MustChain reads them.
func scripts() map[string]string {
	var whale strings.Builder
	whale.WriteString("tx pay0: mint 50 -> whale 49, other 1\n")
	for i := 1; i < 250; i++ {
		if i%7 == 0 {
			whale.WriteString("block\n")
		}
		fmt.Fprintf(&whale, "tx pay%d: pay%d:0 -> whale, other%d 1000sat fee 10sat\n", i, i-1, i%20)
	}
	var unknown strings.Builder
	unknown.WriteString("partial\n")
	for i := range 60 {
		if i%7 == 0 {
			unknown.WriteString("block\n")
		}
		fmt.Fprintf(&unknown, "tx pay%d: unresolved whale, before whale 2, unresolved -> whale 1\n", i)
	}
	return map[string]string{
		"empty but for genesis": "",
		"payments": `
			tx theft: mint 50 -> alice 50
			block
			tx split: theft:0 -> bob 30, carol 19.99 fee .01
			tx back:  split:0, split:1 -> alice 40, alice 9.98, dave
			block
			tx rest:  back:0, back:2 -> alice 40`,
		"one block": `
			tx first:  mint 50 -> alice 50
			tx second: first:0 -> bob 50
			tx third:  second:0 -> alice 20, bob 20, carol 10
			tx fourth: third:2, third:0 -> alice 30`,
		"kinds": `
			tx mint: mint 90 -> a/p2pk 10, a/p2pkh 10, a/p2sh 10, a/p2wpkh 10, a/p2wsh 10, a/p2tr 10, a/multisig 10, a/nonstandard 10, a/witness_unknown 10
			block
			tx spend: mint:0, mint:2, mint:6, mint:7, mint:8 -> a/p2pkh 50
			tx again: mint:1, spend:0 -> b/p2pk 60`,
		"worth nothing": `
			tx mint: mint -> alice 50, bob 0, data "", data "with worth" 1sat
			block
			tx spend: mint:0, mint:1 -> bob 0, alice 50, data "with worth"
			tx empty: spend:0 -> carol 0, alice 0`,
		"equal outputs": `
			tx mint: mint 60 -> a 20, b 20, c 20
			tx mix: mint:0, mint:1, mint:2 -> d 10, e 10, f 10, d 10, a 10, b 10
			tx mix2: mix:5, mix:0, mix:3 -> d 15, d 15`,
		"overwritten coinbases": `
			tx first:  mint 50 -> alice 50
			tx other:  mint 50 -> alice 25, bob 25
			tx twice same as first: mint 50 -> alice 50
			tx spend:  twice:0, other:0 -> carol 75
			tx thrice same as other: mint 50 -> bob 25, alice 25
			tx more:   thrice:0 -> dave 25
			tx fourth same as first: mint 50 -> erin 50`,
		"times out of order": `
			block time=2020-01-01
			tx a: mint 50 -> alice 50
			block time=2020-03-01
			tx b: a:0 -> bob 50
			block time=2020-02-01
			tx c: b:0 -> carol 50
			block 9 time=2020-01-15T12:00:00Z
			tx d: c:0 -> dave 50`,
		"fields": `
			tx mint version=1 sequence=0 locktime=9 weight=1000: mint 50 -> alice 20, bob 20, carol 10
			tx a version=0xffffffff locktime=500000000 sequence=0xfffffffd: mint:0 -> x 20
			tx b version=0 locktime=0xffffffff sequence=0xfffffffe weight=4000000: mint:1, mint:2 -> y 30`,
		"large values": `
			tx a: mint 20999999.9769 -> alice 20999999.97689999, bob 1sat
			tx b: a:0 -> alice 20999999.97689999
			tx c: b:0, a:1 -> alice`,
		"a busy address": whale.String(),
		"starts late": `
			start 800000
			tx a: before alice 5 799999, before bob 2.5 -> carol 7
			tx b: a:0, before alice 0 12 -> alice 3, dave
			block 800005
			tx c: before erin/p2pk 1 0, b:0 -> frank`,
		"partial": `
			partial
			block 300 time=2015-01-01
			tx a: unresolved alice, unresolved, before bob 3 7 -> carol 5, dave 1
			tx b: a:0, unresolved carol, unresolved carol -> carol 4
			block 100 time=2014-01-01
			tx c: mint 50 -> alice 50
			block time=2016-01-01
			tx d: before bob 3, c:0 -> alice, data "late"
			block
			tx e: d:0, b:0, unresolved miner -> stranger 1`,
		"a busy address of unknown coins": unknown.String(),
	}
}
