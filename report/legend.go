package report

import (
	"bufio"
	"fmt"

	"goshawk"
)

// legendItem explains one sign of a drawing.
type legendItem struct {
	kind goshawk.EndKind
	rest string // class of a sign that is no end kind
	text string
}

func legendOf(t *goshawk.Trace, p *picture) []legendItem {
	var items []legendItem
	inference, folded, chain := false, false, false
	for i := range p.nodes {
		inference = inference || p.nodes[i].inference
		folded = folded || p.nodes[i].shape == shapeRest
		chain = chain || p.nodes[i].shape == shapeChain
	}
	for _, total := range t.Totals {
		text := wordsOf(total.Kind, t.Direction).title + ": " + totalWords(t, &total, money) + " (" + number(total.Count) + ")"
		if total.Kind == goshawk.EndFee {
			text += ", not drawn"
		}
		items = append(items, legendItem{kind: total.Kind, text: text})
	}
	if inference {
		items = append(items, legendItem{rest: "inf", text: "broken frame: an inference, not a fact"})
	}
	if folded {
		items = append(items, legendItem{rest: "rs", text: "dotted frame: several small ones in one"})
	}
	if chain {
		items = append(items, legendItem{rest: "tx", text: "double frame: transactions in a row"})
	}
	if p.hidden > 0 {
		items = append(items, legendItem{rest: "rs", text: goshawk.Count(p.hidden, "end", "ends") + " not drawn; all are in the tables"})
	}
	if p.unlisted > 0 {
		items = append(items, legendItem{rest: "rs", text: "a part: " + goshawk.Count(p.unlisted, "coin was", "coins were") + " walked beyond"})
	}
	return items
}

func legendWords(items []legendItem) []string {
	var words []string
	for _, item := range items {
		if item.rest == "" {
			words = append(words, item.text)
		}
	}
	return words
}

func (item legendItem) write(b *bufio.Writer, x, y int) {
	switch item.rest {
	case "":
		mark(b, item.kind, x+10, y)
	case "inf":
		fmt.Fprintf(b, `<rect class="box k-service inf" x="%d" y="%d" width="18" height="12" rx="2"/>`, x+1, y-6)
	case "tx":
		fmt.Fprintf(b, `<rect class="tx" x="%d" y="%d" width="16" height="10" rx="5"/><rect class="tx" x="%d" y="%d" width="16" height="10" rx="5"/>`, x+4, y-7, x+1, y-4)
	default:
		fmt.Fprintf(b, `<rect class="%s" x="%d" y="%d" width="18" height="12" rx="2"/>`, item.rest, x+1, y-6)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d">%s</text>`+"\n", x+28, y+4, xmlText(item.text))
}
