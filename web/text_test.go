package web

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"

	"goshawk/casebook"
	"goshawk/identity"
)

// sources are the package's own, templates among them, without what is generated and tests.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, pattern := range []string{"*.go", "*.templ", "../notify/words.go", "../notify/sender.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			out[name] = string(text)
		}
	}
	if len(out) < 10 {
		t.Fatalf("only %d sources found", len(out))
	}
	return out
}

// keysOf are the keys of the English messages, and what each says.
func keysOf(t *testing.T) map[string]string {
	t.Helper()
	names, err := fs.Glob(messageFiles, "messages/*en.toml")
	if err != nil || len(names) == 0 {
		t.Fatal("no messages found", err)
	}
	out := map[string]string{}
	var walk func(at string, m map[string]any)
	walk = func(at string, m map[string]any) {
		if s, ok := m["other"].(string); ok {
			out[at] = s
			return
		}
		for k, v := range m {
			name := strings.TrimPrefix(at+"."+k, ".")
			switch v := v.(type) {
			case string:
				if _, twice := out[name]; twice {
					t.Errorf("the message %s is there twice", name)
				}
				out[name] = v
			case map[string]any:
				walk(name, v)
			}
		}
	}
	for _, name := range names {
		text, err := messageFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := toml.Unmarshal(text, &m); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		walk("", m)
	}
	return out
}

// composed are the families of keys that pages compose, with all that they may be composed of.
func composed() map[string][]string {
	out := map[string][]string{"status": statuses(), "colour": append(colours(), "no"), "did": {"added", "changed", "deleted"}, "what": {"address", "transaction", "coin", "wallet"},
		"timeline": {"event", "exhibit", "custody", "letter", "alert", "transaction"}, "part": {"oversight"}}
	for _, r := range identity.Roles() {
		out["role"] = append(out["role"], string(r))
	}
	for _, p := range parts() {
		out["part"], out["part_means"] = append(out["part"], string(p)), append(out["part_means"], string(p))
	}
	for _, k := range casebook.Kinds() {
		out["kind"] = append(out["kind"], string(k.Kind))
	}
	for _, v := range identity.Vias() {
		out["via"] = append(out["via"], string(v))
	}
	for _, w := range append(ways(), caseWays()...) {
		out["nav"] = append(out["nav"], strings.TrimPrefix(w.key, "nav."))
	}
	return out
}

// TestMessages finds keys that pages use and the catalogue has not, and the other way round.
func TestMessages(t *testing.T) {
	said := regexp.MustCompile(`\.(?:t|n|T|N)\("([a-z0-9_.]+)"(\s*\+)?`)
	done := regexp.MustCompile(`\.done\((?:[^()]|\([^()]*\))*?, "([a-z_]+)",`)
	literal := regexp.MustCompile(`"([a-z0-9_]+(?:\.[a-z0-9_]+)+)"`)
	keys := keysOf(t)
	used := map[string]bool{}
	var families []string
	for family, names := range composed() {
		for _, name := range names {
			if used[family+"."+name] = true; keys[family+"."+name] == "" {
				t.Errorf("pages may say %s.%s, which has no message", family, name)
			}
		}
	}
	for name, text := range sources(t) {
		for _, m := range said.FindAllStringSubmatch(text, -1) {
			if m[2] != "" {
				families = append(families, m[1])
				continue
			}
			if used[m[1]] = true; keys[m[1]] == "" {
				t.Errorf("%s says %s, which has no message", name, m[1])
			}
		}
		for _, m := range done.FindAllStringSubmatch(text, -1) {
			if used["done."+m[1]] = true; keys["done."+m[1]] == "" {
				t.Errorf("%s says done.%s, which has no message", name, m[1])
			}
		}
		for _, m := range literal.FindAllStringSubmatch(text, -1) {
			used[m[1]] = true
		}
	}
	for key := range keys {
		known := used[key] || strings.HasPrefix(key, "done.") || strings.HasPrefix(key, "field.")
		if !known && !slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(key, f) }) {
			t.Errorf("nothing says %s", key)
		}
	}
	// Every field that the history and the search may show has a name for people.
	english := english(t)
	for _, k := range casebook.Kinds() {
		for _, f := range k.Fields {
			name := strings.TrimSuffix(f.Name, "/")
			if got := english.fieldName(k.Kind, f.Name); got == name {
				t.Errorf("the field %s of a %s has no name on pages: add field.%s", name, k.Kind, name)
			}
		}
	}
}

func english(t *testing.T) *words {
	t.Helper()
	c, err := loadCatalogue(messageFiles)
	if err != nil {
		t.Fatal(err)
	}
	return c.words("")
}

func TestCatalogue(t *testing.T) {
	files := fstest.MapFS{
		"messages/en.toml":    {Data: []byte("[a]\nhello = \"Hello, {{.Name}}\"\nonly = \"English\"\n[a.files]\none = \"{{.Count}} file\"\nother = \"{{.Count}} files\"\n")},
		"messages/x.en.toml":  {Data: []byte("[b]\nmore = \"More\"\n")},
		"messages/ar.toml":    {Data: []byte("[a]\nhello = \"أهلا {{.Name}}\"\n")},
		"messages/fr-CA.toml": {Data: []byte("[a]\nhello = \"Bonjour {{.Name}}\"\n")},
	}
	c, err := loadCatalogue(files)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ accept, lang, dir, hello string }{
		{"", "en", "ltr", "Hello, Ines"}, {"ar-EG,ar;q=0.9", "ar", "rtl", "أهلا Ines"}, {"fr;q=0.4, tlh", "fr-CA", "ltr", "Bonjour Ines"}, {";;;q=x", "en", "ltr", "Hello, Ines"},
	} {
		w := c.words(want.accept)
		if got := w.t("a.hello", "Name", "Ines"); w.lang != want.lang || w.dir != want.dir || got != want.hello {
			t.Errorf("%q: %s, %s, %q", want.accept, w.lang, w.dir, got)
		}
		if got := w.t("a.only"); got != "English" {
			t.Errorf("%q: what is not translated is %q", want.accept, got)
		}
	}
	w := c.words("en")
	if one, two := w.n("a.files", 1), w.n("a.files", 2); one != "1 file" || two != "2 files" {
		t.Errorf("%q, %q", one, two)
	}
	if w.t("a.none") != "a.none" || w.has("a.none") || !w.has("b.more") {
		t.Error("what there is no message for")
	}
	if _, err := loadCatalogue(fstest.MapFS{"messages/en.toml": {Data: []byte("[a")}}); err == nil {
		t.Error("a damaged catalogue was read")
	}
}
