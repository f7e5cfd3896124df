package ledgertest

import (
	"crypto/sha256"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
)

// MustChain reads a script with the Text codec and panics if it is wrong.
func MustChain(script string) *History {
	h, err := Parse(Text{}, script)
	if err != nil {
		panic("ledgertest: " + err.Error())
	}
	return h
}

// Parse reads a script; the package comment says how one is written. It returns
// Invalid with the line's number if the script is wrong.
func Parse(codec Codec, script string) (*History, error) {
	p := &parser{
		builder: builder{time: firstTime, h: &History{
			Codec: codec, txs: map[string]goshawk.Hash{}, names: map[goshawk.Hash]string{}, addresses: map[string]string{},
		}},
		coins: map[goshawk.Outpoint]uint64{},
	}
	for n, line := range strings.Split(script, "\n") {
		if line = strings.TrimSpace(uncomment(line)); line == "" {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "line %d, %q: %w", n+1, line, err)
		}
	}
	p.begin()
	p.close()
	return p.h, nil
}

// uncomment cuts a line at a # outside of quotes.
func uncomment(line string) string {
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case r == '#' && !quoted:
			return line[:i]
		}
	}
	return line
}

// parser is the state of Parse.
type parser struct {
	builder
	begun bool
	coins map[goshawk.Outpoint]uint64 // what every output is worth
}

// mostEmpty bounds the blocks that one line fills in.
const mostEmpty = 100_000

func (p *parser) line(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "partial":
		if p.begun || rest != "" {
			return fmt.Errorf("partial stands alone and before everything else")
		}
		p.h.Partial, p.begun = true, true
		return nil
	case "start":
		height, err := strconv.ParseInt(rest, 10, 32)
		if err != nil || p.begun || height < 1 {
			return fmt.Errorf("start is followed by a height above 0, and stands before everything else")
		}
		p.h.Start, p.next, p.begun = int32(height), int32(height), true
		return nil
	case "block":
		p.begin()
		return p.newBlock(rest)
	case "tx":
		p.begin()
		return p.newTx(rest)
	default:
		return fmt.Errorf("a line begins with block, tx, start or partial")
	}
}

// begin writes the genesis block, if the history has one.
func (p *parser) begin() {
	if p.begun {
		return
	}
	p.begun = true
	genesis := p.block(0, p.time)
	p.coinbase()
	genesis.Outs[0].Burnt = true
}

// close completes the current block: it needs at least a coinbase.
func (p *parser) close() {
	if len(p.h.Blocks) > 0 && len(p.current().Txs) == 0 {
		p.coinbase()
	}
}

// coinbase adds the coinbase that the script does not write.
func (p *parser) coinbase() {
	block := p.current()
	name := fmt.Sprintf("coinbase@%d", block.Height)
	if block.Height < 0 {
		name = fmt.Sprintf("coinbase@?%d", len(p.h.Blocks)-1)
	}
	to, _ := p.lock("miner") // a word without a form is always an address
	value := 50 * p.coin()
	output(block, to, value)
	hash := p.name(name)
	p.coins[goshawk.Outpoint{Tx: hash}] = value
	endTx(block, goshawk.BlockTx{Hash: hash, Version: 2, Coinbase: true})
}

func (p *parser) newBlock(rest string) error {
	height, at := p.next, p.time
	if p.h.Partial {
		height = -1
	}
	for _, word := range strings.Fields(rest) {
		if text, ok := strings.CutPrefix(word, "time="); ok {
			t, err := parseTime(text)
			if err != nil {
				return err
			}
			at = t
			continue
		}
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil || n < 0 || !p.h.Partial && int32(n) < p.next {
			return fmt.Errorf("%q is not a height to come", word)
		}
		height = int32(n)
	}
	if !p.h.Partial && height-p.next > mostEmpty {
		return fmt.Errorf("that is more than %d blocks away", mostEmpty)
	}
	p.close()
	for !p.h.Partial && p.next < height {
		p.block(p.next, p.time)
		p.coinbase()
		if !strings.Contains(rest, "time=") {
			at = p.time
		}
	}
	p.block(height, at)
	return nil
}

func parseTime(text string) (uint32, error) {
	if n, err := strconv.ParseUint(text, 10, 32); err == nil {
		return uint32(n), nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil && t.Unix() >= 0 && t.Unix() <= math.MaxUint32 {
			return uint32(t.Unix()), nil
		}
	}
	return 0, fmt.Errorf("%q is not a time between 1970 and 2106", text)
}

// txLine is a transaction line taken apart.
type txLine struct {
	name, same string
	tx         goshawk.BlockTx
	sequence   uint32
	inputs     []string
	outputs    []string
	fee        string
}

func splitTx(rest string) (l txLine, err error) {
	head, body, ok := strings.Cut(rest, ": ")
	if !ok {
		return l, fmt.Errorf("a transaction has a name, a colon and a space")
	}
	l.tx.Version, l.sequence = 2, 0xffffffff
	words := strings.Fields(head)
	if len(words) > 3 && words[1] == "same" && words[2] == "as" {
		l.same = words[3]
		words = slices.Delete(words, 1, 4)
	}
	if len(words) == 0 || strings.ContainsAny(words[0], ":=") {
		return l, fmt.Errorf("a transaction needs a name without colon")
	}
	l.name = words[0]
	for _, word := range words[1:] {
		setting, text, _ := strings.Cut(word, "=")
		n, err := strconv.ParseUint(text, 0, 32)
		if err != nil {
			return l, fmt.Errorf("%q is not a setting with a number", word)
		}
		switch setting {
		case "version":
			l.tx.Version = int32(uint32(n))
		case "locktime":
			l.tx.LockTime = uint32(n)
		case "sequence":
			l.sequence = uint32(n)
		case "weight":
			l.tx.Weight = uint32(n)
		default:
			return l, fmt.Errorf("there is no setting %q", setting)
		}
	}
	from, to, ok := strings.Cut(body, "->")
	if !ok {
		return l, fmt.Errorf("a transaction has inputs, an arrow and outputs")
	}
	l.inputs, l.outputs = commas(from), commas(to)
	last := &l.outputs[len(l.outputs)-1]
	if at := strings.LastIndex(*last, " fee "); at > 0 && !strings.Contains((*last)[at:], `"`) {
		l.fee = strings.TrimSpace((*last)[at+len(" fee "):])
		*last = strings.TrimSpace((*last)[:at])
	}
	return l, nil
}

// commas splits a list, but not inside quotes.
func commas(list string) []string {
	quoted := false
	parts := strings.FieldsFunc(list, func(r rune) bool {
		if r == '"' {
			quoted = !quoted
		}
		return r == ',' && !quoted
	})
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	if len(parts) == 0 {
		return []string{""}
	}
	return parts
}

func (p *parser) newTx(rest string) error {
	l, err := splitTx(rest)
	if err != nil {
		return err
	}
	if _, known := p.h.txs[l.name]; known {
		return fmt.Errorf("there is a transaction %q already", l.name)
	}
	first := strings.Fields(l.inputs[0])
	mint := len(first) > 0 && first[0] == "mint"
	if len(p.h.Blocks) == 0 || mint && len(p.current().Txs) > 0 {
		if err := p.newBlock(""); err != nil {
			return err
		}
	}
	if !mint && len(p.current().Txs) == 0 {
		p.coinbase()
	}
	block := p.current()
	in, known := uint64(0), true // whether all inputs' values are
	if mint {
		l.tx.Coinbase = true
		if len(l.inputs) > 1 || len(first) > 2 {
			return fmt.Errorf("a coinbase has no other input")
		}
		if known = len(first) == 2; known {
			if in, err = p.amount(first[1]); err != nil {
				return err
			}
		}
	} else {
		for _, text := range l.inputs {
			value, ok, err := p.input(block, text, l.sequence)
			if err != nil {
				return err
			}
			sum, carry := bits.Add64(in, value, 0)
			if carry != 0 {
				return fmt.Errorf("the inputs are worth more than 64 bits hold")
			}
			in, known = sum, known && ok
		}
	}
	values, err := p.outputs(block, l, in, known)
	if err != nil {
		return err
	}
	if l.same != "" {
		hash, ok := p.h.txs[l.same]
		if !ok {
			return fmt.Errorf("there is no transaction %q", l.same)
		}
		p.h.txs[l.name], l.tx.Hash = hash, hash
	} else {
		l.tx.Hash = p.name(l.name)
	}
	for i, value := range values {
		p.coins[goshawk.Outpoint{Tx: l.tx.Hash, Index: uint32(i)}] = value
	}
	endTx(block, l.tx)
	return nil
}

// input adds an input. It returns the coin's value, if it is known.
func (p *parser) input(block *goshawk.Block, text string, sequence uint32) (value uint64, known bool, err error) {
	in := goshawk.BlockInput{Sequence: sequence, Height: -1}
	words := strings.Fields(text)
	if len(words) == 0 {
		return 0, false, fmt.Errorf("an input is missing")
	}
	foreign := func(word string) error { // a coin from outside the history
		unique := fmt.Sprintf("outside %d %d", len(p.h.Blocks), len(block.Ins))
		in.Prev = goshawk.Outpoint{Tx: sha256.Sum256([]byte(unique)), Index: uint32(len(block.Ins) % 3)}
		if word == "" {
			return nil
		}
		from, err := p.lock(word)
		in.Kind = from.kind
		in.KeyStart, in.KeyEnd = key(block, from.key)
		return err
	}
	switch {
	case words[0] == "unresolved" && len(words) <= 2 && p.h.Partial:
		word := strings.Join(words[1:], "")
		if word != "" {
			in.Known = goshawk.KeyKnown
		}
		err = foreign(word)
	case words[0] == "before" && (len(words) == 3 || len(words) == 4) && (p.h.Partial || p.h.Start > 0):
		if value, err = p.amount(words[2]); err != nil {
			return 0, false, err
		}
		if len(words) == 4 {
			height, err := strconv.ParseInt(words[3], 10, 32)
			if err != nil || height < 0 {
				return 0, false, fmt.Errorf("%q is not a height", words[3])
			}
			in.Height = int32(height)
		}
		in.Known, in.Value, known = goshawk.CoinKnown, value, true
		err = foreign(words[1])
	case len(words) == 1 && strings.Contains(text, ":"):
		name, digits, _ := strings.Cut(text, ":")
		index, parseErr := strconv.ParseUint(digits, 10, 32)
		hash, named := p.h.txs[name]
		if parseErr != nil || !named {
			return 0, false, fmt.Errorf("there is no output %q", text)
		}
		in.Prev = goshawk.Outpoint{Tx: hash, Index: uint32(index)}
		if value, known = p.coins[in.Prev]; !known {
			return 0, false, fmt.Errorf("there is no output %q", text)
		}
	default:
		return 0, false, fmt.Errorf("%q is no input of this history", text)
	}
	block.Ins = append(block.Ins, in)
	return value, known, err
}

// outputs adds the outputs and returns their values.
func (p *parser) outputs(block *goshawk.Block, l txLine, in uint64, known bool) ([]uint64, error) {
	values := make([]uint64, len(l.outputs))
	locks := make([]lock, len(l.outputs))
	rest, sum := -1, uint64(0)
	add := func(text string) (value uint64, err error) {
		if value, err = p.amount(text); err != nil {
			return 0, err
		}
		var carry uint64
		if sum, carry = bits.Add64(sum, value, 0); carry != 0 {
			err = fmt.Errorf("the outputs are worth more than 64 bits hold")
		}
		return value, err
	}
	for i, text := range l.outputs {
		to, amount, err := p.target(text)
		if err != nil {
			return nil, err
		}
		locks[i] = to
		switch {
		case amount != "":
			if values[i], err = add(amount); err != nil {
				return nil, err
			}
		case to.kind == goshawk.NullData:
		case rest < 0:
			rest = i
		default:
			return nil, fmt.Errorf("two outputs lack their amount")
		}
	}
	if l.fee != "" {
		if _, err := add(l.fee); err != nil {
			return nil, err
		}
	}
	switch {
	case !known && rest >= 0:
		return nil, fmt.Errorf("what the inputs are worth is not known, so every output needs an amount")
	case known && sum > in:
		return nil, fmt.Errorf("outputs and fee of %d are more than the inputs of %d", sum, in)
	case rest >= 0:
		values[rest] = in - sum
	case known && l.fee != "" && sum != in:
		return nil, fmt.Errorf("outputs and fee of %d are not the inputs of %d", sum, in)
	}
	for i := range locks {
		output(block, locks[i], values[i])
	}
	return values, nil
}

// target takes an output apart.
func (p *parser) target(text string) (to lock, amount string, err error) {
	if rest, ok := strings.CutPrefix(text, `data "`); ok {
		content, amount, ok := strings.Cut(rest, `"`)
		if !ok || len(content) > 255 {
			return lock{}, "", fmt.Errorf("data is followed by at most 255 bytes in quotes")
		}
		return data(content), strings.TrimSpace(amount), nil
	}
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 {
		return lock{}, "", fmt.Errorf("%q is not an address and an amount", text)
	}
	to, err = p.lock(words[0])
	return to, strings.Join(words[1:], ""), err
}

// lock returns the script that a word stands for, and notes its address.
func (p *parser) lock(word string) (lock, error) {
	name, form, _ := strings.Cut(word, "/")
	to, ok := lockNamed(name, form)
	if !ok || name == "" {
		return lock{}, fmt.Errorf("%q is not an address", word)
	}
	p.h.addresses[word] = p.h.Codec.FormatAddress(to.kind, to.key)
	return to, nil
}

// name gives a transaction its hash.
func (p *parser) name(name string) goshawk.Hash {
	hash := goshawk.Hash(sha256.Sum256([]byte("tx " + name)))
	p.h.txs[name], p.h.names[hash] = hash, name
	return hash
}

// coin is how many units a coin has.
func (p *parser) coin() uint64 {
	units := uint64(1)
	for range p.h.Codec.Asset().Decimals {
		units *= 10
	}
	return units
}

// amount reads a number of coins, or of units with "sat" behind it.
func (p *parser) amount(text string) (uint64, error) {
	wrong := fmt.Errorf("%q is not an amount", text)
	if units, ok := strings.CutSuffix(text, "sat"); ok {
		n, err := strconv.ParseUint(units, 10, 64)
		if err != nil {
			return 0, wrong
		}
		return n, nil
	}
	whole, fraction, _ := strings.Cut(text, ".")
	decimals := int(p.h.Codec.Asset().Decimals)
	if len(fraction) > decimals || whole+fraction == "" {
		return 0, wrong
	}
	n, err := strconv.ParseUint(whole+fraction+strings.Repeat("0", decimals-len(fraction)), 10, 64)
	if err != nil {
		return 0, wrong
	}
	return n, nil
}
