package node

import (
	"log/slog"
	"net/http"
	"sync"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Server answers on one address as a node and as an explorer, from a chain that
// grows: what is posted to / is JSON-RPC, everything else Esplora. Each request is
// answered from one snapshot from beginning to end, so that no answer can know
// of a block above the tip that it names.
type Server struct {
	blocks Blocks
	params *bitcoin.Params
	login  Login
	log    *slog.Logger

	mutex sync.Mutex
	now   *snapshot
}

// snapshot is what requests are answered from.
type snapshot struct {
	http.Handler
	pool  *pool
	users int    // those who hold it: requests, and the server while it is the newest
	done  func() // called when nobody does
}

// NewServer returns a server that shows nothing yet. Of its parameters RPC and
// Esplora tell.
func NewServer(blocks Blocks, params *bitcoin.Params, login Login, log *slog.Logger) *Server {
	return &Server{blocks: blocks, params: params, login: login, log: log}
}

// Show makes a ledger the one that requests are answered from, in place of the
// one before. Its done (nil: none) is called once, as soon as another has taken
// its place and the last request that is answered from it has ended: it may then
// be closed. A nil ledger takes the last one away, and requests are told to come
// again later.
func (s *Server) Show(ledger goshawk.Ledger, done func()) {
	var next *snapshot
	if ledger != nil {
		mux, waits := http.NewServeMux(), &pool{}
		mux.Handle("POST /{$}", newRPC(ledger, s.blocks, s.params, waits, s.login, s.log))
		mux.Handle("/", newEsplora(ledger, s.blocks, s.params, waits, s.log))
		next = &snapshot{Handler: mux, pool: waits, users: 1, done: done}
	}
	s.mutex.Lock()
	last := s.now
	s.now = next
	s.mutex.Unlock()
	if last != nil {
		s.release(last)
	}
}

// Wait says what is in no block of the ledger that is shown, in the order in which it came, each after what it spends. With
// the next ledger nothing waits, until this is called again: no asker finds a transaction both in a block and waiting.
func (s *Server) Wait(list []Waiting) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.now != nil {
		s.now.pool.set(list)
	}
}

func (s *Server) release(old *snapshot) {
	s.mutex.Lock()
	old.users--
	left := old.users
	s.mutex.Unlock()
	if left == 0 && old.done != nil {
		old.done()
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	now := s.now
	if now != nil {
		now.users++
	}
	s.mutex.Unlock()
	if now == nil {
		http.Error(w, "there is nothing to answer from", http.StatusServiceUnavailable)
		return
	}
	defer s.release(now)
	now.ServeHTTP(w, r)
}
