package main

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = "../.."

// TestDocumentsNameWhatIsThere: files that a document names exist, and so do the
// commands and flags that it shows.
func TestDocumentsNameWhatIsThere(t *testing.T) {
	quoted := regexp.MustCompile("`([^`\n]+)`")
	linked := regexp.MustCompile(`\]\(([^)#]+)\)`)
	path := regexp.MustCompile(`^[A-Za-z.][\w.-]*/[\w./*-]*$|^[\w-]+\.(go|md)$`)
	command := regexp.MustCompile(`(?m)^    goshawk +(\w+)(.*)$`)
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		names[entry.Name()] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "ARCHITECTURE.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		text, named := string(data), 0
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			named++
			if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			if !path.MatchString(m[1]) {
				continue
			}
			named++
			if !strings.Contains(m[1], "/") { // a file of the folder that its paragraph names
				if !names[m[1]] {
					t.Errorf("%s names %s, which is nowhere", name, m[1])
				}
			} else if _, err := os.Stat(filepath.Join(root, m[1])); err != nil {
				t.Errorf("%s names %s: %v", name, m[1], err)
			}
		}
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			named++
			help := must(t, m[1], "--help")
			for _, f := range regexp.MustCompile(`--[a-z-]+`).FindAllString(m[2], -1) {
				if !strings.Contains(help, "  "+f+" ") {
					t.Errorf("%s shows goshawk %s %s, which is not there", name, m[1], f)
				}
			}
		}
		if named == 0 && name != "CHANGELOG.md" {
			t.Errorf("%s names nothing: is it read as it should be?", name)
		}
	}
}

var update = flag.Bool("update", false, "write the files that the tests compare")
