package score

import (
	"context"
	"slices"

	"goshawk"
)

// Shape is what a stretch of a chain looks like: the figures by which a made-up
// chain is compared with the real one. Coinbases are left out of all of them.
// Where a ledger does not know a coin that a transaction spends, that
// transaction is left out of the shares that need it. In a ledger of single
// blocks the coins of known age are those spent in their own block, unless the
// source told of the others.
type Shape struct {
	Transactions, Inputs, Outputs uint64

	OneInput    Share // transactions with one input
	TwoOutputs  Share // transactions with two outputs, whatever these are
	OneToTwo    Share // one input and two outputs
	OneToOne    Share // one input and one output
	ManyOutputs Share // transactions with ten outputs or more
	InMany      Share // outputs that stand in such transactions

	PubKeyHash        Share // outputs that are P2PKH; those paid to the key itself are not
	ScriptHash        Share
	WitnessPubKeyHash Share

	OwnAddress Share // transactions in which an input's address is among the outputs
	// OwnType counts the transactions of two outputs whose inputs are all of one
	// script type and in which exactly one output is of that type: where the
	// script type alone tells change from payment. Outputs of data count as the
	// second output, and transactions with inputs of several types as part of
	// the whole.
	OwnType Share
	// RoundValue counts the transactions of two outputs in which exactly one
	// value is a multiple of a thousandth of a coin. No value at all is not round.
	RoundValue Share

	Values                     uint64  // outputs worth more than nothing
	ValueMean, ValueDeviation  float64 // of the decimal logarithm of their values in coins
	Ages                       uint64  // spent coins whose age is known
	AgeP25, AgeMedian, AgeP75  int32   // in blocks, 0 if spent in their own; percentiles by nearest rank
	Clusters                   PowerLaw
	LargestCluster, SpentNames uint64 // addresses that spent in this stretch: in their largest cluster, and in all
}

// Shapes measures the transactions from first up to but not including end. The
// sizes of clusters are those of root, counting addresses that spent a coin in
// this stretch; with a nil root they are not measured. It holds one bit for each
// address, and a counter while it counts clusters.
func Shapes(ctx context.Context, l goshawk.Ledger, first, end goshawk.TxID, root Root) (*Shape, error) {
	head, err := dense(ctx, l)
	if err != nil {
		return nil, err
	}
	if first >= end || uint64(end) > head.Transactions {
		return nil, goshawk.Errorf(goshawk.Invalid, "there are no transactions from %d to %d in a ledger of %d", first, end, head.Transactions)
	}
	m := measurer{spent: NewAddresses(head.Addresses), thousandth: thousandth(head.Asset)}
	var ids []goshawk.OutputID
	err = goshawk.Scan(ctx, l, first, end, goshawk.WantKinds, func(batch *goshawk.Transactions) error {
		var coins []goshawk.Coin
		if coins, ids, err = spentCoins(ctx, l, batch, ids); err != nil {
			return err
		}
		for row := range batch.Rows {
			coins = m.ages(batch, row, coins)
			if !batch.Rows[row].Coinbase {
				m.transaction(batch.In(row), batch.Out(row))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := &m.shape
	if s.Values = m.values.n; s.Values > 0 {
		s.ValueMean, s.ValueDeviation = m.values.decimal()
		s.ValueMean -= float64(head.Asset.Decimals)
	}
	m.percentiles()
	if root == nil {
		return s, nil
	}
	sizes, err := ClusterSizes(ctx, root, head.Addresses, m.spent)
	if err != nil {
		return nil, err
	}
	for _, n := range sizes {
		s.SpentNames += n
		s.LargestCluster = max(s.LargestCluster, n)
	}
	s.Clusters, err = FitPowerLaw(ctx, sizes)
	return s, err
}

// FirstAt returns the first transaction of the block at a height, where
// measuring can begin.
func FirstAt(ctx context.Context, l goshawk.Ledger, height int32) (goshawk.TxID, error) {
	found, err := l.Find(ctx, goshawk.Names{Heights: []int32{height}})
	if err != nil {
		return 0, err
	}
	if found.Blocks[0] == goshawk.NoBlock {
		return 0, goshawk.Errorf(goshawk.NotFound, "this ledger has no block %d", height)
	}
	blocks, err := l.Blocks(ctx, found.Blocks)
	if err != nil {
		return 0, err
	}
	return blocks[0].FirstTx, nil
}

// thousandth is a thousandth of a coin in the asset's smallest unit.
func thousandth(a goshawk.Asset) uint64 {
	unit := uint64(1)
	for range max(int(a.Decimals), 3) - 3 {
		unit *= 10
	}
	return unit
}

type measurer struct {
	shape      Shape
	spent      *Addresses
	thousandth uint64
	values     moments
	age        []uint64 // spent coins by age
}

// ages counts how old the coins are that a row spends. It takes its Linked
// inputs' coins off the front of coins.
func (m *measurer) ages(batch *goshawk.Transactions, row int, coins []goshawk.Coin) []goshawk.Coin {
	for _, in := range batch.In(row) {
		created := in.Height
		if in.Link == goshawk.Linked {
			created, coins = coins[0].Height, coins[1:]
		}
		age := batch.Rows[row].Height - created
		if created < 0 || age < 0 {
			continue
		}
		if int(age) >= len(m.age) {
			m.age = append(m.age, make([]uint64, int(age)+1-len(m.age))...)
		}
		m.age[age]++
		m.shape.Ages++
	}
	return coins
}

func (m *measurer) transaction(ins []goshawk.Input, outs []goshawk.Output) {
	s := &m.shape
	s.Transactions++
	s.Inputs += uint64(len(ins))
	s.Outputs += uint64(len(outs))
	s.OneInput.add(len(ins) == 1)
	s.TwoOutputs.add(len(outs) == 2)
	s.OneToTwo.add(len(ins) == 1 && len(outs) == 2)
	s.OneToOne.add(len(ins) == 1 && len(outs) == 1)
	many := len(outs) >= 10
	s.ManyOutputs.add(many)
	for i := range outs {
		o := &outs[i]
		s.InMany.add(many)
		s.PubKeyHash.add(o.Kind == goshawk.PubKeyHash && !o.ByKey)
		s.ScriptHash.add(o.Kind == goshawk.ScriptHash)
		s.WitnessPubKeyHash.add(o.Kind == goshawk.WitnessPubKeyHash)
		if o.Value > 0 {
			m.values.add(o.Value)
		}
	}
	if len(outs) == 2 {
		s.RoundValue.add(m.round(outs[0].Value) != m.round(outs[1].Value))
	}
	if kind, same, ok := m.inputs(ins); ok {
		s.OwnAddress.add(anyOwn(ins, outs))
		if len(outs) == 2 {
			s.OwnType.add(same && (outs[0].Kind == kind) != (outs[1].Kind == kind))
		}
	}
}

func (m *measurer) round(value uint64) bool { return value > 0 && value%m.thousandth == 0 }

// inputs notes who spent, and returns the inputs' script type and whether they
// share it; ok is false where some are unknown.
func (m *measurer) inputs(ins []goshawk.Input) (kind goshawk.Kind, same, ok bool) {
	same, ok = true, len(ins) > 0
	for i := range ins {
		in := &ins[i]
		if in.Address == goshawk.NoAddress {
			ok = false
			continue
		}
		m.spent.Add(in.Address)
		if i == 0 {
			kind = in.Kind
		}
		same = same && in.Kind == kind
	}
	return kind, same, ok
}

// anyOwn says whether an input's address is among the outputs.
func anyOwn(ins []goshawk.Input, outs []goshawk.Output) bool {
	if len(ins)*len(outs) <= 64 {
		return slices.ContainsFunc(outs, func(o goshawk.Output) bool {
			return slices.ContainsFunc(ins, func(in goshawk.Input) bool { return in.Address == o.Address })
		})
	}
	own := make(map[goshawk.AddressID]bool, len(ins))
	for i := range ins {
		own[ins[i].Address] = true
	}
	return slices.ContainsFunc(outs, func(o goshawk.Output) bool { return own[o.Address] })
}

func (m *measurer) percentiles() {
	s := &m.shape
	if s.Ages == 0 {
		return
	}
	below := uint64(0)
	ranks := [...]struct {
		rank uint64
		age  *int32
	}{{(s.Ages + 3) / 4, &s.AgeP25}, {(s.Ages + 1) / 2, &s.AgeMedian}, {(3*s.Ages + 3) / 4, &s.AgeP75}}
	next := 0
	for age, n := range m.age {
		below += n
		for next < len(ranks) && below >= ranks[next].rank {
			*ranks[next].age = int32(age)
			next++
		}
	}
}
