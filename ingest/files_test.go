package ingest_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/ingest"
)

// obfuscate writes files as a node with xor.dat does.
func obfuscate(files map[string][]byte, dir string, key [8]byte) {
	for name, data := range files {
		masked := slices.Clone(data)
		for i := range masked {
			masked[i] ^= key[i%8]
		}
		files[name] = masked
	}
	files[dir+"/xor.dat"] = key[:]
}

// Whatever a node does to the order and framing of its blocks, the chain is the
// same: shuffled, repeated, padded, spread over files, obfuscated, with stray
// bytes between and a stale branch among them.
func TestLayoutDoesNotMatter(t *testing.T) {
	c := newChain(t).grow(60, "a")
	stale := c.fork(40).grow(10, "b")
	rapid.Check(t, func(rt *rapid.T) {
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		blocks := slices.Concat(c.blocks, stale.blocks[40:])
		for range rapid.IntRange(0, 10).Draw(rt, "repeats") {
			blocks = append(blocks, blocks[random.IntN(len(blocks))])
		}
		random.Shuffle(len(blocks), func(i, k int) { blocks[i], blocks[k] = blocks[k], blocks[i] })
		files := map[string][]byte{}
		count := rapid.IntRange(1, 5).Draw(rt, "files")
		stray := rapid.IntRange(0, 3).Draw(rt, "stray")
		warnings := 0
		for i := range count {
			var file []byte
			part := blocks[i*len(blocks)/count : (i+1)*len(blocks)/count]
			for k, b := range part {
				file = c.params.AppendFramed(file, b)
				if stray > 0 && k+1 < len(part) {
					stray--
					warnings++
					noise := make([]byte, 1+random.IntN(80))
					for i := range noise {
						noise[i] = byte(random.Uint32())
					}
					noise[0] = 0x11 // not the magic's first byte
					file = append(file, noise...)
				}
			}
			file = append(file, make([]byte, rapid.IntRange(0, 200).Draw(rt, "padding"))...)
			files[fmt.Sprintf("b/blk%05d.dat", i)] = file
		}
		if rapid.Bool().Draw(rt, "masked") {
			var key [8]byte
			for i := range key {
				key[i] = byte(random.Uint32())
			}
			obfuscate(files, "b", key)
		}
		disk := newMemory(files)
		disk.short = rapid.Bool().Draw(rt, "short reads")
		to := &recorder{t: t}
		opts := ingest.Options{Params: c.params, Decoders: rapid.IntRange(1, 3).Draw(rt, "decoders")}
		summary, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, opts)
		if err != nil {
			rt.Fatal(err)
		}
		if !slices.Equal(to.hashes(), c.hashes) {
			rt.Fatal("another chain")
		}
		if summary.Stale != 10 || summary.Known != int64(len(blocks)-71) || len(summary.Warnings) != warnings {
			rt.Fatalf("summary is %+v, want %d repeated and %d warnings", summary, len(blocks)-71, warnings)
		}
	})
}

// Killed after any commit, resumed with any part of the files there: the end is
// the same.
func TestResumesFromWhereverItWasKilled(t *testing.T) {
	c := newChain(t).grow(90, "a")
	disk := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 40), "b/blk00001.dat": c.file(40, 91)})
	for stop := range 91 {
		ctx, cancel := context.WithCancel(t.Context())
		to := &recorder{t: t}
		to.onAppend = func(*goshawk.Block) {
			if len(to.blocks) == stop+1 {
				cancel()
			}
		}
		_, err := ingest.FromFiles(ctx, to, disk, []string{"b"}, ingest.Options{Params: c.params})
		if stop < 90 && goshawk.CodeOf(err) != goshawk.Interrupted {
			t.Fatalf("stopped after block %d: %v", stop, err)
		}
		if len(to.blocks) != stop+1 {
			t.Errorf("stopped after block %d, but %d are there", stop, len(to.blocks))
		}
		to.onAppend = nil
		to.committed = stop * (stop % 5) / 5 // what an Appender that commits by itself may have kept
		to.restart()
		if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(to.hashes(), c.hashes) {
			t.Fatal("another chain")
		}
		cancel()
	}
}

func TestOlderFilesChangeNothing(t *testing.T) {
	c := newChain(t).grow(30, "a")
	to := &recorder{t: t}
	opts := ingest.Options{Params: c.params}
	for _, file := range [][]byte{c.file(0, 31), c.file(0, 10), c.file(5, 9), c.file(20, 31)} {
		summary, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"blk00003.dat": file}), []string{"blk00003.dat"}, opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(to.blocks) != 31 || summary.Reorganised != 0 {
			t.Errorf("summary is %+v", summary)
		}
	}
}

func TestDamagedFiles(t *testing.T) {
	c := newChain(t).grow(20, "a")
	whole := c.file(0, 21)
	at := func(n int) int { return len(c.file(0, n)) } // the offset of block n
	change := func(offset int, b ...byte) []byte {
		f := slices.Clone(whole)
		copy(f[offset:], b)
		return f
	}
	tests := []struct {
		name     string
		file     []byte
		blocks   int
		code     goshawk.Code
		says     string
		warnings string
	}{
		{"cut in a block", whole[:at(20)+100], 20, "", "", fmt.Sprintf("[blk00000.dat: byte %d: the file ends within a block of %d bytes: the block is left for later]", at(20), len(c.blocks[20]))},
		{"cut in a header", whole[:at(20)+30], 20, "", "", fmt.Sprintf("[blk00000.dat: byte %d: the file ends within a block's header: the block is left for later]", at(20))},
		{"cut in a magic", whole[:at(20)+3], 20, "", "", fmt.Sprintf("[blk00000.dat: byte %d: the file ends within a block's header: the block is left for later]", at(20))},
		{"newest block half written into padding", append(whole[:at(20)+150:at(20)+150], make([]byte, 5000)...), 20, "", "", "the chain ends before a block that the node has not finished"},
		{"newest block damaged, but not at the end", append(change(at(20)+8+100, whole[at(20)+8+100]^4), c.file(5, 6)...), 20, goshawk.Corrupt, fmt.Sprintf("byte %d: block %s at height 20", at(20), c.hashes[20]), "[]"},
		{"a bit of a transaction", change(at(10)+8+100, whole[at(10)+8+100]^4), 10, goshawk.Corrupt, fmt.Sprintf("blk00000.dat: byte %d: block %s at height 10", at(10), c.hashes[10]), "[]"},
		{"a header", change(at(10)+8+70, 0xff, 0xff, 0xff, 0xff, 0xff), 10, goshawk.Corrupt, fmt.Sprintf("blk00000.dat at byte %d", at(10)), "a block is unreadable"},
		{"a magic", change(at(10), 0), 10, goshawk.Corrupt, fmt.Sprintf("blk00000.dat at byte %d", at(10)), "stray bytes between blocks skipped"},
		{"a size too large by one", change(at(10)+4, whole[at(10)+4]+1), 21, "", "", "but another block begins after"},
		{"a size too small by one", change(at(10)+4, whole[at(10)+4]-1), 10, goshawk.Corrupt, fmt.Sprintf("byte %d", at(10)), "1 stray byte between"},
		{"a size of 4 GB", change(at(10)+4, 0xff, 0xff, 0xff, 0xff), 10, goshawk.Corrupt, fmt.Sprintf("byte %d", at(10)), "its size field is impossible"},
		{"a size of nothing", change(at(10)+4, 0, 0, 0, 0), 10, goshawk.Corrupt, fmt.Sprintf("byte %d", at(10)), "its size field is impossible"},
		{"a size beyond the end", change(at(10)+4, 0, 0, 1, 0), 21, "", "", "the size field says 65536 bytes, but another block begins after"},
		{"a hole of zeros", change(at(10), make([]byte, at(12)-at(10))...), 10, goshawk.Corrupt, fmt.Sprintf("byte %d", at(10)), "stray bytes"},
		{"noise before the first block", append([]byte("noise"), whole...), 21, "", "", "[blk00000.dat: byte 0: 5 stray bytes between blocks skipped]"},
		{"noise after the last block", append(slices.Clone(whole), "noise"...), 21, "", "", fmt.Sprintf("[blk00000.dat: byte %d: 5 stray bytes up to the file's end skipped]", at(21))},
	}
	for _, test := range tests {
		for _, short := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/short reads %v", test.name, short), func(t *testing.T) {
				to := &recorder{t: t}
				disk := newMemory(map[string][]byte{"b/blk00000.dat": test.file})
				disk.short = short
				summary, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params})
				if goshawk.CodeOf(err) != test.code {
					t.Fatalf("error %v", err)
				}
				if err != nil && (!strings.Contains(err.Error(), test.says) || goshawk.HintOf(err) == "") {
					t.Errorf("error %q does not say %q, or has no hint", err, test.says)
				}
				if len(to.blocks) != test.blocks || to.committed != test.blocks {
					t.Errorf("%d blocks, %d committed, want %d", len(to.blocks), to.committed, test.blocks)
				}
				if repeated := strings.Contains(test.name, "not at the end"); (summary.Known != 0) != repeated {
					t.Errorf("%d blocks known", summary.Known)
				}
				if got := text(summary.Warnings); !strings.Contains(got, test.warnings) {
					t.Errorf("warnings %s, want %s", got, test.warnings)
				}

				// With a whole copy of the blocks beside it nothing is lost.
				disk.write("b/blk00001.dat", whole)
				if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params}); err != nil {
					t.Error(err)
				}
				if !slices.Equal(to.hashes(), c.hashes) {
					t.Errorf("%d blocks after the repair", len(to.blocks))
				}
			})
		}
	}
}

func TestFailingReads(t *testing.T) {
	c := newChain(t).grow(40, "a")
	files := map[string][]byte{"b/blk00000.dat": c.file(0, 20), "b/blk00001.dat": c.file(20, 41)}
	obfuscate(files, "b", [8]byte{1, 2, 3, 4, 5, 6, 7, 8})
	for n := 0; ; n++ {
		disk := newMemory(files)
		reads := 0
		disk.fail = func(string, int64, int) error {
			disk.mutex.Lock()
			defer disk.mutex.Unlock()
			if reads++; reads > n {
				return syscall.EIO
			}
			return nil
		}
		to := &recorder{t: t}
		_, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params, Decoders: 1})
		if err == nil {
			if !slices.Equal(to.hashes(), c.hashes) || n < 40 {
				t.Fatalf("after %d reads %d blocks are there", n, len(to.blocks))
			}
			break
		}
		if goshawk.CodeOf(err) != goshawk.Unavailable || !errors.Is(err, syscall.EIO) || !strings.Contains(err.Error(), "b/") || goshawk.HintOf(err) == "" {
			t.Fatalf("read %d failed: %v (hint: %s)", n, err, goshawk.HintOf(err))
		}
		if to.committed != len(to.blocks) {
			t.Fatalf("read %d failed: %d of %d blocks committed", n, to.committed, len(to.blocks))
		}
		disk.fail = nil
		if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params}); err != nil || !slices.Equal(to.hashes(), c.hashes) {
			t.Fatalf("not resumed: %v", err)
		}
	}
}

func TestFailingLedger(t *testing.T) {
	c := newChain(t).grow(10, "a")
	full := goshawk.Errorf(goshawk.Unavailable, "the disk is full").WithHint("make room")
	to := &recorder{t: t}
	to.onAppend = func(*goshawk.Block) {
		if len(to.blocks) == 5 {
			to.appendErr = full
		}
	}
	summary, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 11)}), []string{"b"}, ingest.Options{Params: c.params})
	if !errors.Is(err, full) || summary.Blocks != 5 || to.committed != 5 {
		t.Errorf("%v, %+v, %d committed", err, summary, to.committed)
	}
}

func TestFilesFollow(t *testing.T) {
	c := newChain(t).grow(30, "a")
	other := c.fork(20).grow(20, "b")
	disk := newMemory(map[string][]byte{"b/blk00000.dat": append(c.file(0, 10), make([]byte, 1000)...)})
	full := c.file(0, 12)
	steps := []func(){
		func() { disk.write("b/blk00000.dat", full[:len(c.file(0, 11))+40]) }, // a header half written
		func() { disk.write("b/blk00000.dat", full[:len(c.file(0, 11))+50]) },
		func() {
			disk.write("b/blk00000.dat", append(slices.Clone(full[:len(c.file(0, 11))+50]), make([]byte, 1000)...))
		}, // into padding
		func() { disk.write("b/blk00000.dat", append(slices.Clone(full[:len(full)-50]), make([]byte, 900)...)) }, // a block half written
		func() { disk.write("b/blk00000.dat", append(slices.Clone(full[:len(full)-50]), make([]byte, 950)...)) },
		func() { disk.write("b/blk00000.dat", append(slices.Clone(full), make([]byte, 900)...)) },
		func() { disk.write("b/blk00000.dat", c.file(0, 25)) },
		func() { disk.write("b/blk00001.dat", c.file(25, 31)) },
		func() { disk.write("b/blk00001.dat", append(c.file(25, 31), other.file(20, 31)...)) }, // as much work
		func() { disk.write("b/blk00002.dat", other.file(31, 40)) },
	}
	want := []int{10, 11, 11, 11, 11, 11, 12, 25, 31, 31, 40}
	var got []int
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to := &recorder{t: t}
	summary, err := ingest.FromFiles(ctx, to, disk, []string{"b"}, ingest.Options{Params: c.params, Follow: true, Poll: time.Millisecond, Progress: func(p ingest.Progress) {
		if p.Stage != ingest.CaughtUp {
			return
		}
		if to.committed != len(to.blocks) {
			t.Error("caught up without a commit")
		}
		got = append(got, len(to.blocks))
		if len(got) > len(steps) {
			cancel()
		} else {
			steps[len(got)-1]()
		}
	}})
	if goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Fatalf("the follower ended with %v", err)
	}
	if !slices.Equal(got, want) || !slices.Equal(to.hashes(), other.hashes) || summary.Reorganised != 11 || len(summary.Warnings) != 2 {
		t.Errorf("heights %v, want %v; %+v", got, want, summary)
	}
}

func TestRefusals(t *testing.T) {
	c := newChain(t).grow(20, "a")
	regtest := params(t, "regtest")
	tests := []struct {
		name  string
		files map[string][]byte
		paths []string
		opts  ingest.Options
		code  goshawk.Code
		hint  string
	}{
		{"no such path", nil, []string{"nowhere"}, ingest.Options{Params: regtest}, goshawk.NotFound, "blocks folder"},
		{"no block files", map[string][]byte{"b/readme": nil}, []string{"b"}, ingest.Options{Params: regtest}, goshawk.NotFound, "blk00000.dat"},
		{"empty file", map[string][]byte{"b/blk00000.dat": nil}, []string{"b"}, ingest.Options{Params: regtest}, goshawk.NotFound, "blocks folder"},
		{"another network", map[string][]byte{"b/blk00000.dat": c.file(0, 5)}, []string{"b"}, ingest.Options{Params: params(t, "bitcoin")}, goshawk.Invalid, "--network regtest"},
		{"another masked network", masked(c.file(0, 5)), []string{"b"}, ingest.Options{Params: params(t, "signet")}, goshawk.Invalid, "--network regtest"},
		{"no genesis", map[string][]byte{"b/blk00007.dat": c.file(5, 9)}, []string{"b"}, ingest.Options{Params: regtest}, goshawk.NotFound, "--from-height"},
		{"start beyond the end", map[string][]byte{"b/blk00000.dat": c.file(0, 9)}, []string{"b"}, ingest.Options{Params: regtest, FromHeight: 9}, goshawk.Invalid, "--from-height"},
		{"start before the beginning", map[string][]byte{"b/blk00000.dat": c.file(5, 9)}, []string{"b"}, ingest.Options{Params: regtest, FromHeight: 3}, goshawk.Invalid, "--from-height 5"},
		{"no undo data", map[string][]byte{"b/blk00000.dat": c.file(0, 9)}, []string{"b"}, ingest.Options{Params: regtest, FromHeight: 3}, goshawk.Unsupported, "rev*.dat"},
		{"broken key", map[string][]byte{"b/blk00000.dat": c.file(0, 9), "b/xor.dat": {1, 2, 3}}, []string{"b"}, ingest.Options{Params: regtest}, goshawk.Corrupt, "xor.dat"},
		{"start and partial", nil, nil, ingest.Options{Params: regtest, FromHeight: 3, Partial: true}, goshawk.Invalid, "--partial"},
		{"negative start", nil, nil, ingest.Options{Params: regtest, FromHeight: -3}, goshawk.Invalid, "0"},
		{"no network", nil, nil, ingest.Options{}, goshawk.Invalid, "--network"},
		{"raw block that is too long", map[string][]byte{"x.blk": append(slices.Clone(c.blocks[3]), make([]byte, 5<<20)...)}, []string{"x.blk"}, ingest.Options{Params: regtest, Partial: true}, goshawk.Invalid, "one block"},
		{"raw block with bytes behind it", map[string][]byte{"x.blk": append(slices.Clone(c.blocks[3]), 0)}, []string{"x.blk"}, ingest.Options{Params: regtest, Partial: true}, goshawk.Corrupt, "copy"},
		{"no block at all", map[string][]byte{"x.txt": []byte("hello")}, []string{"x.txt"}, ingest.Options{Params: regtest, Partial: true}, goshawk.NotFound, "raw block files"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := &recorder{t: t}
			_, err := ingest.FromFiles(t.Context(), to, newMemory(test.files), test.paths, test.opts)
			if goshawk.CodeOf(err) != test.code || !strings.Contains(goshawk.HintOf(err), test.hint) {
				t.Errorf("%s: %v (hint: %s)", goshawk.CodeOf(err), err, goshawk.HintOf(err))
			}
			if len(to.blocks) > 0 && !strings.Contains(test.name, "undo") {
				t.Errorf("%d blocks were appended", len(to.blocks))
			}
		})
	}

}

// Blocks that may belong to the chain and connect to nothing fail the ingest,
// after everything that connects was committed. Stale forks do not.
func TestBlocksThatDoNotConnect(t *testing.T) {
	c := newChain(t).grow(20, "a")
	stale := c.fork(11).grow(6, "b")
	early := c.fork(3).grow(2, "e")
	records := func(from, end int) (b []byte) {
		for h := from; h < end; h++ {
			b = append(b, c.undo(h)...)
		}
		return b
	}
	tests := []struct {
		name               string
		file, undo         []byte
		from               int32
		height             int32
		says               string
		stale, unconnected int64
	}{
		{"a block is missing in the middle", join(c.file(0, 10), c.file(11, 21)), nil, 0, 9,
			fmt.Sprintf("10 blocks do not connect to the chain, the first of them %s in blk00000.dat at byte %d: its parent %s is missing; the ledger ends with block %s at height 9",
				c.hashes[11], len(c.file(0, 10)), c.hashes[10], c.hashes[9]), 0, 10},
		{"the last but one is missing", join(c.file(0, 19), c.file(20, 21)), nil, 0, 18, "1 block does not connect to the chain: " + c.hashes[20].String(), 0, 1},
		{"a stale fork without its first block", join(c.file(0, 21), stale.file(12, 17)), nil, 0, 20, "", 5, 0},
		{"a fork that reaches as high as the chain", join(c.file(0, 17), stale.file(12, 17)), nil, 0, 16, "", 5, 0},
		{"a fork that reaches higher", join(c.file(0, 16), stale.file(12, 17)), nil, 0, 15, "the first of them " + stale.hashes[12].String(), 0, 5},
		{"below a late start", join(early.file(4, 5), c.file(6, 21)), records(6, 21), 8, 20, "", 0, 0},
		{"both", join(c.file(0, 15), stale.file(13, 14), c.file(18, 21)), nil, 0, 14, "3 blocks do not", 1, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			to := &recorder{t: t}
			disk := newMemory(map[string][]byte{"b/blk00000.dat": test.file, "b/rev00000.dat": test.undo})
			for _, again := range []bool{false, true} {
				summary, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: test.from})
				if test.says == "" && err != nil || test.says != "" && (goshawk.CodeOf(err) != goshawk.NotFound || !strings.Contains(err.Error(), test.says) || !strings.Contains(goshawk.HintOf(err), "between")) {
					t.Errorf("%v, want %q", err, test.says)
				}
				if summary.Stale != test.stale || summary.Unconnected != test.unconnected || summary.Height != test.height || len(summary.Warnings) != 0 {
					t.Errorf("%+v", summary)
				}
				if to.committed != int(test.height-test.from)+1 || again && summary.Blocks != 0 {
					t.Errorf("%d blocks are committed, %d of them now", to.committed, summary.Blocks)
				}
			}
			disk.write("b/blk00000.dat", join(test.file, c.file(0, 21)))
			disk.write("b/rev00000.dat", records(2, 21))
			if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params}); err != nil || !slices.Equal(to.hashes(), c.hashes[test.from:]) {
				t.Errorf("with the missing blocks: %v", err)
			}
		})
	}
}

// A ledger that starts between two coinbases of one id says so.
func TestStartBetweenOverwrittenCoinbases(t *testing.T) {
	c := newChain(t).grow(12, "a")
	c.params.Overwritten = [][2]int32{{3, 9}, {5, 7}}
	disk := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 13), "b/rev00000.dat": nil})
	var records []byte
	for h := 2; h < 13; h++ {
		records = append(records, c.undo(h)...)
	}
	disk.write("b/rev00000.dat", records)
	for from, want := range map[int32]int{0: 0, 3: 0, 4: 1, 5: 1, 6: 2, 7: 2, 8: 1, 9: 1, 10: 0} {
		to := &recorder{t: t}
		summary, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: from})
		if err != nil || len(summary.Warnings) != want {
			t.Errorf("from %d: %v, %v", from, err, summary.Warnings)
		}
		if from == 8 && summary.Warnings[0].Message != "the coinbase of block 9 has the transaction id of that of block 3, and overwrote it; a ledger that starts between them holds the later one only, and cannot tell that there were two" {
			t.Error(summary.Warnings)
		}
		again, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params})
		if err != nil || len(again.Warnings) != 0 {
			t.Errorf("from %d, again: %v, %v", from, err, again.Warnings)
		}
	}
	if got := params(t, "bitcoin").Overwritten; !slices.Equal(got, [][2]int32{{91722, 91880}, {91812, 91842}}) {
		t.Error(got)
	}
}

// A block that the ledger refuses is named by its file and byte.
func TestRefusedBlockIsLocated(t *testing.T) {
	c := newChain(t).grow(10, "a")
	for name, opts := range map[string]ingest.Options{"whole chain": {Params: c.params}, "single blocks": {Params: c.params, Partial: true}} {
		to := &recorder{t: t, partial: opts.Partial}
		to.onAppend = func(*goshawk.Block) {
			if len(to.blocks) == 6 {
				to.appendErr = goshawk.Errorf(goshawk.Corrupt, "it spends what nobody can spend").WithHint("ask another node")
			}
		}
		_, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"b/blk00007.dat": c.file(0, 11)}), []string{"b"}, opts)
		want := fmt.Sprintf("blk00007.dat: byte %d: it spends what nobody can spend", len(c.file(0, 6)))
		if goshawk.CodeOf(err) != goshawk.Corrupt || err.Error() != want || goshawk.HintOf(err) != "ask another node" || to.committed != 6 {
			t.Errorf("%s: %v (hint: %s), %d committed", name, err, goshawk.HintOf(err), to.committed)
		}
	}
}

// An undecodable single block has a place, and no height that nobody knows.
func TestUndecodableSingleBlock(t *testing.T) {
	c := newChain(t).grow(10, "a")
	hurt := slices.Clone(c.blocks[7])
	hurt[len(hurt)-20] ^= 1
	files := map[string][]byte{"seven.blk": hurt, "blk00000.dat": join(c.file(3, 4), c.params.AppendFramed(nil, hurt))}
	for name, offset := range map[string]int{"seven.blk": 0, "blk00000.dat": len(c.file(3, 4))} {
		_, err := ingest.FromFiles(t.Context(), &recorder{t: t, partial: true}, newMemory(files), []string{name}, ingest.Options{Params: c.params, Partial: true})
		want := fmt.Sprintf("%s: byte %d: block %s: ", name, offset, c.hashes[7])
		if goshawk.CodeOf(err) != goshawk.Corrupt || !strings.HasPrefix(err.Error(), want) || goshawk.HintOf(err) == "" {
			t.Errorf("%v, want %s…", err, want)
		}
	}
}

// In which order single blocks are named does not matter, also where branches
// have as much work; those that the ledger holds already stay.
func TestPartialInAnyOrder(t *testing.T) {
	base := newChain(t).grow(12, "a")
	x, y := base.fork(9).grow(2, "x"), base.fork(9).grow(2, "y")
	files := map[string][]byte{"x": x.file(9, 11), "y": y.file(9, 11), "base": base.file(6, 9), "early": base.file(2, 4), "alone": base.blocks[12]}
	opts := ingest.Options{Params: base.params, Partial: true}
	paths := []string{"alone", "base", "early", "x", "y"}
	var want []goshawk.Hash
	rapid.Check(t, func(rt *rapid.T) {
		to := &recorder{t: t, partial: true}
		summary, err := ingest.FromFiles(t.Context(), to, newMemory(files), rapid.Permutation(paths).Draw(rt, "paths"), opts)
		if err != nil || summary.Blocks != 8 || summary.Stale != 2 {
			rt.Fatalf("%v, %+v", err, summary)
		}
		if want == nil {
			want = to.hashes()
		}
		if !slices.Equal(to.hashes(), want) {
			rt.Fatal("another ledger")
		}
	})
	for _, branch := range []string{"x", "y"} {
		to := &recorder{t: t, partial: true}
		for _, paths := range [][]string{{"base", branch}, paths} {
			if _, err := ingest.FromFiles(t.Context(), to, newMemory(files), paths, opts); err != nil {
				t.Fatal(err)
			}
		}
		if len(to.blocks) != 8 {
			t.Errorf("with %s there first: %d blocks", branch, len(to.blocks))
		}
	}
}

func masked(file []byte) map[string][]byte {
	files := map[string][]byte{"b/blk00000.dat": file}
	obfuscate(files, "b", [8]byte{9, 8, 7, 6, 5, 4, 3, 2})
	return files
}

// Raw blocks and single block files need no folder, and connect by their hashes.
func TestRawBlocksThatConnect(t *testing.T) {
	c := newChain(t).grow(6, "a")
	files := map[string][]byte{"some.dat": c.file(0, 4), "four": c.blocks[4], "blocks/five.blk": c.blocks[5], "blocks/six.blk": c.blocks[6]}
	to := &recorder{t: t}
	summary, err := ingest.FromFiles(t.Context(), to, newMemory(files), []string{"blocks", "four", "some.dat"}, ingest.Options{Params: c.params})
	if err != nil || !slices.Equal(to.hashes(), c.hashes) || len(summary.Warnings) != 0 {
		t.Errorf("%v, %+v", err, summary)
	}
}

func TestPartialKeepsChainOrderAndLeavesStaleBlocksOut(t *testing.T) {
	c := newChain(t).grow(30, "a")
	stale := c.fork(20).grow(4, "b")
	disk := newMemory(map[string][]byte{"b/blk00000.dat": join(c.file(25, 31), stale.file(20, 24), c.file(10, 25))})
	to := &recorder{t: t, partial: true}
	opts := ingest.Options{Params: c.params, Partial: true}
	summary, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, opts)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), c.hashes[10:]) || summary.Stale != 4 || to.blocks[0].Height != 10 {
		t.Errorf("summary is %+v", summary)
	}
	// A single later block whose parent the ledger holds.
	c.grow(1, "a")
	disk.write("next.blk", c.blocks[31])
	if summary, err = ingest.FromFiles(t.Context(), to, disk, []string{"next.blk", "b"}, opts); err != nil || summary.Blocks != 1 || to.blocks[21].Height != 31 || summary.Known != 21 {
		t.Errorf("%v, %+v", err, summary)
	}
}

// A hostile file may hold any number of faults: memory for their warnings is bounded.
func TestWarningsAreBounded(t *testing.T) {
	c := newChain(t)
	file := c.file(0, 1)
	for range 5000 {
		file = append(append(file, 1), c.params.Magic[:]...)
		file = append(file, make([]byte, 90)...)
	}
	calls := 0
	summary, err := ingest.FromFiles(t.Context(), &recorder{t: t}, newMemory(map[string][]byte{"b/blk00000.dat": file}), []string{"b"},
		ingest.Options{Params: c.params, Warn: func(ingest.Warning) { calls++ }})
	if err != nil || len(summary.Warnings) > 1000 || int64(len(summary.Warnings))+summary.MoreWarnings < 1 || calls != len(summary.Warnings) {
		t.Errorf("%v, %d warnings, %d more, %d calls", err, len(summary.Warnings), summary.MoreWarnings, calls)
	}
}

// Of branches with as much work the first seen stays, also where its beginning
// was seen last.
func TestFirstSeenOfEqualsWins(t *testing.T) {
	base := newChain(t).grow(3, "a")
	x, y := base.fork(4).grow(2, "x"), base.fork(4).grow(2, "y")
	tests := map[string]map[string][]byte{
		"in order":        {"b/blk00000.dat": join(base.file(0, 4), x.file(4, 6), y.file(4, 6))},
		"top first":       {"b/blk00000.dat": join(base.file(0, 4), x.file(5, 6), y.file(4, 6), x.file(4, 5))},
		"by file numbers": {"b/blk99999.dat": join(base.file(0, 4), x.file(4, 6)), "b/blk100000.dat": y.file(4, 6)},
	}
	for name, files := range tests {
		to := &recorder{t: t}
		if _, err := ingest.FromFiles(t.Context(), to, newMemory(files), []string{"b"}, ingest.Options{Params: base.params}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(to.hashes(), x.hashes) {
			t.Errorf("%s: the other branch won", name)
		}
	}
}

// A magic may lie across two of the stretches that are searched at a time.
func TestStrayBytesOfAnyLength(t *testing.T) {
	c := newChain(t).grow(2, "a")
	for n := 64<<10 - 8; n <= 64<<10+1; n++ {
		noise := make([]byte, n)
		for i := range noise {
			noise[i] = 0x11
		}
		to := &recorder{t: t}
		_, err := ingest.FromFiles(t.Context(), to, newMemory(map[string][]byte{"b/blk00000.dat": join(noise, c.file(0, 3))}), []string{"b"}, ingest.Options{Params: c.params})
		if err != nil || !slices.Equal(to.hashes(), c.hashes) {
			t.Errorf("%d stray bytes: %v, %d blocks", n, err, len(to.blocks))
		}
	}
}
