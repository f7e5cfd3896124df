package ledgertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"goshawk"
)

// faulty is a ledger with one mistake.
type faulty struct {
	goshawk.Ledger
	head         func(*goshawk.Head)
	find         func(goshawk.Names, *goshawk.Found)
	blocks       func([]goshawk.BlockInfo)
	transactions func([]goshawk.TxID, goshawk.Want, *goshawk.Transactions)
	outputs      func([]goshawk.Coin)
	addresses    func([]goshawk.Address, goshawk.Want)
	query        func(*goshawk.HistoryQuery)
	history      func(goshawk.HistoryQuery, *goshawk.HistoryPage)
	deaf         bool // to its context
	forgiving    bool // of unknown ids
	keeps        bool // what the batch held before
}

func (f *faulty) context(ctx context.Context) context.Context {
	if f.deaf {
		return context.Background()
	}
	return ctx
}

func (f *faulty) Head(ctx context.Context) (goshawk.Head, error) {
	h, err := f.Ledger.Head(ctx)
	if err == nil && f.head != nil {
		f.head(&h)
	}
	return h, err
}

func (f *faulty) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	found, err := f.Ledger.Find(ctx, names)
	if err == nil && f.find != nil {
		f.find(names, &found)
	}
	return found, err
}

func (f *faulty) Blocks(ctx context.Context, ids []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	b, err := f.Ledger.Blocks(ctx, ids)
	if err == nil && f.blocks != nil {
		f.blocks(b)
	}
	return b, err
}

func (f *faulty) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	before := *into
	err := f.Ledger.Transactions(f.context(ctx), ids, want, into)
	if err == nil && f.transactions != nil {
		f.transactions(ids, want, into)
	}
	if f.keeps && len(into.Rows) == 0 {
		*into = before
	}
	return err
}

func (f *faulty) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	c, err := f.Ledger.Outputs(ctx, ids)
	if err == nil && f.outputs != nil {
		f.outputs(c)
	}
	if f.forgiving && goshawk.CodeOf(err) == goshawk.NotFound {
		return make([]goshawk.Coin, len(ids)), nil
	}
	return c, err
}

func (f *faulty) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) ([]goshawk.Address, error) {
	a, err := f.Ledger.Addresses(ctx, ids, want)
	if err == nil && f.addresses != nil {
		f.addresses(a, want)
	}
	return a, err
}

func (f *faulty) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	if f.query != nil {
		f.query(&q)
	}
	p, err := f.Ledger.History(ctx, q)
	if err == nil && f.history != nil {
		f.history(q, &p)
	}
	return p, err
}

// TestDifferencesCatchesFaults shows that the comparison sees each mistake, in
// the method that makes it.
func TestDifferencesCatchesFaults(t *testing.T) {
	whole := MustChain(scripts()["payments"])
	twice := MustChain(scripts()["overwritten coinbases"])
	kinds := MustChain(scripts()["kinds"])
	partial := MustChain(scripts()["partial"])
	times := MustChain(scripts()["times out of order"])
	fields := MustChain(scripts()["fields"])
	inputs := func(each func(*goshawk.Input)) faulty {
		return faulty{transactions: func(_ []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) {
			for i := range b.Inputs {
				each(&b.Inputs[i])
			}
		}}
	}
	outputs := func(each func(*goshawk.Output)) faulty {
		return faulty{transactions: func(_ []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) {
			for i := range b.Outputs {
				each(&b.Outputs[i])
			}
		}}
	}
	rows := func(each func(*goshawk.Transaction)) faulty {
		return faulty{transactions: func(_ []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) {
			for i := range b.Rows {
				each(&b.Rows[i])
			}
		}}
	}
	coins := func(each func(*goshawk.Coin)) faulty {
		return faulty{outputs: func(c []goshawk.Coin) {
			for i := range c {
				each(&c[i])
			}
		}}
	}
	people := func(each func(*goshawk.Address)) faulty {
		return faulty{addresses: func(a []goshawk.Address, want goshawk.Want) {
			for i := range a {
				each(&a[i])
			}
		}}
	}
	for _, c := range []struct {
		name  string
		fault faulty
		on    *History
		says  string // in every report
	}{
		{"spender is the creator", outputs(func(o *goshawk.Output) {
			if o.Spender < goshawk.Later {
				o.Spender--
			}
		}), whole, "spender"},
		{"burnt coins look unspent", outputs(func(o *goshawk.Output) {
			if o.Spender == goshawk.Burnt {
				o.Spender = goshawk.NoTx
			}
		}), twice, "spender"},
		{"Outputs forgets that coins are spent", coins(func(c *goshawk.Coin) { c.Spender = goshawk.NoTx }), whole, "spender"},
		{"Outputs does not look spenders up", coins(func(c *goshawk.Coin) { c.Spender = goshawk.Later }), whole, "spender"},
		{"Outputs counts from 1", coins(func(c *goshawk.Coin) { c.Index++ }), whole, "index"},
		{"heights of coins are lost", coins(func(c *goshawk.Coin) { c.Height = -1 }), whole, "height"},
		{"kinds are lost", coins(func(c *goshawk.Coin) { c.Kind = 0 }), kinds, "kind"},
		{"unknown outputs are empty", faulty{forgiving: true}, whole, "NotFound"},
		{"payments to keys look like those to hashes", outputs(func(o *goshawk.Output) { o.ByKey = false }), kinds, "paid to the key"},
		{"value of an input is cut to 32 bits", inputs(func(in *goshawk.Input) { in.Value = uint64(uint32(in.Value)) }), whole, "value"},
		{"an input spends the next output", inputs(func(in *goshawk.Input) {
			if in.Link == goshawk.Linked {
				in.Spent++
			}
		}), whole, "coin spent"},
		{"a garbage output where there is none", inputs(func(in *goshawk.Input) {
			if in.Spent == goshawk.NoOutput {
				in.Spent = 1 << 40
			}
		}), partial, "coin spent"},
		{"unresolved inputs look known", inputs(func(in *goshawk.Input) {
			if in.Link == goshawk.Unresolved {
				in.Link = goshawk.Before
			}
		}), partial, "link"},
		{"unresolved inputs lose their address", inputs(func(in *goshawk.Input) {
			if in.Link == goshawk.Unresolved {
				in.Address = goshawk.NoAddress
			}
		}), partial, "address"},
		{"inputs from before lose their height", inputs(func(in *goshawk.Input) { in.Height = -1 }), partial, "height of the coin"},
		{"kinds of inputs are lost", inputs(func(in *goshawk.Input) { in.Kind = 0 }), kinds, "kind"},
		{"positions count from 1", rows(func(r *goshawk.Transaction) { r.Position++ }), whole, "position"},
		{"a coinbase flag is missing", rows(func(r *goshawk.Transaction) { r.Coinbase = false }), whole, "coinbase"},
		{"versions are lost", rows(func(r *goshawk.Transaction) { r.Version = 2 }), fields, "version"},
		{"lock times are signed", rows(func(r *goshawk.Transaction) { r.LockTime &= 0x7fffffff }), fields, "locktime"},
		{"hashes are the wrong way round", rows(func(r *goshawk.Transaction) { r.Hash[0], r.Hash[31] = r.Hash[31], r.Hash[0] }), whole, "hash"},
		{"bounds run over", rows(func(r *goshawk.Transaction) { r.OutputEnd += 1000 }), whole, "outside the batch"},
		{"an input is dropped", rows(func(r *goshawk.Transaction) {
			if r.InputEnd > r.FirstInput {
				r.InputEnd--
			}
		}), whole, "inputs"},
		{"sequences are final", faulty{transactions: func(_ []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) {
			for i := range b.Sequences {
				b.Sequences[i] = 0xffffffff
			}
		}}, fields, "sequence"},
		{"outpoints only when all is wanted", faulty{transactions: func(_ []goshawk.TxID, want goshawk.Want, b *goshawk.Transactions) {
			if want == goshawk.WantOutpoints {
				b.Outpoints = nil
			}
		}}, whole, "outpoints"},
		{"rows come in chain order", faulty{transactions: func(ids []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) {
			if n := len(ids); n > 1 && ids[0] > ids[n-1] {
				b.Rows[0], b.Rows[n-1] = b.Rows[n-1], b.Rows[0]
			}
		}}, whole, "id"},
		{"an old answer stays in the batch", faulty{keeps: true}, whole, "Transactions of none"},
		{"the asset is missing", faulty{transactions: func(_ []goshawk.TxID, _ goshawk.Want, b *goshawk.Transactions) { b.Asset = goshawk.Asset{} }}, whole, "asset"},
		{"a page has one entry too many", faulty{query: func(q *goshawk.HistoryQuery) {
			if q.Limit > 0 {
				q.Limit++
			}
		}}, whole, "History"},
		{"a page repeats the last entry", faulty{history: func(q goshawk.HistoryQuery, p *goshawk.HistoryPage) {
			if !q.Oldest && p.More {
				p.Next++
			}
		}}, whole, "History"},
		{"a page skips an entry", faulty{history: func(q goshawk.HistoryQuery, p *goshawk.HistoryPage) {
			if q.Oldest && p.More {
				p.Next++
			}
		}}, whole, "History"},
		{"the last page promises another", faulty{history: func(_ goshawk.HistoryQuery, p *goshawk.HistoryPage) { p.More = true }}, whole, "more true"},
		{"To is inclusive", faulty{query: func(q *goshawk.HistoryQuery) {
			if q.To != 0 {
				q.To++
			}
		}}, whole, "History"},
		{"From is ignored", faulty{query: func(q *goshawk.HistoryQuery) {
			if !q.Oldest {
				q.From = 0
			}
		}}, whole, "History"},
		{"history shows one side", faulty{history: func(_ goshawk.HistoryQuery, p *goshawk.HistoryPage) {
			for i := range p.Entries {
				p.Entries[i].Spent.Units.Clear()
			}
		}}, whole, "spent"},
		{"the default page is shorter", faulty{query: func(q *goshawk.HistoryQuery) {
			if q.Limit == 0 {
				q.Limit = 50
			}
		}}, MustChain(scripts()["a busy address"]), "History"},
		{"self-payments count twice", people(func(a *goshawk.Address) { a.Transactions = a.Outputs + a.Spends }), whole, "transactions"},
		{"received is net", people(func(a *goshawk.Address) {
			if a.Received.Units.Gt(&a.Spent.Units) {
				a.Received.Units.Sub(&a.Received.Units, &a.Spent.Units)
			}
		}), whole, "received"},
		{"spends forget the unresolved", people(func(a *goshawk.Address) { a.Spends = min(a.Spends, a.Outputs) }), partial, "spends"},
		{"totals take the unresolved for nothing", people(func(a *goshawk.Address) { a.Unresolved = 0 }), partial, "unresolved spends"},
		{"a history takes the unresolved for nothing", faulty{history: func(_ goshawk.HistoryQuery, p *goshawk.HistoryPage) {
			for i := range p.Entries {
				p.Entries[i].Unresolved = 0
			}
		}}, partial, "unresolved spends"},
		{"first is the last", people(func(a *goshawk.Address) { a.First = a.Last }), whole, "first transaction"},
		{"payloads are shared", people(func(a *goshawk.Address) {
			if len(a.Payload) > 20 {
				a.Payload = a.Payload[:20]
			}
		}), kinds, "payload"},
		{"overwritten transactions are forgotten", faulty{find: func(_ goshawk.Names, f *goshawk.Found) { f.Overwritten = nil }}, twice, "overwritten"},
		{"a used hash means its first transaction", faulty{find: func(n goshawk.Names, f *goshawk.Found) {
			for i, hash := range n.Transactions {
				if earlier := f.Overwritten[hash]; len(earlier) > 0 {
					f.Transactions[i], earlier[0] = earlier[0], f.Transactions[i]
				}
			}
		}}, twice, "ids do not ascend"},
		{"unknown names get an id", faulty{find: func(_ goshawk.Names, f *goshawk.Found) {
			for i, id := range f.Transactions {
				if id == goshawk.NoTx {
					f.Transactions[i] = 0
				}
			}
		}}, whole, "does not exist"},
		{"an address is missing", faulty{find: func(_ goshawk.Names, f *goshawk.Found) {
			if len(f.Addresses) > 2 {
				f.Addresses[2] = goshawk.NoAddress
			}
		}}, whole, "missing"},
		{"times are taken to be in order", faulty{find: func(n goshawk.Names, f *goshawk.Found) {
			if n.Until.Unix() >= time.Date(2020, 1, 20, 0, 0, 0, 0, time.UTC).Unix() {
				f.End = min(f.End, 3)
			}
		}}, times, "range"},
		{"a time range ends one early", faulty{find: func(_ goshawk.Names, f *goshawk.Found) { f.End -= min(f.End, 1) }}, times, ""},
		{"a block has a transaction too few", faulty{blocks: func(b []goshawk.BlockInfo) {
			for i := range b {
				b[i].TxCount--
			}
		}}, whole, "number of transactions"},
		{"blocks name themselves as parent", faulty{blocks: func(b []goshawk.BlockInfo) {
			for i := range b {
				b[i].Parent = b[i].Hash
			}
		}}, whole, "parent"},
		{"headers are cut", faulty{blocks: func(b []goshawk.BlockInfo) {
			for i := range b {
				b[i].Header = b[i].Header[:4]
			}
		}}, whole, "header"},
		{"the tip is one behind", faulty{head: func(h *goshawk.Head) { h.Height-- }}, whole, "height"},
		{"a count is short", faulty{head: func(h *goshawk.Head) { h.Outputs-- }}, whole, "outputs"},
		{"partial is not said", faulty{head: func(h *goshawk.Head) { h.Partial = false }}, partial, "partial"},
		{"a cancelled context is not heard", faulty{deaf: true}, whole, "cancelled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fault := c.fault
			fault.Ledger = c.on.Ledger()
			found := Differences(t.Context(), &fault, c.on)
			if len(found) == 0 {
				t.Fatal("the comparison does not see it")
			}
			if all := strings.Join(found, "\n"); !strings.Contains(all, c.says) {
				t.Errorf("the comparison does not speak of %q:\n%s", c.says, all)
			}
		})
	}
}

// sparse is a ledger as a remote source is: ids with gaps, no counts, links and
// spenders not looked up. The contract allows all of it.
type sparse struct{ goshawk.Ledger }

const gap = 1000

func wide[ID ~uint64](id ID) ID {
	if id >= ID(goshawk.Later) {
		return id
	}
	return (id + 1) * gap
}

func narrow[ID ~uint64](ids ...ID) []ID {
	out := make([]ID, len(ids))
	for i, id := range ids {
		out[i] = id/gap - 1
		if id >= ID(goshawk.Later) || id%gap != 0 || id == 0 {
			out[i] = id | 1<<62 // unknown to the ledger beneath
		}
	}
	return out
}

func (s sparse) Head(ctx context.Context) (goshawk.Head, error) {
	h, err := s.Ledger.Head(ctx)
	h.Claim = "somebody"
	h.Blocks, h.Transactions, h.Inputs, h.Outputs, h.Addresses = 0, 0, 0, 0, 0
	return h, err
}

func (s sparse) Find(ctx context.Context, names goshawk.Names) (goshawk.Found, error) {
	f, err := s.Ledger.Find(ctx, names)
	for i := range f.Transactions {
		f.Transactions[i] = wide(f.Transactions[i])
	}
	for i := range f.Blocks {
		f.Blocks[i] = wide(f.Blocks[i])
	}
	for i := range f.Addresses {
		f.Addresses[i] = wide(f.Addresses[i])
	}
	for _, ids := range f.Overwritten {
		for i := range ids {
			ids[i] = wide(ids[i])
		}
	}
	if f.End > 0 {
		f.First, f.End = wide(f.First), wide(f.End-1)+1
	}
	return f, err
}

func (s sparse) Blocks(ctx context.Context, ids []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	b, err := s.Ledger.Blocks(ctx, narrow(ids...))
	for i := range b {
		b[i].ID, b[i].FirstTx = wide(b[i].ID), wide(b[i].FirstTx)
	}
	return b, err
}

func (s sparse) Transactions(ctx context.Context, ids []goshawk.TxID, want goshawk.Want, into *goshawk.Transactions) error {
	err := s.Ledger.Transactions(ctx, narrow(ids...), want, into)
	for i := range into.Rows {
		into.Rows[i].ID, into.Rows[i].Block = wide(into.Rows[i].ID), wide(into.Rows[i].Block)
	}
	for i := range into.Inputs {
		in := &into.Inputs[i]
		in.Address = wide(in.Address)
		if in.Link == goshawk.Linked {
			in.Link, in.Spent = goshawk.Deferred, goshawk.NoOutput
		}
	}
	for i := range into.Outputs {
		out := &into.Outputs[i]
		out.ID, out.Address, out.Spender = wide(out.ID), wide(out.Address), goshawk.Later
	}
	return err
}

func (s sparse) Outputs(ctx context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	c, err := s.Ledger.Outputs(ctx, narrow(ids...))
	for i := range c {
		c[i].ID, c[i].Address, c[i].Spender, c[i].Tx = wide(c[i].ID), wide(c[i].Address), wide(c[i].Spender), wide(c[i].Tx)
	}
	return c, err
}

func (s sparse) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) ([]goshawk.Address, error) {
	a, err := s.Ledger.Addresses(ctx, narrow(ids...), want)
	for i := range a {
		a[i].ID, a[i].First, a[i].Last = wide(a[i].ID), wide(a[i].First), wide(a[i].Last)
	}
	return a, err
}

func (s sparse) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	q.Address = narrow(q.Address)[0]
	q.From = (q.From + gap - 1) / gap // the first id not below From
	if q.From > 0 {
		q.From--
	}
	if q.To > 0 {
		if q.To = (q.To+gap-1)/gap - 1; q.To == 0 { // before the first transaction; to the ledger beneath it means no bound
			q.From, q.To = 1, 1
		}
	}
	p, err := s.Ledger.History(ctx, q)
	for i := range p.Entries {
		p.Entries[i].Tx = wide(p.Entries[i].Tx)
	}
	if p.More {
		p.Next = p.Entries[len(p.Entries)-1].Tx
		if q.Oldest {
			p.Next++
		}
	}
	return p, err
}

func TestSparseIdsPass(t *testing.T) {
	TestLedger(t, func(t *testing.T, h *History) goshawk.Ledger { return sparse{h.Ledger()} })
}
