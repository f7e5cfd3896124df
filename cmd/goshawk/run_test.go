package main

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
)

// answer is what a command line gave.
type answer struct {
	out, err string
	code     int
}

// ask runs a command line inside the test.
func ask(ctx context.Context, args ...string) answer {
	var out, err bytes.Buffer
	none := func(string) (string, bool) { return "", false }
	code := run(ctx, &terminal{out: &out, err: &err, env: none}, args)
	return answer{out.String(), err.String(), code}
}

// must runs a command line that has to succeed and returns its answer.
func must(t *testing.T, args ...string) string {
	t.Helper()
	a := ask(t.Context(), args...)
	if a.code != exitDone {
		t.Fatalf("goshawk %q: exit code %d\n%s", args, a.code, a.err)
	}
	return a.out
}

// fromJSON reads an answer's JSON.
func fromJSON[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

// emptyHome keeps the user's own settings and labels out of a test.
func emptyHome(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("XDG_CONFIG_HOME", "")
	t.Setenv("XDG_DATA_HOME", "")
}
