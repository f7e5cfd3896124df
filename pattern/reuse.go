package pattern

import (
	"context"
	"fmt"

	"goshawk"
)

// RuleAddressReuse sees addresses that were paid more than once.
const RuleAddressReuse = "reused-address/1"

// reuse looks at all addresses.
func (s *search) reuse(ctx context.Context) error {
	const atOnce = 1024
	ids := make([]goshawk.AddressID, 0, atOnce)
	for a := goshawk.AddressID(0); a < goshawk.AddressID(s.head.Addresses); {
		if ctx.Err() != nil {
			return interrupted(ctx)
		}
		ids = ids[:0]
		for ; a < goshawk.AddressID(s.head.Addresses) && len(ids) < atOnce; a++ {
			ids = append(ids, a)
		}
		if err := s.reuseAt(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

// reuseAt looks at some addresses. Scripts without an address, data above all,
// are not reused in any sense.
func (s *search) reuseAt(ctx context.Context, ids []goshawk.AddressID) error {
	described, err := s.ledger.Addresses(ctx, ids, goshawk.WantTotals)
	if err != nil {
		return err
	}
	var drafts []*draft
	for i := range described {
		a := &described[i]
		if a.Outputs < 2 || a.Kind == goshawk.NullData || a.Kind == goshawk.NonStandard {
			continue
		}
		d := newDraft(KindAddressReuse, RuleAddressReuse, strong, "consistent with one owner who uses the address again", a.First)
		d.Saw = append(d.Saw, fmt.Sprintf("%d coins of %s in all were paid to it, in %s with its spends",
			a.Outputs, a.Received, goshawk.Count(int(a.Transactions), "transaction", "transactions")))
		d.parts = []part{{"reused", goshawk.NoTx, -1, ids[i], 0, false}}
		drafts = append(drafts, d)
	}
	return s.report(ctx, drafts)
}
