package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every heuristic has a page that names it and says what it claims, how it errs
// and how it is tested.
func TestHeuristicsHavePages(t *testing.T) {
	titles := map[string]string{"co-spend": "# " + CoSpendRule, "one-time-change": "# " + mustParse(t, OneTimeChange).Rule()}
	for _, h := range Heuristics() {
		titles[h.Name] = "# " + h.Name + "/"
	}
	for name, title := range titles {
		page, err := os.ReadFile(filepath.Join("..", "docs", "method", name+".md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, part := range []string{title, "**Claim.**", "**Rule.**", "**Source.**", "**Known error.**", "**Tested by**"} {
			if !strings.Contains(string(page), part) {
				t.Errorf("the page of %s has no %q", name, part)
			}
		}
	}
}
