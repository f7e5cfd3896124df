package workbench

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/label"
)

// TestWays: of a flow are left the ways to the largest ends, joined to the start, each along the coin
// that carried most, and the same ends by every method; backward as forward.
func TestWays(t *testing.T) {
	hash := func(n byte) goshawk.Hash { return goshawk.Hash{n} }
	// The start, 1:0, goes into 2, whose coins 2:0 and 2:1 both go into 3; 2:2 ends. Of 3, 3:0 is the largest end.
	coin := func(tx byte, out uint32, amount string, spender byte) laidFlow {
		f := laidFlow{Tx: hash(tx), Out: out, Amount: amount}
		if spender > 0 {
			s := hash(spender)
			f.Spender = &s
		}
		return f
	}
	end := func(kind string, tx byte, out uint32, amount string) laidEnd {
		return laidEnd{Kind: kind, Tx: hash(tx), Out: &out, Text: &amount}
	}
	fee := "1000"
	forward := answered{Method: "fifo",
		Flows: []laidFlow{coin(1, 0, "100", 2), coin(2, 0, "60", 3), coin(2, 1, "30", 3), coin(2, 2, "10", 0), coin(3, 0, "80", 0), coin(3, 1, "10", 0)},
		Ends:  []laidEnd{{Kind: "fee", Tx: hash(2), Text: &fee}, end("unspent", 2, 2, "10"), end("service", 3, 0, "80"), end("unspent", 3, 1, "9")}}
	other := forward
	other.Method, other.Ends = "haircut", []laidEnd{end("unspent", 2, 2, "11"), end("service", 3, 0, "70")}
	told := func(a answered) []string {
		list := []string{}
		for _, f := range a.Flows {
			list = append(list, fmt.Sprintf("%d:%d", f.Tx[0], f.Out))
		}
		return list
	}
	for _, c := range []struct {
		ends int
		want []string
		left uint64
	}{
		{1, []string{"1:0", "2:0", "3:0"}, 6},
		{2, []string{"1:0", "2:0", "2:2", "3:0"}, 4},
		{9, []string{"1:0", "2:0", "2:2", "3:0", "3:1"}, 2},
	} {
		traces := []answered{forward, other}
		left := ways(traces, c.ends)
		if got := told(traces[0]); left != c.left || !slices.Equal(got, c.want) || !slices.Equal(told(traces[1]), c.want) {
			t.Errorf("%d ends: %v and %v, %d left; want %v, %d", c.ends, got, told(traces[1]), left, c.want, c.left)
		}
	}
	// Backward from 3:0: the ends are the coins that it came from.
	backward := []answered{{Method: "fifo", Back: "backward",
		Flows: []laidFlow{coin(3, 0, "80", 0), coin(2, 0, "50", 3), coin(2, 1, "30", 3), coin(1, 0, "50", 2), coin(1, 1, "30", 2)},
		Ends:  []laidEnd{end("origin", 1, 0, "50"), end("origin", 1, 1, "30")}}}
	if left := ways(backward, 1); left != 2 || !slices.Equal(told(backward[0]), []string{"3:0", "2:0", "1:0"}) {
		t.Errorf("backward: %v, %d left", told(backward[0]), left)
	}
}

// TestInfer: where a trace ended at an address without a label of its own, the picture says who is inferred to be there, and why; a
// label of the address's own stays what it is.
func TestInfer(t *testing.T) {
	const own, swept, drawn = "1own", "1swept", "1drawn"
	source, err := label.Parse("x.yaml", []byte("title: x\ncreator: y\ntags:\n- {address: "+own+", label: Kestrel, confidence: ownership, currency: BTC}\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	set, err := label.NewSet(nil, []*label.Source{source})
	if err != nil {
		t.Fatal(err)
	}
	d := newDrawing(&Held{Chain: &Chain{}, Labels: set})
	for _, a := range []string{own, swept, drawn} {
		d.put(Node{ID: "a:" + a, What: NodeAddress, Text: a})
	}
	d.nodes[0].Label = labelWords(&set.Lookup(own)[0])
	address := func(a string) *string { return &a }
	says := &goshawk.Label{Text: "Kestrel", Confidence: 90, Source: "x.yaml"}
	d.infer([]laidEnd{
		{Address: address(own), Label: says, Sweep: &goshawk.Hash{1}}, {Address: address(swept), Label: says, Sweep: &goshawk.Hash{1}},
		{Address: address(drawn)}, {Address: address("1not drawn"), Label: says}, {Label: says},
	}, false)
	if n := d.nodes[0]; n.Inferred || n.Label.Because != "" {
		t.Errorf("the label of its own: %+v, %+v", n, n.Label)
	}
	if n := d.nodes[1]; !n.Inferred || n.Label == nil || n.Label.Text != "Kestrel" || !strings.Contains(n.Label.Because, (&goshawk.Hash{1}).String()) {
		t.Errorf("the swept address: %+v, %+v", n, n.Label)
	}
	if n := d.nodes[2]; n.Inferred || n.Label != nil {
		t.Errorf("an end without a label: %+v, %+v", n, n.Label)
	}
}
