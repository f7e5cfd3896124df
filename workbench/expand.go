package workbench

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// What one question reads at most, so that its answer comes at once however busy an address is.
const (
	usualMost   = 25
	mostLooked  = 50_000 // transactions of an address, or of a cluster's addresses
	mostMembers = 2_000  // addresses of a cluster or service whose histories are read
	mostOutputs = 500    // of one transaction, shown at once
	goshawkID   = 128    // characters of a record's or field's ID
)

// expansion is one question at work.
type expansion struct {
	*Held
	q     ExpandQuestion
	most  int
	min   goshawk.Units
	out   bool
	own   map[goshawk.AddressID]bool // the node's own addresses
	first goshawk.TxID               // what lies outside is not looked at
	end   goshawk.TxID
	place place
	notes []string // of the scope
	draw  *drawing
}

// place is where the next page begins: a window of the history, and how many of it were shown.
type place struct {
	Height int32        `json:"h"` // of the ledger's last block when the first page was asked for
	Block  string       `json:"b"`
	End    goshawk.TxID `json:"e"` // what came later is on no page
	At     goshawk.TxID `json:"a"` // where the window begins
	Skip   int          `json:"s"`
}

// Expand says what is around a node: where its value came from, or where it went. However busy the
// node is, bounded work is done; what was not looked at is said. Who asks was allowed to.
func (h *Held) Expand(ctx context.Context, q ExpandQuestion) (*Found, error) {
	x := &expansion{Held: h, q: q, most: q.Most, out: q.Direction == "out", own: map[goshawk.AddressID]bool{}}
	switch {
	case q.Direction != "in" && q.Direction != "out":
		return nil, goshawk.Errorf(goshawk.Invalid, "a direction is in or out")
	case q.Level != LevelTransaction && q.Level != LevelAggregated:
		return nil, goshawk.Errorf(goshawk.Invalid, "a level is transaction or aggregated")
	case q.By == "cluster" && h.Local == nil:
		return nil, NoClusters("ask by address")
	}
	if x.most <= 0 {
		x.most = usualMost
	}
	x.most = min(x.most, mostOutputs)
	if q.Min != "" {
		if err := x.min.SetFromDecimal(q.Min); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "%q is no amount", q.Min).WithHint("write a whole number of smallest units")
		}
	}
	x.draw = newDrawing(h)
	if err := x.begin(ctx); err != nil {
		return nil, err
	}
	if a := q.Asset; a != "" && !strings.EqualFold(a, h.Known.Asset.Ticker) && !strings.EqualFold(a, h.Known.Network) {
		return x.done(0, 0), nil // a chain of coins has one asset
	}
	kind, text, _ := strings.Cut(q.Node, ":")
	var err error
	var found *Found
	switch kind {
	case "t":
		found, err = x.transaction(ctx, text)
	case "u":
		found, err = x.coin(ctx, text)
	case "a", "c", "s":
		found, err = x.party(ctx, kind, text)
	default:
		err = goshawk.Errorf(goshawk.Invalid, "%q names no node", q.Node).WithHint("a:ADDRESS, t:TXID, u:TXID:N, c:ADDRESS or s:SERVICE")
	}
	if err != nil {
		return nil, err
	}
	if err := x.draw.describe(ctx); err != nil {
		return nil, err
	}
	found.Nodes, found.Edges = x.draw.nodes, x.draw.edges
	return found, nil
}

// begin reads the cursor and finds what lies in the times asked for.
func (x *expansion) begin(ctx context.Context) error {
	x.end = goshawk.TxID(x.Known.Transactions)
	x.place = place{Height: x.Known.Height, Block: x.Known.Hash.String()[:16], End: x.end}
	if x.q.Cursor != "" {
		text, err := base64.RawURLEncoding.DecodeString(x.q.Cursor)
		if err == nil {
			err = json.Unmarshal(text, &x.place)
		}
		if err != nil || x.place.Skip < 0 || x.place.End > x.end || x.place.At > x.place.End {
			return goshawk.Errorf(goshawk.Invalid, "the cursor is none of this answer's").WithHint("ask again without it")
		}
		if err := x.stillThere(ctx); err != nil {
			return err
		}
		x.end = x.place.End
	}
	if !x.q.From.IsZero() || !x.q.Until.IsZero() {
		f, err := x.Find(ctx, goshawk.Names{Since: x.q.From, Until: x.q.Until})
		if err != nil {
			return err
		}
		x.first, x.end = f.First, min(f.End, x.end)
	}
	return nil
}

// stillThere refuses a cursor whose ledger's end was replaced meanwhile.
func (x *expansion) stillThere(ctx context.Context) error {
	f, err := x.Find(ctx, goshawk.Names{Heights: []int32{x.place.Height}})
	if err != nil {
		return err
	}
	gone := goshawk.Errorf(goshawk.Conflict, "the chain was reorganised since the first page").WithHint("ask again without a cursor")
	if f.Blocks[0] == goshawk.NoBlock {
		if x.place.Height == x.Known.Height {
			return nil // heights are not known: single blocks
		}
		return gone
	}
	infos, err := x.Blocks(ctx, f.Blocks)
	if err != nil {
		return err
	}
	if infos[0].Hash.String()[:16] != x.place.Block {
		return gone
	}
	return nil
}

// timed says whether a block's time is within what was asked for.
func (x *expansion) timed(seconds int64) bool {
	t := time.Unix(seconds, 0)
	return (x.q.From.IsZero() || !t.Before(x.q.From)) && (x.q.Until.IsZero() || !t.After(x.q.Until))
}

func (x *expansion) filtersTime() bool { return !x.q.From.IsZero() || !x.q.Until.IsZero() }

// txID looks a transaction up.
func (h *Held) txID(ctx context.Context, text string) (goshawk.TxID, error) {
	hash, err := goshawk.ParseHash(strings.ToLower(text))
	if err != nil {
		return goshawk.NoTx, err
	}
	f, err := h.Find(ctx, goshawk.Names{Transactions: []goshawk.Hash{hash}})
	if err != nil {
		return goshawk.NoTx, err
	}
	if f.Transactions[0] == goshawk.NoTx {
		return goshawk.NoTx, h.NotHere(ctx, hash)
	}
	return f.Transactions[0], nil
}

// leg is an input or an output of a transaction, or several of one address.
type leg struct {
	address goshawk.AddressID
	value   goshawk.Units
	coins   []uint32 // their places
	unknown bool     // an input's value is
}

// transaction shows who a transaction's coins came from, or went to.
func (x *expansion) transaction(ctx context.Context, text string) (*Found, error) {
	id, err := x.txID(ctx, text)
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := x.Transactions(ctx, []goshawk.TxID{id}, goshawk.WantHashes|goshawk.WantOutpoints, &batch); err != nil {
		return nil, err
	}
	me := x.draw.transaction(&batch, 0)
	if x.q.By == "coin" && x.out {
		return x.spends(ctx, &batch, me)
	}
	legs := map[goshawk.AddressID]*leg{}
	var order []*leg
	add := func(a goshawk.AddressID, value uint64, at int, unknown bool) {
		l := legs[a]
		if l == nil || a == goshawk.NoAddress {
			l = &leg{address: a}
			legs[a] = l
			order = append(order, l)
		}
		units := goshawk.U(value)
		l.value.Add(&l.value, &units)
		l.coins, l.unknown = append(l.coins, uint32(at)), l.unknown || unknown
	}
	if x.out {
		for i, o := range batch.Out(0) {
			if v := goshawk.U(o.Value); !v.Lt(&x.min) {
				add(o.Address, o.Value, i, false)
			}
		}
	} else {
		for i, in := range batch.In(0) {
			if v := goshawk.U(in.Value); !v.Lt(&x.min) || in.Link == goshawk.Unresolved {
				add(in.Address, in.Value, i, in.Link == goshawk.Unresolved)
			}
		}
	}
	if batch.Rows[0].Coinbase && !x.out {
		x.notes = append(x.notes, "it makes newly mined coins: nobody paid them")
	}
	if order, err = x.labelled(ctx, order); err != nil {
		return nil, err
	}
	if x.q.Order == "" || x.q.Order == "largest" {
		slices.SortStableFunc(order, func(a, b *leg) int { return b.value.Cmp(&a.value) })
	}
	shown := order[min(x.place.Skip, len(order)):]
	more := max(len(shown)-x.most, 0)
	shown = shown[:len(shown)-more]
	ids := make([]goshawk.AddressID, len(shown))
	for i, l := range shown {
		ids[i] = l.address
	}
	names, err := x.draw.addresses(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, l := range shown {
		e := Edge{From: me, To: names[i], What: EdgeReceive, Count: 1}
		if !x.out {
			e.From, e.To, e.What = names[i], me, EdgeSpend
		}
		if names[i] == "" { // a script without an address, or an input of which nothing is known
			coin := goshawk.Outpoint{Tx: batch.Rows[0].Hash, Index: l.coins[0]}
			if !x.out {
				coin = batch.Outpoints[batch.Rows[0].FirstInput+l.coins[0]]
			}
			node := x.draw.coin(coin, "", l.value, batch.Rows[0].Time)
			if x.out {
				e.To = node
			} else {
				e.From = node
			}
		}
		if l.unknown {
			e.Note = "the ledger does not know what all of its coins were worth"
		} else {
			e.Value = l.value.Dec()
		}
		if len(l.coins) > 1 {
			e.Note = strings.TrimPrefix(e.Note+"; "+goshawk.Count(len(l.coins), "coin", "coins"), "; ")
		}
		x.draw.edge(e, moment(batch.Rows[0].Time), moment(batch.Rows[0].Time))
	}
	var next place
	if more > 0 {
		next = x.place
		next.Skip += len(shown)
	}
	return x.page(uint64(more), false, next), nil
}

// coin shows the transaction that made a coin, or the one that spent it.
func (x *expansion) coin(ctx context.Context, text string) (*Found, error) {
	o, err := goshawk.ParseOutpoint(text)
	if err != nil {
		return nil, err
	}
	id, err := x.txID(ctx, o.Tx.String())
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := x.Transactions(ctx, []goshawk.TxID{id}, goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	outs := batch.Out(0)
	if int(o.Index) >= len(outs) {
		return nil, goshawk.Errorf(goshawk.NotFound, "transaction %v has %s", o.Tx, goshawk.Count(len(outs), "output", "outputs")).WithHint("they are counted from 0")
	}
	coin := outs[o.Index]
	if coin.Spender == goshawk.Later {
		coins, err := x.Outputs(ctx, []goshawk.OutputID{coin.ID})
		if err != nil {
			return nil, err
		}
		coin = coins[0].Output
	}
	names, err := x.draw.addresses(ctx, []goshawk.AddressID{coin.Address})
	if err != nil {
		return nil, err
	}
	address := ""
	if names[0] != "" {
		address = strings.TrimPrefix(names[0], "a:")
		x.draw.forget(names[0])
	}
	at, worth := batch.Rows[0].Time, goshawk.U(coin.Value)
	me := x.draw.coin(o, address, worth, at)
	x.draw.setSpent(me, coin.Spender != goshawk.NoTx && coin.Spender != goshawk.Burnt)
	switch {
	case !x.out:
		x.draw.edge(Edge{From: x.draw.transaction(&batch, 0), To: me, What: EdgeReceive, Value: worth.Dec(), Count: 1}, moment(at), moment(at))
	case coin.Spender == goshawk.NoTx:
		x.draw.forget(me)
		x.notes = append(x.notes, "the coin is unspent")
	case coin.Spender == goshawk.Burnt:
		x.draw.forget(me)
		x.notes = append(x.notes, "nobody can spend the coin")
	default:
		if err := x.Transactions(ctx, []goshawk.TxID{coin.Spender}, goshawk.WantHashes, &batch); err != nil {
			return nil, err
		}
		spent := batch.Rows[0].Time
		x.draw.edge(Edge{From: me, To: x.draw.transaction(&batch, 0), What: EdgeSpend, Value: worth.Dec(), Count: 1}, moment(spent), moment(spent))
	}
	return x.done(0, 0), nil
}

// labelled keeps the legs whose address has a label in which the question's words are found.
func (x *expansion) labelled(ctx context.Context, legs []*leg) ([]*leg, error) {
	if x.q.Label == "" {
		return legs, nil
	}
	ids := make([]goshawk.AddressID, 0, len(legs))
	for _, l := range legs {
		ids = append(ids, l.address)
	}
	has, err := x.withLabel(ctx, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(legs, func(l *leg) bool { return !has[l.address] }), nil
}

// withLabel says which addresses have a label in which the question's words are found.
func (x *expansion) withLabel(ctx context.Context, ids []goshawk.AddressID) (map[goshawk.AddressID]bool, error) {
	has := map[goshawk.AddressID]bool{}
	ids = slices.DeleteFunc(slices.Clone(ids), func(a goshawk.AddressID) bool { return a == goshawk.NoAddress })
	words := strings.ToLower(x.q.Label)
	for part := range slices.Chunk(ids, 4096) {
		infos, err := x.Addresses(ctx, part, 0)
		if err != nil {
			return nil, err
		}
		for i := range infos {
			if !x.Labels.Has(infos[i].Text) {
				continue
			}
			for _, l := range x.Labels.Lookup(infos[i].Text) {
				if strings.Contains(strings.ToLower(l.Text+"\n"+l.Actor+"\n"+strings.Join(l.Concepts, "\n")+"\n"+l.Abuse), words) {
					has[infos[i].ID] = true
					break
				}
			}
		}
	}
	return has, nil
}

// page completes an answer; a next place of zero means that there is no next page.
func (x *expansion) page(more uint64, sampled bool, next place) *Found {
	f := x.done(more, 0)
	f.Sampled = sampled
	if next != (place{}) {
		text, err := json.Marshal(next)
		if err == nil {
			f.Cursor = base64.RawURLEncoding.EncodeToString(text)
		}
	}
	return f
}

// done is an answer of one page.
func (x *expansion) done(more uint64, _ int) *Found {
	return &Found{More: more, Scope: x.scope(), Nodes: []Node{}, Edges: []Edge{}}
}

// scope says in words of what an answer is.
func (x *expansion) scope() string {
	h := &x.Known
	words := []string{fmt.Sprintf("%s up to block %s", h.Network, goshawk.Group(fmt.Sprint(h.Height)))}
	switch {
	case h.Partial:
		words[0] = goshawk.Count(h.Blocks, "single block", "single blocks") + " of " + h.Network
	case h.Start > 0:
		words[0] = fmt.Sprintf("%s from block %s to %s", h.Network, goshawk.Group(fmt.Sprint(h.Start)), goshawk.Group(fmt.Sprint(h.Height)))
	}
	if !x.q.From.IsZero() {
		words = append(words, "from "+x.q.From.UTC().Format("2006-01-02 15:04"))
	}
	if !x.q.Until.IsZero() {
		words = append(words, "until "+x.q.Until.UTC().Format("2006-01-02 15:04"))
	}
	if x.q.Min != "" && !x.min.IsZero() {
		words = append(words, "at least "+h.Asset.Format(x.min)+" at once")
	}
	if x.q.Asset != "" {
		words = append(words, "only "+x.q.Asset)
	}
	if x.q.Label != "" {
		words = append(words, fmt.Sprintf("only those with a label in which “%s” is found", x.q.Label))
	}
	return strings.Join(append(words, x.notes...), "; ")
}

// byAmount orders the largest first, and what is equal by the newer.
func byAmount(a, b *goshawk.Units, x, y goshawk.TxID) int {
	return cmp.Or(b.Cmp(a), cmp.Compare(y, x))
}
