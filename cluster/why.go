package cluster

import (
	"context"

	"goshawk"
)

// mostSteps bounds a chain of evidence: no court reads more.
const mostSteps = 100_000

// Why proves that two addresses are in one cluster: a chain of merges from a to
// b, each a transaction that spent coins of both of its addresses, each step
// beginning where the one before ended. No address comes twice. It is empty if
// a and b are the same; if they are in different clusters the error is NotFound.
//
// The chain is found by undoing: the newest transaction on the forest's path
// between a and b is the one that joined their clusters; one of its inputs was
// in a's cluster before it and one in b's; what led to those is older and found
// the same way. The ledger is asked once for each depth of that search, so that
// a remote one costs few round trips.
func Why(ctx context.Context, l goshawk.Ledger, f Links, a, b goshawk.AddressID) ([]goshawk.Merge, error) {
	return explain(ctx, l, f, a, b, inputsOf)
}

// joined lists the addresses that a transaction of a batch merged, each with the
// heuristic that put it there. The lists are valid until the next call.
type joined func(ctx context.Context, batch *goshawk.Transactions, row int) (addresses []goshawk.AddressID, rules []string, err error)

func inputsOf(_ context.Context, batch *goshawk.Transactions, row int) ([]goshawk.AddressID, []string, error) {
	ins := batch.In(row)
	addresses := make([]goshawk.AddressID, 0, len(ins))
	for i := range ins {
		if ins[i].Address != goshawk.NoAddress {
			addresses = append(addresses, ins[i].Address)
		}
	}
	return addresses, nil, nil
}

// step is a piece of the chain: settled if tx is known to name both addresses.
type step struct {
	a, b    goshawk.AddressID
	tx      goshawk.TxID
	hash    goshawk.Hash
	height  int32
	rule    string
	settled bool
}

func explain(ctx context.Context, l goshawk.Ledger, f Links, a, b goshawk.AddressID, merged joined) ([]goshawk.Merge, error) {
	if a == b {
		return nil, nil
	}
	if !Connected(f, a, b) {
		return nil, goshawk.Errorf(goshawk.NotFound, "no evidence joins the two addresses").
			WithHint("they are in different clusters: compare their members, or follow the money between them")
	}
	chain := []step{{a: a, b: b}}
	var batch goshawk.Transactions
	for {
		ids := openSteps(f, chain)
		if len(ids) == 0 {
			return merges(ctx, l, chain)
		}
		if ctx.Err() != nil {
			return nil, interrupted(ctx)
		}
		if len(chain) > mostSteps {
			return nil, goshawk.Errorf(goshawk.Unsupported, "the chain of evidence has more than %d steps", mostSteps).
				WithHint("ask for addresses nearer to each other")
		}
		if err := l.Transactions(ctx, ids, goshawk.WantHashes|goshawk.WantKinds, &batch); err != nil {
			return nil, err
		}
		var next []step
		row := 0
		for _, s := range chain {
			if s.settled {
				next = append(next, s)
				continue
			}
			var err error
			if next, err = split(ctx, f, s, &batch, row, merged, next); err != nil {
				return nil, err
			}
			row++
		}
		chain = next
	}
}

// openSteps finds the joining transaction of every step that is not settled.
func openSteps(f Links, chain []step) []goshawk.TxID {
	var ids []goshawk.TxID
	for i := range chain {
		if s := &chain[i]; !s.settled {
			s.tx = joinedBy(f, s.a, s.b)
			ids = append(ids, s.tx)
		}
	}
	return ids
}

// joinedBy returns the transaction that brought two connected addresses into one
// cluster. Of the two places on their paths the one with the older link moves
// up, so both are always roots of the same moment until they meet.
func joinedBy(f Links, a, b goshawk.AddressID) goshawk.TxID {
	var newest goshawk.TxID
	for a != b {
		pa, ta, oka := f.Parent(a)
		pb, tb, okb := f.Parent(b)
		switch {
		case oka && (!okb || ta <= tb):
			a, newest = pa, max(newest, ta)
		case okb:
			b, newest = pb, max(newest, tb)
		default:
			return goshawk.NoTx
		}
	}
	return newest
}

// split replaces an open step from a to b, joined by a transaction, by up to
// three: from a to an address x of that transaction, x to y settled, from y to b.
func split(ctx context.Context, f Links, s step, batch *goshawk.Transactions, row int, merged joined, next []step) ([]step, error) {
	addresses, rules, err := merged(ctx, batch, row)
	if err != nil {
		return nil, err
	}
	rootA, rootB := rootBefore(f, s.a, s.tx), rootBefore(f, s.b, s.tx)
	x, y := -1, -1
	for i, address := range addresses {
		// The asked address itself, if it is there, makes the chain shortest.
		if root := rootBefore(f, address, s.tx); root == rootA && (x < 0 || address == s.a) {
			x = i
		} else if root == rootB && (y < 0 || address == s.b) {
			y = i
		}
	}
	r := &batch.Rows[row]
	if x < 0 || y < 0 || rootA == rootB {
		return nil, goshawk.Errorf(goshawk.Corrupt, "transaction %s does not show the merge that the clusters took from it", r.Hash).
			WithHint("the clusters do not belong to this ledger: compute them again")
	}
	if addresses[x] != s.a {
		next = append(next, step{a: s.a, b: addresses[x]})
	}
	rule := CoSpendRule
	if rules != nil && rules[x] != "" {
		rule = rules[x]
	} else if rules != nil && rules[y] != "" {
		rule = rules[y]
	}
	next = append(next, step{a: addresses[x], b: addresses[y], tx: s.tx, hash: r.Hash, height: r.Height, rule: rule, settled: true})
	if addresses[y] != s.b {
		next = append(next, step{a: addresses[y], b: s.b})
	}
	return next, nil
}

// merges writes the settled chain with names in place of ids.
func merges(ctx context.Context, l goshawk.Ledger, chain []step) ([]goshawk.Merge, error) {
	ids := make([]goshawk.AddressID, 0, len(chain)+1)
	for _, s := range chain {
		ids = append(ids, s.a)
	}
	ids = append(ids, chain[len(chain)-1].b)
	described, err := l.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	out := make([]goshawk.Merge, len(chain))
	for i, s := range chain {
		out[i] = goshawk.Merge{A: described[i].Text, B: described[i+1].Text, Tx: s.hash, Height: s.height, Heuristic: s.rule}
	}
	return out, nil
}
