package workbench

import (
	"context"
	"slices"
	"time"

	"goshawk"
	"goshawk/cluster"
	"goshawk/pattern"
	"goshawk/report"
)

// drawing gathers nodes and edges, each once.
type drawing struct {
	h     *Held
	nodes []Node
	edges []Edge
	node  map[string]int
	edgeN map[string]int
	ids   map[string]goshawk.AddressID // of address nodes
}

func newDrawing(h *Held) *drawing {
	return &drawing{h: h, node: map[string]int{}, edgeN: map[string]int{}, ids: map[string]goshawk.AddressID{}, nodes: []Node{}, edges: []Edge{}}
}

func (d *drawing) put(n Node) string {
	if _, has := d.node[n.ID]; !has {
		n.Network = d.h.Known.Network
		d.node[n.ID] = len(d.nodes)
		d.nodes = append(d.nodes, n)
	}
	return n.ID
}

// forget takes a node out that nothing leads to.
func (d *drawing) forget(id string) {
	i, has := d.node[id]
	if !has || slices.ContainsFunc(d.edges, func(e Edge) bool { return e.From == id || e.To == id }) {
		return
	}
	d.nodes = slices.Delete(d.nodes, i, i+1)
	delete(d.node, id)
	delete(d.ids, id)
	for j := i; j < len(d.nodes); j++ {
		d.node[d.nodes[j].ID] = j
	}
}

func (d *drawing) setSpent(id string, spent bool) { d.nodes[d.node[id]].Spent = &spent }

// edge puts an edge; of one that is there already, the later one stands.
func (d *drawing) edge(e Edge, first, last *time.Time) {
	e.First, e.Last = first, last
	if e.ID == "" {
		e.ID = EdgeID(e.From, e.To, e.What, e.Method)
	}
	if e.Value != "" {
		e.Asset = d.h.Known.Asset.Ticker
	}
	if i, has := d.edgeN[e.ID]; has {
		d.edges[i] = e
		return
	}
	d.edgeN[e.ID] = len(d.edges)
	d.edges = append(d.edges, e)
}

// transaction puts a row of a batch that has hashes.
func (d *drawing) transaction(batch *goshawk.Transactions, row int) string {
	r := &batch.Rows[row]
	n := Node{ID: "t:" + r.Hash.String(), What: NodeTransaction, Text: r.Hash.String(), Time: moment(r.Time)}
	if r.Height >= 0 {
		height := r.Height
		n.Height = &height
	}
	if rule, ok := pattern.CoinJoin(batch, row); ok {
		n.CoinJoin = rule
	}
	return d.put(n)
}

// coin puts a coin; address is empty where it has none.
func (d *drawing) coin(o goshawk.Outpoint, address string, value goshawk.Units, at int64) string {
	n := Node{ID: "u:" + o.String(), What: NodeCoin, Text: o.String(), Address: address, Value: value.Dec(), Time: moment(at)}
	if address != "" && d.h.Labels.Has(address) {
		n.Label = labelWords(&d.h.Labels.Lookup(address)[0])
	}
	return d.put(n)
}

// addresses puts addresses, and returns their nodes' IDs; "" for one that cannot be a node: it has no
// address, or one too long for an ID.
func (d *drawing) addresses(ctx context.Context, ids []goshawk.AddressID) ([]string, error) {
	known := slices.DeleteFunc(slices.Clone(ids), func(a goshawk.AddressID) bool { return a == goshawk.NoAddress })
	infos, err := d.h.Addresses(ctx, known, 0)
	if err != nil {
		return nil, err
	}
	text := map[goshawk.AddressID]string{}
	for i := range infos {
		text[infos[i].ID] = infos[i].Text
	}
	out := make([]string, len(ids))
	for i, a := range ids {
		id := "a:" + text[a]
		if a == goshawk.NoAddress || !goshawk.ID(id).Valid() || len(id)+len("node/") > goshawkID {
			continue
		}
		out[i] = d.put(Node{ID: id, What: NodeAddress, Text: text[a]})
		d.ids[id] = a
	}
	return out, nil
}

// cluster puts the cluster of an address.
func (d *drawing) cluster(ctx context.Context, a goshawk.AddressID) (string, error) {
	infos, err := d.h.Addresses(ctx, []goshawk.AddressID{cluster.Root(d.h.Local, a)}, 0)
	if err != nil {
		return "", err
	}
	return d.put(Node{ID: "c:" + infos[0].Text, What: NodeCluster, Text: infos[0].Text, Inferred: true}), nil
}

// describe says of each address who labels say it is, and in which cluster it is inferred to be.
func (d *drawing) describe(ctx context.Context) error {
	roots := map[goshawk.AddressID][]int{}
	var order []goshawk.AddressID
	for i := range d.nodes {
		n := &d.nodes[i]
		if n.What != NodeAddress && n.What != NodeCluster {
			continue
		}
		if d.h.Labels.Has(n.Text) {
			all := d.h.Labels.Lookup(n.Text)
			n.Label = labelWords(&all[0])
			if len(all) > 1 {
				n.Labels = len(all)
			}
		}
		a, known := d.ids[n.ID]
		if d.h.Local == nil || !known {
			continue
		}
		root := cluster.Root(d.h.Local, a)
		if root == a && len(d.h.Local.Children(a)) == 0 {
			continue
		}
		if roots[root] == nil {
			order = append(order, root)
		}
		roots[root] = append(roots[root], i)
	}
	infos, err := d.h.Addresses(ctx, order, 0)
	if err != nil {
		return err
	}
	for i := range infos {
		for _, at := range roots[infos[i].ID] {
			d.nodes[at].Cluster = "c:" + infos[i].Text
		}
	}
	return nil
}

// labelWords is a label as a node shows it.
func labelWords(l *goshawk.Label) *NodeLabel {
	n := &NodeLabel{Text: l.Text, Confidence: l.Confidence, Words: report.Confidence(l.Confidence), Basis: l.Basis, Source: l.Source, Hash: l.SourceHash}
	if n.Text == "" {
		n.Text = l.Party()
	}
	if len(l.Concepts) > 0 {
		n.Category = l.Concepts[0]
	}
	return n
}
