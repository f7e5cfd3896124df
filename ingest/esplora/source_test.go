package esplora_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
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

// TestOrderWithinBlock: explorers list the transactions of a block in no order,
// and pages of any size.
func TestOrderWithinBlock(t *testing.T) {
	c := crafted(t)
	honest := handler(t, c)
	type entry struct {
		Txid   string
		Status struct {
			Height int `json:"block_height"`
		}
	}
	for _, size := range []int{1, 3, 30} {
		s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
			path, last, ok := strings.Cut(r.URL.Path, "/txs/chain")
			if !ok {
				return false
			}
			var all []json.RawMessage
			var list []entry
			for cursor := ""; ; cursor = "/" + list[len(list)-1].Txid {
				var page []json.RawMessage
				if err := json.Unmarshal([]byte(get(honest, path+"/txs/chain"+cursor)), &page); err != nil {
					t.Error(err)
				}
				if len(page) == 0 {
					break
				}
				for _, text := range page {
					var e entry
					if err := json.Unmarshal(text, &e); err != nil {
						t.Error(err)
					}
					list, all = append(list, e), append(all, text)
				}
			}
			// Each block's transactions the other way round.
			for start := 0; start < len(list); {
				end := start
				for end < len(list) && list[end].Status.Height == list[start].Status.Height {
					end++
				}
				slices.Reverse(list[start:end])
				slices.Reverse(all[start:end])
				start = end
			}
			from := 1 + slices.IndexFunc(list, func(e entry) bool { return "/"+e.Txid == last })
			answer, err := json.Marshal(all[from:min(from+size, len(all))])
			if err == nil {
				_, err = w.Write(answer)
			}
			if err != nil {
				t.Error(err)
			}
			return true
		})
		for _, d := range ledgertest.Differences(t.Context(), open(t, s.URL, options(t, c)), c.history) {
			t.Errorf("pages of %d: %s", size, d)
		}
	}
}
