package ingest_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"goshawk"
	"goshawk/ingest"
)

// TestRawFolder: block files give each block by its hash, byte for byte, as they lie there and as a node that obfuscates its files
// leaves them; also blocks that come while it is in use.
func TestRawFolder(t *testing.T) {
	c := newChain(t).grow(12, "a")
	for name, obfuscated := range map[string]bool{"plain": false, "with a key": true} {
		t.Run(name, func(t *testing.T) {
			laid := func(last int) map[string][]byte {
				// Bytes before a block, as a crash leaves them, move it to where the key begins elsewhere.
				files := map[string][]byte{"b/blk00000.dat": append([]byte{0, 0, 0}, c.file(0, 7)...), "b/blk00001.dat": c.file(7, last)}
				if obfuscated {
					obfuscate(files, "b", [8]byte{0x5f, 1, 2, 0xaa, 0, 0x77, 9, 0xff})
				}
				return files
			}
			disk := newMemory(laid(11))
			raw := ingest.NewRawFolder(disk, "b", c.params)
			holds := func(to int) {
				t.Helper()
				for h := range to {
					if got, err := raw.Block(t.Context(), c.hashes[h]); err != nil || !bytes.Equal(got, c.blocks[h]) {
						t.Errorf("block %d: %d bytes, not %d; %v", h, len(got), len(c.blocks[h]), err)
					}
				}
			}
			holds(11)
			if _, err := raw.Block(t.Context(), c.hashes[11]); goshawk.CodeOf(err) != goshawk.NotFound {
				t.Errorf("a block that is not there: %v", err)
			}
			for name, text := range laid(13) {
				disk.write(name, text)
			}
			holds(13)
		})
	}
	key := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 3), "b/xor.dat": {1, 2, 3}})
	if _, err := ingest.NewRawFolder(key, "b", c.params).Block(t.Context(), c.hashes[0]); goshawk.CodeOf(err) != goshawk.Corrupt {
		t.Errorf("a broken key: %v", err)
	}
}

// TestNodeBlock: a node gives a raw block by its hash; what it has not, what it says that is none, and that it is away
// are told apart.
func TestNodeBlock(t *testing.T) {
	c := newChain(t).grow(5, "a")
	f := newFakeNode(t, c.blocks)
	n := f.client(t, nil)
	for h, hash := range c.hashes {
		if got, err := n.Block(t.Context(), hash); err != nil || !bytes.Equal(got, c.blocks[h]) {
			t.Errorf("block %d: %d bytes, not %d; %v", h, len(got), len(c.blocks[h]), err)
		}
	}
	if _, err := n.Block(t.Context(), goshawk.Hash{1}); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("a block that it does not have: %v", err)
	}
	for what, result := range map[string]any{"no hexadecimal": "zz", "half a byte": "abc"} {
		f.before = func(w http.ResponseWriter, r *http.Request, _ int) bool {
			var q struct{ ID int }
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
				t.Error(err)
			}
			if err := json.NewEncoder(w).Encode(map[string]any{"id": q.ID, "result": result, "error": nil}); err != nil {
				t.Error(err)
			}
			return true
		}
		if _, err := n.Block(t.Context(), c.hashes[0]); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%s: %v", what, err)
		}
	}
	f.before = nil
	f.pruned = 3
	if _, err := n.Block(t.Context(), c.hashes[1]); err == nil || goshawk.CodeOf(err) == goshawk.NotFound {
		t.Errorf("a block that was pruned: %v", err)
	}
	f.Close()
	if _, err := n.Block(t.Context(), c.hashes[0]); goshawk.CodeOf(err) != goshawk.Unavailable {
		t.Errorf("a node that is away: %v", err)
	}
}
