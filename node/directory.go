package node

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// directory finds a ledger's addresses by what the ledger has no index of. It
// reads them all, one by one: the contract numbers them, which is enough for
// chains of the size that are served. Its zero value is ready.
type directory struct {
	mu     sync.Mutex
	hashes []hashed // in the order of their hashes, once somebody has asked
}

// hashed is an address and the beginning of its script's hash; the rest is
// computed again for those that begin alike.
type hashed struct {
	start uint64
	id    goshawk.AddressID
}

// find returns the address whose locking script has that SHA-256; NoAddress if
// no output pays it. A bare public key's payments are those of its P2PKH script.
func (d *directory) find(ctx context.Context, ledger goshawk.Ledger, hash [sha256.Size]byte) (goshawk.AddressID, error) {
	hashes, err := d.read(ctx, ledger)
	if err != nil {
		return 0, err
	}
	start := binary.BigEndian.Uint64(hash[:])
	first, _ := slices.BinarySearchFunc(hashes, start, func(h hashed, start uint64) int { return cmp.Compare(h.start, start) })
	for _, h := range hashes[first:] {
		if h.start != start {
			break
		}
		a, err := ledger.Addresses(ctx, []goshawk.AddressID{h.id}, 0)
		if err != nil {
			return 0, err
		}
		if sha256.Sum256(bitcoin.Script(a[0].Kind, a[0].Payload)) == hash {
			return h.id, nil
		}
	}
	return goshawk.NoAddress, nil
}

// read returns the hashes of all addresses, computed when they are first needed.
func (d *directory) read(ctx context.Context, ledger goshawk.Ledger) ([]hashed, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.hashes != nil {
		return d.hashes, nil
	}
	hashes := []hashed{}
	err := eachAddress(ctx, ledger, func(a *goshawk.Address) {
		hash := sha256.Sum256(bitcoin.Script(a.Kind, a.Payload))
		hashes = append(hashes, hashed{binary.BigEndian.Uint64(hash[:]), a.ID})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(hashes, func(a, b hashed) int { return cmp.Compare(a.start, b.start) })
	d.hashes = hashes
	return hashes, nil
}

// beginning returns the first few addresses, in the order of their letters, that
// begin with a prefix.
func beginning(ctx context.Context, ledger goshawk.Ledger, prefix string, most int) ([]string, error) {
	found := []string{}
	err := eachAddress(ctx, ledger, func(a *goshawk.Address) {
		if !strings.HasPrefix(a.Text, prefix) || !hasAddress(a.Kind) {
			return
		}
		at, _ := slices.BinarySearch(found, a.Text)
		if found = slices.Insert(found, at, a.Text); len(found) > most {
			found = found[:most]
		}
	})
	return found, err
}

// eachAddress visits all addresses of a ledger whose ids are dense.
func eachAddress(ctx context.Context, ledger goshawk.Ledger, visit func(*goshawk.Address)) error {
	head, err := ledger.Head(ctx)
	if err != nil {
		return err
	}
	if head.Blocks == 0 && head.Height >= 0 {
		return badRequest("addresses can be looked up by their names only: what they come from cannot list them")
	}
	const size = 4096
	ids := make([]goshawk.AddressID, 0, size)
	for next := uint64(0); next < head.Addresses; {
		ids = ids[:0]
		for ; len(ids) < size && next < head.Addresses; next++ {
			ids = append(ids, goshawk.AddressID(next))
		}
		addresses, err := ledger.Addresses(ctx, ids, 0)
		if err != nil {
			return err
		}
		for i := range addresses {
			visit(&addresses[i])
		}
	}
	return nil
}
