package ledger

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"goshawk"
	"goshawk/internal/disk"
	"goshawk/ledger/ledgertest"
)

var update = flag.Bool("update", false, "write the example in docs/format/ledger.md again")

const (
	formatPage   = "../docs/format/ledger.md"
	exampleBegin = "<!-- example: written by go test ./ledger -run TestFormat -update -->\n```\n"
	exampleEnd   = "```\n<!-- end of example -->\n"
)

// TestFormat holds docs/format/ledger.md to the bytes: its example is a small
// ledger, dumped field by field.
func TestFormat(t *testing.T) {
	h := ledgertest.MustChain(`
tx mint: mint 50 -> alice 50
block
tx pay: mint:0 -> bob 30, alice/p2pk 10, carol/p2tr 9 fee 1
block
tx join: pay:0, pay:1 -> dave 39, data "note" fee 1
`)
	dir := t.TempDir()
	fsys, err := disk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	link := func(f Forest, b *goshawk.Transactions, row int) {
		f.Link(b.In(row)[1].Address, b.In(row)[0].Address, b.Rows[row].ID)
	}
	w, err := OpenWriter(fsys, Options{Network: "example", Codec: h.Codec, Join: link, Rule: "example/1", Reorg: 1})
	if err != nil {
		t.Fatal(err)
	}
	w.store.man.Secret = 1 // the only thing in a ledger that chance decides
	for _, b := range h.Blocks {
		if err := w.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.commit(len(w.marks)-1, true); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	dump(&out, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}

	page, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), exampleBegin)
	example, after, ok2 := strings.Cut(rest, exampleEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no example", formatPage)
	}
	if *update {
		if err := os.WriteFile(formatPage, []byte(before+exampleBegin+out.String()+exampleEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if example != out.String() {
		t.Errorf("the example in %s is not what the code writes; see its changes with -update", formatPage)
	}
}

// dump writes the files of a ledger field by field.
func dump(out *bytes.Buffer, w *Writer) {
	v := &w.v
	fields := map[column][]int{ // widths of a row's fields
		colBlock: {32, 32, 4, 4, 5, 5, 4}, colHash: {32}, colTx: {5, 5, 4, 4, 4, 1}, colInput: {5, 8, 5}, colSequence: {4},
		colOutput: {8, 5, 5}, colAddress: {1, 20}, colLink: {5, 5}, colOutside: {32, 4, 4, 1},
	}
	for c := range columns {
		col := &v.cols[c]
		fmt.Fprintf(out, "%s (%d bytes a row)\n", columnFile(c), col.width)
		if c == colBlob {
			fmt.Fprintf(out, "  %s\n", hex.EncodeToString(col.base.data))
			continue
		}
		for i := range col.n {
			fmt.Fprintf(out, "  %d:", i)
			row := col.at(i)
			for _, width := range fields[c] {
				fmt.Fprintf(out, " %s", hex.EncodeToString(row[:width]))
				row = row[width:]
			}
			fmt.Fprintln(out)
		}
	}
	for _, s := range w.store.txIndex {
		dumpSegment(out, s)
	}
	for _, s := range w.store.addr {
		dumpSegment(out, s)
	}
	for _, r := range w.store.history {
		fmt.Fprintf(out, "%s\n", r.file.name)
		dumpRun(out, r)
	}
	tail, err := openMapped(w.fsys, w.store.man.Tail.Name, w.store.man.Tail.Size)
	if err != nil {
		panic(err)
	}
	defer tail.close()
	m, err := parseImage(tail)
	if err != nil {
		panic(err)
	}
	names := append(append([]string{}, columnNames[:]...), "marks", "transaction index", "address index", "spends", "links", "history", "children")
	fmt.Fprintf(out, "%s\n", tail.name)
	for i, name := range names {
		at := 8 + 24*i
		fmt.Fprintf(out, "  %-17s at %4d, %4d bytes, %d entries\n", name, binary.LittleEndian.Uint64(tail.body.data[at:]), binary.LittleEndian.Uint64(tail.body.data[at+8:]), binary.LittleEndian.Uint64(tail.body.data[at+16:]))
	}
	m.spends.each(func(output, tx uint64) {
		fmt.Fprintf(out, "  output %d of the columns is spent by transaction %d\n", output, tx)
	})
	m.links.each(func(address, value uint64) {
		if address&linkTx == 0 {
			fmt.Fprintf(out, "  address %d of the columns is linked under address %d\n", address, value)
		}
	})
	fmt.Fprintf(out, "  history\n")
	dumpRun(out, m.history)
	fmt.Fprintf(out, "  children\n")
	dumpRun(out, m.children)
	manifest, err := w.store.man.encode()
	if err != nil {
		panic(err)
	}
	fmt.Fprintf(out, "manifest\n")
	for _, line := range strings.SplitAfter(string(manifest), "\n") {
		if line != "" {
			fmt.Fprintf(out, "  %s", line)
		}
	}
}

func dumpSegment(out *bytes.Buffer, s *segment) {
	fmt.Fprintf(out, "%s: %d entries, %d-bit directory\n", s.file.name, s.n(), s.bits)
	for c := (segmentCursor{s: s}); c.load(); c.i++ {
		fmt.Fprintf(out, "  %s  hash %09x…, id %d\n", hex.EncodeToString(s.entries.data[c.i*8:c.i*8+8]), c.prefix, s.at(c.i)&none40)
	}
}

func dumpRun(out *bytes.Buffer, r *run) {
	for k := (&runKeys{r: r}); k.load(); k.i++ {
		fmt.Fprintf(out, "  key %d:", k.key)
		for i := k.from; i < k.to; i++ {
			fmt.Fprintf(out, " %s", hex.EncodeToString(r.value.data[i*5:i*5+5]))
		}
		fmt.Fprintln(out)
	}
}
