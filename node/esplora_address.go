package node

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// party is whom an address or a script's hash in a path names.
type party struct {
	name addressValue      // as the path has it
	id   goshawk.AddressID // NoAddress if no output pays it
	// script is the SHA-256 of its locking script, as Classify and Script give it: what waits is in no ledger.
	script [sha256.Size]byte
}

// answers makes an answer of transactions into one of anything.
func answers(list func(*http.Request, party) ([]txValue, error)) func(*http.Request, party) (any, error) {
	return func(r *http.Request, p party) (any, error) { return list(r, p) }
}

// about makes an answer about a party into one to a request that names it.
func about(name func(*http.Request) (party, error), answer func(*http.Request, party) (any, error)) func(*http.Request) (any, error) {
	return func(r *http.Request) (any, error) {
		p, err := name(r)
		if err != nil {
			return nil, err
		}
		return answer(r, p)
	}
}

func (e *explorer) byAddress(r *http.Request) (party, error) {
	text := r.PathValue("address")
	found, err := e.ledger.Find(r.Context(), goshawk.Names{Addresses: []string{text}})
	if goshawk.CodeOf(err) == goshawk.Invalid {
		return party{}, badRequest("Invalid address: " + err.Error())
	}
	if err != nil {
		return party{}, err
	}
	kind, key, err := e.params.ParseAddress(text)
	if err != nil {
		return party{}, badRequest("Invalid address: " + err.Error())
	}
	return party{addressValue{Address: text}, found.Addresses[0], sha256.Sum256(bitcoin.Script(kind, key))}, nil
}

// byScriptHash reads a script's SHA-256, its first byte first, as Esplora writes it.
func (e *explorer) byScriptHash(r *http.Request) (party, error) {
	text := r.PathValue("hash")
	var hash [sha256.Size]byte
	if n, err := hex.Decode(hash[:], []byte(text[:min(len(text), 2*len(hash))])); err != nil || 2*n != len(text) || n != len(hash) {
		return party{}, badRequest("Invalid script hash")
	}
	id, err := e.scripts.find(r.Context(), e.ledger, hash)
	return party{addressValue{ScriptHash: text}, id, hash}, err
}

func (e *explorer) party(r *http.Request, p party) (any, error) {
	v := p.name
	v.Chain.SpentSum, v.Mempool.SpentSum = new(uint64), new(uint64)
	list, err := e.weigh(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range list {
		t := p.touches(&list[i])
		v.Mempool.Funded += t.Funded
		v.Mempool.FundedSum += t.FundedSum
		v.Mempool.Spent += t.Spent
		*v.Mempool.SpentSum += *t.SpentSum
		v.Mempool.TxCount += t.TxCount
	}
	if p.id == goshawk.NoAddress {
		return v, nil
	}
	a, err := e.ledger.Addresses(r.Context(), []goshawk.AddressID{p.id}, goshawk.WantTotals)
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

// partyTxs lists transactions of the chain newest first, from the newest or after
// one that the asker has seen.
func (e *explorer) partyTxs(r *http.Request, p party) ([]txValue, error) {
	ctx := r.Context()
	q := goshawk.HistoryQuery{Address: p.id, Limit: pageTxs}
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
	if p.id == goshawk.NoAddress {
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

// partyUtxos lists outputs that nothing spends, in a block or waiting: the chain's,
// newest first, and then those that wait themselves. A party with too many of
// them, or too long a history, is refused.
func (e *explorer) partyUtxos(r *http.Request, p party) (any, error) {
	utxos, err := e.chainUtxos(r.Context(), p)
	if err != nil {
		return nil, err
	}
	list, err := e.weigh(r.Context())
	if err != nil {
		return nil, err
	}
	for i := range list {
		for n, o := range list[i].tx.Outputs {
			if p.pays(o.Script) {
				utxos = append(utxos, utxoValue{Txid: list[i].ID, Vout: uint32(n), Value: o.Value})
			}
		}
	}
	spends := map[goshawk.Outpoint]bool{}
	for i := range list {
		for _, in := range list[i].tx.Inputs {
			spends[in.Prev] = true
		}
	}
	utxos = slices.DeleteFunc(utxos, func(u utxoValue) bool { return spends[goshawk.Outpoint{Tx: u.Txid, Index: u.Vout}] })
	if len(utxos) > mostUtxos {
		return nil, badRequest(fmt.Sprintf("Too many unspent transaction outputs (>%d)", mostUtxos))
	}
	return utxos, nil
}

func (e *explorer) chainUtxos(ctx context.Context, p party) ([]utxoValue, error) {
	utxos := []utxoValue{}
	if p.id == goshawk.NoAddress {
		return utxos, nil
	}
	q := goshawk.HistoryQuery{Address: p.id, Limit: 1000}
	for walked := 0; ; {
		page, err := e.ledger.History(ctx, q)
		if err != nil {
			return nil, err
		}
		if walked += len(page.Entries); walked > mostWalked {
			return nil, badRequest(fmt.Sprintf("Too many history entries (>%d)", mostWalked))
		}
		if utxos, err = e.appendUtxos(ctx, utxos, p.id, page.Entries); err != nil {
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

// addressPrefix lists the first addresses, in the order of their letters, that
// begin so and that an output pays.
func (e *explorer) addressPrefix(r *http.Request) (any, error) {
	return beginning(r.Context(), e.ledger, r.PathValue("prefix"), pageFound)
}
