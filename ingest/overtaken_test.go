package ingest_test

import (
	"strings"
	"testing"

	"goshawk"
	"goshawk/ingest"
)

// A chain of more work that leaves the ledger's own below its late start is a
// Conflict, whatever of the two the files hold; one that leaves it above is a
// reorganisation, and one with less work is stale.
func TestReorganisationBelowALateStart(t *testing.T) {
	c := newChain(t).grow(60, "a")
	const start = 30
	record := func(chain *testChain, from, end int) (b []byte) {
		for h := max(from, 2); h < end; h++ {
			b = append(b, chain.undo(h)...)
		}
		return b
	}
	own := map[string][]byte{"b/blk00000.dat": c.file(0, 61), "b/rev00000.dat": record(c, 2, 61)}
	for _, test := range []struct {
		name    string
		at, n   int  // the other branch has n blocks upon the first at ones
		from    int  // the first block in the files
		without bool // the ledger's own branch
		code    goshawk.Code
	}{
		{"far below", 20, 50, 0, false, goshawk.Conflict},
		{"far below, the ledger's blocks gone", 20, 50, 0, true, goshawk.Conflict},
		{"far below, pruned", 20, 50, 15, false, goshawk.Conflict},
		{"far below, pruned, the ledger's blocks gone", 20, 50, 15, true, goshawk.NotFound},
		{"just below", 30, 40, 0, false, goshawk.Conflict},
		{"just below, the ledger's blocks gone", 30, 40, 0, true, goshawk.Conflict},
		{"just below, pruned", 30, 40, 25, false, goshawk.Conflict},
		{"less work", 20, 40, 0, false, ""},
		{"as much work", 20, 41, 0, false, ""},
		{"as much work, pruned", 20, 41, 15, false, ""},
		{"a block more", 20, 42, 0, false, goshawk.Conflict},
		{"a block more, pruned", 20, 42, 15, false, goshawk.Conflict},
		{"just above", 31, 40, 0, false, ""},
		{"above", 50, 30, 0, false, ""},
		{"still short", 20, 5, 0, true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			to := &recorder{t: t}
			if _, err := ingest.FromFiles(t.Context(), to, newMemory(own), []string{"b"}, ingest.Options{Params: c.params, FromHeight: start}); err != nil {
				t.Fatal(err)
			}
			other := c.fork(test.at).grow(test.n, "b")
			end := test.at + test.n
			files := map[string][]byte{"b/blk00000.dat": other.file(test.from, end), "b/rev00000.dat": record(other, test.from, end)}
			if !test.without {
				files["b/blk00001.dat"], files["b/rev00001.dat"] = c.file(test.at, 61), record(c, test.at, 61)
			}
			_, err := ingest.FromFiles(t.Context(), to, newMemory(files), []string{"b"}, ingest.Options{Params: c.params})
			if goshawk.CodeOf(err) != test.code || err != nil && goshawk.HintOf(err) == "" {
				t.Fatalf("%s: %v", goshawk.CodeOf(err), err)
			}
			tip := c.hashes[60]
			if test.code == "" && test.at > start && end > 61 {
				tip = other.hashes[end-1]
			}
			if got := to.hashes(); got[len(got)-1] != tip {
				t.Errorf("the ledger ends with %s", got[len(got)-1])
			}
			if test.code == goshawk.Conflict && (!strings.Contains(err.Error(), "shares no block with the ledger") || !strings.Contains(err.Error(), other.hashes[end-1].String())) {
				t.Errorf("%v", err)
			}
			// A new ledger from the same files begins on the chain with the most work.
			if test.code == goshawk.Conflict && test.from == 0 {
				fresh := &recorder{t: t}
				if _, err := ingest.FromFiles(t.Context(), fresh, newMemory(files), []string{"b"}, ingest.Options{Params: c.params, FromHeight: start}); err != nil || fresh.hashes()[0] != other.hashes[start] {
					t.Errorf("a new ledger: %v", err)
				}
			}
		})
	}
}
