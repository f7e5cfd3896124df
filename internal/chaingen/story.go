package chaingen

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"math/rand/v2"

	"goshawk"
)

// Story tells what WriteStory wrote, and where to begin asking.
type Story struct {
	Summary
	Theft    goshawk.Outpoint // the stolen coins, as the thief received them
	CoinJoin goshawk.Hash     // the thief takes part in it
	Peel     goshawk.Hash     // the first transaction of the thief's peel chain
	Batch    goshawk.Hash     // one of the exchange's batch payouts
	Sweep    goshawk.Hash     // empties customers' deposit addresses into the exchange's wallet
	Exchange Script           // the exchange's wallet, which a label may name
	Victim   []Script         // the addresses that were robbed
}

// Script is an address as its kind and key.
type Script struct {
	Kind goshawk.Kind
	Key  []byte
}

const (
	storyBlocks = 165
	storyUsers  = 24
	storyDeal   = 2_0000_0000 // what each participant of the CoinJoin gets
	storyFee    = 12_000
	storyNote   = "\x6a\x0bthank you :" // OP_RETURN
	btc         = 1_0000_0000
)

// WriteStory writes a small chain with a story in it. Miners sell to users of all
// script types, who pay each other and an exchange; the exchange sweeps its
// customers' deposits and pays out in batches. At height 115 a thief empties a
// victim's addresses, and takes the coins three ways: down a peel chain, through
// a CoinJoin, and straight to the exchange.
func WriteStory(w io.Writer, seed uint64) (Story, error) {
	c, err := newChain(w)
	if err != nil {
		return Story{}, err
	}
	rng := rand.NewPCG(seed, 0x64656d6f)
	s := &teller{generator: generator{chain: c, rng: rng, keys: rng.Uint64()}, scripts: map[string]bool{}}
	s.cast()
	for height := int32(1); height < storyBlocks; height++ {
		s.scene(height)
		miner := s.miners[int(height)%len(s.miners)]
		tx, value, err := c.seal(miner.script)
		if err != nil {
			return Story{}, err
		}
		s.scripts[string(miner.script)] = true
		s.mined = append(s.mined, &purse{tx: tx, value: value, owner: miner})
	}
	s.story.Summary = Summary{
		Blocks: storyBlocks, Transactions: c.totalTxs, Inputs: c.totalInputs, Outputs: c.totalOutputs,
		Addresses: uint64(len(s.scripts)), // with the genesis block's, without the note
		Bytes:     c.written, Tip: hash(c.tip),
	}
	return s.story, nil
}

// teller is the state of WriteStory.
type teller struct {
	generator
	story   Story
	number  uint32          // of the last key
	scripts map[string]bool // that outputs pay

	miners   []*holder
	mined    []*purse // by height - 1
	users    []*user
	hot      *holder
	hotCoins []*purse
	deposits []*purse // at deposit addresses, not yet swept
	mule     *user    // in whose name the thief uses the exchange
	thief    user
	loot     struct{ whole, peel, join, straight, mixed, change *purse }
	victims  []*purse
}

// user is a wallet: its coins, and the form of its addresses.
type user struct {
	form    form
	coins   []*purse
	last    *holder // the address it gave out last
	deposit *holder // its deposit address at the exchange
}

// holder is an address and what is needed to spend from it.
type holder struct {
	form   form
	keys   []uint32
	script []byte
	inner  []byte // redeem or witness script
}

// purse is an unspent output.
type purse struct {
	tx    digest
	index uint32
	value uint64
	owner *holder
}

// form is the type of a locking script.
type form int

const (
	payKey form = iota
	payKeyHash
	payNested // P2WPKH in P2SH
	payWitness
	payWitnessScript // 2 of 3
	payTaproot
	payMultisig // bare, 1 of 2
	forms
)

// address makes a new address.
func (s *teller) address(f form) *holder {
	h := &holder{form: f}
	count := 1
	switch f {
	case payWitnessScript:
		count = 3
	case payMultisig:
		count = 2
	}
	for range count {
		s.number++
		h.keys = append(h.keys, s.number)
	}
	key := s.public(h.keys[0])
	switch f {
	case payKey:
		h.script = join("\x21", key, "\xac")
	case payKeyHash:
		hash := hash160(key)
		h.script = join("\x76\xa9\x14", hash[:], "\x88\xac")
	case payNested:
		hash := hash160(key)
		h.inner = join("\x00\x14", hash[:], "")
		outer := hash160(h.inner)
		h.script = join("\xa9\x14", outer[:], "\x87")
	case payWitness:
		hash := hash160(key)
		h.script = join("\x00\x14", hash[:], "")
	case payWitnessScript:
		h.inner = s.multisig("\x52", h.keys, "\x53\xae")
		hash := sha256.Sum256(h.inner)
		h.script = join("\x00\x20", hash[:], "")
	case payTaproot:
		h.script = join("\x51\x20", key[1:], "")
	case payMultisig:
		h.script = s.multisig("\x51", h.keys, "\x52\xae")
	}
	return h
}

func (s *teller) public(number uint32) []byte {
	s.publicKey(number)
	return append([]byte(nil), s.key[:]...)
}

func (s *teller) multisig(required string, keys []uint32, end string) []byte {
	script := []byte(required)
	for _, k := range keys {
		script = append(script, 0x21)
		script = append(script, s.public(k)...)
	}
	return append(script, end...)
}

func join(before string, middle []byte, after string) []byte {
	return append(append([]byte(before), middle...), after...)
}

// identity is what a label or a question calls the address.
func (h *holder) identity() Script {
	switch h.form {
	case payKeyHash:
		return Script{goshawk.PubKeyHash, h.script[3:23]}
	case payNested:
		return Script{goshawk.ScriptHash, h.script[2:22]}
	case payWitness:
		return Script{goshawk.WitnessPubKeyHash, h.script[2:]}
	case payWitnessScript:
		return Script{goshawk.WitnessScriptHash, h.script[2:]}
	case payTaproot:
		return Script{goshawk.Taproot, h.script[2:]}
	case payMultisig:
		return Script{goshawk.Multisig, h.script}
	default: // payKey is shown under the key's hash
		hash := hash160(h.script[1:34])
		return Script{goshawk.PubKeyHash, hash[:]}
	}
}

// signature is noise in DER's frame, with the byte that says what it signs.
func (s *teller) signature() []byte {
	b := []byte{0x30, 0x44, 0x02, 0x20}
	b = s.noise(b, 32)
	b[4] = b[4]&0x7f | 1
	b = append(b, 0x02, 0x20)
	b = s.noise(b, 32)
	b[38] = b[38]&0x3f | 1
	return append(b, 0x01)
}

func (s *teller) noise(b []byte, n int) []byte {
	for range n / 8 {
		b = binary.LittleEndian.AppendUint64(b, s.rng.Uint64())
	}
	return b
}

// unlock returns the signature script and the witness that spend an address.
func (s *teller) unlock(h *holder) (script []byte, witness [][]byte) {
	push := func(items ...[]byte) (b []byte) {
		for _, item := range items {
			b = append(append(b, byte(len(item))), item...)
		}
		return b
	}
	key := s.public(h.keys[0])
	switch h.form {
	case payKey:
		return push(s.signature()), nil
	case payKeyHash:
		return push(s.signature(), key), nil
	case payNested:
		return push(h.inner), [][]byte{s.signature(), key}
	case payWitness:
		return nil, [][]byte{s.signature(), key}
	case payWitnessScript:
		return nil, [][]byte{nil, s.signature(), s.signature(), h.inner}
	case payTaproot:
		return nil, [][]byte{s.noise(nil, 64)}
	default: // payMultisig: an empty push, which CHECKMULTISIG eats, comes first
		return append([]byte{0}, push(s.signature())...), nil
	}
}

// payment is one output to be.
type payment struct {
	to    *holder
	value uint64
}

// send adds a transaction that spends coins on payments, in this order, and gives
// what is left, less the fee, to change (nil: the fee takes all). It returns the
// new coins: those of the payments, then the change.
func (s *teller) send(from []*purse, to []payment, change *holder) (tx digest, coins []*purse) {
	var in, out uint64
	witnesses := make([][][]byte, len(from))
	witnessed := false
	for i, p := range from {
		script, witness := s.unlock(p.owner)
		s.input(&p.tx, p.index, script, sequenceFeeBump)
		witnesses[i] = witness
		witnessed = witnessed || witness != nil
		in += p.value
	}
	for _, p := range to {
		out += p.value
	}
	if change != nil && in > out+storyFee {
		to = append(to, payment{change, in - out - storyFee})
		out = in - storyFee
	}
	for i, p := range to {
		s.scripts[string(p.to.script)] = true
		s.output(p.value, p.to.script)
		coins = append(coins, &purse{index: uint32(i), value: p.value, owner: p.to})
	}
	if witnessed {
		for _, stack := range witnesses {
			s.witness = appendCount(s.witness, uint64(len(stack)))
			for _, item := range stack {
				s.witness = appendCount(s.witness, uint64(len(item)))
				s.witness = append(s.witness, item...)
			}
		}
	}
	tx = s.finish(0, in-out)
	for _, c := range coins {
		c.tx = tx
	}
	return tx, coins
}

// receive is an address that a user gives out: mostly a new one.
func (s *teller) receive(u *user) *holder {
	if u.last == nil || !s.percent(30) {
		u.last = s.address(u.form)
	}
	return u.last
}

// cast names who takes part.
func (s *teller) cast() {
	for f := range forms {
		s.miners = append(s.miners, s.address(f))
	}
	for i := range storyUsers {
		s.users = append(s.users, &user{form: 1 + form(i)%(forms-1), deposit: s.address(payWitness)})
	}
	s.hot = s.address(payWitness)
	s.story.Exchange = s.hot.identity()
	s.mule = &user{form: payWitness, deposit: s.address(payWitness)}
	s.thief = user{form: payWitness}
}

// scene adds the transactions of one block.
func (s *teller) scene(height int32) {
	if height <= maturity {
		return
	}
	s.sale(s.mined[height-maturity-1], height)
	for range 4 {
		s.trade()
	}
	if height%3 == 0 {
		s.depositAll()
	}
	switch {
	case height%8 == 0:
		s.sweep()
	case height%8 == 3 && len(s.hotCoins) > 0:
		s.payOut()
	}
	s.crime(height)
}

// sale is a miner selling a matured coinbase to users.
func (s *teller) sale(coin *purse, height int32) {
	if height > 104 && height <= 107 { // the victim is a miner's customer
		h := s.address(payWitnessScript)
		_, coins := s.send([]*purse{coin}, []payment{{h, 20 * btc}}, coin.owner)
		s.victims = append(s.victims, coins[0])
		s.story.Victim = append(s.story.Victim, h.identity())
		return
	}
	var to []payment
	var buyers []*user
	for range 3 {
		u := s.users[s.below(storyUsers)]
		buyers = append(buyers, u)
		to = append(to, payment{s.receive(u), 9*btc + s.below(6*btc)})
	}
	_, coins := s.send([]*purse{coin}, to, coin.owner)
	for i, u := range buyers {
		u.coins = append(u.coins, coins[i])
	}
}

// take removes a user's oldest coins until they hold the amount; nil if they never do.
func (u *user) take(amount uint64) []*purse {
	var sum uint64
	for n, c := range u.coins {
		if sum += c.value; sum >= amount+storyFee {
			taken := u.coins[:n+1]
			u.coins = append([]*purse(nil), u.coins[n+1:]...)
			return taken
		}
	}
	return nil
}

// trade is one user paying another, with change.
func (s *teller) trade() {
	from, to := s.users[s.below(storyUsers)], s.users[s.below(storyUsers)]
	amount := btc/10 + s.below(3*btc)
	coins := from.take(amount)
	if coins == nil || from == to {
		from.coins = append(from.coins, coins...)
		return
	}
	_, made := s.send(coins, []payment{{s.receive(to), amount}}, s.address(from.form))
	to.coins = append(to.coins, made[0])
	if len(made) > 1 {
		from.coins = append(from.coins, made[1])
	}
}

// depositAll is some customers filling their accounts at the exchange.
func (s *teller) depositAll() {
	for range 3 {
		u := s.users[s.below(storyUsers)]
		amount := btc + s.below(2*btc)
		coins := u.take(amount)
		if coins == nil {
			continue
		}
		_, made := s.send(coins, []payment{{u.deposit, amount}}, s.address(u.form))
		s.deposits = append(s.deposits, made[0])
		u.coins = append(u.coins, made[1:]...)
	}
}

// sweep empties the deposit addresses into the exchange's wallet.
func (s *teller) sweep() {
	if len(s.deposits) == 0 {
		return
	}
	tx, made := s.send(s.deposits, nil, s.hot)
	s.story.Sweep = hash(tx)
	s.deposits, s.hotCoins = nil, append(s.hotCoins, made...)
}

// payOut is the exchange paying a dozen customers in one transaction.
func (s *teller) payOut() {
	var sum uint64
	for _, c := range s.hotCoins {
		sum += c.value
	}
	var to []payment
	var paid []*user
	for range 12 {
		u := s.users[s.below(storyUsers)]
		paid = append(paid, u)
		to = append(to, payment{s.receive(u), sum/40 + s.below(sum/40)})
	}
	tx, made := s.send(s.hotCoins, to, s.hot)
	s.story.Batch = hash(tx)
	for i, u := range paid {
		u.coins = append(u.coins, made[i])
	}
	s.hotCoins = made[len(paid):]
}

// crime is what the thief does.
func (s *teller) crime(height int32) {
	fresh := func() *holder { return s.address(payWitness) }
	loot := &s.loot
	switch {
	case height == 115:
		tx, made := s.send(s.victims, nil, fresh())
		loot.whole = made[0]
		s.story.Theft = goshawk.Outpoint{Tx: hash(tx)}
	case height == 116:
		note := &holder{script: []byte(storyNote)}
		_, made := s.send([]*purse{loot.whole}, []payment{{fresh(), 20 * btc}, {fresh(), 15 * btc}, {note, 0}}, fresh())
		loot.peel, loot.join, loot.straight = made[0], made[1], made[3]
	case height == 118:
		_, made := s.send([]*purse{loot.straight}, []payment{{s.mule.deposit, loot.straight.value - storyFee}}, nil)
		s.deposits = append(s.deposits, made[0])
	case height == 121:
		s.coinJoin()
	case height == 130: // the mistake: change and mixed coin meet at the exchange
		_, made := s.send([]*purse{loot.change, loot.mixed}, []payment{{s.mule.deposit, 10 * btc}}, fresh())
		s.deposits = append(s.deposits, made[0])
	}
	if height >= 117 && height < 129 {
		to := fresh()
		if height%2 == 0 {
			to = s.mule.deposit
		}
		tx, made := s.send([]*purse{loot.peel}, []payment{{to, btc/2 + s.below(btc)}}, fresh())
		if height == 117 {
			s.story.Peel = hash(tx)
		}
		if to == s.mule.deposit {
			s.deposits = append(s.deposits, made[0])
		}
		loot.peel = made[1]
	}
}

// coinJoin mixes the thief's coin with those of users: everybody gets one output
// of the same worth, and change.
func (s *teller) coinJoin() {
	from := []*purse{s.loot.join}
	owners := []*user{&s.thief}
	for _, u := range s.users {
		if coins := u.take(storyDeal + btc/100); coins != nil && len(owners) < 8 {
			from = append(from, coins...)
			owners = append(owners, u)
			u.last = nil
			u.coins = append(u.coins, &purse{value: sum(coins) - storyDeal - storyFee}) // its change, to be
		} else {
			u.coins = append(coins, u.coins...)
		}
	}
	var to []payment
	for range owners {
		to = append(to, payment{s.address(payWitness), storyDeal})
	}
	to = append(to, payment{s.address(payWitness), s.loot.join.value - storyDeal - storyFee})
	for _, u := range owners[1:] {
		to = append(to, payment{s.address(u.form), u.coins[len(u.coins)-1].value})
	}
	tx, made := s.send(from, to, nil)
	s.story.CoinJoin = hash(tx)
	n := len(owners)
	s.loot.mixed, s.loot.change = made[0], made[n]
	for i, u := range owners[1:] {
		u.coins[len(u.coins)-1] = made[n+1+i]
		u.coins = append(u.coins, made[1+i])
	}
}

func sum(coins []*purse) (total uint64) {
	for _, c := range coins {
		total += c.value
	}
	return total
}
