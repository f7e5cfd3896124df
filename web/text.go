package web

import (
	"embed"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"goshawk"
	"goshawk/notify"
)

// messageFiles holds what pages say, in one or more files for each language: NAME.LANGUAGE.toml or
// LANGUAGE.toml. A test finds keys that are used and missing, and those that nothing uses.
//
//go:embed messages/*.toml
var messageFiles embed.FS

// catalogue is what pages say, in every language there is.
type catalogue struct {
	bundle *i18n.Bundle
	match  language.Matcher
	tags   []language.Tag
}

// loadCatalogue reads message files.
func loadCatalogue(f fs.FS) (*catalogue, error) {
	c := &catalogue{bundle: i18n.NewBundle(language.English)}
	c.bundle.RegisterUnmarshalFunc("toml", toml.Unmarshal)
	names, err := fs.Glob(f, "messages/*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := fs.ReadFile(f, name)
		if err != nil {
			return nil, err
		}
		if _, err := c.bundle.ParseMessageFileBytes(text, path.Base(name)); err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "the messages in %s cannot be read: %w", name, err)
		}
	}
	c.tags = c.bundle.LanguageTags()
	c.match = language.NewMatcher(c.tags)
	return c, nil
}

// words are what pages say in one language.
type words struct {
	local *i18n.Localizer
	lang  string // BCP 47
	dir   string // ltr or rtl
}

// words returns those of the language that fits an Accept-Language header best.
func (c *catalogue) words(accept string) *words {
	want, _, err := language.ParseAcceptLanguage(accept)
	if err != nil {
		want = nil // what browsers say wrongly counts as nothing
	}
	_, i, _ := c.match.Match(want...)
	tag := c.tags[i]
	w := &words{local: i18n.NewLocalizer(c.bundle, tag.String()), lang: tag.String(), dir: "ltr"}
	if script, _ := tag.Script(); script.String() == "Arab" || script.String() == "Hebr" {
		w.dir = "rtl"
	}
	return w
}

// t says a message. Pairs name what it fills in: "Name", name.
func (w *words) t(key string, pairs ...any) string {
	return w.say(&i18n.LocalizeConfig{MessageID: key, TemplateData: data(pairs)})
}

// n says a message about a number of things, which it fills in as Count.
func (w *words) n(key string, count int, pairs ...any) string {
	return w.say(&i18n.LocalizeConfig{MessageID: key, PluralCount: count, TemplateData: data(append(pairs, "Count", count))})
}

// has says whether there is a message.
func (w *words) has(key string) bool {
	text, err := w.local.Localize(&i18n.LocalizeConfig{MessageID: key})
	return err == nil || text != ""
}

func (w *words) say(c *i18n.LocalizeConfig) string {
	text, err := w.local.Localize(c)
	if err != nil && text == "" { // with a text: it is not translated, and said in English
		return c.MessageID // a test finds it
	}
	return strings.TrimSpace(text)
}

func data(pairs []any) map[string]any {
	if len(pairs) == 0 {
		return nil
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			m[name] = pairs[i+1]
		}
	}
	return m
}

// mailWords are a catalogue's words as what sends mail asks for them.
type mailWords struct{ *words }

func (w mailWords) T(key string, pairs ...any) string            { return w.t(key, pairs...) }
func (w mailWords) N(key string, count int, pairs ...any) string { return w.n(key, count, pairs...) }

// MailWords are what mails say. Nobody has said in which language they read: it is the catalogue's own.
func MailWords() (notify.Words, error) {
	c, err := loadCatalogue(messageFiles)
	if err != nil {
		return nil, err
	}
	return mailWords{c.words("")}, nil
}
