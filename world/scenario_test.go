package world

import (
	"fmt"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk/chain/bitcoin"
)

// theft is a small scenario: somebody's coins are taken, part of them is mixed,
// and the thief brings the rest to an exchange and withdraws it elsewhere.
type theft struct {
	thief, victim             *Person
	took, mixed, in, out      Receipt
	stage                     int
	stole, deposited, cashOut uint64
	check                     func(*Economy)
}

func (s *theft) Name() string { return "theft" }

func (s *theft) Begin(e *Economy) error {
	r := e.Rand("theft", 0)
	s.thief = e.Newcomer(Criminal, "The Magpie", &r)
	return nil
}

func (s *theft) order(stage string, r *Receipt) Order {
	return Order{Part: Part{Case: "theft", Stage: stage}, Receipt: r}
}

func (s *theft) Step(e *Economy) error {
	if s.check != nil {
		s.check(e)
	}
	if e.Height() < foundation+20 {
		return nil
	}
	r := e.Rand("theft", uint64(e.Height()))
	switch s.stage {
	case 0:
		if v := e.Someone(&r); v.Wallet.Balance() > 100_000_000 {
			s.victim = v
			s.stole = v.Wallet.Balance() / 2
			if e.Pay(v.Wallet, []Payment{{e.Receive(s.thief.Wallet), s.stole}}, s.order("income", &s.took)) {
				s.stage++
			}
		}
	case 1:
		if e.Mix(s.thief.Wallet, 20_000_000, []Dest{e.NewAddress(s.thief.Wallet, Mixed)}, s.order("layering", &s.mixed)) {
			s.stage++
		}
	case 2:
		s.deposited = s.thief.Wallet.Balance() / 2
		if e.Deposit(s.thief.Wallet, s.thief.Account, s.deposited, s.order("cash-out", &s.in)) {
			s.stage++
		}
	case 3:
		if a := s.thief.Account; a.Coins() > 0 || e.Height() > 400 {
			c := a.service
			if a.sells && !c.Buy(e, a, s.deposited/2) {
				return nil
			}
			s.cashOut = a.Coins() / 2
			if c.Withdraw(e, a, e.NewAddress(s.thief.Wallet, Receiving), s.cashOut, s.order("cash-out", &s.out)) {
				s.stage++
			}
		}
	}
	return nil
}

func (s *theft) End(e *Economy, create Create) error {
	f, err := create("public/brief.txt")
	if err != nil {
		return err
	}
	fmt.Fprintf(f, "%d satoshis were stolen in %v.\n", s.stole, s.took.Tx)
	return f.Close()
}

// TestScenario: a scenario acts through the economy's methods, its receipts tell
// where everything went, and truth places its transactions in its case.
func TestScenario(t *testing.T) {
	s := &theft{}
	m, manifest := build(t, Spec{Seed: 3, Era: Era2022, Txs: 8_000, Scenarios: []Scenario{s}})
	if s.stage != 4 {
		t.Fatalf("the scenario came to stage %d only", s.stage)
	}
	chain := validate(t, m)
	params, _ := bitcoin.Lookup("regtest")
	for name, r := range map[string]struct {
		Receipt
		value uint64
	}{"took": {s.took, s.stole}, "mixed": {s.mixed, 20_000_000}, "in": {s.in, s.deposited}, "out": {s.out, s.cashOut}} {
		hash, _ := chainhash.NewHashFromStr(r.Tx.String())
		tx := chain.txs[*hash]
		if tx == nil || len(r.Outputs) != 1 || uint64(tx.TxOut[r.Outputs[0]].Value) != r.value {
			t.Errorf("%s: %+v", name, r)
		}
	}
	stages := map[string]int{}
	for _, r := range m.rows(t, "truth/transactions.csv") {
		if r[5] == "theft" {
			stages[r[6]]++
		}
	}
	if stages["income"] != 1 || stages["layering"] < 1 || stages["cash-out"] < 1 {
		t.Errorf("truth tells of %v", stages)
	}
	if text := string(m.MapFS["public/brief.txt"].Data); !strings.Contains(text, s.took.Tx.String()) {
		t.Error(text)
	}
	if named := manifest.Origin.Scenarios; len(named) != 1 || named[0] != "theft" {
		t.Errorf("the origin names %v", named)
	}
	_ = params
}

// TestBooksAgreeWithTheChain: every deposit and withdrawal in the books is an
// output on the chain, to the satoshi; every balance follows from the line
// before; and at every block each service holds what it owes and what is its own.
func TestBooksAgreeWithTheChain(t *testing.T) {
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	for _, era := range Eras() {
		check := func(e *Economy) {
			for _, c := range append(append([]*Custodian{}, e.exchanges...), e.processors...) {
				// The step of the block is done; what it spent on fees is booked.
				if has := int64(c.Holds()); has != int64(c.owed)+int64(c.reserved)+c.house {
					t.Fatalf("%d block %d: %s holds %d, owes %d, pays out %d and has %d of its own", era, e.height, c.Actor.Name, has, c.owed, c.reserved, c.house)
				}
				var owed uint64
				for _, a := range c.accounts {
					owed += a.coins
				}
				if owed != c.owed {
					t.Fatalf("%d block %d: %s owes %d to its customers, not %d", era, e.height, c.Actor.Name, owed, c.owed)
				}
			}
		}
		books := &clerk{}
		m, _ := build(t, Spec{Seed: 5, Era: era, Txs: 6_000, Scenarios: []Scenario{&theft{check: check}}, Observer: books})
		chain := validate(t, m)
		balances := map[uint32]uint64{}
		type request struct {
			account  uint32
			to       Address
			satoshis uint64
		}
		asked := map[request]int{}
		seen := map[EntryKind]int{}
		for i, n := range books.entries {
			seen[n.Kind]++
			switch n.Kind {
			case EntryDeposit, EntryWithdrawal:
				hash, err := chainhash.NewHashFromStr(n.Tx.String())
				if err != nil {
					t.Fatal(err)
				}
				out := chain.outputs[wire.OutPoint{Hash: *hash, Index: n.Output}]
				if out == nil || uint64(out.Value) != n.Satoshis {
					t.Fatalf("%d: %+v: the chain has %v", era, n, out)
				}
				if kind, key, _, _ := bitcoin.Classify(out.PkScript, nil); params.FormatAddress(kind, key) != books.addresses[i] {
					t.Fatalf("%d: %+v pays another address than %s", era, n, books.addresses[i])
				}
				if n.Kind == EntryDeposit {
					balances[n.Account] += n.Satoshis
				}
			case EntryRequest:
				balances[n.Account] -= n.Satoshis + n.Fee
				asked[request{n.Account, n.To, n.Satoshis}]++
			case EntryBuy, EntryWin:
				balances[n.Account] += n.Satoshis
			case EntrySell, EntryLoss:
				balances[n.Account] -= n.Satoshis
			default:
			}
			if n.Kind == EntryWithdrawal {
				if r := (request{n.Account, n.Address, n.Satoshis}); asked[r] == 0 {
					t.Fatalf("%d: %+v was not asked for", era, n)
				} else {
					asked[r]--
				}
			}
			if balances[n.Account] != n.Balance {
				t.Fatalf("%d: %+v: the balance is %d", era, n, balances[n.Account])
			}
		}
		for _, kind := range []EntryKind{EntryOpen, EntryDeposit, EntryBuy, EntrySell, EntryRequest, EntryWithdrawal, EntryWin, EntryLoss} {
			if seen[kind] < 10 {
				t.Errorf("%d: %d entries of %s", era, seen[kind], kind)
			}
		}
	}
}
