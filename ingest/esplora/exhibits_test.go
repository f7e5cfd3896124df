package esplora_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"goshawk"
	"goshawk/ingest/esplora"
	"goshawk/ledger/ledgertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestAsksOnce: the same questions over the same folder need no network, tell
// nobody, and get the same answers.
func TestAsksOnce(t *testing.T) {
	c := short(t)
	s := between(t, c, nil)
	o := options(t, c)
	var announced []string
	o.Announce = func(host string) {
		announced = append(announced, host)
		if n := len(s.paths()); n != 0 {
			t.Errorf("%d requests before the announcement", n)
		}
	}
	var last esplora.Progress
	o.Progress = func(p esplora.Progress) { last = p }
	host := strings.TrimPrefix(s.URL, "http://")
	run := func() {
		source, err := esplora.Open(t.Context(), s.URL, o)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range ledgertest.Differences(t.Context(), source, c.history) {
			t.Error(d)
		}
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
	}
	run()
	asked := s.paths()
	if !slices.Equal(announced, []string{host}) {
		t.Errorf("announced %q", announced)
	}
	if int(last.Requests) != len(asked) || last.Retries != 0 || last.Bytes == 0 {
		t.Errorf("%+v after %d requests", last, len(asked))
	}
	slices.Sort(asked)
	if n := len(slices.Compact(asked)); n != int(last.Requests) {
		t.Errorf("%d requests for %d paths", last.Requests, n)
	}
	before := folder(t, o.Exhibits)
	s.Close()
	announced = nil
	run()
	if len(announced) != 0 || last.Requests != 0 || last.Kept == 0 {
		t.Errorf("the second run announced %q: %+v", announced, last)
	}
	if after := folder(t, o.Exhibits); after != before {
		t.Errorf("the second run changed the folder from\n%s\nto\n%s", before, after)
	}
}

// folder returns the names and hashes of a folder's files.
func folder(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		sum := sha256.Sum256(content)
		out.WriteString(strings.TrimPrefix(path, dir) + " " + hex.EncodeToString(sum[:4]) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestPinnedTip: a later run over the same folder asks about the tip of the
// first, though the chain has grown, until told to look at today's.
func TestPinnedTip(t *testing.T) {
	c := short(t)
	last := c.tip()
	coin := goshawk.Outpoint{Tx: last.Txs[2].Hash, Index: 0}
	s := between(t, c, nil)
	o := options(t, c)
	spender := func(o esplora.Options) (goshawk.Head, bool) {
		source, err := esplora.Open(t.Context(), s.URL, o)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if err := source.Close(); err != nil {
				t.Error(err)
			}
		}()
		head, err := source.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		found, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{coin.Tx, c.tip().Txs[0].Hash}})
		if err != nil {
			t.Fatal(err)
		}
		if known := found.Transactions[1] != goshawk.NoTx; known != (head.Hash == c.tip().Hash) {
			t.Errorf("at height %d the newest transaction is known: %v", head.Height, known)
		}
		coins, err := source.Outputs(t.Context(), []goshawk.OutputID{goshawk.OutputID(found.Transactions[0])})
		if err != nil {
			t.Fatal(err)
		}
		return head, coins[0].Spender != goshawk.NoTx
	}
	first, _ := spender(o)
	if first.Hash != last.Hash || first.Height != last.Height || first.Time != int64(last.Time) {
		t.Fatalf("%+v", first)
	}
	grown := crafted(t)
	for _, b := range grown.history.Blocks[len(c.history.Blocks):] {
		c.add(t, grown.raw[b.Hash])
	}
	s.change(handler(t, c), nil)
	if head, spent := spender(o); head != first || spent {
		t.Errorf("%+v, spent %v", head, spent)
	}
	fresh := o
	fresh.Exhibits = t.TempDir()
	s.change(handler(t, c), nil)
	today, spent := spender(fresh)
	if today.Hash != c.tip().Hash || !spent {
		t.Errorf("%+v, spent %v", today, spent)
	}
	s.change(handler(t, c), nil)
	o.Refresh = true
	if head, spent := spender(o); head != today || !spent {
		t.Errorf("%+v, spent %v", head, spent)
	}
	for _, path := range s.paths() {
		if path == "/tx/"+coin.Tx.String()+"/raw" {
			t.Errorf("asked again for %s, which cannot change", path)
		}
	}
}

// TestExhibitsFormat holds the folder to docs/format/exhibits.md.
func TestExhibitsFormat(t *testing.T) {
	c := short(t)
	s := between(t, c, nil)
	o := options(t, c)
	source := open(t, s.URL, o)
	if _, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{c.tip().Txs[1].Hash, {1}}}); err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile(filepath.Join(o.Exhibits, "exhibits.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(index), "\n"), "\n")
	if lines[0] != `{"kind":"format","version":1,"name":"goshawk exhibits"}` {
		t.Errorf("first line %s", lines[0])
	}
	answers, pins, missing := 0, 0, 0
	for _, text := range lines[1:] {
		var l struct {
			Kind, URL, SHA256, Source string
			Size, Status              int
			Hash                      goshawk.Hash
			Height                    int32
			Time                      time.Time
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.DisallowUnknownFields()
		if err := d.Decode(&l); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !l.Time.Equal(now()) {
			t.Errorf("time of %s", text)
		}
		switch l.Kind {
		case "answer":
			answers++
			content, err := os.ReadFile(filepath.Join(o.Exhibits, "sha256", l.SHA256[:2], l.SHA256))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != l.SHA256 || len(content) != l.Size {
				t.Errorf("content of %s", text)
			}
			if l.Status == 404 {
				missing++
			} else if want := get(s.behind, strings.TrimPrefix(l.URL, s.URL)); string(content) != want {
				t.Errorf("%s has the content %q, not %q", l.URL, content, want)
			}
		case "pin":
			pins++
			if l.Source != s.URL || l.Height != c.tip().Height || l.Hash != c.tip().Hash {
				t.Errorf("%s", text)
			}
		default:
			t.Errorf("%s", text)
		}
	}
	if answers != len(s.paths()) || pins != 1 || missing != 1 {
		t.Errorf("%d answers to %d requests, %d pins, %d missing", answers, len(s.paths()), pins, missing)
	}
}

// TestDamagedExhibits: what was changed is never used, and what a crash left
// unfinished does no harm.
func TestDamagedExhibits(t *testing.T) {
	c := short(t)
	s := between(t, c, nil)
	tx := c.tip().Txs[1].Hash
	made := func(t *testing.T) esplora.Options {
		o := options(t, c)
		source, err := esplora.Open(t.Context(), s.URL, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{tx}}); err != nil {
			t.Fatal(err)
		}
		if err := source.Close(); err != nil {
			t.Fatal(err)
		}
		return o
	}
	edit := func(t *testing.T, o esplora.Options, change func([]byte) []byte) {
		t.Helper()
		name := filepath.Join(o.Exhibits, "exhibits.jsonl")
		index, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, change(index), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	content := func(t *testing.T, o esplora.Options) string {
		t.Helper()
		sum := sha256.Sum256([]byte(get(s.behind, "/tx/"+tx.String()+"/raw")))
		name := hex.EncodeToString(sum[:])
		return filepath.Join(o.Exhibits, "sha256", name[:2], name)
	}
	use := func(t *testing.T, o esplora.Options) error {
		source, err := esplora.Open(t.Context(), s.URL, o)
		if err != nil {
			return err
		}
		defer source.Close() // the test is about reading
		found, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{tx}})
		if err == nil && found.Transactions[0] == goshawk.NoTx {
			t.Error("the transaction is gone")
		}
		return err
	}
	t.Run("content changed", func(t *testing.T) {
		o := made(t)
		raw, err := os.ReadFile(content(t, o))
		if err != nil {
			t.Fatal(err)
		}
		raw[5] ^= 1
		if err := os.WriteFile(content(t, o), raw, 0o600); err != nil {
			t.Fatal(err)
		}
		wantError(t, use(t, o), goshawk.Corrupt, "/raw in "+content(t, o)+" no longer has its hash")
	})
	t.Run("content lost", func(t *testing.T) {
		o := made(t)
		if err := os.Remove(content(t, o)); err != nil {
			t.Fatal(err)
		}
		wantError(t, use(t, o), goshawk.Corrupt, "/raw is lost")
	})
	t.Run("line unfinished", func(t *testing.T) {
		o := made(t)
		edit(t, o, func(b []byte) []byte { return append(b, `{"kind":"answer","url":"http`...) })
		if err := use(t, o); err != nil {
			t.Error(err)
		}
		edit(t, o, func(b []byte) []byte {
			lines := bufio.NewScanner(bytes.NewReader(b))
			for lines.Scan() {
				if !json.Valid(lines.Bytes()) {
					t.Errorf("left behind: %s", lines.Text())
				}
			}
			return b
		})
	})
	for name, line := range map[string]string{
		"not JSON":        "garbage",
		"no hash":         `{"kind":"answer","url":"x","status":200,"sha256":"../../etc/passwd"}`,
		"no status":       `{"kind":"answer","url":"x","sha256":"` + strings.Repeat("00", 32) + `"}`,
		"pin to nowhere":  `{"kind":"pin","source":"x"}`,
		"endless":         strings.Repeat(" ", 1<<17),
		"negative height": `{"kind":"pin","source":"x","height":-1,"hash":"` + strings.Repeat("00", 32) + `"}`,
	} {
		t.Run("line: "+name, func(t *testing.T) {
			o := made(t)
			edit(t, o, func(b []byte) []byte { return append(append(b, line...), '\n') })
			wantError(t, use(t, o), goshawk.Corrupt, "exhibits.jsonl: line ")
		})
	}
	t.Run("another format", func(t *testing.T) {
		o := made(t)
		edit(t, o, func(b []byte) []byte { return bytes.Replace(b, []byte(`"version":1`), []byte(`"version":2`), 1) })
		wantError(t, use(t, o), goshawk.Corrupt, "version is 2")
		edit(t, o, func(b []byte) []byte { return []byte("{}\n") })
		wantError(t, use(t, o), goshawk.Corrupt, "does not name the format")
	})
	t.Run("lines of later versions", func(t *testing.T) {
		o := made(t)
		edit(t, o, func(b []byte) []byte { return append(b, `{"kind":"timestamp","token":"…"}`+"\n"...) })
		if err := use(t, o); err != nil {
			t.Error(err)
		}
	})
	t.Run("in use", func(t *testing.T) {
		o := made(t)
		open(t, s.URL, o)
		wantError(t, use(t, o), goshawk.Locked, "another process writes")
	})
	t.Run("another host's", func(t *testing.T) {
		o := made(t)
		other := between(t, c, nil)
		source := open(t, other.URL, o)
		if _, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{tx}}); err != nil {
			t.Fatal(err)
		}
		if len(other.paths()) == 0 {
			t.Error("one host's answers were taken for another's")
		}
	})
}

// TestInterrupted: a cancelled question ends, says so, and keeps what it has.
func TestInterrupted(t *testing.T) {
	c := short(t)
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	var waiting atomic.Int32
	s := between(t, c, nil)
	t.Cleanup(func() { close(release) })
	o := options(t, c)
	o.Parallel = 2
	source := open(t, s.URL, o)
	s.change(s.behind, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if !strings.HasSuffix(r.URL.Path, "/raw") {
			return false
		}
		if waiting.Add(1) == 2 {
			cancel() // while two requests are under way
		}
		<-release
		return true
	})
	var hashes []goshawk.Hash
	for _, b := range c.history.Blocks {
		hashes = append(hashes, b.Txs[0].Hash)
	}
	_, err := source.Find(ctx, goshawk.Names{Transactions: hashes})
	wantError(t, err, goshawk.Interrupted, "were interrupted")
	if n := waiting.Load(); n != 2 {
		t.Errorf("%d requests were sent", n)
	}
	s.change(s.behind, nil)
	if found, err := source.Find(t.Context(), goshawk.Names{Transactions: hashes}); err != nil || slices.Contains(found.Transactions, goshawk.NoTx) {
		t.Errorf("%v, %v", found, err)
	}
}

// TestTurns: questions from many goroutines take turns, also where one gives up
// waiting for its own.
func TestTurns(t *testing.T) {
	c := short(t)
	release := make(chan struct{})
	inside := make(chan struct{})
	s := between(t, c, nil)
	source := open(t, s.URL, options(t, c))
	var once atomic.Bool
	s.change(s.behind, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if once.CompareAndSwap(false, true) {
			close(inside)
			<-release
		}
		return false
	})
	done := make(chan error)
	go func() {
		_, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{c.tip().Txs[0].Hash}})
		done <- err
	}()
	<-inside
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	_, err := source.Find(ctx, goshawk.Names{Heights: []int32{1}})
	wantError(t, err, goshawk.Interrupted, "interrupted")
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
