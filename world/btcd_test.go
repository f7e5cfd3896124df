package world

import (
	"encoding/hex"
	"testing"

	"goshawk/internal/btcd"
)

// TestNodeAcceptsSignedWorlds: a real node takes every block of a signed world.
// In regtest it enforces segregated witness and taproot from the first block on.
func TestNodeAcceptsSignedWorlds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, era := range []Era{Era2019, Era2022} { // together they have all forms of addresses
		m, manifest := build(t, Spec{Seed: 21, Era: era, Txs: 2_500, Sign: true})
		node := btcd.Start(t)
		for height, raw := range m.blocks(t) {
			if height == 0 {
				continue
			}
			if answer, err := node.Try("submitblock", hex.EncodeToString(raw)); err != nil || string(answer) != "null" {
				t.Fatalf("%d: block %d: %s %v", era, height, answer, err)
			}
		}
		var best string
		if node.Call(&best, "getbestblockhash"); best != manifest.Figures.Tip {
			t.Errorf("%d: the node's best block is %s, the world's %s", era, best, manifest.Figures.Tip)
		}
	}
}
