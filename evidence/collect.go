package evidence

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/trace"
)

// Blocks hands out raw blocks by their hashes: where a ledger's bytes came from. A block that
// it does not have is a NotFound error.
type Blocks interface {
	Block(ctx context.Context, hash goshawk.Hash) ([]byte, error)
}

// Asked is a trace that was made, to be made again over the same ledger while what it comes to
// is written down.
type Asked struct {
	Question trace.Question // with starts, services and CoinJoins; Method and Progress are set for each method
	Methods  []trace.Method
	At       goshawk.TracePoint // where the ledger ended then
}

// Collector gathers what traces over one ledger come to.
type Collector struct {
	ID     goshawk.ID
	Ledger goshawk.Ledger
	Params *bitcoin.Params

	met  map[goshawk.TxID]bool
	all  map[goshawk.TxID]bool // and those that created the coins which they spend
	most int                   // transactions; 0: MostTransactions
}

// Again makes a trace again, method by method, and returns its rules beside its answers. One that comes to more
// transactions than a package holds, with those before it, is an Invalid error, and leaves no trace in the collector.
func (c *Collector) Again(ctx context.Context, a *Asked) ([]*goshawk.Trace, *Rules, error) {
	own := map[goshawk.TxID]bool{}
	ledger, err := rewind(ctx, c.Ledger, a.At, own)
	if err != nil {
		return nil, nil, err
	}
	var answers []*goshawk.Trace
	for _, m := range a.Methods {
		q := a.Question
		q.Method = m
		answer, err := trace.Run(ctx, ledger, q)
		if err != nil {
			return nil, nil, err
		}
		answers = append(answers, answer)
	}
	rules, err := c.rules(ctx, ledger, own, &a.Question)
	if err != nil {
		return nil, nil, err
	}
	_, all, err := c.coins(ctx, own)
	if err != nil {
		return nil, nil, err
	}
	maps.Copy(all, own)
	if maps.Copy(all, c.all); len(all) > cmp.Or(c.most, MostTransactions) {
		return nil, nil, errTooMany()
	}
	if c.all = all; c.met == nil {
		c.met = map[goshawk.TxID]bool{}
	}
	maps.Copy(c.met, own)
	return answers, rules, nil
}

// batchSize is how many transactions are read at once.
const batchSize = 1024

// rules says which of the addresses and transactions that a trace met are services and CoinJoins.
func (c *Collector) rules(ctx context.Context, l goshawk.Ledger, met map[goshawk.TxID]bool, q *trace.Question) (*Rules, error) {
	r := &Rules{Ledger: c.ID, Confidence: q.StopConfidence, ServicesBy: q.ServicesBy, CoinJoinRule: q.CoinJoinRule, Services: []ServiceLine{}, CoinJoins: []string{}}
	seen := map[goshawk.AddressID]bool{}
	var services []goshawk.AddressID
	err := each(ctx, l, sorted(met), goshawk.WantHashes, func(b *goshawk.Transactions, row int) error {
		if q.CoinJoin != nil && q.CoinJoin(b, row) {
			r.CoinJoins = append(r.CoinJoins, b.Rows[row].Hash.String())
		}
		look := func(a goshawk.AddressID) {
			if a == goshawk.NoAddress || seen[a] {
				return
			}
			seen[a] = true
			if q.Services.Party(a) >= 0 {
				services = append(services, a)
			}
		}
		if q.Services == nil {
			return nil
		}
		for _, in := range b.In(row) {
			look(in.Address)
		}
		for _, out := range b.Out(row) {
			look(out.Address)
		}
		return nil
	}, q.Services)
	if err != nil || len(services) == 0 {
		return r, err
	}
	numbers := map[trace.Party]int{}
	slices.Sort(services)
	infos, err := l.Addresses(ctx, services, 0)
	if err != nil {
		return nil, err
	}
	for i := range infos {
		p := q.Services.Party(services[i])
		if _, ok := numbers[p]; !ok {
			numbers[p] = len(numbers)
		}
		s := ServiceLine{Address: written(&infos[i]), Service: numbers[p]}
		if label := q.Services.Label(services[i]); label != nil {
			s.Label, s.Confidence, s.Source, s.SourceHash, s.Match = label.Text, label.Confidence, label.Source, label.SourceHash, label.Match
			if len(label.Concepts) > 0 {
				s.Category = label.Concepts[0]
			}
		}
		r.Services = append(r.Services, s)
	}
	return r, nil
}

// each reads transactions batch by batch; services that read in batches are told beforehand.
func each(ctx context.Context, l goshawk.Ledger, ids []goshawk.TxID, want goshawk.Want, do func(*goshawk.Transactions, int) error, services trace.Services) error {
	var batch goshawk.Transactions
	prepare, _ := services.(trace.Preparer)
	for len(ids) > 0 {
		n := min(len(ids), batchSize)
		if err := l.Transactions(ctx, ids[:n], want, &batch); err != nil {
			return err
		}
		if prepare != nil {
			var addresses []goshawk.AddressID
			for i := range batch.Inputs {
				addresses = append(addresses, batch.Inputs[i].Address)
			}
			for i := range batch.Outputs {
				addresses = append(addresses, batch.Outputs[i].Address)
			}
			if err := prepare.Prepare(ctx, addresses); err != nil {
				return err
			}
		}
		for row := range batch.Rows {
			if err := do(&batch, row); err != nil {
				return err
			}
		}
		ids = ids[n:]
	}
	return nil
}

func sorted(ids map[goshawk.TxID]bool) []goshawk.TxID {
	list := make([]goshawk.TxID, 0, len(ids))
	for id := range ids {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// Creator makes the files of a package, one after the other: each is written before the next begins.
type Creator interface {
	Create(name string) (io.Writer, error)
}

// place is a transaction that goes into the package.
type place struct {
	hash     goshawk.Hash
	block    goshawk.BlockID
	position uint32
}

// Write writes the transactions that the traces came to, and the parents of their inputs, with
// their blocks. Progress is told how many blocks are read. What cannot be had is returned.
func (c *Collector) Write(ctx context.Context, to Creator, blocks Blocks, progress func(done, total int)) ([]Missing, error) {
	folder := "chain/" + string(c.ID) + "/"
	coins, _, err := c.coins(ctx, c.met)
	if err != nil {
		return nil, err
	}
	var places []place
	err = each(ctx, c.Ledger, sorted(c.all), goshawk.WantHashes, func(b *goshawk.Transactions, row int) error {
		t := &b.Rows[row]
		places = append(places, place{t.Hash, t.Block, t.Position})
		return nil
	}, nil)
	if err != nil {
		return nil, err
	}
	net, err := network(c.Params)
	if err != nil {
		return nil, err
	}
	out, err := to.Create(folder + "transactions.jsonl")
	if err != nil {
		return nil, err
	}
	var lines []BlockLine
	var missing []Missing
	total := countBlocks(places)
	for len(places) > 0 {
		if err := ctx.Err(); err != nil {
			return nil, goshawk.Errorf(goshawk.Interrupted, "the package was not finished: %w", err)
		}
		n := 1
		for n < len(places) && places[n].block == places[0].block {
			n++
		}
		line, miss, err := c.block(ctx, out, blocks, places[:n], net)
		if err != nil {
			return nil, err
		}
		missing = append(missing, miss...)
		if line != nil {
			lines = append(lines, *line)
		}
		places = places[n:]
		if progress != nil {
			progress(len(lines), total)
		}
	}
	if err := writeLines(to, folder+"blocks.jsonl", lines); err != nil {
		return nil, err
	}
	if err := writeLines(to, folder+"coins.jsonl", coins); err != nil {
		return nil, err
	}
	return missing, writeJSON(to, folder+"network.json", net)
}

func countBlocks(places []place) int {
	n := 0
	for i := range places {
		if i == 0 || places[i].block != places[i-1].block {
			n++
		}
	}
	return n
}

// coins returns the parents of what was met, and what the ledger says of coins that have none in it.
func (c *Collector) coins(ctx context.Context, met map[goshawk.TxID]bool) ([]CoinLine, map[goshawk.TxID]bool, error) {
	type foreign struct {
		line    CoinLine
		address goshawk.AddressID
	}
	var outside []foreign
	var addresses []goshawk.AddressID
	var spent []goshawk.OutputID
	err := each(ctx, c.Ledger, sorted(met), goshawk.WantHashes|goshawk.WantOutpoints, func(b *goshawk.Transactions, row int) error {
		t := &b.Rows[row]
		for i, in := range b.In(row) {
			if in.Link == goshawk.Linked {
				spent = append(spent, in.Spent)
				continue
			}
			point := b.Outpoints[int(t.FirstInput)+i]
			line := CoinLine{Spender: t.Hash, Tx: point.Tx, Out: point.Index}
			if in.Link == goshawk.Before {
				line.Value, line.Height = decimal(in.Value), known(in.Height)
			}
			if len(outside) >= mostOutside {
				return errTooMany()
			}
			outside = append(outside, foreign{line, in.Address})
			if in.Address != goshawk.NoAddress {
				addresses = append(addresses, in.Address)
			}
		}
		return nil
	}, nil)
	if err != nil {
		return nil, nil, err
	}
	parents := map[goshawk.TxID]bool{}
	slices.Sort(spent)
	for len(spent) > 0 {
		n := min(len(spent), batchSize)
		found, err := c.Ledger.Outputs(ctx, spent[:n])
		if err != nil {
			return nil, nil, err
		}
		for i := range found {
			parents[found[i].Tx] = true
		}
		spent = spent[n:]
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	infos, err := c.Ledger.Addresses(ctx, addresses, 0)
	if err != nil {
		return nil, nil, err
	}
	texts := map[goshawk.AddressID]string{}
	for i := range infos {
		texts[addresses[i]] = written(&infos[i])
	}
	coins := make([]CoinLine, 0, len(outside))
	for i := range outside {
		if text, ok := texts[outside[i].address]; ok {
			outside[i].line.Address = &text
		}
		coins = append(coins, outside[i].line)
	}
	slices.SortStableFunc(coins, func(a, b CoinLine) int {
		return cmp.Or(slices.Compare(a.Spender[:], b.Spender[:]), slices.Compare(a.Tx[:], b.Tx[:]), cmp.Compare(a.Out, b.Out))
	})
	return coins, parents, nil
}

// block writes those of a block's transactions that are wanted.
func (c *Collector) block(ctx context.Context, to io.Writer, blocks Blocks, want []place, net *Network) (*BlockLine, []Missing, error) {
	infos, err := c.Ledger.Blocks(ctx, []goshawk.BlockID{want[0].block})
	if err != nil {
		return nil, nil, err
	}
	info := &infos[0]
	lost := func(why string) []Missing {
		var list []Missing
		for _, p := range want {
			list = append(list, Missing{c.ID, p.hash, info.Hash, why})
		}
		return list
	}
	if blocks == nil {
		return nil, lost("no source of raw blocks is known for this ledger"), nil
	}
	raw, err := blocks.Block(ctx, info.Hash)
	if err != nil {
		if ctx.Err() != nil || goshawk.CodeOf(err) == goshawk.Interrupted {
			return nil, nil, err
		}
		return nil, lost("the source of raw blocks does not have its block"), nil
	}
	split, err := bitcoin.SplitBlock(raw)
	if err != nil || split.Header.Hash != info.Hash {
		return nil, lost("the source of raw blocks gave other bytes than its block's"), nil //nolint:nilerr // it is named instead
	}
	for _, p := range want {
		if int(p.position) >= len(split.Txs) || split.Txs[p.position].ID != p.hash {
			return nil, lost("the source of raw blocks gave other bytes than its block's"), nil
		}
		t := &split.Txs[p.position]
		line := TxLine{TxID: p.hash, Block: info.Hash, Position: p.position, Branch: split.Branch(int(p.position)), Raw: hex.EncodeToString(raw[t.Start:t.End])}
		if line.Branch == nil {
			line.Branch = []goshawk.Hash{}
		}
		if err := json.NewEncoder(to).Encode(&line); err != nil {
			return nil, nil, err
		}
		if overwritten(c.Params, info.Height, p.position) {
			net.Overwritten = append(net.Overwritten, Overwritten{p.hash.String(), info.Height})
		}
	}
	return &BlockLine{info.Hash, known(info.Height), hex.EncodeToString(raw[:bitcoin.HeaderSize])}, nil, nil
}

func writeLines[T any](to Creator, name string, lines []T) error {
	w, err := to.Create(name)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for i := range lines {
		if err := e.Encode(&lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(to Creator, name string, v any) error {
	w, err := to.Create(name)
	if err != nil {
		return err
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	return e.Encode(v)
}
