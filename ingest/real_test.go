package ingest_test

import (
	"compress/bzip2"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/fixture"
)

func TestFirst600InBothOrders(t *testing.T) {
	low := fixture.Path(t, "bitcoin", "first600", "blk00000.dat")
	high := fixture.Path(t, "bitcoin", "first600", "blk00001.dat")
	for name, paths := range map[string][]string{"in order": {low, high}, "reversed": {high, low}, "folder": {filepath.Dir(low)}, "twice": {low, high, low}} {
		t.Run(name, func(t *testing.T) {
			to := &recorder{t: t}
			summary, err := ingest.FromFiles(t.Context(), to, ingest.OS(), paths, ingest.Options{Params: params(t, "bitcoin")})
			if err != nil {
				t.Fatal(err)
			}
			if summary.Blocks != 600 || summary.Transactions != 616 || summary.Height != 599 || len(summary.Warnings) != 0 || summary.Known != 0 {
				t.Errorf("summary is %+v", summary)
			}
			if resolved, missing := to.resolve(); resolved < 16 || missing != 0 {
				t.Errorf("%d inputs resolved, %d not", resolved, missing)
			}
			if to.committed != 600 {
				t.Errorf("%d blocks committed", to.committed)
			}

			again, err := ingest.FromFiles(t.Context(), to, ingest.OS(), paths, ingest.Options{Params: params(t, "bitcoin")})
			if err != nil {
				t.Fatal(err)
			}
			if again.Blocks != 0 || again.Known != 600 || again.KnownFrom != 0 || again.KnownTo != 599 || again.Height != 599 || to.commits != 1 {
				t.Errorf("the second time did something: %+v, %d commits", again, to.commits)
			}
		})
	}
}

func TestDamagedFileAfterTheFirst(t *testing.T) {
	low := fixture.Path(t, "bitcoin", "first600", "blk00000.dat")
	damaged := fixture.Path(t, "bitcoin", "corrupt", "incompleteblk.dat")
	check := func(t *testing.T, to *recorder, summary ingest.Summary, blocks int64) {
		if summary.Blocks != blocks || summary.Height != 599 || summary.Known != 1 || summary.KnownFrom != 598 || summary.KnownTo != 598 {
			t.Errorf("summary is %+v", summary)
		}
		if got := text(summary.Warnings); got != "[incompleteblk.dat: byte 70449: 1 stray byte between blocks skipped]" {
			t.Errorf("warnings are %s", got)
		}
		if to.blocks[598].Hash.String() != "0000000000d16752cf56ebae77a37a8fa1ac8e234336a41622c3b7924a07a644" {
			t.Errorf("block 598 is %s", to.blocks[598].Hash)
		}
	}
	t.Run("together", func(t *testing.T) {
		to := &recorder{t: t}
		summary, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{low, damaged}, ingest.Options{Params: params(t, "bitcoin")})
		if err != nil {
			t.Fatal(err)
		}
		check(t, to, summary, 600)
	})
	t.Run("one after the other", func(t *testing.T) {
		to := &recorder{t: t}
		opts := ingest.Options{Params: params(t, "bitcoin")}
		if _, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{low}, opts); err != nil {
			t.Fatal(err)
		}
		summary, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{damaged}, opts)
		if err != nil {
			t.Fatal(err)
		}
		check(t, to, summary, 300)
	})
	t.Run("alone", func(t *testing.T) {
		_, err := ingest.FromFiles(t.Context(), &recorder{t: t}, ingest.OS(), []string{damaged}, ingest.Options{Params: params(t, "bitcoin")})
		if goshawk.CodeOf(err) != goshawk.NotFound || !strings.Contains(goshawk.HintOf(err), "--partial") {
			t.Errorf("error %v with hint %q", err, goshawk.HintOf(err))
		}
	})
	t.Run("alone and partial", func(t *testing.T) {
		to := &recorder{t: t, partial: true}
		opts := ingest.Options{Params: params(t, "bitcoin"), Partial: true}
		summary, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{damaged}, opts)
		if err != nil {
			t.Fatal(err)
		}
		if summary.Blocks != 300 || summary.Height != -1 || summary.Known != 1 || summary.Stale != 0 {
			t.Errorf("summary is %+v", summary)
		}
		for i := range to.blocks {
			if i > 0 && to.blocks[i].Parent != to.blocks[i-1].Hash {
				t.Fatalf("block %d does not follow its parent", i)
			}
		}
		if summary, err = ingest.FromFiles(t.Context(), to, ingest.OS(), []string{damaged, low}, opts); err != nil {
			t.Fatal(err)
		}
		if summary.Blocks != 300 || to.blocks[300].Height != 0 || to.blocks[599].Height != 299 {
			t.Errorf("summary is %+v", summary)
		}
	})
}

func unzip(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(fixture.Path(t, "bitcoin", "reorg", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(bzip2.NewReader(f))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestForkFixturesEndOnTheRightBranch(t *testing.T) {
	main, a3, a4, a5 := unzip(t, "blk_0_to_4.dat.bz2"), unzip(t, "blk_3A.dat.bz2"), unzip(t, "blk_4A.dat.bz2"), unzip(t, "blk_5A.dat.bz2")
	const (
		tip4  = "000000002f264d6504013e73b9c913de9098d4d771c1bb219af475d2a01b128e"
		tip5A = "00000000195f85184e77c18914bd0febd11278d950f5e4731a38f71ed79f044e"
	)
	opts := ingest.Options{Params: params(t, "bitcoin")}

	t.Run("all at once, in any order", func(t *testing.T) {
		for _, file := range [][]byte{join(main, a3, a4, a5), join(a5, a4, a3, main), join(a3, main, a5, a4)} {
			to := &recorder{t: t}
			summary, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"b/blk00000.dat": file}), []string{"b"}, opts)
			if err != nil {
				t.Fatal(err)
			}
			if tip := to.blocks[len(to.blocks)-1]; tip.Hash.String() != tip5A || tip.Height != 5 || summary.Stale != 2 || summary.Reorganised != 0 {
				t.Errorf("tip %s, %+v", tip.Hash, summary)
			}
		}
	})
	t.Run("block by block", func(t *testing.T) {
		to := &recorder{t: t}
		files := newMemory(map[string][]byte{"b/blk00000.dat": main})
		steps := []struct {
			add                []byte
			tip                string
			blocks, undone     int64
			stale, unconnected int64
		}{
			{nil, tip4, 5, 0, 0, 0},
			{a3, tip4, 0, 0, 1, 0},
			{a4, tip4, 0, 0, 2, 0}, // as much work: the first seen stays
			{a5, tip5A, 3, 2, 2, 0},
			{nil, tip5A, 0, 0, 2, 0},
		}
		file := main
		for i, step := range steps {
			file = join(file, step.add)
			files.write("b/blk00000.dat", file)
			summary, err := ingest.FromFiles(t.Context(), to, files, []string{"b"}, opts)
			if err != nil {
				t.Fatal(err)
			}
			if to.blocks[len(to.blocks)-1].Hash.String() != step.tip || summary.Blocks != step.blocks || summary.Reorganised != step.undone ||
				summary.Stale != step.stale || summary.Unconnected != step.unconnected {
				t.Errorf("step %d: tip %s, %+v", i, to.blocks[len(to.blocks)-1].Hash, summary)
			}
		}
	})
	t.Run("deeper than the ledger keeps", func(t *testing.T) {
		to := &recorder{t: t, keep: 1}
		files := newMemory(map[string][]byte{"b/blk00000.dat": main})
		if _, err := ingest.FromFiles(t.Context(), to, files, []string{"b"}, opts); err != nil {
			t.Fatal(err)
		}
		files.write("b/blk00000.dat", join(main, a3, a4, a5))
		_, err := ingest.FromFiles(t.Context(), to, files, []string{"b"}, opts)
		if goshawk.CodeOf(err) != goshawk.Conflict || goshawk.HintOf(err) == "" || len(to.blocks) != 5 {
			t.Errorf("error %v, hint %q, %d blocks", err, goshawk.HintOf(err), len(to.blocks))
		}
	})
	t.Run("a winning branch that cannot be read leaves the ledger as it was", func(t *testing.T) {
		to := &recorder{t: t}
		files := newMemory(map[string][]byte{"b/blk00000.dat": main})
		if _, err := ingest.FromFiles(t.Context(), to, files, []string{"b"}, opts); err != nil {
			t.Fatal(err)
		}
		hurt := append([]byte(nil), a4...)
		hurt[len(hurt)-10] ^= 1
		files.write("b/blk00000.dat", join(main, a3, hurt, a5))
		_, err := ingest.FromFiles(t.Context(), to, files, []string{"b"}, opts)
		if goshawk.CodeOf(err) != goshawk.Corrupt || !strings.Contains(err.Error(), "blk00000.dat: byte 2645:") {
			t.Errorf("error %v", err)
		}
		if to.blocks[len(to.blocks)-1].Hash.String() != tip4 {
			t.Errorf("the ledger ends with %s", to.blocks[len(to.blocks)-1].Hash)
		}
	})
}

// The text fixture holds another set of forked blocks.
func TestForkDumpEndsOnTheRightBranch(t *testing.T) {
	dump := string(fixture.Bytes(t, "bitcoin", "reorg", "reorgtest.hex"))
	dump = regexp.MustCompile(`(?m)^(File path|Block).*$`).ReplaceAllString(dump, "")
	file, err := hex.DecodeString(strings.Join(strings.Fields(dump), ""))
	if err != nil {
		t.Fatal(err)
	}
	blocks := framed(t, file)
	to := &recorder{t: t}
	summary, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"b/blk00000.dat": file}), []string{"b"}, ingest.Options{Params: params(t, "bitcoin")})
	if err != nil {
		t.Fatal(err)
	}
	last, err := bitcoin.DecodeHeader(blocks[len(blocks)-1])
	if err != nil {
		t.Fatal(err)
	}
	if summary.Blocks != 6 || summary.Stale != 2 || to.blocks[5].Hash != last.Hash || len(summary.Warnings) != 0 {
		t.Errorf("summary is %+v", summary)
	}
}

func TestRawBlocksPartial(t *testing.T) {
	dir := fixture.Path(t, "bitcoin", "blocks")
	to := &recorder{t: t, partial: true}
	opts := ingest.Options{Params: params(t, "bitcoin"), Partial: true}
	summary, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{dir}, opts)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if int(summary.Blocks) != len(entries) || len(to.blocks) != len(entries) || len(summary.Warnings) != 0 {
		t.Errorf("summary is %+v", summary)
	}
	var heights []int32
	derived := 0
	for i := range to.blocks {
		heights = append(heights, to.blocks[i].Height)
		for _, in := range to.blocks[i].Ins {
			if in.Known == goshawk.KeyKnown {
				derived++
			}
		}
	}
	// 169482 was mined before blocks stated their heights, 227835 is the last
	// that did not have to: its child tells.
	if got := text(heights); got != "[-1 227835 227836 250000 277647 300025 330000 333961 363703 367891 370661 383616 413567 426884 437303 481815 482683 514485 629999 702861 866342]" {
		t.Errorf("heights are %s", got)
	}
	if derived == 0 {
		t.Error("no address was derived from a spending script")
	}
	again, err := ingest.FromFiles(t.Context(), to, ingest.OS(), []string{dir}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if again.Blocks != 0 || int(again.Known) != len(entries) || again.KnownFrom != 227835 || again.KnownTo != 866342 {
		t.Errorf("the second time did something: %+v", again)
	}
}
