package world

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"goshawk/chain/bitcoin"
)

// workshop is an economy with nobody in it.
func workshop(t testing.TB) *Economy {
	t.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	a := DefaultAssumptions(Era2022)
	e := newEconomy(Spec{Seed: 1, Era: Era2022, Txs: 2_000, Assumptions: &a}, params)
	e.next(new(plan))
	e.height = 500
	return e
}

// fill gives a wallet coins of given values.
func fill(e *Economy, w *Wallet, values []uint64, height int32) {
	for _, v := range values {
		to := e.Receive(w)
		w.put(e.newCoin(coin{value: v, address: to.Address, height: height}), v)
	}
}

// TestPaymentsConserveValue: whatever a wallet's software, a payment pays what was
// asked, spends ripe coins of its own, each once, and loses nothing but a fee
// that is neither nothing nor absurd; one that cannot be made changes nothing.
func TestPaymentsConserveValue(t *testing.T) {
	var all []*Software
	for _, y := range Eras() {
		for _, w := range eras(y).software {
			s := w.Software
			all = append(all, &s)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		e := workshop(&testing.T{})
		w := e.NewWallet(e.NewActor(Citizen, ""), rapid.SampledFrom(all).Draw(t, "software"))
		shop := e.NewWallet(e.NewActor(Merchant, ""), rapid.SampledFrom(all).Draw(t, "payee"))
		values := rapid.SliceOfN(rapid.Uint64Range(Dust, 5_000_000), 0, 300).Draw(t, "coins")
		fill(e, w, values, 400)
		fresh := rapid.SliceOfN(rapid.Uint64Range(Dust, 5_000_000), 0, 3).Draw(t, "unconfirmed")
		fill(e, w, fresh, e.height)
		before, held := w.balance, slices.Clone(w.coins[w.head:])
		var to []Payment
		var sum uint64
		for _, v := range rapid.SliceOfN(rapid.Uint64Range(1, 8_000_000), 1, 4).Draw(t, "payments") {
			to = append(to, Payment{e.Receive(shop), v})
			sum += v
		}
		paid := e.Pay(w, to, Order{Kind: Purchase})
		var own uint64
		for _, s := range w.coins[w.head:] {
			own += e.coins[s].value
		}
		if own != w.balance {
			t.Fatalf("coins of %d, and a balance of %d", own, w.balance)
		}
		if !paid {
			if w.balance != before || !slices.Equal(held, w.coins[w.head:]) || shop.balance != 0 || len(e.plan.txs) != 1 {
				t.Fatal("a payment that was not made changed something")
			}
			return
		}
		if shop.balance != sum || e.fees == 0 || e.fees > sum+5_000_000 || before != w.balance+sum+e.fees {
			t.Fatalf("%d and %d became %d and %d, fees %d", before, 0, w.balance, shop.balance, e.fees)
		}
		ins, _ := e.plan.tx(1)
		once := map[slot]bool{}
		for _, s := range ins {
			if once[s] || !slices.Contains(held, s) || e.coins[s].height == e.height {
				t.Fatalf("spends %d of %v", s, held)
			}
			once[s] = true
		}
		if e.plan.weight > blockOverhead+maxTxWeight {
			t.Fatalf("weighs %d", e.plan.weight)
		}
	})
}

// TestWeightsAreThoseOfTheChain: what fees are computed from is what the bytes
// weigh, within the byte by which signatures differ.
func TestWeightsAreThoseOfTheChain(t *testing.T) {
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	for f := PayKey; f < dataNote; f++ {
		e := workshop(t)
		s := &Software{Form: f, Choose: OldestFirst, Version: 2}
		w := e.NewWallet(e.NewActor(Citizen, ""), s)
		c := newChain(params.Magic, params.Genesis, 1, false, 1)
		const coins = 9
		for i := range coins {
			fill(e, w, []uint64{1_000_000}, 400)
			c.coins = append(c.coins, placed{address: e.coins[i].address, value: 1_000_000, index: uint32(i), height: 400})
		}
		if !e.Pay(w, []Payment{{e.NewAddress(w, Receiving), 8_200_000}}, Order{}) {
			t.Fatalf("%s: not paid", f)
		}
		weighed := e.plan.weight - blockOverhead
		for range poolShares {
			e.pools = append(e.pools, &miningPool{actor: w.Actor, wallet: w})
		}
		e.mine()
		if _, err := c.write(e.plan, discard{}); err != nil {
			t.Fatal(err)
		}
		m := c.made[1]
		raw := m.by.raw[m.start:m.end]
		tx, err := bitcoin.DecodeTx(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := tx.Weight(); got > weighed || got < weighed-coins*16-8 {
			t.Errorf("%s: weighs %d, taken for %d", f, got, weighed)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
