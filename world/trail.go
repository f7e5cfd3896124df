package world

import (
	"slices"

	"goshawk"
)

// Trail is what happens to the coins of watched wallets, in the order of the
// chain: every transaction that pays one of them or spends one of their coins.
type Trail struct{ Moves []*Move }

// Move is one transaction of a Trail.
type Move struct {
	Tx     goshawk.Hash // known in End
	Height int32
	Time   uint32
	Kind   Kind
	Part   Part
	Actor  *Actor
	Paid   uint64  // satoshis of all inputs, those of strangers too
	Fee    uint64  // satoshis, whoever paid them
	Spent  []Held  // the watched wallets' coins that it spends
	Outs   []Moved // all outputs where it spends such a coin; else those that pay a watched wallet
}

// Held is a coin of a watched wallet: an output of an earlier move, or of the same block's.
type Held struct {
	Move *Move
	Out  int // in its Outs
}

// Coin returns the output.
func (h Held) Coin() *Moved { return &h.Move.Outs[h.Out] }

// Moved is an output of a Move.
type Moved struct {
	To     Dest
	Value  uint64
	Number uint32 // in the transaction
	Ours   bool   // it pays a watched wallet of the same trail
	Spent  bool   // by a later move
}

// traced is a coin of a watched wallet.
type traced struct {
	trail *Trail
	coin  Held
}

// Watch has every transaction that from now on pays a wallet, or spends what
// came in since, noted in a trail. A wallet is watched by one trail at most.
func (e *Economy) Watch(w *Wallet, t *Trail) {
	w.trail = t
	if e.traced == nil {
		e.traced = map[slot]traced{}
	}
}

// witness notes a transaction whose outputs are in the plan from place on, in
// the trails of those whom it concerns.
func (e *Economy) witness(d *draft, t *planTx, place int, fee uint64) {
	var trails []*Trail
	concern := func(t *Trail) {
		if t != nil && !slices.Contains(trails, t) {
			trails = append(trails, t)
		}
	}
	var paid uint64
	for _, s := range d.ins {
		paid += e.coins[s].value
		if e.coins[s].traced {
			concern(e.traced[s].trail)
		}
	}
	for i := range d.outs {
		if w := d.outs[i].to.wallet; w != nil {
			concern(w.trail)
		}
	}
	for _, trail := range trails {
		m := &Move{Height: e.height, Time: e.now, Kind: t.kind, Part: t.part, Actor: t.actor, Paid: paid, Fee: fee}
		for _, s := range d.ins {
			if c := e.traced[s]; e.coins[s].traced && c.trail == trail {
				c.coin.Coin().Spent = true
				m.Spent = append(m.Spent, c.coin)
			}
		}
		for i := range d.outs {
			o := &d.outs[i]
			ours := o.to.wallet != nil && o.to.wallet.trail == trail && o.to.account == nil
			if !ours && len(m.Spent) == 0 {
				continue
			}
			m.Outs = append(m.Outs, Moved{To: o.to, Value: o.value, Number: uint32(i), Ours: ours})
			if s := e.plan.outs[place+i].coin; ours && s != noSlot {
				e.coins[s].traced = true
				e.traced[s] = traced{trail, Held{m, len(m.Outs) - 1}}
			}
		}
		trail.Moves = append(trail.Moves, m)
		e.plan.moves = append(e.plan.moves, witnessed{m, len(e.plan.txs)})
	}
	for _, s := range d.ins {
		if e.coins[s].traced {
			delete(e.traced, s)
		}
	}
}

// witnessed is a move with its position in the block.
type witnessed struct {
	move     *Move
	position int
}
