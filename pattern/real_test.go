package pattern

import (
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/internal/realblock"
)

// What the rules find in 21 whole blocks of 2012 to 2024. Block 702861 is of the
// time of Whirlpool; those of 2015 and 2016 of the time of JoinMarket. The block
// of 2024, after both, has none, nor have those before 2014.
func TestCoinJoinsOfRealBlocks(t *testing.T) {
	want := map[string][]string{
		"169482": {}, "227835": {}, "227836": {}, "250000": {}, "277647": {}, "330000": {}, "333961": {}, "363703": {}, "367891": {},
		"426884": {}, "481815": {}, "482683": {}, "514485": {}, "866342": {},
		"300025": {"equal-output/1 dbb220ef8a2d9dded1ee8f75c31e6ae6e8b56b3f25f07ca7fc77e2dc823ba7b9"},
		"370661": {"joinmarket/1 48fc9600760fd8d75fb45ef5d59f891fcac11d2e8367ff099e5c09dd3254ce39"},
		"383616": {"joinmarket/1 ab952d5b56dcab692ddf6cda48e12ca3ac6b542d16fa9a76932c465462df2ca0"},
		"413567": {
			"joinmarket/1 79150a157185d883955fc9489247198a976c665b5a18127b2be64d80ce4b6bef",
			"joinmarket/1 d5e8c0fa8848f8c20ec615a898ebfb150d0b99a5fead01ee01d2a3f0b9bea118",
		},
		"437303": {
			"joinmarket/1 87acca657c1c13be3c396bd0c7a235ca69407d9c1653afe7daf08431eeb24c25",
			"joinmarket/1 49f3a31560df5284268721d36e8811f9cee4bb528a75cf31296b5ac3f5856f4d",
		},
		"629999": {"joinmarket/1 bf573b3be2bd0033e89f55207ce50841ac1dcfad825e1d367342cc7875d7adb1"},
		"702861": {
			"whirlpool/1 d6b212a663c85b03fb391fe69c59520e61b8a5970678ef7f376889a145e215a6",
			"whirlpool/1 c57e3e496a6bb496498b54632b2637472c59feb7a3b0485121140425f115cb51",
			"whirlpool/1 c31d23f5e8b881bc3339a918e71cadc4622f73c5a1f68aadd4741e0da7e66756",
			"whirlpool/1 e2e92bcdca6104f82deaa31f221d71c47cfdcebe64db924484be98dd9662d29b",
			"whirlpool/1 f35a8cdd9b490213af78692c2bb88dcf17dae0649447c94786f59e3a884cb2ce",
			"whirlpool/1 cba457a11d9674afa95ba12187306d70978baf6396c5ee476272ea41670e8ae2",
			"whirlpool/1 118970792f15cdb90645be0d265ba6c04ab3f3d36a16efe2c4b97801a730b3fa",
		},
	}
	for height, want := range want {
		got := []string{}
		err := Find(t.Context(), realblock.Ledger(t, height, height == "367891" || height == "866342"), Query{Kind: KindCoinJoin}, func(f goshawk.Finding) error {
			got = append(got, f.Rule+" "+f.Tx.String())
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, want) {
			t.Errorf("block %s: CoinJoins\n%s\nwant\n%s", height, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func TestPeelChainOfRealBlock(t *testing.T) {
	var found []goshawk.Finding
	err := Find(t.Context(), realblock.Ledger(t, "866342", true), Query{Kind: KindPeelChain}, func(f goshawk.Finding) error {
		found = append(found, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[0].Tx.String() != "bb55f569ded81f9f2e0de03cb66aa3b61a17a6d12ea7e1e68f4d0496b1f43519" || len(found[0].Parts) != 8 {
		t.Fatalf("found %+v", found)
	}
	// What goes in comes out: peels, rest and six fees make up the start.
	f := found[0]
	var sum, peels uint64
	for _, p := range f.Parts[1:] {
		sum += p.Amount.Uint64()
		if p.Role == "peel" {
			peels++
		}
	}
	if start := f.Parts[0].Amount.Uint64(); f.Parts[0].Role != "start" || peels != 6 || sum >= start || start-sum > 6*2000 {
		t.Errorf("a start of %d, %d peels, %d in all parts after it", start, peels, sum)
	}
}
