package evidence

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// replay is a ledger made of the raw transactions in a package: what is asked of it is computed
// from their bytes. It holds what it was given and nothing else: a coin whose spender is not in the
// package is unspent in it. It lacks histories and totals, which no trace asks for.
type replay struct {
	params    *bitcoin.Params
	head      goshawk.Head
	rows      []goshawk.Transaction
	inputs    []goshawk.Input
	outpoints []goshawk.Outpoint
	outputs   []goshawk.Output
	byHash    map[goshawk.Hash][]goshawk.TxID // in the order of the chain
	addresses []goshawk.Address
	byKey     map[string]goshawk.AddressID
	byText    map[string]goshawk.AddressID
	owners    []goshawk.TxID // of outputs, by ID
}

// chainFiles are the files about one chain, opened one after the other.
type chainFiles func(name string) (io.ReadCloser, error)

// mostCoins bounds the inputs and outputs that are held in memory.
const mostCoins = 20_000_000

// mostOutside bounds the coins of which only the ledger says what they are.
const mostOutside = 1_000_000

const mostLine = 9 << 20 // bytes: a block's largest transaction in hexadecimal, and its branch

// newReplay reads a chain's files and verifies every transaction: its ID, its way to its block's
// root, the block's proof of work, and that all stand in the order of the chain. What does not
// hold is a Corrupt error.
func newReplay(ctx context.Context, files chainFiles) (*replay, error) {
	var net Network
	if err := readJSON(files, "network.json", &net); err != nil {
		return nil, err
	}
	params, err := bitcoin.Lookup(net.Network)
	if err != nil {
		return nil, corrupt("network.json: %w", err)
	}
	r := &replay{params: params, byHash: map[goshawk.Hash][]goshawk.TxID{}, byKey: map[string]goshawk.AddressID{}, byText: map[string]goshawk.AddressID{}}
	blocks := map[goshawk.Hash]*replayBlock{}
	err = readLines(ctx, files, "blocks.jsonl", func(b *BlockLine) error {
		header, err := checkHeader(params, b)
		if err != nil {
			return err
		}
		if blocks[b.Hash] != nil {
			return corrupt("the block %s is there twice", b.Hash)
		}
		rb := &replayBlock{header: header, height: -1, id: goshawk.BlockID(len(blocks))}
		if b.Height != nil {
			rb.height = *b.Height
		}
		blocks[b.Hash] = rb
		return nil
	})
	if err != nil {
		return nil, err
	}
	told := map[spentCoin]*CoinLine{}
	err = readLines(ctx, files, "coins.jsonl", func(c *CoinLine) error {
		if len(told) >= mostOutside {
			return errTooMany()
		}
		told[spentCoin{c.Spender, goshawk.Outpoint{Tx: c.Tx, Index: c.Out}}] = c
		return nil
	})
	if err != nil {
		return nil, err
	}
	gone := []Overwritten{}
	err = readLines(ctx, files, "transactions.jsonl", func(t *TxLine) error {
		if len(r.rows) >= MostTransactions {
			return errTooMany()
		}
		b := blocks[t.Block]
		if b == nil {
			return corrupt("the block of transaction %s is missing", t.TxID)
		}
		if n := len(r.rows); n > 0 && b.height >= 0 && r.rows[n-1].Height >= 0 &&
			(b.height < r.rows[n-1].Height || b.height == r.rows[n-1].Height && t.Position <= r.rows[n-1].Position) {
			return corrupt("transaction %s is not in the order of the chain", t.TxID)
		}
		over := overwritten(params, b.height, t.Position)
		if over {
			gone = append(gone, Overwritten{t.TxID.String(), b.height})
		}
		return r.add(t, b, told, over)
	})
	if err != nil {
		return nil, err
	}
	// What the file says of the network is what the Python tracer goes by.
	want, err := network(params)
	if err != nil {
		return nil, err
	}
	want.Overwritten = gone
	if a, b := mustJSON(want), mustJSON(&net); string(a) != string(b) {
		return nil, corrupt("network.json is not what %s is", params.Name)
	}
	for c, line := range told {
		if err := r.contradicted(c.coin, line); err != nil {
			return nil, err
		}
	}
	r.head = goshawk.Head{Network: params.Name, Asset: params.Asset(), Height: -1, Blocks: uint64(len(blocks)), Transactions: uint64(len(r.rows)),
		Inputs: uint64(len(r.inputs)), Outputs: uint64(len(r.outputs)), Addresses: uint64(len(r.addresses))}
	return r, nil
}

// contradicted says whether a coin that is taken on trust is here, and is another than it is said to be. It can be
// here: in a ledger of single blocks a coin's block may follow the one that spends it.
func (r *replay) contradicted(coin goshawk.Outpoint, told *CoinLine) error {
	for _, id := range r.byHash[coin.Tx] {
		row := &r.rows[id]
		if coin.Index >= row.OutputEnd-row.FirstOutput {
			return corrupt("coins.jsonl: there is no output %s", coin)
		}
		o := &r.outputs[row.FirstOutput+coin.Index]
		if told.Value != nil && *told.Value != *decimal(o.Value) || told.Address != nil && o.Address != goshawk.NoAddress && *told.Address != written(&r.addresses[o.Address]) {
			return corrupt("coins.jsonl says of %s something else than its transaction does", coin)
		}
	}
	return nil
}

func mustJSON(v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	return text
}

type replayBlock struct {
	header *bitcoin.Header
	height int32
	id     goshawk.BlockID
}

type spentCoin struct {
	spender goshawk.Hash
	coin    goshawk.Outpoint
}

func checkHeader(p *bitcoin.Params, b *BlockLine) (*bitcoin.Header, error) {
	raw, err := hex.DecodeString(b.Header)
	if err != nil || len(raw) != bitcoin.HeaderSize {
		return nil, corrupt("the header of block %s is none", b.Hash)
	}
	h, err := bitcoin.DecodeHeader(raw)
	if err != nil || h.Hash != b.Hash {
		return nil, corrupt("the header of block %s is another block's", b.Hash)
	}
	if h.Hash == p.Genesis {
		return &h, nil
	}
	if err := p.CheckWork(&h); err != nil {
		return nil, corrupt("block %s has no proof of work: %w", b.Hash, err)
	}
	return &h, nil
}

// add takes a transaction in, behind all that came before it.
func (r *replay) add(t *TxLine, b *replayBlock, told map[spentCoin]*CoinLine, over bool) error {
	raw, err := hex.DecodeString(t.Raw)
	if err != nil {
		return corrupt("transaction %s is not written in hexadecimal", t.TxID)
	}
	tx, err := bitcoin.DecodeTx(raw)
	if err != nil {
		return corrupt("transaction %s: %w", t.TxID, err)
	}
	if tx.ID() != t.TxID {
		return corrupt("the bytes of %s are another transaction's", t.TxID)
	}
	if err := bitcoin.VerifyInclusion(tx, t.Branch, t.Position, b.header); err != nil {
		return err
	}
	id := goshawk.TxID(len(r.rows))
	row := goshawk.Transaction{ID: id, Block: b.id, Hash: t.TxID, Time: int64(b.header.Time), Height: b.height, Position: t.Position, Version: tx.Version,
		LockTime: tx.LockTime, Weight: uint32(tx.Weight()), Coinbase: tx.Coinbase(), FirstInput: uint32(len(r.inputs)), FirstOutput: uint32(len(r.outputs))}
	if !row.Coinbase {
		for i := range tx.Inputs {
			in, err := r.input(id, t.TxID, tx.Inputs[i].Prev, told)
			if err != nil {
				return err
			}
			r.inputs, r.outpoints = append(r.inputs, in), append(r.outpoints, tx.Inputs[i].Prev)
		}
	}
	first := row.Height == 0 && t.Position == 0 && b.header.Hash == r.params.Genesis
	for _, o := range tx.Outputs {
		kind, key, byKey, burnt := bitcoin.Classify(o.Script, nil)
		out := goshawk.Output{ID: goshawk.OutputID(len(r.outputs)), Value: o.Value, Address: r.address(kind, key), Spender: goshawk.NoTx, Kind: kind, ByKey: byKey}
		if burnt || first || over {
			out.Spender = goshawk.Burnt
		}
		r.outputs, r.owners = append(r.outputs, out), append(r.owners, id)
	}
	row.InputEnd, row.OutputEnd = uint32(len(r.inputs)), uint32(len(r.outputs))
	if len(r.inputs)+len(r.outputs) > mostCoins {
		return errTooMany()
	}
	r.rows = append(r.rows, row)
	r.byHash[t.TxID] = append(r.byHash[t.TxID], id)
	return nil
}

// input says what is known of a coin that a transaction spends, and notes that it is spent.
func (r *replay) input(spender goshawk.TxID, hash goshawk.Hash, prev goshawk.Outpoint, told map[spentCoin]*CoinLine) (goshawk.Input, error) {
	none := goshawk.Input{Spent: goshawk.NoOutput, Address: goshawk.NoAddress, Height: -1, Link: goshawk.Unresolved}
	if ids := r.byHash[prev.Tx]; len(ids) > 0 {
		from := &r.rows[ids[len(ids)-1]] // of two of one ID (BIP 30), the last one before
		if prev.Index >= from.OutputEnd-from.FirstOutput {
			return none, corrupt("transaction %s spends an output that %s does not have", hash, prev.Tx)
		}
		o := &r.outputs[from.FirstOutput+prev.Index]
		if o.Spender == goshawk.Burnt {
			return none, corrupt("transaction %s spends %s, which nobody can spend", hash, prev)
		}
		if o.Spender != goshawk.NoTx {
			return none, corrupt("%s is spent twice", prev)
		}
		o.Spender = spender
		return goshawk.Input{Spent: o.ID, Value: o.Value, Address: o.Address, Height: -1, Link: goshawk.Linked, Kind: o.Kind}, nil
	}
	c := told[spentCoin{hash, prev}]
	if c == nil {
		return none, nil
	}
	in := none
	if c.Address != nil {
		kind, key, err := r.parse(*c.Address)
		if err != nil {
			return none, corrupt("coins.jsonl: %w", err)
		}
		in.Address, in.Kind = r.address(kind, key), kind
	}
	if c.Height != nil {
		in.Height = *c.Height
	}
	if c.Value != nil {
		var u goshawk.Units
		if err := u.SetFromDecimal(*c.Value); err != nil || !u.IsUint64() {
			return none, corrupt("coins.jsonl: %q is no value", *c.Value)
		}
		in.Value, in.Link = u.Uint64(), goshawk.Before
	}
	return in, nil
}

// parse reads an address as a package writes it.
func (r *replay) parse(text string) (goshawk.Kind, []byte, error) {
	script, ok := strings.CutPrefix(text, scriptPrefix)
	if !ok {
		return r.params.ParseAddress(text)
	}
	raw, err := hex.DecodeString(script)
	if err != nil {
		return 0, nil, corrupt("a script is not written in hexadecimal")
	}
	kind, key, _, _ := bitcoin.Classify(raw, nil)
	return kind, key, nil
}

func (r *replay) address(kind goshawk.Kind, key []byte) goshawk.AddressID {
	name := string(rune(kind)) + string(key)
	id, ok := r.byKey[name]
	if !ok {
		id = goshawk.AddressID(len(r.addresses))
		r.byKey[name] = id
		a := goshawk.Address{ID: id, Text: r.params.FormatAddress(kind, key), Kind: kind, Payload: slices.Clone(key)}
		r.byText[written(&a)] = id
		r.addresses = append(r.addresses, a)
	}
	return id
}

func unknownID() error { return goshawk.Errorf(goshawk.NotFound, "there is no such ID") }

// Head implements goshawk.Ledger.
func (r *replay) Head(context.Context) (goshawk.Head, error) { return r.head, nil }

// Find implements goshawk.Ledger, for transactions.
func (r *replay) Find(_ context.Context, names goshawk.Names) (goshawk.Found, error) {
	f := goshawk.Found{Overwritten: map[goshawk.Hash][]goshawk.TxID{}}
	for _, h := range names.Transactions {
		id, ids := goshawk.NoTx, r.byHash[h]
		if n := len(ids); n > 0 {
			id = ids[n-1]
			f.Overwritten[h] = ids[:n-1]
		}
		f.Transactions = append(f.Transactions, id)
	}
	return f, nil
}

// Blocks implements goshawk.Ledger; no trace asks for it.
func (r *replay) Blocks(context.Context, []goshawk.BlockID) ([]goshawk.BlockInfo, error) {
	return nil, unknownID()
}

// Transactions implements goshawk.Ledger.
func (r *replay) Transactions(ctx context.Context, ids []goshawk.TxID, _ goshawk.Want, into *goshawk.Transactions) error {
	into.Reset()
	into.Asset = r.head.Asset
	for _, id := range ids {
		if uint64(id) >= uint64(len(r.rows)) {
			return unknownID()
		}
		if len(into.Rows)%batchSize == 0 && ctx.Err() != nil {
			return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
		}
		row := r.rows[id]
		in, out := r.inputs[row.FirstInput:row.InputEnd], r.outputs[row.FirstOutput:row.OutputEnd]
		points := r.outpoints[row.FirstInput:row.InputEnd]
		row.FirstInput, row.FirstOutput = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Inputs, into.Outputs, into.Outpoints = append(into.Inputs, in...), append(into.Outputs, out...), append(into.Outpoints, points...)
		row.InputEnd, row.OutputEnd = uint32(len(into.Inputs)), uint32(len(into.Outputs))
		into.Rows = append(into.Rows, row)
	}
	return nil
}

// Outputs implements goshawk.Ledger.
func (r *replay) Outputs(_ context.Context, ids []goshawk.OutputID) ([]goshawk.Coin, error) {
	coins := make([]goshawk.Coin, 0, len(ids))
	for _, id := range ids {
		if uint64(id) >= uint64(len(r.outputs)) {
			return nil, unknownID()
		}
		row := &r.rows[r.owners[id]]
		coins = append(coins, goshawk.Coin{Output: r.outputs[id], Tx: row.ID, Index: uint32(id) - row.FirstOutput, Height: row.Height})
	}
	return coins, nil
}

// Addresses implements goshawk.Ledger, without totals.
func (r *replay) Addresses(_ context.Context, ids []goshawk.AddressID, _ goshawk.Want) ([]goshawk.Address, error) {
	list := make([]goshawk.Address, 0, len(ids))
	for _, id := range ids {
		if uint64(id) >= uint64(len(r.addresses)) {
			return nil, unknownID()
		}
		list = append(list, r.addresses[id])
	}
	return list, nil
}

// History implements goshawk.Ledger; no trace asks for it.
func (r *replay) History(context.Context, goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	return goshawk.HistoryPage{}, unknownID()
}

// at is the ledger as it ended when a question was asked.
func (r *replay) at(p goshawk.TracePoint) *asOf {
	head := r.head
	head.Start, head.Height, head.Hash, head.Partial = p.Start, p.Height, p.Hash, p.Partial
	a := &asOf{Ledger: r, head: head, end: goshawk.TxID(len(r.rows))}
	if !p.Partial {
		for i := range r.rows {
			if r.rows[i].Height > p.Height {
				a.end = goshawk.TxID(i)
				break
			}
		}
	}
	a.head.Transactions = uint64(a.end)
	return a
}

func corrupt(format string, args ...any) error {
	return goshawk.Errorf(goshawk.Corrupt, format, args...)
}

// mostJSON bounds a file that is read whole.
const mostJSON = 64 << 20

func readJSON(files chainFiles, name string, into any) error {
	text, err := readSound(files, name)
	if err != nil {
		return err
	}
	if err := parse(text, into); err != nil {
		return corrupt("%s: %w", name, err)
	}
	return nil
}

// readSound reads a JSON file that every program reads the same way.
func readSound(files chainFiles, name string) ([]byte, error) {
	text, err := readAll(files, name)
	if err != nil {
		return nil, err
	}
	if err := sound(text); err != nil {
		return nil, corrupt("%s: %w", name, err)
	}
	return text, nil
}

// Bounds of one JSON file, of which a few bytes can be a large value in memory.
const (
	mostObjects = 1 << 19
	mostValues  = 1 << 23
	mostDeep    = 100
)

// sound says what is wrong with JSON that somebody may have made to be read in two ways, or to be large in memory.
// Of a key that is there twice some programs take the first, others the last; some tell capital letters from small ones.
func sound(text []byte) error {
	if bytes.Count(text, []byte("{")) > mostObjects || bytes.Count(text, []byte(",")) > mostValues {
		return corrupt("it has more values than a package needs")
	}
	type level struct {
		keys map[string]bool // of an object; nil in a list
		key  bool            // a key is next
	}
	var open []level
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return corrupt("it is not what it should be: %w", err)
		}
		n := len(open) - 1
		if key, is := token.(string); is && n >= 0 && open[n].key {
			if key = strings.ToLower(key); open[n].keys[key] {
				return corrupt("it has %q twice", clip(key))
			}
			open[n].keys[key], open[n].key = true, false
			continue
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			if len(open) >= mostDeep {
				return corrupt("it is nested too deep")
			}
			l := level{}
			if token == json.Delim('{') {
				l = level{map[string]bool{}, true}
			}
			open = append(open, l)
			continue
		case json.Delim('}'), json.Delim(']'):
			open = open[:n]
			n--
		}
		if n >= 0 && open[n].keys != nil {
			open[n].key = true
		}
	}
}

// parse reads JSON.
func parse(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return corrupt("it is not what it should be: %w", err)
	}
	return nil
}

func readAll(files chainFiles, name string) (text []byte, err error) {
	f, err := files(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, mostJSON+1))
	if err != nil {
		return nil, corrupt("%s cannot be read: %w", name, err)
	}
	if len(text) > mostJSON {
		return nil, corrupt("%s has more than %d bytes", name, mostJSON)
	}
	return text, nil
}

func readLines[T any](ctx context.Context, files chainFiles, name string, each func(*T) error) error {
	f, err := files(name)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, mostLine)
	for n := 1; s.Scan(); n++ {
		if n%64 == 0 && ctx.Err() != nil {
			return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
		}
		var line T
		err := sound(s.Bytes())
		if err == nil {
			err = parse(s.Bytes(), &line)
		}
		if err != nil {
			return corrupt("%s, line %d: %w", name, n, err)
		}
		if err := each(&line); err != nil {
			return err
		}
	}
	if err := s.Err(); err != nil {
		return corrupt("%s cannot be read: %w", name, err)
	}
	return nil
}
