package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExitCodes: one kind of fault has one exit code, whatever the command. Every
// refusal says what happened and what to do, and answers nothing.
func TestExitCodes(t *testing.T) {
	folder, story := madeUp(t)
	asked := 0
	explorer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusForbidden)
	}))
	defer explorer.Close()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const (
		mine     = "bcrt1qwgru9grwr66y2p8s00qg84fm9fgejwzjfg4a6t"
		mistyped = "bcrt1qwgru9grwr66y2p8s00qg84fm9fgejwzjfg4a7t"
		unused   = "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080"
		foreign  = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
		nowhere  = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
	)
	words := strings.NewReplacer("LEDGER", "--ledger "+filepath.Join(folder, "ledger"), "BLOCKS", filepath.Join(folder, "blocks"), "FOLDER", folder,
		"EXPLORER", "--network regtest --exhibits "+filepath.Join(folder, "exhibits")+" --source esplora:"+explorer.URL,
		"LABELS", "--labels "+filepath.Join(folder, "labels.csv"), "COIN", story.Theft.String(), "TX", story.Theft.Tx.String(),
		"MINE", mine, "MISTYPED", mistyped, "UNUSED", unused, "FOREIGN", foreign, "NOWHERE", nowhere,
		"TOML", write("bad.toml", "ledger = ="), "UNKNOWN", write("unknown.toml", "legder = 'x'"))
	for _, test := range []struct {
		code  int
		lines string
	}{
		{exitUsage, `follow
			help follow
			trace LEDGER --method best --from COIN
			trace LEDGER --method fifo --from TX
			trace LEDGER --method fifo --from TX:9
			trace LEDGER --method tiho --backward --from COIN
			trace LEDGER --compare=fifo,tiho --backward --from COIN
			trace LEDGER --method fifo --method haircut --from COIN
			trace LEDGER --compare=fifo --compare=lifo --from COIN
			trace LEDGER --compare= --from COIN
			trace LEDGER --compare fifo --from COIN
			trace LEDGER --backward --backward=false --method fifo --from COIN
			trace LEDGER --backward=perhaps --method fifo --from COIN
			trace LEDGER --method fifo --from COIN --max-hops -1
			trace LEDGER --method fifo --from COIN --flows some
			trace LEDGER --method fifo --from COIN --min-amount 1.5
			trace LEDGER --method fifo --from COIN --rate 2
			trace LEDGER --method fifo --from COIN --proxy socks5://127.0.0.1:9050
			trace LEDGER --method fifo --from COIN --exhibits FOLDER
			trace LEDGER --method fifo --from COIN --refresh
			trace LEDGER --method fifo --from COIN --network bitcoin
			trace LEDGER --method fifo --from COIN --out FOLDER
			trace LEDGER --method fifo --address MISTYPED
			trace LEDGER --method fifo --address FOREIGN
			trace LEDGER --method fifo --address MINE --received-since 2024-01-02 --received-until 2024-01-01
			trace LEDGER --method fifo --from COIN --config TOML
			trace LEDGER --method fifo --from COIN --config UNKNOWN
			trace EXPLORER --method fifo --address MISTYPED
			trace EXPLORER --method tiho --backward --from COIN
			trace EXPLORER --method fifo --from COIN --cluster-labels
			trace EXPLORER --method fifo --from COIN --proxy nonsense
			trace EXPLORER --method fifo --from COIN --rate 0
			trace EXPLORER --method fifo --from COIN --out FOLDER
			path LEDGER --from MINE --to FOREIGN
			path LEDGER --from MINE --to MINE --max-hops 0
			path LEDGER --from TX:9 --to MINE
			path EXPLORER --from cluster:MINE --to MINE
			path EXPLORER --from MINE --to cluster:MINE
			path EXPLORER --from MINE --to MISTYPED
			path EXPLORER --from MINE --to MINE --stop-confidence 101
			show --source foo 5
			show LEDGER -1
			show LEDGER -- -1
			show LEDGER TX:9
			show LEDGER TX:one
			show LEDGER nobody
			show LEDGER MINE --since 2024-01-02 --until 2024-01-01
			show LEDGER 5 --since 2011-01-01
			show LEDGER 5 --change
			show LEDGER TX --oldest
			show LEDGER MINE --change=false
			show EXPLORER MISTYPED
			show EXPLORER nobody
			cluster LEDGER FOREIGN
			cluster LEDGER MINE --count 5
			cluster LEDGER MINE --wallet tpubNonsense
			cluster LEDGER --xpub a --descriptor b
			cluster LEDGER MINE --merge-change luck
			why LEDGER MINE MISTYPED
			why LEDGER MINE MINE
			pattern LEDGER --kind odd
			pattern LEDGER --kind peel_chain --from TX:9
			pattern LEDGER --kind coinjoin --since 2024-01-02 --until 2024-01-01
			pattern LEDGER --kind coinjoin --change peel
			pattern LEDGER --kind peel_chain --from COIN --since 2011-01-01
			screen LEDGER
			screen LEDGER LABELS --network bitcoin
			label forget
			label list LABELS
			check LEDGER more
			export LEDGER
			ingest --ledger FOLDER/new --network bitcoin BLOCKS
			ingest --ledger FOLDER/unmade --network regtest --rpc-user me BLOCKS
			ingest --ledger FOLDER/unmade --network dogecoin BLOCKS
			ingest --ledger FOLDER/unmade --network regtest --partial --from-height 5 BLOCKS
			ingest --ledger FOLDER/unmade --network regtest --rpc nonsense
			ingest --ledger FOLDER/unmade --network regtest --memory 0 BLOCKS
			ingest LEDGER --network bitcoin BLOCKS
			demo FOLDER
			demo --out=
			verify
			verify FOLDER more
			verify --format xml FOLDER
			verify --signer FOLDER/labels.csv FOLDER
			audit look
			audit check
			audit prove
			version --format xml`},
		{exitFailed, `trace --ledger nowhere --method fifo --from COIN
			trace LEDGER --method fifo --from NOWHERE:0
			trace LEDGER --method fifo --address UNUSED
			trace LEDGER --method fifo --from COIN --labels nowhere.csv
			trace LEDGER --method fifo --from COIN --out FOLDER/nowhere/answer
			trace LEDGER --method fifo --from COIN --config nowhere.toml
			trace EXPLORER --method fifo --from COIN --labels nowhere.csv
			trace EXPLORER --method fifo --from COIN --out FOLDER/nowhere/answer
			path LEDGER --from NOWHERE:0 --to MINE
			path LEDGER --from MINE --to UNUSED
			path LEDGER --from MINE --to label:Nobody
			show LEDGER NOWHERE
			show LEDGER NOWHERE:0
			show LEDGER UNUSED
			show LEDGER 100000
			cluster LEDGER UNUSED
			why LEDGER MINE UNUSED
			pattern LEDGER --kind peel_chain --from NOWHERE:0
			check --ledger nowhere
			check --ledger FOLDER
			export --ledger nowhere --out FOLDER/tables
			ingest --ledger FOLDER/new2 --network regtest nowhere.dat
			ingest --ledger FOLDER/new2 --network regtest FOLDER/labels.csv
			ingest LEDGER --partial BLOCKS
			label import nowhere.csv
			verify nowhere.zip
			verify --signer nowhere.pub FOLDER
			audit verify --data FOLDER/nowhere
			audit check nowhere.json
			demo --out FOLDER`},
	} {
		for line := range strings.Lines(test.lines) {
			line = strings.TrimSpace(line)
			a := ask(t.Context(), strings.Fields(words.Replace(line))...)
			if a.code != test.code || a.out != "" {
				t.Errorf("goshawk %s: exit code %d, not %d, and it prints %q, %q", line, a.code, test.code, a.out, a.err)
			}
			if !strings.Contains(a.err, "\n  → ") || strings.Contains(a.err, "\n  → \n") {
				t.Errorf("goshawk %s does not say what to do: %q", line, a.err)
			}
		}
	}
	// What is verified and found at fault has an answer, and a code of its own.
	for _, line := range []string{"verify FOLDER", "verify --format json FOLDER", "verify FOLDER/labels.csv"} {
		if a := ask(t.Context(), strings.Fields(words.Replace(line))...); a.code != exitFault || !strings.Contains(strings.ToLower(a.out), "fault") || a.err != "" {
			t.Errorf("goshawk %s: exit code %d, and it prints %q, %q", line, a.code, a.out, a.err)
		}
	}
	if asked > 0 {
		t.Errorf("the explorer was asked %d times", asked)
	}
	for _, name := range []string{"exhibits", "unmade"} {
		if _, err := os.Stat(filepath.Join(folder, name)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("refused questions left %s: %v", name, err)
		}
	}
}

// full is a disk without room.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestNowhereToWrite: an answer that nobody gets is a failure, whatever the command.
func TestNowhereToWrite(t *testing.T) {
	folder, story := madeUp(t)
	const address = "bcrt1qwgru9grwr66y2p8s00qg84fm9fgejwzjfg4a6t"
	ledger, labels := filepath.Join(folder, "ledger"), filepath.Join(folder, "labels.csv")
	for _, args := range [][]string{
		{"help"}, {"help", "trace"}, {"trace", "--help"}, {"--version"}, {"version", "--format", "json"},
		{"trace", "--ledger", ledger, "--method", "fifo", "--from", story.Theft.String()},
		{"trace", "--ledger", ledger, "--compare", "--from", story.Theft.String(), "--format", "html"},
		{"path", "--ledger", ledger, "--from", address, "--to", address},
		{"show", "--ledger", ledger, "5"}, {"show", "--ledger", ledger, address, "--format", "json"},
		{"cluster", "--ledger", ledger, address},
		{"cluster", "--ledger", ledger, "--wallet", "wpkh(tpubD6NzVbkrYhZ4WaWSyoBvQwbpLkojyoTZPRsgXELWz3Popb3qkjcJyJUGLnL4qHHoQvao8ESaAstxYSnhyswJ76uZPStJRJCTKvosUCJZL5B/0/*)"},
		{"why", "--ledger", ledger, address, "bcrt1qqqxhf9g25xw9qy8cp7dt45tl5qdjuwyseruzlf"},
		{"pattern", "--ledger", ledger, "--kind", "coinjoin"},
		{"screen", "--ledger", ledger, "--labels", labels},
		{"label", "import", labels}, {"label", "list"}, {"label", "show", address},
		{"check", "--ledger", ledger}, {"check", "--ledger", ledger, "--format", "json"},
		{"demo", "--out", filepath.Join(t.TempDir(), "demo")},
	} {
		var remarks strings.Builder
		none := func(string) (string, bool) { return "", false }
		code := run(t.Context(), &terminal{out: full{}, err: &remarks, env: none}, args)
		if code != exitFailed || strings.Count(remarks.String(), "no space left on device") != 1 || !strings.Contains(remarks.String(), "\n  → ") {
			t.Errorf("goshawk %q: exit code %d, %q", args, code, remarks.String())
		}
	}
}

// TestSettingsThatAreShown: the settings file of the document is one.
func TestSettingsThatAreShown(t *testing.T) {
	emptyHome(t)
	text, err := os.ReadFile(filepath.Join(root, "docs", "command-line.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "```toml\n")
	shown, _, closed := strings.Cut(rest, "```\n")
	if !ok || !closed {
		t.Fatal("docs/command-line.md shows no settings file")
	}
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(shown), 0o644); err != nil {
		t.Fatal(err)
	}
	must(t, "version", "--config", file)
	if a := ask(t.Context(), "trace", "--config", file, "--from", strings.Repeat("0", 64)+":0"); !strings.Contains(a.err, "there is no ledger at /data/btc") {
		t.Errorf("a trace with these settings says %q", a.err)
	}
}
