package audit

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"goshawk"
)

// Log is the transparency log of an audit trail: a Merkle tree of the entries'
// commitments in files (C2SP tlog-tiles), whose checkpoints are signed (C2SP
// tlog-checkpoint, Ed25519). Leaf n is the commitment to entry n+1. It is used by
// one goroutine.
type Log struct {
	dir    string
	add    tessera.AddFn
	reader tessera.LogReader
	close  func() error
	agreed bool // its last leaf was compared with its entry
	fresh  bool
}

// batch is how many leaves are written at once.
const batch = 256

// OpenLog opens the log in a folder, and makes it and its first key where there is
// none.
func OpenLog(ctx context.Context, dir string) (*Log, error) {
	fresh := !exists(dir)
	s, err := signer(dir)
	if goshawk.CodeOf(err) != "" {
		return nil, err // which says what to do
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot open the log's keys: %w", err).WithHint("is the data folder writable?")
	}
	l, err := open(ctx, dir, s)
	if err == nil {
		l.fresh = fresh
	}
	return l, err
}

// Beginning is the detail of the entry that says that a log was begun: only what is written after it was in
// the log from the first moment on.
type Beginning struct {
	Log string `json:"log"` // its first key, as keys.json has it
}

// Began returns the detail of the entry that says that this log was begun just now; nil where it was there before.
func (l *Log) Began() (*Beginning, error) {
	if !l.fresh {
		return nil, nil
	}
	keys, err := readKeys(l.dir)
	if err != nil {
		return nil, err
	}
	return &Beginning{keys[0].Verifier}, nil
}

// open opens a log; extra signs each checkpoint too.
func open(ctx context.Context, dir string, s note.Signer, extra ...note.Signer) (*Log, error) {
	klog.SetOutput(io.Discard) // what goes wrong comes back as errors
	klog.LogToStderr(false)
	driver, err := posix.New(ctx, posix.Config{Path: filepath.Join(dir, logName)})
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot open the log: %w", err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	options := tessera.NewAppendOptions().WithCheckpointSigner(s, extra...).WithBatching(batch, 20*time.Millisecond).WithCheckpointInterval(250 * time.Millisecond)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		cancel()
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot open the log: %w", err).WithHint("'goshawk audit verify' says what of it is damaged")
	}
	return &Log{dir: dir, add: appender.Add, reader: reader, close: func() error {
		end, stop := context.WithTimeout(ctx, 10*time.Second)
		defer stop()
		defer cancel()
		return shutdown(end)
	}}, nil
}

// Close waits until a checkpoint covers what was appended, and ends the log's use.
func (l *Log) Close() error { return l.close() }

// Size is how many leaves the log has.
func (l *Log) Size(ctx context.Context) (uint64, error) { return l.reader.IntegratedSize(ctx) }

// Append adds leaves at the log's end, where they must belong: the first at index at.
// It returns when they are on the disk.
func (l *Log) Append(ctx context.Context, at uint64, leaves [][sha256.Size]byte) error {
	for len(leaves) > 0 {
		n := min(len(leaves), batch)
		var futures []tessera.IndexFuture
		for i := range n {
			futures = append(futures, l.add(ctx, tessera.NewEntry(leaves[i][:])))
		}
		for _, f := range futures {
			got, err := f()
			if err != nil {
				return goshawk.Errorf(goshawk.Unavailable, "cannot write to the log: %w", err).WithHint("is there room on the disk?")
			}
			if got.Index != at {
				return goshawk.Errorf(goshawk.Conflict, "the log gave a leaf the number %d, which is %d", got.Index, at).WithHint("does another program write to it?")
			}
			at++
		}
		leaves = leaves[n:]
	}
	return nil
}

// files reads a log's files, whoever writes them.
func files(dir string) client.FileFetcher {
	return client.FileFetcher{Root: filepath.Join(dir, logName)}
}

// leaf reads one leaf of a log of a size.
func leaf(ctx context.Context, dir string, index, size uint64) ([]byte, error) {
	bundle, err := client.GetEntryBundle(ctx, files(dir).ReadEntryBundle, index/256, size)
	if err != nil {
		return nil, err
	}
	if i := int(index % 256); i < len(bundle.Entries) {
		return bundle.Entries[i], nil
	}
	return nil, goshawk.Errorf(goshawk.Corrupt, "the log has no leaf %d", index)
}

// bundleOf reads the leaves of a bundle.
func bundleOf(text []byte) ([][]byte, error) {
	var b api.EntryBundle
	err := b.UnmarshalText(text)
	return b.Entries, err
}

// Trail is where entries are read from: from a number on, at most so many, in order.
type Trail interface {
	Entries(ctx context.Context, from int64, most int) ([]Entry, error)
}

// Feed brings every entry of a trail into the log, and those that come, until the
// context ends: wake says that some may have come, and it looks once a second
// besides. It goes on where it was, also after a kill at any moment. What the log
// says of the last entry that it has is compared with the entry first: where they
// differ, somebody has changed one of them, and nothing is added, a Corrupt error.
func (l *Log) Feed(ctx context.Context, trail Trail, wake <-chan struct{}) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if err := l.CatchUp(ctx, trail); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-wake:
		case <-tick.C:
		}
	}
}

// CatchUp brings every entry that a trail has into the log.
func (l *Log) CatchUp(ctx context.Context, trail Trail) error {
	size, err := l.Size(ctx)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot read the log: %w", err)
	}
	if !l.agreed {
		if err := l.agrees(ctx, trail, size); err != nil {
			return err
		}
		l.agreed = true
	}
	for {
		list, err := trail.Entries(ctx, int64(size)+1, batch)
		if err != nil {
			return err
		}
		leaves := make([][sha256.Size]byte, len(list))
		for i := range list {
			if list[i].Seq != int64(size)+int64(i)+1 {
				return goshawk.Errorf(goshawk.Corrupt, "the audit trail has no entry %d", int64(size)+int64(i)+1).WithHint("somebody has removed it: run 'goshawk audit verify'")
			}
			if leaves[i], err = list[i].Leaf(); err != nil {
				return err
			}
		}
		// What was begun is ended.
		if err := l.Append(context.WithoutCancel(ctx), size, leaves); err != nil {
			return err
		}
		size += uint64(len(list))
		if len(list) < batch {
			return nil
		}
	}
}

// agrees compares the last leaf with its entry.
func (l *Log) agrees(ctx context.Context, trail Trail, size uint64) error {
	if size == 0 {
		return nil
	}
	has, err := leaf(ctx, l.dir, size-1, size)
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "the log's last leaf cannot be read: %w", err).WithHint("run 'goshawk audit verify'")
	}
	list, err := trail.Entries(ctx, int64(size), 1)
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].Seq != int64(size) {
		return goshawk.Errorf(goshawk.Corrupt, "the log has %d leaves, and the audit trail no entry %d", size, size).WithHint("somebody has removed entries, or restored an old database beside a newer log: run 'goshawk audit verify'")
	}
	want, err := list[0].Leaf()
	if err != nil {
		return err
	}
	if !bytes.Equal(has, want[:]) {
		return goshawk.Errorf(goshawk.Corrupt, "the audit entry %d is not what the log says it was", size).WithHint("somebody has changed it: run 'goshawk audit verify'")
	}
	return nil
}

// exists says whether there is a log in a folder.
func exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, logName))
	return !errors.Is(err, fs.ErrNotExist)
}
