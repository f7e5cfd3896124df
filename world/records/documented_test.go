package records

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"goshawk/world"
)

// TestDocumented: docs/format/records.md names the columns of every CSV file, and
// no file that is not there.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/format/records.md")
	if err != nil {
		t.Fatal(err)
	}
	m, _ := build(t, world.Spec{Seed: 25, Era: world.Era2019, Txs: 2_000})
	documented := map[string]string{}
	services := m.services("retention.json")
	for _, line := range strings.Split(string(page), "\n") {
		if strings.HasPrefix(line, "## `truth/`") {
			services = []string{"truth/"}
		}
		if row := regexp.MustCompile("^\\| `([a-z.]+)` \\| ([a-z_,]+) \\|$").FindStringSubmatch(line); row != nil {
			found := false
			for _, folder := range services {
				if m.MapFS[folder+row[1]] != nil {
					documented[folder+row[1]] = row[2]
					found = true
				}
			}
			if !found {
				t.Errorf("there is no %s", row[1])
			}
		}
	}
	for name, columns := range documented {
		if header, _, _ := bytes.Cut(m.MapFS[name].Data, []byte("\n")); string(header) != columns {
			t.Errorf("%s has %s, and the page says %s", name, header, columns)
		}
	}
	own := 0
	for _, name := range m.papers() {
		if strings.HasSuffix(name, ".csv") && !strings.HasPrefix(name, "public/") {
			if own++; documented[name] == "" {
				t.Errorf("the page says nothing of %s", name)
			}
		}
	}
	if own < 40 {
		t.Errorf("only %d files", own)
	}
}
