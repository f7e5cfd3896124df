package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestShownJSON compares docs/json.md with what the commands print that the
// package report has no shape for.
func TestShownJSON(t *testing.T) {
	folder, _ := madeUp(t)
	ledger, labels, data := filepath.Join(folder, "ledger"), filepath.Join(folder, "labels.csv"), t.TempDir()
	const (
		exchange = "bcrt1qwgru9grwr66y2p8s00qg84fm9fgejwzjfg4a6t"
		wallet   = "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*)"
	)
	file := filepath.Join(root, "docs", "json.md")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	document, day := string(text), regexp.MustCompile(`"imported": "[0-9-]{10}"`)
	for _, shown := range []struct {
		name string
		args []string
	}{
		{"check", []string{"check", "--ledger", ledger}},
		{"label import", []string{"label", "import", labels, "--data", data}},
		{"label list", []string{"label", "list", "--data", data}},
		{"label show", []string{"label", "show", exchange, "--data", data}},
		{"cluster", []string{"cluster", "--ledger", ledger, "--count", "3", "--wallet", wallet}},
		{"version", []string{"version"}},
	} {
		printed := day.ReplaceAllString(must(t, append(shown.args, "--format", "json")...), `"imported": "2026-01-31"`)
		marker := "<!-- shown: " + shown.name + " -->\n\n```json\n"
		before, rest, ok := strings.Cut(document, marker)
		example, after, closed := strings.Cut(rest, "```\n")
		if !ok || !closed {
			t.Errorf("docs/json.md shows no %s", shown.name)
			continue
		}
		if example != printed && !*update {
			t.Errorf("docs/json.md shows as %s\n%s\nnot\n%s", shown.name, example, printed)
		}
		document = before + marker + printed + "```\n" + after
	}
	if *update {
		if err := os.WriteFile(file, []byte(document), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
