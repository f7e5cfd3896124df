package workbench

import (
	"context"
	"errors"

	"goshawk"
)

// Since says of a trace that has an answer what became of the chain that it read: "" where its ledger still has the block
// with which it ended, "gone" where the server cannot read such a ledger any more, "changed" where the ledger was reorganised or
// another stands in its place.
func (b *Bench) Since(ctx context.Context, ledger goshawk.ID, height int32, block string) (string, error) {
	held, err := b.Use(ctx, ledger)
	if err != nil {
		if ctx.Err() != nil {
			return "", errors.Join(err, ctx.Err())
		}
		return "gone", nil // the list of ledgers says why
	}
	defer held.Release()
	found, err := held.Find(ctx, goshawk.Names{Heights: []int32{height}})
	if err != nil {
		return "", err
	}
	if found.Blocks[0] == goshawk.NoBlock {
		return "changed", nil
	}
	infos, err := held.Blocks(ctx, found.Blocks[:1])
	if err != nil {
		return "", err
	}
	if infos[0].Hash.String() != block {
		return "changed", nil
	}
	return "", nil
}
