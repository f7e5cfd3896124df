package ingest_test

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/fixture"
)

// spentCoin is a coin as an undo record holds it.
type spentCoin struct {
	value    uint64
	script   []byte
	height   int32
	coinbase bool
}

// undoRecord writes the undo data of a block as Bitcoin Core does (CBlockUndo):
// the coins of each transaction but the coinbase, amounts compressed
// (compressor.cpp), scripts whole.
func undoRecord(txs [][]spentCoin) []byte {
	b := appendCompact(nil, len(txs))
	for _, coins := range txs {
		b = appendCompact(b, len(coins))
		for _, c := range coins {
			code := uint64(c.height) * 2
			if c.coinbase {
				code++
			}
			b = appendVarInt(b, code)
			if c.height > 0 {
				b = append(b, 0)
			}
			b = appendVarInt(b, compressed(c.value))
			b = append(appendVarInt(b, uint64(len(c.script)+6)), c.script...)
		}
	}
	return b
}

func appendCompact(b []byte, n int) []byte {
	if n < 0xfd {
		return append(b, byte(n))
	}
	return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
}

// appendVarInt writes Bitcoin Core's VARINT: base 128, highest digits first,
// each but the last one less than its digit and marked by the high bit.
func appendVarInt(b []byte, n uint64) []byte {
	var digits []byte
	for {
		digit := byte(n & 0x7f)
		if len(digits) > 0 {
			digit |= 0x80
		}
		digits = append(digits, digit)
		if n <= 0x7f {
			break
		}
		n = n>>7 - 1
	}
	slices.Reverse(digits)
	return append(b, digits...)
}

func compressed(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	e := uint64(0)
	for n%10 == 0 && e < 9 {
		n /= 10
		e++
	}
	if e < 9 {
		d := n % 10
		return 1 + (n/10*9+d-1)*10 + e
	}
	return 1 + (n-1)*10 + 9
}

// undoFrame adds magic, size and checksum.
func undoFrame(p *bitcoin.Params, parent goshawk.Hash, record []byte) []byte {
	b := append([]byte(nil), p.Magic[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(record)))
	sum := bitcoin.UndoChecksum(parent, record)
	return append(append(b, record...), sum[:]...)
}

// undo returns the framed undo record of a block of the chain.
func (c *testChain) undo(height int) []byte {
	c.t.Helper()
	coins := map[goshawk.Outpoint]spentCoin{}
	for _, coin := range c.coins {
		coins[coin.outpoint] = spentCoin{value: coin.output.Value, script: coin.output.Script, height: coin.height}
	}
	var block goshawk.Block
	if err := bitcoin.NewDecoder(c.params).Block(c.blocks[height], &block); err != nil {
		c.t.Fatal(err)
	}
	var txs [][]spentCoin
	for i := 1; i < len(block.Txs); i++ {
		var spent []spentCoin
		for _, in := range block.TxInputs(i) {
			coin, ok := coins[in.Prev]
			if !ok {
				c.t.Fatalf("block %d spends an unknown coin", height)
			}
			spent = append(spent, coin)
		}
		txs = append(txs, spent)
	}
	return undoFrame(c.params, c.hashes[height-1], undoRecord(txs))
}

// checkCoins compares what the ledger was told of spent coins with the chain.
func checkCoins(t *testing.T, c *testChain, to *recorder) {
	t.Helper()
	coins := map[goshawk.Outpoint]testCoin{}
	for _, coin := range c.coins {
		coins[coin.outpoint] = coin
	}
	for b := range to.blocks {
		block := &to.blocks[b]
		for _, in := range block.Ins {
			coin, ok := coins[in.Prev]
			kind, key, _, _ := bitcoin.Classify(coin.output.Script, nil)
			if !ok || in.Known != goshawk.CoinKnown || in.Value != coin.output.Value || in.Height != coin.height || in.Kind != kind ||
				string(block.Keys[in.KeyStart:in.KeyEnd]) != string(key) {
				t.Fatalf("height %d: input %+v of coin %+v", block.Height, in, coin)
			}
		}
	}
}

func TestLateLedgerTakesCoinsFromUndoFiles(t *testing.T) {
	c := newChain(t).grow(80, "a")
	stale := c.fork(70).grow(5, "b")
	random := rand.New(rand.NewPCG(1, 2))
	undoFile := func(from, end int, extra ...[]byte) []byte {
		var records [][]byte
		for h := max(from, 2); h < end; h++ {
			records = append(records, c.undo(h))
		}
		records = append(records, extra...)
		random.Shuffle(len(records), func(i, k int) { records[i], records[k] = records[k], records[i] })
		return join(append(records, make([]byte, 500))...)
	}
	var staleRecords [][]byte
	for h := 70; h < 75; h++ {
		staleRecords = append(staleRecords, stale.undo(h))
	}
	files := map[string][]byte{
		"b/blk00000.dat": c.file(0, 40), "b/rev00000.dat": undoFile(0, 40),
		"b/blk00001.dat": join(stale.file(70, 75), c.file(40, 81)), "b/rev00001.dat": undoFile(40, 81, staleRecords...),
	}
	pruned := map[string][]byte{"b/blk00001.dat": files["b/blk00001.dat"], "b/rev00001.dat": files["b/rev00001.dat"]}
	tests := []struct {
		name  string
		files map[string][]byte
		from  int32
	}{{"whole folder", files, 30}, {"from the second block", files, 1}, {"pruned folder", pruned, 40}, {"pruned folder, later", pruned, 55}}
	for _, test := range tests {
		for _, mask := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/masked %v", test.name, mask), func(t *testing.T) {
				copied := map[string][]byte{}
				for name, data := range test.files {
					copied[name] = data
				}
				if mask {
					obfuscate(copied, "b", [8]byte{0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4})
				}
				to := &recorder{t: t}
				summary, err := ingest.FromFiles(t.Context(), to, newMemory(copied), []string{"b"}, ingest.Options{Params: c.params, FromHeight: test.from})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(to.hashes(), c.hashes[test.from:]) || to.blocks[0].Height != test.from || len(summary.Warnings) != 0 || summary.Unconnected != 0 {
					t.Errorf("summary is %+v", summary)
				}
				checkCoins(t, c, to)
				// A late ledger goes on without being told that it is one.
				again, err := ingest.FromFiles(t.Context(), to, newMemory(copied), []string{"b"}, ingest.Options{Params: c.params})
				if err != nil || again.Blocks != 0 || again.Unconnected != 0 || len(again.Warnings) != 0 {
					t.Errorf("the second time: %+v, %v", again, err)
				}
			})
		}
	}
}

func TestLateLedgerResumes(t *testing.T) {
	c := newChain(t).grow(30, "a")
	records := func(from, end int) (b []byte) {
		for h := from; h < end; h++ {
			b = append(b, c.undo(h)...)
		}
		return b
	}
	disk := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 20), "b/rev00000.dat": records(2, 20)})
	to := &recorder{t: t}
	if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: 10}); err != nil {
		t.Fatal(err)
	}
	disk.write("b/blk00000.dat", c.file(0, 31))
	disk.write("b/rev00000.dat", records(2, 31))
	if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(to.hashes(), c.hashes[10:]) {
		t.Error("another chain")
	}
	checkCoins(t, c, to)
}

// A node connects blocks, and writes their undo data, some time after it has
// stored them: a follower waits.
func TestLateFollowerWaitsForUndoData(t *testing.T) {
	c := newChain(t).grow(30, "a")
	records := func(end int) (b []byte) {
		for h := 2; h < end; h++ {
			b = append(b, c.undo(h)...)
		}
		return b
	}
	disk := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 31), "b/rev00000.dat": records(20)})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	to := &recorder{t: t}
	var got []int
	summary, err := ingest.FromFiles(ctx, to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: 10, Follow: true, Poll: time.Millisecond, Progress: func(p ingest.Progress) {
		if p.Stage != ingest.CaughtUp {
			return
		}
		got = append(got, len(to.blocks))
		switch len(got) {
		case 3:
			disk.write("b/rev00000.dat", records(25))
		case 5:
			disk.write("b/rev00000.dat", records(31))
		case 7:
			cancel()
		}
	}})
	if goshawk.CodeOf(err) != goshawk.Interrupted || !slices.Equal(got, []int{10, 10, 10, 15, 15, 21, 21}) || len(summary.Warnings) != 2 {
		t.Errorf("%v, %v, %+v", err, got, summary)
	}
	checkCoins(t, c, to)
}

// frames returns the framed undo records of the chain's blocks from 2 up to end.
func (c *testChain) frames(end int) (records [][]byte) {
	for h := 2; h < end; h++ {
		records = append(records, c.undo(h))
	}
	return records
}

// A damaged undo record is told from one that is not there, with its file and byte.
func TestDamagedUndoRecordNamesItsBlock(t *testing.T) {
	c := newChain(t).grow(20, "a")
	stale := c.fork(15).grow(2, "b")
	const height, from = 15, 5
	var at int64 // of the record's frame
	for _, record := range c.frames(height) {
		at += int64(len(record))
	}
	// coins writes the record of the block once more, otherwise and with the right checksum.
	coins := func(change func(*spentCoin)) []byte {
		coin := c.coins[2*height-4]
		spent := spentCoin{value: coin.output.Value, script: coin.output.Script, height: coin.height}
		change(&spent)
		return undoFrame(c.params, c.hashes[height-1], undoRecord([][]spentCoin{{spent}}))
	}
	if string(coins(func(*spentCoin) {})) != string(c.undo(height)) {
		t.Fatal("the block spends another coin")
	}
	flip := func(at int) func([][]byte) {
		return func(records [][]byte) { records[height-2][at] ^= 1 }
	}
	replace := func(record []byte) func([][]byte) {
		return func(records [][]byte) { records[height-2] = record }
	}
	const checksum = "the checksum of the undo data there is that of no block"
	for _, test := range []struct {
		name   string
		change func(records [][]byte)
		fork   bool // a stale block lies beside the block: the record may be its
		code   goshawk.Code
		says   string
		offset int64 // from the frame's own
	}{
		{"a bit of the data", flip(20), false, goshawk.Corrupt, checksum, 8},
		{"a bit of the checksum", flip(len(c.undo(height)) - 1), false, goshawk.Corrupt, checksum, 8},
		{"a bit of the magic", flip(2), false, goshawk.Corrupt, checksum, 0},
		{"a size that swallows the next", flip(5), false, goshawk.Corrupt, checksum, 8},
		{"not there", replace(nil), false, goshawk.Unsupported, "is not in rev00000.dat", -1},
		{"zeros in its place", replace(make([]byte, 90)), false, goshawk.Unsupported, "is not in rev00000.dat", -1},
		{"a poor coin", replace(coins(func(c *spentCoin) { c.value = 1 })), false, goshawk.Corrupt, "worth less", 8},
		{"more than all coins", replace(coins(func(c *spentCoin) { c.value = 21_000_001_0000_0000 })), false, goshawk.Corrupt, "worth more than all coins", 8},
		{"from above", replace(coins(func(c *spentCoin) { c.height = 16 })), false, goshawk.Corrupt, "of height 16, above its spender", 8},
		{"a note", replace(coins(func(c *spentCoin) { c.script = []byte{0x6a, 1, 7} })), false, goshawk.Corrupt, "nobody can spend", 8},
		{"a script beyond 10,000 bytes", replace(coins(func(c *spentCoin) { c.script = make([]byte, 10_001) })), false, goshawk.Corrupt, "nobody can spend", 8},
		{"a stale block's in its place", replace(coins(func(c *spentCoin) { c.value = 1 })), true, goshawk.Unsupported, "is not in rev00000.dat", -1},
	} {
		t.Run(test.name, func(t *testing.T) {
			records := c.frames(21)
			test.change(records)
			blocks := c.file(0, 21)
			if test.fork {
				blocks = append(blocks, stale.file(15, 16)...)
			}
			to := &recorder{t: t}
			disk := newMemory(map[string][]byte{"b/blk00000.dat": blocks, "b/rev00000.dat": join(records...)})
			_, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: from})
			if goshawk.CodeOf(err) != test.code || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "height 15") || goshawk.HintOf(err) == "" {
				t.Errorf("%s: %v (hint: %s)", goshawk.CodeOf(err), err, goshawk.HintOf(err))
			}
			if where := fmt.Sprintf("rev00000.dat: byte %d:", at+test.offset); test.code == goshawk.Corrupt && !strings.Contains(fmt.Sprint(err), where) {
				t.Errorf("%v: not at %s", err, where)
			}
			if len(to.blocks) != height-from || to.committed != height-from {
				t.Errorf("%d blocks, %d committed", len(to.blocks), to.committed)
			}
		})
	}
}

// A follower waits for a record that the node is still writing, though it looks
// like damage, and does not wait for one that others follow.
func TestFollowerTellsDamageFromARecordUnderWay(t *testing.T) {
	c := newChain(t).grow(20, "a")
	for _, last := range []bool{true, false} {
		records := c.frames(21)
		if last {
			records = records[:14]
		}
		records[13] = append([]byte(nil), records[13]...)
		clear(records[13][len(records[13])-40:]) // of block 15: the end is not written yet
		disk := newMemory(map[string][]byte{"b/blk00000.dat": c.file(0, 21), "b/rev00000.dat": join(records...)})
		ctx, cancel := context.WithCancel(t.Context())
		to := &recorder{t: t}
		polls := 0
		_, err := ingest.FromFiles(ctx, to, disk, []string{"b"}, ingest.Options{Params: c.params, FromHeight: 5, Follow: true, Poll: time.Millisecond, Progress: func(p ingest.Progress) {
			if p.Stage != ingest.CaughtUp {
				return
			}
			if polls++; polls == 2 {
				cancel()
			}
		}})
		cancel()
		if want := map[bool]goshawk.Code{true: goshawk.Interrupted, false: goshawk.Corrupt}[last]; goshawk.CodeOf(err) != want || len(to.blocks) != 10 {
			t.Errorf("last %v: %v, %d blocks", last, err, len(to.blocks))
		}
	}
}

// Two real blocks with every coin that they spend: their fees are known.
func TestSpentOutputsOfRealBlocks(t *testing.T) {
	p := params(t, "bitcoin")
	for height, fee := range map[int32]int64{367891: 14001930, 866342: 5026183} {
		t.Run(fmt.Sprint(height), func(t *testing.T) {
			raw := fixture.Bytes(t, "bitcoin", "blocks", fmt.Sprintf("%d.blk", height))
			var rows [][4]any
			decoder := json.NewDecoder(strings.NewReader(string(gunzip(t, "bitcoin", "spent", fmt.Sprintf("%d.json.gz", height)))))
			decoder.UseNumber()
			if err := decoder.Decode(&rows); err != nil {
				t.Fatal(err)
			}
			var block goshawk.Block
			if err := bitcoin.NewDecoder(p).Block(raw, &block); err != nil {
				t.Fatal(err)
			}
			if len(rows) != len(block.Ins) {
				t.Fatalf("%d spent coins for %d inputs", len(rows), len(block.Ins))
			}
			var txs [][]spentCoin
			for i := 1; i < len(block.Txs); i++ {
				var coins []spentCoin
				for range block.TxInputs(i) {
					value, err := rows[0][0].(json.Number).Int64()
					if err != nil {
						t.Fatal(err)
					}
					script, err := hex.DecodeString(rows[0][1].(string))
					if err != nil {
						t.Fatal(err)
					}
					created, err := rows[0][2].(json.Number).Int64()
					if err != nil {
						t.Fatal(err)
					}
					coins = append(coins, spentCoin{uint64(value), script, int32(created), rows[0][3].(bool)})
					rows = rows[1:]
				}
				txs = append(txs, coins)
			}
			disk := newMemory(map[string][]byte{
				"b/blk02500.dat": p.AppendFramed(nil, raw),
				"b/rev02500.dat": undoFrame(p, block.Parent, undoRecord(txs)),
			})
			to := &recorder{t: t}
			if _, err := ingest.FromFiles(t.Context(), to, disk, []string{"b"}, ingest.Options{Params: p, FromHeight: height}); err != nil {
				t.Fatal(err)
			}
			var got int64
			for _, in := range to.blocks[0].Ins {
				got += int64(in.Value)
			}
			for i := range to.blocks[0].Txs[1:] {
				for _, out := range to.blocks[0].TxOutputs(i + 1) {
					got -= int64(out.Value)
				}
			}
			if got != fee || to.blocks[0].Height != height {
				t.Errorf("fees of %d at height %d, want %d", got, to.blocks[0].Height, fee)
			}
		})
	}
}
