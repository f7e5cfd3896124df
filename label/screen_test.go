package label_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode/utf16"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
	"goshawk/label"
	"goshawk/ledger/ledgertest"
)

func mainnet(tb testing.TB) *bitcoin.Params {
	tb.Helper()
	p, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func parsed(tb testing.TB, name, text string) *label.Source {
	tb.Helper()
	s, err := label.Parse(name, []byte(text), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func setOf(tb testing.TB, sources ...*label.Source) *label.Set {
	tb.Helper()
	s, err := label.NewSet(nil, sources)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func screen(tb testing.TB, l goshawk.Ledger, set *label.Set, parse label.ParseAddress) ([]label.Hit, label.Matches) {
	tb.Helper()
	var hits []label.Hit
	m, err := label.Screen(context.Background(), l, set, parse, func(h *label.Hit) error {
		hits = append(hits, *h)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return hits, m
}

// Block 629999 pays a sanctioned exchange, which one list names in lower case
// and under two currencies, and another as it is.
func TestScreenFindsSUEX(t *testing.T) {
	p := mainnet(t)
	decoder := bitcoin.NewDecoder(p)
	decoder.DeriveKeys = true
	var block goshawk.Block
	if err := decoder.Block(fixture.Bytes(t, "bitcoin", "blocks", "629999.blk"), &block); err != nil {
		t.Fatal(err)
	}
	m := ledgertest.New(p)
	m.Partial = true
	if err := m.Append(&block); err != nil {
		t.Fatal(err)
	}
	l := m.Snapshot()

	lowered := parsed(t, "sanctioned-addresses.json", string(fixture.Bytes(t, "tags", "ofac", "data", "sanctioned-addresses.json")))
	hits, matches := screen(t, l, setOf(t, lowered), p.ParseAddress)
	text, err := json.MarshalIndent(hits, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	want := `[
 {
  "tx": "4262872240776b823b2e2129f5734874ab61cfa42b999cf89edb02c9034294a7",
  "side": "out",
  "index": 0,
  "address": "1ECeZBxCVJ8Wm2JSN3Cyc6rge2gnvD3W5K",
  "amount": "84928038",
  "label": "SUEX OTC, S.R.O.",
  "source": "sanctioned-addresses.json",
  "source_hash": "` + lowered.Hash + `",
  "confidence": 60,
  "abuse": "sanction",
  "match": "lower-cased",
  "height": 629999,
  "time": 1589225003
 }
]`
	if string(text) != want || len(matches.Addresses) != 1 || matches.Unscanned != 0 {
		t.Errorf("%s\nwant %s\nmatches %+v", text, want, matches)
	}

	written := parsed(t, "sanctioned_addresses_XBT.txt", string(fixture.Bytes(t, "tags", "ofac-2024", "sanctioned_addresses_XBT.txt")))
	hits, _ = screen(t, l, setOf(t, written), p.ParseAddress)
	if len(hits) != 1 || hits[0].Match != "" || hits[0].Amount.Uint64() != 84928038 {
		t.Errorf("by the list in true case: %+v", hits)
	}
	if hits, _ = screen(t, l, setOf(t, written, lowered), p.ParseAddress); len(hits) != 2 {
		t.Errorf("by both lists: %+v", hits)
	}
}

// Screening finds what looking at every coin of the ledger finds, whatever way
// it goes: by name, by scanning for lower-cased addresses, in whole and in
// partial ledgers.
func TestScreenIsNaive(t *testing.T) {
	p := mainnet(t)
	found, unresolved := 0, 0
	for seed := range uint64(40) {
		h := ledgertest.Random(seed, ledgertest.Shape{Partial: seed%4 == 3})
		h.Codec = p
		l := h.Ledger()
		head, err := l.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var ids []goshawk.AddressID
		for id := range head.Addresses {
			ids = append(ids, goshawk.AddressID(id))
		}
		addresses, err := l.Addresses(t.Context(), ids, 0)
		if err != nil {
			t.Fatal(err)
		}
		rng := rand.New(rand.NewPCG(seed, 1))
		names := make([]string, head.Addresses) // what each address is labelled
		match := make([]string, head.Addresses)
		csv := "address,label\n0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c,other network\n1BoatSLRHtKNngkdXEeobR76b53LETtpyT,not there\n"
		for i, a := range addresses {
			if rng.IntN(3) > 0 || strings.Contains(a.Text, ":") {
				continue
			}
			text := a.Text
			if base58 := !strings.HasPrefix(text, "bc1"); base58 && seed%2 == 0 {
				text, match[i] = strings.ToLower(text), label.LowerCased
			}
			names[i] = fmt.Sprintf("label of %d", i)
			csv += text + "," + names[i] + "\n"
		}
		var want []string
		add := func(tx goshawk.Hash, side string, index int, address goshawk.AddressID, amount string) {
			if address != goshawk.NoAddress && names[address] != "" {
				want = append(want, fmt.Sprint(tx, side, index, addresses[address].Text, amount, names[address], match[address]))
			}
		}
		err = goshawk.Scan(t.Context(), l, 0, goshawk.TxID(head.Transactions), goshawk.WantHashes, func(txs *goshawk.Transactions) error {
			for i, row := range txs.Rows {
				for j, in := range txs.In(i) {
					amount := fmt.Sprint(in.Value)
					if in.Link == goshawk.Unresolved {
						amount = "null"
						if in.Address != goshawk.NoAddress && names[in.Address] != "" {
							unresolved++
						}
					}
					add(row.Hash, "in", j, in.Address, amount)
				}
				for j, out := range txs.Out(i) {
					add(row.Hash, "out", j, out.Address, fmt.Sprint(out.Value))
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		hits, matches := screen(t, paged{l}, setOf(t, parsed(t, "labels.csv", csv)), p.ParseAddress)
		var got []string
		for _, h := range hits {
			amount := "null"
			if h.Amount != nil {
				amount = h.Amount.Dec()
			}
			got = append(got, fmt.Sprint(h.Tx, h.Side, h.Index, h.Address, amount, h.Label, h.Match))
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d:\ngot\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for i, m := range matches.Addresses {
			if names[m.ID] == "" || m.Address != addresses[m.ID].Text || i > 0 && matches.Addresses[i-1].ID >= m.ID {
				t.Fatalf("seed %d: matches %+v", seed, matches)
			}
		}
		found += len(hits)
	}
	if found < 1000 || unresolved < 10 {
		t.Errorf("only %d hits, %d of them unresolved: the histories test nothing", found, unresolved)
	}
}

// paged is a ledger with small pages.
type paged struct{ goshawk.Ledger }

func (p paged) History(ctx context.Context, q goshawk.HistoryQuery) (goshawk.HistoryPage, error) {
	q.Limit = 2
	return p.Ledger.History(ctx, q)
}

// A list may name an address twice, under two currencies: that is one hit for a
// coin, and two in the address's labels. Two entities are two hits.
func TestScreenNamesAnEntityOnce(t *testing.T) {
	h := ledgertest.MustChain("tx theft: mint 50 -> alice/p2pkh 50\n")
	h.Codec = mainnet(t)
	l := h.Ledger()
	found, err := l.Addresses(t.Context(), []goshawk.AddressID{0, 1}, 0)
	if err != nil {
		t.Fatal(err)
	}
	alice := found[slices.IndexFunc(found, func(a goshawk.Address) bool { return a.Kind == goshawk.PubKeyHash })].Text
	set := setOf(t, parsed(t, "list.json", `{"addresses": {"`+alice+`": {"entries": [{"entity": "E", "type": "Digital Currency Address - XBT"},
		{"entity": "E", "type": "Digital Currency Address - USDT"}, {"entity": "F", "type": "Digital Currency Address - XBT"}]}}}`))
	hits, _ := screen(t, l, set, mainnet(t).ParseAddress)
	if len(hits) != 2 || hits[0].Label != "E" || hits[1].Label != "F" || len(set.Lookup(alice)) != 3 {
		t.Errorf("%+v", hits)
	}
}

// remote is a ledger that cannot count its addresses.
type remote struct{ goshawk.Ledger }

func (r remote) Head(ctx context.Context) (goshawk.Head, error) {
	h, err := r.Ledger.Head(ctx)
	h.Addresses, h.Transactions, h.Inputs, h.Outputs, h.Blocks = 0, 0, 0, 0, 0
	return h, err
}

// A ledger that cannot list its addresses is asked for those whose case is
// known, and the others are counted.
func TestScreenOfRemoteLedger(t *testing.T) {
	h := ledgertest.MustChain("tx theft: mint 50 -> alice/p2pkh 50\nblock\ntx split: theft:0 -> bob 30, carol/p2pkh 20\n")
	h.Codec = mainnet(t)
	l := h.Ledger()
	coin, err := l.Addresses(t.Context(), []goshawk.AddressID{0, 1, 2, 3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var p2pkh []string
	for _, a := range coin {
		if strings.HasPrefix(a.Text, "1") && !slices.Contains(p2pkh, a.Text) {
			p2pkh = append(p2pkh, a.Text)
		}
	}
	csv := "address,label\n" + p2pkh[0] + ",exact\n" + strings.ToLower(p2pkh[1]) + ",lowered\n"
	set := setOf(t, parsed(t, "labels.csv", csv))
	hits, matches := screen(t, remote{l}, set, mainnet(t).ParseAddress)
	if len(matches.Addresses) != 1 || matches.Addresses[0].Address != p2pkh[0] || matches.Unscanned != 1 || len(hits) == 0 {
		t.Errorf("%+v, %d hits", matches, len(hits))
	}
	if hits, matches := screen(t, l, set, mainnet(t).ParseAddress); len(matches.Addresses) != 2 || matches.Unscanned != 0 || len(hits) == 0 {
		t.Errorf("whole ledger: %+v", matches)
	}
}

func TestScreenIsInterrupted(t *testing.T) {
	h := ledgertest.MustChain("tx theft: mint 50 -> alice/p2pkh 50\nblock\ntx split: theft:0 -> bob 30, carol 20\n")
	h.Codec = mainnet(t)
	set := setOf(t, parsed(t, "labels.csv", "address,label\n1lrxsrd7znuxpjcl5rttnoejfy1y4affyy,x\n"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := label.Screen(ctx, h.Ledger(), set, mainnet(t).ParseAddress, nil)
	if goshawk.CodeOf(err) != goshawk.Interrupted || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	err = label.ScanText(ctx, strings.NewReader("text"), set, bitcoin.AddressCheck(), nil)
	if goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("%v", err)
	}
}

func TestScanText(t *testing.T) {
	set := setOf(t, parsed(t, "l.csv", "address,label\n1lrxsrd7znuxpjcl5rttnoejfy1y4affyy,lowered\n0x4f47bc496083c727c5fbe3ce9cdf2b0f6496270c,foreign\n34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo,exact\n"))
	text := "He paid 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo,\n" +
		"then bitcoin:1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY?amount=1 and\tBC1QWMS3SLUVYLC7V4YAV3E3TN8SMRW0AAPUDSERUW.\n" +
		"Wallet:0x4F47BC496083C727C5FBE3CE9CDF2B0F6496270C: " + strings.Repeat("1", 300) + " 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twsee\n" +
		"1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM"
	var got []string
	err := label.ScanText(t.Context(), strings.NewReader(text), set, bitcoin.AddressCheck(), func(m label.Mention) error {
		line := fmt.Sprintf("%d:%d %s", m.Line, m.Column, m.Address)
		for _, l := range m.Labels {
			line += " " + l.Text + " " + l.Match
		}
		if m.Wrong != nil {
			line += " wrong"
		}
		got = append(got, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1:9 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo exact ",
		"2:14 1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY lowered lower-cased",
		"2:62 BC1QWMS3SLUVYLC7V4YAV3E3TN8SMRW0AAPUDSERUW",
		"3:8 0x4F47BC496083C727C5FBE3CE9CDF2B0F6496270C foreign ",
		"3:353 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twsee wrong",
		"4:1 1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	stop := errors.New("enough")
	if err := label.ScanText(t.Context(), strings.NewReader(text), set, bitcoin.AddressCheck(), func(label.Mention) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// The same text in UTF-16 holds the same addresses, with and without a mark of
// its byte order.
func TestScanTextInUTF16(t *testing.T) {
	set := setOf(t, parsed(t, "l.csv", "address,label\n34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo,x\n"))
	units := utf16.Encode([]rune("Er zahlte 50 € an\r\n34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo\nund 😀bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw."))
	for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
		for _, mark := range []bool{false, true} {
			var text []byte
			if mark {
				text = order.AppendUint16(text, 0xfeff)
			}
			for _, u := range units {
				text = order.AppendUint16(text, u)
			}
			var got []string
			err := label.ScanText(t.Context(), iotest.OneByteReader(bytes.NewReader(text)), set, bitcoin.AddressCheck(), func(m label.Mention) error {
				got = append(got, fmt.Sprint(m.Line, " ", m.Address, " ", len(m.Labels)))
				return nil
			})
			want := []string{"2 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo 1", "3 bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw 0"}
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("%s, mark %v: %q, %v", name, mark, got, err)
			}
			if err := label.ScanText(t.Context(), bytes.NewReader(text[:len(text)-1]), set, bitcoin.AddressCheck(), func(label.Mention) error { return nil }); goshawk.CodeOf(err) != goshawk.Unavailable {
				t.Errorf("%s, mark %v: half a letter at the end: %v", name, mark, err)
			}
		}
	}
}

// A file in which no address would be found, though there are some, is refused.
func TestScanTextRefusesDocuments(t *testing.T) {
	const address = "34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"
	noise := make([]byte, 2000)
	for i, rng := 0, rand.New(rand.NewPCG(1, 2)); i < len(noise); i++ {
		noise[i] = byte(1 + rng.IntN(255))
	}
	for says, text := range map[string]string{
		"a PDF document": "%PDF-1.7\n" + address,
		"an office document (docx, xlsx, odt) or a zip archive": "PK\x03\x04" + address,
		"an office document (doc, xls, msg)":                    "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + address,
		"a gzip archive":                                        "\x1f\x8b\x08" + address,
		"binary data":                                           string(noise) + address,
		"it is binary data, and no text":                        strings.Repeat("a\n", 9000) + "\x00" + address,
	} {
		err := label.ScanText(t.Context(), strings.NewReader(text), setOf(t), bitcoin.AddressCheck(), func(label.Mention) error { return nil })
		if goshawk.CodeOf(err) != goshawk.Unsupported || !strings.Contains(err.Error(), says) || !strings.Contains(goshawk.HintOf(err), "as text or CSV") {
			t.Errorf("%s: %v", says, err)
		}
	}
	for _, text := range []string{"", address, "caf\xe9 " + address, "\ufeff" + address + "\f\x1a"} { // Latin-1, and an old end of file
		if err := label.ScanText(t.Context(), strings.NewReader(text), setOf(t), bitcoin.AddressCheck(), func(label.Mention) error { return nil }); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzScanText(f *testing.F) {
	f.Add("pay bitcoin:1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY now")
	f.Add("::1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM::")
	check := bitcoin.AddressCheck()
	set := setOf(f, parsed(f, "l.csv", "address,label\n1lrxsrd7znuxpjcl5rttnoejfy1y4affyy,x\n"))
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		wide := strings.Contains(text, "\x00") || strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff")
		err := label.ScanText(t.Context(), strings.NewReader(text), set, check, func(m label.Mention) error {
			if wide {
				return nil // lines and columns of another text
			}
			if at := lines[m.Line-1][m.Column-1:]; !strings.HasPrefix(at, m.Address) {
				t.Errorf("%+v is not there: %q", m, at)
			}
			return nil
		})
		if err != nil && goshawk.CodeOf(err) != goshawk.Unsupported && !(wide && goshawk.CodeOf(err) == goshawk.Unavailable) {
			t.Fatal(err)
		}
	})
}

// dense answers for a ledger of many addresses, as a memory-mapped one does:
// texts are made when they are asked for.
type dense struct {
	goshawk.Ledger
	p     *bitcoin.Params
	count uint64
}

func (d dense) Head(context.Context) (goshawk.Head, error) {
	return goshawk.Head{Network: "bitcoin", Addresses: d.count}, nil
}

func (d dense) Addresses(_ context.Context, ids []goshawk.AddressID, _ goshawk.Want) ([]goshawk.Address, error) {
	list := make([]goshawk.Address, len(ids))
	for i, id := range ids {
		rng := rand.NewPCG(uint64(id), 7)
		var k [20]byte
		for j := range k {
			k[j] = byte(rng.Uint64() >> 8)
		}
		kind := goshawk.PubKeyHash
		if id%2 == 1 {
			kind = goshawk.WitnessPubKeyHash
		}
		list[i] = goshawk.Address{ID: id, Kind: kind, Payload: k[:], Text: d.p.FormatAddress(kind, k[:])}
	}
	return list, nil
}

// BenchmarkMatchLowerCased compares 1.6 million addresses with the sanctions list.
func BenchmarkMatchLowerCased(b *testing.B) {
	d := dense{p: mainnet(b), count: 1_600_000}
	set := setOf(b, parsed(b, "sanctioned-addresses.json", string(fixture.Bytes(b, "tags", "ofac", "data", "sanctioned-addresses.json"))))
	b.ReportAllocs()
	for b.Loop() {
		start := time.Now()
		m, err := label.Match(b.Context(), d, set, d.p.ParseAddress)
		if err != nil || !reflect.DeepEqual(m, label.Matches{}) {
			b.Fatal(m, err)
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/float64(d.count), "ns/address")
	}
}
