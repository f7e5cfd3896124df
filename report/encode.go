package report

import (
	"encoding/hex"
	"io"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"goshawk"
)

// encoder writes JSON piece by piece, so that an answer with half a million
// ends needs no more memory than its longest line. It lays out "broken"
// containers with one item on each line and all others on one line, so that
// answers can be read and compared by line.
type encoder struct {
	w     io.Writer
	buf   []byte
	err   error
	stack []level
	after bool // a key was written: the next value follows it
}

type level struct {
	closing byte
	broken  bool
	items   int
}

func newEncoder(w io.Writer) *encoder { return &encoder{w: w, buf: make([]byte, 0, 1<<16)} }

// finish closes the last line and returns the first error.
func (e *encoder) finish() error {
	e.buf = append(e.buf, '\n')
	e.flush()
	return e.err
}

func (e *encoder) flush() {
	if e.err == nil && len(e.buf) > 0 {
		_, e.err = e.w.Write(e.buf)
	}
	e.buf = e.buf[:0]
}

// item prepares the place of the next key or value.
func (e *encoder) item() {
	if e.after {
		e.after = false
		return
	}
	if len(e.stack) == 0 {
		return
	}
	top := &e.stack[len(e.stack)-1]
	if top.items > 0 {
		e.buf = append(e.buf, ',')
	}
	top.items++
	if top.broken {
		if len(e.buf) > 1<<15 {
			e.flush()
		}
		e.newline(len(e.stack))
	} else if top.items > 1 {
		e.buf = append(e.buf, ' ')
	}
}

func (e *encoder) newline(depth int) {
	e.buf = append(e.buf, '\n')
	for range depth {
		e.buf = append(e.buf, ' ', ' ')
	}
}

func (e *encoder) open(opening, closing byte, broken bool) {
	e.item()
	e.buf = append(e.buf, opening)
	e.stack = append(e.stack, level{closing: closing, broken: broken})
}

func (e *encoder) object() { e.open('{', '}', false) }
func (e *encoder) lines()  { e.open('{', '}', true) } // an object with one key on each line
func (e *encoder) list()   { e.open('[', ']', true) } // an array with one value on each line
func (e *encoder) tuple()  { e.open('[', ']', false) }

// end closes the innermost container.
func (e *encoder) end() {
	top := e.stack[len(e.stack)-1]
	e.stack = e.stack[:len(e.stack)-1]
	if top.broken && top.items > 0 {
		e.newline(len(e.stack))
	}
	e.buf = append(e.buf, top.closing)
}

func (e *encoder) key(name string) *encoder {
	e.item()
	e.buf = append(e.buf, '"')
	e.buf = append(e.buf, name...)
	e.buf = append(e.buf, '"', ':', ' ')
	e.after = true
	return e
}

func (e *encoder) null() { e.item(); e.buf = append(e.buf, "null"...) }

func (e *encoder) bool(v bool) { e.item(); e.buf = strconv.AppendBool(e.buf, v) }

func (e *encoder) int(v int64) { e.item(); e.buf = strconv.AppendInt(e.buf, v, 10) }

func (e *encoder) uint(v uint64) { e.item(); e.buf = strconv.AppendUint(e.buf, v, 10) }

// index writes the number of an input or output.
func (e *encoder) index(n uint32) { e.uint(uint64(n)) }

func (e *encoder) hash(h goshawk.Hash) {
	e.item()
	e.buf = append(e.buf, '"')
	e.buf = hex.AppendEncode(e.buf, h[:])
	e.buf = append(e.buf, '"')
}

// units writes an amount as a decimal string of its smallest unit; nil as null.
func (e *encoder) units(u *goshawk.Units) {
	if u == nil {
		e.null()
		return
	}
	e.item()
	e.buf = append(e.buf, '"')
	if u.IsUint64() {
		e.buf = strconv.AppendUint(e.buf, u.Uint64(), 10)
	} else {
		e.buf = append(e.buf, u.Dec()...)
	}
	e.buf = append(e.buf, '"')
}

// time writes seconds since 1970 as RFC 3339; 0 as null.
func (e *encoder) time(unix int64) {
	if unix == 0 {
		e.null()
		return
	}
	e.item()
	e.buf = append(e.buf, '"')
	e.buf = time.Unix(unix, 0).UTC().AppendFormat(e.buf, time.RFC3339)
	e.buf = append(e.buf, '"')
}

// height writes a block's height; a negative one, not known, as null.
func (e *encoder) height(h int32) {
	if h < 0 {
		e.null()
		return
	}
	e.int(int64(h))
}

// text writes a string, or null where it is empty.
func (e *encoder) text(s string) {
	if s == "" {
		e.null()
		return
	}
	e.string(s)
}

// string writes a string exactly. Characters that could act on a terminal or
// hide what is there are written as escapes, which a reader of JSON undoes.
func (e *encoder) string(s string) {
	const digits = "0123456789abcdef"
	e.item()
	e.buf = append(e.buf, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			e.buf = append(e.buf, '\\', byte(r))
		case r == '\n':
			e.buf = append(e.buf, '\\', 'n')
		case r >= 0x20 && r < 0x7f:
			e.buf = append(e.buf, byte(r))
		case hostile(r):
			for _, unit := range utf16.AppendRune(nil, r) {
				e.buf = append(e.buf, '\\', 'u', digits[unit>>12], digits[unit>>8&15], digits[unit>>4&15], digits[unit&15])
			}
		default:
			e.buf = utf8.AppendRune(e.buf, r)
		}
	}
	e.buf = append(e.buf, '"')
}

// strings writes a list of strings on one line.
func (e *encoder) strings(list []string) {
	e.tuple()
	for _, s := range list {
		e.string(s)
	}
	e.end()
}

// optional writes what a pointer points to; nil as null.
func optional[T any](e *encoder, v *T, write func(T)) {
	if v == nil {
		e.null()
		return
	}
	write(*v)
}
