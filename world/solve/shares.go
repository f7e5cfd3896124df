package solve

import (
	"cmp"
	"context"
	"slices"

	"goshawk"
)

// Who keeps a part of each payment and passes the rest on, as a market does that
// holds buyers' money until the goods have come, shows it in the sums: the same
// part of one payment after the other is paid out again, to the smallest unit,
// though from other coins. Whose coins these are, is known from that.

// Rules for sums that are parts of others.
const (
	// round is what sums are multiples of that people choose: they are alike by chance.
	round = 100_000
	// rounding is how many units a sum that was worked out can be too high.
	rounding = 10
	// repeated is how many payments must have been passed on in the same part; and
	// a third of them, and twice as many as in any other: by chance some always are.
	repeated = 6
	// halves and whole bound the part, in thousandths.
	halves, whole = 500, 1_000
	// kept is for how many seconds a payment is held back at most: a market that
	// hears nothing from a buyer for a week or two takes it that the goods have come.
	kept = 7 * 24 * 60 * 60
)

// coin is an output somewhere on the chain.
type coin struct {
	value uint64
	tx    goshawk.TxID
	time  int64 // of its block
}

// follows says whether a coin can be what was passed on of another, by their times.
func (o coin) follows(c coin) bool { return o.tx > c.tx && o.time-c.time <= kept }

// sums are the chain's coins by value.
type sums struct {
	coins []coin
	part  uint64                // in thousandths, of what is passed on; 0: nothing shows
	asked map[coin]bool         // of the payments and parts, those that were judged
	pays  map[goshawk.TxID]bool // transactions that pay out the part of some payment
}

// sums reads the coins of the chain, and finds the part of each payment that is
// passed on.
func (s *solver) sums(ctx context.Context, paid []coin) (*sums, error) {
	x := &sums{asked: map[coin]bool{}, pays: map[goshawk.TxID]bool{}}
	paid = slices.DeleteFunc(slices.Clone(paid), func(c coin) bool { return c.value%round == 0 || c.value < round })
	if len(paid) < repeated && s.part == 0 {
		return x, nil
	}
	head, err := s.Chain.Head(ctx)
	if err != nil {
		return nil, err
	}
	s.effort.Queries++
	err = goshawk.Scan(ctx, s.Chain, 0, goshawk.TxID(head.Transactions), 0, func(batch *goshawk.Transactions) error {
		for row := range batch.Rows {
			for _, o := range batch.Out(row) {
				if o.Value >= round/2 && len(batch.In(row)) > 0 {
					x.coins = append(x.coins, coin{o.Value, batch.Rows[row].ID, batch.Rows[row].Time})
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(x.coins, func(a, b coin) int { return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.tx, b.tx)) })
	if x.part = s.part; x.part == 0 && !x.infer(paid) {
		return x, nil
	}
	for _, o := range x.coins {
		if _, ok := x.earlier(o); ok {
			x.pays[o.tx] = true
		}
	}
	return x, nil
}

// infer finds the part of payments that is passed on, in what else the chain was
// paid. It is false where none shows.
func (x *sums) infer(paid []coin) bool {
	most, next := 0, 0
	for part := uint64(halves); part < whole; part++ {
		n := 0
		for _, c := range paid {
			if slices.ContainsFunc(x.between(passed(c.value, part)), func(o coin) bool { return o.follows(c) && o.value%round != 0 }) {
				n++
			}
		}
		if n > most {
			most, next, x.part = n, most, part
		} else {
			next = max(next, n)
		}
	}
	if most < repeated || most*3 < len(paid) || most < 2*next {
		x.part = 0
	}
	return x.part > 0
}

// passed is between what the part of a value lies that is passed on.
func passed(value, part uint64) (least, most uint64) {
	least = value/whole*part + (value%whole*part+whole-1)/whole
	return least, least + rounding
}

// between lists the coins of values from least to most.
func (x *sums) between(least, most uint64) []coin {
	at, _ := slices.BinarySearchFunc(x.coins, least, func(c coin, v uint64) int { return cmp.Compare(c.value, v) })
	end := at
	for end < len(x.coins) && x.coins[end].value <= most {
		end++
	}
	return x.coins[at:end]
}

// later returns the coin that a part of one was passed on in: the only one of the
// chain with such a value, as the first is of its own.
func (x *sums) later(c coin) (coin, bool) {
	list := x.between(passed(c.value, x.part))
	if len(list) != 1 || !list[0].follows(c) || len(x.between(c.value, c.value)) != 1 {
		return coin{}, false
	}
	return list[0], true
}

// whole lists the coins of which a value can be the part that was passed on.
func (x *sums) whole(value uint64) []coin {
	high := value/x.part*whole + value%x.part*whole/x.part
	return x.between(high-min(high, rounding*whole/x.part+1), high)
}

// earlier returns the coin of which another is the part that was passed on.
func (x *sums) earlier(o coin) (coin, bool) {
	for _, c := range x.whole(o.value) {
		if later, ok := x.later(c); ok && later == o {
			return c, true
		}
	}
	return coin{}, false
}

// shares follows the sums that are passed on, from what the criminals were paid to
// who paid out a part of it, and from what was so paid out to what it is a part of.
// Two sums can be alike by chance: what else the found transaction spends or pays
// must be the criminals', or come from or go to one that pays out a part, too.
func (s *solver) shares(ctx context.Context, x *sums, paid []coin) error {
	if x.part == 0 {
		return nil
	}
	for _, c := range paid {
		if out, ok := x.later(c); ok && !x.asked[c] {
			x.asked[c] = true
			if err := s.payer(ctx, x, out, false); err != nil {
				return err
			}
		}
	}
	if err := s.passers(ctx, x, paid); err != nil {
		return err
	}
	for i := range s.moves {
		for _, o := range s.moves[i].outs {
			out := coin{o.Value, s.moves[i].id, s.moves[i].time}
			if s.suspect[o.Address] || x.asked[out] {
				continue
			}
			c, ok := x.earlier(out)
			if !ok {
				continue
			}
			x.asked[out] = true
			ok, err := s.ordered(ctx, x, c, out.tx)
			if err != nil {
				return err
			}
			if !ok && !slices.ContainsFunc(s.moves[i].from, func(a goshawk.AddressID) bool { return s.suspect[a] }) {
				continue
			}
			if err := s.payer(ctx, x, out, true); err != nil {
				return err
			}
		}
	}
	return nil
}

// passers takes for the criminals' who paid them and, beside it, the part of a sum
// that they spent there, or that the criminals had been paid: what came to the
// criminals there is their own change.
func (s *solver) passers(ctx context.Context, x *sums, paid []coin) error {
	for i := range s.moves {
		p := &s.moves[i]
		if len(p.outs) != 2 || slices.ContainsFunc(p.from, func(a goshawk.AddressID) bool { return s.suspect[a] }) {
			continue
		}
		for n, o := range p.outs {
			if o.Value < round/2 || !s.suspect[p.outs[1-n].Address] {
				continue
			}
			is := func(value uint64) bool {
				least, most := passed(value, x.part)
				return o.Value >= least && o.Value <= most
			}
			out := coin{o.Value, p.id, p.time}
			if !slices.ContainsFunc(p.ins, is) && !slices.ContainsFunc(paid, func(c coin) bool { return out.follows(c) && is(c.value) }) {
				continue
			}
			if err := s.take(ctx, p.from); err != nil {
				return err
			}
		}
	}
	return nil
}

// take takes addresses for the criminals' that are not a service's by what became
// of their coins.
func (s *solver) take(ctx context.Context, addresses []goshawk.AddressID) error {
	if err := s.parties.Prepare(ctx, addresses); err != nil {
		return err
	}
	for _, a := range addresses {
		if s.parties.Party(a) >= 0 {
			continue
		}
		if err := s.suspectAll(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// payer takes for the criminals' who paid a coin that is a part of another, with
// the change if there is but one other output.
func (s *solver) payer(ctx context.Context, x *sums, out coin, ok bool) error {
	batch, err := s.transaction(ctx, out.tx)
	if err != nil || coinJoin(batch, 0) {
		return err
	}
	ok = ok || s.touches(batch)
	var theirs []goshawk.AddressID
	var spent []goshawk.OutputID
	for _, in := range batch.In(0) {
		theirs = append(theirs, in.Address)
		if in.Link == goshawk.Linked {
			spent = append(spent, in.Spent)
		}
	}
	if !ok {
		coins, err := s.Chain.Outputs(ctx, spent)
		if err != nil {
			return err
		}
		ok = slices.ContainsFunc(coins, func(c goshawk.Coin) bool { return x.pays[c.Tx] })
	}
	for _, o := range batch.Out(0) {
		if o.Value == out.value {
			continue
		}
		if len(batch.Out(0)) == 2 {
			theirs = append(theirs, o.Address)
		}
		if !ok {
			coins, err := s.Chain.Outputs(ctx, []goshawk.OutputID{o.ID})
			if err != nil {
				return err
			}
			ok = x.pays[coins[0].Spender]
		}
	}
	if !ok {
		return nil
	}
	return s.take(ctx, theirs)
}

// ordered says whether a coin is a payment that was passed on in a transaction: it
// was spent by the criminals. It then takes who was paid it for one of them.
func (s *solver) ordered(ctx context.Context, x *sums, in coin, out goshawk.TxID) (bool, error) {
	batch, err := s.transaction(ctx, in.tx)
	if err != nil || coinJoin(batch, 0) {
		return false, err
	}
	for _, o := range batch.Out(0) {
		if o.Value != in.value {
			continue
		}
		if s.suspect[o.Address] {
			return true, nil
		}
		coins, err := s.Chain.Outputs(ctx, []goshawk.OutputID{o.ID})
		if err != nil {
			return false, err
		}
		spender := coins[0].Spender
		if spender == goshawk.NoTx || spender == goshawk.Burnt {
			continue
		}
		next, err := s.transaction(ctx, spender)
		if err != nil {
			return false, err
		}
		if spender == out || x.pays[spender] || s.spends(next, 0) {
			return true, s.take(ctx, []goshawk.AddressID{o.Address})
		}
	}
	return false, nil
}

// transaction reads one.
func (s *solver) transaction(ctx context.Context, id goshawk.TxID) (*goshawk.Transactions, error) {
	s.effort.Steps++
	batch := new(goshawk.Transactions)
	return batch, s.Chain.Transactions(ctx, []goshawk.TxID{id}, 0, batch)
}

// touches says whether a transaction spends a suspect's coin or pays one.
func (s *solver) touches(batch *goshawk.Transactions) bool {
	return s.spends(batch, 0) || slices.ContainsFunc(batch.Out(0), func(o goshawk.Output) bool { return s.suspect[o.Address] })
}
