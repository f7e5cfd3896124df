package crime

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/world"
)

// paper is a file that a case writes at its end.
type paper struct{ name, text string }

// public adds a text to what everybody may read. Its name is below public/<case>/.
func (c *Case) public(name, format string, args ...any) string {
	return c.paper("public/"+c.Name()+"/"+name, fmt.Sprintf(format, args...))
}

// brief writes what the officer is given first.
func (c *Case) brief(format string, args ...any) {
	c.public("brief.md", format+"\nThis world has 15,000 coins at most, and a case's sums are scaled to them; dollars are at the day's price (../prices.csv).\n", args...)
}

func (c *Case) paper(name, text string) string {
	c.papers = append(c.papers, paper{name, strings.TrimSpace(text) + "\n"})
	return name
}

// Record is what a service holds on somebody beyond its books, and would
// disclose if it were asked: services/disclosures/<case>-<n>.json.
type Record struct {
	Service string `json:"service"`
	About   string `json:"about"` // what a request has to name: an account, an address, a transaction
	Facts   []Fact `json:"facts"`
}

// Fact is one line of a Record.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// disclose adds a record to what a service would disclose.
func (c *Case) disclose(r Record) (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", goshawk.Errorf(goshawk.Invalid, "a record of the case %s cannot be written: %w", c.Name(), err)
	}
	n := 1
	for _, p := range c.papers {
		if strings.HasPrefix(p.name, "services/disclosures/") {
			n++
		}
	}
	return c.paper(fmt.Sprintf("services/disclosures/%s-%02d.json", c.Name(), n), string(text)), nil
}

// coins writes satoshis as coins.
func coins(satoshis uint64) string { return bare(satoshis) + " BTC" }

// bare is such a sum without its unit, for a table.
func bare(satoshis uint64) string { return fmt.Sprintf("%d.%08d", satoshis/1e8, satoshis%1e8) }

// dollars writes cents as whole US dollars.
func dollars(cents uint64) string { return "$" + goshawk.Group(fmt.Sprint((cents+50)/100)) }

// when writes a time as a day and a minute, UTC.
func when(t uint32) string { return time.Unix(int64(t), 0).UTC().Format("2006-01-02 15:04 UTC") }

// End implements world.Scenario.
func (c *Case) End(e *world.Economy, create world.Create) error {
	for _, a := range c.accounts {
		a.close(0)
	}
	if err := c.solve(); err != nil {
		return err
	}
	if err := c.tell(); err != nil {
		return err
	}
	c.answer.Slip = c.slip
	key, err := json.MarshalIndent(c.answer, "", "  ")
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the answer key of the case %s cannot be written: %w", c.Name(), err)
	}
	truth := "truth/" + c.Name() + "/"
	c.paper(truth+"case.json", string(key))
	c.paper(truth+"flows.csv", c.flows())
	c.paper(truth+"freezable.csv", c.freezable())
	slices.SortStableFunc(c.papers, func(a, b paper) int { return strings.Compare(a.name, b.name) })
	for _, p := range c.papers {
		f, err := create(p.name)
		if err != nil {
			return err
		}
		_, err = io.WriteString(f, p.text)
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
	}
	// Only now, so that whoever wants to see how far the story came can.
	return c.whole()
}

// whole says what is missing from a case that did not come to its end.
func (c *Case) whole() error {
	a := c.answer
	var missing string
	switch {
	case len(a.Starts) == 0:
		missing = "nobody paid"
	case !slices.ContainsFunc(a.Ends, func(d End) bool { return d.Own && len(d.Behind) == 0 }):
		missing = "nothing that can be followed came to an account"
	case a.Totals.Lost == 0:
		missing = "nothing was mixed"
	case a.Slip.What == "":
		missing = "nobody made a mistake"
	default:
		return nil
	}
	return goshawk.Errorf(goshawk.Invalid, "in this world the crime %s does not come to its end: %s", c.Name(), missing).
		WithHint("take another seed, or ask for more transactions if they are fewer than 20,000: most seeds need no more")
}

// flows writes every coin's way: for each transaction the criminals' coins that
// it spends, and the outputs.
func (c *Case) flows() string {
	var b strings.Builder
	b.WriteString("tx,height,kind,stage,side,coin_tx,coin_out,satoshis,address,wallet,owner\n")
	for _, m := range c.trail.Moves {
		stage := m.Part.Stage
		row := func(side string, tx goshawk.Hash, o *world.Moved) {
			if o.To.Wallet() == nil {
				return // data
			}
			owner := o.To.Wallet().Actor.Name
			fmt.Fprintf(&b, "%s,%d,%s,%s,%s,%s,%d,%d,%s,%d,%s\n", m.Tx, m.Height, m.Kind, stage, side, tx, o.Number, o.Value, c.e.Text(o.To.Address), o.To.Wallet().ID, owner)
		}
		for _, s := range m.Spent {
			row("in", s.Move.Tx, s.Coin())
		}
		for i := range m.Outs {
			row("out", m.Tx, &m.Outs[i])
		}
	}
	return b.String()
}

// freezable writes what sat in which of the criminals' accounts, in the blocks
// from the one height up to, not including, the other; empty: to the end. What a
// sale left there as money is not in it: the services' books do not follow money.
func (c *Case) freezable() string {
	var b strings.Builder
	b.WriteString("service,account,holder,from_height,to_height,satoshis\n")
	for _, a := range c.accounts {
		for _, s := range a.series {
			to := ""
			if s.to > 0 {
				to = fmt.Sprint(s.to)
			}
			fmt.Fprintf(&b, "%s,%d,%s,%d,%s,%d\n", a.Service().Actor.Name, a.ID, a.Customer.Name, s.from, to, s.satoshis)
		}
	}
	return b.String()
}
