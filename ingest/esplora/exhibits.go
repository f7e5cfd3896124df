package esplora

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gofrs/flock"

	"goshawk"
)

// The folder's layout is described in docs/format/exhibits.md.
const (
	indexName     = "exhibits.jsonl"
	lockName      = "lock"
	contentName   = "sha256"
	formatName    = "goshawk exhibits"
	formatVersion = 1
	maxLine       = 64 << 10
)

// line is one line of the index. Kind says which of the fields it carries.
type line struct {
	Kind    string        `json:"kind"` // format, answer, pin, rejected
	Version int           `json:"version,omitempty"`
	URL     string        `json:"url,omitempty"`
	Status  int           `json:"status,omitempty"`
	Size    int64         `json:"size,omitempty"`
	SHA256  string        `json:"sha256,omitempty"`
	Source  string        `json:"source,omitempty"`
	Height  *int32        `json:"height,omitempty"`
	Hash    *goshawk.Hash `json:"hash,omitempty"`
	Reason  string        `json:"reason,omitempty"`
	Time    string        `json:"time,omitempty"` // of fetching, pinning or rejecting, RFC 3339, UTC
	Name    string        `json:"name,omitempty"`
}

// tip is the last block that a run looks at.
type tip struct {
	height int32
	hash   goshawk.Hash
}

// kept is an answer the folder holds.
type kept struct {
	status int
	size   int64
	sum    string
}

// exhibits is a folder of answers: the bytes as they came, each under its
// hash, and an index that only grows. One process writes to it at a time.
type exhibits struct {
	dir    string
	source string // base URL whose answers this run reads
	now    func() time.Time
	lock   *flock.Flock

	mu     sync.Mutex
	file   *os.File
	size   int64
	byURL  map[string]kept
	pinned *tip
}

// openExhibits opens or creates the folder and reads its index.
func openExhibits(dir, source string, now func() time.Time) (*exhibits, error) {
	if err := os.MkdirAll(filepath.Join(dir, contentName), 0o700); err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot create the exhibits folder: %w", err)
	}
	e := &exhibits{dir: dir, source: source, now: now, lock: flock.New(filepath.Join(dir, lockName)), byURL: map[string]kept{}}
	held, err := e.lock.TryLock()
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot lock the exhibits folder: %w", err)
	}
	if !held {
		return nil, goshawk.Errorf(goshawk.Locked, "another process writes to the exhibits in %s", dir).
			WithHint("wait for it to end, or name another folder")
	}
	if err := e.load(); err != nil {
		return nil, errors.Join(err, e.close())
	}
	return e, nil
}

// load reads the index, cuts off a line that a crash left unfinished, and
// leaves the file ready to append to.
func (e *exhibits) load() error {
	name := filepath.Join(e.dir, indexName)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot open the exhibits: %w", err)
	}
	e.file = f
	size, err := readIndex(f, e.take)
	if err != nil {
		if goshawk.CodeOf(err) == goshawk.Corrupt {
			return goshawk.Errorf(goshawk.Corrupt, "%s: %w", name, err).
				WithHint("the folder is evidence, keep it as it is; name another folder to go on")
		}
		return goshawk.Errorf(goshawk.Unavailable, "cannot read the exhibits: %w", err)
	}
	if err := f.Truncate(size); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot repair the exhibits: %w", err)
	}
	e.size = size
	if size == 0 {
		return e.append(line{Kind: "format", Name: formatName, Version: formatVersion})
	}
	return nil
}

// readIndex hands every finished line to take and returns their length in bytes.
func readIndex(r io.Reader, take func(line) error) (int64, error) {
	in := bufio.NewReaderSize(r, maxLine)
	var size int64
	for n := 1; ; n++ {
		text, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return size, nil
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, goshawk.Errorf(goshawk.Corrupt, "line %d is longer than %d bytes", n, maxLine)
		case err != nil:
			return 0, err
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return 0, goshawk.Errorf(goshawk.Corrupt, "line %d is not JSON: %w", n, err)
		}
		if n == 1 && (l.Kind != "format" || l.Name != formatName) {
			return 0, goshawk.Errorf(goshawk.Corrupt, "line 1 does not name the format %q", formatName)
		}
		if n == 1 && l.Version != formatVersion {
			return 0, goshawk.Errorf(goshawk.Corrupt, "the format's version is %d, this program reads version %d", l.Version, formatVersion)
		}
		if err := take(l); err != nil {
			return 0, goshawk.Errorf(goshawk.Corrupt, "line %d: %w", n, err)
		}
		size += int64(len(text))
	}
}

// take applies one line to the picture that this run reads from.
func (e *exhibits) take(l line) error {
	switch l.Kind {
	case "answer":
		if sum, err := hex.DecodeString(l.SHA256); err != nil || len(sum) != sha256.Size {
			return goshawk.Errorf(goshawk.Corrupt, "%q is not a SHA-256 hash", l.SHA256)
		}
		if l.URL == "" || l.Size < 0 || (l.Status != 200 && l.Status != 404) {
			return goshawk.Errorf(goshawk.Corrupt, "an answer lacks its URL, size or status")
		}
		e.byURL[l.URL] = kept{status: l.Status, size: l.Size, sum: strings.ToLower(l.SHA256)}
	case "rejected":
		delete(e.byURL, l.URL)
	case "pin":
		if l.Height == nil || l.Hash == nil || *l.Height < 0 {
			return goshawk.Errorf(goshawk.Corrupt, "a pin lacks its height or hash")
		}
		if l.Source != e.source {
			return nil
		}
		// What may have changed since is asked anew under a new tip.
		for url, k := range e.byURL {
			path, ours := strings.CutPrefix(url, e.source)
			if ours && (k.status != 200 || !permanent(path)) {
				delete(e.byURL, url)
			}
		}
		e.pinned = &tip{height: *l.Height, hash: *l.Hash}
	}
	return nil // lines of kinds that later versions add are skipped
}

// permanent reports whether the answer at path is named by its own hash, so
// that it can never change: /tx/TXID/raw and /block/HASH/header.
func permanent(path string) bool {
	return strings.HasPrefix(path, "/tx/") && strings.HasSuffix(path, "/raw") ||
		strings.HasPrefix(path, "/block/") && strings.HasSuffix(path, "/header")
}

// get returns the answer kept for url, checked against its hash. ok is false
// where there is none.
func (e *exhibits) get(url string) (status int, body []byte, ok bool, err error) {
	e.mu.Lock()
	k, ok := e.byURL[url]
	e.mu.Unlock()
	if !ok {
		return 0, nil, false, nil
	}
	name := e.contentPath(k.sum)
	f, err := os.Open(name)
	if err != nil {
		return 0, nil, false, goshawk.Errorf(goshawk.Corrupt, "the exhibit of %s is lost: %w", url, err).
			WithHint("name another exhibits folder to ask again")
	}
	defer f.Close() // read only: nothing is lost if closing fails
	body, err = io.ReadAll(io.LimitReader(f, k.size+1))
	if err != nil {
		return 0, nil, false, goshawk.Errorf(goshawk.Unavailable, "cannot read the exhibit of %s: %w", url, err)
	}
	if int64(len(body)) != k.size || sumOf(body) != k.sum {
		return 0, nil, false, goshawk.Errorf(goshawk.Corrupt, "the exhibit of %s in %s no longer has its hash", url, name).
			WithHint("it was changed after it was fetched; keep it, and name another exhibits folder to ask again")
	}
	return k.status, body, true, nil
}

// put keeps an answer: first its bytes, then the line that names them.
func (e *exhibits) put(url string, status int, body []byte) error {
	sum := sumOf(body)
	if err := e.writeContent(sum, body); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot keep the answer of %s as an exhibit: %w", url, err)
	}
	return e.append(line{Kind: "answer", URL: url, Status: status, Size: int64(len(body)), SHA256: sum, Time: e.stamp()})
}

// reject notes that an answer failed its check: the bytes stay, later runs ask again.
func (e *exhibits) reject(url, reason string) error {
	const most = 1000
	if len(reason) > most {
		reason = reason[:most]
	}
	return e.append(line{Kind: "rejected", URL: url, Reason: strings.ToValidUTF8(reason, "?"), Time: e.stamp()})
}

// pin records the tip that answers refer to from here on.
func (e *exhibits) pin(t tip) error {
	return e.append(line{Kind: "pin", Source: e.source, Height: &t.height, Hash: &t.hash, Time: e.stamp()})
}

func (e *exhibits) append(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "cannot write an exhibit's line: %w", err)
	}
	if len(text)+1 > maxLine {
		return goshawk.Errorf(goshawk.Invalid, "an exhibit's line would have %d bytes, more than %d", len(text)+1, maxLine)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.file.WriteAt(append(text, '\n'), e.size); err != nil {
		// What was half written lies beyond e.size: the next line overwrites it.
		return goshawk.Errorf(goshawk.Unavailable, "cannot write to the exhibits: %w", err).
			WithHint("is the disk full? answers so far are kept")
	}
	e.size += int64(len(text)) + 1
	return e.take(l)
}

func (e *exhibits) writeContent(sum string, body []byte) error {
	name := e.contentPath(sum)
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, body) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "unfinished-*")
	if err != nil {
		return err
	}
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

func (e *exhibits) tip() *tip {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.pinned
}

func (e *exhibits) close() error {
	var errs []error
	if e.file != nil {
		errs = append(errs, e.file.Sync(), e.file.Close())
	}
	return errors.Join(append(errs, e.lock.Unlock())...)
}

func (e *exhibits) contentPath(sum string) string {
	return filepath.Join(e.dir, contentName, sum[:2], sum)
}

func (e *exhibits) stamp() string { return e.now().UTC().Format(time.RFC3339) }

func sumOf(body []byte) string {
	s := sha256.Sum256(body)
	return hex.EncodeToString(s[:])
}
