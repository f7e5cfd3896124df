package archtest

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// violation is one place that breaks a rule.
type violation struct{ where, what string }

// folder is one package's sources, without its test files.
type folder struct {
	path  string
	name  string // package clause
	files []*source
}

type source struct {
	path string
	ast  *ast.File
	fset *token.FileSet
	// imported maps the names that the file uses for packages to their paths.
	imported map[string]string
}

func (s *source) at(pos token.Pos) string {
	return fmt.Sprintf("%s:%d", s.path, s.fset.Position(pos).Line)
}

// parse reads every Go package of a module, whatever system its files are for.
// As the go command does, it leaves out testdata and folders whose names begin
// with a dot or an underscore, and other modules.
func parse(module fs.FS) (map[string]*folder, error) {
	packages := make(map[string]*folder)
	err := fs.WalkDir(module, ".", func(file string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() {
			if file == "." {
				return nil
			}
			if name == "testdata" || name == "node_modules" || name == "vendor" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
				return fs.SkipDir
			}
			if _, err := fs.Stat(module, path.Join(file, "go.mod")); err == nil {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			return nil
		}
		text, err := fs.ReadFile(module, file)
		if err != nil {
			return err
		}
		at := path.Dir(file)
		f := packages[at]
		if f == nil {
			f = &folder{path: at}
			packages[at] = f
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, file, text, parser.ParseComments)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, "_test.go") {
			return nil
		}
		s := &source{path: file, ast: tree, fset: fset, imported: make(map[string]string)}
		for _, spec := range tree.Imports {
			to, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			as := path.Base(to)
			if spec.Name != nil {
				as = spec.Name.Name
			} else if len(as) > 1 && as[0] == 'v' && as[1] >= '0' && as[1] <= '9' { // …/v2
				as = path.Base(path.Dir(to))
			}
			s.imported[as] = to
		}
		f.name = tree.Name.Name
		f.files = append(f.files, s)
		return nil
	})
	return packages, err
}

// moduleName reads the module's name from go.mod.
func moduleName(module fs.FS) (string, error) {
	text, err := fs.ReadFile(module, "go.mod")
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "module "); ok {
			return strings.TrimSpace(name), nil
		}
	}
	return "", fmt.Errorf("go.mod names no module")
}

// check compares a module with its rules.
func check(module fs.FS, rules []rule) ([]violation, error) {
	root, err := moduleName(module)
	if err != nil {
		return nil, err
	}
	packages, err := parse(module)
	if err != nil {
		return nil, err
	}
	c := &checker{root: root, packages: packages}
	byPath := make(map[string]*rule)
	for i := range rules {
		r := &rules[i]
		if byPath[r.path] != nil {
			c.found = append(c.found, violation{r.path, "has two rules"})
		}
		if r.why == "" {
			c.found = append(c.found, violation{r.path, "has a rule without a reason"})
		}
		if packages[r.path] == nil {
			c.found = append(c.found, violation{r.path, "has a rule but no package: remove the rule"})
		}
		byPath[r.path] = r
	}
	for _, f := range c.sorted() {
		r := byPath[f.path]
		if r == nil {
			c.found = append(c.found, violation{f.path, "has no rule: add one to the table, with its reason"})
			continue
		}
		c.name(f)
		for _, s := range f.files {
			c.imports(s, r)
			c.noInit(s)
			if r.pure {
				c.pure(s, r)
			}
			if !r.chains {
				c.chains(s)
			}
		}
	}
	c.state()
	return c.found, nil
}

type checker struct {
	root     string
	packages map[string]*folder
	found    []violation
}

// sorted returns the packages in the order of their paths.
func (c *checker) sorted() []*folder {
	return slices.SortedFunc(maps.Values(c.packages), func(a, b *folder) int { return cmp.Compare(a.path, b.path) })
}

func (c *checker) fault(s *source, pos token.Pos, format string, args ...any) {
	c.found = append(c.found, violation{s.at(pos), fmt.Sprintf(format, args...)})
}

// vague names say nothing of what a package is for.
var vague = [...]string{"util", "utils", "common", "helper", "helpers", "type", "types", "misc", "shared", "base", "lib"}

func (c *checker) name(f *folder) {
	for _, n := range []string{f.name, path.Base(f.path)} {
		if slices.Contains(vague[:], n) {
			c.found = append(c.found, violation{f.path, "is called " + n + ": name a package after what it is for"})
			return
		}
	}
}

// inHouse returns the folder of a package of this module.
func (c *checker) inHouse(to string) (string, bool) {
	if to == c.root {
		return ".", true
	}
	return strings.CutPrefix(to, c.root+"/")
}

// standard says whether a path belongs to the standard library: its first part has no dot.
func standard(to string) bool {
	first, _, _ := strings.Cut(to, "/")
	return !strings.Contains(first, ".")
}

func (c *checker) imports(s *source, r *rule) {
	for _, spec := range s.ast.Imports {
		to, _ := strconv.Unquote(spec.Path.Value) // parse read it before
		if at, ok := c.inHouse(to); ok {
			if at != "." && !slices.Contains(r.may, at) && !slices.Contains(r.may, everything) {
				c.fault(s, spec.Pos(), "%s may not import %s (%s): declare the interface that you need, or name it in the table with its reason", r.path, at, r.why)
			}
			if strings.HasPrefix(at, "cmd/") {
				c.fault(s, spec.Pos(), "nothing imports a command")
			}
			continue
		}
		if standard(to) || !r.stdlib && !r.pure {
			continue
		}
		if !slices.ContainsFunc(r.libs, func(lib string) bool { return to == lib || strings.HasPrefix(to, lib+"/") }) {
			c.fault(s, spec.Pos(), "%s may not import %s (%s)", r.path, to, r.why)
		}
	}
}

func (c *checker) noInit(s *source) {
	for _, d := range s.ast.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
			c.fault(s, f.Pos(), "init() hides what a program does: pass values instead")
		}
	}
}

// impure are packages that reach beyond their arguments. An entry with a slash
// at its end forbids all below it too.
var impure = [...]string{
	"os", "os/", "net", "net/", "database/", "log", "log/", "syscall", "plugin", "crypto/rand", "math/rand", "hash/maphash",
	"runtime/debug", "runtime/pprof", "runtime/trace", "expvar", "io/ioutil", "testing", "testing/", "unsafe",
}

// harmless are packages below an impure one that only compute.
var harmless = [...]string{"net/url", "net/netip", "math/rand/v2"}

// clocks are functions that give another answer each time, print, or wait. A
// star stands for all functions but those after it.
var clocks = map[string][]string{
	"time":         {"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Local", "LoadLocation"},
	"fmt":          {"Print", "Printf", "Println", "Scan", "Scanf", "Scanln"},
	"math/rand/v2": {"*", "New", "NewPCG", "NewChaCha8", "NewZipf", "Rand", "Source", "PCG", "ChaCha8", "Zipf"},
	// These touch the disk; the rest of the package only joins names.
	"path/filepath": {"Abs", "EvalSymlinks", "Glob", "Walk", "WalkDir"},
	"context":       {"WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"},
}

func isImpure(to string) bool {
	if slices.Contains(harmless[:], to) {
		return false
	}
	for _, p := range impure {
		if to == p || strings.HasSuffix(p, "/") && strings.HasPrefix(to, p) {
			return true
		}
	}
	return false
}

func (c *checker) pure(s *source, r *rule) {
	for _, spec := range s.ast.Imports {
		to, _ := strconv.Unquote(spec.Path.Value) // parse read it before
		if isImpure(to) {
			c.fault(s, spec.Pos(), "%s is pure and may not import %s (%s): take what you need from the caller", r.path, to, r.why)
		}
		if spec.Name != nil && spec.Name.Name == "." {
			c.fault(s, spec.Pos(), "a dot import hides what a pure package calls")
		}
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			x, ok := n.X.(*ast.Ident)
			if !ok || x.Obj != nil { // a local value of the same name
				return true
			}
			names := clocks[s.imported[x.Name]]
			if len(names) == 0 {
				return true
			}
			listed := slices.Contains(names, n.Sel.Name)
			if all := names[0] == "*"; all != listed {
				c.fault(s, n.Pos(), "%s is pure and may not use %s.%s (%s): take it from the caller", r.path, x.Name, n.Sel.Name, r.why)
			}
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && f.Obj == nil && (f.Name == "print" || f.Name == "println") {
				c.fault(s, n.Pos(), "%s is pure and may not print", r.path)
			}
		}
		return true
	})
}

// chainNames are the words that must not appear in code that works for any
// chain: names and tickers, as whole words of an identifier or text.
var chainNames = [...]string{
	"bitcoin", "btc", "xbt", "litecoin", "ltc", "dogecoin", "doge", "bitcoincash", "bch", "ethereum", "eth", "tron", "trx", "monero", "xmr", "zcash", "zec",
	"dash", "solana", "polygon", "ripple", "xrp", "cardano", "namecoin",
}

func (c *checker) chains(s *source) {
	tags := make(map[*ast.BasicLit]bool) // import paths and struct tags are no code
	for _, spec := range s.ast.Imports {
		tags[spec.Path] = true
	}
	ast.Inspect(s.ast, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			if n.Tag != nil {
				tags[n.Tag] = true
			}
		case *ast.Ident:
			if s.imported[n.Name] != "" && n.Obj == nil {
				return true // a package's name, from its path
			}
			c.chain(s, n.Pos(), n.Name)
		case *ast.BasicLit:
			if n.Kind == token.STRING && !tags[n] {
				text, err := strconv.Unquote(n.Value)
				if err != nil {
					text = n.Value
				}
				c.chain(s, n.Pos(), text)
			}
		}
		return true
	})
}

func (c *checker) chain(s *source, pos token.Pos, text string) {
	for _, word := range words(text) {
		if slices.Contains(chainNames[:], word) {
			c.fault(s, pos, "calls a chain by its name (%s): chains differ as data, make it a field of what the caller passes", word)
			return
		}
	}
}

// words splits identifiers and texts where letters end or a capital begins:
// IsBitcoinAddress, bitcoin_address and "a bitcoin address" hold the same word.
func words(text string) []string {
	var list []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			list = append(list, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	letters := []rune(text)
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r):
			end()
			continue
		case unicode.IsUpper(r):
			afterLower := i > 0 && unicode.IsLower(letters[i-1])
			beforeLower := i+1 < len(letters) && unicode.IsLower(letters[i+1]) && i > 0 && unicode.IsUpper(letters[i-1])
			if afterLower || beforeLower { // aB, or the last capital of ABc
				end()
			}
		}
		word = append(word, r)
	}
	end()
	return list
}
