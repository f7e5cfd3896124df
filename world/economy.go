package world

import (
	"context"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Economy is a world while it is being lived: its people, wallets and services,
// one block after the other. Scenarios act in it through its methods, which are
// those that everybody else uses.
type Economy struct {
	spec   Spec
	era    *era
	params *bitcoin.Params
	keys   *keyring

	height  int32
	now     uint32
	waited  uint32 // seconds since the block before
	cents   uint64 // price of a coin, in cents
	day     uint32
	feeRate uint64 // satoshis for 1,000 virtual bytes
	mood    int64  // the fee rate's deviation, in binary orders of magnitude of 1/65536
	chance  Rand   // blocks, fees, prices
	crowd   Rand   // who acts next

	coins []coin // by slot
	free  []slot // places for new coins
	spent []slot // places that are free from the next block on
	fees  uint64 // of the block being made

	traced map[slot]traced // coins of watched wallets; nil if there are none

	plan   *plan
	draft  draft
	places []int

	actors    uint32
	wallets   uint32
	addresses uint64

	softwareTable table
	society
	scenarios []Scenario
}

func newEconomy(spec Spec, params *bitcoin.Params) *Economy {
	e := &Economy{spec: spec, scenarios: spec.Scenarios, era: eras(spec.Era), params: params, keys: newKeyring(spec.Seed, spec.Sign),
		chance: newRand(spec.Seed, "chain", 0), crowd: newRand(spec.Seed, "crowd", 0)}
	e.cents, e.feeRate = e.era.cents, e.era.feeRate
	e.now = e.era.start
	e.day = e.now / 86_400
	var weights []uint64
	for i := range e.era.software {
		weights = append(weights, e.era.software[i].share)
	}
	e.softwareTable = newTable(weights)
	e.size = e.plannedSize()
	return e
}

// Height returns the height of the block being made.
func (e *Economy) Height() int32 { return e.height }

// Time returns the time of the block being made, seconds since 1970.
func (e *Economy) Time() uint32 { return e.now }

// Cents returns what a coin costs on the day of the block being made, in US cents.
func (e *Economy) Cents() uint64 { return e.cents }

// Satoshis returns what an amount of US cents buys on the day of the block being made.
func (e *Economy) Satoshis(cents uint64) uint64 { return cents * 1_000_000 / e.cents * 100 }

// Text writes an address as the network does.
func (e *Economy) Text(a Address) string { return e.keys.text(e.params, a) }

// Rand returns a stream of chance of its own for a role's member.
func (e *Economy) Rand(role string, number uint64) Rand { return newRand(e.spec.Seed, role, number) }

// NewActor adds a person or a firm. Without a name it gets one from its role and number.
func (e *Economy) NewActor(role Role, name string) *Actor {
	e.actors++
	if name == "" {
		name = defaultName(role, e.actors)
	}
	a := &Actor{ID: e.actors, Role: role, Name: name}
	e.plan.actors = append(e.plan.actors, a)
	return a
}

// next begins a block: its time, the day's price, the fee rate.
func (e *Economy) next(p *plan) {
	e.height++
	if e.height > 1 {
		e.waited = uint32(max(e.chance.exponential(600), 1))
		e.now += e.waited
	}
	for ; e.day < e.now/86_400; e.day++ {
		// A day's change: 3.5 % up or down is usual.
		e.cents = max(scale(e.cents, e.chance.normal()*e.era.swing>>16), 1_000)
	}
	// The rate returns to the era's within a day or so.
	e.mood += e.chance.normal()/8 - e.mood/64
	e.feeRate = min(max(scale(e.era.feeRate, e.mood), 1_000), 400_000)
	e.free = append(e.free, e.spent...)
	e.spent = e.spent[:0]
	e.fees = 0
	e.plan = p
	p.reset(e.height, e.now)
	p.cents = e.cents
}

// mine ends a block: its coinbase goes to a pool.
func (e *Economy) mine() {
	pool := e.poolOfBlock()
	p := e.plan
	value := subsidy(e.height) + e.fees
	to := e.rewardTo(pool)
	made := planOut{value: value, address: to.Address, coin: e.newCoin(coin{value: value, address: to.Address, height: e.height, mined: true})}
	// The coinbase comes first: its one output moves before all others.
	p.outs = append(p.outs, planOut{})
	copy(p.outs[1:], p.outs)
	p.outs[0] = made
	for i := range p.txs {
		p.txs[i].outEnd++
	}
	p.txs[0].kind, p.txs[0].actor, p.txs[0].version = Coinbase, pool.actor, 2
	if value > 0 {
		pool.wallet.put(made.coin, value)
	}
}

// live makes the whole chain, handing each block's plan to write and getting the
// memory for the next one from it.
func (e *Economy) live(ctx context.Context, first *plan, write func(*plan) (*plan, error), progress func(done, total int)) error {
	p := first
	for e.height < e.size.blocks {
		if err := ctx.Err(); err != nil {
			return goshawk.Errorf(goshawk.Interrupted, "the world was not finished: %w", err)
		}
		e.next(p)
		if e.height == 1 {
			e.found()
			for _, s := range e.scenarios {
				if err := s.Begin(e); err != nil {
					return err
				}
			}
		}
		if err := e.block(); err != nil {
			return err
		}
		e.mine()
		e.done += len(e.plan.txs)
		var err error
		if p, err = write(e.plan); err != nil {
			return err
		}
		if progress != nil && e.height%16 == 0 {
			progress(e.done, e.spec.Txs)
		}
	}
	return nil
}
