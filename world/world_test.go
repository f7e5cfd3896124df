package world

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk"
)

// TestSameSpecSameBytes: a spec gives the same bytes on every machine and at
// every time. When a change is meant to alter worlds, Version goes up.
func TestSameSpecSameBytes(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
		seal string
	}{
		{"unsigned", Spec{Seed: 7, Era: Era2019, Txs: 3_000}, "663440d81c98952d99c31df5e21ea4bbc6e374207a015d8a4cf97070a459d76b"},
		{"signed", Spec{Seed: 8, Era: Era2022, Txs: 2_500, Sign: true}, "169cb0bd9f2c71407fcbbec7ce0a7ba7c359c552cdf660309339668a91837531"},
	} {
		_, m := build(t, c.spec)
		if m.Seal != c.seal {
			t.Errorf("the %s world's seal is %s, not %s", c.name, m.Seal, c.seal)
		}
	}
	_, a := build(t, Spec{Seed: 7, Era: Era2019, Txs: 2_500})
	_, b := build(t, Spec{Seed: 8, Era: Era2019, Txs: 2_500})
	if a.Figures.Tip == b.Figures.Tip {
		t.Error("two seeds gave one chain")
	}
}

// TestSigningChangesNoStory: with signatures a world has other keys, and the same
// people do the same things.
func TestSigningChangesNoStory(t *testing.T) {
	plain, _ := build(t, Spec{Seed: 9, Era: Era2022, Txs: 2_500})
	signed, _ := build(t, Spec{Seed: 9, Era: Era2022, Txs: 2_500, Sign: true})
	for _, name := range []string{"truth/actors.csv", "truth/wallets.csv", "public/prices.csv"} {
		if string(plain.MapFS[name].Data) != string(signed.MapFS[name].Data) {
			t.Errorf("%s differs", name)
		}
	}
	a, b := plain.rows(t, "truth/transactions.csv"), signed.rows(t, "truth/transactions.csv")
	if len(a) != len(b) {
		t.Fatalf("%d transactions, and signed %d", len(a), len(b))
	}
	for i := range a {
		if strings.Join(a[i][1:], " ") != strings.Join(b[i][1:], " ") {
			t.Fatalf("transaction %d is %v, and signed %v", i, a[i], b[i])
		}
	}
}

var errFull = errors.New("disk full")

// failing is a Folder whose disk is full after some bytes.
type failing struct {
	memory
	left *int
}

func (f failing) Create(name string) (File, error) {
	if *f.left < 0 {
		return nil, errFull
	}
	file, err := f.memory.Create(name)
	return failingFile{file, f.left}, err
}

type failingFile struct {
	File
	left *int
}

func (f failingFile) Write(p []byte) (int, error) {
	if *f.left -= len(p); *f.left < 0 {
		return 0, errFull
	}
	return f.File.Write(p)
}

// TestFailuresLeaveNoManifest: whatever ends a build early, nothing looks finished.
func TestFailuresLeaveNoManifest(t *testing.T) {
	whole, _ := build(t, Spec{Seed: 1, Era: Era2015, Txs: 2_000})
	size := 0
	for _, f := range whole.MapFS {
		size += len(f.Data)
	}
	for _, bytes := range []int{0, 1, 300_000, size / 2, size - 5_000, size - 10} {
		folder := failing{newMemory(), &bytes}
		_, err := Build(t.Context(), Spec{Seed: 1, Era: Era2015, Txs: 2_000}, folder, nil)
		if !errors.Is(err, errFull) || goshawk.CodeOf(err) != goshawk.Unavailable || goshawk.HintOf(err) == "" {
			t.Errorf("%v (%s)", err, goshawk.HintOf(err))
		}
		if m := folder.MapFS[ManifestName]; m != nil && len(m.Data) > 0 {
			t.Error("a manifest was left")
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	folder := newMemory()
	_, err := Build(ctx, Spec{Seed: 1, Era: Era2015, Txs: 3_000}, folder, func(done, total int) {
		if done > total/2 {
			cancel()
		}
	})
	if goshawk.CodeOf(err) != goshawk.Interrupted || folder.MapFS[ManifestName] != nil {
		t.Errorf("interrupted: %v", err)
	}
}

func TestRefusesImpossibleSpecs(t *testing.T) {
	for name, spec := range map[string]Spec{
		"no era":     {Era: 1999, Txs: 5_000},
		"too small":  {Era: Era2015, Txs: 100},
		"too large":  {Era: Era2015, Txs: 1 << 40},
		"no share":   {Era: Era2015, Txs: 5_000, Assumptions: &Assumptions{Reuse: 10_001}},
		"less share": {Era: Era2015, Txs: 5_000, Assumptions: &Assumptions{CoinJoins: -1}},
	} {
		folder := newMemory()
		if _, err := Build(t.Context(), spec, folder, nil); goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
		if len(folder.MapFS) > 0 {
			t.Errorf("%s: files were made", name)
		}
	}
}

// TestVerifyFindsAnyEdit changes every file of a world in turn.
func TestVerifyFindsAnyEdit(t *testing.T) {
	m, _ := build(t, Spec{Seed: 4, Era: Era2022, Txs: 2_000})
	faults := func() []string {
		t.Helper()
		v, err := Verify(t.Context(), m.MapFS, nil)
		if err != nil {
			return []string{err.Error()}
		}
		return v.Faults
	}
	if f := faults(); len(f) > 0 {
		t.Fatalf("a fresh world has faults: %v", f)
	}
	for name, file := range m.MapFS {
		data := file.Data
		for what, edited := range map[string][]byte{
			"a bit turned":   append(append([]byte{}, data[:len(data)/3]...), append([]byte{data[len(data)/3] ^ 1}, data[len(data)/3+1:]...)...),
			"the last cut":   data[:len(data)-1],
			"one added":      append(append([]byte{}, data...), ' '),
			"nothing in it":  {},
			"all of it gone": nil,
		} {
			file.Data = edited
			if edited == nil {
				delete(m.MapFS, name)
			}
			if f := faults(); len(f) != 1 || !strings.Contains(f[0], strings.TrimSuffix(name, ManifestName)) {
				t.Errorf("%s, %s: %v", name, what, f)
			}
			file.Data, m.MapFS[name] = data, file
		}
	}
	m.MapFS["public/extra.txt"] = &fstest.MapFile{Data: []byte("?")}
	if f := faults(); len(f) != 1 || f[0] != "public/extra.txt does not belong to the world" {
		t.Errorf("an added file: %v", f)
	}
	delete(m.MapFS, "public/extra.txt")
	m.MapFS["blocks/.hidden"] = &fstest.MapFile{Data: []byte("?")}
	if f := faults(); len(f) != 1 || f[0] != "blocks/.hidden does not belong to the world" {
		t.Errorf("a hidden file: %v", f)
	}
	delete(m.MapFS, "blocks/.hidden")
	prices := m.MapFS["public/prices.csv"]
	m.MapFS["public/prices.csv"] = &fstest.MapFile{Data: []byte("other.csv"), Mode: fs.ModeSymlink}
	m.MapFS["public/other.csv"] = prices
	if f := faults(); len(f) != 2 || !strings.HasPrefix(f[1], "public/prices.csv is a link") {
		t.Errorf("a link to the same bytes: %v", f)
	}
	if _, err := Verify(t.Context(), fstest.MapFS{}, nil); goshawk.CodeOf(err) != goshawk.NotFound || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no world: %v", err)
	}
}

// TestHandedOut: what is handed out without truth/ and services/ holds nothing of
// which the truth could be made again, and can still be compared.
func TestHandedOut(t *testing.T) {
	const seed = 7_310_582_946_120_557_931
	m, made := build(t, Spec{Seed: seed, Era: Era2015, Level: "advanced", Txs: 2_000, Scenarios: []Scenario{&theft{}}})
	m.MapFS["services/paper.csv"] = &fstest.MapFile{Data: []byte("added\n")}
	without := func(parts ...string) fstest.MapFS {
		left := fstest.MapFS{}
		for name, file := range m.MapFS {
			if !slices.ContainsFunc(parts, func(part string) bool { return strings.HasPrefix(name, part+"/") }) {
				left[name] = file
			}
		}
		return left
	}
	out := without("truth", "services")
	for name, file := range out {
		if strings.HasPrefix(name, "blocks/") {
			continue
		}
		for _, secret := range []string{"7310582946120557931", "65746874d48b656b", `"txs"`, "advanced", "scenario", "assumptions", "truth/a", "services/"} {
			if strings.Contains(string(file.Data), secret) {
				t.Errorf("%s tells %s", name, secret)
			}
		}
	}
	for _, c := range []struct {
		what     string
		world    fstest.MapFS
		withheld []string
		unlisted bool
		faults   int
	}{
		{"all", m.MapFS, nil, false, 1}, // the paper
		{"both withheld", out, []string{"truth", "services"}, false, 0},
		{"services withheld", without("services"), []string{"services"}, false, 0},
		{"truth withheld", without("truth"), []string{"truth"}, true, 0},
		{"blocks gone", without("truth", "services", "blocks"), []string{"truth", "services"}, false, 1},
	} {
		v, err := Verify(t.Context(), c.world, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(v.Withheld, c.withheld) || v.Unlisted != c.unlisted || len(v.Faults) != c.faults {
			t.Errorf("%s: %v withheld, %v, %v", c.what, v.Withheld, v.Unlisted, v.Faults)
		}
		if known := v.Manifest.Origin != nil; known != (len(c.world) > 0 && c.world[OriginName] != nil) || known && v.Manifest.Origin.Spec.Seed != seed {
			t.Errorf("%s: the origin is %+v", c.what, v.Manifest.Origin)
		}
		if v.Manifest.Seal != made.Seal {
			t.Errorf("%s: another seal", c.what)
		}
	}
}
