package esplora_test

import (
	"testing"

	"goshawk/internal/chaingen"
	"goshawk/ledger/ledgertest"
)

func TestAnswersLikeTheModel(t *testing.T) {
	for _, test := range []struct {
		name  string
		chain func(testing.TB) *chain
	}{
		{"crafted", crafted},
		{"mainnet", func(t testing.TB) *chain { return firstBlocks(t, 200) }},
		{"generated", func(t testing.TB) *chain {
			return generated(t, chaingen.Options{Seed: 1, Blocks: 106, Transactions: 190})
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := test.chain(t)
			s := open(t, serve(t, c).URL, options(t, c))
			for _, d := range ledgertest.Differences(t.Context(), s, c.history) {
				t.Error(d)
			}
		})
	}
}
