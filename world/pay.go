package world

import (
	"cmp"
	"slices"
)

// Payment is one output that somebody asks for.
type Payment struct {
	To    Dest
	Value uint64 // satoshis, at least Dust
}

// Dust is the least that any output here is worth, data aside.
const Dust = 546

// leastChange is the change that wallets rather give to the miner.
const leastChange = 1_000

// Order says why a transaction is made, and for whom it is remembered.
type Order struct {
	Kind    Kind
	Actor   *Actor   // who pays; nil: the wallet's
	Part    Part     // in a crime; zero: none
	Receipt *Receipt // filled when the block is written; may be nil
}

// draft is a transaction being put together.
type draft struct {
	order  Order
	ins    []slot
	outs   []wish
	asked  int // outputs that are no change
	weight int
	sigops int
}

// wish is an output of a draft.
type wish struct {
	to    Dest
	value uint64
	asked int // its number among the payments asked for; -1: change
}

const txOverhead = 44 // weight of what every transaction has, its counts and witness flags included

func (d *draft) reset(o Order) {
	*d = draft{order: o, ins: d.ins[:0], outs: d.outs[:0], weight: txOverhead}
}

func (d *draft) pay(to Dest, value uint64) {
	d.out(wish{to, value, d.asked})
	d.asked++
}

func (d *draft) out(w wish) {
	f := formTable[w.to.Address.Form()]
	d.outs = append(d.outs, w)
	d.weight += 4 * f.size
	d.sigops += f.sigops
}

// spend adds a coin that its wallet has given up already.
func (e *Economy) spend(d *draft, s slot) {
	f := formTable[e.coins[s].address.Form()]
	d.ins = append(d.ins, s)
	d.weight += f.weight
	d.sigops += f.spend
}

// fee returns what a wallet pays for a transaction of a weight.
func (e *Economy) fee(w *Wallet, weight int) uint64 {
	size := uint64(weight+3) / 4
	rate := e.feeRate
	switch w.Software.Fee {
	case Flat:
		return 10_000 * ((size + 999) / 1000)
	case Hasty:
		rate += rate / 2
	case Patient:
		rate -= rate / 3
	default:
	}
	// Estimates differ between servers and minutes.
	rate = rate * (88 + uint64(w.ID%25)) / 100
	return max(size*rate/1000, size)
}

// Pay has a wallet pay; its software chooses coins, change and fee. It is false,
// and nothing happened, where the wallet's ripe coins do not suffice or the
// block is full.
func (e *Economy) Pay(w *Wallet, to []Payment, o Order) bool {
	d := &e.draft
	d.reset(o)
	var sum uint64
	for _, p := range to {
		if p.Value < Dust {
			return false
		}
		d.pay(p.To, p.Value)
		sum += p.Value
	}
	return e.settle(w, d, sum)
}

// settle funds a draft from a wallet and commits it.
func (e *Economy) settle(w *Wallet, d *draft, sum uint64) bool {
	if d.weight > maxTxWeight/2 || w.balance < sum {
		return false
	}
	places, total := e.choose(w, sum, d.weight)
	if places == nil {
		return false
	}
	coins := w.coins[w.head:]
	for _, p := range places {
		e.spend(d, coins[p])
	}
	if d.weight > maxTxWeight || !e.fits(d) {
		return false
	}
	first := e.coins[coins[places[0]]].address
	e.take(w, places)
	change := 4 * formTable[w.Software.Form].size
	if fee := e.fee(w, d.weight+change); total >= sum+fee+leastChange {
		var payment Address
		if len(d.outs) > 0 {
			payment = d.outs[0].to.Address
		}
		d.out(wish{e.changeTo(w, first, payment), total - sum - fee, -1})
	}
	e.arrange(w, d)
	e.commit(w, d)
	return true
}

// choose returns the ascending places of coins that pay a sum and the fee of a
// transaction that weighs so much without them, and what they are worth; nil if
// none suffice.
func (e *Economy) choose(w *Wallet, sum uint64, weight int) ([]int, uint64) {
	const window = 192 // wallets with more coins look at the oldest and the newest ones only
	coins := w.coins[w.head:]
	list := e.places[:0]
	var total uint64
	single := -1 // the smallest that suffices alone
	enough := func(more int) bool { return total >= sum+e.fee(w, weight+more) }
	extra := 0 // coins beyond those
	if w.Software.Tidy > 0 && w.rng.Chance(w.Software.Tidy) {
		extra = int(min(w.rng.pareto(2, 80), 60)) - 1
	}
	more := 0
	for i := 0; i < len(coins); i++ {
		if i == window/2 && w.Software.Choose != OldestFirst {
			i = max(i, len(coins)-window/2)
		}
		s := coins[i]
		if !e.ripe(s, w.Software.Changed) {
			continue
		}
		c := &e.coins[s]
		f := formTable[c.address.Form()].weight
		if c.value < e.feeRate*uint64(f)/4000 && w.Software.Choose != SmallFirst {
			continue // it costs more than it brings
		}
		list = append(list, i)
		if w.Software.Choose == OldestFirst {
			total += c.value
			more += f
			if enough(more) {
				if extra--; extra < 0 {
					e.places = list
					return list, total
				}
			}
		} else if c.value >= sum+e.fee(w, weight+f) && (single < 0 || c.value < e.coins[coins[single]].value) {
			single = i
		}
		if len(list) == 2*window {
			break
		}
	}
	e.places = list
	if w.Software.Choose == OldestFirst && enough(more) && len(list) > 0 {
		return list, total
	}
	if w.Software.Choose == OldestFirst || len(list) == 0 {
		return nil, 0
	}
	value := func(place int) uint64 { return e.coins[coins[place]].value }
	switch w.Software.Choose {
	case BestFit:
		if single >= 0 {
			list = append(list[:0], single)
			return list, value(single)
		}
		slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(value(b), value(a)), a-b) })
	case Knapsack:
		var smaller uint64
		kept := list[:0]
		for _, place := range list {
			if v := value(place); v < sum {
				smaller += v
				kept = append(kept, place)
			}
		}
		if single >= 0 && smaller < sum+e.fee(w, weight+len(kept)*formTable[w.Software.Form].weight) {
			list = append(list[:0], single)
			return list, value(single)
		}
		if list = kept; w.rng.Chance(5_000) {
			slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(value(b), value(a)), a-b) })
		}
	case LargestFirst:
		slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(value(b), value(a)), a-b) })
	case SmallFirst:
		slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(value(a), value(b)), a-b) })
	case ByAddress:
		e.byAddress(w, list, coins)
	default:
	}
	for n := 0; n < len(list); n++ {
		total += value(list[n])
		more += formTable[e.coins[coins[list[n]]].address.Form()].weight
		whole := w.Software.Choose != ByAddress || n+1 == len(list) || e.coins[coins[list[n+1]]].address != e.coins[coins[list[n]]].address
		if whole && enough(more) {
			for ; extra > 0 && n+1 < len(list); extra-- {
				n++
				total += value(list[n])
			}
			list = list[:n+1]
			slices.Sort(list)
			return list, total
		}
	}
	return nil, 0
}

// byAddress puts places into a random order of their addresses.
func (e *Economy) byAddress(w *Wallet, list []int, coins []slot) {
	salt := w.rng.Uint64()
	key := func(place int) uint64 {
		state := uint64(e.coins[coins[place]].address) ^ salt
		return splitmix(&state)
	}
	slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(key(a), key(b)), a-b) })
}

// SendAll has a wallet send up to most of its ripe coins, the oldest, to one
// place. It returns what arrives; 0, and nothing happened, where less than two
// coins' worth of dust would.
func (e *Economy) SendAll(w *Wallet, to Dest, most int, o Order) uint64 {
	d := &e.draft
	d.reset(o)
	d.pay(to, 0)
	list := e.places[:0]
	var total uint64
	for i, s := range w.coins[w.head:] {
		if len(list) == most || d.weight > maxTxWeight-2000 {
			break
		}
		if !e.ripe(s, w.Software.Changed) {
			continue
		}
		c := &e.coins[s]
		if c.value < e.feeRate*uint64(formTable[c.address.Form()].weight)/4000 {
			continue
		}
		list = append(list, i)
		e.spend(d, s)
		total += c.value
	}
	e.places = list
	fee := e.fee(w, d.weight)
	if total < fee+2*Dust || !e.fits(d) {
		return 0
	}
	e.take(w, list)
	d.outs[0].value = total - fee
	e.commit(w, d)
	return total - fee
}

// arrange orders a draft's outputs as its maker's software does.
func (e *Economy) arrange(w *Wallet, d *draft) {
	n := len(d.outs)
	switch s := w.Software; {
	case s.Sorted:
		slices.SortStableFunc(d.outs, func(a, b wish) int { return cmp.Compare(a.value, b.value) })
	case n == 0 || d.outs[n-1].asked >= 0:
	case s.Place == First:
		move(d.outs, 0)
	case s.Place == Anywhere:
		move(d.outs, w.rng.Pick(n))
	}
}

// move takes the last output to a place.
func move(outs []wish, place int) {
	last := outs[len(outs)-1]
	copy(outs[place+1:], outs[place:])
	outs[place] = last
}

// fits says whether the block has room for a draft.
func (e *Economy) fits(d *draft) bool {
	return e.plan.weight+d.weight+200 <= maxBlockWeight && e.plan.sigops+d.sigops+8 <= maxBlockSigops
}

// commit puts a draft into the block: the coins it spends are gone, those it
// makes belong to whom they are paid.
func (e *Economy) commit(w *Wallet, d *draft) {
	s := w.Software
	p := e.plan
	t := planTx{version: s.Version, sequence: 0xffffffff, sorted: s.Sorted, kind: d.order.Kind, actor: d.order.Actor, part: d.order.Part, receipt: d.order.Receipt}
	if t.actor == nil {
		t.actor = w.Actor
	}
	if s.Snipe {
		t.sequence, t.lockTime = 0xfffffffe, uint32(e.height-1)
		if w.rng.Chance(1_000) { // Bitcoin Core: one time in ten further back
			t.lockTime -= min(t.lockTime, uint32(w.rng.Below(100)))
		}
	}
	if s.Replace {
		t.sequence = 0xfffffffd
	}
	var in, out uint64
	for _, i := range d.ins {
		in += e.coins[i].value
		e.spent = append(e.spent, i)
	}
	p.ins = append(p.ins, d.ins...)
	if t.receipt != nil {
		t.receipt.Change = -1
		t.receipt.Outputs = make([]uint32, d.asked)
	}
	for n := range d.outs {
		o := &d.outs[n]
		out += o.value
		made := planOut{value: o.value, address: o.to.Address, coin: noSlot}
		if !o.to.Address.data() {
			made.coin = e.newCoin(coin{value: o.value, address: o.to.Address, height: e.height, own: o.asked < 0})
			e.deliver(o.to, made.coin, o.value)
			if to := o.to.wallet; to.given[o.to.Address] && to.Actor == w.Actor && o.to.account == nil {
				e.returned(w.Actor, o, n)
			}
		}
		p.outs = append(p.outs, made)
		if t.receipt != nil && o.asked < 0 {
			t.receipt.Change = int32(n)
		} else if t.receipt != nil {
			t.receipt.Outputs[o.asked] = uint32(n)
		}
	}
	if e.traced != nil {
		e.witness(d, &t, len(p.outs)-len(d.outs), in-out)
	}
	t.inEnd, t.outEnd = uint32(len(p.ins)), uint32(len(p.outs))
	p.txs = append(p.txs, t)
	p.weight += d.weight
	p.sigops += d.sigops
	e.fees += in - out
}

// deliver gives a new coin to whom it is paid: a wallet, or the desk of a service
// that credits a customer's account when it is confirmed.
func (e *Economy) deliver(to Dest, s slot, value uint64) {
	if to.account != nil {
		to.account.service.expect(to.account, s, value, e.height)
		return
	}
	if to.client != nil {
		to.client.desk.expect(to.client, s, e.height)
	}
	to.wallet.put(s, value)
}

// newCoin gives a coin a place.
func (e *Economy) newCoin(c coin) slot {
	if n := len(e.free); n > 0 {
		s := e.free[n-1]
		e.free = e.free[:n-1]
		e.coins[s] = c
		return s
	}
	e.coins = append(e.coins, c)
	return slot(len(e.coins) - 1)
}
