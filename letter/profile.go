package letter

import (
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"goshawk"
)

// Profile is how a service wants to be written to, as an agency knows it.
type Profile struct {
	Name         string   `json:"name" minLength:"1" maxLength:"200" doc:"what people call the service"`
	Also         []string `json:"also,omitempty" maxItems:"30" doc:"other names that labels give it"`
	Entity       string   `json:"entity,omitempty" maxLength:"200" doc:"the legal entity that is addressed"`
	Jurisdiction string   `json:"jurisdiction,omitempty" maxLength:"200"`
	Address      string   `json:"address,omitempty" maxLength:"1000" doc:"postal"`
	Portal       string   `json:"portal,omitempty" maxLength:"1000" doc:"https://…"`
	Email        string   `json:"email,omitempty" maxLength:"254"`
	Emergency    string   `json:"emergency,omitempty" maxLength:"1000" doc:"how they are reached when a life is in danger"`
	Languages    string   `json:"languages,omitempty" maxLength:"200" doc:"in which they take letters"`
	Requires     string   `json:"requires,omitempty" maxLength:"20000" doc:"what they ask for, in Markdown"`
	Days         int      `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"in which they say they answer; 0: nobody knows"`
	Source       string   `json:"source,omitempty" maxLength:"2000" doc:"where all this is from"`
	Checked      string   `json:"checked,omitempty" maxLength:"10" doc:"the day on which somebody last looked whether it is still so; empty: nobody has"`
}

// Check says what is wrong with a profile.
func (p *Profile) Check() error {
	bad := func(what, hint string) error {
		return goshawk.Errorf(goshawk.Invalid, "the profile cannot be kept: %s", what).WithHint("%s", hint)
	}
	type part struct {
		name, text string
		most       int
		lines      bool // it may have several
		prose      bool // and quote whatever it is about
	}
	parts := []part{{"its name", p.Name, 200, false, false}, {"the legal entity", p.Entity, 200, false, false}, {"the jurisdiction", p.Jurisdiction, 200, false, false},
		{"the postal address", p.Address, 1000, true, false}, {"the portal", p.Portal, 1000, false, false}, {"the emergency channel", p.Emergency, 1000, true, false},
		{"the languages", p.Languages, 200, false, false}, {"what they ask for", p.Requires, 20_000, true, true}, {"the source", p.Source, 2000, true, false}}
	for _, a := range p.Also {
		parts = append(parts, part{"another name", a, 200, false, false})
	}
	for _, l := range parts {
		if !utf8.ValidString(l.text) || utf8.RuneCountInString(l.text) > l.most || strings.ContainsRune(l.text, 0) || !l.lines && strings.ContainsAny(l.text, "\r\n\u2028\u2029") {
			return bad(l.name+" is too long, or no text", "shorten it")
		}
		if !l.prose && unseen(l.text) {
			return bad(l.name+" holds characters that are not seen, or turn the direction of writing round", "type it anew, instead of copying it")
		}
	}
	if strings.TrimSpace(p.Name) == "" {
		return bad("it has no name", "say what people call the service")
	}
	if len(p.Also) > 30 {
		return bad("it has more than 30 other names", "keep those that labels use")
	}
	if p.Portal != "" {
		if u, err := url.Parse(p.Portal); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(p.Portal) > 1000 {
			return bad("the portal is no https address", "write it whole: https://…")
		}
	}
	if p.Email != "" {
		name, host, _ := strings.Cut(p.Email, "@")
		if name == "" || !strings.Contains(host, ".") || len(p.Email) > 254 || strings.ContainsFunc(p.Email, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>()[],;:\\\"", r) }) || strings.Contains(host, "@") {
			return bad("the e-mail address is none", "name@service.example")
		}
	}
	if p.Checked != "" {
		if _, err := time.Parse(time.DateOnly, p.Checked); err != nil {
			return bad("the day on which it was checked is none", "write it as 2026-11-30")
		}
	}
	if p.Days < 0 || p.Days > 3650 {
		return bad("the days until an answer are none", "from 0 to 3650")
	}
	return nil
}

// unseen says whether a text holds more than is seen; that it goes on in a new line is.
func unseen(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && goshawk.Unseen(r) })
}

// Names says whether a label's text, or an actor's name, names the service: letters' case and spaces aside,
// no more. What is only alike is somebody else.
func (p *Profile) Names(label string) bool {
	same := func(a, b string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(a), " "), strings.Join(strings.Fields(b), " "))
	}
	if strings.TrimSpace(label) == "" {
		return false
	}
	if same(p.Name, label) || p.Entity != "" && same(p.Entity, label) {
		return true
	}
	for _, a := range p.Also {
		if same(a, label) {
			return true
		}
	}
	return false
}

// Template is the text on which an agency's letters are written, in Markdown with fields: Fields lists them.
type Template struct {
	Name     string `json:"name" minLength:"1" maxLength:"200"`
	Language string `json:"language,omitempty" maxLength:"35" doc:"BCP 47"`
	Head     string `json:"head,omitempty" maxLength:"5000" doc:"the letterhead, in Markdown"`
	Text     string `json:"text" minLength:"1" maxLength:"100000" doc:"in Markdown, with fields such as {{service}}"`
}

// Check says what is wrong with a template.
func (t *Template) Check() error {
	switch {
	case strings.TrimSpace(t.Name) == "" || utf8.RuneCountInString(t.Name) > 200 || strings.ContainsAny(t.Name, "\r\n"):
		return goshawk.Errorf(goshawk.Invalid, "a template needs a name of one line").WithHint("say for which letters it is")
	case unseen(t.Name):
		return goshawk.Errorf(goshawk.Invalid, "the template's name holds characters that are not seen, or turn the direction of writing round").WithHint("type it anew, instead of copying it")
	case strings.TrimSpace(t.Text) == "":
		return goshawk.Errorf(goshawk.Invalid, "the template is empty").WithHint("write the letter, with fields such as {{service}}")
	case utf8.RuneCountInString(t.Head) > 5_000 || utf8.RuneCountInString(t.Text) > 100_000 || !utf8.ValidString(t.Head+t.Text) || strings.ContainsRune(t.Head+t.Text, 0):
		return goshawk.Errorf(goshawk.Invalid, "the template is too long, or no text").WithHint("a letterhead has at most 5,000 characters, a text 100,000")
	case len(t.Language) > 35, unseen(t.Language):
		return goshawk.Errorf(goshawk.Invalid, "%q is no language", t.Language).WithHint("en, fr, de-CH, …")
	}
	return CheckFields(t.Head + "\n" + t.Text)
}

// Standard is the template of an agency that has none.
func Standard() Template {
	return Template{Name: "Request for records", Language: "en", Head: "**{{agency}}**", Text: standardText}
}

const standardText = `{{date}}

To: {{service}}  
{{entity}}

Our reference: {{reference}}

# Request for records and preservation

We investigate an offence under the reference above. Funds that we follow on the {{network}} chain reached addresses that we understand to be controlled by you.

## Legal basis

{{paper}}

## What we ask

{{asked}}

Period: {{period}} (UTC).

## Identifiers

They are repeated in the attached CSV file, in copyable form. Why each is thought to be yours is said beside it. If one is not yours, please say so, and whose it is if you know.

{{identifiers}}

## Answer

Please answer by {{due}}, quoting {{reference}}, to {{officer}}, {{email}}, with lists as CSV or spreadsheets and not as pictures. If you cannot answer a part of this, please answer the rest and say why.

{{officer}}  
{{agency}}
`

// Known lists profiles to begin from: what the named sources say of services, and nothing from memory. None
// is taken for checked: an agency does that, and says when.
func Known() []Profile {
	const told = "notes that come with Goshawk, from %; nobody of your agency has checked them"
	from := func(s string) string { return strings.Replace(told, "%", s, 1) }
	return []Profile{
		{Name: "Binance", Source: from("binance.com and an overview of others"), Requires: "By its portal for law enforcement (LERS); access to it is reviewed in about three business days. A court order, or an order or warrant of the police, and documents are mandatory. " +
			"The user is told unless that is forbidden."},
		{Name: "CoinEx", Source: from("its own page"), Requires: "Offers four ways in which it verifies an officer: ask which, before sending."},
		{Name: "Crypto Bot", Days: 14, Source: from("help.send.tg"), Requires: "The case number in the subject; an editable copy of the order; the identifiers as text that can be copied; the officer's identity card. It makes a further check of identity of its own. Answers within 14 days."},
		{Name: "Crypto.com", Days: 30, Source: from("its own page"), Requires: "By Kodex only. Acknowledges with a reference number; answers in about 30 days."},
		{Name: "KTX", Source: from("its own page"), Requires: "The identity cards of two officers, and a chart of the flow of funds."},
		{Name: "KuCoin", Source: from("a copy of its page"), Requires: "Addresses and transaction ids as text or a spreadsheet, not as PDF. Answers in 10 to 15 working days."},
		{Name: "MEXC", Source: from("mexc.com"), Requires: "By its portal (LEORS). Reviewed in 15 to 20 working days. Preservation for at most 60 days, extended in the portal. A freeze is for at most 30 days: *the request must state for how long, " +
			"and the restriction lapses if it does not*. Assets are returned on a judicial document only. The user may be told."},
	}
}
