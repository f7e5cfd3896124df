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
	folder := m.services()[0]
	for _, line := range strings.Split(string(page), "\n") {
		if strings.HasPrefix(line, "## `truth/`") {
			folder = "truth/"
		}
		if row := regexp.MustCompile("^\\| `([a-z.]+)` \\| ([a-z_,]+) \\|$").FindStringSubmatch(line); row != nil {
			documented[folder+row[1]] = row[2]
		}
	}
	if len(documented) != 9 {
		t.Errorf("the page has %d files", len(documented))
	}
	for name, columns := range documented {
		file := m.MapFS[name]
		if file == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		if header, _, _ := bytes.Cut(file.Data, []byte("\n")); string(header) != columns {
			t.Errorf("%s has %s, and the page says %s", name, header, columns)
		}
	}
	for _, name := range m.papers() {
		if strings.HasSuffix(name, ".csv") && (strings.HasPrefix(name, m.services()[0]) || strings.HasPrefix(name, "truth/")) && documented[name] == "" {
			t.Errorf("the page says nothing of %s", name)
		}
	}
}
