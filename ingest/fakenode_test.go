package ingest_test

import (
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
)

// fakeNode answers a Bitcoin node's RPC from blocks that a test gives it.
type fakeNode struct {
	*httptest.Server
	mutex    sync.Mutex
	blocks   [][]byte // by height
	hashes   []goshawk.Hash
	verbose  map[goshawk.Hash]json.RawMessage
	pruned   int32
	requests int
	// before, unless nil, may answer a request itself.
	before func(w http.ResponseWriter, r *http.Request, request int) (done bool)
	// refuse, unless nil, gives an error in place of an answer.
	refuse func(method string) *nodeError
}

type nodeError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func newFakeNode(t testing.TB, blocks [][]byte) *fakeNode {
	f := &fakeNode{verbose: map[goshawk.Hash]json.RawMessage{}}
	f.set(t, blocks)
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

// set replaces the chain.
func (f *fakeNode) set(t testing.TB, blocks [][]byte) {
	t.Helper()
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.blocks, f.hashes = blocks, nil
	for _, b := range blocks {
		h, err := bitcoin.DecodeHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		f.hashes = append(f.hashes, h.Hash)
	}
}

func (f *fakeNode) serve(w http.ResponseWriter, r *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.requests++
	if f.before != nil && f.before(w, r, f.requests) {
		return
	}
	type request struct {
		ID     int               `json:"id"`
		Method string            `json:"method"`
		Params []json.RawMessage `json:"params"`
	}
	type answer struct {
		ID     int        `json:"id"`
		Result any        `json:"result"`
		Error  *nodeError `json:"error"`
	}
	var raw json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&raw); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var many []request
	single := raw[0] == '{'
	if single {
		raw = append(append([]byte("["), raw...), ']')
	}
	if err := json.Unmarshal(raw, &many); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answers := make([]answer, len(many))
	for i, q := range many {
		answers[len(many)-1-i] = answer{ID: q.ID} // a node may answer in any order
		a := &answers[len(many)-1-i]
		if f.refuse != nil {
			if a.Error = f.refuse(q.Method); a.Error != nil {
				continue
			}
		}
		a.Result, a.Error = f.answer(q.Method, q.Params)
	}
	if single {
		_ = json.NewEncoder(w).Encode(answers[0]) // a client that went away is its own concern
		return
	}
	_ = json.NewEncoder(w).Encode(answers)
}

func (f *fakeNode) answer(method string, params []json.RawMessage) (any, *nodeError) {
	top := len(f.blocks) - 1
	switch method {
	case "getblockchaininfo":
		return map[string]any{"chain": "main", "blocks": top, "bestblockhash": f.hashes[top], "pruned": f.pruned > 0, "pruneheight": f.pruned}, nil
	case "getbestblockhash":
		return f.hashes[top], nil
	case "getblockhash":
		var h int
		if json.Unmarshal(params[0], &h) != nil || h < 0 || h > top {
			return nil, &nodeError{-8, "Block height out of range"}
		}
		return f.hashes[h], nil
	case "getblock":
		var hash goshawk.Hash
		var verbosity int
		if json.Unmarshal(params[0], &hash) != nil || json.Unmarshal(params[1], &verbosity) != nil {
			return nil, &nodeError{-1, "bad parameters"}
		}
		for h, have := range f.hashes {
			if have == hash {
				if int32(h) < f.pruned {
					return nil, &nodeError{-1, "Block not available (pruned data)"}
				}
				if verbosity == 3 {
					return f.verbose[hash], nil
				}
				return hex.EncodeToString(f.blocks[h]), nil
			}
		}
		return nil, &nodeError{-5, "Block not found"}
	}
	return nil, &nodeError{-32601, "Method not found"}
}

// client returns a client that loses no time over repetitions.
func (f *fakeNode) client(t testing.TB, change func(*ingest.NodeOptions)) *ingest.Node {
	t.Helper()
	opts := ingest.NodeOptions{URL: f.URL, Pause: time.Millisecond, Patience: 20 * time.Millisecond}
	if change != nil {
		change(&opts)
	}
	n, err := ingest.NewNode(opts)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
