package ledgertest

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
)

// TestRandomIsAccepted holds the generator to what it promises: the model takes
// every history, and the same arguments give the same one.
func TestRandomIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		shape := Shape{
			Blocks: rapid.IntRange(1, 30).Draw(t, "blocks"), Payments: rapid.IntRange(1, 20).Draw(t, "payments"),
			Addresses: rapid.IntRange(2, 40).Draw(t, "addresses"), Partial: rapid.Bool().Draw(t, "partial"),
		}
		if !shape.Partial {
			shape.Start = rapid.SampledFrom([]int32{0, 1, 800_000}).Draw(t, "start")
		}
		h := Random(seed, shape)
		if _, err := h.Model(); err != nil {
			t.Fatal(err)
		}
		if again := Random(seed, shape); !reflect.DeepEqual(h, again) {
			t.Fatal("the same seed gave another history")
		}
	})
}

// TestRandomHasEverything shows that a handful of histories hold every case that
// implementations get wrong.
func TestRandomHasEverything(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(12) {
		for _, shape := range []Shape{{}, {Partial: true}, {Start: 700_000}} {
			h := Random(seed, shape)
			v := h.Ledger().(*view)
			for _, ids := range v.txsOf {
				if len(ids) > 1 {
					seen["overwritten"]++
					for _, in := range v.txs[ids[len(ids)-1]].outputs {
						if v.coins[in].Spender < goshawk.Later {
							seen["overwriting coin spent"]++
						}
					}
				}
			}
			for i, t := range v.txs {
				for _, in := range t.inputs {
					seen[[]string{"linked", "deferred", "before", "unresolved"}[in.Link]]++
					if in.Link == goshawk.Linked && v.coins[in.Spent].Height == t.Height && v.txs[v.coins[in.Spent].Tx].Block == t.Block {
						seen["spent in its block"]++
					}
					if in.Link == goshawk.Unresolved && in.Address != goshawk.NoAddress {
						seen["unresolved with address"]++
					}
				}
				if i > 0 && t.Time < v.txs[i-1].Time {
					seen["time out of order"]++
				}
				if t.Height < 0 {
					seen["unknown height"]++
				}
			}
			for _, c := range v.coins {
				seen[c.Kind.String()]++
				if c.Value == 0 {
					seen["worth nothing"]++
				}
				if c.ByKey {
					seen["by key"]++
				}
				if len(v.addresses[c.Address].Payload) > 10_000 {
					seen["long script"]++
				}
				if len(v.addresses[c.Address].Payload) == 0 {
					seen["empty script"]++
				}
			}
		}
	}
	for _, what := range []string{
		"overwritten", "overwriting coin spent", "linked", "before", "unresolved", "unresolved with address", "spent in its block",
		"time out of order", "unknown height", "worth nothing", "by key", "long script", "empty script",
		"nonstandard", "p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "witness_unknown", "multisig", "nulldata",
	} {
		if seen[what] == 0 {
			t.Errorf("no history has: %s", what)
		}
	}
}

func TestTextCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := goshawk.Kind(rapid.IntRange(0, int(goshawk.Account)).Draw(t, "kind"))
		key := rapid.SliceOf(rapid.Byte()).Draw(t, "key")
		gotKind, gotKey, err := Text{}.ParseAddress(Text{}.FormatAddress(kind, key))
		if err != nil || gotKind != kind || string(gotKey) != string(key) {
			t.Fatalf("%v %x came back as %v %x, %v", kind, key, gotKind, gotKey, err)
		}
	})
	for _, text := range []string{"", "p2pkh", "p2pkh:0", "p2pkh:AA", "p2pk:00", "invalid:00", " p2pkh:00", "p2pkh:00 "} {
		if _, _, err := (Text{}).ParseAddress(text); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q: %v", text, err)
		}
	}
}
