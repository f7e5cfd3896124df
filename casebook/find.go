package casebook

import (
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Known is what somebody who knows the networks says of a word.
type Known struct {
	What     string   `json:"what"`               // address or wallet
	Networks []string `json:"networks,omitempty"` // that it may belong to, the likeliest first
	Text     string   `json:"text"`               // as the network writes it
	Checked  bool     `json:"checked"`            // its checksum is right
	Wrong    string   `json:"wrong,omitempty"`    // why it cannot be an address though it looks like one
}

// Found is something of interest in a text.
type Found struct {
	Known         // What may be transaction and coin too: 64 hexadecimal digits are all that is known of it
	As     string `json:"as,omitempty"` // as it stands in the text, where that is not Text
	Joined bool   `json:"joined"`       // it was broken by spaces or lines
	Times  int    `json:"times"`
	Before string `json:"before"` // what stands before the first of them
	After  string `json:"after"`  // and after it
}

// Limits of Find.
const (
	MostText  = 8 << 20 // bytes of a text; the rest is not looked at
	MostFound = 2_000   // different things in one text
)

// longestWord is the longest word that can be of interest; mostPieces into how many of them one may be broken.
const (
	longestWord = 130
	mostPieces  = 24
	mostTries   = 200_000 // whether pieces belong together, in one text
)

// Find looks for addresses, wallets' public keys and transactions in a text: pasted, or a file's bytes, in UTF-8
// or UTF-16. It sees through quoted-printable line breaks, invisible characters, and
// addresses that were broken by spaces or lines, where a checksum shows that the pieces belong together. know says
// what a word is; it is asked a number of times that grows with the text's length and with nothing else. more says
// that there was more of it than the limits allow.
func Find(text []byte, know func(word string) (Known, bool)) (list []Found, more bool) {
	if len(text) > MostText {
		text, more = text[:MostText], true
	}
	f := &finder{text: cleaned(text), know: know, at: map[string]int{}}
	f.words()
	for i := 0; i < len(f.spans); {
		i += f.look(i)
		if len(f.list) >= MostFound {
			return f.list, more || i < len(f.spans)
		}
	}
	return f.list, more || f.tries >= mostTries
}

type finder struct {
	text  string
	spans []wordSpan
	know  func(string) (Known, bool)
	list  []Found
	tries int
	at    map[string]int // in list
}

// wordSpan is a word of letters and digits: where it begins and ends.
type wordSpan struct{ from, to int }

func isWord(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// words finds the words.
func (f *finder) words() {
	for i := 0; i < len(f.text); {
		if !isWord(f.text[i]) {
			i++
			continue
		}
		from := i
		for i < len(f.text) && isWord(f.text[i]) {
			i++
		}
		f.spans = append(f.spans, wordSpan{from, i})
	}
}

// look looks at a word, and returns how many words it has taken.
func (f *finder) look(i int) int {
	s := f.spans[i]
	word := f.text[s.from:s.to]
	if len(word) == 64 && isHex(word) {
		k := Known{What: "transaction", Text: strings.ToLower(word)}
		// TXID:N is a coin.
		if i+1 < len(f.spans) && f.spans[i+1].from == s.to+1 && f.text[s.to] == ':' {
			n := f.spans[i+1]
			if index := f.text[n.from:n.to]; len(index) <= 6 && isNumber(index) {
				k.What, k.Text = "coin", k.Text+":"+index
				f.add(k, s.from, n.to, false)
				return 2
			}
		}
		f.add(k, s.from, s.to, false)
		return 1
	}
	known, ok := Known{}, false
	if len(word) <= longestWord {
		if known, ok = f.know(word); ok && known.Wrong == "" {
			f.add(known, s.from, s.to, false)
			return 1
		}
	}
	if n := f.join(i); n > 0 {
		return n
	}
	if ok {
		f.add(known, s.from, s.to, false)
	}
	return 1
}

// join tries whether a word and those behind it are the pieces of one that has a checksum.
func (f *finder) join(i int) int {
	var b strings.Builder
	first := f.spans[i]
	if f.tries >= mostTries || !mayBegin(f.text[first.from:first.to]) {
		return 0
	}
	for n := 0; n < mostPieces && i+n < len(f.spans); n++ {
		s := f.spans[i+n]
		if n > 0 && !isBreak(f.text[f.spans[i+n-1].to:s.from]) {
			return 0
		}
		if b.Len()+s.to-s.from > longestWord {
			return 0
		}
		b.WriteString(f.text[s.from:s.to])
		if n == 0 || b.Len() < 25 {
			continue
		}
		f.tries++
		if k, ok := f.know(b.String()); ok && k.Checked && k.Wrong == "" {
			f.add(k, first.from, s.to, true)
			return n + 1
		}
	}
	return 0
}

// mayBegin says whether a word may be the beginning of an address that was broken. It spares
// asking about every word of a text; those it lets pass still need a checksum.
func mayBegin(s string) bool {
	if len(s) < 2 || len(s) > 100 {
		return false
	}
	letters, digits := false, false
	for i := 0; i < len(s); i++ {
		if s[i] >= '0' && s[i] <= '9' {
			digits = true
		} else {
			letters = true
		}
	}
	if !digits && len(s) < 12 {
		// Pieces of words' length without a digit: ones with capitals inside may be Base58.
		return strings.ToLower(s[1:]) != s[1:] && strings.ToUpper(s) != s
	}
	return letters && digits || len(s) >= 12
}

// isBreak says whether what stands between two words may be a break within one: blanks of one
// kind, a line's end with what mail and printing put around it.
func isBreak(s string) bool {
	if len(s) == 0 || len(s) > 8 {
		return false
	}
	lines := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case ' ', '\t', '\r':
		case '\n':
			lines++
		case '-', '>', '|':
			if !strings.Contains(s, "\n") {
				return false
			}
		default:
			return false
		}
	}
	return lines <= 2
}

func isHex(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; !(c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F') {
			return false
		}
	}
	return true
}

func isNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s == "0" || s[0] != '0'
}

// around is how much of the text is shown before and after what was found.
const around = 60

func (f *finder) add(k Known, from, to int, joined bool) {
	key := k.What + "\n" + k.Text
	if i, ok := f.at[key]; ok {
		f.list[i].Times++
		return
	}
	found := Found{Known: k, Joined: joined, Times: 1, Before: oneLine(f.text[max(0, from-around):from]), After: oneLine(f.text[to:min(len(f.text), to+around)])}
	if as := f.text[from:to]; as != k.Text {
		found.As = oneLine(as)
	}
	f.at[key] = len(f.list)
	f.list = append(f.list, found)
}

// oneLine makes a piece of text one line, without halves of characters.
func oneLine(s string) string {
	for len(s) > 0 && !utf8.RuneStart(s[0]) {
		s = s[1:]
	}
	return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ")
}

// cleaned is a text in UTF-8, without what hides in words: soft line breaks of quoted-printable,
// invisible characters.
func cleaned(text []byte) string {
	s := decoded(text)
	if !strings.ContainsAny(s, "=\u200b\u200c\u200d\u2060\ufeff\u00ad\x00") {
		return s
	}
	return strings.NewReplacer("=\r\n", "", "=\n", "", "=3D", "=", "\u200b", "", "\u200c", "", "\u200d", "", "\u2060", "", "\ufeff", "", "\u00ad", "", "\x00", "").Replace(s)
}

// decoded reads UTF-16 where its mark stands at the beginning.
func decoded(text []byte) string {
	var order binary.ByteOrder
	switch {
	case len(text) >= 2 && text[0] == 0xff && text[1] == 0xfe:
		order = binary.LittleEndian
	case len(text) >= 2 && text[0] == 0xfe && text[1] == 0xff:
		order = binary.BigEndian
	default:
		return string(text)
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		units = append(units, order.Uint16(text[i:]))
	}
	return string(utf16.Decode(units))
}
