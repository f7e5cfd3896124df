package workbench

import (
	"context"
	"slices"

	"goshawk"
	"goshawk/cluster"
	"goshawk/trace"
)

// What one look at a cluster lists at most.
const (
	mostSiblings = 200
	nearSiblings = 12 // whose evidence is shown where no other address is named
)

// Why says why an address is held to be of one party with others. Who asks was allowed to.
func (h *Held) Why(ctx context.Context, q WhyQuestion) (*Why, error) {
	if h.Local == nil {
		return nil, NoClusters("ask of a ledger")
	}
	id, err := h.AddressID(ctx, q.Address)
	if err != nil {
		return nil, err
	}
	members, more, err := cluster.Of(h, h.Local).Members(ctx, id, mostMembers)
	if err != nil {
		return nil, err
	}
	root, err := h.texts(ctx, []goshawk.AddressID{cluster.Root(h.Local, id)})
	if err != nil {
		return nil, err
	}
	w := &Why{Cluster: "c:" + root[0], Addresses: uint64(len(members)), Merges: []WhyMerge{}, Siblings: []string{},
		Claim: "held to be one party's by " + h.Local.Rule() + ": an inference, not a fact of the chain"}
	var chain []goshawk.Merge
	if q.Other != "" {
		other, err := h.AddressID(ctx, q.Other)
		if err != nil {
			return nil, err
		}
		if other != id {
			if chain, err = cluster.Why(ctx, h, h.Local, id, other); err != nil {
				return nil, err
			}
		}
	}
	members = slices.DeleteFunc(members, func(a goshawk.AddressID) bool { return a == id })
	if more {
		w.More = 1
	}
	if n := len(members) - mostSiblings; n > 0 {
		w.More += uint64(n)
		members = members[:mostSiblings]
	}
	if w.Siblings, err = h.texts(ctx, members); err != nil {
		return nil, err
	}
	if w.Siblings == nil {
		w.Siblings = []string{}
	}
	for _, s := range w.Siblings {
		if h.Labels.Has(s) {
			w.Labels = append(w.Labels, *labelWords(&h.Labels.Lookup(s)[0]))
		}
	}
	if q.Other == "" {
		if chain, err = h.evidence(ctx, id, members); err != nil {
			return nil, err
		}
	}
	w.Merges, err = h.inWords(ctx, chain)
	return w, err
}

// evidence is what joins an address to a few others of its cluster, each piece once.
func (h *Held) evidence(ctx context.Context, id goshawk.AddressID, members []goshawk.AddressID) ([]goshawk.Merge, error) {
	var chain []goshawk.Merge
	for _, a := range members[:min(len(members), nearSiblings)] {
		part, err := cluster.Why(ctx, h, h.Local, id, a)
		if err != nil {
			return nil, err
		}
		for _, m := range part {
			if !slices.Contains(chain, m) {
				chain = append(chain, m)
			}
		}
	}
	return chain, nil
}

func (h *Held) inWords(ctx context.Context, chain []goshawk.Merge) ([]WhyMerge, error) {
	hashes := make([]goshawk.Hash, len(chain))
	for i := range chain {
		hashes[i] = chain[i].Tx
	}
	f, err := h.Find(ctx, goshawk.Names{Transactions: hashes})
	if err != nil {
		return nil, err
	}
	var batch goshawk.Transactions
	if err := h.Transactions(ctx, f.Transactions, 0, &batch); err != nil {
		return nil, err
	}
	list := make([]WhyMerge, len(chain))
	for i, m := range chain {
		list[i] = WhyMerge{m.A, m.B, m.Heuristic, m.Tx.String(), m.Height, moment(batch.Rows[i].Time),
			"one transaction, no CoinJoin by the known rules, spent coins of both"}
	}
	return list, nil
}

// Paths finds how value can have come from one to another. It is a claim of possibility, and of no
// amount. Who asks was allowed to.
func (h *Held) Paths(ctx context.Context, q PathsQuestion) (*FoundPaths, error) {
	p := trace.PathQuery{MaxHops: q.MaxHops, MaxTransactions: 100_000, CoinJoin: IsCoinJoin, ThroughCoinJoin: q.ThroughCoinJoin, Labels: h.Labels.Sources()}
	if o, err := goshawk.ParseOutpoint(q.From); err == nil {
		p.Coins = []goshawk.Outpoint{o}
	} else {
		if err := h.CheckParty(q.From); err != nil {
			return nil, err
		}
		if p.From, err = h.Party(ctx, h.Labels, q.From); err != nil {
			return nil, err
		}
	}
	if err := h.CheckParty(q.To); err != nil {
		return nil, err
	}
	var err error
	if p.To, err = h.Party(ctx, h.Labels, q.To); err != nil {
		return nil, err
	}
	if p.Services, err = NewServices(ctx, h.Chain, h.Labels, 50, false); err != nil {
		return nil, err
	}
	answer, err := trace.Path(ctx, h, p)
	if err != nil {
		return nil, h.Elsewhere(ctx, err)
	}
	out := &FoundPaths{Paths: []FoundPath{}, Truncated: answer.Truncated, Warnings: answer.Warnings}
	d := newDrawing(h)
	for _, path := range answer.Paths {
		fp := FoundPath{By: path.By, Amount: path.Amount.Dec(), Nodes: []string{}}
		step := func(id string) {
			if id != "" && (len(fp.Nodes) == 0 || fp.Nodes[len(fp.Nodes)-1] != id) {
				fp.Nodes = append(fp.Nodes, id)
			}
		}
		for _, s := range path.Steps {
			value := goshawk.Units{}
			if s.Amount != nil {
				value = *s.Amount
			}
			at := d.coinPath(goshawk.Outpoint{Tx: s.Tx, Index: s.Out}, s.Address, value, s.Time, s.Height)
			step(at.tx)
			step(at.node)
			if s.Spender != nil {
				spender := d.put(Node{ID: "t:" + s.Spender.String(), What: NodeTransaction, Text: s.Spender.String()})
				d.edge(Edge{From: at.node, To: spender, What: EdgeSpend, Value: value.Dec(), Count: 1, Scope: "the coins of the path only"}, moment(s.Time), nil)
			}
		}
		out.Paths = append(out.Paths, fp)
	}
	if err := d.whereIDs(ctx); err != nil {
		return nil, err
	}
	if err := d.describe(ctx); err != nil {
		return nil, err
	}
	x := expansion{Held: h}
	out.Found = Found{Nodes: d.nodes, Edges: d.edges, Scope: x.scope() + "; value could have come this way, and how much did nobody says"}
	return out, nil
}

// onPath is a coin of a path: the transaction that made it, and the node that it is shown as.
type onPath struct{ tx, node string }

// coinPath puts a coin of a path, or of a trace: its address, where that can be a node, else the coin.
func (d *drawing) coinPath(o goshawk.Outpoint, address string, value goshawk.Units, at int64, height int32) onPath {
	n := Node{ID: "t:" + o.Tx.String(), What: NodeTransaction, Text: o.Tx.String(), Time: moment(at)}
	if height >= 0 {
		n.Height = &height
	}
	p := onPath{tx: d.put(n)}
	if i := d.node[p.tx]; d.nodes[i].Time == nil { // it was met as a spender first
		d.nodes[i].Time, d.nodes[i].Height = n.Time, n.Height
	}
	if id := "a:" + address; address != "" && goshawk.ID(id).Valid() && len(id)+len("node/") <= goshawkID {
		p.node = d.put(Node{ID: id, What: NodeAddress, Text: address})
	} else {
		p.node = d.coin(o, "", value, at)
	}
	d.edge(Edge{From: p.tx, To: p.node, What: EdgeReceive, Value: value.Dec(), Count: 1, Scope: "the coins of the path only"}, moment(at), moment(at))
	return p
}

// whereIDs looks the drawing's addresses up, so that their clusters can be said.
func (d *drawing) whereIDs(ctx context.Context) error {
	var texts []string
	for i := range d.nodes {
		if d.nodes[i].What == NodeAddress {
			texts = append(texts, d.nodes[i].Text)
		}
	}
	f, err := d.h.Find(ctx, goshawk.Names{Addresses: texts})
	if err != nil {
		return err
	}
	for i, t := range texts {
		if f.Addresses[i] != goshawk.NoAddress {
			d.ids["a:"+t] = f.Addresses[i]
		}
	}
	return nil
}
