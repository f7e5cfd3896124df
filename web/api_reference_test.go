package web

import (
	"os"
	"strings"
	"testing"
)

const referenceFile = "../docs/api.md"

// TestReference makes docs/api.md from the API's description, and compares.
func TestReference(t *testing.T) {
	s := newStage(t)
	_, doc := s.web.api()
	r := newReference(doc)
	text := r.markdown()
	if *update {
		if err := os.WriteFile(referenceFile, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if have, err := os.ReadFile(referenceFile); err != nil || string(have) != text {
		t.Errorf("%s is not what the API is: look at what changed, and write it anew with -update (%v)", referenceFile, err)
	}
	a := s.as("").do("GET", "/docs/api", nil)
	a.is(t, 200, nil)
	page := string(a.body)
	for _, g := range r.Groups {
		for _, c := range g.Calls {
			if c.Summary == "" || c.Action == "" || len(c.Answers) < 2 {
				t.Errorf("%s %s is not described: %+v", c.Method, c.Path, c)
			}
			if !strings.Contains(page, `id="`+c.ID+`"`) {
				t.Errorf("%s is not on the page", c.ID)
			}
			for _, f := range c.Takes {
				if f.Type.Shape != "" && !strings.Contains(page, `id="shape-`+f.Type.Shape+`"`) {
					t.Errorf("%s: the page has no shape %s", c.ID, f.Type.Shape)
				}
			}
		}
	}
	for _, s := range r.Shapes {
		for _, f := range s.Fields {
			if f.Type.Shape != "" && !strings.Contains(page, `id="shape-`+f.Type.Shape+`"`) {
				t.Errorf("%s.%s: the page has no shape %s", s.Name, f.Name, f.Type.Shape)
			}
		}
	}
	if strings.Contains(page, "api.") && strings.Contains(page, "[api.") {
		t.Error("a text is missing")
	}
}
