package main

import (
	"context"

	"goshawk"
)

// blockNamed looks through a ledger for a block of this hash; nil if it has none.
func (ch *chain) blockNamed(ctx context.Context, h goshawk.Hash) (found *goshawk.BlockInfo, err error) {
	err = ch.BlocksBack(ctx, func(b *goshawk.BlockInfo) bool {
		if b.Hash == h {
			found = b
		}
		return found == nil
	})
	return found, err
}
