package bitcoin

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"golang.org/x/crypto/scrypt"
	"pgregory.net/rapid"

	"goshawk"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAddressForms(t *testing.T) {
	const keys = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	for _, tc := range []struct {
		network, script string
		kind            goshawk.Kind
		byKey, burnt    bool
		text            string
	}{
		// The generator point's key in every form; BIP 173 and BIP 350 give the witness ones.
		{"bitcoin", "21" + keys + "ac", goshawk.PubKeyHash, true, false, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"},
		{"bitcoin", "410479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8ac", goshawk.PubKeyHash, true, false, "1EHNa6Q4Jz2uvNExL497mE43ikXhwF6kZm"},
		{"bitcoin", "76a914751e76e8199196d454941c45d1b3a323f1433bd688ac", goshawk.PubKeyHash, false, false, "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"},
		{"bitcoin", "0014751e76e8199196d454941c45d1b3a323f1433bd6", goshawk.WitnessPubKeyHash, false, false, "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"testnet3", "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", goshawk.WitnessScriptHash, false, false, "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"},
		{"bitcoin", "5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6", goshawk.WitnessUnknown, false, false, "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y"},
		{"bitcoin", "6002751e", goshawk.WitnessUnknown, false, false, "bc1sw50qgdz25j"},
		{"bitcoin", "5210751e76e8199196d454941c45d1b3a323", goshawk.WitnessUnknown, false, false, "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs"},
		{"testnet3", "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433", goshawk.Taproot, false, false, "tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c"},
		{"bitcoin", "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", goshawk.Taproot, false, false, "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{"bitcoin", "51024e73", goshawk.WitnessUnknown, false, false, "bc1pfeessrawgf"}, // pay to anchor
		{"regtest", "0014751e76e8199196d454941c45d1b3a323f1433bd6", goshawk.WitnessPubKeyHash, false, false, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"},
		{"bitcoin", "5121" + keys + "51ae", goshawk.Multisig, false, false, "multisig:1-of-1:" + keys},
		{"bitcoin", "6a0568656c6c6f", goshawk.NullData, false, true, "nulldata:6a0568656c6c6f"},
		{"bitcoin", "6a", goshawk.NullData, false, true, "nulldata:6a"},
		{"bitcoin", "6a4cff", goshawk.NullData, false, true, "nulldata:6a4cff"},
		{"bitcoin", "", goshawk.NonStandard, false, false, "nonstandard:"},
		{"bitcoin", "51", goshawk.NonStandard, false, false, "nonstandard:51"},
		// Close to a standard form, and not one.
		{"bitcoin", "0015751e76e8199196d454941c45d1b3a323f1433bd600", goshawk.NonStandard, false, false, ""}, // version 0, 21 bytes
		{"bitcoin", "510179", goshawk.NonStandard, false, false, ""},                                         // one byte of program
		{"bitcoin", "2105" + keys[2:] + "ac", goshawk.NonStandard, false, false, ""},                         // no public key begins with 05
		{"bitcoin", "2104" + keys[2:] + "ac", goshawk.NonStandard, false, false, ""},                         // 04 promises 65 bytes
		{"bitcoin", "22" + keys + "ac", goshawk.NonStandard, false, false, ""},
		{"bitcoin", "5221" + keys + "51ae", goshawk.NonStandard, false, false, ""},   // 2 of 1
		{"bitcoin", "5121" + keys + "52ae", goshawk.NonStandard, false, false, ""},   // 1 key, said to be 2
		{"bitcoin", "0021" + keys + "51ae", goshawk.NonStandard, false, false, ""},   // 0 of 1
		{"bitcoin", "514c21" + keys + "51ae", goshawk.NonStandard, false, false, ""}, // a longer push
		{"bitcoin", "5121" + keys + "51ae51", goshawk.NonStandard, false, false, ""},
	} {
		p := network(t, tc.network)
		script := unhex(t, tc.script)
		kind, key, byKey, burnt := Classify(script, nil)
		if kind != tc.kind || byKey != tc.byKey || burnt != tc.burnt {
			t.Errorf("%s is %v, by key %v, burnt %v", tc.script, kind, byKey, burnt)
			continue
		}
		text := p.FormatAddress(kind, key)
		if tc.text == "" {
			tc.text = "nonstandard:" + tc.script
		}
		if text != tc.text {
			t.Errorf("%s is written %s, want %s", tc.script, text, tc.text)
		}
		readKind, readKey, err := p.ParseAddress(" " + text + "\n")
		if err != nil || readKind != kind || !bytes.Equal(readKey, key) {
			t.Errorf("%s reads back as %v %x: %v", text, readKind, readKey, err)
		}
		if !byKey && !bytes.Equal(Script(kind, key), script) {
			t.Errorf("the script of %s is %x, want %s", text, Script(kind, key), tc.script)
		}
	}
}

func TestMultisigOfTwenty(t *testing.T) {
	script := appendSmallNumber(nil, 17)
	for i := range 20 {
		script = appendPush(script, append([]byte{2}, bytes.Repeat([]byte{byte(i)}, 32)...))
	}
	script = append(appendSmallNumber(script, 20), opCheckMultisig)
	p := network(t, "bitcoin")
	kind, key, _, _ := Classify(script, nil)
	text := p.FormatAddress(kind, key)
	if kind != goshawk.Multisig || !strings.HasPrefix(text, "multisig:17-of-20:02") {
		t.Fatalf("%v %s", kind, text)
	}
	if readKind, readKey, err := p.ParseAddress(text); err != nil || readKind != kind || !bytes.Equal(readKey, script) {
		t.Errorf("reads back as %v %x: %v", readKind, readKey, err)
	}
}

func TestBurntByLength(t *testing.T) {
	for n, want := range map[int]bool{10_000: false, 10_001: true} {
		kind, key, _, burnt := Classify(bytes.Repeat([]byte{op1}, n), nil)
		if kind != goshawk.NonStandard || burnt != want || len(key) != n {
			t.Errorf("a script of %d bytes is %v, burnt %v", n, kind, burnt)
		}
	}
}

func TestNullDataPayload(t *testing.T) {
	for script, want := range map[string]string{
		"6a": "", "6a0568656c6c6f": "68656c6c6f", "6a01aa02bbcc": "aa,bbcc", "6a4c01aa": "aa", "6a00": "",
		"6a01aa05bb":   "aa,05bb", // cut short: the rest is kept
		"6a01aaac51":   "aa,ac51", // an operation that pushes nothing
		"6a4d0100aa51": "aa,51",
		"51":           "none", "": "none",
	} {
		pieces := NullDataPayload(unhex(t, script))
		var texts []string
		for _, p := range pieces {
			texts = append(texts, hex.EncodeToString(p))
		}
		got := strings.Join(texts, ",")
		if pieces == nil {
			got = "none"
		}
		if got != want {
			t.Errorf("%s carries %s, want %s", script, got, want)
		}
	}
}

func TestBadAddresses(t *testing.T) {
	for _, tc := range []struct{ network, text, says, hints string }{
		{"bitcoin", "", "empty", "1111111111111111111114oLvT2"},
		{"bitcoin", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMh", "bad checksum", "wrong or missing"},
		{"bitcoin", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMO", "'O' at character 34", "such as"},
		{"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "bad checksum", "wrong or missing"},
		{"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3tb", "character 'b'", "no 1, b, i and o"},
		{"bitcoin", "bc1QW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "mixes capital and small", "one case"},
		{"bitcoin", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "testnet3, testnet4 or signet, not of bitcoin", "ledger of that network"},
		{"bitcoin", "mrCDrCybB6J1vRfbwM5hemdJz73FwDBC8r", "testnet3, testnet4, signet or regtest, not of bitcoin", ""},
		{"testnet4", "1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "address of bitcoin, not of testnet4", ""},
		{"regtest", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "not of regtest", ""},
		{"bitcoin", "LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ", "address of litecoin", ""},
		{"bitcoin", "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "address of litecoin", ""},
		{"bitcoin", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "address of tron", ""},
		{"bitcoin", "0xdAC17F958D2ee523a2206206994597C13D831ec7", "address of ethereum", ""},
		{"bitcoin", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd", "checksum of another witness version", "Bech32m"},
		{"bitcoin", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh", "checksum of another witness version", "Bech32m"},
		{"bitcoin", "bc1pw5dgrnzv", "witness program of 1 bytes", ""},
		{"bitcoin", "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P", "witness program of 16 bytes", ""},
		{"bitcoin", "bc1gmk9yu", "no witness program", ""},
		{"bitcoin", "bitcoin:1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "has a colon", "such as"},
		{"bitcoin", keyA, "too long", ""},
		{"bitcoin", "hey", "too short", ""},
		{"bitcoin", "nulldata:51", "not an OP_RETURN script", ""},
		{"bitcoin", "nulldata:6", "holds no script", ""},
		{"bitcoin", "nonstandard:xx", "holds no script", ""},
		{"bitcoin", "multisig:1-of-2:" + compressed, "names 1 keys, not 2", "commas"},
		{"bitcoin", "multisig:2-of-1:" + compressed, "cannot be", ""},
		{"bitcoin", "multisig:01-of-1:" + compressed, "does not say", ""},
		{"bitcoin", "multisig:1-of-1:02", "size of a public key", ""},
	} {
		_, _, err := network(t, tc.network).ParseAddress(tc.text)
		if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), tc.says) || !strings.Contains(goshawk.HintOf(err), tc.hints) || goshawk.HintOf(err) == "" {
			t.Errorf("%s: %v (%s), want one that says %q and hints %q", tc.text, err, goshawk.HintOf(err), tc.says, tc.hints)
		}
	}
}

// Another chain costs a value: Litecoin's addresses, and its proof of work on
// its own genesis header.
func TestAnotherChainIsAValue(t *testing.T) {
	litecoin := &Params{
		Name: "litecoin", Ticker: "LTC", Decimals: 8,
		Genesis:    known("12a765e31ffd4059bada1e25190f6e98c99d9714d334efa41a195a7e7e04bfe2"),
		PubKeyHash: 0x30, ScriptHash: 0x32, ScriptHashOld: []byte{0x05}, HRP: "ltc", EasiestBits: 0x1e0fffff,
		WorkHash: func(header []byte) goshawk.Hash {
			key, err := scrypt.Key(header, header, 1024, 1, 1, 32)
			if err != nil {
				t.Fatal(err)
			}
			return reversed((*[32]byte)(key))
		},
	}
	for text, want := range map[string]string{
		"LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ":          "LVuDpNCSSj6pQ7t9Pv6d6sUkLKoqDEVUnJ",
		"ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9": "ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9",
		"3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy":          "MQMHBtvnBfxTzt3K2bdxgSE7qZPHSXWsGM", // the old form is read, the new one written
		"MQMHBtvnBfxTzt3K2bdxgSE7qZPHSXWsGM":          "MQMHBtvnBfxTzt3K2bdxgSE7qZPHSXWsGM",
	} {
		kind, key, err := litecoin.ParseAddress(text)
		if err != nil || litecoin.FormatAddress(kind, key) != want {
			t.Errorf("%s reads as %s: %v", text, litecoin.FormatAddress(kind, key), err)
		}
	}
	if _, _, err := litecoin.ParseAddress("1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH"); err == nil || !strings.Contains(err.Error(), "address of bitcoin, not of litecoin") {
		t.Errorf("a Bitcoin address: %v", err)
	}
	genesis := Header{
		Version: 1, MerkleRoot: known("97ddfbbae6be97fd6cdf3e7ca13232a3afff2353e29badfab7f73011edd4ced9"),
		Time: 1317972665, Bits: 0x1e0ffff0, Nonce: 2084524493,
	}
	header, err := DecodeHeader(genesis.Append(nil))
	if err != nil || header.Hash != litecoin.Genesis {
		t.Fatalf("the genesis hash is %s: %v", header.Hash, err)
	}
	if err := litecoin.CheckWork(&header); err != nil {
		t.Error(err)
	}
	litecoin.WorkHash = nil
	if litecoin.CheckWork(&header) == nil {
		t.Error("its own hash passes as the work of another chain's rule")
	}
	noWitness := &Params{Name: "dogecoin", PubKeyHash: 0x1e, ScriptHash: 0x16}
	script := Script(goshawk.WitnessPubKeyHash, make([]byte, 20))
	if text := noWitness.FormatAddress(goshawk.WitnessPubKeyHash, script[2:]); text != "nonstandard:"+hex.EncodeToString(script) {
		t.Errorf("without a form for witness addresses it is written %s", text)
	}
}

func TestAddressesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(Networks()).Draw(t, "network")
		script := rapid.OneOf(
			rapid.SliceOfN(rapid.Byte(), 0, 60),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 20, 20), func(b []byte) []byte { return Script(goshawk.PubKeyHash, b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 20, 20), func(b []byte) []byte { return Script(goshawk.ScriptHash, b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 20, 20), func(b []byte) []byte { return Script(goshawk.WitnessPubKeyHash, b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 32, 32), func(b []byte) []byte { return Script(goshawk.WitnessScriptHash, b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 32, 32), func(b []byte) []byte { return Script(goshawk.Taproot, b) }),
			rapid.Map(rapid.SliceOfN(rapid.Byte(), 2, 40), func(b []byte) []byte { return append([]byte{op1 + b[0]%16, byte(len(b))}, b...) }),
			rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) []byte { return append([]byte{opReturn}, b...) }),
		).Draw(t, "script")
		kind, key, byKey, _ := Classify(script, nil)
		text := p.FormatAddress(kind, key)
		readKind, readKey, err := p.ParseAddress(text)
		if err != nil || readKind != kind || !bytes.Equal(readKey, key) {
			t.Fatalf("%x: %s reads back as %v %x: %v", script, text, readKind, readKey, err)
		}
		if !byKey && !bytes.Equal(Script(kind, key), script) {
			t.Fatalf("the script of %s is %x, not %x", text, Script(kind, key), script)
		}
	})
}

// TestAddressCheck: a mistyped address is told from one of a network that is not
// known here.
func TestAddressCheck(t *testing.T) {
	check := AddressCheck()
	for _, tc := range []struct {
		text, ticker string
		known        bool
		says         string
	}{
		{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "", true, ""},
		{"n1wgm6kkzMcNfAtJmes8YhpvtDzdNhDY5a", "", true, ""},                 // testnet
		{"bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", "", true, ""},       // regtest
		{"BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "", true, ""},         // in capitals
		{"TUCsTq7TofTCJRRoHk6RvhMoS2mJLm5Yzq", "XBT", true, ""},              // Tron's, whatever its list says
		{"0xd882cFc20F52f2599D84b8e8D58C7FB62cfE344b", "", true, ""},         // Ethereum's
		{"ltc1qw508d6qejxtdg4y5r3zarvary0c5xw7kgmn4n9", "", true, ""},        // Litecoin's
		{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMJ", "", true, "bad checksum"},     // the last letter
		{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAM", "", true, "bad checksum"},      // cut short
		{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMHH", "", true, "length"},          // a letter too many
		{"mxyaFTcXQrvURDKHCvXKG6TZVfYQHJgf7f", "", false, ""},                // might be another network's
		{"mxyaFTcXQrvURDKHCvXKG6TZVfYQHJgf7f", "BTC", true, "bad checksum"},  // its source says it is not
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "", true, "checksum"}, // the last letter
		{"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3", "", true, "checksum"},   // cut short
		{"bc1qw508d6qejxtdg4b5r3zarvary0c5xw7kv8f3t4", "", true, `has the character 'b'`},
		{"bc1Qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "", true, "mixes capital and small letters"},
		{"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7k7grplx", "", true, "checksum"}, // version 1 in Bech32
		{"nobody", "", false, ""},
		{"nobody", "bitcoin", true, "is not an address"},
		{"3P4gZ2fNLE8i1Ew9zzoGyMPa3A7C4Tv8GSj", "", false, ""},         // Waves
		{"tb1bcv3x8mg7pvv4nvm48pghjkcybotypu", "XBT", false, ""},       // lower-cased, and Tron's
		{"1ececbzbxcvj8wm2jsn3cyc6rge2gnvd3w5k", "XBT", false, ""},     // lower-cased
		{"1a0d5c2e9f3b4a6c7d8e9f0a1b2c3d4e", "", false, ""},            // a hash
		{"11111111111111111111111111111111", "SOL", false, ""},         // Solana
		{"Vote111111111111111111111111111111111111111", "", false, ""}, // Solana
		{"rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe", "XRP", false, ""},       // another alphabet
		{"", "", false, ""},
	} {
		known, err := check(tc.text, tc.ticker)
		if known != tc.known || (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q as %q: known %v, %v; want %v, %q", tc.text, tc.ticker, known, err, tc.known, tc.says)
		}
		if err != nil && (goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "") {
			t.Errorf("%q: %v has no code or hint", tc.text, err)
		}
	}
}

// FuzzAddress: whatever is read is written in one form that reads the same.
func FuzzAddress(f *testing.F) {
	for _, text := range []string{"1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "BC1SW50QGDZ25J", "tb1q", "nulldata:6a01aa", "nonstandard:", "multisig:1-of-1:" + compressed, "0x", "1", "bc1"} {
		f.Add(text)
	}
	p, check := network(f, "bitcoin"), AddressCheck()
	f.Fuzz(func(t *testing.T, text string) {
		kind, key, err := p.ParseAddress(text)
		if known, wrong := check(text, "BTC"); wrong != nil && (err == nil || !known || goshawk.CodeOf(wrong) != goshawk.Invalid || goshawk.HintOf(wrong) == "") {
			t.Fatalf("%q: known %v, %v", text, known, wrong)
		}
		if err != nil {
			if goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" {
				t.Fatalf("%q: %v without a code or hint", text, err)
			}
			return
		}
		written := p.FormatAddress(kind, key)
		again, sameKey, err := p.ParseAddress(written)
		if err != nil || again != kind || !bytes.Equal(sameKey, key) {
			t.Fatalf("%q is written %q, which reads as %v %x: %v", text, written, again, sameKey, err)
		}
	})
}

// FuzzClassify holds the classes to btcd's, but for what differsFromBtcd lists.
func FuzzClassify(f *testing.F) {
	for _, script := range []string{"", "6a01aa", "5121" + compressed + "51ae", "41" + uncompressed + "ac", "0014751e76e8199196d454941c45d1b3a323f1433bd6", "51024e73", "a914751e76e8199196d454941c45d1b3a323f1433bd687"} {
		f.Add(unhex(f, script))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		kind, key, byKey, _ := Classify(script, nil)
		class := txscript.GetScriptClass(script)
		if want, ok := kindOfClass[class]; ok && want == kind && byKey == (class == txscript.PubKeyTy) {
			if _, addresses, _, err := txscript.ExtractPkScriptAddrs(script, &chaincfg.MainNetParams); err == nil && len(addresses) == 1 && !byKey && kind != goshawk.Multisig {
				if text := network(t, "bitcoin").FormatAddress(kind, key); text != addresses[0].EncodeAddress() {
					t.Fatalf("%x pays %s, btcd says %s", script, text, addresses[0])
				}
			}
			return
		}
		if _, intended := differsFromBtcd(script, class); !intended {
			t.Fatalf("%x is %v, btcd says %v", script, kind, class)
		}
	})
}
