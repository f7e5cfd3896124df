package chain

import (
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Published addresses: BIP 173 and 350's test vectors, EIP-55's, the first block's, and those of
// documentation of the networks.
func TestRecogniser(t *testing.T) {
	know := Recogniser()
	for _, c := range []struct {
		word, network, text string
		checked             bool
	}{
		{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "bitcoin", "", true},
		{"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy", "bitcoin", "", true},
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bitcoin", "", true},
		{"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", true},
		{"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", "bitcoin", "", true},
		{"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "ethereum", "", true},
		{"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "ethereum", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", false},
		{"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "tron", "", true},
	} {
		w, ok := know(c.word)
		if c.text == "" {
			c.text = c.word
		}
		if !ok || w.What != "address" || w.Networks[0] != c.network || w.Text != c.text || w.Checked != c.checked || w.Wrong != "" {
			t.Errorf("%s: %+v, %v", c.word, w, ok)
		}
	}
	for _, word := range []string{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"} {
		if w, ok := know(word); !ok || w.Wrong == "" || w.Checked {
			t.Errorf("mistyped %s: %+v, %v", word, w, ok)
		}
	}
	for _, word := range []string{"", "hello", "supercalifragilisticexpialidocious", strings.Repeat("1", 34), strings.Repeat("z", 130), "0x00", "d41d8cd98f00b204e9800998ecf8427e"} {
		if w, ok := know(word); ok {
			t.Errorf("%q: %+v", word, w)
		}
	}
}

// Every network's own addresses are recognised as its own.
func TestRecogniserKnowsEveryNetwork(t *testing.T) {
	know := Recogniser()
	for _, p := range bitcoin.Networks() {
		for kind, size := range map[goshawk.Kind]int{goshawk.PubKeyHash: 20, goshawk.ScriptHash: 20, goshawk.WitnessPubKeyHash: 20, goshawk.WitnessScriptHash: 32, goshawk.Taproot: 32} {
			text := p.FormatAddress(kind, make([]byte, size))
			if w, ok := know(text); !ok || !slices.Contains(w.Networks, p.Name) || !w.Checked {
				t.Errorf("%s, %s: %+v, %v", p.Name, text, w, ok)
			}
		}
	}
}

func FuzzRecogniser(f *testing.F) {
	f.Add("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa")
	f.Add("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4")
	f.Add("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed")
	know := Recogniser()
	f.Fuzz(func(t *testing.T, word string) {
		w, ok := know(word)
		if !ok {
			return
		}
		if len(w.Networks) == 0 || w.Checked && w.Wrong != "" {
			t.Errorf("%q: %+v", word, w)
		}
		if again, ok := know(w.Text); w.Wrong == "" && (!ok || again.Text != w.Text) {
			t.Errorf("%q became %q, which is %+v", word, w.Text, again)
		}
	})
}
