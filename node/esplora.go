package node

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"

	"goshawk"
	"goshawk/chain/bitcoin"
)

const (
	pageTxs    = 25     // transactions in one answer
	pageBlocks = 10     // blocks in one answer
	mostUtxos  = 500    // in one answer
	mostWalked = 20_000 // transactions of an address looked through for its unspent outputs
)

// Esplora returns a handler that answers as an Esplora REST API does, from a
// ledger and the raw blocks it was made of. Errors are text: 400 for a question
// that is none, 404 for what is not there, 500 without a reason, which goes to
// log instead (nil: nowhere).
func Esplora(ledger goshawk.Ledger, blocks Blocks, params *bitcoin.Params, log *slog.Logger) http.Handler {
	e := &explorer{chain: chain{ledger: ledger, blocks: blocks, params: params}, log: log}
	if log == nil {
		e.log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	for pattern, answer := range map[string]func(*http.Request) (any, error){
		"/blocks/tip/height":                  e.tipHeight,
		"/blocks/tip/hash":                    e.tipHash,
		"/blocks":                             e.newestBlocks,
		"/blocks/{height}":                    e.newestBlocks,
		"/block-height/{height}":              e.blockAt,
		"/block/{hash}":                       e.blockByHash,
		"/block/{hash}/header":                e.blockHeader,
		"/block/{hash}/raw":                   e.blockRaw,
		"/block/{hash}/status":                e.blockStatus,
		"/block/{hash}/txids":                 e.blockTxids,
		"/block/{hash}/txid/{index}":          e.blockTxid,
		"/block/{hash}/txs":                   e.blockTxs,
		"/block/{hash}/txs/{index}":           e.blockTxs,
		"/tx/{txid}":                          e.tx,
		"/tx/{txid}/raw":                      e.txRaw,
		"/tx/{txid}/hex":                      e.txHex,
		"/tx/{txid}/status":                   e.txStatus,
		"/tx/{txid}/merkle-proof":             e.txProof,
		"/tx/{txid}/outspend/{vout}":          e.txSpend,
		"/tx/{txid}/outspends":                e.txSpends,
		"/address/{address}":                  e.address,
		"/address/{address}/txs":              e.addressTxs,
		"/address/{address}/txs/chain":        e.addressTxs,
		"/address/{address}/txs/chain/{seen}": e.addressTxs,
		"/address/{address}/txs/mempool":      e.addressMempool,
		"/address/{address}/utxo":             e.addressUtxos,
		"/fee-estimates":                      e.feeEstimates,
	} {
		mux.HandleFunc("GET "+pattern, func(w http.ResponseWriter, r *http.Request) { e.reply(w, r, answer) })
	}
	mux.HandleFunc("GET /", func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "endpoint does not exist", http.StatusNotFound)
	})
	return mux
}

type explorer struct {
	chain
	log *slog.Logger
}

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

func (e *explorer) tipHeight(r *http.Request) (any, error) {
	head, err := e.ledger.Head(r.Context())
	if err == nil && head.Height < 0 {
		err = noBlock
	}
	return strconv.Itoa(int(head.Height)), err
}

func (e *explorer) tipHash(r *http.Request) (any, error) {
	head, err := e.ledger.Head(r.Context())
	if err == nil && head.Height < 0 {
		err = noBlock
	}
	return head.Hash.String(), err
}

func (e *explorer) newestBlocks(r *http.Request) (any, error) {
	ctx := r.Context()
	head, err := e.ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	height := head.Height
	if r.PathValue("height") != "" {
		n, err := pathNumber(r, "height", 31)
		if err != nil {
			return nil, err
		}
		height = int32(n)
	}
	var heights []int32
	for h := height; h >= head.Start && len(heights) < pageBlocks; h-- {
		heights = append(heights, h)
	}
	infos, err := e.at(ctx, heights...)
	if err != nil || len(infos) == 0 {
		return nil, orMissing(err, noBlock)
	}
	values := make([]blockValue, len(infos))
	for i, info := range infos {
		b, err := e.block(ctx, info.Hash)
		if err != nil {
			return nil, unexpected(err)
		}
		if values[i], err = e.describeBlock(ctx, info, b); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (e *explorer) blockAt(r *http.Request) (any, error) {
	n, err := pathNumber(r, "height", 31)
	if err != nil {
		return nil, err
	}
	infos, err := e.at(r.Context(), int32(n))
	if err != nil {
		return nil, orMissing(err, noBlock)
	}
	return infos[0].Hash.String(), nil
}

// known returns the block of the ledger's chain that a path names.
func (e *explorer) known(r *http.Request) (goshawk.BlockInfo, *rawBlock, error) {
	hash, err := pathHash(r, "hash")
	if err != nil {
		return goshawk.BlockInfo{}, nil, err
	}
	info, b, err := e.blockInfo(r.Context(), hash)
	return info, b, orMissing(err, noBlock)
}

func (e *explorer) blockByHash(r *http.Request) (any, error) {
	info, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return e.describeBlock(r.Context(), info, b)
}

func (e *explorer) blockHeader(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return hex.EncodeToString(b.raw[:bitcoin.HeaderSize]), nil
}

func (e *explorer) blockRaw(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return b.raw, nil
}

func (e *explorer) blockStatus(r *http.Request) (any, error) {
	info, _, err := e.known(r)
	if errors.Is(err, noBlock) {
		return blockStatusValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	v := blockStatusValue{InBestChain: true, Height: &info.Height}
	next, err := e.at(r.Context(), info.Height+1)
	switch {
	case err == nil:
		v.Next = &next[0].Hash
	case goshawk.CodeOf(err) != goshawk.NotFound: // the tip has no next one
		return nil, err
	}
	return v, nil
}

func (e *explorer) blockTxids(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	ids := make([]goshawk.Hash, len(b.Txs))
	for i := range b.Txs {
		ids[i] = b.Txs[i].ID
	}
	return ids, nil
}

func (e *explorer) blockTxid(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	n, err := pathNumber(r, "index", 32)
	if err != nil {
		return nil, err
	}
	if int64(n) >= int64(len(b.Txs)) {
		return nil, notFound("tx index out of range")
	}
	return b.Txs[n].ID.String(), nil
}

func (e *explorer) blockTxs(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	var start uint32
	if r.PathValue("index") != "" {
		if start, err = pathNumber(r, "index", 32); err != nil {
			return nil, err
		}
	}
	if start%pageTxs != 0 {
		return nil, badRequest(fmt.Sprintf("start index must be a multiple of %d", pageTxs))
	}
	if int64(start) >= int64(len(b.Txs)) {
		return nil, badRequest("start index out of range")
	}
	// Ids of one block need not follow each other in a ledger that is not dense.
	var hashes []goshawk.Hash
	for _, tx := range b.Txs[start:min(int(start)+pageTxs, len(b.Txs))] {
		hashes = append(hashes, tx.ID)
	}
	found, err := e.ledger.Find(r.Context(), goshawk.Names{Transactions: hashes})
	if err != nil {
		return nil, err
	}
	return e.describe(r.Context(), found.Transactions)
}

func (e *explorer) located(r *http.Request) (place, error) {
	hash, err := pathHash(r, "txid")
	if err != nil {
		return place{}, err
	}
	p, err := e.locate(r.Context(), hash)
	return p, orMissing(err, noTx)
}

func (e *explorer) tx(r *http.Request) (any, error) {
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	values, err := e.describe(r.Context(), []goshawk.TxID{p.ID})
	if err != nil {
		return nil, err
	}
	return values[0], nil
}

func (e *explorer) txRaw(r *http.Request) (any, error) {
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	return e.raw(r.Context(), p)
}

func (e *explorer) txHex(r *http.Request) (any, error) {
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	raw, err := e.raw(r.Context(), p)
	return hex.EncodeToString(raw), err
}

// txStatus answers for unknown transactions too, as Esplora does.
func (e *explorer) txStatus(r *http.Request) (any, error) {
	p, err := e.located(r)
	if errors.Is(err, noTx) {
		return statusValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	return confirmed(p.block), nil
}

func (e *explorer) txProof(r *http.Request) (any, error) {
	p, err := e.located(r)
	if errors.Is(err, noTx) {
		return nil, notFound("Transaction not found or is unconfirmed")
	}
	if err != nil {
		return nil, err
	}
	b, err := e.block(r.Context(), p.block.Hash)
	if err != nil {
		return nil, unexpected(err)
	}
	if int(p.Position) >= len(b.Txs) {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the ledger and the blocks disagree about transaction %v", p.Hash)
	}
	branch := b.Branch(int(p.Position))
	if branch == nil {
		branch = []goshawk.Hash{}
	}
	return proofValue{Height: p.block.Height, Merkle: branch, Position: p.Position}, nil
}

// txSpend says that an output which does not exist is unspent, as Esplora does.
func (e *explorer) txSpend(r *http.Request) (any, error) {
	n, err := pathNumber(r, "vout", 32)
	if err != nil {
		return nil, err
	}
	all, err := e.spends(r, func(outputs []goshawk.Output) []goshawk.Output {
		return outputs[min(int(n), len(outputs)):min(int(n)+1, len(outputs))]
	})
	if errors.Is(err, noTx) || err == nil && len(all) == 0 {
		return spendValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

func (e *explorer) txSpends(r *http.Request) (any, error) {
	return e.spends(r, func(outputs []goshawk.Output) []goshawk.Output { return outputs })
}

func (e *explorer) spends(r *http.Request, choose func([]goshawk.Output) []goshawk.Output) ([]spendValue, error) {
	p, err := e.located(r)
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := e.ledger.Transactions(r.Context(), []goshawk.TxID{p.ID}, 0, &batch); err != nil {
		return nil, err
	}
	var ids []goshawk.OutputID
	for _, out := range choose(batch.Out(0)) {
		ids = append(ids, out.ID)
	}
	return e.spenders(r.Context(), p.Hash, ids)
}

// addressID reads the address that a path names; NoAddress if no output pays it.
func (e *explorer) addressID(r *http.Request) (goshawk.AddressID, error) {
	found, err := e.ledger.Find(r.Context(), goshawk.Names{Addresses: []string{r.PathValue("address")}})
	if goshawk.CodeOf(err) == goshawk.Invalid {
		return 0, badRequest("Invalid address: " + err.Error())
	}
	if err != nil {
		return 0, err
	}
	return found.Addresses[0], nil
}

func (e *explorer) address(r *http.Request) (any, error) {
	id, err := e.addressID(r)
	if err != nil {
		return nil, err
	}
	nothing := statsValue{SpentSum: new(uint64)}
	v := addressValue{Address: r.PathValue("address"), Chain: nothing, Mempool: nothing}
	if id == goshawk.NoAddress {
		return v, nil
	}
	a, err := e.ledger.Addresses(r.Context(), []goshawk.AddressID{id}, goshawk.WantTotals)
	if err != nil {
		return nil, err
	}
	v.Chain = statsValue{Funded: a[0].Outputs, Spent: a[0].Spends, TxCount: a[0].Transactions}
	var fits bool
	if v.Chain.FundedSum, fits = units(a[0].Received); !fits {
		return nil, goshawk.Errorf(goshawk.Corrupt, "an address received more than all the money there is")
	}
	spent, fits := units(a[0].Spent)
	if !fits {
		return nil, goshawk.Errorf(goshawk.Corrupt, "an address spent more than all the money there is")
	}
	if a[0].Unresolved == 0 {
		v.Chain.SpentSum = &spent
	}
	return v, nil
}

func units(a goshawk.Amount) (n uint64, fits bool) {
	return a.Units.Uint64(), a.Units.IsUint64()
}

// addressTxs lists transactions newest first, from the newest or after one that
// the asker has seen. There is no mempool, so /txs and /txs/chain are the same.
func (e *explorer) addressTxs(r *http.Request) (any, error) {
	ctx := r.Context()
	id, err := e.addressID(r)
	if err != nil {
		return nil, err
	}
	q := goshawk.HistoryQuery{Address: id, Limit: pageTxs}
	if r.PathValue("seen") != "" {
		seen, err := pathHash(r, "seen")
		if err != nil {
			return nil, err
		}
		q.To, err = e.find(ctx, seen)
		if goshawk.CodeOf(err) == goshawk.NotFound || err == nil && q.To == 0 {
			return []txValue{}, nil // nothing comes after what is not there, or after the first transaction
		}
		if err != nil {
			return nil, err
		}
	}
	if id == goshawk.NoAddress {
		return []txValue{}, nil
	}
	page, err := e.ledger.History(ctx, q)
	if err != nil {
		return nil, err
	}
	ids := make([]goshawk.TxID, len(page.Entries))
	for i := range page.Entries {
		ids[i] = page.Entries[i].Tx
	}
	return e.describe(ctx, ids)
}

func (e *explorer) addressMempool(r *http.Request) (any, error) {
	if _, err := e.addressID(r); err != nil {
		return nil, err
	}
	return []txValue{}, nil
}

// addressUtxos lists unspent outputs, newest first. An address with too many of
// them, or too long a history, is refused.
// feeEstimates are none, as of an Esplora over a chain without a mempool.
func (e *explorer) feeEstimates(*http.Request) (any, error) { return struct{}{}, nil }

func (e *explorer) addressUtxos(r *http.Request) (any, error) {
	ctx := r.Context()
	id, err := e.addressID(r)
	if err != nil {
		return nil, err
	}
	utxos := []utxoValue{}
	if id == goshawk.NoAddress {
		return utxos, nil
	}
	q := goshawk.HistoryQuery{Address: id, Limit: 1000}
	for walked := 0; ; {
		page, err := e.ledger.History(ctx, q)
		if err != nil {
			return nil, err
		}
		if walked += len(page.Entries); walked > mostWalked {
			return nil, badRequest(fmt.Sprintf("Too many history entries (>%d)", mostWalked))
		}
		if utxos, err = e.appendUtxos(ctx, utxos, id, page.Entries); err != nil {
			return nil, err
		}
		if len(utxos) > mostUtxos {
			return nil, badRequest(fmt.Sprintf("Too many unspent transaction outputs (>%d)", mostUtxos))
		}
		if !page.More {
			return utxos, nil
		}
		q.To = page.Next
	}
}

func (e *explorer) appendUtxos(ctx context.Context, utxos []utxoValue, id goshawk.AddressID, entries []goshawk.HistoryEntry) ([]utxoValue, error) {
	var ids []goshawk.TxID
	for i := range entries {
		if !entries[i].Received.Units.IsZero() {
			ids = append(ids, entries[i].Tx)
		}
	}
	var batch goshawk.Transactions
	if err := e.ledger.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	placed, err := e.inBlocks(ctx, batch.Rows)
	if err != nil {
		return nil, err
	}
	for i, p := range placed {
		var paid []goshawk.OutputID
		for _, out := range batch.Out(i) {
			if out.Address == id {
				paid = append(paid, out.ID)
			}
		}
		coins, err := e.ledger.Outputs(ctx, paid)
		if err != nil {
			return nil, err
		}
		for _, coin := range coins {
			if coin.Spender == goshawk.NoTx {
				utxos = append(utxos, utxoValue{Txid: p.Hash, Vout: coin.Index, Status: confirmed(p.block), Value: coin.Value})
			}
		}
	}
	return utxos, nil
}
