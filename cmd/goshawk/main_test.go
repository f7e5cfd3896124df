package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"goshawk/chain/bitcoin"
	"goshawk/internal/chaingen"
	"goshawk/internal/fixture"
)

// TestMain makes this test binary the goshawk command of the transcripts.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"goshawk": main})
}

// TestMadeUp runs the transcripts that need nothing but a made-up chain.
func TestMadeUp(t *testing.T) {
	story, err := chaingen.WriteStory(io.Discard, 1)
	if err != nil {
		t.Fatal(err)
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	transcripts(t, "testdata/made-up", map[string]string{
		"LISTEN":   freeAddress(t),
		"THEFT":    story.Theft.String(),
		"THEFTTX":  story.Theft.Tx.String(),
		"COINJOIN": story.CoinJoin.String(),
		"PEEL":     story.Peel.String(),
		"BATCH":    story.Batch.String(),
		"SWEEP":    story.Sweep.String(),
		"EXCHANGE": params.FormatAddress(story.Exchange.Kind, story.Exchange.Key),
		"VICTIM":   params.FormatAddress(story.Victim[0].Kind, story.Victim[0].Key),
		"VICTIM2":  params.FormatAddress(story.Victim[1].Kind, story.Victim[1].Key),
	})
}

// TestReal runs the transcripts about real blocks and lists, in $DATA.
func TestReal(t *testing.T) {
	const coinbase9 = "0437cd7f8525ceed2324359c2d0ba26006d92d856a9c20fa0241106ee5a597c9"
	transcripts(t, "testdata/real", map[string]string{
		"DATA": fixture.Dir(t),
		"TX9":  coinbase9,
		"COIN": coinbase9 + ":0",
		// Of two addresses of block 227835, one spent a coin that the block made and one from before, the other only such.
		"SOME":   "17Xt6NRpPv79iX4XuyUsKUvDukV4P5sEui",
		"ALL":    "1VZhqzMqpV9Xk8TVtuJHWAg4HtzPc3A7E",
		"MERGED": "a3b0e9e7cddbbe78270fa4182a7675ff00b92872d8df7d14265a2b1e379a9d33:0",
	})
}

// transcripts runs every script of a folder, each in an empty folder of its own.
func transcripts(t *testing.T, folder string, env map[string]string) {
	testscript.Run(t, testscript.Params{
		Dir:                 folder,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			// A user's own settings and labels must not leak in.
			e.Setenv("HOME", filepath.Join(e.WorkDir, "home"))
			for name, value := range env {
				e.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":  exits,
			"json":   jsonIs,
			"until":  until,
			"madeup": madeUpCase,
			"flip":   flip,
			"cut":    cut,
		},
	})
}

// exits runs a command and wants this exit code: exits 2 goshawk trace.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARGS…")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// jsonIs compares one value of the JSON on standard output: json ends.0.kind
// unspent. A number names an element of a list, len the list's length; - is null.
func jsonIs(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: json PATH WANT")
	}
	var v any
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	d.UseNumber()
	ts.Check(d.Decode(&v))
	for _, key := range strings.Split(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			inner, ok := x[key]
			if !ok {
				ts.Fatalf("there is no key %q of %s", key, args[0])
			}
			v = inner
		case []any:
			if key == "len" {
				v = len(x)
				continue
			}
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(x) {
				ts.Fatalf("there is no element %q of %s", key, args[0])
			}
			v = x[i]
		default:
			ts.Fatalf("%q of %s is inside %v", key, args[0], v)
		}
	}
	got := fmt.Sprint(v)
	if v == nil {
		got = "-"
	}
	if (got == args[1]) == neg {
		ts.Fatalf("%s is %s", args[0], got)
	}
}

// until repeats a command until it exits 0, for at most a minute.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: until COMMAND ARGS…")
	}
	for end := time.Now().Add(time.Minute); ts.Exec(args[0], args[1:]...) != nil; {
		if time.Now().After(end) {
			ts.Fatalf("it never did")
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// flip inverts one byte of a file: flip FILE OFFSET.
func flip(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: flip FILE OFFSET")
	}
	offset, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	if offset >= int64(len(data)) {
		ts.Fatalf("%s has %d bytes only", args[0], len(data))
	}
	data[offset] ^= 0xff
	ts.Check(os.WriteFile(path, data, 0o644))
}

// cut copies the first bytes of a file: cut FILE BYTES COPY.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FILE BYTES COPY")
	}
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	if n > len(data) {
		ts.Fatalf("%s has %d bytes only", args[0], len(data))
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data[:n], 0o644))
}
