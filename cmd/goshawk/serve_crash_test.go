package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// child is a server in a process of its own.
type child struct {
	cmd  *exec.Cmd
	url  string
	said bytes.Buffer
	rest chan struct{} // closed when it has said everything
}

// startServer starts one, and waits until it says where it is.
func startServer(t *testing.T, program, folder string, flags ...string) *child {
	t.Helper()
	s := &child{cmd: exec.Command(program, append([]string{"serve", "--data", folder, "--listen", "127.0.0.1:0"}, flags...)...), rest: make(chan struct{})}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.cmd.Stderr = &s.said
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	line, err := in.ReadString('\n')
	go func() {
		defer close(s.rest)
		_, err = io.Copy(io.Discard, in)
	}()
	if err != nil {
		s.kill(t)
		t.Fatalf("the server does not start: %v\n%s", err, s.said.String())
	}
	s.url = strings.Replace(strings.TrimSpace(line), "localhost", "127.0.0.1", 1)
	return s
}

// kill ends it as a power cut does.
func (s *child) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Error(err)
	}
	<-s.rest
	if err := s.cmd.Wait(); err == nil || s.cmd.ProcessState.Exited() {
		t.Errorf("it had ended by itself: %v\n%s", err, s.said.String())
	}
}

// end ends it as an operator does.
func (s *child) end(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	<-s.rest
	if err := s.cmd.Wait(); err != nil && s.cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("%v\n%s", err, s.said.String())
	}
}

// desk is a case, and who works on it through the API.
type desk struct {
	room   goshawk.ID
	secret string // of a token
	person goshawk.ID
}

// furnishDesk makes a database with a case and somebody who leads it.
func furnishDesk(t *testing.T, where string) desk {
	t.Helper()
	db, err := store.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	now := time.Now()
	p := identity.Person{ID: casebook.NewID(), Agency: "a", Name: "Ines", Email: "ines@police.example", Role: identity.Investigator, Created: now}
	admin := identity.Person{ID: casebook.NewID(), Agency: "a", Name: "Adam", Email: "adam@police.example", Role: identity.Administrator, Created: now}
	secret, hash := identity.NewTokenSecret()
	err = db.Do(t.Context(), &audit.Entry{At: now, Action: "console", What: "set up"}, func(tx *store.Tx) error {
		return errors.Join(tx.AddAgency(&identity.Agency{ID: "a", Name: "Eastmark Police", Kind: identity.Police, Created: now}), tx.AddPerson(&p), tx.AddPerson(&admin),
			tx.AddToken(&identity.Token{ID: casebook.NewID(), Hash: hash, Person: p.ID, Name: "load", Scopes: []identity.Scope{"read", "write"}, Created: now, Ends: now.Add(24 * time.Hour)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &casebook.Book{Store: store.Casebook{Store: db}, Now: time.Now}
	id, err := b.Open(t.Context(), &identity.Subject{Person: p, Kind: identity.Police, Via: identity.ViaPasskey}, "Harbour ransom", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	return desk{id, secret, p.ID}
}

// write adds a note; the same one again is the same request. done says that it was acknowledged.
func (d desk) write(ctx context.Context, client *http.Client, url string, note string) (done bool, err error) {
	body := fmt.Sprintf(`{"what":"wrote a note","edits":[{"kind":"note","id":%q,"field":"title","before":null,"after":"A thought"}]}`, note)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/api/v1/cases/"+string(d.room)+"/changes", strings.NewReader(body))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+d.secret)
	r.Header.Set("Idempotency-Key", "note-"+note)
	res, err := client.Do(r)
	if err != nil {
		return false, nil
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if res.StatusCode == http.StatusConflict && bytes.Contains(text, []byte("the request was carried out")) {
		return true, nil // and it was killed before the answer was
	}
	if res.StatusCode >= 300 {
		return false, fmt.Errorf("%s: %s", res.Status, text)
	}
	return err == nil, nil
}

// TestServeCrash kills the server with SIGKILL while people write. Every change that it
// acknowledged is there; one that it did not, and that is sent again, is made once; and trail, cases
// and log agree. GOSHAWK_KILLS says how often.
func TestServeCrash(t *testing.T) {
	if testing.Short() {
		t.Skip("kills are for whole runs")
	}
	kills := 4
	if s := os.Getenv("GOSHAWK_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	program := filepath.Join(t.TempDir(), "goshawk")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	folder := t.TempDir()
	d := furnishDesk(t, filepath.Join(folder, databaseName))
	acked := map[string]bool{}
	var again []string // sent, and not acknowledged
	n, unsure := 0, 0
	for kill := range kills {
		s := startServer(t, program, folder)
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
		for _, note := range again {
			done, err := d.write(t.Context(), client, s.url, note)
			if err != nil || !done {
				t.Fatalf("kill %d: sent again: %v, %v\n%s", kill, done, err, s.said.String())
			}
			acked[note] = true
		}
		unsure += len(again)
		again = nil
		var mu sync.Mutex
		var wg sync.WaitGroup
		loaded := make(chan struct{})
		var first sync.Once
		ctx, stop := context.WithCancel(t.Context())
		for range 4 {
			wg.Go(func() {
				for ctx.Err() == nil {
					mu.Lock()
					n++
					note := fmt.Sprint("n", n)
					mu.Unlock()
					done, err := d.write(t.Context(), client, s.url, note)
					mu.Lock()
					switch {
					case err != nil:
						t.Error(err)
					case done:
						acked[note] = true
						first.Do(func() { close(loaded) })
					default:
						again = append(again, note)
					}
					mu.Unlock()
					if !done {
						return
					}
				}
			})
		}
		select {
		case <-loaded:
		case <-time.After(time.Minute):
			t.Errorf("nothing was acknowledged\n%s", s.said.String())
		}
		// Not a wait for anything: a moment to be killed at.
		time.Sleep(time.Duration(dice.Int64N(int64(700 * time.Millisecond))))
		s.kill(t)
		stop()
		wg.Wait()
		client.CloseIdleConnections()
		d.holds(t, folder, acked, -1)
	}
	s := startServer(t, program, folder)
	for _, note := range again {
		if done, err := d.write(t.Context(), http.DefaultClient, s.url, note); err != nil || !done {
			t.Fatalf("sent again: %v, %v", done, err)
		}
		acked[note] = true
	}
	http.DefaultClient.CloseIdleConnections()
	s.end(t)
	if pending := d.holds(t, folder, acked, len(acked)); pending != 0 {
		t.Errorf("%d entries are not in the log after a quiet end", pending)
	}
	t.Logf("%d kills, %d changes acknowledged, %d of them sent twice", kills, len(acked), unsure+len(again))
}

// holds looks for every change that was acknowledged, and verifies everything. exactly is how many there are
// besides the first; -1: at least those.
func (d desk) holds(t *testing.T, folder string, acked map[string]bool, exactly int) (pending int64) {
	t.Helper()
	return d.holdsAt(t, folder, filepath.Join(folder, databaseName), acked, exactly)
}

// holdsAt is holds of any database.
func (d desk) holdsAt(t *testing.T, folder, where string, acked map[string]bool, exactly int) (pending int64) {
	t.Helper()
	ctx := t.Context()
	db, err := store.Open(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	v, err := audit.Verify(ctx, filepath.Join(folder, auditFolder), store.Trail{Store: db}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Replay(ctx, func(entry int64, of goshawk.ID, what string) { v.Fault(entry, of, what) }); err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Faults {
		t.Errorf("entry %d: %s", f.Entry, f.What)
	}
	err = db.View(ctx, func(tx *store.Tx) error {
		c, err := tx.Case(d.room, casebook.KindNote)
		if err != nil {
			return err
		}
		for note := range acked {
			if c.Records[casebook.KindNote][goshawk.ID(note)] == nil {
				t.Errorf("the note %s was acknowledged, and is gone", note)
			}
		}
		if has := int(c.Seq) - 1; has < len(acked) || exactly >= 0 && has != exactly {
			t.Errorf("%d changes, and %d were acknowledged", has, len(acked))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return v.Pending
}
