package main

import (
	"context"
	"errors"
	"io"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
	"goshawk/pattern"
	"goshawk/report"
	"goshawk/workbench"
)

func runShow(ctx context.Context, t *terminal, c *command) (err error) {
	s := c.remoteFlags().labelFlags()
	format := c.format("text", "json")
	limit := c.limit("limit", 25, "list at most `N` transactions of an address or a block")
	oldest := c.Bool("oldest", false, "list an address's oldest transactions first")
	var since, until moment
	c.Var(&since, "since", "list an address's transactions of `TIME` and later")
	c.Var(&until, "until", "list an address's transactions of `TIME` and earlier")
	hints := c.Bool("change", true, "show which output is consistent with change")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	if err := c.inOrder("since", &since, "until", &until); err != nil {
		return err
	}
	name, err := parseName(c.args[0])
	if err != nil {
		return err
	}
	switch {
	case name.address != "":
		err = c.refuse("is about a transaction, and an address is named", "change")
	case name.hash != nil:
		err = c.refuse("is about an address, and a hash is named", "oldest", "since", "until")
	default:
		err = errors.Join(c.refuse("is about an address, and a height is named", "oldest", "since", "until"),
			c.refuse("is about a transaction, and a height is named", "change"))
	}
	if err != nil {
		return err
	}
	var set *label.Set
	closeLabels := func() error { return nil }
	defer func() { err = errors.Join(err, closeLabels()) }()
	ch, err := s.open(ctx, func(ch *chain) (err error) {
		if name.address != "" {
			if _, _, err := ch.Params.ParseAddress(name.address); err != nil {
				return err
			}
		}
		set, closeLabels, err = s.labelSet()
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.close()) }()
	v := &viewer{ctx: ctx, c: c, ch: ch, set: set, json: *format == "json", limit: *limit}
	switch {
	case name.address != "":
		return v.address(name.address, *oldest, since, until)
	case name.hash != nil:
		return v.transaction(name, *hints)
	}
	return v.block(name)
}

// name is what somebody wants to be shown: an address, a hash or a height.
type name struct {
	address string
	hash    *goshawk.Hash
	at      string  // the height of the transaction meant, where several have the hash
	output  *uint32 // the one that is meant
	height  int32   // the largest there is for one beyond it, which no chain reaches
	text    string  // as it was written
}

// parseName tells by its form what a name is.
func parseName(text string) (name, error) {
	id, index, indexed := strings.Cut(text, ":")
	id, at, _ := strings.Cut(id, "@")
	// What has so many digits and nothing else is a hash, and neither an address nor a height.
	const manyDigits = 48
	if len(id) < manyDigits || strings.Trim(id, "0123456789abcdefABCDEF") != "" {
		height, err := strconv.ParseInt(text, 10, 32)
		switch {
		case err != nil && !errors.Is(err, strconv.ErrRange):
			return name{address: text}, nil
		case height < 0:
			return name{}, badUsage("a height cannot be %s", text).WithHint("heights are counted from 0")
		}
		return name{height: int32(height), text: text}, nil
	}
	h, err := goshawk.ParseHash(strings.ToLower(id))
	if err != nil {
		return name{}, err
	}
	n := name{hash: &h, at: at}
	if indexed {
		o, err := goshawk.ParseOutpoint(h.String() + ":" + index)
		if err != nil {
			return name{}, err
		}
		n.output = &o.Index
	}
	return n, nil
}

// viewer shows one thing of a chain.
type viewer struct {
	ctx   context.Context
	c     *command
	ch    *chain
	set   *label.Set
	json  bool
	limit int
}

func (v *viewer) basis() report.Basis {
	return v.ch.basis(v.set)
}

// basis is what an answer rests on.
func (ch *chain) basis(set *label.Set) report.Basis {
	b := report.Basis{Version: goshawk.Version, Network: ch.Known.Network, Asset: ch.Known.Asset,
		Ledger: ch.Known.Point(), Claim: ch.Known.Claim, Warnings: ch.Known.Warnings()}
	if set != nil {
		b.Labels = set.Sources()
	}
	return b
}

// sayBasis says what an answer rests on whose form has no place for it.
func (c *command) sayBasis(b *report.Basis) {
	if chain := b.Chain(); chain != "" {
		c.say("Chain: %s", chain)
	}
	for _, w := range b.Warnings {
		c.say("warning: %s", w)
	}
}

// print writes an answer as JSON or as text.
func print[T any](c *command, json bool, answer T, asJSON func(io.Writer, T) error, asText func(io.Writer, T, report.Style) error) error {
	if json {
		return asJSON(c.t.out, answer)
	}
	return asText(c.t.out, answer, report.Style{Color: c.color()})
}

func (v *viewer) block(n name) error {
	found, err := v.ch.Find(v.ctx, goshawk.Names{Heights: []int32{n.height}})
	if err != nil {
		return err
	}
	if found.Blocks[0] == goshawk.NoBlock {
		holds, err := v.ch.Extent(v.ctx)
		if err != nil {
			return err
		}
		return goshawk.Errorf(goshawk.NotFound, "there is no block at height %s", n.text).WithHint("%s", holds)
	}
	infos, err := v.ch.Blocks(v.ctx, found.Blocks)
	if err != nil {
		return err
	}
	return v.showBlock(&infos[0])
}

func (v *viewer) showBlock(info *goshawk.BlockInfo) error {
	b := &report.Block{Basis: v.basis(), Hash: info.Hash, Parent: info.Parent, Height: info.Height, Time: info.Time, Transactions: uint64(info.TxCount)}
	if v.ch.Local != nil {
		err := goshawk.Scan(v.ctx, v.ch, info.FirstTx, info.FirstTx+goshawk.TxID(info.TxCount), goshawk.WantHashes, func(batch *goshawk.Transactions) error {
			for i := range batch.Rows {
				if len(b.Txs) < v.limit {
					b.Txs = append(b.Txs, batch.Rows[i].Hash)
				}
			}
			b.Outputs += uint64(len(batch.Outputs))
			for i := range batch.Outputs {
				u := goshawk.U(batch.Outputs[i].Value)
				b.Paid.Add(&b.Paid, &u)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return print(v.c, v.json, b, report.BlockJSON, report.BlockText)
}

func (v *viewer) transaction(n name, hints bool) error {
	h := *n.hash
	found, err := v.ch.Find(v.ctx, goshawk.Names{Transactions: []goshawk.Hash{h}})
	if err != nil {
		return err
	}
	if found.Transactions[0] == goshawk.NoTx {
		block, err := v.ch.blockNamed(v.ctx, h)
		switch {
		case err != nil:
			return err
		case block == nil:
			return v.ch.NotHere(v.ctx, h)
		case n.output != nil || n.at != "":
			return badUsage("%v is a block, and has no outputs of its own", h).WithHint("name one of its transactions: 'goshawk show %v' lists them", h)
		}
		return v.showBlock(block)
	}
	ids := append(found.Overwritten[h], found.Transactions[0])
	var batch goshawk.Transactions
	want := goshawk.WantHashes | goshawk.WantKinds | goshawk.WantOutpoints | goshawk.WantSequences
	if err := v.ch.Transactions(v.ctx, ids, want, &batch); err != nil {
		return err
	}
	if deferred := deferred(&batch); len(deferred) > 0 {
		// An explorer links a coin to the block that made it once it was asked where that is.
		if _, err := v.ch.Find(v.ctx, goshawk.Names{Transactions: deferred}); err != nil {
			return err
		}
		if err := v.ch.Transactions(v.ctx, ids, want, &batch); err != nil {
			return err
		}
	}
	row := len(ids) - 1
	if n.at != "" {
		for row = range batch.Rows {
			if strconv.Itoa(int(batch.Rows[row].Height)) == n.at {
				break
			}
		}
		if strconv.Itoa(int(batch.Rows[row].Height)) != n.at {
			return goshawk.Errorf(goshawk.NotFound, "transaction %v is not in the block at height %q", h, n.at).WithHint("leave @%s out", n.at)
		}
	} else if len(ids) > 1 {
		var heights []string
		for i := range batch.Rows {
			heights = append(heights, strconv.Itoa(int(batch.Rows[i].Height)))
		}
		v.c.say("The chain holds %d transactions of this id, at heights %s; each overwrote the one before it. Shown is the last; %v@HEIGHT shows another.", len(ids), strings.Join(heights, ", "), h)
	}
	r := &batch.Rows[row]
	if outputs := len(batch.Out(row)); n.output != nil && int64(*n.output) >= int64(outputs) {
		return goshawk.Errorf(goshawk.Invalid, "transaction %v has no output %d", h, *n.output).WithHint("it has %d, counted from 0", outputs)
	}
	answer := &report.Transaction{Output: n.output, Basis: v.basis(), Moment: report.Moment{Tx: r.Hash, Height: r.Height, Time: r.Time},
		Position: r.Position, Version: r.Version, LockTime: r.LockTime, Weight: r.Weight, Coinbase: r.Coinbase}
	blocks, err := v.ch.Blocks(v.ctx, []goshawk.BlockID{r.Block})
	if err != nil {
		return err
	}
	answer.Block = blocks[0].Hash
	if err := v.coins(answer, &batch, row); err != nil {
		return err
	}
	if rule, ok := pattern.CoinJoin(&batch, row); ok {
		for i := range answer.Outputs {
			coin := goshawk.Outpoint{Tx: h, Index: uint32(i)}
			err = pattern.Find(v.ctx, v.ch, pattern.Query{Kind: pattern.KindCoinJoin, From: &coin}, func(f goshawk.Finding) error {
				if f.Tx == h {
					answer.Findings = append(answer.Findings, f)
				}
				return nil
			})
			break
		}
		if err != nil {
			return err
		}
		if len(answer.Findings) == 0 {
			answer.Findings = append(answer.Findings, goshawk.Finding{Kind: pattern.KindCoinJoin, Rule: rule, Tx: h, Height: r.Height, Statement: "consistent with a CoinJoin"})
		}
	}
	if hints && v.ch.Local != nil {
		found, err := cluster.Hints(v.ctx, v.ch, ids[row], workbench.IsCoinJoin)
		if err != nil {
			return err
		}
		for _, hint := range found {
			o := &answer.Outputs[hint.Output]
			if o.Hint != "" {
				o.Hint += "; "
			}
			o.Hint += hint.Heuristic + " (" + hint.Confidence + ")"
		}
	}
	return print(v.c, v.json, answer, report.TransactionJSON, report.TransactionText)
}

// deferred names the transactions whose places a batch leaves to be asked for.
func deferred(batch *goshawk.Transactions) (hashes []goshawk.Hash) {
	for i := range batch.Inputs {
		if batch.Inputs[i].Link == goshawk.Deferred {
			hashes = append(hashes, batch.Outpoints[i].Tx)
		}
	}
	return hashes
}

// coins fills in what a transaction spends and creates.
func (v *viewer) coins(answer *report.Transaction, batch *goshawk.Transactions, row int) error {
	r := &batch.Rows[row]
	ins, outs := batch.In(row), batch.Out(row)
	var ids []goshawk.AddressID
	var linked []goshawk.OutputID
	for i := range ins {
		if ins[i].Address != goshawk.NoAddress {
			ids = append(ids, ins[i].Address)
		}
		if ins[i].Link == goshawk.Linked {
			linked = append(linked, ins[i].Spent)
		}
	}
	if len(linked) > 0 { // a batch says of these only which coins they are, not how old
		coins, err := v.ch.Outputs(v.ctx, linked)
		if err != nil {
			return err
		}
		for i, next := 0, 0; i < len(ins); i++ {
			if ins[i].Link == goshawk.Linked {
				ins[i].Height = coins[next].Height
				next++
			}
		}
	}
	var spenders []goshawk.TxID
	var later []goshawk.OutputID
	for i := range outs {
		ids = append(ids, outs[i].Address)
		if outs[i].Spender == goshawk.Later {
			later = append(later, outs[i].ID)
		}
	}
	if len(later) > 0 {
		coins, err := v.ch.Outputs(v.ctx, later)
		if err != nil {
			return err
		}
		for i, next := 0, 0; i < len(outs); i++ {
			if outs[i].Spender == goshawk.Later {
				outs[i].Spender = coins[next].Spender
				next++
			}
		}
	}
	for i := range outs {
		if s := outs[i].Spender; s != goshawk.NoTx && s != goshawk.Burnt {
			spenders = append(spenders, s)
		}
	}
	infos, err := v.ch.Addresses(v.ctx, ids, 0)
	if err != nil {
		return err
	}
	text := map[goshawk.AddressID]string{}
	for _, a := range infos {
		text[a.ID] = a.Text
	}
	hashes, err := v.ch.hashes(v.ctx, spenders)
	if err != nil {
		return err
	}
	fee, paid, known := goshawk.Units{}, goshawk.Units{}, !r.Coinbase
	for i := range ins {
		in := &ins[i]
		x := report.TransactionInput{Prev: batch.Outpoints[int(r.FirstInput)+i], Height: in.Height, Sequence: batch.Sequences[int(r.FirstInput)+i]}
		if in.Address != goshawk.NoAddress {
			kind := in.Kind
			x.Address, x.Kind = text[in.Address], &kind
			x.Labels = v.set.Lookup(x.Address)
		}
		if in.Link == goshawk.Unresolved {
			known = false
		} else {
			u := goshawk.U(in.Value)
			x.Amount = &u
			fee.Add(&fee, &u)
		}
		answer.Inputs = append(answer.Inputs, x)
	}
	for i := range outs {
		out := &outs[i]
		x := report.TransactionOutput{Address: text[out.Address], Kind: out.Kind, ByKey: out.ByKey, Amount: goshawk.U(out.Value), Burnt: out.Spender == goshawk.Burnt}
		x.Labels = v.set.Lookup(x.Address)
		if h, ok := hashes[out.Spender]; ok {
			x.Spender = &h
		}
		paid.Add(&paid, &x.Amount)
		answer.Outputs = append(answer.Outputs, x)
	}
	if known && !fee.Lt(&paid) { // a ledger of old may hold a transaction that pays more than its inputs
		fee.Sub(&fee, &paid)
		answer.Fee = &fee
	}
	return nil
}

// hashes names transactions.
func (ch *chain) hashes(ctx context.Context, ids []goshawk.TxID) (map[goshawk.TxID]goshawk.Hash, error) {
	names := map[goshawk.TxID]goshawk.Hash{}
	moments, err := ch.moments(ctx, ids)
	for id, m := range moments {
		names[id] = m.Tx
	}
	return names, err
}

// moments says which transactions these are, and when they were.
func (ch *chain) moments(ctx context.Context, ids []goshawk.TxID) (map[goshawk.TxID]*report.Moment, error) {
	all := map[goshawk.TxID]*report.Moment{}
	if len(ids) == 0 {
		return all, nil
	}
	var batch goshawk.Transactions
	if err := ch.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	for i := range batch.Rows {
		r := &batch.Rows[i]
		all[r.ID] = &report.Moment{Tx: r.Hash, Height: r.Height, Time: r.Time}
	}
	return all, nil
}

// addressID looks an address up.
func (v *viewer) address(text string, oldest bool, since, until moment) error {
	id, err := v.ch.AddressID(v.ctx, text)
	if err != nil {
		return err
	}
	infos, err := v.ch.Addresses(v.ctx, []goshawk.AddressID{id}, goshawk.WantTotals)
	if err != nil {
		return err
	}
	a := infos[0]
	answer := &report.Address{Basis: v.basis(), Address: a.Text, Kind: a.Kind, Transactions: a.Transactions,
		Received: a.Received.Units, Spent: a.Spent.Units, Outputs: a.Outputs, Spends: a.Spends, Unresolved: a.Unresolved, Found: v.set.Lookup(a.Text)}
	if answer.Before, err = v.ch.spendsBefore(v.ctx, infos); err != nil {
		return err
	}
	q := goshawk.HistoryQuery{Address: id, Oldest: oldest, Limit: max(v.limit, 1)}
	timed := !since.IsZero() || !until.IsZero()
	if timed {
		window, err := v.ch.Find(v.ctx, goshawk.Names{Since: since.Time, Until: until.last()})
		if err != nil {
			return err
		}
		q.From, q.To = window.First, window.End
	}
	if !timed || q.To > 0 {
		page, err := v.ch.History(v.ctx, q)
		if err != nil {
			return err
		}
		if v.limit < len(page.Entries) {
			page.Entries, page.More = nil, true
		}
		var ids []goshawk.TxID
		for _, e := range page.Entries {
			ids = append(ids, e.Tx)
		}
		if a.First != goshawk.NoTx {
			ids = append(ids, a.First, a.Last)
		}
		moments, err := v.ch.moments(v.ctx, ids)
		if err != nil {
			return err
		}
		answer.First, answer.Last, answer.More = moments[a.First], moments[a.Last], page.More
		for _, e := range page.Entries {
			m := *moments[e.Tx]
			if !since.IsZero() && m.Time < since.Unix() || !until.IsZero() && m.Time > until.last().Unix() {
				continue
			}
			answer.History = append(answer.History, report.AddressEntry{Moment: m, Received: e.Received.Units, Spent: e.Spent.Units, Unresolved: e.Unresolved})
		}
	}
	if v.ch.Local != nil {
		members, more, err := cluster.Of(v.ch, v.ch.Local).Members(v.ctx, id, mostShown)
		if err != nil {
			return err
		}
		answer.ClusterRule = v.ch.Local.Rule()
		if !more {
			answer.ClusterSize = uint64(len(members))
		}
		answer.ClusterLabels, err = v.ch.clusterLabels(v.ctx, v.set, members, id)
		if err != nil {
			return err
		}
	}
	return print(v.c, v.json, answer, report.AddressJSON, report.AddressText)
}

// spendsBefore says whether addresses, described with their totals, may have
// spent coins that were created before a late ledger's first block. Of very busy
// ones it does not look through all, and says that they may.
func (ch *chain) spendsBefore(ctx context.Context, addresses []goshawk.Address) (bool, error) {
	if ch.Known.Start == 0 && !ch.Known.Partial {
		return false, nil
	}
	left := mostShown
	var batch goshawk.Transactions
	for i := range addresses {
		a := &addresses[i]
		if a.Spends == 0 {
			continue
		}
		q := goshawk.HistoryQuery{Address: a.ID, Oldest: true, Limit: 1000}
		for more := true; more; {
			page, err := ch.History(ctx, q)
			if err != nil {
				return false, err
			}
			if left -= len(page.Entries); left < 0 {
				return true, nil
			}
			var ids []goshawk.TxID
			for _, e := range page.Entries {
				ids = append(ids, e.Tx)
			}
			if err := ch.Transactions(ctx, ids, 0, &batch); err != nil {
				return false, err
			}
			for _, in := range batch.Inputs {
				if in.Address == a.ID && in.Link == goshawk.Before {
					return true, nil
				}
			}
			q.From, more = page.Next, page.More
		}
	}
	return false, nil
}

// mostShown bounds how many addresses of a cluster are looked through for the
// summary of one of them.
const mostShown = 20_000

// clusterLabels gathers the labels of a cluster's other addresses whose source
// says that they hold for the whole of it.
func (ch *chain) clusterLabels(ctx context.Context, set *label.Set, members []goshawk.AddressID, but goshawk.AddressID) ([]goshawk.Label, error) {
	var all []goshawk.Label
	if len(set.Sources()) == 0 {
		return nil, nil
	}
	infos, err := ch.Addresses(ctx, members, 0)
	if err != nil {
		return nil, err
	}
	for _, a := range infos {
		if a.ID == but {
			continue
		}
		for _, l := range set.Lookup(a.Text) {
			if l.Cluster {
				all = append(all, l)
			}
		}
	}
	sortLabels(all)
	return all, nil
}
