package node

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"goshawk"
	"goshawk/chain/bitcoin"
)

const (
	pageTxs    = 25     // transactions in one answer
	pageBlocks = 10     // blocks in one answer
	pageFound  = 10     // addresses in one answer
	mostUtxos  = 500    // in one answer
	mostWalked = 20_000 // transactions of an address looked through for its unspent outputs
)

// Esplora returns a handler that answers as an Esplora REST API does, from a
// ledger and the raw blocks it was made of. Errors are text: 400 for a question
// that is none, 403 for a transaction to send, 404 for what is not there, 500
// without a reason, which goes to log instead (nil: nowhere). Looking scripts up
// by hash, and addresses by prefix, needs a ledger whose ids are dense.
func Esplora(ledger goshawk.Ledger, blocks Blocks, params *bitcoin.Params, log *slog.Logger) http.Handler {
	return newEsplora(ledger, blocks, params, nil, log)
}

func newEsplora(ledger goshawk.Ledger, blocks Blocks, params *bitcoin.Params, waits *pool, log *slog.Logger) http.Handler {
	e := &explorer{chain: chain{ledger: ledger, blocks: blocks, params: params, pool: waits}, log: log}
	if log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"/blocks/tip/height":           e.tipHeight,
		"/blocks/tip/hash":             e.tipHash,
		"/blocks":                      e.newestBlocks,
		"/blocks/{height}":             e.newestBlocks,
		"/block-height/{height}":       e.blockAt,
		"/block/{hash}":                e.blockByHash,
		"/block/{hash}/header":         e.blockHeader,
		"/block/{hash}/raw":            e.blockRaw,
		"/block/{hash}/status":         e.blockStatus,
		"/block/{hash}/txids":          e.blockTxids,
		"/block/{hash}/txid/{index}":   e.blockTxid,
		"/block/{hash}/txs":            e.blockTxs,
		"/block/{hash}/txs/{index}":    e.blockTxs,
		"/tx/{txid}":                   e.tx,
		"/tx/{txid}/raw":               e.txRaw,
		"/tx/{txid}/hex":               e.txHex,
		"/tx/{txid}/status":            e.txStatus,
		"/tx/{txid}/merkle-proof":      e.txProof,
		"/tx/{txid}/merkleblock-proof": e.txMerkleBlock,
		"/tx/{txid}/outspend/{vout}":   e.txSpend,
		"/tx/{txid}/outspends":         e.txSpends,
		"/address-prefix/{prefix}":     e.addressPrefix,
		"/mempool":                     e.mempool,
		"/mempool/txids":               e.mempoolTxids,
		"/mempool/recent":              e.mempoolRecent,
		"/fee-estimates":               e.feeEstimates,
	} {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { e.reply(w, r, answer) })
	}
	for pattern, answer := range map[string]func(*http.Request, party) (any, error){
		"":                  e.party,
		"/txs":              e.partyAll,
		"/txs/chain":        answers(e.partyTxs),
		"/txs/chain/{seen}": answers(e.partyTxs),
		"/txs/mempool":      answers(e.partyMempool),
		"/utxo":             e.partyUtxos,
	} {
		mux.HandleFunc("GET /address/{address}"+pattern, func(w http.ResponseWriter, r *http.Request) { e.reply(w, r, about(e.byAddress, answer)) })
		mux.HandleFunc("GET /scripthash/{hash}"+pattern, func(w http.ResponseWriter, r *http.Request) { e.reply(w, r, about(e.byScriptHash, answer)) })
	}
	for _, pattern := range []string{"POST /tx", "POST /txs/package", "GET /broadcast"} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, takesNoTx, http.StatusForbidden) })
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "endpoint does not exist", http.StatusNotFound)
	})
	return mux
}

type explorer struct {
	chain
	log     *slog.Logger
	scripts directory
}

// takesNoTx answers whoever wants to send a transaction.
const takesNoTx = "this chain is only read from: no transaction can be sent to it"

// badRequest is an error whose text is for the asker.
type badRequest string

func (b badRequest) Error() string { return string(b) }

// reply writes what answer returns: a string as text, bytes as they are, all
// else as JSON.
func (e *explorer) reply(w http.ResponseWriter, r *http.Request, answer func(*http.Request) (any, error)) {
	v, err := answer(r)
	if err != nil {
		e.fail(w, r, err)
		return
	}
	var body []byte
	kind := "application/json"
	switch v := v.(type) {
	case string:
		body, kind = []byte(v), "text/plain"
	case []byte:
		body, kind = v, "application/octet-stream"
	default:
		if body, err = json.Marshal(v); err != nil {
			e.fail(w, r, err)
			return
		}
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if _, err := w.Write(body); err != nil {
		e.log.DebugContext(r.Context(), "the asker went away", "path", r.URL.Path, "error", err)
	}
}

func (e *explorer) fail(w http.ResponseWriter, r *http.Request, err error) {
	if bad, ok := errors.AsType[badRequest](err); ok {
		http.Error(w, string(bad), http.StatusBadRequest)
		return
	}
	if missing, ok := errors.AsType[notFound](err); ok {
		http.Error(w, string(missing), http.StatusNotFound)
		return
	}
	if r.Context().Err() != nil {
		return // nobody listens any more
	}
	e.log.ErrorContext(r.Context(), "no answer", "path", r.URL.Path, "error", err)
	http.Error(w, "internal error", http.StatusInternalServerError)
}

// notFound says what is not there.
type notFound string

func (n notFound) Error() string { return string(n) }

const (
	noBlock = notFound("Block not found")
	noTx    = notFound("Transaction not found")
)

// orMissing replaces a NotFound by the text that the asker expects.
func orMissing(err error, missing notFound) error {
	if goshawk.CodeOf(err) == goshawk.NotFound {
		return missing
	}
	return err
}

func pathHash(r *http.Request, name string) (goshawk.Hash, error) {
	h, err := goshawk.ParseHash(r.PathValue(name))
	if err != nil {
		return h, badRequest("Invalid hex string")
	}
	return h, nil
}

// pathNumber reads digits and nothing else.
func pathNumber(r *http.Request, name string, bits int) (uint32, error) {
	n, err := strconv.ParseUint(r.PathValue(name), 10, bits)
	if err != nil {
		return 0, badRequest("Invalid number")
	}
	return uint32(n), nil
}
