package esplora

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// history is what is known of an address's transactions up to the tip so far,
// newest first. In a block the source's order says nothing.
type history struct {
	entries []entry
	byTx    map[goshawk.Hash]int // index in entries
	pages   []string             // URLs
	cursor  goshawk.Hash         // last transaction of the latest page
	height  int32                // of cursor
	done    bool                 // the source has no more
}

// entry is a transaction that the source lists for an address.
type entry struct {
	tx     goshawk.Hash
	height int32
	page   int
	spends []uint32 // the inputs that, it says, spend coins of the address
}

func (s *Source) history(id goshawk.AddressID) *history {
	h := s.histories[id]
	if h == nil {
		h = &history{byTx: map[goshawk.Hash]int{}}
		s.histories[id] = h
	}
	return h
}

// History implements goshawk.Ledger. Each transaction is proved to be in the
// chain and to pay or spend the address; that none is left out is the source's
// claim. Oldest first needs the whole history, and is refused where it is longer
// than Options.MaxHistory.
func (s *Source) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	if err := s.take(ctx); err != nil {
		return goshawk.HistoryPage{}, err
	}
	defer s.give()
	if _, err := s.address(q.Address); err != nil {
		return goshawk.HistoryPage{}, err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = 100
	}
	// One row more than the page holds tells whether there is another page.
	walk := s.newest
	if q.Oldest {
		walk = s.oldest
	}
	rows, err := walk(ctx, q, limit+1)
	if err != nil {
		return goshawk.HistoryPage{}, err
	}
	var page goshawk.HistoryPage
	if len(rows) > limit {
		page.More = true
		page.Next = rows[limit].id
		if !q.Oldest {
			page.Next = rows[limit-1].id // To is not part of the range
		}
		rows = rows[:limit]
	}
	page.Entries, err = s.entries(ctx, q.Address, rows)
	return page, err
}

// newest collects up to limit transactions within the query's bounds, newest first.
func (s *Source) newest(ctx context.Context, q goshawk.HistoryQuery, limit int) ([]*transaction, error) {
	h := s.history(q.Address)
	var rows []*transaction
	for start := 0; len(rows) < limit; {
		end, err := s.block(ctx, q.Address, start)
		if err != nil {
			return nil, err
		}
		if start == end || txID(h.entries[start].height+1, 0) <= q.From {
			break
		}
		if q.To == 0 || txID(h.entries[start].height, 0) < q.To {
			group, err := s.proved(ctx, h, start, end)
			if err != nil {
				return nil, err
			}
			slices.Reverse(group)
			rows = appendWithin(rows, group, q, limit)
		}
		start = end
	}
	return rows, nil
}

// oldest does the same from the other end of the whole history.
func (s *Source) oldest(ctx context.Context, q goshawk.HistoryQuery, limit int) ([]*transaction, error) {
	h := s.history(q.Address)
	for !h.done {
		if err := s.page(ctx, q.Address, h); err != nil {
			return nil, err
		}
	}
	var rows []*transaction
	for end := len(h.entries); end > 0 && len(rows) < limit; {
		start := end - 1
		for start > 0 && h.entries[start-1].height == h.entries[start].height {
			start--
		}
		if q.To != 0 && txID(h.entries[start].height, 0) >= q.To {
			break
		}
		if txID(h.entries[start].height+1, 0) > q.From {
			group, err := s.proved(ctx, h, start, end)
			if err != nil {
				return nil, err
			}
			rows = appendWithin(rows, group, q, limit)
		}
		end = start
	}
	return rows, nil
}

func appendWithin(rows, group []*transaction, q goshawk.HistoryQuery, limit int) []*transaction {
	for _, tx := range group {
		if tx.id >= q.From && (q.To == 0 || tx.id < q.To) && len(rows) < limit {
			rows = append(rows, tx)
		}
	}
	return rows
}

// block returns the end of the entries that lie in the same block as the one at
// start, asking for pages until all of them are known. There is no entry at
// start if it is also the end.
func (s *Source) block(ctx context.Context, id goshawk.AddressID, start int) (end int, err error) {
	h := s.history(id)
	for !h.done && (start >= len(h.entries) || h.height == h.entries[start].height) {
		if err := s.page(ctx, id, h); err != nil {
			return 0, err
		}
	}
	end = start
	for end < len(h.entries) && h.entries[end].height == h.entries[start].height {
		end++
	}
	return end, nil
}

// page asks for the next page of a history.
func (s *Source) page(ctx context.Context, id goshawk.AddressID, h *history) error {
	if len(h.byTx) >= s.maxHistory {
		return goshawk.Errorf(goshawk.Unsupported, "%s has more than %d transactions, more than are looked through over an explorer",
			s.params.FormatAddress(s.addresses[id].kind, s.addresses[id].payload), s.maxHistory).
			WithHint("start from an outpoint instead, ask for the newest ones, or use a ledger of your own")
	}
	path := s.path(&s.addresses[id]) + "/txs/chain"
	if len(h.pages) > 0 {
		path += "/" + h.cursor.String()
	}
	answers, err := s.client.fetchAll(ctx, []query{{path: path, limit: limitHistory, check: func(body []byte) error {
		_, err := parseHistory(body)
		return err
	}}})
	if err != nil {
		return err
	}
	a := answers[0]
	var list []listed
	if !a.missing {
		if list, err = parseHistory(a.body); err != nil {
			return garbled(a.url, err)
		}
	}
	// A page's size differs between servers; only an empty one is surely the last.
	if len(list) == 0 {
		h.done = true
		return nil
	}
	before := h.height
	if len(h.pages) == 0 {
		before = maxHeights
	}
	inPage := map[goshawk.Hash]bool{}
	for _, l := range list {
		if _, known := h.byTx[l.tx]; known || inPage[l.tx] {
			return s.rejected(a.url, fmt.Errorf("it lists %v a second time", l.tx))
		}
		if l.height > before {
			return s.rejected(a.url, fmt.Errorf("it lists %v out of order", l.tx))
		}
		inPage[l.tx], before = true, l.height
	}
	for _, l := range list {
		h.byTx[l.tx] = len(h.entries)
		h.cursor, h.height = l.tx, l.height
		if l.height <= s.head.Height {
			h.entries = append(h.entries, entry{tx: l.tx, height: l.height, page: len(h.pages), spends: s.spendsOf(id, l.scripts)})
		}
	}
	h.pages = append(h.pages, a.url)
	return nil
}

// spendsOf returns which of the scripts, in hexadecimal, belong to an address.
func (s *Source) spendsOf(id goshawk.AddressID, scripts []string) []uint32 {
	var spends []uint32
	for i, text := range scripts {
		script, err := hex.DecodeString(text)
		if err != nil || len(script) == 0 {
			continue // no hint: the claim is incomplete, as Head.Claim says
		}
		kind, key, _, _ := bitcoin.Classify(script, nil)
		if kind == s.addresses[id].kind && string(key) == string(s.addresses[id].payload) {
			spends = append(spends, uint32(i))
		}
	}
	return spends
}

// proved returns the transactions of entries of one block, each proved to be in
// it, oldest first.
func (s *Source) proved(ctx context.Context, h *history, start, end int) ([]*transaction, error) {
	hashes := make([]goshawk.Hash, 0, end-start)
	for _, e := range h.entries[start:end] {
		hashes = append(hashes, e.tx)
	}
	if err := s.place(ctx, hashes); err != nil {
		return nil, err
	}
	txs := make([]*transaction, 0, end-start)
	for _, e := range h.entries[start:end] {
		tx := s.placed(e.tx)
		if tx == nil || tx.block.height != e.height {
			return nil, s.rejected(h.pages[e.page], fmt.Errorf("it lists %v in block %d, where it is not", e.tx, e.height))
		}
		txs = append(txs, tx)
	}
	slices.SortFunc(txs, func(a, b *transaction) int { return cmp.Compare(a.id, b.id) })
	return txs, nil
}

// entries says what transactions did to an address, from their own bytes and
// those of the transactions that made the coins they spend.
func (s *Source) entries(ctx context.Context, id goshawk.AddressID, rows []*transaction) ([]goshawk.HistoryEntry, error) {
	h := s.history(id)
	var previous []goshawk.Hash
	for _, tx := range rows {
		for _, i := range h.entries[h.byTx[tx.hash]].spends {
			if int(i) < len(tx.ins) {
				previous = append(previous, tx.ins[i].prev.Tx)
			}
		}
	}
	if err := s.load(ctx, previous); err != nil {
		return nil, err
	}
	out := make([]goshawk.HistoryEntry, len(rows))
	for n, tx := range rows {
		e := h.entries[h.byTx[tx.hash]]
		var received, spent goshawk.Units
		touched := false
		for i := range tx.outs {
			if tx.outs[i].Address == id {
				v := goshawk.U(tx.outs[i].Value)
				received.Add(&received, &v)
				touched = true
			}
		}
		for _, i := range e.spends {
			coin, err := s.claimedSpend(tx, i)
			if err == nil && coin.Address != id {
				err = fmt.Errorf("it says that input %d of %v spends a coin of the address, which it does not", i, tx.hash)
			}
			if err != nil {
				return nil, s.rejected(h.pages[e.page], err)
			}
			v := goshawk.U(coin.Value)
			spent.Add(&spent, &v)
			touched = true
		}
		if !touched {
			return nil, s.rejected(h.pages[e.page], fmt.Errorf("it lists %v, which neither pays nor spends the address", tx.hash))
		}
		out[n] = goshawk.HistoryEntry{Tx: tx.id, Received: goshawk.Amount{Asset: s.head.Asset, Units: received}, Spent: goshawk.Amount{Asset: s.head.Asset, Units: spent}}
	}
	return out, nil
}

func (s *Source) claimedSpend(tx *transaction, i uint32) (goshawk.Input, error) {
	if int(i) >= len(tx.ins) {
		return goshawk.Input{}, fmt.Errorf("it gives %v more inputs than it has", tx.hash)
	}
	coin, err := s.spentCoin(tx, tx.ins[i].prev)
	if err == nil && coin.Link == goshawk.Unresolved {
		err = errors.New("it knows a spent coin's script and does not know the transaction that made it")
	}
	return coin, err
}

// firstAndLast finds the oldest and newest transaction of an address. The
// oldest is not looked for behind many pages.
func (s *Source) firstAndLast(ctx context.Context, id goshawk.AddressID, count uint64) (first, last goshawk.TxID, err error) {
	const most = 1000
	rows, err := s.newest(ctx, goshawk.HistoryQuery{Address: id}, 1)
	if err != nil || len(rows) == 0 {
		return goshawk.NoTx, goshawk.NoTx, err
	}
	last = rows[0].id
	if count > most || count > uint64(s.maxHistory) {
		return goshawk.NoTx, last, nil
	}
	if rows, err = s.oldest(ctx, goshawk.HistoryQuery{Address: id}, 1); err != nil || len(rows) == 0 {
		return goshawk.NoTx, last, err
	}
	return rows[0].id, last, nil
}

func (s *Source) amount(units uint64) goshawk.Amount {
	return goshawk.Amount{Asset: s.head.Asset, Units: goshawk.U(units)}
}
