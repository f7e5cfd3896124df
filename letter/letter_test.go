package letter

import (
	"encoding/csv"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
)

func sample() *Letter {
	at, out := time.Date(2022, 1, 5, 1, 34, 22, 0, time.UTC), uint32(1)
	return &Letter{Service: "Kestrel *Exchange*", Profile: Profile{Name: "Kestrel Exchange", Entity: "Kestrel <b>Ltd</b>"}, Agency: "Eastmark Police", Officer: "Ines Ferrar", Email: "ines@police.example",
		Reference: "2026/17", Date: at, Due: "2026-12-24", From: "2022-01-01", Until: "2022-01-31", Ask: []Asked{Identity, Freeze}, Days: 30, Paper: "Order of 3 May, s. 12(1)",
		Identifiers: Identifiers{Network: "regtest", Ticker: "tBTC", Decimals: 8, Method: "fifo", Rows: []Identifier{
			{Address: "2NFLshCwMM4Z2EM2V2akZF6AwgGphuGiWBK", Tx: strings.Repeat("ab", 32), Out: &out, Value: "467783216", Amount: "1", Time: &at, Height: 400, Why: "=HYPERLINK(\"//evil\") said", Inferred: true},
			{Address: "+1`x`"}}}}
}

// TestFill: what a letter says stands in it as it is, whatever it is made of; what is empty is seen.
func TestFill(t *testing.T) {
	l := sample()
	text, empty, err := l.Fill(Standard().Text)
	if err != nil || len(empty) > 0 {
		t.Fatalf("%v, %q", err, empty)
	}
	plain, err := Plain(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Kestrel *Exchange*", "Kestrel <b>Ltd</b>", "1. address 2NFLshCwMM4Z2EM2V2akZF6AwgGphuGiWBK, output " + strings.Repeat("ab", 32) + ":1",
		"received: 4.67783216 tBTC", "of this we follow: 0.00000001 tBTC (fifo)", "2022-01-05 01:34:22 UTC, block 400", "=HYPERLINK(\"//evil\") said", "2. address +1`x`",
		"for 30 days from the date of this letter", "Order of 3 May, s. 12(1)", "Period: 2022-01-01 – 2022-01-31 (UTC)."} {
		if !strings.Contains(plain, want) {
			t.Errorf("the letter does not say %q:\n%s", want, plain)
		}
	}
	if strings.Contains(text, "<b>") {
		t.Error("what people wrote became markup")
	}
	l.Paper, l.Until, l.Days = "", "", 0
	text, empty, err = l.Fill(Standard().Text)
	if err != nil || !slices.Equal(empty, []string{"paper", "period"}) || !strings.Contains(text, Escape("[paper ?]")) {
		t.Errorf("%v, %q", err, empty)
	}
	if got := l.Missing(); !slices.Equal(got, []string{"paper", "hold"}) {
		t.Errorf("missing: %q", got)
	}
	if _, _, err := l.Fill("{{nonsense}}"); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Error(err)
	}
}

// TestWriteCSV: no cell is a formula, and every one can be read back.
func TestWriteCSV(t *testing.T) {
	var b strings.Builder
	if err := sample().WriteCSV(&b); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if r := rows[1]; r[2] != "2NFLshCwMM4Z2EM2V2akZF6AwgGphuGiWBK" || r[4] != "1" || r[6] != "467783216" || r[10] != "2022-01-05T01:34:22Z" || r[12] != "'=HYPERLINK(\"//evil\") said" {
		t.Errorf("%q", r)
	}
	if rows[2][2] != "'+1`x`" {
		t.Errorf("%q", rows[2])
	}
}

// TestPrices: values stand beside the coin, by the rates that the letter holds; a missing one is said to be missing.
func TestPrices(t *testing.T) {
	for _, c := range []struct {
		days       map[string]string
		says, lack string
		row        []string
	}{
		{map[string]string{"2022-01-05": "30000.5"}, "received: 4.67783216 tBTC (140,337.30 USD at the rate of 2022-01-05)", "no USD rate", []string{"USD", "2022-01-05", "30000.5", "140337.30", "0.00"}},
		{map[string]string{"2022-01-04": "30000.5"}, "of this we follow: 0.00000001 tBTC (no USD rate of 2022-01-05) (fifo)", "conversions", []string{"USD", "2022-01-05", "missing", "", ""}},
		{map[string]string{"2022-01-05": "=1+1"}, "received: 4.67783216 tBTC (no USD rate of 2022-01-05)", "conversions", []string{"USD", "2022-01-05", "'=1+1", "", ""}},
		{nil, "received: 4.67783216 tBTC\n", "USD", []string{"", "", "", "", ""}},
	} {
		l := sample()
		if c.days != nil {
			l.Prices = &Prices{Currency: "USD", Days: c.days}
		}
		text, _, err := l.Fill("{{identifiers}}\n\nYours")
		if err != nil {
			t.Fatal(err)
		}
		plain, err := Plain(text)
		if err != nil || !strings.Contains(plain, c.says) || strings.Contains(plain, c.lack) {
			t.Errorf("%v: %v\n%s", c.days, err, plain)
		}
		var b strings.Builder
		if err := l.WriteCSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || !slices.Equal(rows[1][13:], c.row) {
			t.Errorf("%v: %q, %v", c.days, rows[1][13:], err)
		}
	}
}

func TestProfile(t *testing.T) {
	p := Profile{Name: "Kestrel  Exchange", Also: []string{"KEX"}, Portal: "https://law.kestrel.example/", Email: "law@kestrel.example", Checked: "2026-11-23"}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if !p.Names("kestrel exchange") || !p.Names("kex") || p.Names("Kestrel") || p.Names("") {
		t.Error("it is called by other names than its own")
	}
	for what, breaks := range map[string]func(*Profile){"a name": func(p *Profile) { p.Name = " " }, "a portal": func(p *Profile) { p.Portal = "javascript:alert(1)" }, "mail": func(p *Profile) { p.Email = "x" },
		"a day": func(p *Profile) { p.Checked = "yesterday" }, "days": func(p *Profile) { p.Days = -1 }, "a line": func(p *Profile) { p.Entity = "a\nb" }} {
		bad := p
		if breaks(&bad); goshawk.CodeOf(bad.Check()) != goshawk.Invalid {
			t.Errorf("%s that is none is taken", what)
		}
	}
	if s := Standard(); s.Check() != nil {
		t.Error(s.Check())
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("# a\n\n1. b `c`\n   - d\n", "x_*y*<i>")
	f.Fuzz(func(t *testing.T, markdown, value string) {
		if len(markdown) > 1<<12 || len(value) > 1<<10 {
			return
		}
		if _, err := Plain(markdown); err != nil {
			t.Fatal(err)
		}
		// Whatever somebody wrote comes out as they wrote it, but for white space.
		value = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r == 0xfffd || r > 0x7e { // white space has many forms above it
				return ' '
			}
			return r
		}, value)), " ")
		got, err := Plain("x" + Escape(value) + "x")
		if err != nil || strings.TrimSpace(got) != "x"+value+"x" {
			t.Fatalf("%q became %q: %v", value, got, err)
		}
	})
}
