package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"goshawk/letter"
)

func letterOn(t *testing.T, l Letter, markdown string) (pdf []byte, pages []string) {
	t.Helper()
	var err error
	if l.Parts, err = letter.Parts(markdown); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := WriteLetterPDF(&b, l); err != nil {
		t.Fatal(err)
	}
	for _, s := range streams(t, b.Bytes()) {
		if strings.Contains(s, " Tj") {
			pages = append(pages, s)
		}
	}
	return b.Bytes(), pages
}

// TestLetterPDF: every page has the marking twice and its number; what the letter says is text, wherever a
// line is broken; the fonts are in the file.
func TestLetterPDF(t *testing.T) {
	l := Letter{Version: "test", Title: "Kestrel Exchange", Reference: "2026/17", Author: "Ines Ferrar", Marking: "RESTRICTED – Eastmark", Language: "de-CH", At: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	tx := strings.Repeat("0123456789abcdef", 4)
	text := "**EASTMARK** Police  \nsecond line\n\n# Request for records\n\n## Legal basis\n\nOrder \\<b\\>12\\</b\\> & <i>no</i> markup\n\n1. Identity\n2. Account\n   - a *deep* item\n\n" +
		"| a | b |\n|---|---|\n| cell one | cell two |\n\n> said\n\n---\n\n    code line\n\nالسلام عليكم 2026\n\n"
	for i := range 120 {
		text += fmt.Sprintf("%d. address `bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq%d`, output `%s:%d` and more words behind it\n   - received\\: 4\\.67783216\n", i+1, i, tx, i)
	}
	pdf, pages := letterOn(t, l, text)
	if len(pages) < 5 {
		t.Fatalf("%d pages", len(pages))
	}
	for i, p := range pages {
		if n := strings.Count(p, pdfText(l.Marking)); n != 2 {
			t.Errorf("page %d has the marking %d times", i+1, n)
		}
		if want := fmt.Sprintf("%d / %d", i+1, len(pages)); !strings.Contains(p, pdfText(want)) {
			t.Errorf("page %d does not say %q", i+1, want)
		}
	}
	whole := strings.Join(pages, "\n")
	for _, s := range []string{"EASTMARK", "second", "Request for records", " <b>12</b>", "12.", "Identity", "–", "cell two", "said", "code line", "address", "4.67783216", ":119", "\ufee1\ufefc\ufeb4\ufedf\ufe8d"} {
		if !strings.Contains(whole, pdfText(s)) {
			t.Errorf("the text %q is not in the pages", s)
		}
	}
	for _, s := range []string{"<i>", "**", "\\", "`"} {
		if strings.Contains(whole, "("+pdfText(s)) {
			t.Errorf("markup %q is in the pages", s)
		}
	}
	for _, s := range []string{"/FontFile2", "/ToUnicode", "/Lang (de-CH)", "/Outlines", "/Title (\xfe\xff" + pdfText(l.Title) + ")"} {
		if !strings.Contains(string(pdf), s) {
			t.Errorf("the file lacks %s", s)
		}
	}
	if again, _ := letterOn(t, l, text); !bytes.Equal(pdf, again) {
		t.Error("the same letter is not the same bytes")
	}
	l.Language = "de) /JS (x"
	if pdf, _ := letterOn(t, l, ""); !strings.Contains(string(pdf), "/Lang (und)") {
		t.Error("a language that is none goes into the file")
	}
}

// FuzzLetterPDF: no text keeps a letter from being written, and none of it makes the file do something.
func FuzzLetterPDF(f *testing.F) {
	f.Add("# a\n\n## b\n\n1. `c` d\n   - e\n\n|a|\n|-|\n|b|c|\n\n> > x\n\n```\ncode\n```\n", "M")
	f.Add("### deep first\n\nא `x` ב\n\n[a](javascript:x) <b>x</b>", "א")
	f.Add(strings.Repeat("> ", 40)+strings.Repeat("x", 500), "")
	f.Fuzz(func(t *testing.T, markdown, marking string) {
		if len(markdown) > 4000 || len(marking) > 200 {
			return
		}
		pdf, pages := letterOn(t, Letter{Title: "x", Marking: marking}, markdown)
		if len(pages) == 0 || bytes.Contains(pdf, []byte("/JavaScript")) || bytes.Contains(pdf, []byte("/URI")) {
			t.Fatal("the letter has no page, or an action")
		}
	})
}
