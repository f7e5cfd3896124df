package archtest

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// TestRulesCatch gives the checker small houses with one fault each, and one
// without: a check that has never failed is not known to check anything.
func TestRulesCatch(t *testing.T) {
	clean := map[string]string{
		"go.mod":              "module house\n",
		"root.go":             "// Package house.\npackage house\n\nimport \"strconv\"\n\n// In bitcoin it is called so.\nfunc F(n int) string { return strconv.Itoa(n) }\n\nvar ErrX = F(1)\n",
		"trace/trace.go":      "package trace\n\nimport (\n\t\"house\"\n\t\"time\"\n)\n\nvar table = [...]string{\"a\"}\n\nfunc T(at time.Time) string { return table[0] + house.F(at.Day()) }\n",
		"chain/btc/btc.go":    "package btc\n\nconst Name = \"bitcoin\"\n",
		"cmd/run/main.go":     "package main\n\nimport (\n\t\"house/chain/btc\"\n\t\"house/trace\"\n\t\"os\"\n\t\"time\"\n)\n\nfunc main() { os.Stdout.WriteString(trace.T(time.Now()) + btc.Name) }\n",
		"trace/x_test.go":     "package trace\n\nimport \"os\"\n\nvar state = os.Args\n\nfunc init() { state = nil }\n",
		"trace/testdata/a.go": "package broken!\n",
		"other/go.mod":        "module other\n",
		"other/util/util.go":  "package util\n",
	}
	rules := []rule{
		{path: ".", pure: true, stdlib: true, why: "root"},
		{path: "trace", pure: true, libs: []string{"example.com/good"}, why: "trace"},
		{path: "chain/btc", pure: true, chains: true, why: "chain"},
		{path: "cmd/run", may: []string{everything}, chains: true, why: "cmd"},
	}
	trace := func(imports, body string) map[string]string {
		return map[string]string{"trace/trace.go": "package trace\n\n" + imports + "\n\n" + body + "\n"}
	}
	for _, c := range []struct {
		name  string
		files map[string]string
		rules []rule
		want  string // part of the one violation; empty for none
		where string
	}{
		{name: "clean"},
		{name: "root imports a library", files: map[string]string{"root.go": "package house\n\nimport \"example.com/x\"\n\nvar _ = x.Y\n"}, want: ". may not import example.com/x", where: "root.go:3"},
		{name: "root imports a sibling", files: map[string]string{"root.go": "package house\n\nimport \"house/trace\"\n\nvar _ = trace.T\n"}, want: ". may not import trace", where: "root.go:3"},
		{name: "sibling imports", files: trace(`import "house/chain/btc"`, "var _ = btc.Name"), want: "trace may not import chain/btc", where: "trace/trace.go:3"},
		{name: "pure imports a stranger", files: trace(`import "example.com/bad"`, "var _ = bad.Y"), want: "may not import example.com/bad"},
		{name: "pure imports a library that it may", files: trace(`import "example.com/good/sub"`, "var _ = sub.Y")},
		{name: "a library whose name only begins alike", files: trace(`import "example.com/goodness"`, "var _ = goodness.Y"), want: "may not import example.com/goodness"},
		{name: "import a command", files: map[string]string{"cmd/run/main.go": "package main\n\nimport _ \"house/cmd/run\"\n\nfunc main() {}\n"}, want: "nothing imports a command"},
		{name: "pure imports os", files: trace(`import "os"`, "var _ = os.Args"), want: "may not import os"},
		{name: "pure imports net/http", files: trace(`import "net/http"`, "var _ = http.MethodGet"), want: "may not import net/http"},
		{name: "pure imports net/url", files: trace(`import "net/url"`, "var _ = url.Parse")},
		{name: "pure imports database/sql", files: trace(`import "database/sql"`, "var _ = sql.ErrNoRows"), want: "may not import database/sql"},
		{name: "pure imports math/rand", files: trace(`import "math/rand"`, "var _ = rand.Int"), want: "may not import math/rand"},
		{name: "pure imports crypto/rand", files: trace(`import "crypto/rand"`, "var _ = rand.Text"), want: "may not import crypto/rand"},
		{name: "pure imports log/slog", files: trace(`import "log/slog"`, "var _ = slog.Info"), want: "may not import log/slog"},
		{name: "pure reads the clock", files: trace(`import "time"`, "func N() int { return time.Now().Day() }"), want: "may not use time.Now", where: "trace/trace.go:5"},
		{name: "pure reads the clock under another name", files: trace(`import clock "time"`, "func N() int { return clock.Now().Day() }"), want: "may not use clock.Now"},
		{name: "pure hands the clock on", files: trace(`import "time"`, "var now = time.Now"), want: "may not use time.Now"},
		{name: "a value called time", files: trace(``, "type clock struct{}\n\nfunc (clock) Now() int { return 1 }\n\nfunc N(time clock) int { return time.Now() }")},
		{name: "pure sleeps", files: trace(`import "time"`, "func N() { time.Sleep(1) }"), want: "may not use time.Sleep"},
		{name: "pure prints", files: trace(`import "fmt"`, "func N() { fmt.Println() }"), want: "may not use fmt.Println"},
		{name: "pure formats", files: trace(`import "fmt"`, "func N() string { return fmt.Sprint() }")},
		{name: "pure prints by builtin", files: trace(``, "func N() { println() }"), want: "may not print"},
		{name: "unseeded randomness", files: trace(`import "math/rand/v2"`, "func N() int { return rand.Int() }"), want: "may not use rand.Int"},
		{name: "seeded randomness", files: trace(`import "math/rand/v2"`, "func N() int { return rand.New(rand.NewPCG(1, 2)).Int() }")},
		{name: "dot import", files: trace(`import . "time"`, "var _ = Now"), want: "dot import"},
		{name: "chain's name in an identifier", files: trace(``, "func isBitcoinAddress() {}"), want: "(bitcoin)"},
		{name: "chain's name in capitals", files: trace(``, "const BTCUnit = 1"), want: "(btc)"},
		{name: "chain's name in a text", files: trace(``, "const s = \"a Litecoin address\""), want: "(litecoin)"},
		{name: "chain's name in a raw text", files: trace(``, "const s = `eth`"), want: "(eth)"},
		{name: "chain's name in a comment, a tag and part of a word", files: trace(``, "// bitcoin\ntype electronic struct {\n\tdashing int `json:\"bitcoin\"`\n}")},
		{name: "init", files: trace(``, "func init() {}"), want: "init()"},
		{name: "a method called init", files: trace(``, "type t struct{}\n\nfunc (t) init() {}")},
		{name: "state assigned", files: trace(``, "var x int\n\nfunc S() { x = 1 }"), want: "assigns to package variable x", where: "trace/trace.go:7"},
		{name: "state assigned in another file", files: map[string]string{"trace/trace.go": "package trace\n\nvar x int\n", "trace/other.go": "package trace\n\nfunc S() { x = 1 }\n"}, want: "assigns to package variable x", where: "trace/other.go:3"},
		{name: "an element assigned", files: trace(``, "var m = map[int]int{}\n\nfunc S() { m[1] = 2 }"), want: "assigns to package variable m"},
		{name: "a field counted", files: trace(``, "var s struct{ n int }\n\nfunc S() { s.n++ }"), want: "counts package variable s"},
		{name: "an address taken", files: trace(``, "var x int\n\nfunc S() *int { return &x }"), want: "takes the address of package variable x"},
		{name: "deleted from", files: trace(``, "var m map[int]int\n\nfunc S() { delete(m, 1) }"), want: "changes package variable m"},
		{name: "ranged into", files: trace(``, "var x int\n\nfunc S(l []int) {\n\tfor x = range l {\n\t}\n}"), want: "assigns to package variable x"},
		{name: "a local of the same name", files: trace(``, "var x = 1\n\nfunc S() int {\n\tx := x\n\tx++\n\treturn x\n}")},
		{name: "a parameter of the same name", files: map[string]string{"trace/trace.go": "package trace\n\nvar x = 1\n", "trace/other.go": "package trace\n\nfunc S(x int) int {\n\tx = 2\n\treturn x\n}\n"}},
		{name: "a lock", files: trace(`import "sync"`, "var mu sync.Mutex"), want: "sync.Mutex"},
		{name: "an atomic pointer", files: trace(`import "sync/atomic"`, "var p atomic.Pointer[int]"), want: "atomic.Pointer"},
		{name: "a pool", files: trace(`import "sync"`, "var p = &sync.Pool{}"), want: "sync.Pool"},
		{name: "a channel", files: trace(``, "var c = make(chan int)"), want: "chan"},
		{name: "a neighbour's state", files: map[string]string{"cmd/run/main.go": "package main\n\nimport \"house\"\n\nfunc main() { house.ErrX = \"\" }\n"}, want: "assigns to package variable ..ErrX"},
		{name: "a neighbour's type", files: map[string]string{"root.go": "package house\n\ntype T struct{}\n", "trace/trace.go": "package trace\n\nimport \"house\"\n\nvar _ = &house.T{}\n"}},
		{name: "a vague package", files: map[string]string{"util/util.go": "package util\n"}, rules: []rule{{path: "util", why: "none"}}, want: "is called util"},
		{name: "a vague clause", files: map[string]string{"thing/x.go": "package helpers\n"}, rules: []rule{{path: "thing", why: "none"}}, want: "is called helpers"},
		{name: "a package without a rule", files: map[string]string{"new/new.go": "package new\n"}, want: "has no rule"},
		{name: "only tests, without a rule", files: map[string]string{"new/new_test.go": "package new\n"}, want: "has no rule"},
		{name: "a rule without a package", rules: []rule{{path: "gone", why: "gone"}}, want: "has a rule but no package"},
		{name: "two rules", rules: []rule{{path: "trace", pure: true, why: "again"}}, want: "has two rules"},
		{name: "a rule without a reason", files: map[string]string{"new/new.go": "package new\n"}, rules: []rule{{path: "new"}}, want: "without a reason"},
		{name: "a file for another system", files: map[string]string{"trace/x_windows.go": "package trace\n\nimport \"os\"\n\nvar _ = os.Args\n"}, want: "may not import os"},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := fstest.MapFS{}
			for _, set := range []map[string]string{clean, c.files} {
				for name, text := range set {
					files[name] = &fstest.MapFile{Data: []byte(text)}
				}
			}
			found, err := check(files, append(slices.Clone(rules), c.rules...))
			if err != nil {
				t.Fatal(err)
			}
			if c.want == "" {
				if len(found) > 0 {
					t.Errorf("found %v", found)
				}
				return
			}
			if len(found) != 1 || !strings.Contains(found[0].what, c.want) || !strings.HasPrefix(found[0].where, c.where) {
				t.Errorf("found %v, want one that says %q at %s", found, c.want, c.where)
			}
		})
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"isBitcoinAddress": "is bitcoin address",
		"BTCUnit":          "btc unit",
		"UnitBTC":          "unit btc",
		"a_b":              "a b",
		"ab12cd":           "ab cd",
		"electronic":       "electronic",
		"":                 "",
	} {
		if got := strings.Join(words(text), " "); got != want {
			t.Errorf("words(%q) = %q, want %q", text, got, want)
		}
	}
}
