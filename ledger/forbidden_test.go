package ledger_test

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/ledger/ledgertest"
)

// A block that no chain can hold is refused, by the model too, and leaves the
// ledger as it was.
func TestForbiddenBlocks(t *testing.T) {
	const whole = "tx a: mint 50 -> alice 30, bob 20\nblock\ntx b: a:0, a:1 -> carol 49.99999999 fee 1sat"
	const late = "start 800000\ntx a: mint 50 -> alice 30, bob 20\nblock\ntx b: a:0, before dave 20 799999 -> carol 49.99999999 fee 1sat"
	const single = "partial\nblock 300\ntx a: mint 50 -> alice 30, bob 20\nblock 400\ntx b: a:0, before dave 20 7 -> carol 49.99999999 fee 1sat"
	known := func(b *goshawk.Block, holder string, value uint64) {
		kind, key, err := ledgertest.Text{}.ParseAddress(holder)
		if err != nil {
			t.Fatal(err)
		}
		in := &b.Ins[0]
		in.Known, in.Value, in.Kind, in.Height = goshawk.CoinKnown, value, kind, 3
		in.KeyStart, in.KeyEnd = uint32(len(b.Keys)), uint32(len(b.Keys)+len(key))
		b.Keys = append(slices.Clone(b.Keys), key...)
	}
	holders := ledgertest.MustChain(late)
	alice, bob := holders.Address("alice"), holders.Address("bob")
	for _, test := range []struct {
		name, script string
		change       func(b *goshawk.Block)
		says         string // empty: it is taken
	}{
		{"all is paid", whole, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value++ }, ""},
		{"a unit too many", whole, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value += 2 }, "pays 5000000001 units, and its inputs hold 5000000000"},
		{"more than 64 bits count", whole, func(b *goshawk.Block) { b.Outs[0].Value, b.Outs[len(b.Outs)-1].Value = 0, 1<<64-1 }, "its inputs hold 5000000000"},
		{"late: all is paid", late, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value++ }, ""},
		{"late: a unit too many", late, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value += 2 }, "pays 5000000001 units, and its inputs hold 5000000000"},
		{"late: a unit too few told", late, func(b *goshawk.Block) { b.Ins[1].Value -= 2 }, "pays 4999999999 units, and its inputs hold 4999999998"},
		{"late: coins that do not add up", late, func(b *goshawk.Block) { b.Ins[1].Value = 1<<64 - 1 }, "worth more than can be counted"},
		{"late: from before the start", late, func(b *goshawk.Block) { b.Ins[1].Height = 799_999 }, ""},
		{"late: from after the start", late, func(b *goshawk.Block) { b.Ins[1].Height = 800_000 }, "said to be of height 800000, and is not in the ledger, which begins at height 800000"},
		{"late: the value that the ledger knows", late, func(b *goshawk.Block) { known(b, alice, 30_0000_0000) }, ""},
		{"late: another value than the ledger knows", late, func(b *goshawk.Block) { known(b, alice, 30_0000_0001) }, "is worth 3000000000 units, and the data beside it says 3000000001"},
		{"late: another address than the ledger knows", late, func(b *goshawk.Block) { known(b, bob, 30_0000_0000) }, "says that another address held it"},
		{"single: all is paid", single, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value++ }, ""},
		{"single: a unit too many", single, func(b *goshawk.Block) { b.Outs[len(b.Outs)-1].Value += 2 }, "pays 5000000001 units, and its inputs hold 5000000000"},
		{"single: an unknown coin may hold it", single, func(b *goshawk.Block) {
			b.Outs[len(b.Outs)-1].Value += 2
			b.Ins[1].Known, b.Ins[1].Value = goshawk.KeyKnown, 0
		}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := ledgertest.MustChain(test.script)
			n := len(h.Blocks) - 1
			before := *h
			before.Blocks = h.Blocks[:n]
			m, err := before.Model()
			if err != nil {
				t.Fatal(err)
			}
			w, err := ledger.OpenWriter(folder(t), options(h))
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			for _, b := range before.Blocks {
				if err := w.Append(b); err != nil {
					t.Fatal(err)
				}
			}
			good := *h.Blocks[n]
			bad := good
			bad.Ins, bad.Outs = slices.Clone(good.Ins), slices.Clone(good.Outs)
			test.change(&bad)
			modelErr, err := m.Append(&bad), w.Append(&bad)
			if test.says == "" {
				if err != nil || modelErr != nil {
					t.Errorf("ledger: %v, model: %v", err, modelErr)
				}
				return
			}
			if goshawk.CodeOf(err) != goshawk.Corrupt || !strings.Contains(err.Error(), test.says) || goshawk.HintOf(err) == "" {
				t.Errorf("%s: %v", goshawk.CodeOf(err), err)
			}
			if modelErr == nil && !strings.Contains(test.says, "counted") { // the model counts in 256 bits
				t.Error("the model takes it")
			}
			if err := w.Append(&good); err != nil {
				t.Errorf("the good block in its place: %v", err)
			}
		})
	}
}

// built makes a ledger of a script whose blocks and outside coins were changed.
func built(t *testing.T, script string, change func(blocks []*goshawk.Block), edit func(row []byte)) (disk.FS, *ledgertest.History) {
	t.Helper()
	h := ledgertest.MustChain(script)
	change(h.Blocks)
	fsys := folder(t)
	w, err := ledger.OpenWriter(fsys, options(h))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range h.Blocks {
		if err := w.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	ledger.EditOutside(w, edit)
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return fsys, h
}

// A check finds what no chain can hold, in ledgers whatever program wrote them.
func TestCheckFindsWhatNoChainHolds(t *testing.T) {
	none := func([]*goshawk.Block) {}
	leave := func([]byte) {}
	const late = "start 800000\ntx a: before alice 5 799999, before bob 2 799998 -> carol 7\nblock\ntx b: before dave 1 799999 -> erin 1"
	again := func(blocks []*goshawk.Block) { blocks[1].Ins[0].Prev = blocks[0].Ins[1].Prev }
	for _, test := range []struct {
		name, script string
		change       func(blocks []*goshawk.Block)
		edit         func(row []byte)
		says         string
	}{
		{"a late chain", late, none, leave, ""},
		{"one coin twice", late, again, leave, "is spent twice"},
		{"a coin from after the start", late, none, func(row []byte) { binary.LittleEndian.PutUint32(row[36:], 800_000) }, "says that it is of height 800000"},
		{"single blocks", "partial\nblock 300\ntx a: unresolved alice, unresolved -> carol 7", none, leave, ""},
		{"more paid than held", "partial\nblock 300\ntx a: unresolved alice, unresolved bob -> carol 7", none, func(row []byte) { row[40] = 1 }, "pays 700000000 units, and its inputs hold 0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			fsys, h := built(t, test.script, test.change, test.edit)
			r := check(t, fsys, h)
			if test.says == "" {
				for _, f := range r.Faults {
					t.Error(f)
				}
				return
			}
			if len(r.Faults) == 0 || !strings.Contains(r.Faults[0].String(), test.says) {
				t.Errorf("faults %v", r.Faults)
			}
		})
	}
}

// A transaction that pays more than its inputs hold has no fee, least of all the highest.
func TestNoFeeBelowZero(t *testing.T) {
	fsys, h := built(t, "partial\nblock 300\ntx a: before alice 5 -> bob 4\ntx b: unresolved alice -> carol 7", func([]*goshawk.Block) {}, func(row []byte) { row[40] = 1 })
	r := open(t, fsys, h.Codec)
	found, err := r.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{h.Tx("a")}})
	if err != nil {
		t.Fatal(err)
	}
	if best, fee, err := r.HighestFee(); err != nil || best != found.Transactions[0] || fee != 1_0000_0000 {
		t.Errorf("transaction %d paid %d, %v", best, fee, err)
	}
}

// However few coins are compared at a time, each that is spent twice is found once.
func TestCheckComparesPieceByPiece(t *testing.T) {
	var script strings.Builder
	script.WriteString("start 800000\n")
	for i := range 60 {
		fmt.Fprintf(&script, "tx t%d: before alice 5 7, before bob 2 8, before carol 2 9 -> dave 9\n", i)
	}
	fsys, h := built(t, script.String(), func(blocks []*goshawk.Block) {
		ins := blocks[0].Ins
		for i := 0; i < 90; i += 9 {
			ins[90+i].Prev = ins[i].Prev
		}
		ins[172].Prev = ins[0].Prev // a third time
	}, func([]byte) {})
	r := open(t, fsys, h.Codec)
	for _, piece := range []uint64{1, 7, 64, 1000} {
		faults, err := ledger.CheckOutside(t.Context(), r, piece)
		if err != nil || len(faults) != 11 {
			t.Errorf("pieces of %d: %d faults, %v", piece, len(faults), err)
		}
	}
}
