package export_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
	"goshawk/ledger/export"
	"goshawk/ledger/ledgertest"
)

// pairs puts every two neighbouring addresses into a cluster.
type pairs struct{}

func (pairs) Root(a goshawk.AddressID) goshawk.AddressID { return a &^ 1 }
func (pairs) Rule() string                               { return "pairs/1" }

// TestEveryValue reads random histories back with another reader.
func TestEveryValue(t *testing.T) {
	seen := map[any]bool{}
	for seed := range uint64(12) {
		for _, shape := range []ledgertest.Shape{{}, {Partial: true}, {Start: 700_000}} {
			l := ledgertest.Random(seed, shape).Ledger()
			s := exported(t, l, pairs{})
			compare(t, s, l, pairs{})
			for _, r := range s.rows(t, "inputs") {
				seen[r["link"]] = true
				seen["created"] = seen["created"] || r["created_height"] != nil
				seen["no height"] = seen["no height"] || r["height"] == nil
			}
			for _, r := range s.rows(t, "outputs") {
				seen["by key"] = seen["by key"] || r["by_key"].(bool)
				seen["burnt"] = seen["burnt"] || r["burnt"].(bool)
			}
		}
	}
	for _, what := range []string{"linked", "before", "unresolved", "created", "no height", "by key", "burnt"} {
		if !seen[what] {
			t.Errorf("no history has %q", what)
		}
	}
}

// TestManyInputs asks for coins in pieces, whatever a transaction spends.
func TestManyInputs(t *testing.T) {
	pieces, most := 0, 0
	l := altered{Ledger: ledgertest.Random(1, ledgertest.Shape{Blocks: 40, Payments: 80, Addresses: 200}).Ledger(), outputs: func(ids []goshawk.OutputID) {
		pieces++
		most = max(most, len(ids))
	}}
	s := exported(t, l, nil)
	if pieces < 3 || most != 1024 {
		t.Errorf("coins are asked for in %d pieces of at most %d", pieces, most)
	}
	compare(t, s, l, nil)
}

// TestRealChain exports the first 600 blocks, and finds in the files what
// everybody knows of them.
func TestRealChain(t *testing.T) {
	var chain bytes.Buffer
	for _, name := range []string{"blk00000.dat", "blk00001.dat"} {
		chain.Write(fixture.Bytes(t, "bitcoin", "first600", name))
	}
	l := embedded(t, "bitcoin", &chain)
	s := exported(t, l, forest{l})
	compare(t, s, l, forest{l})

	const coinOfBlock9 = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"
	txid := map[any]any{}
	payments, minted := 0, int64(0)
	for _, r := range s.rows(t, "transactions") {
		txid[r["tx_id"]] = r["txid"]
		if r["coinbase"].(bool) {
			minted += r["output_value"].(int64)
		} else if payments++; r["fee"] != int64(0) {
			t.Errorf("%v paid a fee of %v", r["txid"], r["fee"])
		}
	}
	if payments != 16 || minted != 600*50_0000_0000 {
		t.Errorf("%d payments and %d newly mined, want 16 and 600 × 50", payments, minted)
	}
	addresses := s.rows(t, "addresses")
	spent := false
	for _, r := range s.rows(t, "spends") {
		if txid[r["tx_id"]] != coinOfBlock9 {
			continue
		}
		spent = true
		spender, address := txid[r["spender_tx_id"]], addresses[r["address_id"].(int64)]["address"]
		if spender != "f4184fc596403b9d638783cf57adfe4c75c605f6356fbc91338530e9831e9e16" || address != "12cbQLTFMXRnSzktFkuoG3eHoMeFtpTu3S" || r["vout"] != int64(0) {
			t.Errorf("the coin of block 9 is %v, of %v, spent by %v", r, address, spender)
		}
	}
	if !spent {
		t.Error("the coin of block 9 is not spent")
	}

	chunk, err := s.reader(t, "transactions").MetaData().RowGroup(0).ColumnChunk(1)
	if err != nil {
		t.Fatal(err)
	}
	if each := chunk.TotalCompressedSize() / chunk.NumValues(); each > 40 { // 32 bytes are in it
		t.Errorf("a txid takes %d bytes", each)
	}

	// A search for a txid is to skip the row groups that do not have it.
	filters := s.reader(t, "transactions").GetBloomFilterReader()
	group, err := filters.RowGroup(0)
	if err != nil {
		t.Fatal(err)
	}
	filter, err := group.GetColumnBloomFilter(1)
	if err != nil || filter == nil {
		t.Fatal("txid has no Bloom filter: ", err)
	}
	has := metadata.TypedBloomFilter[parquet.ByteArray]{BloomFilter: filter}
	if !has.Check(parquet.ByteArray(coinOfBlock9)) {
		t.Error("the Bloom filter denies a txid that is there")
	}
	wrong := 0
	for i := range 1000 {
		if has.Check(parquet.ByteArray(fmt.Sprintf("%064x", i))) {
			wrong++
		}
	}
	if wrong > 100 {
		t.Errorf("the Bloom filter claims %d of 1000 txids that are not there", wrong)
	}
}

// TestPartialRealBlock exports a block whose parents are not there.
func TestPartialRealBlock(t *testing.T) {
	raw := fixture.Bytes(t, "bitcoin", "blocks", "629999.blk")
	params, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	var b goshawk.Block
	if err := bitcoin.NewDecoder(params).Block(raw, &b); err != nil {
		t.Fatal(err)
	}
	m := ledgertest.New(params)
	m.Partial = true
	if err := m.Append(&b); err != nil {
		t.Fatal(err)
	}
	l := m.Snapshot()
	s := exported(t, l, nil)
	compare(t, s, l, nil)
	if s["clusters.parquet"] != nil {
		t.Error("there is a file of clusters that nobody gave")
	}
}

func TestSameBytes(t *testing.T) {
	var chain bytes.Buffer
	for _, name := range []string{"blk00000.dat", "blk00001.dat"} {
		chain.Write(fixture.Bytes(t, "bitcoin", "first600", name))
	}
	params, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	m := ledgertest.New(params)
	eachBlock(t, params, bytes.NewReader(chain.Bytes()), func(b *goshawk.Block) {
		if err := m.Append(b); err != nil {
			t.Fatal(err)
		}
	})
	first, again := exported(t, m.Snapshot(), pairs{}), exported(t, m.Snapshot(), pairs{})
	other := exported(t, embedded(t, "bitcoin", &chain), pairs{})
	for _, name := range export.Files() {
		if !bytes.Equal(first[name].Bytes(), again[name].Bytes()) {
			t.Errorf("%s differs from run to run", name)
		}
		if !bytes.Equal(first[name].Bytes(), other[name].Bytes()) {
			t.Errorf("%s differs from store to store", name)
		}
	}
}

func TestEmptyLedger(t *testing.T) {
	s := exported(t, ledgertest.New(ledgertest.Text{}).Snapshot(), pairs{})
	for _, name := range export.Files() {
		table := strings.TrimSuffix(name, ".parquet")
		if n := len(s.rows(t, table)); n != 0 {
			t.Errorf("%s has %d rows", table, n)
		}
	}
}

// altered is a ledger that answers other than it should.
type altered struct {
	goshawk.Ledger
	head         func(*goshawk.Head)
	transactions func(*goshawk.Transactions)
	addresses    func([]goshawk.AddressID) []goshawk.Address
	outputs      func([]goshawk.OutputID)
}

func (a altered) Head(ctx context.Context) (goshawk.Head, error) {
	h, err := a.Ledger.Head(ctx)
	if a.head != nil {
		a.head(&h)
	}
	return h, err
}

func (a altered) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	err := a.Ledger.Transactions(ctx, ids, want, into)
	if a.transactions != nil {
		a.transactions(into)
	}
	return err
}

func (a altered) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) ([]goshawk.Address, error) {
	if a.addresses != nil {
		return a.addresses(ids), nil
	}
	return a.Ledger.Addresses(ctx, ids, want)
}

func (a altered) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	if a.outputs != nil {
		a.outputs(ids)
	}
	return a.Ledger.Outputs(ctx, ids)
}

func TestRefusals(t *testing.T) {
	whole := ledgertest.Random(1, ledgertest.Shape{}).Ledger()
	for name, test := range map[string]struct {
		ledger altered
		code   goshawk.Code
	}{
		"a remote ledger": {altered{head: func(h *goshawk.Head) {
			h.Blocks, h.Transactions, h.Inputs, h.Outputs, h.Addresses = 0, 0, 0, 0, 0
		}}, goshawk.Unsupported},
		"a count that is not known": {altered{head: func(h *goshawk.Head) { h.Addresses = 0 }}, goshawk.Unsupported},
		"a tip of unknown height": {altered{head: func(h *goshawk.Head) {
			h.Height, h.Blocks, h.Transactions, h.Inputs, h.Outputs, h.Addresses = -1, 0, 0, 0, 0, 0
		}}, goshawk.Unsupported},
		"a coin not looked up": {altered{transactions: func(b *goshawk.Transactions) { b.Inputs[0].Link = goshawk.Deferred }}, goshawk.Unsupported},
		"a claim":              {altered{head: func(h *goshawk.Head) { h.Claim = "explorer.example" }}, goshawk.Unsupported},
		"transfers": {altered{transactions: func(b *goshawk.Transactions) {
			b.Transfers = append(b.Transfers, goshawk.Transfer{})
		}}, goshawk.Unsupported},
		"an output beyond 63 bits": {altered{transactions: func(b *goshawk.Transactions) { b.Outputs[0].Value = math.MaxInt64 + 1 }}, goshawk.Unsupported},
		"an input beyond 63 bits":  {altered{transactions: func(b *goshawk.Transactions) { b.Inputs[0].Value = math.MaxUint64 }}, goshawk.Unsupported},
		"a spender not looked up":  {altered{transactions: func(b *goshawk.Transactions) { b.Outputs[0].Spender = goshawk.Later }}, goshawk.Unsupported},
		"inputs miscounted":        {altered{head: func(h *goshawk.Head) { h.Inputs++ }}, goshawk.Corrupt},
		"outputs miscounted":       {altered{head: func(h *goshawk.Head) { h.Outputs-- }}, goshawk.Corrupt},
		"too many transactions":    {altered{head: func(h *goshawk.Head) { h.Transactions++ }}, goshawk.NotFound},
	} {
		test.ledger.Ledger = whole
		s := shelf{}
		err := export.Write(t.Context(), test.ledger, pairs{}, s.create, nil)
		if goshawk.CodeOf(err) != test.code {
			t.Errorf("%s: %v (%s), want %s", name, err, goshawk.CodeOf(err), test.code)
		}
		if test.code != goshawk.NotFound && goshawk.HintOf(err) == "" {
			t.Errorf("%s: no hint", name)
		}
		for file, v := range s {
			if v.closed != 1 {
				t.Errorf("%s: %s is closed %d times", name, file, v.closed)
			}
		}
	}
}

// TestSumsBeyondRange says that a sum is not known rather than a wrong one.
func TestSumsBeyondRange(t *testing.T) {
	l := altered{Ledger: ledgertest.MustChain("tx a: mint 50 -> alice 20, bob 30").Ledger(), transactions: func(b *goshawk.Transactions) {
		for i := range b.Outputs {
			b.Outputs[i].Value = math.MaxInt64
		}
	}}
	s := exported(t, l, nil)
	rows := s.rows(t, "transactions")
	if last := rows[len(rows)-1]; last["output_count"] != int64(2) || last["output_value"] != nil {
		t.Errorf("two outputs of 2^63-1 sum to %v", last["output_value"])
	}
	if first := rows[0]; first["output_value"] != int64(math.MaxInt64) {
		t.Errorf("an output of 2^63-1 sums to %v", first["output_value"])
	}
}

// TestNoFeeBelowZero leaves the fee out where a ledger says that a transaction
// pays more than its inputs hold.
func TestNoFeeBelowZero(t *testing.T) {
	for less, want := range map[uint64]any{0: int64(1), 1: int64(0), 2: nil} {
		l := altered{Ledger: ledgertest.MustChain("tx a: mint 50 -> alice 50\ntx b: a:0 -> bob 49.99999999 fee 1sat").Ledger(), transactions: func(b *goshawk.Transactions) {
			for i := range b.Inputs {
				b.Inputs[i].Value -= less
			}
		}}
		rows := exported(t, l, nil).rows(t, "transactions")
		if last := rows[len(rows)-1]; last["fee"] != want {
			t.Errorf("%d less: a fee of %v, not %v", less, last["fee"], want)
		}
	}
}

// many is a ledger with so many addresses that all read text.
func many(addresses uint64, text string) goshawk.Ledger {
	return altered{Ledger: ledgertest.Random(1, ledgertest.Shape{}).Ledger(),
		head: func(h *goshawk.Head) { h.Addresses = addresses },
		addresses: func(ids []goshawk.AddressID) (all []goshawk.Address) {
			for _, id := range ids {
				all = append(all, goshawk.Address{ID: id, Text: text})
			}
			return all
		}}
}

// TestRowGroups holds the size of what a writer keeps in memory.
func TestRowGroups(t *testing.T) {
	for name, test := range map[string]struct {
		ledger goshawk.Ledger
		groups []int64
	}{
		"by rows": {many(600_000, "a"), []int64{262_144, 262_144, 600_000 - 2*262_144}},
		"by text": {many(300, strings.Repeat("x", 512<<10)), []int64{128, 128, 44}},
	} {
		s := exported(t, test.ledger, pairs{})
		r := s.reader(t, "addresses")
		var groups []int64
		for i := range r.NumRowGroups() {
			groups = append(groups, r.RowGroup(i).NumRows())
		}
		if !slices.Equal(groups, test.groups) {
			t.Errorf("%s: row groups of %d, want %d", name, groups, test.groups)
		}
		for i, r := range s.rows(t, "addresses") {
			if r["address_id"] != int64(i) {
				t.Fatalf("%s: row %d is address %v", name, i, r["address_id"])
			}
		}
		for i, r := range s.rows(t, "clusters") {
			if r["cluster_id"] != int64(i&^1) {
				t.Fatalf("%s: row %d is in cluster %v", name, i, r["cluster_id"])
			}
		}
	}
}

var errDisk = errors.New("no space left on device")

// brittle is a disk that fails at a step.
type brittle struct {
	step, fail int
	open       int
	finished   map[string]bool
}

func (d *brittle) next() error {
	if d.step++; d.step == d.fail {
		return errDisk
	}
	return nil
}

func (d *brittle) create(name string) (io.WriteCloser, error) {
	if err := d.next(); err != nil {
		return nil, err
	}
	d.open++
	return &brittleFile{d, name, false}, nil
}

type brittleFile struct {
	disk   *brittle
	name   string
	closed bool
}

func (f *brittleFile) Write(b []byte) (int, error) {
	if f.closed {
		return 0, os.ErrClosed
	}
	if err := f.disk.next(); err != nil {
		return len(b) / 2, err
	}
	return len(b), nil
}

func (f *brittleFile) Close() error {
	if f.closed {
		return os.ErrClosed
	}
	f.closed = true
	f.disk.open--
	err := f.disk.next()
	f.disk.finished[f.name] = err == nil
	return err
}

// TestFailingDisk fails every create, write and close in turn.
func TestFailingDisk(t *testing.T) {
	l := ledgertest.Random(3, ledgertest.Shape{}).Ledger()
	for n := 1; ; n++ {
		d := &brittle{fail: n, finished: map[string]bool{}}
		err := export.Write(t.Context(), l, pairs{}, d.create, nil)
		if d.open != 0 {
			t.Fatalf("failing at step %d leaves %d files open", n, d.open)
		}
		if d.step < n {
			if err != nil {
				t.Fatal(err)
			}
			if len(d.finished) != len(export.Files()) || n < 20 {
				t.Fatalf("%d files after %d steps", len(d.finished), d.step)
			}
			return
		}
		if !errors.Is(err, errDisk) || goshawk.CodeOf(err) != goshawk.Unavailable {
			t.Fatalf("failing at step %d: %v", n, err)
		}
	}
}

// TestCreateSaysWhy passes on what the caller's own error says.
func TestCreateSaysWhy(t *testing.T) {
	cause := goshawk.Errorf(goshawk.Conflict, "the file is already there").WithHint("choose another folder")
	err := export.Write(t.Context(), ledgertest.Random(3, ledgertest.Shape{}).Ledger(), nil,
		func(string) (io.WriteCloser, error) { return nil, cause }, nil)
	if goshawk.CodeOf(err) != goshawk.Conflict || goshawk.HintOf(err) != cause.Hint || !errors.Is(err, cause) {
		t.Errorf("%v (%s)", err, goshawk.CodeOf(err))
	}
}

// TestInterrupted cancels at every step of the progress.
func TestInterrupted(t *testing.T) {
	l := ledgertest.Random(3, ledgertest.Shape{Blocks: 80}).Ledger()
	for n := 0; ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		if n == 0 {
			cancel()
		}
		s, steps := shelf{}, 0
		err := export.Write(ctx, l, pairs{}, s.create, func(done, total uint64) {
			if steps++; steps == n {
				cancel()
			}
		})
		cancel()
		for name, v := range s {
			if v.closed != 1 {
				t.Fatalf("interrupted at step %d, %s is closed %d times", n, name, v.closed)
			}
		}
		if steps < n {
			if err != nil || n < 4 {
				t.Fatalf("%d steps: %v", steps, err)
			}
			return
		}
		if goshawk.CodeOf(err) != goshawk.Interrupted || !errors.Is(err, context.Canceled) {
			t.Fatalf("interrupted at step %d: %v", n, err)
		}
		if v := s["clusters.parquet"]; v != nil && bytes.HasSuffix(v.Bytes(), []byte("PAR1")) {
			t.Fatalf("interrupted at step %d, all files look whole", n)
		}
	}
}

// TestInterruptedWithinBatch does not go on to the end of a long batch: here to
// an amount that it would refuse.
func TestInterruptedWithinBatch(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	l := altered{Ledger: ledgertest.Random(3, ledgertest.Shape{}).Ledger(), transactions: func(b *goshawk.Transactions) {
		b.Outputs[len(b.Outputs)-1].Value = math.MaxUint64
		cancel()
	}}
	err := export.Write(ctx, l, nil, shelf{}.create, nil)
	if goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("%v (%s)", err, goshawk.CodeOf(err))
	}
}

func TestProgress(t *testing.T) {
	l := ledgertest.Random(3, ledgertest.Shape{Blocks: 80}).Ledger()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := head.Blocks + head.Transactions + 2*head.Addresses
	last := uint64(0)
	err = export.Write(t.Context(), l, pairs{}, shelf{}.create, func(done, total uint64) {
		if done <= last || done > total || total != want {
			t.Errorf("%d of %d after %d, want a total of %d", done, total, last, want)
		}
		last = done
	})
	if err != nil || last != want {
		t.Errorf("it ends at %d of %d: %v", last, want, err)
	}
}
