package esplora_test

import (
	"encoding/json"
	"testing"

	"goshawk"
	"goshawk/trace"
)

// TestTracesAlike: the coin of block 9, and another chain's, followed by every
// method over an explorer gives what it gives over the model.
func TestTracesAlike(t *testing.T) {
	mainnet, regtest := firstBlocks(t, 600), crafted(t)
	coin := func(text string) goshawk.Outpoint {
		o, err := goshawk.ParseOutpoint(text)
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for _, test := range []struct {
		name     string
		chain    *chain
		backward bool
		start    goshawk.Outpoint
	}{
		{"block 9", mainnet, false, coin("0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0")},
		{"to block 496", mainnet, true, goshawk.Outpoint{Tx: mainnet.history.Blocks[496].Txs[1].Hash}},
		{"crafted", regtest, false, goshawk.Outpoint{Tx: regtest.history.Blocks[1].Txs[0].Hash}},
		{"crafted backward", regtest, true, goshawk.Outpoint{Tx: regtest.tip().Txs[2].Hash}},
	} {
		t.Run(test.name, func(t *testing.T) {
			model := test.chain.history.Ledger()
			source := open(t, serve(t, test.chain).URL, options(t, test.chain))
			for _, method := range trace.Methods() {
				if test.backward && method == trace.TIHO {
					continue // it has no backward
				}
				q := trace.Question{Method: method, Backward: test.backward, Starts: []goshawk.Outpoint{test.start}}
				want, err := trace.Run(t.Context(), model, q)
				if err != nil {
					t.Fatal(err)
				}
				got, err := trace.Run(t.Context(), source, q)
				if err != nil {
					t.Fatalf("%s: %v", method, err)
				}
				if got.Claim == "" || want.Steps < 3 {
					t.Errorf("%s: claim %q, %d steps", method, got.Claim, want.Steps)
				}
				got.Claim = ""
				if g, w := text(t, got), text(t, want); g != w {
					t.Errorf("%s gives\n%s\nnot\n%s", method, g, w)
				}
			}
		})
	}
}

func text(t *testing.T, answer *goshawk.Trace) string {
	t.Helper()
	b, err := json.MarshalIndent(answer, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
