package ledger_test

import (
	"testing"

	"goshawk"
	"goshawk/ledger/ledgertest"
)

// The scan over the columns finds what a scan through the contract finds.
func TestHighestFee(t *testing.T) {
	for seed := range uint64(8) {
		h := ledgertest.Random(seed, ledgertest.Shape{Blocks: 20, Partial: seed%2 == 1})
		fsys := folder(t)
		fill(t, fsys, h, budget{memory: 2000, reorg: 3, every: 2})
		r := open(t, fsys, h.Codec)
		head, err := r.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want, most := goshawk.NoTx, uint64(0)
		err = goshawk.Scan(t.Context(), r, 0, goshawk.TxID(head.Transactions), 0, func(b *goshawk.Transactions) error {
			for i := range b.Rows {
				fee, known := uint64(0), !b.Rows[i].Coinbase
				for _, in := range b.In(i) {
					fee += in.Value
					known = known && in.Link != goshawk.Unresolved
				}
				for _, out := range b.Out(i) {
					fee -= out.Value
				}
				if known && (want == goshawk.NoTx || fee > most) {
					want, most = b.Rows[i].ID, fee
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got, fee, err := r.HighestFee(); err != nil || got != want || fee != most {
			t.Errorf("seed %d: transaction %d paid %d, not %d %d", seed, got, fee, want, most)
		}
	}
}
