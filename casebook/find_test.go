package casebook

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"goshawk/chain"
)

func recognise() func(string) (Known, bool) {
	know := chain.Recogniser()
	return func(s string) (Known, bool) {
		w, ok := know(s)
		return Known(w), ok
	}
}

const (
	genesis = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
	segwit  = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
	checked = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
	txid    = "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"
)

func TestFind(t *testing.T) {
	utf16le := append([]byte{0xff, 0xfe}, encode16("send to "+genesis+" now")...)
	for _, c := range []struct {
		name, text string
		want       []string // WHAT TEXT
	}{
		{"nothing", "Dear sir, we have your files. 1,000,000 of them.", nil},
		{"a sentence", "Pay to " + genesis + ", today.", []string{"address " + genesis}},
		{"an address bar", "https://x.example/address/" + genesis + "?page=1 bitcoin:" + segwit + "?amount=0.1", []string{"address " + genesis, "address " + segwit}},
		{"twice", genesis + " " + genesis, []string{"address " + genesis}},
		{"a code in capitals", strings.ToUpper(segwit), []string{"address " + segwit}},
		{"letters of both cases", "Bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3T4", []string{"address " + segwit}},
		{"groups of four", "bc1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k v8f3 t4 is mine", []string{"address " + segwit}},
		{"over two lines", "the wallet 1A1zP1eP5QGefi2DMP\r\n   TfTL5SLmv7DivfNa is", []string{"address " + genesis}},
		{"a quoted mail", "> pay bc1qw508d6qejxtdg4y5r3\n> zarvary0c5xw7kv8f3t4 or", []string{"address " + segwit}},
		{"quoted-printable", "1A1zP1eP5QGefi2D=\r\nMPTfTL5SLmv7DivfNa", []string{"address " + genesis}},
		{"invisible characters", "1A1zP1eP5Q\u200bGefi2DMPTfTL5\u00adSLmv7DivfNa", []string{"address " + genesis}},
		{"UTF-16", string(utf16le), []string{"address " + genesis}},
		{"an account", checked, []string{"address " + checked}},
		{"a transaction", strings.ToUpper(txid) + ".", []string{"transaction " + txid}},
		{"a coin", txid + ":0,", []string{"coin " + txid + ":0"}},
		{"no coin", txid + ":00 ", []string{"transaction " + txid}},
		{"two on one line", genesis + ";" + segwit, []string{"address " + genesis, "address " + segwit}},
		{"two words that are none", "1A1zP1eP5QGefi2DMP, TfTL5SLmv7DivfNa", nil},
		{"mistyped", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", []string{"wrong 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"}},
	} {
		list, more := Find([]byte(c.text), recognise())
		var got []string
		for _, f := range list {
			if f.Wrong != "" {
				f.What = "wrong"
			}
			got = append(got, f.What+" "+f.Text)
		}
		if !slices.Equal(got, c.want) || more {
			t.Errorf("%s: %q, %v; want %q", c.name, got, more, c.want)
		}
	}
}

func encode16(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// How often it is asked what a word is grows with the text, and ends.
func TestFindIsBounded(t *testing.T) {
	for name, word := range map[string]string{"short words": "a1 ", "one word": "a1", "beginnings": "1A1zP1eP5QGefi ", "lines": "bc1q\n", "transactions": txid + " "} {
		asked := 0
		ask := func(s string) (Known, bool) {
			asked++
			if len(s) > 130 {
				t.Fatalf("%s: asked about %d characters", name, len(s))
			}
			return Known{}, false
		}
		text := []byte(strings.Repeat(word, 1<<20/len(word)))
		if Find(text, ask); asked > len(text)/2+mostTries {
			t.Errorf("%s: asked %d times", name, asked)
		}
	}
	list, more := Find([]byte(strings.Repeat(" ", MostText)+genesis), recognise())
	if len(list) != 0 || !more {
		t.Errorf("a text that is too long: %v, %v", list, more)
	}
}

func FuzzFind(f *testing.F) {
	f.Add([]byte("bc1q w508 d6qe jxtd g4y5 r3za rvar y0c5 xw7k v8f3 t4"))
	f.Add([]byte(genesis + "\n" + txid + ":1 =\r\n" + checked))
	f.Add(encode16("\ufeff" + genesis))
	know := recognise()
	f.Fuzz(func(t *testing.T, text []byte) {
		list, _ := Find(text, know)
		seen := map[string]bool{}
		for _, x := range list {
			if seen[x.What+x.Text] || x.Times < 1 || strings.ContainsAny(x.Text+x.As+x.Before+x.After, "\r\n") {
				t.Errorf("%q: %+v", text, x)
			}
			seen[x.What+x.Text] = true
		}
	})
}
