package node

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

const (
	mostRequestBytes = 1 << 20
	mostBatch        = 1000
)

// Login is the name and password that RPC asks for (HTTP basic authentication).
// The zero value asks for none.
type Login struct {
	User, Password string
}

// RPC returns a handler that answers as a Bitcoin node's JSON-RPC does, single
// or in batches, what those ask first who read a chain: of the chain, its blocks
// and transactions, single coins, and of a node with no peers and an empty
// mempool; a Server's may hold something. help lists the methods. Parameters are taken by position or by name.
// The chain's total work is left out where the ledger lacks its beginning.
// Internal errors go to log (nil: nowhere) and not to the asker.
func RPC(ledger goshawk.Ledger, blocks Blocks, params *bitcoin.Params, login Login, log *slog.Logger) http.Handler {
	return newRPC(ledger, blocks, params, nil, login, log)
}

func newRPC(ledger goshawk.Ledger, blocks Blocks, params *bitcoin.Params, waits *pool, login Login, log *slog.Logger) http.Handler {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &rpc{chain: chain{ledger: ledger, blocks: blocks, params: params, pool: waits}, login: login, log: log}
}

type rpc struct {
	chain
	login Login
	log   *slog.Logger
	work  work
}

// rpcError is an error as a node words it.
// Codes: https://github.com/bitcoin/bitcoin/blob/master/src/rpc/protocol.h
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

const (
	codeParse     = -32700
	codeRequest   = -32600
	codeMethod    = -32601
	codeInternal  = -32603
	codeMisc      = -1
	codeRejected  = -26
	codeType      = -3
	codeAddress   = -5 // also: no such block
	codeParameter = -8
)

func rpcErrorf(code int, format string, args ...any) *rpcError {
	return &rpcError{Code: code, Message: fmt.Sprintf(format, args...)}
}

type rpcCall struct {
	Version json.RawMessage `json:"jsonrpc"`
	ID      json.RawMessage `json:"id"`
	Method  json.RawMessage `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// modern tells version 2.0 of the protocol from what came before.
func (c *rpcCall) modern() bool { return string(c.Version) == `"2.0"` }

func (s *rpc) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		http.Error(w, "JSONRPC server handles only POST requests", http.StatusMethodNotAllowed)
		return
	}
	if !s.allowed(r) {
		w.Header().Set("WWW-Authenticate", `Basic realm="jsonrpc"`)
		http.Error(w, "", http.StatusUnauthorized)
		return
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(http.MaxBytesReader(w, r.Body, mostRequestBytes)); err != nil {
		http.Error(w, "the request is too long or was cut off", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	text := bytes.TrimSpace(body.Bytes())
	if len(text) > 0 && text[0] == '[' {
		s.batch(w, r, text)
		return
	}
	var call rpcCall
	if err := json.Unmarshal(text, &call); err != nil {
		s.write(w, r, http.StatusInternalServerError, reply(&call, nil, rpcErrorf(codeParse, "Parse error")))
		return
	}
	result, err := s.call(r.Context(), &call)
	status := http.StatusOK
	if err != nil && !call.modern() {
		status = http.StatusInternalServerError
		switch err.Code {
		case codeMethod:
			status = http.StatusNotFound
		case codeRequest:
			status = http.StatusBadRequest
		}
	}
	s.write(w, r, status, reply(&call, result, err))
}

// allowed compares in a time that tells nothing about the password.
func (s *rpc) allowed(r *http.Request) bool {
	if s.login == (Login{}) {
		return true
	}
	user, password, _ := r.BasicAuth()
	gotUser, gotPassword := sha256.Sum256([]byte(user)), sha256.Sum256([]byte(password))
	wantUser, wantPassword := sha256.Sum256([]byte(s.login.User)), sha256.Sum256([]byte(s.login.Password))
	return subtle.ConstantTimeCompare(gotUser[:], wantUser[:])&subtle.ConstantTimeCompare(gotPassword[:], wantPassword[:]) == 1
}

// batch answers call by call, so that only one answer is in memory at a time.
func (s *rpc) batch(w http.ResponseWriter, r *http.Request, text []byte) {
	var calls []json.RawMessage
	if err := json.Unmarshal(text, &calls); err != nil {
		s.write(w, r, http.StatusInternalServerError, reply(&rpcCall{}, nil, rpcErrorf(codeParse, "Parse error")))
		return
	}
	if len(calls) == 0 || len(calls) > mostBatch {
		s.write(w, r, http.StatusBadRequest, reply(&rpcCall{}, nil, rpcErrorf(codeRequest, "a batch holds 1 to %d calls", mostBatch)))
		return
	}
	separator := "["
	for _, text := range calls {
		var call rpcCall
		var result any
		err := rpcErrorf(codeRequest, "Invalid Request object")
		if json.Unmarshal(text, &call) == nil {
			result, err = s.call(r.Context(), &call)
		}
		answer, failed := json.Marshal(reply(&call, result, err))
		if failed == nil {
			_, failed = w.Write(append([]byte(separator), answer...))
		}
		if failed != nil || r.Context().Err() != nil {
			s.log.DebugContext(r.Context(), "the asker went away", "error", failed)
			return
		}
		separator = ","
	}
	if _, err := w.Write([]byte("]\n")); err != nil {
		s.log.DebugContext(r.Context(), "the asker went away", "error", err)
	}
}

func (s *rpc) write(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.log.ErrorContext(r.Context(), "no answer", "error", err)
		status, body = http.StatusInternalServerError, []byte("null")
	}
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.log.DebugContext(r.Context(), "the asker went away", "error", err)
	}
}

// reply builds an answer: with both result and error before version 2.0, with one of them since.
func reply(call *rpcCall, result any, err *rpcError) any {
	id := call.ID
	if len(id) == 0 {
		id = json.RawMessage("null")
	}
	if !call.modern() {
		return struct {
			Result any             `json:"result"`
			Error  *rpcError       `json:"error"`
			ID     json.RawMessage `json:"id"`
		}{result, err, id}
	}
	if err != nil {
		return struct {
			Version string          `json:"jsonrpc"`
			Error   *rpcError       `json:"error"`
			ID      json.RawMessage `json:"id"`
		}{"2.0", err, id}
	}
	return struct {
		Version string          `json:"jsonrpc"`
		Result  any             `json:"result"`
		ID      json.RawMessage `json:"id"`
	}{"2.0", result, id}
}

// method is what answers calls of a name.
type method struct {
	answer func(context.Context, []json.RawMessage) (any, error)
	names  []string // of the parameters, by position; others that are known behind a bar
}

func (s *rpc) methods() map[string]method {
	return map[string]method{
		"getblockchaininfo":   {s.chainInfo, nil},
		"getblockcount":       {s.blockCount, nil},
		"getbestblockhash":    {s.bestHash, nil},
		"getchaintips":        {s.chainTips, nil},
		"getdifficulty":       {s.difficulty, nil},
		"getblockhash":        {s.blockHash, []string{"height"}},
		"getblockheader":      {s.blockHeader, []string{"blockhash", "verbose"}},
		"getblock":            {s.getBlock, []string{"blockhash", "verbosity|verbose"}},
		"getrawtransaction":   {s.rawTransaction, []string{"txid", "verbosity|verbose", "blockhash"}},
		"gettxout":            {s.txOut, []string{"txid", "n", "include_mempool"}},
		"gettxoutproof":       {s.txOutProof, []string{"txids", "blockhash"}},
		"getnetworkinfo":      {s.networkInfo, nil},
		"getindexinfo":        {s.indexInfo, []string{"index_name"}},
		"getconnectioncount":  {s.connections, nil},
		"getpeerinfo":         {s.nothing, nil},
		"getzmqnotifications": {s.nothing, nil},
		"getmempoolinfo":      {s.mempoolInfo, nil},
		"getrawmempool":       {s.mempool, []string{"verbose", "mempool_sequence"}},
		"estimatesmartfee":    {s.estimateFee, []string{"conf_target", "estimate_mode"}},
		"sendrawtransaction":  {s.send, []string{"hexstring", "maxfeerate", "maxburnamount"}},
		"help":                {s.help, []string{"command"}},
	}
}

// call answers one call.
func (s *rpc) call(ctx context.Context, call *rpcCall) (any, *rpcError) {
	var method string
	if err := json.Unmarshal(call.Method, &method); err != nil {
		return nil, rpcErrorf(codeRequest, "Method must be a string")
	}
	m, ok := s.methods()[method]
	if !ok {
		return nil, rpcErrorf(codeMethod, "Method not found")
	}
	params, wrong := parameters(call.Params, m.names)
	if wrong != nil {
		return nil, wrong
	}
	if len(params) > len(m.names) {
		return nil, rpcErrorf(codeMisc, "%s takes at most %d parameters", method, len(m.names))
	}
	result, err := m.answer(ctx, params)
	if err == nil {
		return result, nil
	}
	if known, ok := errors.AsType[*rpcError](err); ok {
		return nil, known
	}
	if ctx.Err() == nil {
		s.log.ErrorContext(ctx, "no answer", "method", method, "error", err)
	}
	return nil, rpcErrorf(codeInternal, "Internal error")
}

// parameters brings parameters into their order. One that is left out before
// another is null, as it may also be written, and then stands for its default.
func parameters(text json.RawMessage, names []string) ([]json.RawMessage, *rpcError) {
	var list []json.RawMessage
	if len(text) == 0 || json.Unmarshal(text, &list) == nil {
		return list, nil
	}
	var named map[string]json.RawMessage
	if json.Unmarshal(text, &named) != nil {
		return nil, rpcErrorf(codeRequest, "Params must be an array or object")
	}
	list = make([]json.RawMessage, len(names))
	last := 0
	for i, name := range names {
		list[i] = json.RawMessage("null")
		for _, n := range strings.Split(name, "|") {
			value, ok := named[n]
			if !ok {
				continue
			}
			if i < last {
				return nil, rpcErrorf(codeParameter, "Parameter %s specified twice", n)
			}
			list[i], last = value, i+1
			delete(named, n)
		}
	}
	for _, n := range slices.Sorted(maps.Keys(named)) {
		return nil, rpcErrorf(codeParameter, "Unknown named parameter %s", n)
	}
	return list[:last], nil
}

// given says whether a parameter is there and not null.
func given(params []json.RawMessage, at int) bool {
	return len(params) > at && string(params[at]) != "null"
}

func (s *rpc) head(ctx context.Context) (goshawk.Head, error) {
	head, err := s.ledger.Head(ctx)
	if err == nil && head.Height < 0 {
		err = rpcErrorf(codeMisc, "There are no blocks")
	}
	return head, err
}

func (s *rpc) blockCount(ctx context.Context, _ []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	return head.Height, err
}

func (s *rpc) bestHash(ctx context.Context, _ []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	return head.Hash, err
}

func (s *rpc) blockHash(ctx context.Context, params []json.RawMessage) (any, error) {
	var height int32
	if !given(params, 0) || json.Unmarshal(params[0], &height) != nil {
		return nil, rpcErrorf(codeType, "height must be a number")
	}
	infos, err := s.at(ctx, height)
	if goshawk.CodeOf(err) == goshawk.NotFound {
		return nil, rpcErrorf(codeParameter, "Block height out of range")
	}
	if err != nil {
		return nil, err
	}
	return infos[0].Hash, nil
}

// named returns the block that the first parameter names.
func (s *rpc) named(ctx context.Context, params []json.RawMessage) (goshawk.BlockInfo, *rawBlock, error) {
	var text string
	if !given(params, 0) || json.Unmarshal(params[0], &text) != nil {
		return goshawk.BlockInfo{}, nil, rpcErrorf(codeType, "blockhash must be a string")
	}
	hash, err := goshawk.ParseHash(text)
	if err != nil {
		return goshawk.BlockInfo{}, nil, rpcErrorf(codeParameter, "blockhash must be 64 hexadecimal digits")
	}
	info, b, err := s.blockInfo(ctx, hash)
	if goshawk.CodeOf(err) == goshawk.NotFound {
		return info, nil, rpcErrorf(codeAddress, "Block not found")
	}
	return info, b, err
}

func (s *rpc) blockHeader(ctx context.Context, params []json.RawMessage) (any, error) {
	info, b, err := s.named(ctx, params)
	if err != nil {
		return nil, err
	}
	verbose := true
	if given(params, 1) && json.Unmarshal(params[1], &verbose) != nil {
		return nil, rpcErrorf(codeType, "verbose must be true or false")
	}
	if !verbose {
		return hex.EncodeToString(b.raw[:bitcoin.HeaderSize]), nil
	}
	return s.describeHeader(ctx, info, b)
}

func (s *rpc) getBlock(ctx context.Context, params []json.RawMessage) (any, error) {
	info, b, err := s.named(ctx, params)
	if err != nil {
		return nil, err
	}
	verbosity, err := verbosity(params, 1, 1)
	if err != nil {
		return nil, err
	}
	if verbosity <= 0 {
		return hex.EncodeToString(b.raw), nil
	}
	return s.describeRPCBlock(ctx, info, b, min(verbosity, 3))
}

// verbosity reads a parameter that is a number or, as it once was, true or false.
func verbosity(params []json.RawMessage, at, standard int) (int, error) {
	if !given(params, at) {
		return standard, nil
	}
	var yes bool
	if json.Unmarshal(params[at], &yes) == nil {
		if yes {
			return 1, nil
		}
		return 0, nil
	}
	var n int
	if json.Unmarshal(params[at], &n) != nil {
		return 0, rpcErrorf(codeType, "verbosity must be a number")
	}
	return n, nil
}
