package world

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// writer turns plans into blocks and rows of truth.
type writer struct {
	chain         *chain
	keys          *keyring
	params        *bitcoin.Params
	files         *files
	blocks        *hashed
	number        int // of the block file
	inFile        int
	figures       Figures
	owned, people uint64 // addresses and actors
	day           uint32
	met           map[Address][]byte // keys of addresses in the block, in signed worlds

	observer Observer // may be nil

	addresses, transactions, actors, wallets, prices *sheet
}

func newWriter(out *files, params *bitcoin.Params, spec Spec) (*writer, error) {
	workers := 1
	if spec.Sign {
		workers = max(runtime.GOMAXPROCS(0), 1)
	}
	w := &writer{chain: newChain(params.Magic, params.Genesis, spec.Seed, spec.Sign, workers), keys: newKeyring(spec.Seed, spec.Sign), params: params, files: out, met: map[Address][]byte{}}
	for _, t := range []struct {
		to           **sheet
		name, header string
	}{
		{&w.addresses, "truth/addresses.csv", "address,form,wallet,actor,purpose,height"},
		{&w.transactions, "truth/transactions.csv", "tx,height,position,kind,actor,case,stage"},
		{&w.actors, "truth/actors.csv", "actor,role,name,height,concept,entity"},
		{&w.wallets, "truth/wallets.csv", "wallet,actor,software,height"},
		{&w.prices, "public/prices.csv", "date,currency,price"},
	} {
		var err error
		if *t.to, err = out.sheet(t.name, t.header); err != nil {
			return nil, err
		}
	}
	if err := w.genesis(); err != nil {
		return nil, err
	}
	return w, nil
}

// genesis writes the first block, which every regtest chain shares.
func (w *writer) genesis() error {
	if err := w.nextFile(); err != nil {
		return err
	}
	raw := w.params.GenesisBlock
	framed := w.params.AppendFramed(nil, raw)
	w.inFile += len(framed)
	w.figures.Blocks, w.figures.Transactions, w.figures.Outputs, w.figures.Bytes = 1, 1, 1, uint64(len(raw))
	if _, err := w.blocks.Write(framed); err != nil {
		return err
	}
	// Nobody can spend its coins.
	if err := w.actors.number(0).text(string(Nobody)).text("genesis").number(0).text("").text("").end(); err != nil {
		return err
	}
	var block goshawk.Block
	if err := bitcoin.NewDecoder(w.params).Block(raw, &block); err != nil {
		return err
	}
	out := &block.Outs[0]
	address := w.params.FormatAddress(out.Kind, block.Keys[out.KeyStart:out.KeyEnd])
	if err := w.transactions.hex(digest(block.Txs[0].Hash)).number(0).number(0).text(Coinbase.String()).number(0).text("").text("").end(); err != nil {
		return err
	}
	return w.addresses.text(address).text(PayKey.String()).number(0).number(0).text(Reward.String()).number(0).end()
}

func (w *writer) nextFile() error {
	if w.blocks != nil {
		if err := w.blocks.Close(); err != nil {
			return err
		}
		w.number++
	}
	var err error
	w.inFile = 0
	w.blocks, err = w.files.create(fmt.Sprintf("blocks/blk%05d.dat", w.number))
	return err
}

// block writes one plan.
func (w *writer) block(p *plan) error {
	if w.inFile+p.weight > blockFileSize {
		if err := w.nextFile(); err != nil {
			return err
		}
	}
	clear(w.met)
	w.resolve(p)
	n, err := w.chain.write(p, w.blocks)
	if err != nil {
		return err
	}
	w.inFile += n + 8
	for i := range p.outs {
		if o := &p.outs[i]; o.coin != noSlot {
			w.meet(o.address, w.chain.coins[o.coin].keys)
		}
	}
	w.count(p, n)
	return w.truth(p)
}

func (w *writer) count(p *plan, size int) {
	f := &w.figures
	f.Blocks++
	f.Transactions += uint64(len(p.txs))
	f.Inputs += uint64(len(p.ins))
	f.Outputs += uint64(len(p.outs))
	w.owned += uint64(len(p.owners))
	w.people += uint64(len(p.actors))
	f.Bytes += uint64(size)
	f.Issued += subsidy(p.height)
	f.Tip = fmt.Sprintf("%x", reversed(w.chain.tip))
}

// resolve finds the outpoints of deposits, before their places can go to others.
func (w *writer) resolve(p *plan) {
	for i := range p.books {
		if b := &p.books[i]; b.coin != noSlot {
			c := &w.chain.coins[b.coin]
			b.Tx, b.Output = reversed(c.tx), c.index
			w.meet(b.Address, c.keys)
		}
	}
}

// meet notes the keys of an address, if its coin knows them.
func (w *writer) meet(a Address, keys []byte) {
	if keys != nil {
		w.met[a] = keys
	}
}

// text writes an address.
func (w *writer) text(a Address) string {
	if keys := w.met[a]; keys != nil {
		w.keys.hold(a, keys)
	}
	return w.keys.text(w.params, a)
}

// truth writes what a block's plan says about itself.
func (w *writer) truth(p *plan) error {
	for i := range p.txs {
		t := &p.txs[i]
		id := reversed(w.chain.txids[i])
		if t.receipt != nil {
			t.receipt.Tx, t.receipt.Height, t.receipt.Time = id, p.height, p.time
		}
		c := w.transactions.hex(id).number(uint64(p.height)).number(uint64(i)).text(t.kind.String()).number(uint64(t.actor.ID))
		if err := c.text(t.part.Case).text(t.part.Stage).end(); err != nil {
			return err
		}
	}
	for _, s := range p.shared {
		*s.receipt = Receipt{Tx: reversed(w.chain.txids[s.position]), Height: p.height, Time: p.time, Outputs: []uint32{s.output}, Change: -1}
	}
	for _, m := range p.moves {
		m.move.Tx = reversed(w.chain.txids[m.position])
	}
	for _, a := range p.actors {
		if err := w.actors.number(uint64(a.ID)).text(string(a.Role)).text(a.Name).number(uint64(p.height)).text(a.Role.Concept()).text(a.Role.Entity()).end(); err != nil {
			return err
		}
	}
	for _, r := range p.wallets {
		if err := w.wallets.number(uint64(r.id)).number(uint64(r.actor.ID)).text(r.software.Name).number(uint64(p.height)).end(); err != nil {
			return err
		}
	}
	for _, o := range p.owners {
		address := w.text(o.address)
		c := w.addresses.text(address).text(o.address.Form().String()).number(uint64(o.wallet)).number(uint64(o.actor.ID))
		if err := c.text(o.purpose.String()).number(uint64(p.height)).end(); err != nil {
			return err
		}
		if w.observer != nil {
			if err := w.observer.Owned(&Owned{address, o.wallet, o.actor, o.purpose, o.account, p.height, p.time}); err != nil {
				return err
			}
		}
	}
	if w.observer != nil {
		if err := w.observe(p); err != nil {
			return err
		}
	}
	return w.price(p)
}

// observe tells the observer what services noted in a block, and what was said.
func (w *writer) observe(p *plan) error {
	for i := range p.said {
		if err := w.observer.Stated(&p.said[i], w.text(p.said[i].Address), p.time); err != nil {
			return err
		}
	}
	for i := range p.books {
		b := &p.books[i]
		if b.Position >= 0 {
			b.Tx = reversed(w.chain.txids[b.Position])
		}
		address := ""
		if b.Address != 0 {
			address = w.text(b.Address)
		}
		if err := w.observer.Booked(b, address); err != nil {
			return err
		}
	}
	return nil
}

// price writes the price of every day that has begun.
func (w *writer) price(p *plan) error {
	today := p.time / 86_400
	if w.day == 0 {
		w.day = today - 1
	}
	for w.day < today {
		w.day++
		day := time.Unix(int64(w.day)*86_400, 0).UTC().Format(time.DateOnly)
		if err := w.prices.text(day).text("USD").text(fmt.Sprintf("%d.%02d", p.cents/100, p.cents%100)).end(); err != nil {
			return err
		}
	}
	return nil
}

// close ends all files.
func (w *writer) close() error {
	var err error
	for _, c := range []*hashed{w.blocks, w.addresses.hashed, w.transactions.hashed, w.actors.hashed, w.wallets.hashed, w.prices.hashed} {
		if closed := c.Close(); err == nil {
			err = closed
		}
	}
	return err
}

func sum(b []byte) [sha256.Size]byte { return sha256.Sum256(b) }
