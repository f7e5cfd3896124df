package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"goshawk"
)

// blocksBack describes all blocks of a ledger, newest first, until each returns false.
func (ch *chain) blocksBack(ctx context.Context, each func(*goshawk.BlockInfo) bool) error {
	const batch = 1024
	ids := make([]goshawk.BlockID, 0, batch)
	for end := goshawk.BlockID(ch.head.Blocks); end > 0; {
		ids = ids[:0]
		for len(ids) < batch && end > 0 {
			end--
			ids = append(ids, end)
		}
		infos, err := ch.Blocks(ctx, ids)
		if err != nil {
			return err
		}
		for i := range infos {
			if !each(&infos[i]) {
				return nil
			}
		}
	}
	return nil
}

// blockNamed looks through a ledger for a block of this hash; nil if it has none.
func (ch *chain) blockNamed(ctx context.Context, h goshawk.Hash) (found *goshawk.BlockInfo, err error) {
	err = ch.blocksBack(ctx, func(b *goshawk.BlockInfo) bool {
		if b.Hash == h {
			found = b
		}
		return found == nil
	})
	return found, err
}

// extent says in words which blocks there are, for somebody who asked for what is in none.
func (ch *chain) extent(ctx context.Context) (string, error) {
	if !ch.head.Partial {
		return fmt.Sprintf("the ledger holds heights %d to %d of %s", ch.head.Start, ch.head.Height, ch.head.Network), nil
	}
	var heights, hashes []string
	if err := ch.blocksBack(ctx, func(b *goshawk.BlockInfo) bool {
		if b.Height >= 0 {
			heights = append(heights, strconv.Itoa(int(b.Height)))
		} else {
			hashes = append(hashes, b.Hash.String())
		}
		return true
	}); err != nil {
		return "", err
	}
	var where []string
	if len(heights) > 0 {
		where = append(where, "at "+several("height", heights))
	}
	if len(hashes) > 0 {
		where = append(where, "at an unknown height "+several("block", hashes))
	}
	return fmt.Sprintf("the ledger holds %s of %s: %s", goshawk.Count(ch.head.Blocks, "single block", "single blocks"), ch.head.Network, strings.Join(where, "; ")), nil
}

// several lists things that were gathered newest first, oldest first, and cuts a long list.
func several(what string, things []string) string {
	const most = 6
	slices.Reverse(things)
	left := ""
	if n := len(things) - most; n > 0 {
		things, left = things[:most], fmt.Sprintf(" and %d more", n)
	}
	if len(things) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(things, ", ") + left
}

// notHere explains a transaction that is not found.
func (ch *chain) notHere(ctx context.Context, h goshawk.Hash) error {
	missing := goshawk.Errorf(goshawk.NotFound, "transaction %v is not in this ledger", h)
	if ch.local == nil {
		return missing.WithHint("check the id; a block of an explorer is shown by its height, not by its hash")
	}
	holds, err := ch.extent(ctx)
	if err != nil {
		return err
	}
	return missing.WithHint("check the id; %s", holds)
}
