// Package esplora answers as a goshawk.Ledger without an index of its own: it
// asks an Esplora REST API (Blockstream's, mempool.space's, one's own, or that
// of package node), and takes nothing from it that it can check.
//
// Checked: a transaction is its raw bytes, whose hash must be the id asked for;
// its place is a merkle branch that must lead to the root in a block header
// whose hash meets the header's own target; a spender is a transaction that
// names the outpoint; a spent coin's value and script come from the raw bytes
// of the transaction that made it. Not checked, and named in Head.Claim: that
// an output is unspent, that an address's history is complete, that the blocks
// are the chain's best (headers are not linked to each other). Payments to a
// bare public key (P2PK) are missing from an explorer's address histories.
//
// Every answer is kept as an exhibit (docs/format/exhibits.md). The tip of the
// first run is recorded with them, and a later run over the same folder asks
// about the same tip and finds the same answers; only what is new is asked.
//
// It never asks another host than the one announced, never follows a redirect,
// and never sends anything but GET requests.
package esplora

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Options are what the caller decides. Network, Exhibits and Now are required.
type Options struct {
	Network  *bitcoin.Params
	Exhibits string           // folder of the answers; created if it does not exist
	Now      func() time.Time // dates exhibits and spaces requests

	// Announce is called once, before the first request leaves, with the host
	// that is about to learn what is asked. It is not called where the
	// exhibits answer everything.
	Announce func(host string)
	// Progress is called after each answer, one call at a time; it must return soon.
	Progress func(Progress)
	// Refresh looks at today's tip instead of the recorded one.
	Refresh bool

	Proxy    string        // socks5://[user:password@]host:port; it also looks up the host's name
	Rate     float64       // requests a second; 0 means 5
	Parallel int           // requests at once; 0 means 4
	Retries  int           // after a failed attempt; 0 means 5, negative none
	Timeout  time.Duration // of one attempt; 0 means 30 s
	Seed     uint64        // of the jitter in waiting times
	// Sleep waits between requests; nil means a timer.
	Sleep func(context.Context, time.Duration) error
	// MaxHistory bounds how many transactions of one address are looked
	// through; 0 means 20,000.
	MaxHistory int
}

// Progress counts what was done so far.
type Progress struct {
	Requests uint64 // answers that came over the network
	Kept     uint64 // answers that the exhibits had
	Retries  uint64
	Bytes    uint64 // received
}

// Source is a Ledger over an Esplora API. Its methods may be called from many
// goroutines; they take turns, and each sends its requests side by side.
type Source struct {
	client     *client
	params     *bitcoin.Params
	head       goshawk.Head
	maxHistory int

	// turn holds one token: who has it owns everything below.
	turn chan struct{}

	headers   map[int32]*header
	txs       map[goshawk.Hash]*transaction
	byID      map[goshawk.TxID]*transaction
	addresses []address
	addressID map[string]goshawk.AddressID // by kind and payload
	histories map[goshawk.AddressID]*history
}

var _ goshawk.Ledger = (*Source)(nil)

// Open prepares a source over the API at base, such as https://HOST/api, and
// fixes the tip it looks at: the one recorded in the exhibits, or else today's.
// Close it to release the exhibits.
func Open(ctx context.Context, base string, o Options) (*Source, error) {
	if o.Network == nil || o.Now == nil || o.Exhibits == "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "an explorer source needs a network, a clock and a folder for exhibits")
	}
	u, err := parseBase(base)
	if err != nil {
		return nil, err
	}
	proxy, err := parseProxy(o.Proxy)
	if err != nil {
		return nil, err
	}
	if proxy == nil && strings.HasSuffix(strings.ToLower(u.Hostname()), ".onion") {
		return nil, goshawk.Errorf(goshawk.Invalid, "%s can only be reached through Tor", u.Hostname()).
			WithHint("set a SOCKS5 proxy, such as socks5://127.0.0.1:9050")
	}
	if o.Rate < 0 || o.Parallel < 0 || o.Timeout < 0 || o.MaxHistory < 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "rate, parallel requests, timeout and history bound cannot be negative")
	}
	c := &client{
		host: u.Host, login: u.User, now: o.Now, announce: o.Announce, progress: o.Progress,
		parallel: orDefault(o.Parallel, 4), retries: max(orDefault(o.Retries, 5), 0), timeout: orDefault(o.Timeout, 30*time.Second),
		interval: time.Duration(float64(time.Second) / orDefault(o.Rate, 5)),
		sleep:    o.Sleep,
		jitter:   rand.New(rand.NewPCG(o.Seed, 0)),
	}
	if c.sleep == nil {
		c.sleep = sleep
	}
	u.User = nil
	c.base = strings.TrimRight(u.String(), "/")
	c.http = &http.Client{
		Transport:     newTransport(proxy, c.parallel),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if c.kept, err = openExhibits(o.Exhibits, c.base, o.Now); err != nil {
		return nil, err
	}
	s := &Source{
		client: c, params: o.Network, maxHistory: orDefault(o.MaxHistory, 20_000), turn: make(chan struct{}, 1),
		headers: map[int32]*header{}, txs: map[goshawk.Hash]*transaction{}, byID: map[goshawk.TxID]*transaction{},
		addressID: map[string]goshawk.AddressID{}, histories: map[goshawk.AddressID]*history{},
	}
	s.turn <- struct{}{}
	if err := s.start(ctx, o.Refresh); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close releases the exhibits. No method may be called afterwards.
func (s *Source) Close() error {
	s.client.http.CloseIdleConnections()
	return s.client.kept.close()
}

// start finds the tip and describes the source.
func (s *Source) start(ctx context.Context, refresh bool) error {
	t := s.client.kept.tip()
	if t == nil || refresh {
		var err error
		if t, err = s.newTip(ctx); err != nil {
			return err
		}
	}
	s.head = goshawk.Head{
		Network: s.params.Name, Asset: s.params.Asset(), Height: t.height, Hash: t.hash,
		Claim: "as claimed by " + s.client.host + ": which outputs are unspent, which transactions an address has, and which blocks are on the best chain",
	}
	if err := s.checkNetwork(ctx); err != nil {
		return err
	}
	headers, err := s.blockHeaders(ctx, []int32{t.height})
	if err != nil {
		return err
	}
	if headers[0] == nil {
		return goshawk.Errorf(goshawk.Conflict, "%s does not know the block %d %v that this folder's answers refer to", s.client.host, t.height, t.hash).
			WithHint("ask about today's tip instead (refresh)")
	}
	s.head.Time = headers[0].time
	return nil
}

// checkNetwork compares the first block with the network's. A source that starts
// later cannot be told apart that way; its headers' targets and addresses may.
func (s *Source) checkNetwork(ctx context.Context) error {
	var first goshawk.Hash
	answers, err := s.client.fetchAll(ctx, []query{{path: heightPath(0), limit: limitWord, check: func(body []byte) (err error) {
		first, err = parseHash(body)
		return err
	}}})
	if err != nil {
		return err
	}
	if !answers[0].missing && first != s.params.Genesis {
		return goshawk.Errorf(goshawk.Invalid, "%s serves another network than %s: its first block is %v", s.client.host, s.params.Name, first).
			WithHint("name the network that it serves, or another server")
	}
	return nil
}

// newTip asks for today's tip, whatever the exhibits say, and records it.
func (s *Source) newTip(ctx context.Context) (*tip, error) {
	var t tip
	a, err := s.client.ask(ctx, query{path: "/blocks/tip/height", limit: limitWord, check: func(body []byte) (err error) {
		t.height, err = parseHeight(body)
		return err
	}})
	if err != nil {
		return nil, err
	}
	if a.missing {
		return nil, refused(a.url, http.StatusNotFound, nil)
	}
	a, err = s.client.ask(ctx, query{path: heightPath(t.height), limit: limitWord, check: func(body []byte) (err error) {
		t.hash, err = parseHash(body)
		return err
	}})
	if err != nil {
		return nil, err
	}
	if a.missing {
		return nil, garbled(a.url, errors.New("the tip has no hash"))
	}
	return &t, s.client.kept.pin(t)
}

// take waits for this call's turn; the caller gives it back.
func (s *Source) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return interrupted(err)
	}
	select {
	case <-s.turn:
		return nil
	case <-ctx.Done():
		return interrupted(ctx.Err())
	}
}

func (s *Source) give() { s.turn <- struct{}{} }

// Head implements goshawk.Ledger. It asks nothing.
func (s *Source) Head(ctx context.Context) (goshawk.Head, error) {
	if err := ctx.Err(); err != nil {
		return goshawk.Head{}, interrupted(err)
	}
	return s.head, nil
}

func parseBase(base string) (*url.URL, error) {
	hint := "write the address of an Esplora API, such as https://HOST/api"
	u, err := url.Parse(base)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the explorer's address is not a URL: %w", errors.Unwrap(err)).WithHint("%s", hint)
	}
	if u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "%q is not an explorer's address", u.Redacted()).WithHint("%s", hint)
	}
	return u, nil
}

func orDefault[T int | float64 | time.Duration](v, otherwise T) T {
	if v == 0 {
		return otherwise
	}
	return v
}
