package workbench

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/evidence"
	"goshawk/identity"
	"goshawk/label"
	"goshawk/store"
)

// LedgerFolder is the folder of a data folder in which a server looks for ledgers, each a folder
// of its own.
const LedgerFolder = "ledgers"

// lookAgain is how old what is known of a folder may be: a ledger that grows is answered from a
// newer state at most so much later.
const lookAgain = 500 * time.Millisecond

// Bench is what is done with ledgers in a server. It is safe for use by several goroutines.
type Bench struct {
	Data  string // the data folder
	Store *store.Store
	Book  *casebook.Book
	Now   func() time.Time
	Log   *slog.Logger
	// Server names this server among those on the database, the same after a restart; "": there is no other.
	Server goshawk.ID
	// Raw are the raw blocks of ledgers, for packages of evidence.
	Raw map[goshawk.ID]evidence.Blocks
	// Progress is told how far the runs of cases are; it must not wait. It may be nil.
	Progress func(c goshawk.ID, p Progress)

	mu      sync.Mutex
	open    map[goshawk.ID]*opened
	labels  *labels
	checked map[goshawk.ID]*checking
	unread  sync.Map // by ledger: why what is watched on it was not looked at, as the log says
	jobs    jobs
	runs    runs
	turn    turn
}

// Status is a ledger as a server has it.
type Status struct {
	ID           goshawk.ID `json:"id"`
	Network      string     `json:"network"`
	Ticker       string     `json:"ticker"`
	Decimals     int        `json:"decimals"`
	Tip          *Tip       `json:"tip,omitempty"`
	Start        int32      `json:"start" doc:"height of the first block"`
	Partial      bool       `json:"partial,omitempty" doc:"it holds single blocks without their parents"`
	Blocks       uint64     `json:"blocks"`
	Transactions uint64     `json:"transactions"`
	Addresses    uint64     `json:"addresses"`
	Generation   uint64     `json:"generation" doc:"how often it was written to"`
	Rule         string     `json:"rule" doc:"what links addresses to clusters"`
	Added        bool       `json:"added,omitempty" doc:"it was added by its path; else it is in the data folder"`
	Path         string     `json:"path,omitempty" doc:"for who manages the server"`
	Fault        string     `json:"fault,omitempty" doc:"why it cannot be read"`
	Warnings     []string   `json:"warnings,omitempty"`
	Checked      *Checked   `json:"checked,omitempty" doc:"the last check of its bytes"`
}

// Tip is a ledger's last block.
type Tip struct {
	Height int32      `json:"height"`
	Hash   string     `json:"hash"`
	Time   *time.Time `json:"time,omitempty"`
}

// opened is a ledger that is open, and who reads it.
type opened struct {
	path   string
	stamp  stamp // of its manifest
	looked time.Time
	now    *pinned[*Chain]
}

// pinned is something that stays open as long as anybody reads it.
type pinned[T any] struct {
	it    T
	close func() error
	users int
	old   bool
}

// stamp tells one state of a file from another.
type stamp struct {
	size int64
	at   time.Time
}

func stampOf(path string) (stamp, error) {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}, err
	}
	return stamp{info.Size(), info.ModTime()}, nil
}

type labels struct {
	stamp  stamp
	looked time.Time
	now    *pinned[*label.Set]
}

// Held is a ledger, and what labels say of its addresses, as they were when they were asked for:
// what is answered from one Held fits together.
type Held struct {
	*Chain
	ID     goshawk.ID
	Labels *label.Set
	let    []func()
}

// Release lets a ledger go; what was got from it must not be used any more.
func (h *Held) Release() {
	for _, let := range h.let {
		let()
	}
	h.let = nil
}

// places are the ledgers that there are, by ID, with their folders.
func (b *Bench) places(ctx context.Context) (map[goshawk.ID]store.AddedLedger, error) {
	all := map[goshawk.ID]store.AddedLedger{}
	entries, err := os.ReadDir(filepath.Join(b.Data, LedgerFolder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, goshawk.Errorf(goshawk.Unavailable, "the folder of ledgers cannot be read: %w", err)
	}
	for _, e := range entries {
		if id := goshawk.ID(e.Name()); id.Valid() && !strings.HasPrefix(e.Name(), ".") {
			all[id] = store.AddedLedger{ID: id, Path: filepath.Join(b.Data, LedgerFolder, e.Name())}
		}
	}
	var added []store.AddedLedger
	err = b.Store.View(ctx, func(tx *store.Tx) (err error) {
		added, err = tx.AddedLedgers()
		return err
	})
	for _, l := range added {
		all[l.ID] = l
	}
	return all, err
}

// Use opens a ledger for one question, or finds it open. Where it has grown, the newest state is
// read. Whoever uses it lets it go.
func (b *Bench) Use(ctx context.Context, id goshawk.ID) (*Held, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch, letChain, err := b.chain(ctx, id)
	if err != nil {
		return nil, err
	}
	set, letLabels, err := b.labelSet()
	if err != nil {
		letChain()
		return nil, err
	}
	unlocked := func(let func()) func() {
		return func() {
			b.mu.Lock()
			defer b.mu.Unlock()
			let()
		}
	}
	return &Held{Chain: ch, ID: id, Labels: set, let: []func(){unlocked(letChain), unlocked(letLabels)}}, nil
}

// pin takes part in something, and returns how to leave it. The caller holds the lock, also to leave.
func pin[T any](b *Bench, p *pinned[T]) func() {
	p.users++
	return func() {
		p.users--
		b.drop(p.old && p.users == 0, p.close)
	}
}

// outdate closes something as soon as nobody reads it. The caller holds the lock.
func outdate[T any](b *Bench, p *pinned[T]) {
	if p == nil {
		return
	}
	p.old = true
	b.drop(p.users == 0, p.close)
}

func (b *Bench) drop(now bool, closeIt func() error) {
	if !now {
		return
	}
	if err := closeIt(); err != nil {
		b.Log.Error("a file could not be closed", "error", err)
	}
}

func (b *Bench) chain(ctx context.Context, id goshawk.ID) (*Chain, func(), error) {
	o := b.open[id]
	now := time.Now()
	if o != nil && now.Sub(o.looked) < lookAgain {
		return o.now.it, pin(b, o.now), nil
	}
	places, err := b.places(ctx)
	if err != nil {
		return nil, nil, err
	}
	place, ok := places[id]
	if !ok {
		if o != nil {
			outdate(b, o.now)
			delete(b.open, id)
		}
		return nil, nil, goshawk.Errorf(goshawk.Invalid, "the server has no ledger %q", id).WithHint("choose one of those there are")
	}
	s, err := stampOf(filepath.Join(place.Path, "manifest"))
	if err != nil {
		s = stamp{} // opening it says what is wrong
	}
	if o != nil && o.path == place.Path && o.stamp == s && s != (stamp{}) {
		o.looked = now
		return o.now.it, pin(b, o.now), nil
	}
	ch, err := Open(ctx, place.Path, nil)
	if err != nil {
		return nil, nil, err
	}
	if o != nil {
		outdate(b, o.now)
	}
	if b.open == nil {
		b.open = map[goshawk.ID]*opened{}
	}
	o = &opened{place.Path, s, now, &pinned[*Chain]{it: ch, close: ch.Local.Close}}
	b.open[id] = o
	return ch, pin(b, o.now), nil
}

// labelSet is what the label store says now.
func (b *Bench) labelSet() (*label.Set, func(), error) {
	now := time.Now()
	if b.labels != nil && now.Sub(b.labels.looked) < lookAgain {
		return b.labels.now.it, pin(b, b.labels.now), nil
	}
	s, err := stampOf(filepath.Join(b.Data, LabelStore))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, goshawk.Errorf(goshawk.Unavailable, "the label store cannot be read: %w", err)
	}
	if b.labels != nil && b.labels.stamp == s {
		b.labels.looked = now
		return b.labels.now.it, pin(b, b.labels.now), nil
	}
	stored, closeStore, err := StoredLabels(b.Data)
	if err != nil {
		return nil, nil, err
	}
	set, err := label.NewSet(stored, nil)
	if err != nil {
		return nil, nil, errors.Join(err, closeStore())
	}
	if b.labels != nil {
		outdate(b, b.labels.now)
	}
	b.labels = &labels{s, now, &pinned[*label.Set]{it: set, close: closeStore}}
	return set, pin(b, b.labels.now), nil
}

// LabelSources lists the label files in the store, with their versions.
func (b *Bench) LabelSources() ([]goshawk.LabelSource, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	set, let, err := b.labelSet()
	if err != nil {
		return nil, err
	}
	defer let()
	return slices.Clone(set.Sources()), nil
}

// List says which ledgers there are, and how each is. One that cannot be read says why.
func (b *Bench) List(ctx context.Context, s *identity.Subject) ([]Status, error) {
	if err := identity.May(s, identity.ReadLedger, nil); err != nil {
		return nil, err
	}
	places, err := b.places(ctx)
	if err != nil {
		return nil, err
	}
	manages := identity.May(s, identity.ManageServer, nil) == nil
	list := []Status{}
	for id, place := range places {
		st := Status{ID: id, Added: !place.Added.IsZero()}
		if manages {
			st.Path = place.Path
		}
		held, err := b.Use(ctx, id)
		if err != nil {
			st.Fault = "it cannot be read"
			if code := goshawk.CodeOf(err); manages || code == goshawk.Corrupt {
				st.Fault = err.Error()
			}
			list = append(list, st)
			continue
		}
		h := held.Known
		st.Network, st.Ticker, st.Decimals, st.Start, st.Partial = h.Network, h.Asset.Ticker, int(h.Asset.Decimals), h.Start, h.Partial
		st.Blocks, st.Transactions, st.Addresses = h.Blocks, h.Transactions, h.Addresses
		st.Generation, st.Rule, st.Warnings = held.Local.Generation(), held.Local.Rule(), h.Warnings()
		if h.Blocks > 0 {
			st.Tip = &Tip{h.Height, h.Hash.String(), moment(h.Time)}
		}
		held.Release()
		st.Checked = b.lastCheck(id)
		list = append(list, st)
	}
	slices.SortFunc(list, func(x, y Status) int { return strings.Compare(string(x.ID), string(y.ID)) })
	return list, nil
}

// Add adds a ledger by the path of its folder. It is opened first, to see that it is one.
func (b *Bench) Add(ctx context.Context, s *identity.Subject, id goshawk.ID, path string) error {
	if err := identity.May(s, identity.ManageServer, nil); err != nil {
		return err
	}
	if !id.Valid() {
		return goshawk.Errorf(goshawk.Invalid, "%q is no name for a ledger", id).WithHint("use letters, digits and - _ .")
	}
	if !filepath.IsAbs(path) {
		return goshawk.Errorf(goshawk.Invalid, "%q is no whole path", path).WithHint("write it from the root on: a server has no folder of its own")
	}
	path = filepath.Clean(path)
	ch, err := Open(ctx, path, nil)
	if err != nil {
		return err
	}
	if err := ch.Local.Close(); err != nil {
		return err
	}
	places, err := b.places(ctx)
	if err != nil {
		return err
	}
	if _, there := places[id]; there {
		return goshawk.Errorf(goshawk.Conflict, "there is a ledger %q already", id).WithHint("choose another name")
	}
	now := b.Now()
	return b.Store.Do(ctx, entry(s, now, identity.ManageServer, "added the ledger "+string(id)), func(tx *store.Tx) error {
		return tx.AddLedger(&store.AddedLedger{ID: id, Path: path, Added: now, Person: s.Person.ID})
	})
}

// Remove forgets a ledger that was added. Its files stay.
func (b *Bench) Remove(ctx context.Context, s *identity.Subject, id goshawk.ID) error {
	if err := identity.May(s, identity.ManageServer, nil); err != nil {
		return err
	}
	err := b.Store.Do(ctx, entry(s, b.Now(), identity.ManageServer, "removed the ledger "+string(id)), func(tx *store.Tx) error { return tx.RemoveLedger(id) })
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if o := b.open[id]; o != nil {
		outdate(b, o.now)
		delete(b.open, id)
	}
	return nil
}

// entry begins an entry of the audit trail that is about no case.
func entry(s *identity.Subject, at time.Time, a identity.Action, what string) *audit.Entry {
	return &audit.Entry{At: at, Action: string(a), What: what, Person: s.Person.ID, Name: s.Person.Name, Agency: s.Person.Agency, Via: string(s.Via), From: s.From}
}

// moment is a time of a chain; nil where it is not known.
func moment(seconds int64) *time.Time {
	if seconds == 0 {
		return nil
	}
	t := time.Unix(seconds, 0).UTC()
	return &t
}
