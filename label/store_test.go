package label

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/internal/fixture"
)

// store writes sources, opens them again and checks the bytes.
func store(tb testing.TB, sources ...*Source) *Store {
	tb.Helper()
	var b bytes.Buffer
	if err := Write(&b, sources); err != nil {
		tb.Fatal(err)
	}
	s, err := Open(b.Bytes())
	if err != nil {
		tb.Fatal(err)
	}
	if err := s.Check(); err != nil {
		tb.Fatal(err)
	}
	return s
}

func set(tb testing.TB, stored *Store, added ...*Source) *Set {
	tb.Helper()
	s, err := NewSet(stored, added)
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// naive answers Lookup by looking at everything.
func naive(sources []*Source, address string) []goshawk.Label {
	var labels []goshawk.Label
	for _, s := range sources {
		for _, l := range s.Labels {
			own, lowered := key(l.Address)
			asked, _ := key(address)
			switch {
			case !lowered && own == asked:
			case lowered && own == address:
			case lowered && own == strings.ToLower(address):
				l.Match = LowerCased
			default:
				continue
			}
			labels = append(labels, l)
		}
	}
	slices.SortStableFunc(labels, func(a, b goshawk.Label) int {
		switch {
		case less(&a, &b):
			return -1
		case less(&b, &a):
			return 1
		}
		return 0
	})
	return labels
}

var addressGen = rapid.OneOf(
	rapid.SampledFrom([]string{
		"1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY", "1lrxsrd7znuxpjcl5rttnoejfy1y4affyy", "1LRxsrd7znuxpjcl5rttnoejfy1y4affyy",
		"bc1qwms3sluvylc7v4yav3e3tn8smrw0aapudseruw", "BC1QWMS3SLUVYLC7V4YAV3E3TN8SMRW0AAPUDSERUW",
		"0xD882cFc20F52f2599D84b8e8D58C7FB62cfE344b", "0xd882cfc20f52f2599d84b8e8d58c7fb62cfe344b", "x",
	}),
	rapid.StringMatching(`[1-9A-Za-z]{1,12}`),
)

func sourceGen(name string) *rapid.Generator[*Source] {
	return rapid.Custom(func(t *rapid.T) *Source {
		s := &Source{Name: name, Hash: rapid.StringMatching(`[0-9a-f]{4}`).Draw(t, "hash"), Format: FormatCSV,
			Date: rapid.SampledFrom([]string{"", "2024-01-01", "2025-01-01"}).Draw(t, "date"), Imported: "2026-01-01"}
		short := rapid.StringMatching(`[a-c]{0,1}`)
		for range rapid.IntRange(0, 12).Draw(t, "labels") {
			l := goshawk.Label{Address: addressGen.Draw(t, "address"), Text: short.Draw(t, "text"), Actor: short.Draw(t, "actor"),
				Confidence: rapid.SampledFrom([]int{5, 50, 100}).Draw(t, "confidence"), Basis: short.Draw(t, "basis"), Network: short.Draw(t, "network"),
				Currency: short.Draw(t, "currency"), Reference: short.Draw(t, "reference"), Context: short.Draw(t, "context"), Abuse: short.Draw(t, "abuse"),
				Modified: rapid.SampledFrom([]string{"", "2020-01-01", "2021-01-01"}).Draw(t, "modified"), Cluster: rapid.Bool().Draw(t, "cluster"),
				Source: s.Name, SourceHash: s.Hash}
			if c := rapid.SliceOfN(rapid.SampledFrom([]string{"exchange", "user"}), 0, 2).Draw(t, "concepts"); len(c) > 0 {
				l.Concepts = c
			}
			s.Labels = append(s.Labels, l)
		}
		s.Count = len(s.Labels)
		return s
	})
}

// Lookups through a store, through several files and through both are what
// looking at every label gives; bytes do not depend on the order of files.
func TestStoreIsNaiveLookup(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sources := []*Source{sourceGen("a.csv").Draw(t, "a"), sourceGen("b.csv").Draw(t, "b")}
		if sources[0].Hash == sources[1].Hash {
			t.Skip("two files of one hash")
		}
		var one, other bytes.Buffer
		if err := Write(&one, sources); err != nil {
			t.Fatal(err)
		}
		if err := Write(&other, []*Source{sources[1], sources[0]}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), other.Bytes()) {
			t.Fatal("the order of files changes the store")
		}
		stored, err := Open(one.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := stored.Check(); err != nil {
			t.Fatal(err)
		}
		other.Reset()
		all, err := stored.All()
		if err != nil {
			t.Fatal(err)
		}
		if err := Write(&other, all); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(one.Bytes(), other.Bytes()) {
			t.Fatal("writing what a store holds gives another store")
		}
		first, err := Open(mustBuild(t, sources[:1]))
		if err != nil {
			t.Fatal(err)
		}
		var exact, lowered []string
		for _, s := range sources {
			for _, l := range s.Labels {
				if k, low := key(l.Address); low {
					lowered = append(lowered, k)
				} else {
					exact = append(exact, k)
				}
			}
		}
		slices.Sort(exact)
		slices.Sort(lowered)
		for name, parts := range map[string]struct {
			stored *Store
			added  []*Source
		}{"store": {stored, nil}, "files": {nil, sources}, "both": {first, sources}} {
			s, err := NewSet(parts.stored, parts.added)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range append([]string{addressGen.Draw(t, "other")}, append(exact, lowered...)...) {
				for _, a := range []string{a, strings.ToUpper(a), strings.ToLower(a)} {
					want := naive(sources, a)
					if got := s.Lookup(a); !reflect.DeepEqual(got, want) {
						t.Fatalf("%s: %s:\ngot  %+v\nwant %+v", name, a, got, want)
					}
					if s.Has(a) != (len(want) > 0) {
						t.Fatalf("%s: Has(%s) = %v", name, a, s.Has(a))
					}
				}
			}
			if got := slices.Collect(s.Exact()); !slices.Equal(got, slices.Compact(slices.Clone(exact))) {
				t.Fatalf("%s: Exact yields %q, want %q", name, got, exact)
			}
			if got := slices.Collect(s.Lowered()); !slices.Equal(got, slices.Compact(slices.Clone(lowered))) || s.NeedsScan() != (len(lowered) > 0) {
				t.Fatalf("%s: Lowered yields %q, want %q", name, got, lowered)
			}
			if len(s.Sources()) != 2 || s.Sources()[0] != sources[0].LabelSource() || s.Sources()[1] != sources[1].LabelSource() {
				t.Fatalf("%s: sources %+v", name, s.Sources())
			}
		}
	})
}

func mustBuild(t *rapid.T, sources []*Source) []byte {
	data, err := build(sources)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Everything real at once: the store knows what each file says.
func TestStoreOfRealLabels(t *testing.T) {
	sources := append(folder(t, "tags", "graphsense-tagpacks"), folder(t, "tags", "ofac-2024")...)
	sources = append(sources, file(t, "tags", "ofac", "data", "sanctioned-addresses.json"))
	s := set(t, store(t, sources...))
	exact, lowered := map[string]bool{}, map[string]bool{}
	for _, source := range sources {
		for i := range source.Labels {
			if k, low := key(source.Labels[i].Address); low {
				lowered[k] = true
			} else {
				exact[k] = true
			}
		}
	}
	if e, l := len(slices.Collect(s.Exact())), len(slices.Collect(s.Lowered())); e != len(exact) || l != len(lowered) || e < 160000 {
		t.Errorf("%d exact and %d lower-cased addresses, want %d and %d", e, l, len(exact), len(lowered))
	}

	suex := s.Lookup("1LrxsRd7zNuxPJcL5rttnoeJFy1y4AffYY")
	var said []string
	for _, l := range suex {
		said = append(said, l.Text+"|"+l.Currency+"|"+l.Match+"|"+l.Source)
	}
	want := []string{
		"SUEX OTC, S.R.O.|USDT|lower-cased|sanctioned-addresses.json",
		"SUEX OTC, S.R.O.|XBT|lower-cased|sanctioned-addresses.json",
		"OFAC sanctioned digital currency address|USDT||sanctioned_addresses_USDT.txt",
		"OFAC sanctioned digital currency address|XBT||sanctioned_addresses_XBT.txt",
		"Asset listed under US Treasury OFAC Sanctions List|BTC||ofac.yaml",
	}
	slices.Sort(said)
	slices.Sort(want)
	if !slices.Equal(said, want) {
		t.Errorf("SUEX:\n%s\nwant:\n%s", strings.Join(said, "\n"), strings.Join(want, "\n"))
	}
	if !slices.IsSortedFunc(suex, func(a, b goshawk.Label) int {
		switch {
		case a.Less(&b):
			return -1
		case b.Less(&a):
			return 1
		}
		return 0
	}) {
		t.Errorf("not in order: %+v", suex)
	}
	if labels := s.Lookup("1lrxsrd7znuxpjcl5rttnoejfy1y4affyy"); len(labels) != 2 || labels[0].Match != "" {
		t.Errorf("the lower-cased text itself: %+v", labels)
	}
	if labels := s.Lookup("1LrxsRd7zNuxPJcL5rttnoeJFy1y4Affyy"); len(labels) != 2 || labels[0].Match != LowerCased {
		t.Errorf("another address of the same lower-cased text: %+v", labels)
	}

	// A tag that has an actor and nothing else is of the actor's categories.
	inherited := 0
	for address := range s.Exact() {
		for _, l := range s.Lookup(address) {
			if l.Inherited {
				inherited++
				if l.Actor == "" || len(l.Concepts) == 0 || l.Source != "etherscan-label-word-cloud.yaml" {
					t.Fatalf("%+v", l)
				}
			}
		}
	}
	if inherited != 129 {
		t.Errorf("%d labels have their actor's categories, want 129", inherited)
	}
	if a, ok := s.Actor("binance"); !ok || a.Label != "Binance" || !slices.Contains(a.Categories, "exchange") {
		t.Errorf("actor binance: %+v", a)
	}
	if _, ok := s.Actor("nobody at all"); ok {
		t.Error("an actor nobody knows")
	}
	binance, ok := Service(s.Lookup("34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo"), 50)
	if !ok || binance.Actor != "binance" || !binance.Cluster {
		t.Errorf("Binance's cold wallet: %+v", binance)
	}
	if _, ok := Service(s.Lookup("1CKVszDdUp4ymGceAZpGzYEFr4RPNHYqaM"), 51); ok {
		t.Error("a label of confidence 50 passes 51")
	}
}

func TestMerge(t *testing.T) {
	csv := func(name, text string) *Source {
		s, err := Parse(name, []byte("address,label,confidence,date\n"+text), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Imported = "2026-11-22"
		return s
	}
	outcomes := func(changes []Change) (all []string) {
		for _, c := range changes {
			text := c.Source.Name + " " + string(c.Outcome)
			if c.Other != nil {
				text += " " + c.Other.Name + " " + c.Other.Date
			}
			all = append(all, text)
		}
		return all
	}
	first, second := csv("a.csv", "1A,x,50,2024-01-01\n"), csv("b.csv", "1A,y,50,\n")
	sources, changes, err := Merge(nil, []*Source{first, second})
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(changes); !slices.Equal(got, []string{"a.csv added", "b.csv added"}) {
		t.Errorf("%q", got)
	}
	stored := store(t, sources...)

	newer, older := csv("a.csv", "1A,newer,50,2025-01-01\n"), csv("a.csv", "1A,older,50,2023-01-01\n")
	sources, changes, err = Merge(stored, []*Source{first, newer, older, csv("b.csv", "1B,z,50,\n")})
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(changes); !slices.Equal(got, []string{"a.csv unchanged a.csv 2024-01-01",
		"a.csv replaced a.csv 2024-01-01", "a.csv older a.csv 2025-01-01", "b.csv replaced b.csv "}) {
		t.Errorf("%q", got)
	}
	merged := store(t, sources...)
	var listed []string
	for _, s := range merged.Sources() {
		state := "in use"
		if s.Superseded {
			state = "superseded"
		}
		listed = append(listed, s.Name+" "+s.Date+" "+state+" "+s.Imported)
		if s.Count != 1 {
			t.Errorf("%s %s: %d labels", s.Name, s.Date, s.Count)
		}
	}
	slices.Sort(listed)
	if want := []string{"a.csv 2023-01-01 superseded 2026-11-22", "a.csv 2024-01-01 superseded 2026-11-22", "a.csv 2025-01-01 in use 2026-11-22",
		"b.csv  in use 2026-11-22", "b.csv  superseded 2026-11-22"}; !slices.Equal(listed, want) {
		t.Errorf("%q", listed)
	}
	s := set(t, merged)
	if l := s.Lookup("1A"); len(l) != 1 || l[0].Text != "newer" {
		t.Errorf("%+v", l)
	}
	if got := s.Sources(); len(got) != 2 || got[0].Source != "a.csv" || got[0].Hash != newer.Hash {
		t.Errorf("%+v", got)
	}
	// A file named for a run is added beside the stored version.
	if l := set(t, merged, older, newer).Lookup("1A"); len(l) != 2 || l[0].Text != "newer" || l[1].Text != "older" {
		t.Errorf("%+v", l)
	}
}

// Two lists that say the same are two sources: neither vanishes behind the other.
func TestTwoFilesOfTheSameBytes(t *testing.T) {
	parse := func(name string) *Source {
		s, err := Parse(name, []byte("1A\n"), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	sources := func(s *Set) (all []string) {
		for _, l := range s.Lookup("1A") {
			all = append(all, l.Source)
		}
		if len(s.Sources()) != len(all) {
			t.Errorf("of %+v %q speak", s.Sources(), all)
		}
		return all
	}
	want := []string{"arb.txt", "bsc.txt"}
	if got := sources(set(t, nil, parse("arb.txt"), parse("bsc.txt"), parse("arb.txt"))); !slices.Equal(got, want) {
		t.Errorf("named for a run: %q", got)
	}
	both := []*Source{parse("arb.txt"), parse("bsc.txt")}
	merged, changes, err := Merge(nil, both)
	if err != nil || changes[0].Outcome != Added || changes[1].Outcome != Added {
		t.Fatalf("%+v, %v", changes, err)
	}
	stored := store(t, merged...)
	if got := sources(set(t, stored)); !slices.Equal(got, want) {
		t.Errorf("stored: %q", got)
	}
	if got := sources(set(t, stored, parse("bsc.txt"), parse("third.txt"))); !slices.Equal(got, append(want, "third.txt")) {
		t.Errorf("stored, and named for a run: %q", got)
	}
	if _, changes, err = Merge(stored, both); err != nil || changes[0].Outcome != Unchanged || changes[1].Outcome != Unchanged {
		t.Errorf("again: %+v, %v", changes, err)
	}
}

// Labels inherit their actor's concepts only where they say nothing themselves;
// of two versions of an actor the newer counts, and within a file the first.
func TestActorsAreInherited(t *testing.T) {
	parse := func(name, text string) *Source {
		s, err := Parse(name, []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	labels := parse("pack.yaml", "label: x\nactor: big\nconfidence: forensic\ntags:\n- address: 1A\n- address: 1B\n  abuse: scam\n- address: 1C\n  category: user\n- address: 1D\n  actor: unheard\n")
	older := parse("a.yaml", "lastmod: 2023-01-01\nactors:\n- id: big\n  categories: [user]\n")
	newer := parse("b.yaml", "lastmod: 2024-01-01\nactors:\n- id: big\n  label: Big\n  categories: [organization, exchange]\n- id: big\n  categories: [user]\n- label: nameless\n")
	if report := newer.Report(); !slices.Equal(report, []string{`b.yaml:6: the actor "big" is there twice; the first one counts`, "b.yaml:8: this actor has no id; it is left out"}) {
		t.Errorf("%q", report)
	}
	for name, s := range map[string]*Set{
		"one store":       set(t, store(t, labels, older, newer)),
		"files beside it": set(t, store(t, labels, older), newer),
		"only files":      set(t, nil, newer, labels, older),
	} {
		var got []string
		for _, a := range []string{"1A", "1B", "1C", "1D"} {
			l := s.Lookup(a)[0]
			got = append(got, strings.Join(l.Concepts, "+"))
			if l.Inherited != (a == "1A") {
				t.Errorf("%s: %s inherits: %v", name, a, l.Inherited)
			}
		}
		if !slices.Equal(got, []string{"organization+exchange", "", "user", ""}) {
			t.Errorf("%s: %q", name, got)
		}
		if a, ok := s.Actor("big"); !ok || a.Label != "Big" || a.Source != "b.yaml" {
			t.Errorf("%s: %+v", name, a)
		}
	}
}

// resum writes a right checksum into changed bytes.
func resum(data []byte) {
	if len(data) >= headerSize {
		sum := crc32.Update(0, castagnoli, data[:24])
		binary.LittleEndian.PutUint32(data[24:], crc32.Update(sum, castagnoli, data[28:]))
	}
}

func smallStore(tb testing.TB) []byte {
	tb.Helper()
	pack, err := Parse("pack.yaml", []byte(headerPack), nil)
	if err != nil {
		tb.Fatal(err)
	}
	list, err := Parse("list.csv", []byte("address,label,actor\n1lrxsrd7znuxpjcl5rttnoejfy1y4affyy,x,a\n"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	actors, err := Parse("actors.yaml", []byte("actors:\n- id: a\n  label: A\n  categories: [exchange]\n  jurisdictions:\n  - at\n"), nil)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := build([]*Source{pack, list, actors})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// use calls everything that reads a store.
func use(s *Store) error {
	set, err := NewSet(s, nil)
	if err != nil {
		return err
	}
	n := 0
	for a := range set.Exact() {
		if n++; n < 50 {
			set.Lookup(a)
		}
	}
	for a := range set.Lowered() {
		if n++; n < 100 {
			set.Lookup(strings.ToUpper(a))
		}
	}
	set.Actor("a")
	_, err = s.All()
	return err
}

// A changed byte is found when the store is opened, and a cut as well.
func TestDamagedStore(t *testing.T) {
	data := smallStore(t)
	for i := range data {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x10
		if _, err := Open(damaged); goshawk.CodeOf(err) != goshawk.Corrupt && goshawk.CodeOf(err) != goshawk.Unsupported || goshawk.HintOf(err) == "" {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		if _, err := Open(data[:i]); goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Fatalf("cut after %d bytes: %v", i, err)
		}
	}
	later := slices.Clone(data)
	later[8]++
	if _, err := Open(later); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("a later version: %v", err)
	}
	// Bytes with a right checksum that no writer wrote: Check sees most of
	// them, and none of them is a crash.
	seen := 0
	for i := headerSize; i < len(data); i++ {
		damaged := slices.Clone(data)
		damaged[i] ^= 0x10
		resum(damaged)
		s, err := Open(damaged)
		if err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
		if err := use(s); goshawk.CodeOf(err) == goshawk.Corrupt {
			seen++
		}
	}
	if seen < (len(data)-headerSize)/4 {
		t.Errorf("Check saw %d of %d changes", seen, len(data)-headerSize)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add(smallStore(f))
	f.Add(smallStore(f)[:headerSize])
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		data = slices.Clone(data)
		if len(data) >= headerSize { // past the checks that chance never passes
			copy(data, storeMagic)
			binary.LittleEndian.PutUint32(data[8:], storeVersion)
			binary.LittleEndian.PutUint64(data[16:], uint64(len(data)))
			resum(data)
		}
		s, err := Open(data)
		if err != nil {
			if goshawk.CodeOf(err) == "" {
				t.Fatal(err)
			}
			return
		}
		if err := use(s); err != nil && goshawk.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}

func realSources(b *testing.B) []*Source {
	return append(folder(b, "tags", "graphsense-tagpacks"), file(b, "tags", "ofac", "data", "sanctioned-addresses.json"))
}

// BenchmarkImport reads all TagPacks, the ActorPack and the sanctions list and
// writes the store.
func BenchmarkImport(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := build(realSources(b)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadBiggestPack(b *testing.B) {
	data := fixture.Bytes(b, "tags", "graphsense-tagpacks", "packs", "miners.yaml")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("miners.yaml", data, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	data, err := build(realSources(b))
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLookup(b *testing.B) {
	stored := store(b, realSources(b)...)
	s := set(b, stored)
	addresses := slices.Collect(s.Exact())
	b.Run("hit", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if len(s.Lookup(addresses[i*7919%len(addresses)])) == 0 {
				b.Fatal("not found")
			}
		}
	})
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if s.Has("1BitcoinEaterAddressDontSendf59kuE") {
				b.Fatal("found")
			}
		}
	})
}
