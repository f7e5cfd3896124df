package esplora_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest/esplora"
	"goshawk/ledger/ledgertest"
)

// server is an explorer with somebody in between who may answer instead.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	asked  []string                                                       // paths, as they arrive
	meddle func(w http.ResponseWriter, r *http.Request, attempt int) bool // answered; attempt counts requests of the path from 0
	behind http.Handler
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	attempt := 0
	for _, path := range s.asked {
		if path == r.URL.Path {
			attempt++
		}
	}
	s.asked = append(s.asked, r.URL.Path)
	meddle := s.meddle
	behind := s.behind
	s.mu.Unlock()
	if meddle == nil || !meddle(w, r, attempt) {
		behind.ServeHTTP(w, r)
	}
}

// change replaces what is behind, and who is in between.
func (s *server) change(behind http.Handler, meddle func(http.ResponseWriter, *http.Request, int) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behind, s.meddle, s.asked = behind, meddle, nil
}

func (s *server) paths() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

func between(t testing.TB, c *chain, meddle func(http.ResponseWriter, *http.Request, int) bool) *server {
	s := &server{meddle: meddle, behind: handler(t, c)}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

// clock is a clock that only sleeping moves.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	c.at = c.at.Add(d)
	return ctx.Err()
}

// short returns a chain of every kind of step, of few blocks.
func short(t testing.TB) *chain {
	c := crafted(t)
	short := empty(t, "regtest")
	for _, b := range c.history.Blocks[:8] {
		short.add(t, c.raw[b.Hash])
	}
	return short
}

func TestOvercomesPassingFaults(t *testing.T) {
	c := short(t)
	first := func(fault http.HandlerFunc) func(http.ResponseWriter, *http.Request, int) bool {
		return func(w http.ResponseWriter, r *http.Request, attempt int) bool {
			if attempt == 0 {
				fault(w, r)
			}
			return attempt == 0
		}
	}
	for _, test := range []struct {
		name  string
		fault http.HandlerFunc
	}{
		{"too many requests", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "slow down", http.StatusTooManyRequests) }},
		{"out of order", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "<html>", http.StatusBadGateway) }},
		{"dropped", func(w http.ResponseWriter, r *http.Request) { panic(http.ErrAbortHandler) }},
		{"cut short", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "[") // the fault is that no more follows
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, between(t, c, first(test.fault)).URL, options(t, c))
			for _, d := range ledgertest.Differences(t.Context(), s, c.history) {
				t.Error(d)
			}
		})
	}
}

func TestTimeout(t *testing.T) {
	c := short(t)
	release := make(chan struct{})
	s := between(t, c, func(w http.ResponseWriter, r *http.Request, attempt int) bool {
		if attempt == 0 && strings.HasSuffix(r.URL.Path, "/raw") {
			<-release // says nothing until the test is over
			return true
		}
		return false
	})
	t.Cleanup(func() { close(release) })
	o := options(t, c)
	o.Timeout = 500 * time.Millisecond
	source := open(t, s.URL, o)
	want := c.tip().Txs[0].Hash
	if found, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{want}}); err != nil || found.Transactions[0] == goshawk.NoTx {
		t.Fatalf("%v, %v", found, err)
	}
	o = options(t, c)
	o.Timeout, o.Retries = 50*time.Millisecond, -1
	s.change(s.behind, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		<-release
		return true
	})
	_, err := esplora.Open(t.Context(), s.URL, o)
	wantError(t, err, goshawk.Unavailable, s.URL+"/blocks/tip/height did not answer in 1 attempt: no answer within 50ms")
}

func TestHonoursRetryAfter(t *testing.T) {
	c := short(t)
	for _, test := range []struct {
		name, header string
		pause        time.Duration
	}{
		{"seconds", "7", 7 * time.Second},
		{"date", now().Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			time := clock{at: now()}
			began := time.at
			s := between(t, c, func(w http.ResponseWriter, r *http.Request, attempt int) bool {
				if r.URL.Path != "/blocks/tip/height" {
					return false
				}
				if attempt == 0 {
					w.Header().Set("Retry-After", test.header)
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}
				if waited := time.now().Sub(began); waited < test.pause {
					t.Errorf("asked again after %v", waited)
				}
				return false
			})
			o := options(t, c)
			o.Now, o.Sleep = time.now, time.sleep
			open(t, s.URL, o)
		})
	}
	t.Run("too long", func(t *testing.T) {
		s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		})
		_, err := esplora.Open(t.Context(), s.URL, options(t, c))
		wantError(t, err, goshawk.Unavailable, "asks to wait 24h0m0s")
		if n := len(s.paths()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

// TestBackoff: waiting times grow, vary by the seed only, and end.
func TestBackoff(t *testing.T) {
	c := short(t)
	waits := func(seed uint64) []time.Duration {
		time := clock{at: now()}
		s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
			http.Error(w, "", http.StatusServiceUnavailable)
			return true
		})
		o := options(t, c)
		o.Now, o.Sleep, o.Seed, o.Retries = time.now, time.sleep, seed, 9
		_, err := esplora.Open(t.Context(), s.URL, o)
		wantError(t, err, goshawk.Unavailable, s.URL+"/blocks/tip/height did not answer in 10 attempts: it answers 503")
		return time.slept
	}
	got := waits(1)
	if len(got) != 9 {
		t.Fatalf("slept %v", got)
	}
	for i, d := range got {
		most := min(500*time.Millisecond<<i, 30*time.Second)
		if d < most/2 || d > most {
			t.Errorf("wait %d is %v, not within %v and %v", i, d, most/2, most)
		}
	}
	if again := waits(1); !slices.Equal(again, got) {
		t.Errorf("the same seed gives %v and %v", got, again)
	}
	if other := waits(2); slices.Equal(other, got) {
		t.Error("another seed gives the same waiting times")
	}
}

// TestRate: no more requests than so many a second, and so many at once.
func TestRate(t *testing.T) {
	c := short(t)
	time := clock{at: now()}
	began := time.at
	var mu sync.Mutex
	inside, most := 0, 0
	behind := handler(t, c)
	s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		mu.Lock()
		inside++
		most = max(most, inside)
		mu.Unlock()
		behind.ServeHTTP(w, r)
		mu.Lock()
		inside--
		mu.Unlock()
		return true
	})
	o := options(t, c)
	o.Now, o.Sleep, o.Rate, o.Parallel = time.now, time.sleep, 4, 3
	source := open(t, s.URL, o)
	if _, err := source.Blocks(t.Context(), []goshawk.BlockID{0, 1, 2, 3, 4, 5, 6}); err != nil {
		t.Fatal(err)
	}
	n := len(s.paths())
	if passed := time.now().Sub(began); passed.Seconds() < float64(n-1)/4 {
		t.Errorf("%d requests within %v", n, passed)
	}
	if most > 3 {
		t.Errorf("%d requests at once", most)
	}
}

// get returns what a handler answers.
func get(h http.Handler, path string) string {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w.Body.String()
}

func replaceAll(from, to string) func(string) string {
	return func(s string) string { return strings.ReplaceAll(s, from, to) }
}

func constant(s string) func(string) string { return func(string) string { return s } }

// TestDoesNotBelieve: whatever can be checked is, the error names the URL, and
// the wrong answer does not stay: the question is put anew, at once and in a later run.
func TestDoesNotBelieve(t *testing.T) {
	c := short(t)
	blocks := c.history.Blocks
	fan, onward, again := blocks[4].Txs[1].Hash, blocks[4].Txs[2].Hash, blocks[4].Txs[3].Hash
	stranger := blocks[2].Txs[0].Hash
	address := c.params.FormatAddress(goshawk.PubKeyHash, bytes.Repeat([]byte{1}, 20))
	honest := handler(t, c)
	rawTx := func(hash goshawk.Hash) string { return get(honest, "/tx/"+hash.String()+"/raw") }
	header := func(height int) string { return hex.EncodeToString(blocks[height].Header) }
	find := func(hash goshawk.Hash) func(*esplora.Source) error {
		return func(s *esplora.Source) error {
			found, err := s.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{hash}})
			if err == nil && found.Transactions[0] == goshawk.NoTx {
				err = fmt.Errorf("not found")
			}
			return err
		}
	}
	spender := func(s *esplora.Source) error {
		found, err := s.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{fan, onward}})
		if err != nil {
			return err
		}
		coins, err := s.Outputs(t.Context(), []goshawk.OutputID{goshawk.OutputID(found.Transactions[0])})
		if err == nil && coins[0].Spender != found.Transactions[1] {
			err = fmt.Errorf("spent by %v", coins[0].Spender)
		}
		return err
	}
	history := func(s *esplora.Source) error {
		found, err := s.Find(t.Context(), goshawk.Names{Addresses: []string{address}})
		if err != nil {
			return err
		}
		page, err := s.History(t.Context(), goshawk.HistoryQuery{Address: found.Addresses[0]})
		if err == nil && len(page.Entries) != 9 {
			err = fmt.Errorf("%d entries", len(page.Entries))
		}
		return err
	}
	count := func(s *esplora.Source) error {
		_, err := s.Blocks(t.Context(), []goshawk.BlockID{4})
		return err
	}
	neighbours := func(s *esplora.Source) error {
		_, err := s.Find(t.Context(), goshawk.Names{Heights: []int32{4, 5}})
		return err
	}
	byID := func(s *esplora.Source) error {
		var batch goshawk.Transactions
		infos, err := s.Blocks(t.Context(), []goshawk.BlockID{4})
		if err != nil {
			return err
		}
		return s.Transactions(t.Context(), []goshawk.TxID{infos[0].FirstTx}, 0, &batch)
	}
	inputs := func(s *esplora.Source) error {
		var batch goshawk.Transactions
		found, err := s.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{onward}})
		if err != nil {
			return err
		}
		if err := s.Transactions(t.Context(), found.Transactions, 0, &batch); err != nil {
			return err
		}
		if batch.Inputs[0].Value != 10e8 {
			return fmt.Errorf("the first input is worth %d", batch.Inputs[0].Value)
		}
		return nil
	}
	proofOf := func(hash goshawk.Hash) string { return "/tx/" + hash.String() + "/merkle-proof" }
	for _, test := range []struct {
		name, path string
		lie        func(string) string // nil: every further page is the first one again
		ask        func(*esplora.Source) error
		says       string
	}{
		{"raw: of another transaction", "/tx/" + fan.String() + "/raw", constant(rawTx(onward)), find(fan), "hash to " + onward.String()},
		{"raw: a value changed", "/tx/" + fan.String() + "/raw", replaceAll("\x00\xca\x9a\x3b", "\x00\xca\x9a\x3c"), find(fan), "hash to"},
		{"raw: cut short", "/tx/" + fan.String() + "/raw", func(s string) string { return s[:50] }, find(fan), "more than the bytes that follow can hold"},
		{"raw: empty", "/tx/" + fan.String() + "/raw", constant(""), find(fan), "bytes end"},
		{"raw: of a spent coin's transaction", "/tx/" + fan.String() + "/raw", constant(rawTx(stranger)), inputs, "hash to " + stranger.String()},
		{"proof: no JSON", proofOf(fan), constant("<html>Just a moment"), find(fan), `"<html>Just a moment"`},
		{"proof: another position", proofOf(fan), replaceAll(`"pos":1`, `"pos":3`), find(fan), "does not prove"},
		{"proof: position outside", proofOf(fan), replaceAll(`"pos":1`, `"pos":4`), find(fan), "outside of its branch"},
		{"proof: no position", proofOf(fan), replaceAll(`,"pos":1`, ``), find(fan), "position is missing"},
		{"proof: another block", proofOf(fan), replaceAll(`"block_height":4`, `"block_height":5`), find(fan), "does not prove"},
		{"proof: of another transaction", proofOf(fan), constant(get(honest, proofOf(onward))), find(fan), "does not prove"},
		{"proof: one hash changed", proofOf(fan), flipHash, find(fan), "does not prove"},
		{"proof: negative height", proofOf(fan), replaceAll(`"block_height":4`, `"block_height":-4`), find(fan), "cannot unmarshal"},
		{"proof: endless", proofOf(fan), constant(`{"block_height":4,"pos":1,"merkle":[` + strings.Repeat(`"`+fan.String()+`",`, 40) + `"` + fan.String() + `"]}`), find(fan), "41 hashes"},
		{"header: of another block", "/block/" + blocks[4].Hash.String() + "/header", constant(header(5)), find(fan), "hashes to " + blocks[5].Hash.String()},
		{"header: too long", "/block/" + blocks[4].Hash.String() + "/header", func(s string) string { return s + "00" }, find(fan), "not a block header"},
		{"header: a flood", "/block/" + blocks[4].Hash.String() + "/header", constant(strings.Repeat("0", 1<<20)), find(fan), "longer than any"},
		{"height: another block's hash", "/block-height/4", constant(blocks[5].Hash.String()), find(fan), "does not"},
		{"height: a block that does not follow", "/block-height/5", constant(blocks[6].Hash.String()), neighbours, "does not follow"},
		{"height: no hash", "/block-height/4", constant("4"), find(fan), "not a hash"},
		{"outspends: too few", "/tx/" + fan.String() + "/outspends", constant("[]"), spender, "tells of 0 outputs"},
		{"outspends: another spender", "/tx/" + fan.String() + "/outspends", replaceAll(onward.String(), again.String()), spender, "does not spend it"},
		{"outspends: an unknown spender", "/tx/" + fan.String() + "/outspends", replaceAll(onward.String(), strings.Repeat("ab", 32)), spender, "which is not in the chain"},
		{"outspends: another input", "/tx/" + fan.String() + "/outspends", replaceAll(`"vin":0`, `"vin":1`), spender, "does not spend it"},
		{"outspends: an input beyond", "/tx/" + fan.String() + "/outspends", replaceAll(`"vin":0`, `"vin":70000`), spender, "does not spend it"},
		{"outspends: no spender", "/tx/" + fan.String() + "/outspends", replaceAll(`"txid":"`+onward.String()+`",`, ""), spender, "what spends output 0"},
		{"outspends: neither yes nor no", "/tx/" + fan.String() + "/outspends", replaceAll(`"spent":true,`, ""), spender, "whether output 0 is spent"},
		{"history: a stranger's transaction", "/address/" + address + "/txs/chain", replaceAll(fan.String(), blocks[4].Txs[0].Hash.String()[:62]+"00"), history, "where it is not"},
		{"history: not the address's", "/address/" + address + "/txs/chain", replaceAll(blocks[2].Txs[0].Hash.String()+`","version`, blocks[1].Txs[0].Hash.String()+`","version`), history, "where it is not"},
		{"history: of another address", "/address/" + address + "/txs/chain", func(s string) string {
			s = strings.ReplaceAll(s, `"txid":"`+blocks[5].Txs[1].Hash.String()+`","version"`, `"txid":"`+blocks[5].Txs[0].Hash.String()+`","version"`)
			return strings.ReplaceAll(s, "76a914"+strings.Repeat("01", 20), "76a914"+strings.Repeat("99", 20))
		}, history, "neither pays nor spends"},
		{"history: out of order", "/address/" + address + "/txs/chain", replaceAll(`"block_height":2,`, `"block_height":6,`), history, "out of order"},
		{"history: in another block", "/address/" + address + "/txs/chain", replaceAll(`"block_height":7`, `"block_height":6`), history, "where it is not"},
		{"history: without heights", "/address/" + address + "/txs/chain", replaceAll(`"block_height"`, `"height"`), history, "height is missing"},
		{"history: unconfirmed", "/address/" + address + "/txs/chain", replaceAll(`"confirmed":true`, `"confirmed":false`), history, "not confirmed"},
		{"history: endless", "/address/" + address + "/txs/chain", nil, history, "a second time"},
		{"history: a foreign input", "/address/" + address + "/txs/chain", replaceAll(`"scriptpubkey":"0014`+strings.Repeat("02", 20), `"scriptpubkey":"76a914`+strings.Repeat("01", 20)+"88ac"), history, "which it does not"},
		{"totals: none", "/address/" + address, constant("{}"), history, "totals are missing"},
		{"txids: one less", "/block/" + blocks[4].Hash.String() + "/txids", replaceAll(`,"`+again.String()+`"`, ""), count, "merkle root"},
		{"txids: garbage", "/block/" + blocks[4].Hash.String() + "/txids", constant(`[1]`), count, "txids"},
		{"txid: another", "/block/" + blocks[4].Hash.String() + "/txid/0", constant(again.String()), byID, "is elsewhere"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
				answer := ""
				switch {
				case test.lie != nil && r.URL.Path == test.path:
					answer = test.lie(get(honest, test.path))
				case test.lie == nil && strings.HasPrefix(r.URL.Path, test.path):
					answer = get(honest, test.path)
				default:
					return false
				}
				if _, err := io.WriteString(w, answer); err != nil {
					t.Log(err) // the asker had enough
				}
				return true
			})
			o := options(t, c)
			source, err := esplora.Open(t.Context(), s.URL, o)
			if err != nil {
				t.Fatal(err)
			}
			err = test.ask(source)
			if code := goshawk.CodeOf(err); code != goshawk.Corrupt || !strings.Contains(err.Error(), test.says) || goshawk.HintOf(err) == "" {
				t.Errorf("%s: %v", code, err)
			} else if !strings.Contains(err.Error(), s.URL+"/") {
				t.Errorf("the error names no URL: %v", err)
			}
			s.change(honest, nil)
			if err := test.ask(source); err != nil {
				t.Errorf("asked again: %v", err)
			}
			if err := source.Close(); err != nil {
				t.Fatal(err)
			}
			if err := test.ask(open(t, s.URL, o)); err != nil {
				t.Errorf("asked in a later run: %v", err)
			}
		})
	}
}

// flipHash changes one digit of the first hash in JSON.
func flipHash(s string) string {
	i := strings.Index(s, `["`) + 2
	digit := "0"
	if s[i] == '0' {
		digit = "1"
	}
	return s[:i] + digit + s[i+1:]
}

func wantError(t *testing.T, err error, code goshawk.Code, says string) {
	t.Helper()
	if goshawk.CodeOf(err) != code || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v", goshawk.CodeOf(err), err)
	}
	if goshawk.HintOf(err) == "" {
		t.Errorf("no hint what to do about: %v", err)
	}
}

// TestHeaderWithoutWork: a header that hashes to its name and has the right
// merkle root is not enough.
func TestHeaderWithoutWork(t *testing.T) {
	c := short(t)
	forged := slices.Clone(c.history.Blocks[4].Header)
	var header bitcoin.Header
	for {
		forged[76]++
		var err error
		if header, err = bitcoin.DecodeHeader(forged); err != nil {
			t.Fatal(err)
		}
		if c.params.CheckWork(&header) != nil {
			break
		}
	}
	s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		switch r.URL.Path {
		case "/block-height/4":
			fmt.Fprint(w, header.Hash)
		case "/block/" + header.Hash.String() + "/header":
			fmt.Fprintf(w, "%x", forged)
		default:
			return false
		}
		return true
	})
	_, err := open(t, s.URL, options(t, c)).Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{c.history.Blocks[4].Txs[1].Hash}})
	wantError(t, err, goshawk.Corrupt, "no proof of work")
}

// TestHidesSpend: the one lie that cannot be found out is worded as a claim.
func TestHidesSpend(t *testing.T) {
	c := short(t)
	fan := c.history.Blocks[4].Txs[1].Hash
	s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if r.URL.Path != "/tx/"+fan.String()+"/outspends" {
			return false
		}
		fmt.Fprint(w, "["+strings.Repeat(`{"spent":false},`, 7)+`{"spent":true,"txid":"`+fan.String()+`","vin":0,"status":{"confirmed":false}}]`)
		return true
	})
	source := open(t, s.URL, options(t, c))
	found, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{fan}})
	if err != nil {
		t.Fatal(err)
	}
	id := goshawk.OutputID(found.Transactions[0])
	coins, err := source.Outputs(t.Context(), []goshawk.OutputID{id, id + 7, id + 6})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []goshawk.TxID{goshawk.NoTx, goshawk.NoTx, goshawk.Burnt} {
		if coins[i].Spender != want {
			t.Errorf("output %d is spent by %v, not %v", coins[i].Index, coins[i].Spender, want)
		}
	}
	head, err := source.Head(t.Context())
	if host := strings.TrimPrefix(s.URL, "http://"); err != nil || !strings.Contains(head.Claim, "as claimed by "+host) || !strings.Contains(head.Claim, "unspent") {
		t.Errorf("%q, %v", head.Claim, err)
	}
}

func TestFollowsNoRedirect(t *testing.T) {
	c := short(t)
	elsewhere := between(t, c, nil)
	s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusFound)
		return true
	})
	_, err := esplora.Open(t.Context(), s.URL, options(t, c))
	wantError(t, err, goshawk.Unavailable, "redirects elsewhere (302)")
	if n := len(elsewhere.paths()); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestRefusals(t *testing.T) {
	c := short(t)
	t.Run("another network", func(t *testing.T) {
		o := options(t, c)
		o.Network = lookup(t, "bitcoin")
		s := between(t, c, nil)
		_, err := esplora.Open(t.Context(), s.URL, o)
		wantError(t, err, goshawk.Invalid, "serves another network than bitcoin")
	})
	t.Run("no explorer", func(t *testing.T) {
		s := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(s.Close)
		_, err := esplora.Open(t.Context(), s.URL, options(t, c))
		wantError(t, err, goshawk.Unavailable, "/blocks/tip/height is refused: 404")
	})
	t.Run("forbidden", func(t *testing.T) {
		s := between(t, c, func(w http.ResponseWriter, r *http.Request, _ int) bool {
			http.Error(w, "\x1b[31mpay first\x00", http.StatusPaymentRequired)
			return true
		})
		_, err := esplora.Open(t.Context(), s.URL, options(t, c))
		wantError(t, err, goshawk.Unavailable, "402 Payment Required: [31mpay first")
		if n := len(s.paths()); n != 1 {
			t.Errorf("asked %d times", n)
		}
	})
	t.Run("certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(handler(t, c))
		s.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of the refusal
		s.StartTLS()
		t.Cleanup(s.Close)
		_, err := esplora.Open(t.Context(), s.URL, options(t, c))
		wantError(t, err, goshawk.Unavailable, "cannot prove that it is "+strings.TrimPrefix(s.URL, "https://"))
	})
	for _, base := range []string{"", "explorer.example", "ftp://explorer.example", "https://", "https://explorer.example/?x=1", "http://[", "https://explorer.example/#x"} {
		t.Run("address "+base, func(t *testing.T) {
			_, err := esplora.Open(t.Context(), base, options(t, c))
			wantError(t, err, goshawk.Invalid, "explorer's address")
		})
	}
	for _, proxy := range []string{"127.0.0.1:9050", "http://127.0.0.1:80", "socks5://127.0.0.1", "socks5://:9050", "socks5://a:1/b", "::"} {
		t.Run("proxy "+proxy, func(t *testing.T) {
			o := options(t, c)
			o.Proxy = proxy
			_, err := esplora.Open(t.Context(), "https://explorer.example", o)
			wantError(t, err, goshawk.Invalid, "proxy")
		})
	}
	t.Run("onion", func(t *testing.T) {
		_, err := esplora.Open(t.Context(), "http://explorer.onion/api", options(t, c))
		wantError(t, err, goshawk.Invalid, "only be reached through Tor")
	})
}
