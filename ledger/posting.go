package ledger

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
	"sort"

	"goshawk"
	"goshawk/internal/disk"
)

// A run is an immutable map from keys to ordered lists of values, for a stretch
// of the chain: an address's transactions, or the addresses linked under an
// address. Runs cover stretches that follow each other, so that the lists of a
// key in run after run are one ordered list. They are merged as they gather.
//
// Layout: header; for each page of 256 keys the number of keys before it; for
// each key its low byte; for each key the number of values before it; the
// values, five bytes each; and the sums of the long lists, so that an address
// with a million transactions answers as fast as one with ten.

// posting is one value of a key. For histories the value is the transaction
// shifted by two and what the address did in it.
type posting struct{ key, value uint64 }

const (
	didReceive = 1
	didSpend   = 2
)

const (
	runMagic  = "gosrn\x00\x00\x01"
	runHeader = 64
	sumSize   = 64
	// Lists at least this long carry their sums; shorter ones are added up from
	// their transactions in the time a page takes to find.
	longList = 16
)

// sums are an address's totals over a list. Values are 64 bits wide; what an
// address turns over in its life may be more.
type sums struct {
	received, spent wide
	outputs, spends uint64
	unresolved      uint64 // of the spends, those whose value is unknown and not in spent
}

func (s *sums) add(t sums) {
	s.received.add(t.received)
	s.spent.add(t.spent)
	s.outputs += t.outputs
	s.spends += t.spends
	s.unresolved += t.unresolved
}

// wide is a 128-bit sum.
type wide struct{ lo, hi uint64 }

func (w *wide) add(v wide) {
	var carry uint64
	w.lo, carry = bits.Add64(w.lo, v.lo, 0)
	w.hi, _ = bits.Add64(w.hi, v.hi, carry)
}

func (w wide) units() goshawk.Units { return goshawk.Units{w.lo, w.hi} }

type run struct {
	file   *mapped
	keys   uint64
	values uint64
	page   region // five bytes a page and one more: keys before it
	low    region
	start  region // five bytes a key and one more: values before it
	value  region
	sum    region
}

// runShape places a run's sections.
type runShape struct{ pages, keys, values, sums uint64 }

func (s runShape) offsets() (page, low, start, value, sum, end uint64) {
	page = runHeader
	low = page + (s.pages+1)*5
	start = low + s.keys
	value = start + (s.keys+1)*5
	sum = value + s.values*5
	end = sum + s.sums*sumSize
	return
}

func openRun(f *mapped) (*run, error) { return parseRun(f, f.body) }

func parseRun(f *mapped, body region) (_ *run, err error) {
	defer guard(&err)()
	if body.size() < runHeader || string(body.get(0, 8)) != runMagic {
		return nil, f.damaged("it is not a run of postings")
	}
	data := body.get(0, runHeader)
	var s runShape
	s.pages = binary.LittleEndian.Uint64(data[8:])
	s.keys = binary.LittleEndian.Uint64(data[16:])
	s.values = binary.LittleEndian.Uint64(data[24:])
	s.sums = binary.LittleEndian.Uint64(data[32:])
	for _, n := range []uint64{s.pages, s.keys, s.values, s.sums} {
		if n > body.size() {
			return nil, f.damaged("its header claims more than it holds")
		}
	}
	page, low, start, value, sum, end := s.offsets()
	if end != body.size() {
		return nil, f.damaged("its length does not fit its header")
	}
	return &run{file: f, keys: s.keys, values: s.values, page: body.part(page, low), low: body.part(low, start),
		start: body.part(start, value), value: body.part(value, sum), sum: body.part(sum, end)}, nil
}

// list returns the range of a key's values.
func (r *run) list(key uint64) (from, to uint64) {
	p := key >> 8
	if (p+2)*5 > r.page.size() {
		return 0, 0
	}
	page := r.page.get(p*5, p*5+10)
	a := get40(page)
	i := bytes.IndexByte(r.low.get(a, get40(page[5:])), byte(key))
	if i < 0 {
		return 0, 0
	}
	start := r.start.get((a+uint64(i))*5, (a+uint64(i))*5+10)
	return get40(start), get40(start[5:])
}

func (r *run) at(i uint64) uint64 { return get40(r.value.get(i*5, i*5+5)) }

// sums returns a long list's sums.
func (r *run) sums(key uint64) (sums, bool) {
	row := func(i int) []byte { return r.sum.get(uint64(i)*sumSize, uint64(i+1)*sumSize) }
	n := int(r.sum.size() / sumSize)
	i := sort.Search(n, func(i int) bool { return binary.LittleEndian.Uint64(row(i)) >= key })
	if i == n || binary.LittleEndian.Uint64(row(i)) != key {
		return sums{}, false
	}
	word := func(k int) uint64 { return binary.LittleEndian.Uint64(row(i)[8*k:]) }
	return sums{wide{word(1), word(2)}, wide{word(3), word(4)}, word(5), word(6), word(7)}, true
}

// search returns the first place in [from, to) whose value is at least want.
func (r *run) search(from, to, want uint64) uint64 {
	return from + uint64(sort.Search(int(to-from), func(i int) bool { return r.at(from+uint64(i)) >= want }))
}

// runKeys walks the keys of a run in order.
type runKeys struct {
	r        *run
	i        uint64 // key number
	page     uint64
	key      uint64 // key i, if there is one
	from, to uint64 // its values
}

// load finds key i. The run must have been verified.
func (k *runKeys) load() bool {
	if k.i >= k.r.keys {
		return false
	}
	for get40(k.r.page.data[(k.page+1)*5:]) <= k.i {
		k.page++
	}
	k.key = k.page<<8 | uint64(k.r.low.data[k.i])
	k.from, k.to = k.to, get40(k.r.start.data[k.i*5+5:])
	return true
}

// addUp computes the sums of a list of values of a key.
type addUp func(key uint64, values []uint64) sums

// runWriter writes a run whose keys come in order.
type runWriter struct {
	w                       *fileWriter
	base                    uint64
	shape                   runShape
	page, low, start, value *section
	sum                     []byte
	keys, values, pages     uint64
}

// newRunWriter writes a run at offset base of a file.
func newRunWriter(w *fileWriter, base uint64, shape runShape) *runWriter {
	page, low, start, value, _, _ := shape.offsets()
	return &runWriter{w: w, base: base, shape: shape, page: w.section(base + page), low: w.section(base + low),
		start: w.section(base + start), value: w.section(base + value)}
}

func (w *runWriter) key(key uint64) {
	for w.pages <= key>>8 {
		w.page.put40(w.keys)
		w.pages++
	}
	w.low.put8(byte(key))
	w.start.put40(w.values)
	w.keys++
}

func (w *runWriter) put(value uint64) {
	w.value.put40(value)
	w.values++
}

func (w *runWriter) putSums(key uint64, s sums) {
	for _, v := range []uint64{key, s.received.lo, s.received.hi, s.spent.lo, s.spent.hi, s.outputs, s.spends, s.unresolved} {
		w.sum = binary.LittleEndian.AppendUint64(w.sum, v)
	}
}

// finish writes what is left and returns the run's size.
func (w *runWriter) finish() uint64 {
	for w.pages <= w.shape.pages {
		w.page.put40(w.keys)
		w.pages++
	}
	w.start.put40(w.values)
	w.shape.sums = uint64(len(w.sum) / sumSize)
	_, _, _, _, sumAt, end := w.shape.offsets()
	header := make([]byte, runHeader)
	copy(header, runMagic)
	binary.LittleEndian.PutUint64(header[8:], w.shape.pages)
	binary.LittleEndian.PutUint64(header[16:], w.shape.keys)
	binary.LittleEndian.PutUint64(header[24:], w.shape.values)
	binary.LittleEndian.PutUint64(header[32:], w.shape.sums)
	front, back := w.w.section(w.base), w.w.section(w.base+sumAt)
	front.write(header)
	back.write(w.sum)
	for _, s := range []*section{front, w.page, w.low, w.start, w.value, back} {
		s.flush()
	}
	return end
}

// writeRun writes sorted postings; values of one key that name the same thing
// (equal but for their flags) become one. It returns the run's size.
func writeRun(w *fileWriter, base uint64, sorted []posting, flags uint, add addUp) uint64 {
	var shape runShape
	for i := range sorted {
		if i == 0 || sorted[i].key != sorted[i-1].key {
			shape.keys++
			shape.values++
		} else if sorted[i].value>>flags != sorted[i-1].value>>flags {
			shape.values++
		}
	}
	if n := len(sorted); n > 0 {
		shape.pages = sorted[n-1].key>>8 + 1
	}
	rw := newRunWriter(w, base, shape)
	var values []uint64
	for i := 0; i < len(sorted); {
		key := sorted[i].key
		values = values[:0]
		for ; i < len(sorted) && sorted[i].key == key; i++ {
			v := sorted[i].value
			if n := len(values); n > 0 && values[n-1]>>flags == v>>flags {
				values[n-1] |= v
				continue
			}
			values = append(values, v)
		}
		rw.key(key)
		for _, v := range values {
			rw.put(v)
		}
		if add != nil && len(values) >= longList {
			rw.putSums(key, add(key, values))
		}
	}
	return rw.finish()
}

// newRun makes a run of sorted postings, in memory.
func newRun(sorted []posting, flags uint, add addUp) (*run, error) {
	var m disk.Memory
	w := &fileWriter{f: &m}
	size := writeRun(w, 0, sorted, flags, add)
	if w.err != nil {
		return nil, w.err
	}
	return parseRun(&mapped{}, region{data: m[:size]})
}

// mergeRuns writes the union of runs, for every key the values of older runs
// before those of younger ones.
func mergeRuns(w *fileWriter, add addUp, runs []*run) error {
	for _, r := range runs {
		for _, part := range []*region{&r.page, &r.low, &r.start, &r.value, &r.sum} {
			part.verify()
		}
	}
	shape := runShape{keys: countKeys(runs)}
	var walks []*runKeys // those with keys left
	for _, r := range runs {
		shape.values += r.values
		shape.pages = max(shape.pages, r.page.size()/5-1)
		if k := (&runKeys{r: r}); k.load() {
			walks = append(walks, k)
		}
	}
	rw := newRunWriter(w, 0, shape)
	var values []uint64
	for len(walks) > 0 {
		key := walks[0].key
		for _, k := range walks[1:] {
			key = min(key, k.key)
		}
		rw.key(key)
		n := uint64(0)
		for _, k := range walks {
			if k.key == key {
				rw.value.write(k.r.value.data[k.from*5 : k.to*5])
				n += k.to - k.from
			}
		}
		rw.values += n
		if add != nil && n >= longList {
			var total sums
			for _, k := range walks {
				if k.key != key {
					continue
				}
				s, ok := k.r.sums(key)
				if !ok {
					values = values[:0]
					for i := k.from; i < k.to; i++ {
						values = append(values, k.r.at(i))
					}
					s = add(key, values)
				}
				total.add(s)
			}
			rw.putSums(key, total)
		}
		left := walks[:0]
		for _, k := range walks {
			if k.key == key {
				k.i++
				if !k.load() {
					continue
				}
			}
			left = append(left, k)
		}
		walks = left
	}
	return w.finish(rw.finish())
}

// countKeys returns how many keys runs have together.
func countKeys(runs []*run) (n uint64) {
	for p := uint64(0); ; p++ {
		var seen [4]uint64 // the low bytes of a page's keys
		more := false
		for _, r := range runs {
			if (p+2)*5 > r.page.size() {
				continue
			}
			more = true
			for _, b := range r.low.data[get40(r.page.data[p*5:]):get40(r.page.data[p*5+5:])] {
				seen[b>>6] |= 1 << (b & 63)
			}
		}
		if !more {
			return n
		}
		for _, w := range seen {
			n += uint64(bits.OnesCount64(w))
		}
	}
}

// sortMemory is what sorting postings takes, kept from time to time.
type sortMemory struct{ a, b []posting }

// sort returns postings by key, each key's in the order that they had. What it
// returns is valid until the next call.
func (m *sortMemory) sort(p []posting) []posting {
	m.a = append(m.a[:0], p...)
	return m.sorted()
}

// histories returns what transactions from first up to end did to addresses, as
// sort does.
func (m *sortMemory) histories(v *view, first, end uint64) []posting {
	m.a = m.a[:0]
	for tx := first; tx < end; tx++ {
		t := v.tx(tx)
		for outs := v.cols[colOutput].span(t.firstOutput, t.outputEnd); len(outs) > 0; outs = outs[18:] {
			m.a = append(m.a, posting{get40(outs[8:]) &^ byKeyBit, tx<<2 | didReceive})
		}
		for ins := v.cols[colInput].span(t.firstInput, t.inputEnd); len(ins) > 0; ins = ins[18:] {
			if a := get40(ins[13:]); a != none40 {
				m.a = append(m.a, posting{a, tx<<2 | didSpend})
			}
		}
	}
	return m.sorted()
}

func (m *sortMemory) sorted() []posting {
	m.b = slices.Grow(m.b[:0], len(m.a))
	return sortByKey(m.a, m.b, func(p *posting) uint64 { return p.key })
}

// sortByKey sorts and keeps the order of what has equal keys: a radix sort over
// as many digits as the largest key has. It uses scratch, which has the room,
// and returns one of the two.
func sortByKey[T any](p, scratch []T, key func(*T) uint64) []T {
	const digit = 11
	var most uint64
	for i := range p {
		most = max(most, key(&p[i]))
	}
	scratch = scratch[:len(p)]
	for shift := uint(0); shift == 0 || most>>shift > 0; shift += digit {
		var at [1 << digit]uint32
		for i := range p {
			at[key(&p[i])>>shift&(1<<digit-1)]++
		}
		sum := uint32(0)
		for i := range at {
			n := at[i]
			at[i] = sum
			sum += n
		}
		for i := range p {
			d := key(&p[i]) >> shift & (1<<digit - 1)
			scratch[at[d]] = p[i]
			at[d]++
		}
		p, scratch = scratch, p
	}
	return p
}
