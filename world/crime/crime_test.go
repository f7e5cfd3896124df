package crime

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/world"
	"goshawk/world/records"
)

// memory is a world.Folder in memory.
type memory struct{ fstest.MapFS }

func (m memory) Create(name string) (world.File, error) {
	if m.MapFS[name] != nil {
		return nil, fs.ErrExist
	}
	f := &fstest.MapFile{Mode: 0o644}
	m.MapFS[name] = f
	return &memoryFile{file: f}, nil
}

type memoryFile struct {
	bytes.Buffer
	file *fstest.MapFile
	shut bool
}

func (f *memoryFile) Close() error {
	if f.shut {
		return errors.New("closed twice")
	}
	f.shut, f.file.Data = true, f.Bytes()
	return nil
}

// build makes a world with crimes in memory.
func build(t testing.TB, seed uint64, era world.Era, txs int, level string, names ...string) memory {
	t.Helper()
	cases, err := New(names, level)
	if err != nil {
		t.Fatal(err)
	}
	m := memory{fstest.MapFS{}}
	_, err = world.Build(context.Background(), world.Spec{Seed: seed, Era: era, Level: level, Txs: txs, Scenarios: cases}, m, nil)
	if err != nil {
		t.Fatalf("%v (%s)", err, goshawk.HintOf(err))
	}
	return m
}

// whole makes a world with every crime and with what its services and vendors write.
func whole(t testing.TB, seed uint64, era world.Era, txs int) (memory, *world.Manifest) {
	t.Helper()
	var names []string
	for _, k := range List() {
		names = append(names, k.Name)
	}
	cases, err := New(names, "standard")
	if err != nil {
		t.Fatal(err)
	}
	m := memory{fstest.MapFS{}}
	spec := world.Spec{Seed: seed, Era: era, Level: "standard", Txs: txs, Scenarios: cases, Observer: records.New()}
	made, err := world.Build(context.Background(), spec, m, nil)
	if err != nil {
		t.Fatalf("%d: %v (%s)", era, err, goshawk.HintOf(err))
	}
	return m, made
}

// table reads a CSV file as maps from its columns.
func (m memory) table(t testing.TB, name string) (rows []map[string]string) {
	t.Helper()
	all, err := csv.NewReader(bytes.NewReader(m.MapFS[name].Data)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, r := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func (m memory) rows(t testing.TB, name string) [][]string {
	t.Helper()
	if m.MapFS[name] == nil {
		t.Fatalf("there is no %s", name)
	}
	rows, err := csv.NewReader(bytes.NewReader(m.MapFS[name].Data)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return rows[1:]
}

func (m memory) answer(t testing.TB, name string) *Answer {
	t.Helper()
	var a Answer
	d := json.NewDecoder(bytes.NewReader(m.MapFS["truth/"+name+"/case.json"].Data))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// output is an output of the chain as its blocks tell.
type output struct {
	value   uint64
	address string
	spender goshawk.Hash
	spent   bool
}

// chain is what the blocks of a world say, read by the engine's own decoder.
type chain struct {
	outs map[goshawk.Outpoint]*output
	txs  map[goshawk.Hash]*flow
	list []goshawk.Hash
}

type flow struct {
	ins  []goshawk.Outpoint
	outs int
}

func (m memory) chain(t testing.TB) *chain {
	t.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	c := &chain{outs: map[goshawk.Outpoint]*output{}, txs: map[goshawk.Hash]*flow{}}
	decoder := bitcoin.NewDecoder(params)
	var b goshawk.Block
	data := m.MapFS["blocks/blk00000.dat"].Data
	for len(data) > 0 {
		size := int(data[4]) | int(data[5])<<8 | int(data[6])<<16 | int(data[7])<<24
		if err := decoder.Block(data[8:8+size], &b); err != nil {
			t.Fatal(err)
		}
		data = data[8+size:]
		for i := range b.Txs {
			id := b.Txs[i].Hash
			f := &flow{}
			for _, in := range b.TxInputs(i) {
				if !b.Txs[i].Coinbase {
					f.ins = append(f.ins, in.Prev)
					c.outs[in.Prev].spender, c.outs[in.Prev].spent = id, true
				}
			}
			for n, o := range b.TxOutputs(i) {
				c.outs[goshawk.Outpoint{Tx: id, Index: uint32(n)}] = &output{value: o.Value, address: params.FormatAddress(o.Kind, b.Keys[o.KeyStart:o.KeyEnd])}
				f.outs++
			}
			c.txs[id] = f
			c.list = append(c.list, id)
		}
	}
	return c
}

// TestAnswerAgreesWithTheChain computes a case's books again, from the blocks and
// the owners of addresses alone.
func TestAnswerAgreesWithTheChain(t *testing.T) {
	var names []string
	for _, k := range List() {
		names = append(names, k.Name)
	}
	for _, era := range world.Eras() {
		for _, level := range Levels() {
			t.Run(fmt.Sprint(era, " ", level.Name), func(t *testing.T) {
				m := build(t, 11, era, 20_000, level.Name, names...)
				c := m.chain(t)
				for _, name := range names {
					agree(t, m, c, m.answer(t, name))
				}
			})
		}
	}
}

// agree compares an answer key with a chain.
func agree(t *testing.T, m memory, c *chain, a *Answer) {
	t.Helper()
	wallets := map[string]bool{}
	for _, p := range a.People {
		for _, w := range p.Wallets {
			wallets[fmt.Sprint(w)] = true
		}
	}
	ours := map[string]bool{}
	for _, r := range m.rows(t, "truth/addresses.csv") {
		if wallets[r[2]] {
			ours[r[0]] = true
		}
	}
	joins := map[string]bool{}
	for _, r := range m.rows(t, "truth/transactions.csv") {
		if r[3] == "coinjoin" {
			joins[r[0]] = true
		}
	}
	for i := range a.Ends {
		if e := &a.Ends[i]; e.Service == "Meridian Desk" && (e.Account == 0 || e.Holder == "" || e.Own) {
			t.Errorf("%s: %s, output %d came to no client of the broker: %+v", a.Case, e.Tx, e.Out, e)
		}
	}
	var come, gone, fees, held uint64
	for _, id := range c.list {
		f := c.txs[id]
		var in, all, spent uint64
		for _, p := range f.ins {
			all += c.outs[p].value
			if ours[c.outs[p].address] {
				in += c.outs[p].value
			}
		}
		var out, stay uint64
		for n := range f.outs {
			o := c.outs[goshawk.Outpoint{Tx: id, Index: uint32(n)}]
			out += o.value
			if ours[o.address] {
				stay += o.value
				if !o.spent {
					held += o.value
				}
			}
		}
		spent = in
		switch {
		case joins[id.String()]:
			gone += in
			come += stay
		case spent == 0:
			come += stay
		default:
			if in != all {
				t.Errorf("%s: %s spends coins of others", a.Case, id)
			}
			gone += out - stay
			fees += all - out
		}
	}
	if got := a.Totals; got.Income+got.Returned != come || got.Ended != gone || got.Fees != fees || got.Held != held {
		t.Errorf("%s: the chain says %d in, %d out, %d fees, %d held; the answer %+v", a.Case, come, gone, fees, held, got)
	}
	if come != gone+fees+held {
		t.Errorf("%s: %d came, %d is there", a.Case, come, gone+fees+held)
	}
	check := func(what string, x Coin) {
		o := c.outs[goshawk.Outpoint{Tx: x.Tx, Index: x.Out}]
		if o == nil || o.value != x.Satoshis || o.address != x.Address {
			t.Errorf("%s: %s %+v: the chain has %+v", a.Case, what, x, o)
		}
	}
	for _, s := range append(slices.Clone(a.Starts), a.Returns...) {
		check("source", s.Coin)
	}
	for _, e := range a.Ends {
		check("end", e.Coin)
	}
	for _, h := range a.Held {
		check("held", h)
		if o := c.outs[goshawk.Outpoint{Tx: h.Tx, Index: h.Out}]; o != nil && o.spent {
			t.Errorf("%s: %+v is spent", a.Case, h)
		}
	}
	for _, f := range a.Slip.Evidence {
		if m.MapFS[f] == nil {
			t.Errorf("%s: there is no %s", a.Case, f)
		}
	}
	if brief := m.MapFS["public/"+a.Case+"/brief.md"]; brief == nil || !slices.ContainsFunc(a.Starts, func(s Source) bool { return strings.Contains(string(brief.Data), s.Address) }) {
		t.Errorf("%s: the brief names no start", a.Case)
	}
	kinds := map[string]uint64{}
	for _, e := range a.Ends {
		kinds[fmt.Sprint(e.Kind, e.Own, e.Behind)] += e.Satoshis
	}
	t.Logf("%s: %d starts %d returns %d ends %d held; %+v\n%v", a.Case, len(a.Starts), len(a.Returns), len(a.Ends), len(a.Held), a.Totals, kinds)
}

// TestSameSeedSameBytes: a world with crimes comes out the same again.
func TestSameSeedSameBytes(t *testing.T) {
	a, b := build(t, 4, world.Era2019, 20_000, "basic", "ransomware"), build(t, 4, world.Era2019, 20_000, "basic", "ransomware")
	for name, f := range a.MapFS {
		if !bytes.Equal(f.Data, b.MapFS[name].Data) {
			t.Errorf("%s differs", name)
		}
	}
}

// TestEachAlone: every crime plays to its end in every era without the others, in
// the world of a standard exercise.
func TestEachAlone(t *testing.T) {
	for i, k := range List() {
		t.Run(k.Name, func(t *testing.T) {
			era := world.Eras()[i%len(world.Eras())]
			m := build(t, uint64(30+i), era, 50_000, "standard", k.Name)
			agree(t, m, m.chain(t), m.answer(t, k.Name))
		})
	}
}

// clerk keeps the balances of all accounts, as the services book them.
type clerk struct{ balances map[string][]string }

func (k *clerk) Begin(*world.Economy, world.Create) error      { return nil }
func (k *clerk) Owned(*world.Owned) error                      { return nil }
func (k *clerk) Stated(*world.Statement, string, uint32) error { return nil }
func (k *clerk) End(*world.Economy, world.Create) error        { return nil }
func (k *clerk) Booked(n *world.Entry, _ string) error {
	id := fmt.Sprint(n.Account)
	k.balances[id] = append(k.balances[id], fmt.Sprint(n.Balance))
	return nil
}

// TestFreezableAgreesWithTheBooks: what sat in a criminal's account, by the
// series, is the balance that the service's own books show.
func TestFreezableAgreesWithTheBooks(t *testing.T) {
	cases, err := New([]string{"theft", "scam"}, "standard")
	if err != nil {
		t.Fatal(err)
	}
	m, clerk := memory{fstest.MapFS{}}, &clerk{balances: map[string][]string{}}
	spec := world.Spec{Seed: 8, Era: world.Era2022, Txs: 20_000, Scenarios: cases, Observer: clerk}
	if _, err := world.Build(context.Background(), spec, m, nil); err != nil {
		t.Fatal(err)
	}
	balances := clerk.balances
	seen := 0
	for _, name := range []string{"theft", "scam"} {
		last := map[string]int{}
		for _, r := range m.rows(t, "truth/"+name+"/freezable.csv") {
			seen++
			if !slices.Contains(balances[r[1]], r[5]) {
				t.Errorf("%s: the books know no balance of %s in account %s", name, r[5], r[1])
			}
			from, err := strconv.Atoi(r[3])
			if err != nil {
				t.Fatal(err)
			}
			to := 0 // it still lies there
			if r[4] != "" {
				if to, err = strconv.Atoi(r[4]); err != nil {
					t.Fatal(err)
				}
			}
			if from < last[r[1]] || to != 0 && to <= from {
				t.Errorf("%s: %v is out of order", name, r)
			}
			last[r[1]] = to
		}
	}
	if seen < 10 {
		t.Errorf("only %d sums ever sat in an account", seen)
	}
}

// TestNewRefuses what it does not know.
func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		names []string
		level string
	}{{[]string{"piracy"}, "basic"}, {[]string{"theft", "theft"}, "basic"}, {[]string{"theft"}, "easy"}} {
		if _, err := New(c.names, c.level); goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" {
			t.Errorf("%v: %v", c, err)
		}
	}
}

// TestUnfinished: a world in which a crime did not come to its end is refused, and
// nobody mistakes it for a whole one.
func TestUnfinished(t *testing.T) {
	idle := &Case{level: Levels()[0], story: story{name: "idle", play: func(*Case) func() error { return func() error { return nil } }}}
	m := memory{fstest.MapFS{}}
	_, err := world.Build(context.Background(), world.Spec{Seed: 1, Era: world.Era2022, Txs: 2_000, Scenarios: []world.Scenario{idle}}, m, nil)
	if goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" || m.MapFS[world.ManifestName] != nil {
		t.Errorf("%v, and the world has a manifest: %t", err, m.MapFS[world.ManifestName] != nil)
	}
}

// TestOneCaseOneWorld: a case cannot be played twice.
func TestOneCaseOneWorld(t *testing.T) {
	cases, err := New([]string{"theft"}, "basic")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		_, err = world.Build(context.Background(), world.Spec{Seed: 1, Era: world.Era2022, Txs: 12_000, Scenarios: cases}, memory{fstest.MapFS{}}, nil)
		if i == 0 && err != nil || i == 1 && goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("time %d: %v", i+1, err)
		}
	}
}

// TestDecoys: for each criminal who uses the mixing service, and for each of their
// peel chains, there are twenty innocent ones, with all crimes in one world.
func TestDecoys(t *testing.T) {
	var crimes []string
	for _, s := range List() {
		crimes = append(crimes, s.Name)
	}
	for _, era := range world.Eras() {
		m := build(t, 8, era, Size(len(crimes)), "standard", crimes...)
		crime := map[string]bool{}
		ours, others := map[string]int{}, map[string]int{}
		for _, r := range m.rows(t, "truth/transactions.csv") {
			if crime[r[0]] = r[5] != ""; crime[r[0]] {
				ours[r[3]]++
			} else {
				others[r[3]]++
			}
		}
		c := m.chain(t)
		long := map[goshawk.Hash]int{}
		for _, id := range slices.Backward(c.list) {
			f := c.txs[id]
			if len(f.ins) != 1 || f.outs != 2 {
				continue
			}
			long[id] = 1
			for n := range uint32(2) {
				if o := c.outs[goshawk.Outpoint{Tx: id, Index: n}]; o.spent {
					long[id] = max(long[id], 1+long[o.spender])
				}
			}
		}
		for _, id := range c.list {
			f := c.txs[id]
			if long[id] >= 5 && long[f.ins[0].Tx] == 0 { // a chain begins
				if crime[id.String()] {
					ours["peel chain"]++
				} else {
					others["peel chain"]++
				}
			}
		}
		for _, kind := range []string{"mix_deposit", "peel chain"} {
			if others[kind] < 20*ours[kind] || ours[kind] == 0 {
				t.Errorf("%d %s: %d of criminals, %d of others", era, kind, ours[kind], others[kind])
			}
		}
		t.Logf("%d: %v %v", era, ours, others)
	}
}

// TestSameSpecSameBytes: a whole world, with every crime and with what its services
// and vendors write, is the same on every machine and at every time. A change that
// is meant changes these seals.
func TestSameSpecSameBytes(t *testing.T) {
	for era, seal := range map[world.Era]string{
		world.Era2015: "7b5729a040c61d4c853114558106d3d14173ba3543c08dc69e043b8a416643f7",
		world.Era2019: "f23b1930ccc39946442eaf91cbf9c9c554f95c727c40b64f87efb19488f5ec76",
		world.Era2022: "b29a5375b97ef8ad3ed1e133826ca2e5c555f6da793ea9a67321bc6bf4870465",
	} {
		_, m := whole(t, 31, era, 30_000)
		if m.Seal != seal {
			t.Errorf("%d: the seal is %s, not %s", era, m.Seal, seal)
		}
	}
}
