package main

import (
	"io"
	"path/filepath"
	"strings"
	"testing"
)

// TestLettingGo: while an answer is put into its form an interruption ends the
// program, whether it goes to the terminal or to a file; while the file is put in
// its place it waits.
func TestLettingGo(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "answer")} {
		var steps []string
		step := func(s string) func() { return func() { steps = append(steps, s) } }
		c := newCommand(&terminal{out: io.Discard, err: io.Discard, letGo: step("let go"), hold: step("hold")}, verbs()[0])
		if err := c.output(path, func(io.Writer) error { step("write")(); return nil }); err != nil {
			t.Fatal(err)
		}
		want := "let go, write"
		if path != "" {
			want += ", hold"
		}
		if got := strings.Join(steps, ", "); got != want {
			t.Errorf("to %q: %s", path, got)
		}
	}
}
