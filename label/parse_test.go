package label

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/internal/fixture"
)

// folder reads all label files below a fixture folder.
func folder(tb testing.TB, elem ...string) []*Source {
	tb.Helper()
	var sources []*Source
	err := filepath.WalkDir(fixture.Path(tb, elem...), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !Known(path) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		s, err := Parse(filepath.Base(path), data, bitcoin.AddressCheck())
		if err != nil {
			tb.Errorf("%s: %v", path, err)
			return nil
		}
		sources = append(sources, s)
		return nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return sources
}

func file(tb testing.TB, elem ...string) *Source {
	tb.Helper()
	s, err := Parse(elem[len(elem)-1], fixture.Bytes(tb, elem...), bitcoin.AddressCheck())
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// Every TagPack loads with every tag that its text has.
func TestTagPacks(t *testing.T) {
	tagged := regexp.MustCompile(`(?m)^\s*(- )?address: *['"]?\S`)
	sources := folder(t, "tags", "graphsense-tagpacks", "packs")
	if len(sources) != 79 {
		t.Errorf("%d files, want 79", len(sources))
	}
	labels := 0
	var warned []string
	for _, s := range sources {
		labels += len(s.Labels)
		warned = append(warned, s.Report()...)
		elem := []string{"tags", "graphsense-tagpacks", "packs", s.Name}
		if strings.HasPrefix(s.Name, "defi-protocols_") {
			elem = slices.Insert(elem, 3, "defi_updated")
		}
		data := fixture.Bytes(t, elem...)
		if want := len(tagged.FindAll(data, -1)); len(s.Labels) != want || s.Count != want {
			t.Errorf("%s: %d labels, its text has %d addresses", s.Name, len(s.Labels), want)
		}
		for i := range s.Labels {
			if l := &s.Labels[i]; l.Text == "" || l.Address == "" || l.Source != s.Name || l.SourceHash != s.Hash || l.Confidence < 5 {
				t.Fatalf("%s: incomplete label %+v", s.Name, l)
			}
		}
	}
	if labels != 187962 {
		t.Errorf("%d labels, want 187962", labels)
	}
	const kept = "; it is kept as it stands, and matches no address"
	want := []string{
		"etherscamdb_tagpack.yaml: 3,117 tags name no confidence: it is 5 then, the level of unknown",
		`etherscamdb_tagpack.yaml:15521: "1Mn386ue8o3mW9866octLNP8HFqcYsphJCV" is not an address: neither its length nor its checksum is that of one` + kept,
		`exchange-wallets-bitfinexcom.yaml:82: the address "VJLAYX5DZX1KuCBvAdR8ob6S9yLpyhc4y5gCyRoVDEYMZVCszi58rkwpytX3WAtx2e8sB4pRpSwR153Z" has a remark behind it, which is left out`,
		"miners_additional.yaml: 234 tags name no confidence: it is 5 then, the level of unknown",
		"ofac.yaml: 572 tags name no confidence: it is 5 then, the level of unknown",
		`plustoken.yaml:11: "1MFgcyJ7ZNSknbTBRaih6zWDE6V1A64tRYs" is not an address: neither its length nor its checksum is that of one` + kept,
		`sextortion_excello.yaml:10617: "1MJzarWdCR8dXGt6vpK62f7MxcWYcVynM" has a bad checksum` + kept,
		`sextortion_excello.yaml:12935: "1AzdzwWHaJXytimxenzi45JVtY4FsXwLZ" has a bad checksum` + kept,
		`sextortion_excello.yaml:20861: "1MK4uue11JnVxjUQhq19KNSpAuyaFqBwM" has a bad checksum` + kept,
		`sextortion_excello.yaml:2867: "3CD19JE8F4C48L43E3A5TH8XD45JLRXUL" is not an address: neither its length nor its checksum is that of one` + kept,
		`sextortion_excello.yaml:6485: "1GL9JtXPRTPetxgiJ8UcgrEECp12spD4t" has a bad checksum` + kept,
	}
	slices.Sort(warned)
	if !slices.Equal(warned, want) {
		t.Errorf("warnings:\n%s\nwant:\n%s", strings.Join(warned, "\n"), strings.Join(want, "\n"))
	}
}

// The fast reader says what the library says of the same entry, for every
// eleventh entry of every pack; and the library has to read few of them.
func TestPlainReaderAgreesWithLibrary(t *testing.T) {
	slow, all := 0, 0
	err := filepath.WalkDir(fixture.Path(t, "tags", "graphsense-tagpacks"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".yaml") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p, ok := cutPack(data)
		if !ok {
			t.Errorf("%s is not cut", path)
		}
		m := newMappings()
		for i, c := range append(p.header[:1:1], p.entries...) {
			all++
			plain, ok := plainMapping(c, m.names)
			if !ok {
				slow++
				continue
			}
			if i%11 > 1 {
				continue
			}
			library, err := m.any(c)
			if err != nil || !reflect.DeepEqual(plain, library) {
				t.Fatalf("%s:%d:\nplain   %+v\nlibrary %+v, %v", path, c.line, plain, library, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if slow > all/20 {
		t.Errorf("the library reads %d of %d entries", slow, all)
	}
}

func TestActorPack(t *testing.T) {
	s := file(t, "tags", "graphsense-tagpacks", "actors", "graphsense.actorpack.yaml")
	if len(s.Actors) != 3813 || len(s.Warnings) != 0 || s.Format != FormatActorPack || s.Date != "2023-02-17" {
		t.Errorf("%d actors, warnings %v, format %s, date %s", len(s.Actors), s.Report(), s.Format, s.Date)
	}
	i := slices.IndexFunc(s.Actors, func(a Actor) bool { return a.ID == "10xbitcoin" })
	want := Actor{ID: "10xbitcoin", Label: "10xBitco.in", URI: "10xbitco.in", Categories: []string{"service"}, Source: "graphsense.actorpack.yaml"}
	if i < 0 || !reflect.DeepEqual(s.Actors[i], want) {
		t.Errorf("actor 10xbitcoin: %+v, want %+v", s.Actors[max(i, 0)], want)
	}
}

func TestSanctionsJSON(t *testing.T) {
	s := file(t, "tags", "ofac", "data", "sanctioned-addresses.json")
	addresses := map[string]bool{}
	for i := range s.Labels {
		addresses[s.Labels[i].Address] = true
	}
	if len(addresses) != 961 || len(s.Labels) != 977 || len(s.Warnings) != 0 || s.Date != "2026-08-20" {
		t.Errorf("%d addresses, %d labels, date %s, warnings %v", len(addresses), len(s.Labels), s.Date, s.Report())
	}
	got := s.Labels[slices.IndexFunc(s.Labels, func(l goshawk.Label) bool { return strings.HasPrefix(l.Address, "1lrxsrd7znux") })]
	want := goshawk.Label{Address: "1lrxsrd7znuxpjcl5rttnoejfy1y4affyy", Text: "SUEX OTC, S.R.O.", Abuse: "sanction", Confidence: 60, Basis: "authority_data",
		Currency: "USDT", Reference: got.Reference, Context: got.Context, Source: "sanctioned-addresses.json", SourceHash: s.Hash}
	if !reflect.DeepEqual(got, want) || !strings.HasPrefix(got.Context, "programme CYBER2") || !strings.HasPrefix(got.Reference, "https://") {
		t.Errorf("%+v\nwant %+v", got, want)
	}
}

func TestSanctionsLists(t *testing.T) {
	sources := folder(t, "tags", "ofac-2024")
	labels := 0
	for _, s := range sources {
		labels += len(s.Labels)
		if len(s.Warnings) != 0 {
			t.Error(s.Report())
		}
	}
	if len(sources) != 17 || labels != 654 {
		t.Errorf("%d files with %d labels, want 17 with 654", len(sources), labels)
	}
	xbt := sources[slices.IndexFunc(sources, func(s *Source) bool { return strings.Contains(s.Name, "XBT") })]
	want := goshawk.Label{Address: "123WBUDmSJv4GctdVEz6Qq6z8nXSKrJ4KX", Text: "OFAC sanctioned digital currency address", Abuse: "sanction", Confidence: 60,
		Basis: "authority_data", Currency: "XBT", Source: "sanctioned_addresses_XBT.txt", SourceHash: xbt.Hash}
	if len(xbt.Labels) != 435 || !reflect.DeepEqual(xbt.Labels[0], want) {
		t.Errorf("%d labels, first %+v", len(xbt.Labels), xbt.Labels[0])
	}
}

const headerPack = `%YAML 1.1
---
# a comment
title: Test pack
creator: me
category: exchange
confidence: service_data
currency: BTC
is_cluster_definer: true
lastmod: 2023-01-26
source: &src https://example.org/list
label: Header label
tags:
  - address: 1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM   # the first
  - address: "bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw"
    label: 'It''s its own'
    is_cluster_definer: false
    confidence: ownership
    lastmod: 2024-02-30
  -
    address: 0x8589427373D6D84E98730D7795D8f6f8731FDA16
    label: |
      Two
      lines
    category: mixing-service
    concepts: [exchange, hot_wallet]
    abuse: sanction
    lastmod: 2022-08-10 12:18:52.619444
    source: *src
    context: '{"a":
      1}'

  - address: 12345
    label: ~
  - tx_hash: 4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b
    label: a transaction
  - label: no address
  - address: "unclosed
  - address: 3P
    confidence: certain
    is_cluster_definer: maybe
owner: the end
`

func TestTagPackInheritsAndWarns(t *testing.T) {
	for name, text := range map[string]string{"lf": headerPack, "crlf": strings.ReplaceAll(headerPack, "\n", "\r\n"), "bom": "\ufeff" + headerPack} {
		t.Run(name, func(t *testing.T) {
			s, err := Parse("pack.yaml", []byte(text), nil)
			if err != nil {
				t.Fatal(err)
			}
			common := goshawk.Label{Text: "Header label", Concepts: []string{"exchange"}, Confidence: 50, Basis: "service_data", Currency: "BTC",
				Cluster: true, Modified: "2023-01-26", Reference: "https://example.org/list", Source: "pack.yaml", SourceHash: s.Hash}
			var want [4]goshawk.Label
			for i := range want {
				want[i] = common
			}
			want[0].Address = "1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM"
			want[1].Address, want[1].Text, want[1].Cluster = "bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw", "It's its own", false
			want[1].Confidence, want[1].Basis, want[1].Modified = 100, "ownership", ""
			want[2].Address, want[2].Text, want[2].Abuse = "0x8589427373D6D84E98730D7795D8f6f8731FDA16", "Two lines", "sanction"
			want[2].Concepts, want[2].Modified, want[2].Context = []string{"mixing_service", "exchange", "hot_wallet"}, "2022-08-10", `{"a": 1}`
			want[3].Address, want[3].Confidence, want[3].Basis, want[3].Cluster = "3P", 5, "certain", false
			if !reflect.DeepEqual(s.Labels, want[:]) {
				t.Errorf("got\n%+v\nwant\n%+v", s.Labels, want)
			}
			report := []string{
				`pack.yaml:19: lastmod is "2024-02-30", which is no date`,
				"pack.yaml:33: the tag of 12345 has no label",
				"pack.yaml:37: there is no address",
				"pack.yaml:38: this tag cannot be read: it is not valid YAML",
				`pack.yaml:40: the confidence "certain" is no level of the TagPack taxonomy and counts as unknown (5)`,
				`pack.yaml:41: is_cluster_definer is "maybe", neither true nor false, and counts as false`,
				"pack.yaml: 1 tag names a transaction instead of an address; that is left out",
			}
			for i, line := range s.Report() {
				if i >= len(report) || !strings.HasPrefix(line, report[i]) {
					t.Errorf("warning %q", line)
				}
			}
			if len(s.Report()) != len(report) || s.Skipped != 1 || s.Title != "Test pack" || s.Date != "2023-01-26" {
				t.Errorf("%d warnings, want %d; skipped %d, title %q, date %s", len(s.Report()), len(report), s.Skipped, s.Title, s.Date)
			}
		})
	}
}

// A line that stands too far left costs the entry it stands in.
func TestTagPackWithCrookedLines(t *testing.T) {
	s, err := Parse("x.yaml", []byte("label: y\nconfidence: forensic\ntags:\n  - address: 1A\n  currency: BTC\n  - address: 1B\n - address: 1C\n  - address: 1D\nowner: z\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	report := s.Report()
	if len(s.Labels) != 1 || s.Labels[0].Address != "1D" || len(report) != 2 || !strings.HasPrefix(report[0], "x.yaml:4: ") || !strings.HasPrefix(report[1], "x.yaml:6: ") {
		t.Errorf("%+v, %q", s.Labels, report)
	}
}

// The library reads no more of one file than it is allowed to.
func TestLibraryIsBounded(t *testing.T) {
	m := newMappings()
	c := chunk{[]byte("- label: [a, b]\n"), 1}
	m.left = 2 * len(c.text)
	for i := range 3 {
		if e := m.read(c); (e.err == nil) != (i < 2) {
			t.Errorf("entry %d: %v", i, e.err)
		}
	}
	if e := m.read(chunk{[]byte("- label: a\n"), 1}); e.err != nil {
		t.Errorf("a plain entry: %v", e.err)
	}
}

// A pack in another style than a block list goes through the library whole.
func TestTagPackInFlowStyle(t *testing.T) {
	s, err := Parse("flow.yaml", []byte("title: x\nlabel: y\nconfidence: forensic\ntags: [{address: 1A}, {address: 1B, label: z}, nonsense]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Labels) != 2 || s.Labels[1].Text != "z" || s.Labels[0].Text != "y" || s.Labels[0].Confidence != 50 {
		t.Errorf("%+v", s.Labels)
	}
	if report := s.Report(); len(report) != 1 || !strings.HasPrefix(report[0], "flow.yaml:4: this tag cannot be read") {
		t.Errorf("%v", report)
	}
}

func TestFilesNobodyCanRead(t *testing.T) {
	bomb := "a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\ntags: [*c]\n"
	for _, tt := range []struct {
		name, text string
		code       goshawk.Code
		says       string
	}{
		{"empty.csv", "", goshawk.Unsupported, "no file of labels"},
		{"prose.txt", "This is a letter.\n", goshawk.Unsupported, "no file of labels"},
		{"latin1.csv", "address,label\n1A,caf\xe9\n", goshawk.Invalid, "not UTF-8"},
		{"headless.csv", "1A,Exchange\n", goshawk.Unsupported, "no file of labels"},
		{"unlabelled.csv", "address,category\n1A,exchange\n", goshawk.Invalid, "no column named label"},
		{"twice.csv", "address,label,name\n1A,b,c\n", goshawk.Invalid, "two columns that mean label"},
		{"taxonomy.yaml", "title: x\nentities:\n- id: y\n", goshawk.Unsupported, "neither a list of tags: nor of actors:"},
		{"bomb.yaml", bomb, goshawk.Invalid, "the alias *c names no text"},
		{"deep.yaml", "tags: " + strings.Repeat("[", 5000) + "\n", goshawk.Invalid, "nests more than"},
		{"long.yaml", "tags: [" + strings.Repeat("{a: b},", 2000) + "]\n", goshawk.Invalid, "a line of more than 8 KB"},
		{"header.yaml", "title: \"x\ntags:\n- address: 1A\n  label: b\n", goshawk.Invalid, "its header, from line 1"},
		{"lost.yaml", "title: x\ntags:\n- label: b\n", goshawk.Invalid, "line 3: there is no address"},
		{"cut.json", `{"addresses": {"1a": {"entries": [`, goshawk.Invalid, "cut.json:1"},
		{"other.json", `{"transactions": []}`, goshawk.Unsupported, "without \"addresses\""},
		{"list.json", `{"addresses": ["1A"]}`, goshawk.Invalid, "no JSON object"},
	} {
		_, err := Parse(tt.name, []byte(tt.text), nil)
		if goshawk.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) || !strings.Contains(err.Error(), tt.name) || goshawk.HintOf(err) == "" {
			t.Errorf("%s: %v (%s, hint %q), want %s: …%s…", tt.name, err, goshawk.CodeOf(err), goshawk.HintOf(err), tt.code, tt.says)
		}
	}
	_, err := Read("big", endless{}, nil)
	if goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(err.Error(), "larger than 256 MB") {
		t.Errorf("an endless file: %v", err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func TestCSV(t *testing.T) {
	s, err := Parse("suspects.csv", []byte(`# collected by hand
Address;Name;Type;Confidence;Link;Chain;Coin;Date;Cluster definer;Concepts;mood
1A;Big Exchange;Exchange;90;https://example.org;bitcoin;BTC;2024-05-01;yes;hot wallet|exchange;good
1B;"Semi; colon";;ownership;;;;;;;
1C;Short
;nobody;;;;;;;;;
1D;too many;;;;;;;;;;;
1E;wrong;;101;;;;;;;
"1F;unclosed
`), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []goshawk.Label{
		{Address: "1A", Text: "Big Exchange", Concepts: []string{"exchange", "hot_wallet"}, Confidence: 90, Network: "bitcoin", Currency: "BTC", Cluster: true, Reference: "https://example.org", Modified: "2024-05-01"},
		{Address: "1B", Text: "Semi; colon", Confidence: 100, Basis: "ownership"},
		{Address: "1C", Text: "Short", Confidence: 50},
	}
	for i := range want {
		want[i].Source, want[i].SourceHash = "suspects.csv", s.Hash
	}
	if !reflect.DeepEqual(s.Labels, want) {
		t.Errorf("got\n%+v\nwant\n%+v", s.Labels, want)
	}
	report := []string{
		"suspects.csv:6: there is no address; it is left out",
		"suspects.csv:7: this line has 13 columns, the first line names 11; it is left out",
		"suspects.csv:8: the confidence 101 is not between 0 and 100; it is left out",
		"suspects.csv:9: this line cannot be read: extraneous or missing \" in quoted-field; it is left out",
		"suspects.csv: 1 label names no confidence: it is 50 then, as of a trusted provider; a column confidence sets it",
	}
	if !slices.Equal(s.Report(), report) {
		t.Errorf("warnings:\n%s", strings.Join(s.Report(), "\n"))
	}
}

// An address that can be nobody's is named, and left out of what its user can
// mend; a publisher's list is kept whole.
func TestImpossibleAddresses(t *testing.T) {
	const csv = `address,label,currency
1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM,right,
1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaN,a letter,
bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudserux,a letter,
nobody,no address at all,BTC
0xd882cFc20F52f2599D84b8e8D58C7FB62cfE344b,another network's,BTC
rPT1Sjq2YGrBMTttX4GZHjKu9dyfzbpAYe,another network's,XRP
"unclosed,x,
1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM,lost,
`
	const list = "1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM\n1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaN\n"
	const bad = `"1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaN" has a bad checksum`
	for _, tt := range []struct {
		name, text string
		labels     int
		leftOut    int
		report     []string
	}{
		{"suspects.csv", csv, 3, 5, []string{
			"suspects.csv:3: " + bad + "; it is left out",
			`suspects.csv:4: "bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudserux" has a bad checksum; it is left out`,
			`suspects.csv:5: "nobody" is not an address: neither its length nor its checksum is that of one; it is left out`,
			`suspects.csv:8: this line and what follows it up to line 9 cannot be read: extraneous or missing " in quoted-field; it is left out`,
			"suspects.csv: 3 labels name no confidence: it is 50 then, as of a trusted provider; a column confidence sets it"}},
		{"stolen.txt", list, 1, 1, []string{"stolen.txt:2: " + bad + "; it is left out"}},
		{"sanctioned_addresses_XBT.txt", list, 2, 0, []string{"sanctioned_addresses_XBT.txt:2: " + bad + "; it is kept as it stands, and matches no address"}},
		{"list.json", `{"addresses": {"1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaN": {"entries": [{"entity": "E", "type": "Digital Currency Address - XBT"}]}}}`, 1, 0,
			[]string{"list.json:1: " + bad + "; it is kept as it stands, and matches no address"}},
		{"pack.yaml", "label: x\nconfidence: forensic\ncurrency: BTC\ntags:\n- address: 1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaN\n", 1, 0,
			[]string{"pack.yaml:5: " + bad + "; it is kept as it stands, and matches no address"}},
	} {
		s, err := Parse(tt.name, []byte(tt.text), bitcoin.AddressCheck())
		if err != nil {
			t.Error(err)
			continue
		}
		if len(s.Labels) != tt.labels || s.LeftOut != tt.leftOut || !slices.Equal(s.Report(), tt.report) {
			t.Errorf("%d labels, %d left out, want %d and %d\n%s", len(s.Labels), s.LeftOut, tt.labels, tt.leftOut, strings.Join(s.Report(), "\n"))
		}
	}
}

func TestAddressList(t *testing.T) {
	s, err := Parse("stolen.txt", []byte("# list\n1A\n\n 1B # and a remark\nnot an address\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Labels) != 2 || s.Labels[0].Text != "listed in stolen" || s.Labels[1].Address != "1B" || s.Labels[1].Confidence != 50 {
		t.Errorf("%+v", s.Labels)
	}
	if report := s.Report(); !slices.Equal(report, []string{`stolen.txt:5: "not an address" is no address: a list has one address a line; it is left out`}) {
		t.Error(report)
	}
}

// What a file says must not steer the terminal that shows it.
func TestCleanText(t *testing.T) {
	for text, want := range map[string]string{
		"  plain ":                "plain",
		"a\nb\tc":                 "a b c",
		"\x1b[31mred":             "\ufffd[31mred",
		"evil\u202etxt":           "evil\ufffdtxt",
		"ü":                       "ü",
		strings.Repeat("ü", 1000): strings.Repeat("ü", 498) + "…",
	} {
		if got := clean(text, maxText); got != want {
			t.Errorf("clean(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestConfidenceLevels(t *testing.T) {
	// graphsense-lib's confidence taxonomy, 2026-08-21.
	for id, want := range map[string]int{"override": 100, "ownership": 100, "ledger_immanent": 100, "manual_transaction": 90, "service_api": 70,
		"forensic_investigation": 70, "authority_data": 60, "trusted_provider": 50, "service_data": 50, "forensic": 50,
		"untrusted_transaction": 40, "web_crawl": 20, "heuristic": 10, "unknown": 5} {
		if got, ok := level(id); !ok || got != want {
			t.Errorf("level(%s) = %d, %v, want %d", id, got, ok, want)
		}
	}
	if _, ok := level("certain"); ok {
		t.Error("certain is a level")
	}
}

func TestServices(t *testing.T) {
	for concept, want := range map[string]bool{"exchange": true, "wallet_service": true, "escrow_wallet": true, "mixing_service": true, "gambling": true,
		"market": true, "payment_processor": true, "mining_service": true, "defi_lending": true, "defi_bridge": true, "defi_dex": true,
		"miner": false, "user": false, "service": false, "coinjoin": false, "defi": false, "ico_wallet": false, "cold_wallet": false, "": false} {
		if got := Pooling(&goshawk.Label{Concepts: []string{"organization", concept}}); got != want {
			t.Errorf("%s pools: %v, want %v", concept, got, want)
		}
	}
	labels := []goshawk.Label{
		{Text: "donor", Confidence: 90, Concepts: []string{"user"}},
		{Text: "old", Confidence: 60, Concepts: []string{"exchange"}, Modified: "2020-01-01"},
		{Text: "new", Confidence: 60, Concepts: []string{"gambling"}, Modified: "2021-01-01"},
	}
	if l, ok := Service(labels, 60); !ok || l.Text != "new" {
		t.Errorf("best service: %+v", l)
	}
	if l, ok := Service(labels, 61); ok {
		t.Errorf("a service of enough confidence: %+v", l)
	}
}

func TestKeys(t *testing.T) {
	for _, tt := range []struct {
		address, key string
		lowered      bool
	}{
		{"1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY", "1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY", false},
		{"1lrxsrd7znuxpjcl5rttnoejfy1y4affyy", "1lrxsrd7znuxpjcl5rttnoejfy1y4affyy", true},
		{"tniq9axbp9ejuqhdhrwrfvaa8u3guqzh81", "tniq9axbp9ejuqhdhrwrfvaa8u3guqzh81", true},
		{"0xD882cFc20F52f2599D84b8e8D58C7FB62cfE344b", "0xd882cfc20f52f2599d84b8e8d58c7fb62cfe344b", false},
		{"BC1QWMS3SLUVYLC7V4YAV3E3TN8SMRW0AAPUDSERUW", "bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw", false},
		{"bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw", "bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw", false},
		{"qpf2cphc5dkuclkqur7lhj2yuqq9pk3hmukle77vhq", "qpf2cphc5dkuclkqur7lhj2yuqq9pk3hmukle77vhq", false},
		{"bitcoincash:qptsxhxxuyww0a3s3gy2ee9cwdgjhz7pqyw9d2dwsl", "bitcoincash:qptsxhxxuyww0a3s3gy2ee9cwdgjhz7pqyw9d2dwsl", false},
		{"5be5543ff73456ab9f2d207887e2af87322c651ea1a873c5b25b7ffae456c320", "5be5543ff73456ab9f2d207887e2af87322c651ea1a873c5b25b7ffae456c320", false},
		{"f1rmrlyjzym3jgv6tt77kbbbwbz6huxbimlt5va7y", "f1rmrlyjzym3jgv6tt77kbbbwbz6huxbimlt5va7y", false},
		{"bitfinexdep1", "bitfinexdep1", false},
		{"", "", false},
	} {
		if k, lowered := key(tt.address); k != tt.key || lowered != tt.lowered {
			t.Errorf("key(%s) = %s, %v, want %s, %v", tt.address, k, lowered, tt.key, tt.lowered)
		}
	}
}

// The list that lower-cased its addresses is recognised by each of them: exactly
// those that the other list writes with capitals, unless case means nothing.
func TestKeysOfRealLists(t *testing.T) {
	written := map[string]string{}
	for _, s := range folder(t, "tags", "ofac-2024") {
		for i := range s.Labels {
			a := s.Labels[i].Address
			written[strings.ToLower(a)] = a
			if _, lowered := key(a); lowered {
				t.Errorf("%s counts as lower-cased", a)
			}
		}
	}
	compared, lower := 0, 0
	for _, l := range file(t, "tags", "ofac", "data", "sanctioned-addresses.json").Labels {
		_, lowered := key(l.Address)
		if lowered {
			lower++
		}
		if original, ok := written[l.Address]; ok {
			compared++
			caseless := strings.HasPrefix(original, "0x") || original == l.Address
			if lowered == caseless {
				t.Errorf("%s, written %s, counts as lower-cased: %v", l.Address, original, lowered)
			}
		}
	}
	if compared < 500 || lower < 600 {
		t.Errorf("compared %d, of which %d lower-cased", compared, lower)
	}
}

func TestKnownNames(t *testing.T) {
	for name, want := range map[string]bool{"a/b/pack.YAML": true, "list.txt": true, "LICENSE": false, "README.md": false} {
		if Known(name) != want {
			t.Errorf("Known(%s) = %v", name, !want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(headerPack))
	f.Add([]byte("tags:\n- address: 1A\n  label: x\n  concepts:\n  - a\n  - b\n"))
	f.Add([]byte("tags: [{address: &a 1A, label: *a}]\n"))
	f.Add([]byte("actors:\n- id: x\n  categories:\n  - exchange\n  context:\n    refs:\n    - y\n"))
	f.Add([]byte(`{"metadata": {"sdnListDate": "08/20/2026"}, "addresses": {"1a": {"entries": [{"entity": "E", "type": "A - XBT", "uid": "1"}]}}}`))
	f.Add([]byte("address,label,confidence\n1A,x,50\n"))
	f.Add([]byte("1A\n1B\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		s, err := Parse("fuzz", data, nil)
		if err != nil {
			if goshawk.CodeOf(err) == "" || goshawk.HintOf(err) == "" {
				t.Fatalf("an error without code or hint: %v", err)
			}
			return
		}
		again, err := Parse("fuzz", data, nil)
		if err != nil || !reflect.DeepEqual(s, again) {
			t.Fatal("the same bytes give different labels")
		}
		for i := range s.Labels {
			l := &s.Labels[i]
			if l.Address == "" || l.Text == "" || l.Confidence < 0 || l.Confidence > 100 || !plain(l.Address) {
				t.Fatalf("%+v", l)
			}
		}
		store(t, s)
	})
}

// Where the fast reader and the library both read an entry, they read the same.
func FuzzPlainMapping(f *testing.F) {
	for _, c := range []string{"- address: 1A\n  label: 'x'\n", "a: b\nc:\n- d\n- 'e'\nf: null\n", "- a: 0x1F # y\n\n  b: \"c\"\n", "a: 'it''s'\nb: ünd\n", "a:\n- b\n  - c\n"} {
		f.Add([]byte(c))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<12 || bytes.ContainsAny(data, "\r") || !utf8.Valid(data) { // Parse sees to these
			return
		}
		c := chunk{data, 1}
		m := newMappings()
		fields, ok := plainMapping(c, m.names)
		if !ok {
			return
		}
		library, err := m.any(c)
		if err == nil && !reflect.DeepEqual(fields, library) {
			t.Fatalf("plain   %+v\nlibrary %+v", fields, library)
		}
	})
}

// TestNobodyIsListed: a dated list that names nobody is a list; one that nobody dated, or whose entries cannot be read, is a mistake.
func TestNobodyIsListed(t *testing.T) {
	s, err := Parse("list.json", []byte(`{"metadata": {"sdnListDate": "08/20/2026"}, "addresses": {}}`), nil)
	if err != nil || len(s.Labels) != 0 || s.Date != "2026-08-20" {
		t.Errorf("%+v, %v", s, err)
	}
	for _, text := range []string{`{"addresses": {}}`, `{"metadata": {"sdnListDate": "08/20/2026"}, "addresses": {"1a": 7}}`} {
		if s, err := Parse("list.json", []byte(text), nil); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %+v, %v", text, s, err)
		}
	}
}
