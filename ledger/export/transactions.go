package export

import (
	"math"

	"goshawk"
)

// pass fills four tables in one pass over the transactions.
type pass struct {
	*exporter
	transactions *table[transactionRow]
	inputs       *table[inputRow]
	outputs      *table[outputRow]
	spends       *table[spendRow]

	waiting []spendRow // spends whose coins have not been looked up
	coins   []goshawk.OutputID

	sawInputs, sawOutputs uint64
}

func (x *exporter) writeTransactions() (err error) {
	p := &pass{exporter: x}
	if p.transactions, err = newTable[transactionRow](x, transactionsFile, "txid"); err != nil {
		return err
	}
	if p.inputs, err = newTable[inputRow](x, inputsFile); err != nil {
		return err
	}
	if p.outputs, err = newTable[outputRow](x, outputsFile); err != nil {
		return err
	}
	if p.spends, err = newTable[spendRow](x, spendsFile); err != nil {
		return err
	}
	const want = goshawk.WantHashes | goshawk.WantOutpoints | goshawk.WantSequences | goshawk.WantKinds
	if err := goshawk.Scan(x.ctx, x.l, 0, goshawk.TxID(x.head.Transactions), want, p.batch); err != nil {
		return err
	}
	if err := p.lookUp(); err != nil {
		return err
	}
	if p.sawInputs != x.head.Inputs || p.sawOutputs != x.head.Outputs {
		return goshawk.Errorf(goshawk.Corrupt, "the ledger counts %d inputs and %d outputs, and its transactions have %d and %d",
			x.head.Inputs, x.head.Outputs, p.sawInputs, p.sawOutputs).WithHint("check the ledger with 'goshawk check'")
	}
	for _, finish := range []func() error{p.transactions.finish, p.inputs.finish, p.outputs.finish, p.spends.finish} {
		if err := finish(); err != nil {
			return err
		}
	}
	return nil
}

// batch writes a batch of transactions.
func (p *pass) batch(batch *goshawk.Transactions) error {
	if len(batch.Transfers) > 0 {
		return goshawk.Errorf(goshawk.Unsupported, "transfers between accounts cannot be exported yet").
			WithHint("export a ledger of a chain with inputs and outputs")
	}
	for i := range batch.Rows {
		if err := p.transaction(batch, i); err != nil {
			return err
		}
		if err := p.interrupted(); err != nil { // a batch may hold many thousand coins
			return err
		}
	}
	return p.step(len(batch.Rows))
}

func (p *pass) transaction(batch *goshawk.Transactions, row int) error {
	tx := &batch.Rows[row]
	in, err := p.writeInputs(batch, tx)
	if err != nil {
		return err
	}
	out, err := p.writeOutputs(batch, tx)
	if err != nil {
		return err
	}
	r := p.transactions.row()
	r.TxID, r.Txid, r.BlockID, r.Position = int64(tx.ID), r.txid.write(&tx.Hash), int64(tx.Block), int64(tx.Position)
	r.Time, r.Version, r.Locktime, r.Weight, r.Coinbase = milliseconds(tx.Time), tx.Version, int64(tx.LockTime), int64(tx.Weight), tx.Coinbase
	r.InputCount, r.OutputCount = int64(tx.InputEnd-tx.FirstInput), int64(tx.OutputEnd-tx.FirstOutput)
	known(&r.Height, &r.height, tx.Height, tx.Height >= 0)
	known(&r.InputValue, &r.inputValue, in.units, in.known)
	known(&r.OutputValue, &r.outputValue, out.units, out.known)
	known(&r.Fee, &r.fee, in.units-out.units, in.known && out.known && in.units >= out.units && !tx.Coinbase)
	return p.transactions.add(0)
}

// sum adds amounts. It is not known where an amount is not, or where it does
// not fit.
type sum struct {
	units int64
	known bool
}

func (s *sum) add(units int64, known bool) {
	if !known || s.units > math.MaxInt64-units {
		*s = sum{}
	}
	if s.known {
		s.units += units
	}
}

func (p *pass) writeInputs(batch *goshawk.Transactions, tx *goshawk.Transaction) (total sum, err error) {
	total.known = true
	at := milliseconds(tx.Time)
	for i := tx.FirstInput; i < tx.InputEnd; i++ {
		in, prev, r := &batch.Inputs[i], &batch.Outpoints[i], p.inputs.row()
		value, err := amount(in.Value)
		if err != nil {
			return total, err
		}
		if in.Link == goshawk.Deferred {
			return total, remote()
		}
		resolved, linked := in.Link != goshawk.Unresolved, in.Link == goshawk.Linked
		total.add(value, resolved)
		r.TxID, r.Vin, r.Time, r.Sequence = int64(tx.ID), int64(i-tx.FirstInput), at, int64(batch.Sequences[i])
		r.PrevTxid, r.PrevVout, r.Link = r.prevTxid.write(&prev.Tx), int64(prev.Index), linkName(in.Link)
		known(&r.Height, &r.height, tx.Height, tx.Height >= 0)
		known(&r.OutputID, &r.outputID, int64(in.Spent), linked)
		known(&r.Value, &r.value, value, resolved)
		known(&r.AddressID, &r.addressID, int64(in.Address), in.Address != goshawk.NoAddress)
		known(&r.Kind, &r.kind, in.Kind.String(), resolved)
		known(&r.CreatedHeight, &r.createdHeight, in.Height, in.Height >= 0)
		if err := p.inputs.add(0); err != nil {
			return total, err
		}
		p.sawInputs++
		if !linked {
			continue
		}
		p.coins = append(p.coins, in.Spent)
		p.waiting = append(p.waiting, spendRow{OutputID: int64(in.Spent), SpenderTxID: int64(tx.ID), SpenderVin: int64(i - tx.FirstInput),
			Value: value, AddressID: int64(in.Address)})
		if len(p.coins) == chunkRows {
			if err := p.lookUp(); err != nil {
				return total, err
			}
		}
	}
	return total, nil
}

// lookUp writes the spends that wait for the places of their coins.
func (p *pass) lookUp() error {
	coins, err := p.l.Outputs(p.ctx, p.coins)
	if err != nil {
		return err
	}
	for i := range coins {
		r := p.spends.row()
		*r = p.waiting[i]
		r.TxID, r.Vout = int64(coins[i].Tx), int64(coins[i].Index)
		if err := p.spends.add(0); err != nil {
			return err
		}
	}
	p.coins, p.waiting = p.coins[:0], p.waiting[:0]
	return nil
}

func (p *pass) writeOutputs(batch *goshawk.Transactions, tx *goshawk.Transaction) (total sum, err error) {
	total.known = true
	at := milliseconds(tx.Time)
	for i := tx.FirstOutput; i < tx.OutputEnd; i++ {
		out, r := &batch.Outputs[i], p.outputs.row()
		value, err := amount(out.Value)
		if err != nil {
			return total, err
		}
		total.add(value, true)
		if out.Spender == goshawk.Later {
			return total, remote()
		}
		spent := out.Spender != goshawk.NoTx && out.Spender != goshawk.Burnt
		r.OutputID, r.TxID, r.Vout, r.Time = int64(out.ID), int64(tx.ID), int64(i-tx.FirstOutput), at
		r.Value, r.AddressID, r.Kind, r.ByKey, r.Burnt = value, int64(out.Address), out.Kind.String(), out.ByKey, out.Spender == goshawk.Burnt
		known(&r.Height, &r.height, tx.Height, tx.Height >= 0)
		known(&r.SpenderTxID, &r.spenderTxID, int64(out.Spender), spent)
		if err := p.outputs.add(0); err != nil {
			return total, err
		}
		p.sawOutputs++
	}
	return total, nil
}

// amount refuses what a signed column cannot hold. Chains that count in 64 bits
// keep their amounts below that.
func amount(units uint64) (int64, error) {
	if units > math.MaxInt64 {
		return 0, goshawk.Errorf(goshawk.Unsupported, "an amount of %d units does not fit into a signed column of 64 bits", units).
			WithHint("this is no amount that the chain allows: check the ledger with 'goshawk check'")
	}
	return int64(units), nil
}
