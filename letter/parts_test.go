package letter

import (
	"strings"
	"testing"
)

// Texts that would keep a reader of Markdown busy for minutes are one part, as they were written.
func TestUnruly(t *testing.T) {
	for what, text := range map[string]string{
		"links without an end": strings.Repeat("[a](", 200_000), "quotations": "before\n\n" + strings.Repeat("> ", 200_000) + "x",
		"lists": strings.Repeat("1. ", 200_000) + "x", "both": strings.Repeat(">- * + 12) ", 50) + "x",
	} {
		list, err := Parts(text)
		if err != nil || len(list) != 1 || list[0].Kind != PartCode || list[0].Text() != text {
			t.Errorf("%s: %d parts, %v", what, len(list), err)
		}
		if plain, err := Plain(text); err != nil || plain != text {
			t.Errorf("%s: the plain text is another, %v", what, err)
		}
	}
	for what, text := range map[string]string{
		"a line across": strings.Repeat("- ", 500), "another": strings.Repeat("-", 5_000) + "\n", "figures": strings.Repeat("12.5 ", 1_000), "links": strings.Repeat("[a](b) ", 500), "deep": strings.Repeat("> ", 90) + "x",
		"an end of many dots": "It went on" + strings.Repeat(".", 1_000),
	} {
		if Unruly(text) {
			t.Errorf("%s: it is taken for unruly", what)
		}
	}
}

// HTML is text.
func TestPartsKeepHTML(t *testing.T) {
	list, err := Parts("a <b>bold</b> word\n\n<div>\nhis\n</div>\n\n<!-- all -->\n")
	var all []string
	for i := range list {
		all = append(all, list[i].Text())
	}
	if got := strings.Join(all, "|"); err != nil || got != "a <b>bold</b> word|<div> his </div>|<!-- all -->" {
		t.Errorf("%q, %v", got, err)
	}
}
