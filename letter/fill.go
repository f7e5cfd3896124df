package letter

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// field finds {{name}} in a template.
var field = regexp.MustCompile(`\{\{\s*([A-Za-z_]{1,40})\s*\}\}`)

// Fields lists the names that a template may use.
func Fields() []string {
	return []string{"agency", "asked", "date", "due", "email", "entity", "from", "identifiers", "marking", "network", "officer", "paper", "period", "portal", "reference", "service", "until"}
}

// CheckFields says which field of a text there is not.
func CheckFields(text string) error {
	for _, m := range field.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(Fields(), m[1]) {
			return goshawk.Errorf(goshawk.Invalid, "there is no field {{%s}}", m[1]).WithHint("fields are: %s", strings.Join(Fields(), ", "))
		}
	}
	return nil
}

// Gap is what stands in a letter where a field is empty: nobody overlooks it.
func Gap(name string) string { return "[" + name + " ?]" }

// Fill writes a text with its fields filled in, as Markdown. What people and chains say stands in it as
// text: none of it becomes markup. The names of fields that are empty come back, too.
func (l *Letter) Fill(text string) (markdown string, empty []string, err error) {
	if err := CheckFields(text); err != nil {
		return "", nil, err
	}
	values := l.values()
	markdown = field.ReplaceAllStringFunc(text, func(s string) string {
		name := field.FindStringSubmatch(s)[1]
		v := values[name]
		if v == "" && name != "entity" && name != "marking" && name != "portal" {
			if !slices.Contains(empty, name) {
				empty = append(empty, name)
			}
			return Escape(Gap(name))
		}
		return v
	})
	return markdown, empty, nil
}

func (l *Letter) values() map[string]string {
	period := ""
	if l.From != "" && l.Until != "" {
		period = l.From + " – " + l.Until
	}
	var asked strings.Builder
	for i, a := range l.Ask {
		fmt.Fprintf(&asked, "%d. %s\n", i+1, Escape(a.Words(l.Days)))
	}
	date := ""
	if !l.Date.IsZero() {
		date = l.Date.UTC().Format(time.DateOnly)
	}
	values := map[string]string{"service": l.Service, "entity": l.Profile.Entity, "portal": l.Profile.Portal, "agency": l.Agency, "officer": l.Officer, "email": l.Email, "reference": l.Reference,
		"date": date, "due": l.Due, "from": l.From, "until": l.Until, "period": period, "paper": l.Paper, "network": l.Network, "marking": l.Marking}
	for k, v := range values {
		values[k] = Escape(v)
	}
	values["asked"], values["identifiers"] = strings.TrimRight(asked.String(), "\n"), l.list()
	return values
}

// list writes the identifiers as a list.
func (l *Letter) list() string {
	var b strings.Builder
	for i := range l.Rows {
		r := &l.Rows[i]
		fmt.Fprintf(&b, "%d. ", i+1)
		var parts []string
		if r.Address != "" {
			parts = append(parts, "address "+code(r.Address))
		}
		if coin := r.Coin(); coin != "" {
			parts = append(parts, "output "+code(coin))
		} else if r.Tx != "" {
			parts = append(parts, "transaction "+code(r.Tx))
		}
		b.WriteString(strings.Join(parts, ", "))
		indent := "\n" + strings.Repeat(" ", len(fmt.Sprint(i+1))+2)
		if r.Value != "" {
			b.WriteString(indent + "- received: " + Escape(l.amount(r, r.Value)))
		}
		if r.Amount != "" {
			b.WriteString(indent + "- of this we follow: " + Escape(l.amount(r, r.Amount)))
			if l.Method != "" {
				b.WriteString(" (" + Escape(l.Method) + ")")
			}
		}
		if r.Time != nil {
			fmt.Fprintf(&b, "%s- %s UTC, block %d", indent, r.Time.UTC().Format("2006-01-02 15:04:05"), r.Height)
		}
		if r.Why != "" {
			b.WriteString(indent + "- " + Escape(r.Why))
		}
		b.WriteString("\n")
	}
	if l.Prices != nil && slices.ContainsFunc(l.Rows, func(r Identifier) bool { return l.ValueOf(&r, r.Value) != "" || l.ValueOf(&r, r.Amount) != "" }) {
		b.WriteString("\n" + Escape("Values in "+l.Prices.Currency+" are conversions at the daily rate of the coin's day (UTC), rounded to hundredths. The amounts in the coin are what this letter is about."))
	}
	return strings.TrimRight(b.String(), "\n")
}

// amount writes smallest units of an identifier's coin, and in brackets what they were worth.
func (l *Letter) amount(r *Identifier, units string) string {
	text := l.Amount(units)
	if worth := l.Worth(r, units); worth != "" {
		text += " (" + worth + ")"
	}
	return text
}

// code is a name of a chain as Markdown shows it letter by letter.
func code(s string) string {
	if strings.ContainsAny(s, "`\n\r") {
		return Escape(s)
	}
	return "`" + s + "`"
}

// Escape makes a text stand in Markdown as it is, in one line.
func Escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
		case r < 0x80 && strings.ContainsRune("\\`*_{}[]()<>#+-.!|~&:@/=\"'$%^;,?", r):
			b.WriteByte('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
