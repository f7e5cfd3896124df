package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk/world"
)

// papers returns the names of all files but the chain's and truth's own.
func (m *memory) papers() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(m.MapFS)) {
		if strings.HasPrefix(name, "services/") || strings.HasPrefix(name, "public/") || slices.Contains([]string{"truth/customers.csv", "truth/labels.csv", "truth/withdrawals.csv"}, name) {
			names = append(names, name)
		}
	}
	return names
}

// TestSameSeedSamePapers: a seed gives the same papers each time, another seed
// others; and papers change nothing of the world that they are about.
func TestSameSeedSamePapers(t *testing.T) {
	spec := world.Spec{Seed: 21, Era: world.Era2022, Txs: 2_500}
	a, first := build(t, spec)
	b, _ := build(t, spec)
	if len(a.papers()) < 30 {
		t.Fatalf("only %d papers", len(a.papers()))
	}
	for _, name := range a.papers() {
		if !bytes.Equal(a.MapFS[name].Data, b.MapFS[name].Data) {
			t.Errorf("%s differs", name)
		}
	}
	plain, err := world.Build(context.Background(), spec, &memory{MapFS: fstest.MapFS{}}, nil)
	if err != nil || plain.Figures != first.Figures {
		t.Errorf("without papers the world is %+v (%v), with them %+v", plain.Figures, err, first.Figures)
	}
	spec.Seed++
	other, _ := build(t, spec)
	if bytes.Equal(a.MapFS["truth/customers.csv"].Data, other.MapFS["truth/customers.csv"].Data) {
		t.Error("two seeds have the same customers")
	}
}

// people asks who some actors are.
type people struct{ found []Identity }

func (*people) Name() string { return "people" }

func (p *people) Begin(e *world.Economy) error {
	for id := range uint32(40) {
		role := world.Citizen
		if id%8 == 7 {
			role = world.Merchant
		}
		p.found = append(p.found, Person(e, &world.Actor{ID: id + 1, Role: role, Name: fmt.Sprintf("%s-%d", role, id+1)}))
	}
	return nil
}

func (*people) Step(*world.Economy) error              { return nil }
func (*people) End(*world.Economy, world.Create) error { return nil }

// TestPeopleStayWhoTheyAre: who somebody is follows from the seed and their
// number, on every machine. A change that is meant changes this sum.
func TestPeopleStayWhoTheyAre(t *testing.T) {
	p := &people{}
	build(t, world.Spec{Seed: 22, Era: world.Era2019, Txs: 2_000, Scenarios: []world.Scenario{p}})
	h := sha256.New()
	for _, who := range p.found {
		fmt.Fprintln(h, who)
	}
	const want = "8cc1b7bcc7ed9f936e8329655c8ba9ccb87759a14ac4671f4a76409229a5a7a0"
	if got := fmt.Sprintf("%x", h.Sum(nil)); got != want {
		t.Errorf("they are %s, not %s; the first is %+v", got, want, p.found[0])
	}
}

// TestFullDisk: wherever the disk is full, the error says so and no file stays open.
func TestFullDisk(t *testing.T) {
	full := errors.New("disk full")
	whole, _ := build(t, world.Spec{Seed: 23, Era: world.Era2019, Txs: 2_000})
	services := whole.services("accounts.json")
	for _, name := range whole.papers() {
		if slices.ContainsFunc(services[1:], func(s string) bool { return strings.HasPrefix(name, s) }) {
			continue // as the first one's
		}
		m := &failing{memory: &memory{MapFS: fstest.MapFS{}}, name: name, err: full}
		_, err := world.Build(context.Background(), world.Spec{Seed: 23, Era: world.Era2019, Txs: 2_000, Observer: New()}, m, nil)
		if !errors.Is(err, full) || m.open != 0 {
			t.Errorf("%s cannot be written: %v, and %d files are open", name, err, m.open)
		}
	}
}

// failing is a folder in which one file cannot be written.
type failing struct {
	*memory
	name string
	err  error
}

func (f *failing) Create(name string) (world.File, error) {
	file, err := f.memory.Create(name)
	if name == f.name && err == nil {
		return &broken{file, f.err}, nil
	}
	return file, err
}

type broken struct {
	world.File
	err error
}

func (b *broken) Write([]byte) (int, error) { return 0, b.err }

// watch is a Records that is looked into as it goes.
type watch struct {
	*Records
	entries, block int // all of them, and those of a block
	height         int32
	most           int // log-ins held beyond three times the entries of a block
}

func (w *watch) Booked(n *world.Entry, address string) error {
	if n.Height != w.height {
		w.height, w.block = n.Height, 0
	}
	w.entries++
	w.block++
	held := 0
	for _, s := range w.services {
		held += len(s.visits)
	}
	w.most = max(w.most, held-2*w.block)
	return w.Records.Booked(n, address)
}

// TestMemoryFollowsTheCustomers: what is held while a world is written is a block's
// log-ins, and, of each customer, what was handed in and not paid yet.
func TestMemoryFollowsTheCustomers(t *testing.T) {
	w := &watch{Records: New()}
	m := &memory{MapFS: fstest.MapFS{}}
	if _, err := world.Build(context.Background(), world.Spec{Seed: 24, Era: world.Era2022, Txs: 10_000, Observer: w}, m, nil); err != nil {
		t.Fatal(err)
	}
	accounts, held := 0, 0
	for _, s := range w.services {
		accounts += len(s.accounts)
		for _, a := range s.accounts {
			held += len(a.papers) + cap(a.asked)
		}
	}
	if w.entries < 10*accounts || accounts < 300 {
		t.Fatalf("%d entries of %d accounts show nothing", w.entries, accounts)
	}
	// A block's log-ins wait for the next block that anything happens in.
	if w.most > 200 || held > 8*accounts {
		t.Errorf("%d log-ins more than a block has, and %d papers of %d accounts", w.most, held, accounts)
	}
}
