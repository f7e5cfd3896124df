package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"
	"golang.org/x/mod/sumdb/note"

	"goshawk"
)

// Fault is one thing that is not as it was recorded.
type Fault struct {
	Entry int64      `json:"entry,omitempty"` // its number; 0: not about one entry
	Case  goshawk.ID `json:"case,omitempty"`
	What  string     `json:"what"`
}

// mostFaults is how many faults are named; the rest are counted.
const mostFaults = 1_000

// Verification is what was found.
type Verification struct {
	Origin     string  `json:"origin"`     // the log's name, which is in each checkpoint
	Size       uint64  `json:"size"`       // leaves that the checkpoint commits to
	Root       string  `json:"root"`       // hexadecimal
	Checkpoint string  `json:"checkpoint"` // signed: keep it, and a later verification proves that nothing before it was changed
	Keys       []Key   `json:"keys"`
	Entries    int64   `json:"entries"`   // that were compared with their leaves
	Pending    int64   `json:"pending"`   // not in the log yet: written a moment ago
	Exhibits   int     `json:"exhibits"`  // whose bytes were looked at
	BytesRead  bool    `json:"bytesRead"` // and held against their hashes
	Faults     []Fault `json:"faults"`
	More       int     `json:"more,omitempty"` // faults that are not listed
	// Notes are no faults, and are what whoever relies on the log has to know.
	Notes []Fault `json:"notes,omitempty"`
}

// mostNotes is how many notes are listed.
const mostNotes = 100

// mostSetBack is by how much a clock may be set back without a note.
const mostSetBack = time.Minute

func (v *Verification) note(entry int64, of goshawk.ID, format string, args ...any) {
	if len(v.Notes) < mostNotes {
		v.Notes = append(v.Notes, Fault{entry, goshawk.ID(shown(string(of))), shown(fmt.Sprintf(format, args...))})
	}
}

// looked is what was seen of the entries before one.
type looked struct {
	last  time.Time // of the entry before
	begun int64     // the entry that says that the log was begun
}

// notice notes what of an entry whoever relies on the log has to know.
func (v *Verification) notice(l *looked, e *Entry) {
	if back := l.last.Sub(e.At); back > mostSetBack {
		v.note(e.Seq, e.Case, "the entry is dated %s, %s before the one before it: a clock was set back", e.At.Format(time.RFC3339), back.Round(time.Second))
	}
	l.last = e.At
	var b Beginning
	if l.begun == 0 && e.Case == "" && json.Unmarshal(e.Detail, &b) == nil && b.Log != "" && b.Log == v.Keys[0].Verifier {
		l.begun = e.Seq
		if e.Seq > 1 {
			v.note(e.Seq, "", "this log was begun with this entry, at %s: what was written before it is in the log as it stood then", e.At.Format(time.RFC3339))
		}
	}
}

// Fault adds what another look at the same data has found.
func (v *Verification) Fault(entry int64, of goshawk.ID, what string) { v.fault(entry, of, "%s", what) }

func (v *Verification) fault(entry int64, of goshawk.ID, format string, args ...any) {
	if len(v.Faults) == mostFaults {
		v.More++
		return
	}
	v.Faults = append(v.Faults, Fault{entry, goshawk.ID(shown(string(of))), shown(fmt.Sprintf(format, args...))})
}

// shown is what was found in tables that somebody may have edited, as a terminal can be shown it: it is told nothing.
func shown(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}

// Verify compares a trail with the log in a folder, and the log with itself. kept is
// a checkpoint that somebody kept earlier, or nil. It changes nothing. Faults are in
// the answer; an error is what kept it from looking.
func Verify(ctx context.Context, dir string, trail Trail, kept []byte) (*Verification, error) {
	if !exists(dir) {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no log in %s", dir).WithHint("name the data folder with --data DIR")
	}
	v := &Verification{}
	var err error
	if v.Keys, err = readKeys(dir); err != nil {
		return nil, err
	}
	signers, err := verifiers(v.Keys)
	if err != nil {
		return nil, err
	}
	v.Origin = signers[0].Name()
	text, err := os.ReadFile(filepath.Join(dir, logName, "checkpoint"))
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the log's checkpoint: %w", err)
	}
	v.Checkpoint = string(text)
	last := signers[len(signers)-1]
	cp, _, _, err := log.ParseCheckpoint(text, v.Origin, last)
	if err != nil {
		v.fault(0, "", "the log's checkpoint is not signed with its key: %v", err)
		return v, nil
	}
	v.Size, v.Root = cp.Size, hex.EncodeToString(cp.Hash)

	// What the tree's root must have been at some sizes.
	type root struct {
		hash []byte
		what string
	}
	roots := map[uint64][]root{cp.Size: {{cp.Hash, "the log's leaves are not what its checkpoint says"}}}
	demand := func(what string, text []byte, by ...note.Verifier) {
		var old *log.Checkpoint
		for _, k := range by {
			if old, _, _, err = log.ParseCheckpoint(text, v.Origin, k); err != nil {
				v.fault(0, "", "%s is not signed with the log's key: %v", what, err)
				return
			}
		}
		if old.Size > cp.Size {
			v.fault(0, "", "%s has %s, and the log only %d: leaves were removed", what, goshawk.Count(int(old.Size), "leaf", "leaves"), cp.Size)
			return
		}
		roots[old.Size] = append(roots[old.Size], root{old.Hash, "the log's leaves are not what " + what + " says"})
	}
	if v.Keys[0].From != 0 {
		v.fault(0, "", "key 1 is said to sign from size %d on, and signs from the beginning", v.Keys[0].From)
	}
	for i := 1; i < len(v.Keys); i++ {
		if old, _, _, err := log.ParseCheckpoint([]byte(v.Keys[i].Handover), v.Origin, signers[i]); err == nil && old.Size != v.Keys[i].From {
			v.fault(0, "", "key %d is said to sign from size %d on, and took over at %d", i+1, v.Keys[i].From, old.Size)
		}
		demand(fmt.Sprintf("the checkpoint with which key %d took over", i+1), []byte(v.Keys[i].Handover), signers[i-1], signers[i])
	}
	if kept != nil {
		// It was signed with whichever key was in use.
		by := signers[:1]
		for i, k := range signers {
			if _, _, _, err := log.ParseCheckpoint(kept, v.Origin, k); err == nil {
				by = signers[i : i+1]
			}
		}
		demand("the checkpoint that was kept", kept, by...)
	}

	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	look := func() error {
		for _, want := range roots[tree.End()] {
			got, err := tree.GetRootHash(nil)
			if err != nil {
				return err
			}
			if tree.End() == 0 {
				got = rfc6962.DefaultHasher.EmptyRoot()
			}
			if !bytes.Equal(got, want.hash) {
				v.fault(0, "", "%s", want.what)
			}
		}
		return nil
	}
	if err := look(); err != nil {
		return nil, err
	}
	rows, tiles := rows{trail: trail, saw: v.notice}, tiles{v: v, dir: dir}
	size := func(context.Context) (uint64, error) { return cp.Size, nil }
	for bundle, err := range client.EntryBundles(ctx, 1, size, files(dir).ReadEntryBundle, 0, cp.Size) {
		var leaves [][]byte
		if err == nil {
			leaves, err = bundleOf(bundle.Data)
		}
		if ctx.Err() != nil {
			return nil, goshawk.Errorf(goshawk.Interrupted, "interrupted")
		}
		if err != nil {
			v.fault(int64(tree.End())+1, "", "the log's leaves from this one on cannot be read: %v", err)
			return v, nil
		}
		for _, has := range leaves[:bundle.RangeInfo.N] {
			hash := rfc6962.DefaultHasher.HashLeaf(has)
			bad := tiles.node(ctx, 0, hash)
			err := tree.Append(hash, func(id compact.NodeID, hash []byte) {
				if id.Level > 0 {
					bad = errors.Join(bad, tiles.node(ctx, id.Level, hash))
				}
			})
			if err = errors.Join(err, bad); err != nil {
				return nil, err
			}
			if err := look(); err != nil {
				return nil, err
			}
			if err := v.compare(ctx, &rows, int64(tree.End()), has); err != nil {
				return nil, err
			}
		}
	}
	var first, latest time.Time // of those that are not in it
	for {
		e, err := rows.next(ctx)
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		if v.Pending++; v.Pending == 1 {
			first = e.At
		}
		latest = e.At
		if e.Seq != int64(cp.Size)+v.Pending {
			v.fault(e.Seq, e.Case, "the entry has this number, and its place is %d", int64(cp.Size)+v.Pending)
		}
	}
	if v.Pending > 0 {
		v.note(0, "", "the entries that are not in the log were written from %s to %s: nothing shows whether they were changed since", first.Format(time.RFC3339), latest.Format(time.RFC3339))
	}
	if rows.looked.begun == 0 {
		v.note(0, "", "no entry says when this log was begun")
	}
	return v, tiles.rest(ctx)
}

// tiles holds a log's tiles, from which proofs are made, against its leaves: tile n
// of level k has the 256 nodes of the tree's level 8k from 256n on.
type tiles struct {
	v       *Verification
	dir     string
	pending [][][]byte // by level: the nodes of the tile that is not full yet
	done    []uint64   // by level: tiles before it
}

func (t *tiles) node(ctx context.Context, level uint, hash []byte) error {
	if level%8 != 0 {
		return nil
	}
	k := int(level / 8)
	for len(t.pending) <= k {
		t.pending, t.done = append(t.pending, nil), append(t.done, 0)
	}
	t.pending[k] = append(t.pending[k], hash)
	if len(t.pending[k]) == 256 {
		return t.compare(ctx, k, 0)
	}
	return nil
}

// rest compares the tiles at the tree's right edge.
func (t *tiles) rest(ctx context.Context) error {
	for k := range t.pending {
		if n := len(t.pending[k]); n > 0 {
			if err := t.compare(ctx, k, uint8(n)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *tiles) compare(ctx context.Context, k int, part uint8) error {
	text, err := files(t.dir).ReadTile(ctx, uint64(k), t.done[k], part)
	if ctx.Err() != nil {
		return goshawk.Errorf(goshawk.Interrupted, "interrupted")
	}
	if err != nil {
		t.v.fault(0, "", "the log's tile %d of level %d cannot be read: %v", t.done[k], k, err)
	} else if !bytes.Equal(text, bytes.Join(t.pending[k], nil)) {
		t.v.fault(0, "", "the log's tile %d of level %d is not what its leaves make", t.done[k], k)
	}
	t.pending[k] = nil
	t.done[k]++
	return nil
}

// compare holds a leaf against its entry.
func (v *Verification) compare(ctx context.Context, rows *rows, seq int64, has []byte) error {
	e, err := rows.at(ctx, seq)
	if err != nil {
		return err
	}
	if e == nil {
		v.fault(seq, "", "the entry is gone")
		return nil
	}
	v.Entries++
	want, err := e.Leaf()
	if err != nil {
		return err
	}
	if !bytes.Equal(has, want[:]) {
		v.fault(seq, e.Case, "the entry (%s) is not what was recorded", e.What)
	}
	return nil
}

// rows reads a trail from its beginning.
type rows struct {
	trail Trail
	list  []Entry
	from  int64 // of the next page
	done  bool
	saw   func(*looked, *Entry)
	looked
	seen int64 // the last entry that was handed to saw
}

// next returns the next entry; nil at the end.
func (r *rows) next(ctx context.Context) (*Entry, error) {
	if len(r.list) == 0 && !r.done {
		list, err := r.trail.Entries(ctx, max(r.from, 1), 2_000)
		if err != nil {
			return nil, err
		}
		r.list, r.done = list, len(list) == 0
		if !r.done {
			r.from = list[len(list)-1].Seq + 1
		}
	}
	if r.done {
		return nil, nil
	}
	e := &r.list[0]
	r.list = r.list[1:]
	if e.Seq > r.seen { // once, also if it is put back
		r.seen = e.Seq
		r.saw(&r.looked, e)
	}
	return e, nil
}

// at returns the entry of a number, which is higher than all before; nil where there is none.
func (r *rows) at(ctx context.Context, seq int64) (*Entry, error) {
	e, err := r.next(ctx)
	if err != nil || e == nil {
		return nil, err
	}
	if e.Seq > seq { // for later
		r.list = append([]Entry{*e}, r.list...)
		return nil, nil
	}
	return e, nil
}
