package ledgertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// Differences compares what a ledger answers with the model of the history that
// it was filled with, method by method, and says what differs: one line each, in
// the history's names, at most 40. It asks by names, so that ids may be any that
// the contract allows.
//
// Remote ledgers may leave counts at 0 and links Deferred or Later, as the
// contract allows them.
func Differences(ctx context.Context, got goshawk.Ledger, h *History) []string {
	m, err := h.Model()
	if err != nil {
		return []string{"the model refuses the history: " + err.Error()}
	}
	m.Snapshot()
	d := &differ{
		ctx: ctx, got: got, want: m.view, h: h,
		blocks: translation[goshawk.BlockID]{to: map[goshawk.BlockID]goshawk.BlockID{}},
		txs:    translation[goshawk.TxID]{to: map[goshawk.TxID]goshawk.TxID{}},
		coins:  translation[goshawk.OutputID]{to: map[goshawk.OutputID]goshawk.OutputID{}},
		people: translation[goshawk.AddressID]{to: map[goshawk.AddressID]goshawk.AddressID{}},
	}
	d.blocks.to[goshawk.NoBlock] = goshawk.NoBlock
	d.txs.to[goshawk.NoTx] = goshawk.NoTx
	d.txs.to[goshawk.Burnt] = goshawk.Burnt
	d.txs.to[goshawk.Later] = goshawk.Later
	d.coins.to[goshawk.NoOutput] = goshawk.NoOutput
	d.people.to[goshawk.NoAddress] = goshawk.NoAddress
	if !d.names() { // without ids there is nothing to go on with
		return d.found
	}
	d.head()
	d.transactions()
	d.describeBlocks()
	d.outputs()
	d.describeAddresses()
	d.histories()
	d.ranges()
	d.unknown()
	d.cancelled()
	return d.found
}

// mostDifferences is where the comparison stops to collect.
const mostDifferences = 40

// differ is the state of Differences.
type differ struct {
	ctx   context.Context
	got   goshawk.Ledger
	want  *view
	h     *History
	found []string

	blocks translation[goshawk.BlockID]
	txs    translation[goshawk.TxID]
	coins  translation[goshawk.OutputID]
	people translation[goshawk.AddressID]
}

// translation turns a ledger's ids into the model's and back.
type translation[ID ~uint64] struct {
	to   map[ID]ID
	back []ID // by the model's id
}

func (t *translation[ID]) add(got, want ID) {
	t.to[got] = want
	for ID(len(t.back)) <= want {
		t.back = append(t.back, ^ID(0))
	}
	t.back[want] = got
}

// unknownID is what an id that means nothing is translated to.
const unknownID = ^uint64(0) - 1000

func (t *translation[ID]) of(got ID) ID {
	if want, known := t.to[got]; known {
		return want
	}
	return ID(unknownID)
}

func (d *differ) add(format string, args ...any) {
	if len(d.found) < mostDifferences {
		d.found = append(d.found, fmt.Sprintf(format, args...))
	}
}

// same notes a difference unless got and want are equal.
func same[T comparable](d *differ, got, want T, format string, args ...any) {
	if got != want {
		d.add("%s: %v, not %v", fmt.Sprintf(format, args...), got, want)
	}
}

// sameID notes a difference, by name, unless two of the model's ids are equal.
func sameID[ID ~uint64](d *differ, got, want ID, name func(ID) string, format string, args ...any) {
	if got != want {
		d.add("%s: %s, not %s", fmt.Sprintf(format, args...), name(got), name(want))
	}
}

// failed notes an error.
func (d *differ) failed(err error, format string, args ...any) bool {
	if err != nil {
		d.add("%s: %v", fmt.Sprintf(format, args...), err)
	}
	return err != nil
}

// tx names one of the model's transactions.
func (d *differ) tx(id goshawk.TxID) string {
	switch {
	case id == goshawk.NoTx:
		return "nothing"
	case id == goshawk.Burnt:
		return "burnt"
	case id == goshawk.Later:
		return "later"
	case id >= goshawk.TxID(len(d.want.txs)):
		return "a transaction that Find does not give"
	}
	t := d.want.txs[id]
	name := d.h.Name(t.Hash)
	if ids := d.want.txsOf[t.Hash]; len(ids) > 1 {
		name += fmt.Sprintf(" (%d of %d)", 1+slices.Index(ids, id), len(ids))
	}
	return name
}

func (d *differ) coin(id goshawk.OutputID) string {
	switch {
	case id == goshawk.NoOutput:
		return "no output"
	case id >= goshawk.OutputID(len(d.want.coins)):
		return "an output that no transaction has"
	}
	c := d.want.coins[id]
	return fmt.Sprintf("%s:%d", d.tx(c.Tx), c.Index)
}

func (d *differ) person(id goshawk.AddressID) string {
	switch {
	case id == goshawk.NoAddress:
		return "no address"
	case id >= goshawk.AddressID(len(d.want.addresses)):
		return "an address that Find does not give"
	}
	text := d.want.addresses[id].Text
	for _, word := range slices.Sorted(maps.Keys(d.h.addresses)) {
		if d.h.addresses[word] == text {
			return word
		}
	}
	if len(text) > 40 {
		text = text[:40] + "…"
	}
	return text
}

// names asks Find for everything there is, and for things that are not.
func (d *differ) names() bool {
	var ask goshawk.Names
	for i := range d.want.txs {
		ask.Transactions = append(ask.Transactions, d.want.txs[i].Hash)
	}
	for i := range d.want.blocks {
		ask.Heights = append(ask.Heights, d.want.blocks[i].Height)
	}
	for i := range d.want.addresses {
		ask.Addresses = append(ask.Addresses, d.want.addresses[i].Text)
	}
	ask.Transactions = append(ask.Transactions, goshawk.Hash{1, 2, 3})
	ask.Heights = append(ask.Heights, 1<<30, -1)
	stranger, _ := lockNamed("a stranger to every history", "") // a word without a form is always an address
	ask.Addresses = append(ask.Addresses, d.want.codec.FormatAddress(stranger.kind, stranger.key))

	want, err := d.want.Find(context.Background(), ask)
	if d.failed(err, "Find: the model cannot find its own names") {
		return false
	}
	got, err := d.got.Find(d.ctx, ask)
	if d.failed(err, "Find") {
		return false
	}
	if len(got.Transactions) != len(want.Transactions) || len(got.Blocks) != len(want.Blocks) || len(got.Addresses) != len(want.Addresses) {
		d.add("Find: %d transactions, %d blocks and %d addresses, not %d, %d and %d",
			len(got.Transactions), len(got.Blocks), len(got.Addresses), len(want.Transactions), len(want.Blocks), len(want.Addresses))
		return false
	}
	before := len(d.found)
	for i, id := range want.Transactions {
		d.name(got.Transactions[i] != goshawk.NoTx, id != goshawk.NoTx, "Find: transaction "+d.tx(id))
		if id != goshawk.NoTx {
			d.txs.add(got.Transactions[i], id)
		}
	}
	for i, id := range want.Blocks {
		d.name(got.Blocks[i] != goshawk.NoBlock, id != goshawk.NoBlock, fmt.Sprintf("Find: block at height %d", ask.Heights[i]))
		if id != goshawk.NoBlock {
			d.blocks.add(got.Blocks[i], id)
		}
	}
	for i, id := range want.Addresses {
		d.name(got.Addresses[i] != goshawk.NoAddress, id != goshawk.NoAddress, "Find: address "+d.person(id))
		if id != goshawk.NoAddress {
			d.people.add(got.Addresses[i], id)
		}
	}
	same(d, len(got.Overwritten), len(want.Overwritten), "Find: hashes overwritten")
	for _, hash := range ask.Transactions {
		if len(got.Overwritten[hash]) != len(want.Overwritten[hash]) {
			d.add("Find: %d transactions overwritten by %s, not %d", len(got.Overwritten[hash]), d.h.Name(hash), len(want.Overwritten[hash]))
			continue
		}
		for i, id := range want.Overwritten[hash] {
			d.txs.add(got.Overwritten[hash][i], id)
		}
	}
	same(d, got.First, 0, "Find: First without a time range")
	same(d, got.End, 0, "Find: End without a time range")
	if len(d.found) > before {
		return false
	}
	if !slices.IsSorted(d.txs.back) || len(d.txs.to) != len(d.want.txs)+3 {
		d.add("Find: transaction ids do not ascend with the chain")
	}
	if len(d.people.to) != len(d.want.addresses)+1 {
		d.add("Find: two addresses have one id")
	}
	for _, text := range []string{"", "!", "test network:00", strings.Repeat("0", 1000)} {
		if _, err := d.got.Find(d.ctx, goshawk.Names{Addresses: []string{text}}); goshawk.CodeOf(err) != goshawk.Invalid {
			d.add("Find: %.20q is not an invalid address but %v", text, err)
		}
	}
	return true
}

func (d *differ) name(got, want bool, what string) {
	switch {
	case got && !want:
		d.add("%s does not exist, but has an id", what)
	case !got && want:
		d.add("%s is missing", what)
	}
}

func (d *differ) head() {
	got, err := d.got.Head(d.ctx)
	want, _ := d.want.Head(context.Background()) // it cannot fail: it is not cancelled
	if d.failed(err, "Head") {
		return
	}
	same(d, got.Network, want.Network, "Head: network")
	same(d, got.Asset, want.Asset, "Head: asset")
	same(d, got.Height, want.Height, "Head: height")
	same(d, got.Hash, want.Hash, "Head: hash")
	same(d, got.Time, want.Time, "Head: time")
	same(d, got.Partial, want.Partial, "Head: partial")
	if !want.Partial {
		same(d, got.Start, want.Start, "Head: start")
	}
	count := func(what string, got, want uint64) {
		if got != 0 {
			same(d, got, want, "Head: %s", what)
		}
	}
	count("blocks", got.Blocks, want.Blocks)
	count("transactions", got.Transactions, want.Transactions)
	count("inputs", got.Inputs, want.Inputs)
	count("outputs", got.Outputs, want.Outputs)
	count("addresses", got.Addresses, want.Addresses)
	dense(d, "transaction", d.txs.back, got.Transactions)
	dense(d, "address", d.people.back, got.Addresses)
}

// dense checks that ids lie below a count that the ledger stated.
func dense[ID ~uint64](d *differ, what string, ids []ID, count uint64) {
	for _, id := range ids {
		if count != 0 && id != ^ID(0) && uint64(id) >= count {
			d.add("Head: %s id %d is not below the count %d", what, id, count)
		}
	}
}

// describeBlocks compares Blocks. Their ids are known from Find and from the
// transactions in them.
func (d *differ) describeBlocks() {
	var ids []goshawk.BlockID
	var wants []goshawk.BlockInfo
	for i := range d.want.blocks {
		if i < len(d.blocks.back) && d.blocks.back[i] != goshawk.NoBlock {
			ids, wants = append(ids, d.blocks.back[i]), append(wants, d.want.blocks[i])
		}
	}
	slices.Reverse(ids)
	slices.Reverse(wants)
	gots, err := d.got.Blocks(d.ctx, ids)
	if d.failed(err, "Blocks") {
		return
	}
	if len(gots) != len(wants) {
		d.add("Blocks: %d, not %d", len(gots), len(wants))
		return
	}
	for i, want := range wants {
		got := gots[i]
		what := fmt.Sprintf("Blocks: block %d", want.Height)
		same(d, got.ID, ids[i], "%s: id", what)
		same(d, got.Hash, want.Hash, "%s: hash", what)
		same(d, got.Parent, want.Parent, "%s: parent", what)
		same(d, got.Height, want.Height, "%s: height", what)
		same(d, got.Time, want.Time, "%s: time", what)
		sameID(d, d.txs.of(got.FirstTx), want.FirstTx, d.tx, "%s: first transaction", what)
		same(d, got.TxCount, want.TxCount, "%s: number of transactions", what)
		if !bytes.Equal(got.Header, want.Header) {
			d.add("%s: header %x, not %x", what, got.Header, want.Header)
		}
	}
}

// outputs compares Outputs.
func (d *differ) outputs() {
	var ids []goshawk.OutputID
	for i := range d.want.coins {
		if i < len(d.coins.back) && d.coins.back[i] != goshawk.NoOutput {
			ids = append(ids, d.coins.back[i])
		}
	}
	slices.Reverse(ids)
	gots, err := d.got.Outputs(d.ctx, ids)
	if d.failed(err, "Outputs") {
		return
	}
	if len(gots) != len(ids) {
		d.add("Outputs: %d, not %d", len(gots), len(ids))
		return
	}
	for i, got := range gots {
		want := d.want.coins[d.coins.of(ids[i])]
		what := "Outputs: " + d.coin(want.ID)
		sameID(d, d.coins.of(got.ID), want.ID, d.coin, "%s: id", what)
		sameID(d, d.txs.of(got.Tx), want.Tx, d.tx, "%s: transaction", what)
		same(d, got.Index, want.Index, "%s: index", what)
		same(d, got.Height, want.Height, "%s: height", what)
		same(d, got.Kind, want.Kind, "%s: kind", what)
		d.output(what, got.Output, want.Output, false)
	}
}

// output compares what Outputs and Transactions both tell of an output.
func (d *differ) output(what string, got, want goshawk.Output, later bool) {
	same(d, got.Value, want.Value, "%s: value", what)
	sameID(d, d.people.of(got.Address), want.Address, d.person, "%s: address", what)
	same(d, got.ByKey, want.ByKey, "%s: paid to the key itself", what)
	if later && got.Spender == goshawk.Later {
		return
	}
	sameID(d, d.txs.of(got.Spender), want.Spender, d.tx, "%s: spender", what)
}

// describeAddresses compares Addresses, with totals and without.
func (d *differ) describeAddresses() {
	ids := slices.Clone(d.people.back)
	slices.Reverse(ids)
	for _, want := range []goshawk.Want{0, goshawk.WantTotals} {
		gots, err := d.got.Addresses(d.ctx, ids, want)
		if d.failed(err, "Addresses") {
			return
		}
		if len(gots) != len(ids) {
			d.add("Addresses: %d, not %d", len(gots), len(ids))
			return
		}
		for i, got := range gots {
			d.address(got, d.want.addresses[d.people.of(ids[i])], want&goshawk.WantTotals != 0)
		}
	}
}

func (d *differ) address(got, want goshawk.Address, totals bool) {
	what := "Addresses: " + d.person(want.ID)
	sameID(d, d.people.of(got.ID), want.ID, d.person, "%s: id", what)
	same(d, got.Text, want.Text, "%s: text", what)
	same(d, got.Kind, want.Kind, "%s: kind", what)
	if !bytes.Equal(got.Payload, want.Payload) {
		d.add("%s: payload %x, not %x", what, got.Payload, want.Payload)
	}
	if !totals {
		return
	}
	d.want.total(&want)
	same(d, got.Transactions, want.Transactions, "%s: transactions", what)
	same(d, got.Received.String(), want.Received.String(), "%s: received", what)
	same(d, got.Received.Asset, want.Received.Asset, "%s: asset received", what)
	same(d, got.Spent.String(), want.Spent.String(), "%s: spent", what)
	same(d, got.Spent.Asset, want.Spent.Asset, "%s: asset spent", what)
	same(d, got.Outputs, want.Outputs, "%s: outputs", what)
	same(d, got.Spends, want.Spends, "%s: spends", what)
	same(d, got.Unresolved, want.Unresolved, "%s: unresolved spends", what)
	sameID(d, d.txs.of(got.First), want.First, d.tx, "%s: first transaction", what)
	sameID(d, d.txs.of(got.Last), want.Last, d.tx, "%s: last transaction", what)
}

// ranges compares Find's time ranges: every transaction in the times lies in
// what is found, and nothing is outside the chain.
func (d *differ) ranges() {
	times := []int64{0, 1 << 31}
	for i := range d.want.blocks {
		if i%(1+len(d.want.blocks)/6) == 0 {
			times = append(times, d.want.blocks[i].Time)
		}
	}
	at := func(i int) time.Time {
		if i < 0 {
			return time.Time{}
		}
		return time.Unix(times[i], 0)
	}
	for i := -1; i < len(times); i++ {
		for k := -1; k < len(times); k++ {
			if i < 0 && k < 0 || i >= 0 && k >= 0 && times[i] > times[k] {
				continue
			}
			d.between(at(i), at(k))
		}
	}
}

func (d *differ) between(since, until time.Time) {
	what := fmt.Sprintf("Find: from %v to %v", since.UTC().Format(time.RFC3339), until.UTC().Format(time.RFC3339))
	got, err := d.got.Find(d.ctx, goshawk.Names{Since: since, Until: until})
	if d.failed(err, "%s", what) {
		return
	}
	for i := range d.want.txs {
		t := &d.want.txs[i]
		id := d.txs.back[i]
		at := time.Unix(t.Time, 0)
		if in := !at.Before(since) && (until.IsZero() || !at.After(until)); in && (id < got.First || id >= got.End) {
			d.add("%s: %s is not in the range found", what, d.tx(t.ID))
			return
		}
	}
	if n := len(d.txs.back); n > 0 && got.First < got.End && (got.First < d.txs.back[0] || got.End > d.txs.back[n-1]+1) {
		d.add("%s: the range found reaches beyond the chain", what)
	}
}

// unknown asks for ids that name nothing.
func (d *differ) unknown() {
	refused := func(what string, err error) {
		if goshawk.CodeOf(err) != goshawk.NotFound {
			d.add("%s: an unknown id is not NotFound but %v", what, err)
		}
	}
	head, err := d.got.Head(d.ctx)
	if d.failed(err, "Head") {
		return
	}
	for _, offset := range []uint64{0, 1, 1 << 33} {
		beyond := func(count uint64) uint64 {
			if count == 0 { // nobody can say
				return ^uint64(0) - offset%4
			}
			return count + offset
		}
		_, err = d.got.Blocks(d.ctx, []goshawk.BlockID{goshawk.BlockID(beyond(head.Blocks))})
		refused("Blocks", err)
		refused("Transactions", d.got.Transactions(d.ctx, []goshawk.TxID{goshawk.TxID(beyond(head.Transactions))}, 0, new(goshawk.Transactions)))
		_, err = d.got.Outputs(d.ctx, []goshawk.OutputID{goshawk.OutputID(beyond(head.Outputs))})
		refused("Outputs", err)
		_, err = d.got.Addresses(d.ctx, []goshawk.AddressID{goshawk.AddressID(beyond(head.Addresses))}, goshawk.WantTotals)
		refused("Addresses", err)
		_, err = d.got.History(d.ctx, goshawk.HistoryQuery{Address: goshawk.AddressID(beyond(head.Addresses))})
		refused("History", err)
	}
	_, err = d.got.Blocks(d.ctx, []goshawk.BlockID{goshawk.NoBlock})
	refused("Blocks", err)
	for _, id := range []goshawk.TxID{goshawk.NoTx, goshawk.Burnt, goshawk.Later} {
		refused("Transactions", d.got.Transactions(d.ctx, []goshawk.TxID{id}, goshawk.WantHashes, new(goshawk.Transactions)))
	}
	_, err = d.got.Outputs(d.ctx, []goshawk.OutputID{goshawk.NoOutput})
	refused("Outputs", err)
	_, err = d.got.Addresses(d.ctx, []goshawk.AddressID{goshawk.NoAddress}, 0)
	refused("Addresses", err)
	_, err = d.got.History(d.ctx, goshawk.HistoryQuery{Address: goshawk.NoAddress})
	refused("History", err)
}

// cancelled asks under a context that has ended.
func (d *differ) cancelled() {
	ctx, cancel := context.WithCancel(d.ctx)
	cancel()
	stopped := func(what string, err error) {
		if !errors.Is(err, context.Canceled) || goshawk.CodeOf(err) != goshawk.Interrupted {
			d.add("%s: a cancelled context gives %v", what, err)
		}
	}
	_, err := d.got.Head(ctx)
	stopped("Head", err)
	_, err = d.got.Find(ctx, goshawk.Names{Heights: []int32{0}})
	stopped("Find", err)
	if len(d.blocks.back) > 0 {
		_, err = d.got.Blocks(ctx, d.blocks.back[:1])
		stopped("Blocks", err)
	}
	if len(d.txs.back) > 0 {
		stopped("Transactions", d.got.Transactions(ctx, d.txs.back[:1], 0, new(goshawk.Transactions)))
	}
	if len(d.coins.back) > 0 {
		_, err = d.got.Outputs(ctx, d.coins.back[:1])
		stopped("Outputs", err)
	}
	if len(d.people.back) > 0 {
		_, err = d.got.Addresses(ctx, d.people.back[:1], 0)
		stopped("Addresses", err)
		_, err = d.got.History(ctx, goshawk.HistoryQuery{Address: d.people.back[0]})
		stopped("History", err)
	}
}
