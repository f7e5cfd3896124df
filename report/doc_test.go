package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goshawk"
)

var update = flag.Bool("update", false, "write what the code prints into docs/json.md and testdata")

const documentation = "../docs/json.md"

func sampleBasis() Basis {
	return Basis{Version: "0.1.0", Network: "bitcoin", Asset: coinAsset, Ledger: goshawk.TracePoint{Height: 599, Hash: name(599)}}
}

// compared is the small sample beside what first in, first out makes of it.
func compared() *goshawk.Comparison {
	a, b := small(), small()
	b.Method = "fifo"
	a.Flows, b.Flows = nil, nil
	b.Ends[0].Amount = ptr(goshawk.U(50_0000_0000))
	b.Ends = b.Ends[:1]
	sum(b)
	c := &goshawk.Comparison{Traces: []*goshawk.Trace{a, b}}
	for i := range a.Ends {
		e := &a.Ends[i]
		x := goshawk.ComparisonEnd{Kind: e.Kind, Tx: e.Tx, Out: e.Out, Address: e.Address, Label: e.Label, Amounts: []*goshawk.Units{e.Amount, nil}, Least: new(goshawk.Units), Most: e.Amount}
		if i == 0 {
			x.Amounts[1] = b.Ends[0].Amount
			x.Least, x.Most = e.Amount, b.Ends[0].Amount
		}
		c.Ends = append(c.Ends, x)
	}
	return c
}

// stopped is a comparison that was interrupted on its second method's way.
func stopped() *goshawk.Comparison {
	c := compared()
	c.Traces[1].Truncated = true
	c.NotRun = []string{"lifo", "tiho"}
	return c
}

func sampleMerges() []goshawk.Merge {
	return []goshawk.Merge{
		{A: "1First11111111111111111111111111111", B: "1Second1111111111111111111111111111", Tx: name(21), Height: 181, Heuristic: "co-spend/1"},
		{A: "1Second1111111111111111111111111111", B: "1Third11111111111111111111111111111", Tx: name(22), Height: 182, Heuristic: "co-spend/1"},
	}
}

func sampleFindings() []goshawk.Finding {
	return []goshawk.Finding{{
		Kind: "coinjoin", Rule: "equal-outputs/1", Statement: "consistent with a CoinJoin of 5 participants", Confidence: "strong",
		Saw: []string{"5 outputs of 0.10000000", "12 inputs from 9 addresses"}, Tx: name(31), Height: 500,
		Parts: []goshawk.Evidence{{Role: "mixed", Tx: ptr(name(31)), Out: ptr(uint32(0)), Address: address(31), Amount: ptr(goshawk.U(1000_0000))}},
	}}
}

// addressFinding is about an address, not about a transaction's coins.
func addressFinding() []goshawk.Finding {
	f := sampleFindings()
	f[0].Kind, f[0].Rule, f[0].Statement = "address_reuse", "reuse/1", "consistent with the reuse of an address"
	f[0].Saw, f[0].Parts = []string{"it received 3 payments"}, []goshawk.Evidence{{Role: "reused", Address: address(31)}}
	return f
}

func sampleHits() []Hit {
	return []Hit{
		{Tx: ptr(name(41)), Side: "out", Index: 3, Address: address(41), Amount: ptr(goshawk.U(8492_8038)), Height: 599, Time: 1589213000, Label: exchange},
		{File: "list.csv", Index: 12, Address: "1lowercasedaddress11111111111111111", Height: -1, Label: goshawk.Label{Text: "Some Entity", Confidence: 60, Source: "sanctions.json", SourceHash: hex64, Match: "lower-cased"}},
	}
}

func each(hits []Hit) func(func(Hit, error) bool) {
	return func(yield func(Hit, error) bool) {
		for _, h := range hits {
			if !yield(h, nil) {
				return
			}
		}
	}
}

func sampleAddress() *Address {
	return &Address{
		Basis: sampleBasis(), Address: address(51), Kind: goshawk.WitnessPubKeyHash, Transactions: 3, Received: goshawk.U(150000), Spent: goshawk.U(50000),
		Outputs: 2, Spends: 1, First: &Moment{name(52), 100, 1231600000}, Last: &Moment{name(53), 599, 1231900000}, Found: []goshawk.Label{exchange},
		ClusterSize: 4, ClusterRule: "co-spend/1", History: []AddressEntry{{Moment: Moment{name(53), 599, 1231900000}, Received: goshawk.U(50000)}, {Moment: Moment{name(54), 200, 1231700000}, Spent: goshawk.U(50000)}}, More: true,
	}
}

func sampleTransaction() *Transaction {
	kind := goshawk.PubKeyHash
	return &Transaction{
		Basis: sampleBasis(), Moment: Moment{name(61), 170, 1231731025}, Block: name(62), Position: 1, Version: 1, Weight: 1100, Fee: ptr(goshawk.U(10000)),
		Inputs: []TransactionInput{
			{Prev: goshawk.Outpoint{Tx: name(63), Index: 0}, Address: "1First11111111111111111111111111111", Kind: &kind, Amount: ptr(goshawk.U(60000)), Height: 9, Sequence: 4294967295, Labels: []goshawk.Label{exchange}},
			{Prev: goshawk.Outpoint{Tx: name(64), Index: 7}, Height: -1, Sequence: 4294967295},
		},
		Outputs: []TransactionOutput{
			{Address: "1Second1111111111111111111111111111", Kind: kind, ByKey: true, Amount: goshawk.U(30000), Spender: ptr(name(65))},
			{Address: "nulldata:6a0548656c6c6f", Kind: goshawk.NullData, Burnt: true},
			{Address: "1Third11111111111111111111111111111", Kind: kind, Amount: goshawk.U(20000), Hint: "fresh-address/1 (weak)"},
		},
		Findings: sampleFindings(),
	}
}

func samplePaths() *goshawk.Paths {
	return &goshawk.Paths{Version: "0.1.0", Network: "bitcoin", Asset: coinAsset, Ledger: goshawk.TracePoint{Height: 599, Hash: name(599)},
		From: address(71), To: "Example Exchange", MaxHops: 8, Paths: []goshawk.Path{{By: "shortest", Amount: goshawk.U(40000), Steps: []goshawk.PathStep{
			{Tx: name(72), Out: 0, Address: address(71), Amount: ptr(goshawk.U(60000)), Height: 100, Time: 1231600000, Spender: ptr(name(73))},
			{Tx: name(73), Out: 1, Address: address(73), Amount: ptr(goshawk.U(40000)), Height: 110, Time: 1231700000},
		}}}}
}

func sampleCluster() *Cluster {
	return &Cluster{Basis: sampleBasis(), Address: "1First11111111111111111111111111111", Rule: "co-spend/1", Size: 3, Received: goshawk.U(150000), Spent: goshawk.U(130000),
		First: &Moment{name(52), 100, 1231600000}, Last: &Moment{name(53), 599, 1231900000}, Labels: []goshawk.Label{exchange},
		Addresses: []string{"1First11111111111111111111111111111", "1Second1111111111111111111111111111"}, Excluded: []goshawk.Merge{{Tx: name(22), Height: 182, Heuristic: "co-spend/1"}}}
}

// examples are what docs/json.md shows, by name.
func examples() map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{
		"trace":       func(w io.Writer) error { return TraceJSON(w, small()) },
		"compare":     func(w io.Writer) error { return ComparisonJSON(w, compared()) },
		"path":        func(w io.Writer) error { return PathsJSON(w, samplePaths()) },
		"address":     func(w io.Writer) error { return AddressJSON(w, sampleAddress()) },
		"transaction": func(w io.Writer) error { return TransactionJSON(w, sampleTransaction()) },
		"block": func(w io.Writer) error {
			return BlockJSON(w, &Block{Basis: sampleBasis(), Hash: name(81), Parent: name(82), Height: 170, Time: 1231731025, Transactions: 3, Outputs: 4, Paid: goshawk.U(100_0000_0000), Txs: []goshawk.Hash{name(83), name(84)}})
		},
		"cluster": func(w io.Writer) error { return ClusterJSON(w, sampleCluster()) },
		"why": func(w io.Writer) error {
			return WhyJSON(w, &Why{Basis: sampleBasis(), From: "1First11111111111111111111111111111", To: "1Third11111111111111111111111111111", Joined: true, Chain: sampleMerges()})
		},
		"pattern": func(w io.Writer) error {
			return FindingsJSON(w, &Findings{Basis: sampleBasis(), Kind: "coinjoin", Findings: sampleFindings()})
		},
		"screen": func(w io.Writer) error { return ScreenJSON(w, each(sampleHits())) },
	}
}

var example = regexp.MustCompile("(?s)<!-- example: ([a-z]+) -->\n(?:\n```json\n.*?```\n)?")

// TestDocumentation holds docs/json.md to what the code prints.
func TestDocumentation(t *testing.T) {
	page, err := os.ReadFile(documentation)
	if err != nil {
		t.Fatal(err)
	}
	all := examples()
	var shown []string
	want := example.ReplaceAllFunc(page, func(found []byte) []byte {
		what := string(example.FindSubmatch(found)[1])
		print, ok := all[what]
		if !ok {
			t.Errorf("the page asks for an example %q that the test does not have", what)
			return found
		}
		shown = append(shown, what)
		var b bytes.Buffer
		if err := print(&b); err != nil {
			t.Fatal(err)
		}
		if !json.Valid(b.Bytes()) {
			t.Errorf("%s is not JSON:\n%s", what, b.String())
		}
		return []byte("<!-- example: " + what + " -->\n\n```json\n" + b.String() + "```\n")
	})
	for what := range all {
		if !slices.Contains(shown, what) {
			t.Errorf("the page does not show %q", what)
		}
	}
	if *update {
		if err := os.WriteFile(documentation, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(page, want) {
		t.Errorf("docs/json.md does not show what the code prints; look at the difference and run go test ./report -update\n%s", firstDifference(string(page), string(want)))
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return "have " + g[i] + "\nwant " + w[i]
		}
	}
	return "one is longer than the other"
}

// forms are all ways to write the samples, by the name of their golden file.
func forms() map[string]func(io.Writer) error {
	f := map[string]func(io.Writer) error{
		"compare.txt":     func(w io.Writer) error { return ComparisonText(w, compared(), Style{}) },
		"stopped.txt":     func(w io.Writer) error { return ComparisonText(w, stopped(), Style{}) },
		"compare.csv":     func(w io.Writer) error { return ComparisonCSV(w, compared()) },
		"compare.html":    func(w io.Writer) error { return ComparisonHTML(w, compared()) },
		"address.txt":     func(w io.Writer) error { return AddressText(w, sampleAddress(), Style{}) },
		"transaction.txt": func(w io.Writer) error { return TransactionText(w, sampleTransaction(), Style{}) },
		"block.txt": func(w io.Writer) error {
			return BlockText(w, &Block{Basis: sampleBasis(), Hash: name(81), Parent: name(82), Height: 170, Time: 1231731025, Transactions: 3, Outputs: 4, Paid: goshawk.U(100_0000_0000), Txs: []goshawk.Hash{name(83), name(84)}}, Style{})
		},
		"cluster.txt": func(w io.Writer) error { return ClusterText(w, sampleCluster(), Style{}) },
		"why.txt": func(w io.Writer) error {
			return WhyText(w, &Why{Basis: sampleBasis(), From: "1First11111111111111111111111111111", To: "1Third11111111111111111111111111111", Joined: true, Chain: sampleMerges()}, Style{})
		},
		"path.txt": func(w io.Writer) error { return PathsText(w, samplePaths(), Style{}) },
		"pattern.txt": func(w io.Writer) error {
			return FindingsText(w, &Findings{Basis: sampleBasis(), Kind: "coinjoin", Findings: sampleFindings()}, Style{})
		},
		"reuse.txt": func(w io.Writer) error {
			return FindingsText(w, &Findings{Basis: sampleBasis(), Kind: "address_reuse", Findings: addressFinding()}, Style{})
		},
		"reuse.csv": func(w io.Writer) error {
			return FindingsCSV(w, &Findings{Basis: sampleBasis(), Findings: addressFinding()})
		},
		"pattern.csv": func(w io.Writer) error {
			return FindingsCSV(w, &Findings{Basis: sampleBasis(), Findings: sampleFindings()})
		},
		"screen.txt": func(w io.Writer) error {
			return ScreenText(w, sampleBasis(), each(sampleHits()), &Screened{Addresses: 1300, Impossible: 1}, Style{})
		},
		"screen.csv": func(w io.Writer) error { return ScreenCSV(w, sampleBasis(), each(sampleHits())) },
		"color.txt":  func(w io.Writer) error { return TraceText(w, small(), Style{Color: true}) },
	}
	for _, what := range []string{"small", "empty", "forty", "backward", "peel"} {
		t := samples()[what]
		f[what+".txt"] = func(w io.Writer) error { return TraceText(w, t, Style{}) }
		f[what+".svg"] = func(w io.Writer) error { return TraceSVG(w, t) }
	}
	t := small()
	f["small.csv"] = func(w io.Writer) error { return TraceCSV(w, t) }
	f["small-flows.csv"] = func(w io.Writer) error { return TraceFlowsCSV(w, t) }
	f["small.graphml"] = func(w io.Writer) error { return TraceGraphML(w, t) }
	f["small.html"] = func(w io.Writer) error { return TraceHTML(w, t) }
	return f
}

func TestGolden(t *testing.T) {
	for what, print := range forms() {
		t.Run(what, func(t *testing.T) {
			var b bytes.Buffer
			if err := print(&b); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", what)
			if *update {
				if err := os.MkdirAll("testdata", 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(b.Bytes(), want) {
				t.Errorf("differs from %s; look at the difference and run go test ./report -update\n%s", path, firstDifference(b.String(), string(want)))
			}
		})
	}
}
