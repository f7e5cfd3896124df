package web

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"github.com/a-h/templ/generator"
	"github.com/a-h/templ/parser/v2"
)

// TestGenerated makes the pages' Go again from their templates, and compares. It is made by
// 'make generate'.
func TestGenerated(t *testing.T) {
	sources, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	if len(sources) == 0 {
		t.Fatal("no templates found")
	}
	made := map[string]bool{}
	for _, name := range sources {
		file, err := parser.Parse(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var b bytes.Buffer
		if _, err := generator.Generate(file, &b, generator.WithVersion(templ.Version()), generator.WithFileName(name)); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want, err := format.Source(b.Bytes())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		to := strings.TrimSuffix(name, ".templ") + "_templ.go"
		made[to] = true
		if got, err := os.ReadFile(to); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what %s says: run 'make generate' (%v)", to, name, err)
		}
	}
	all, err := filepath.Glob("*_templ.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if !made[name] {
			t.Errorf("%s is made from no template: remove it", name)
		}
	}
}
