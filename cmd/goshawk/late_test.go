package main

import (
	"compress/gzip"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/disk"
	"goshawk/internal/fixture"
	"goshawk/ledger"
)

// TestLateStart: a laptop holds one block of a node's folder, and the coins that
// it spends from the folder's rev*.dat. The fees that its transactions show sum
// to what the block's miner took.
func TestLateStart(t *testing.T) {
	emptyHome(t)
	for height, want := range map[string]uint64{"367891": 14001930, "866342": 5026183} {
		t.Run(height, func(t *testing.T) {
			node, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
			writeLateNode(t, node, height)
			must(t, "ingest", "--ledger", dir, "--network", "bitcoin", "--from-height", height, "--quiet", node)
			block := fromJSON[struct {
				Transactions int
				Txs          []string
			}](t, must(t, "show", "--ledger", dir, "--format", "json", "--limit", "100000", height))
			if block.Transactions < 400 || len(block.Txs) != block.Transactions {
				t.Fatalf("%d of %d transactions", len(block.Txs), block.Transactions)
			}
			var sum uint64
			for _, tx := range block.Txs {
				shown := fromJSON[struct {
					Coinbase bool
					Fee      *string
				}](t, must(t, "show", "--ledger", dir, "--format", "json", "--change=false", tx))
				if shown.Coinbase {
					continue
				}
				if shown.Fee == nil {
					t.Fatalf("the fee of %s is not known", tx)
				}
				fee, err := strconv.ParseUint(*shown.Fee, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += fee
			}
			if sum != want {
				t.Errorf("fees of %d, not %d", sum, want)
			}
			if a := ask(t.Context(), "ingest", "--ledger", dir, "--quiet", node); a.code != exitDone {
				t.Errorf("repeated: exit code %d, %s", a.code, a.err)
			}
		})
	}
}

// TestLateLists: forms that have no place of their own for what they rest on say
// it on standard error, and tables in each row.
func TestLateLists(t *testing.T) {
	emptyHome(t)
	node, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	writeLateNode(t, node, "367891")
	must(t, "ingest", "--ledger", dir, "--network", "bitcoin", "--from-height", "367891", "--quiet", node)
	labels := filepath.Join(t.TempDir(), "labels.csv")
	if err := os.WriteFile(labels, []byte("address,label\n1BoatSLRHtKNngkdXEeobR76b53LETtpyT,Example\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"screen", "--labels", labels, "--format", "json"},
		{"screen", "--labels", labels, "--format", "csv"},
		{"pattern", "--kind", "deposit_address", "--format", "csv"},
	} {
		a := ask(t.Context(), append(args, "--ledger", dir)...)
		if a.code != exitDone || !strings.Contains(a.err, "Chain: bitcoin from block 367,891 up to block 367,891, 0000") || !strings.Contains(a.err, "\nwarning: the ledger begins at height 367891") {
			t.Errorf("%v: exit code %d, %s", args, a.code, a.err)
		}
	}
	table := must(t, "pattern", "--kind", "address_reuse", "--limit", "1", "--format", "csv", "--ledger", dir)
	if !strings.Contains(table, `,367891,false,"the ledger begins at height 367891`) {
		t.Errorf("the table says\n%s", table)
	}
}

// TestLateAnswers: what a ledger that starts late cannot know it does not state,
// and every answer says where the ledger begins.
func TestLateAnswers(t *testing.T) {
	emptyHome(t)
	node, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	writeLateNode(t, node, "367891")
	must(t, "ingest", "--ledger", dir, "--network", "bitcoin", "--from-height", "367891", "--quiet", node)
	type answer struct {
		Ledger struct {
			Start   int32
			Partial bool
		}
		Warnings          []string
		Txs               []string
		Received, Balance *string
		Inputs, Outputs   json.RawMessage
	}
	ask := func(args ...string) answer {
		a := fromJSON[answer](t, must(t, append(args, "--ledger", dir, "--format", "json")...))
		if a.Ledger.Start != 367891 || a.Ledger.Partial || len(a.Warnings) == 0 || !strings.Contains(a.Warnings[0], "begins at height 367891") {
			t.Errorf("%v: ledger %+v, warnings %q", args, a.Ledger, a.Warnings)
		}
		return a
	}
	block := ask("show", "367891", "--limit", "all")
	type coins []struct{ Address, Amount string }
	var spent, made string // an address that spends a coin from before, and one that only receives
	for _, tx := range block.Txs[1:] {
		a := ask("show", tx)
		if strings.Contains(string(a.Outputs), "fresh-address") || strings.Contains(string(a.Outputs), "one-time") {
			t.Errorf("%s has a hint that depends on what came before: %s", tx, a.Outputs)
		}
		in, out := fromJSON[coins](t, string(a.Inputs)), fromJSON[coins](t, string(a.Outputs))
		if spent == "" {
			spent, made = in[0].Address, out[0].Address
		}
		if in[0].Address != out[0].Address && spent != "" && made != "" && !strings.Contains(string(a.Inputs), made) {
			break
		}
	}
	for _, verb := range []string{"show", "cluster"} {
		if a := ask(verb, spent); a.Balance != nil {
			t.Errorf("%s %s: a balance of %s, and it spent coins from before the ledger", verb, spent, *a.Balance)
		}
		if text := must(t, verb, "--ledger", dir, spent); !strings.Contains(text, "Balance    an unknown amount") {
			t.Errorf("%s %s:\n%s", verb, spent, text)
		}
		if a := ask(verb, made); a.Balance == nil {
			t.Errorf("%s %s: no balance, and nothing from before was spent", verb, made)
		}
		text := must(t, verb, "--ledger", dir, made)
		if !strings.Contains(text, "since block 367,891") || !strings.Contains(text, "bitcoin from block 367,891 up to block 367,891") {
			t.Errorf("%s %s:\n%s", verb, made, text)
		}
	}
	a := ask("trace", "--address", made, "--method", "fifo")
	if !slices.ContainsFunc(a.Warnings, func(w string) bool { return strings.Contains(w, "what it received elsewhere is not followed") }) {
		t.Errorf("trace --address: %q", a.Warnings)
	}
	ask("trace", "--address", made, "--compare")
	ask("why", spent, made)
	ask("pattern", "--kind", "consolidation")
	ask("path", "--from", spent, "--to", made)
	check := fromJSON[answer](t, must(t, "check", "--ledger", dir, "--format", "json"))
	if check.Ledger.Start != 367891 {
		t.Errorf("check: %+v", check.Ledger)
	}
}

// TestNotInLateLedger: of what came before a ledger's first block, and between single
// blocks, nobody is told that it is not, but which blocks there are.
func TestNotInLateLedger(t *testing.T) {
	emptyHome(t)
	node, late, single := t.TempDir(), filepath.Join(t.TempDir(), "late"), filepath.Join(t.TempDir(), "single")
	writeLateNode(t, node, "367891")
	must(t, "ingest", "--ledger", late, "--network", "bitcoin", "--from-height", "367891", "--quiet", node)
	must(t, "ingest", "--ledger", single, "--network", "bitcoin", "--partial", "--quiet", fixture.Path(t, "bitcoin", "blocks", "367891.blk"))
	const before = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9:0" // the miner's coin of block 9
	from := onlySpends(t, late)
	for dir, holds := range map[string]string{late: "the ledger holds heights 367891 to 367891 of bitcoin", single: "the ledger holds 1 single block of bitcoin: at height 367891"} {
		for _, x := range []struct {
			what string
			args []string
		}{
			{"the ledger has no transaction", []string{"trace", "--from", before, "--method", "fifo"}},
			{"the ledger has no transaction", []string{"trace", "--from", before, "--compare"}},
			{"the ledger has no transaction", []string{"path", "--from", before, "--to", from}},
			{"no address of this ledger is labelled", []string{"path", "--from", from, "--to", "label:Nobody"}},
			{"the ledger has no transaction", []string{"pattern", "--kind", "peel_chain", "--from", before}},
			{"the ledger holds no blocks of this time", []string{"pattern", "--kind", "peel_chain", "--until", "2010-01-01"}},
			{"the ledger has no coin of address", []string{"trace", "--address", "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S", "--method", "fifo"}},
			{"received no coins in the blocks of this ledger, and may have received some in others", []string{"trace", "--address", from, "--method", "fifo"}},
			{"received no coins in this time in the blocks of this ledger, and may have", []string{"trace", "--address", from, "--method", "fifo", "--received-since", "2010-01-01"}},
		} {
			a := ask(t.Context(), append(x.args, "--ledger", dir)...)
			_, hint, _ := strings.Cut(a.err, "→")
			if a.code != exitFailed || !strings.Contains(a.err, x.what) || !strings.Contains(hint, holds) {
				t.Errorf("%v: exit code %d, %s", x.args, a.code, a.err)
			}
		}
	}
}

// TestFreshUnknown: a rule about first uses cannot be answered for by a ledger that
// does not know what came before, and says so, also where nothing is found.
func TestFreshUnknown(t *testing.T) {
	emptyHome(t)
	node, dir := t.TempDir(), filepath.Join(t.TempDir(), "ledger")
	writeLateNode(t, node, "367891")
	must(t, "ingest", "--ledger", dir, "--network", "bitcoin", "--from-height", "367891", "--quiet", node)
	const caution = "asks which addresses were never used before, and this ledger cannot tell"
	for change, warned := range map[string]bool{"fresh-address": true, "script-type | !(fresh-address & peel)": true, "script-type": false} {
		args := []string{"pattern", "--kind", "peel_chain", "--change", change, "--ledger", dir}
		for _, format := range []string{"text", "json", "csv"} {
			a := ask(t.Context(), append(args, "--format", format)...)
			said := strings.Join(strings.Fields(a.out+a.err), " ")
			if a.code != exitDone || strings.Contains(said, caution) != warned {
				t.Errorf("%s as %s: exit code %d\n%s", change, format, a.code, said)
			}
		}
		if text := must(t, args...); strings.Contains(text, "None found") && !strings.Contains(text, "None found in the blocks of this ledger.") {
			t.Errorf("%s:\n%s", change, text)
		}
	}
	if text := must(t, "pattern", "--kind", "consolidation", "--limit", "1", "--ledger", dir); strings.Contains(text, caution) {
		t.Errorf("consolidations know no first uses:\n%s", text)
	}
}

// TestBeforeFirstBlocks: while a first ingest has written nothing, and after it was
// cut short, a ledger is not said to be none, and a second writer is refused though
// it does not name the network.
func TestBeforeFirstBlocks(t *testing.T) {
	emptyHome(t)
	dir := t.TempDir()
	fsys, err := disk.Make(dir)
	if err != nil {
		t.Fatal(err)
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: "regtest", Codec: params})
	if err != nil {
		t.Fatal(err)
	}
	for _, writing := range []bool{true, false} {
		for _, verb := range [][]string{{"show", "5"}, {"check"}, {"trace", "--method", "fifo", "--address", "mxyaFTcXQrvURDKHCvXKG6TZVfYQHJgf7e"}} {
			a := ask(t.Context(), append(verb, "--ledger", dir)...)
			if a.code != exitFailed || !strings.Contains(a.err, "holds no blocks yet") || !strings.Contains(a.err, "if 'goshawk ingest' is at work there, wait") {
				t.Errorf("%q, writing %v: exit code %d, %s", verb, writing, a.code, a.err)
			}
		}
		code, says := exitUsage, "say which chain this is"
		if writing {
			code, says = exitFailed, "another program is writing the first blocks of this ledger"
		}
		if a := ask(t.Context(), "ingest", "--ledger", dir, "none.dat"); a.code != code || !strings.Contains(a.err, says) {
			t.Errorf("a second ingest, writing %v: exit code %d, %s", writing, a.code, a.err)
		}
		if writing {
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// onlySpends finds an address of a ledger's block that receives nothing there, known
// without the coin that it spends.
func onlySpends(t *testing.T, dir string) string {
	t.Helper()
	block := fromJSON[struct{ Txs []string }](t, must(t, "show", "--ledger", dir, "--format", "json", "--limit", "all", "367891"))
	for _, tx := range block.Txs[1:] {
		shown := fromJSON[struct{ Inputs []struct{ Address *string } }](t, must(t, "show", "--ledger", dir, "--format", "json", tx))
		for _, in := range shown.Inputs {
			if in.Address == nil || !strings.HasPrefix(*in.Address, "1") { // which its spending script names
				continue
			}
			if a := fromJSON[struct{ Outputs uint64 }](t, must(t, "show", "--ledger", dir, "--format", "json", *in.Address)); a.Outputs == 0 {
				return *in.Address
			}
		}
	}
	t.Fatal("every address of the block receives there")
	return ""
}

// writeLateNode writes one real block and the coins that it spends as a node's
// blocks folder holds them: blk*.dat and rev*.dat.
func writeLateNode(t *testing.T, folder, height string) {
	t.Helper()
	p, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	raw := fixture.Bytes(t, "bitcoin", "blocks", height+".blk")
	var block goshawk.Block
	if err := bitcoin.NewDecoder(p).Block(raw, &block); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(fixture.Path(t, "bitcoin", "spent", height+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() // read only
	text, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var spent [][4]json.RawMessage // value, script, height, coinbase?
	if err := json.NewDecoder(text).Decode(&spent); err != nil {
		t.Fatal(err)
	}
	record := appendCompact(nil, len(block.Txs)-1)
	for i := 1; i < len(block.Txs); i++ {
		coins := spent[:len(block.TxInputs(i))]
		spent = spent[len(coins):]
		record = appendCompact(record, len(coins))
		for _, c := range coins {
			record = appendSpent(t, record, c)
		}
	}
	if len(spent) > 0 {
		t.Fatalf("%d coins are left over", len(spent))
	}
	sum := bitcoin.UndoChecksum(block.Parent, record)
	undo := binary.LittleEndian.AppendUint32(slices.Clone(p.Magic[:]), uint32(len(record)))
	undo = append(append(undo, record...), sum[:]...)
	for name, data := range map[string][]byte{"blk00000.dat": p.AppendFramed(nil, raw), "rev00000.dat": undo} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// appendSpent writes a coin as Bitcoin Core's undo records do (undo.h,
// compressor.cpp), its script whole.
func appendSpent(t *testing.T, b []byte, coin [4]json.RawMessage) []byte {
	t.Helper()
	var value, height uint64
	var script string
	var coinbase bool
	for i, into := range []any{&value, &script, &height, &coinbase} {
		if err := json.Unmarshal(coin[i], into); err != nil {
			t.Fatal(err)
		}
	}
	code := 2 * height
	if coinbase {
		code++
	}
	if b = appendVarInt(b, code); height > 0 {
		b = append(b, 0)
	}
	bytes, err := hex.DecodeString(script)
	if err != nil {
		t.Fatal(err)
	}
	b = appendVarInt(b, compressed(value))
	return append(appendVarInt(b, uint64(len(bytes)+6)), bytes...)
}

func appendCompact(b []byte, n int) []byte {
	if n < 0xfd {
		return append(b, byte(n))
	}
	if n > 0xffff {
		panic(fmt.Sprint("too many: ", n))
	}
	return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
}

// appendVarInt writes Bitcoin Core's VARINT: base 128, highest digit first, and
// one less in each digit that another follows (serialize.h).
func appendVarInt(b []byte, n uint64) []byte {
	digits := []byte{byte(n & 0x7f)}
	for n > 0x7f {
		n = n>>7 - 1
		digits = append(digits, byte(n&0x7f)|0x80)
	}
	slices.Reverse(digits)
	return append(b, digits...)
}

// compressed is an amount as Bitcoin Core stores it (compressor.cpp).
func compressed(n uint64) uint64 {
	if n == 0 {
		return 0
	}
	zeros := uint64(0)
	for ; n%10 == 0 && zeros < 9; zeros++ {
		n /= 10
	}
	if zeros < 9 {
		return 1 + (n/10*9+n%10-1)*10 + zeros
	}
	return 1 + (n-1)*10 + 9
}
