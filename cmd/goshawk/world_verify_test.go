package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goshawk/world"
)

// TestVerifyJSON: whatever 'world verify' finds, its JSON says so, with the keys
// that docs/json.md names.
func TestVerifyJSON(t *testing.T) {
	emptyHome(t)
	dir := filepath.Join(t.TempDir(), "world")
	must(t, "world", "new", "--quiet", "--seed", "3", "--txs", "2000", "--scenario", "ransomware", "--out", dir)
	type answer struct {
		Era      string
		Pass     *bool
		Compared int
		Faults   []string
		Withheld []string
		Unlisted *bool
		Rows     []struct {
			Name string
			Pass bool
		}
	}
	verify := func(code int, flags ...string) (a answer) {
		t.Helper()
		said := ask(t.Context(), append([]string{"world", "verify", dir, "--format", "json"}, flags...)...)
		if said.code != code {
			t.Fatalf("exit code %d, not %d\n%s%s", said.code, code, said.out, said.err)
		}
		a = fromJSON[answer](t, said.out)
		if a.Era != "2022" || a.Pass == nil || *a.Pass != (code == exitDone) || a.Faults == nil || a.Withheld == nil || a.Unlisted == nil || a.Compared < 10 {
			t.Fatalf("%s", said.out)
		}
		shown(t, "world verify", said.out)
		return a
	}
	if a := verify(exitFault); len(a.Rows) != 18 || len(a.Faults) > 0 { // too small for the shapes of real blocks
		t.Errorf("measured: %+v", a)
	}
	if a := verify(exitDone, "--bytes"); a.Rows != nil || len(a.Faults) > 0 || len(a.Withheld) > 0 {
		t.Errorf("files only: %+v", a)
	}
	if err := os.RemoveAll(filepath.Join(dir, "truth")); err != nil {
		t.Fatal(err)
	}
	if a := verify(exitDone, "--bytes"); !slices.Equal(a.Withheld, []string{"truth"}) || !*a.Unlisted {
		t.Errorf("without the truth: %+v", a)
	}
	if err := os.Truncate(filepath.Join(dir, "public", "prices.csv"), 3); err != nil {
		t.Fatal(err)
	}
	if a := verify(exitFault); a.Rows != nil || len(a.Faults) != 1 || !strings.Contains(a.Faults[0], "public/prices.csv") {
		t.Errorf("with a fault: %+v", a)
	}
}

// TestWorldListJSON: docs/json.md names what 'world list' prints.
func TestWorldListJSON(t *testing.T) {
	printed := must(t, "world", "list", "--format", "json")
	shown(t, "world list", printed)
	list := fromJSON[struct {
		Scenarios []struct {
			Name, Title, Abuse string
			Models             []string
		}
		Eras []world.Era
	}](t, printed)
	if len(list.Scenarios) != 9 || !slices.Equal(list.Eras, world.Eras()) {
		t.Errorf("%+v", list)
	}
	for _, s := range list.Scenarios {
		if s.Name == "" || s.Title == "" || s.Abuse == "" || len(s.Models) == 0 {
			t.Errorf("%+v", s)
		}
	}
}

// shown holds that a section of docs/json.md names every key of an answer.
func shown(t *testing.T, section, answer string) {
	t.Helper()
	document, err := os.ReadFile(filepath.Join(root, "docs", "json.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, there := strings.Cut(string(document), "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	if !there {
		t.Errorf("docs/json.md has no section on %s", section)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *"(\w+)":`).FindAllStringSubmatch(answer, -1) {
		if !strings.Contains(text, "`"+m[1]+"`") {
			t.Errorf("docs/json.md does not name %s of %s", m[1], section)
		}
	}
}
