package evaluate

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"goshawk"
	"goshawk/world"
	"goshawk/world/score"
)

// Truth is what a world says of itself, by the ids of a ledger of its chain. It
// holds about nine bytes for each address and transaction.
type Truth struct {
	// Owners holds the actor of each address, for whom it was made; NoOwner of
	// outputs of data. An address of a wallet that was sold keeps its first owner.
	Owners []score.Owner
	// Deposits are the addresses that a service made for one customer each, or, if
	// it takes payments for shops, for one purchase.
	Deposits *score.Addresses
	// Open are the addresses of services that anybody can come to know by being
	// paid from them or reading their pages: hot and cold wallets, house addresses.
	Open *score.Addresses

	roles map[score.Owner]world.Role
	names map[score.Owner]string
	txs   []deed
}

// deed is what the truth says of one transaction.
type deed struct {
	actor score.Owner
	what  what
	crime bool
}

// what tells apart the transactions that a detector is to find.
type what uint8

const (
	other what = iota
	none       // what no world holds
	poolMix
	roundMix
	marketMix
	preparation
	payJoin
)

// coinJoin says whether several parties' coins were joined to mix them.
func (w what) coinJoin() bool { return w == poolMix || w == roundMix || w == marketMix }

// ReadTruth reads a world's truth folder and puts it beside the ids of a ledger,
// which must number densely and hold the world's whole chain and nothing else,
// else the error is Corrupt.
func ReadTruth(ctx context.Context, folder fs.FS, l goshawk.Ledger) (*Truth, error) {
	head, err := l.Head(ctx)
	if err != nil {
		return nil, err
	}
	if head.Transactions == 0 || head.Addresses == 0 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "this ledger does not number its transactions and addresses densely, or holds none").
			WithHint("ingest the world's blocks into a ledger of their own")
	}
	t := &Truth{Owners: make([]score.Owner, head.Addresses), Deposits: score.NewAddresses(head.Addresses), Open: score.NewAddresses(head.Addresses),
		roles: map[score.Owner]world.Role{}, names: map[score.Owner]string{}, txs: make([]deed, 0, head.Transactions)}
	for i := range t.Owners {
		t.Owners[i] = score.NoOwner
	}
	if err := t.actors(ctx, folder); err != nil {
		return nil, err
	}
	if err := t.transactions(ctx, folder, l, goshawk.TxID(head.Transactions)); err != nil {
		return nil, err
	}
	return t, t.addresses(ctx, folder, l)
}

func (t *Truth) actors(ctx context.Context, folder fs.FS) error {
	return eachRow(ctx, folder, "truth/actors.csv", []string{"actor", "role", "name"}, func(field []string) error {
		actor, err := number(field[0])
		if err != nil {
			return err
		}
		t.roles[actor], t.names[actor] = world.Role(field[1]), field[2]
		return nil
	})
}

// transactions reads the rows in the order of the chain, which is that of ids.
func (t *Truth) transactions(ctx context.Context, folder fs.FS, l goshawk.Ledger, end goshawk.TxID) error {
	var batch goshawk.Transactions
	row := 0
	differs := goshawk.Errorf(goshawk.Corrupt, "the truth and the ledger are not of the same chain").
		WithHint("ingest the blocks of this world, all of them and nothing else")
	err := eachRow(ctx, folder, "truth/transactions.csv", []string{"tx", "kind", "actor", "case"}, func(field []string) error {
		if row == len(batch.Rows) {
			var ids []goshawk.TxID
			for id := goshawk.TxID(len(t.txs)); id < end && len(ids) < 1024; id++ {
				ids = append(ids, id)
			}
			if err := l.Transactions(ctx, ids, goshawk.WantHashes, &batch); err != nil {
				return err
			}
			row = 0
		}
		if hash, err := goshawk.ParseHash(field[0]); err != nil || row == len(batch.Rows) || batch.Rows[row].Hash != hash {
			return differs
		}
		row++
		actor, err := number(field[2])
		if err != nil {
			return err
		}
		t.txs = append(t.txs, deed{actor: actor, what: t.what(field[1], actor), crime: field[3] != ""})
		return nil
	})
	if err == nil && goshawk.TxID(len(t.txs)) != end {
		return differs
	}
	return err
}

func (t *Truth) what(kind string, actor score.Owner) what {
	switch kind {
	case world.CoinJoin.String():
		switch t.names[actor] {
		case world.PoolCoordinator:
			return poolMix
		case world.RoundCoordinator:
			return roundMix
		default: // whoever joins without a coordinator
			return marketMix
		}
	case world.CoinJoinPrepare.String():
		return preparation
	case world.PayJoin.String():
		return payJoin
	default:
		return other
	}
}

func (t *Truth) addresses(ctx context.Context, folder fs.FS, l goshawk.Ledger) error {
	const atOnce = 4096
	type row struct {
		owner   score.Owner
		purpose string
	}
	names := make([]string, 0, atOnce)
	rows := make([]row, 0, atOnce)
	flush := func() error {
		found, err := l.Find(ctx, goshawk.Names{Addresses: names})
		if err != nil {
			return err
		}
		for i, a := range found.Addresses {
			if a == goshawk.NoAddress {
				continue // nobody ever paid it
			}
			t.Owners[a] = rows[i].owner
			if !pools(t.roles[rows[i].owner]) {
				continue
			}
			switch rows[i].purpose {
			case world.DepositAddress.String(), world.Invoice.String():
				t.Deposits.Add(a)
			case world.HotWallet.String(), world.ColdWallet.String(), world.House.String():
				t.Open.Add(a)
			}
		}
		names, rows = names[:0], rows[:0]
		return nil
	}
	err := eachRow(ctx, folder, "truth/addresses.csv", []string{"address", "actor", "purpose"}, func(field []string) error {
		owner, err := number(field[1])
		if err != nil {
			return err
		}
		names, rows = append(names, field[0]), append(rows, row{owner, field[2]})
		if len(names) < atOnce {
			return nil
		}
		return flush()
	})
	if err != nil {
		return err
	}
	return flush()
}

// pools says whether a role pools its customers' money, so that a trace stops there.
func pools(r world.Role) bool {
	switch r {
	case world.ExchangeService, world.Gambling, world.MixingService, world.PaymentProcessor, world.MiningPool, world.Broker:
		return true
	default:
		return false
	}
}

// eachRow reads the named columns of a CSV file. What it hands over is valid
// until the next row.
func eachRow(ctx context.Context, folder fs.FS, name string, columns []string, each func(field []string) error) error {
	damaged := func(err error) error {
		return goshawk.Errorf(goshawk.Corrupt, "%s is damaged: %w", name, err).WithHint("'goshawk world verify' says what was changed")
	}
	file, err := folder.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return goshawk.Errorf(goshawk.NotFound, "the world holds no %s: %w", name, err).WithHint("only a world with its truth folder can be evaluated")
	}
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", name, err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.ReuseRecord = true
	header, err := r.Read()
	if err != nil {
		return damaged(err)
	}
	at := make([]int, len(columns))
	for i, column := range columns {
		if at[i] = slices.Index(header, column); at[i] < 0 {
			return damaged(errors.New("it has no column " + column))
		}
	}
	fields := make([]string, len(columns))
	for n := 0; ; n++ {
		if n&4095 == 0 && ctx.Err() != nil {
			return interrupted(ctx)
		}
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return damaged(err)
		}
		for i := range at {
			fields[i] = row[at[i]]
		}
		if err := each(fields); err != nil {
			if goshawk.CodeOf(err) == "" {
				return damaged(err)
			}
			return err
		}
	}
}

func number(text string) (score.Owner, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	if err == nil && score.Owner(n) == score.NoOwner {
		err = errors.New("no actor has the number " + text)
	}
	return score.Owner(n), err
}

func interrupted(ctx context.Context) error {
	return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", context.Cause(ctx))
}
