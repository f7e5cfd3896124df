package ingest_test

import (
	"encoding/json"
	"math/big"
	"net/http"
	"slices"
	"testing"

	"goshawk"
	"goshawk/ingest"
)

// Whatever a block file, its key and its undo file hold, ingest ends with a chain
// that begins at genesis and an error that has a code, or none.
func FuzzFiles(f *testing.F) {
	c := newChain(f).grow(4, "a")
	undo := slices.Concat(c.undo(2), c.undo(3), c.undo(4))
	f.Add(c.file(0, 5), undo, uint64(0), int32(0), false)
	f.Add(c.file(0, 5), undo, uint64(0), int32(2), false)
	f.Add(join(c.file(3, 5), []byte{0}, c.file(0, 3), make([]byte, 50)), undo, uint64(0), int32(0), true)
	f.Add(append(append(c.params.Magic[:], 0xff, 0xff, 0xff, 0xff), c.blocks[0]...), []byte{}, uint64(7), int32(0), false)
	f.Fuzz(func(t *testing.T, blocks, undo []byte, key uint64, from int32, partial bool) {
		files := map[string][]byte{"b/blk00000.dat": blocks, "b/rev00000.dat": undo, "b/raw.blk": blocks}
		if key != 0 {
			var k [8]byte
			for i := range k {
				k[i] = byte(key >> (8 * i))
			}
			obfuscate(files, "b", k)
			files["b/raw.blk"] = blocks
		}
		to := &recorder{t: t, partial: partial}
		_, err := ingest.FromFiles(t.Context(), to, newMemory(files), []string{"b"}, ingest.Options{Params: c.params, FromHeight: from, Partial: partial})
		if err != nil && (goshawk.CodeOf(err) == "" || err.Error() == "") {
			t.Errorf("error without a code: %v", err)
		}
		if len(to.blocks) > 0 && !partial && from <= 0 && to.blocks[0].Hash != c.params.Genesis {
			t.Errorf("the ledger begins with %s", to.blocks[0].Hash)
		}
	})
}

// Whatever a node answers, ingest ends, without blocks that are not the node's.
func FuzzNode(f *testing.F) {
	c := newChain(f).grow(2, "a")
	for _, body := range []string{
		``, `{}`, `[]`, `[{}]`, `null`, `{"id":0,"result":null}`, `{"id":0,"result":"` + c.params.Genesis.String() + `"}`,
		`{"id":0,"result":{"blocks":2147483647,"bestblockhash":"` + c.params.Genesis.String() + `"}}`,
		`[{"id":0,"error":{"code":-5}},{"id":9,"result":"00"}]`, `{"id":0,"error":{"code":-28,"message":"x"}}`,
	} {
		f.Add([]byte(body), 1, false)
		f.Add([]byte(body), 2, false)
		f.Add([]byte(body), 4, true)
	}
	node := newFakeNode(f, c.blocks)
	f.Fuzz(func(t *testing.T, body []byte, when int, late bool) {
		requests := 0
		node.mutex.Lock()
		node.before = func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			if requests++; requests != when {
				return false
			}
			_, _ = w.Write(body) // a client that went away is its own concern
			return true
		}
		node.mutex.Unlock()
		opts := ingest.Options{Params: c.params}
		if late {
			opts.FromHeight = 1
		}
		to := &recorder{t: t}
		_, err := ingest.FromNode(t.Context(), to, node.client(t, func(o *ingest.NodeOptions) { o.Patience = 1 }), opts)
		if err != nil && goshawk.CodeOf(err) == "" {
			t.Errorf("error without a code: %v", err)
		}
		for i, h := range to.hashes() {
			if !late && h != c.hashes[i] {
				t.Errorf("block %d is %s", i, h)
			}
		}
	})
}

// Amounts are read exactly, against rational arithmetic.
func FuzzAmounts(f *testing.F) {
	for _, s := range []string{"0", "1.5", "0.00000001", "1e-08", "1E-8", "20999999.97690000", "2.1e7", "1e400", "-1", "0.000000001", "00.10", ".5", "5.", "184467440737.09551616", "1e", "e1", "+1", "1e+3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ingest.ParseUnits(s, 8)
		if err != nil {
			if goshawk.CodeOf(err) != goshawk.Corrupt {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if !json.Valid([]byte(s)) {
			return // laxer than JSON, which never lets such a number through
		}
		want, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q was read as %d", s, got)
		}
		if want.Mul(want, big.NewRat(1e8, 1)); want.Cmp(new(big.Rat).SetFrac(new(big.Int).SetUint64(got), big.NewInt(1))) != 0 {
			t.Errorf("%q was read as %d", s, got)
		}
	})
}

func TestAmountsOfANode(t *testing.T) {
	for s, want := range map[string]uint64{"0": 0, "1.5": 150000000, "0.00000001": 1, "1e-08": 1, "1E-8": 1, "20999999.97690000": 2099999997690000, "2.1e7": 2100000000000000, "184467440737.09551615": 18446744073709551615} {
		if got, err := ingest.ParseUnits(s, 8); err != nil || got != want {
			t.Errorf("%s is %d, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "-1", "0.000000001", "184467440737.09551616", "1e400", "1e", "x", "1.2.3", "NaN"} {
		if got, err := ingest.ParseUnits(s, 8); err == nil {
			t.Errorf("%q was read as %d", s, got)
		}
	}
}
