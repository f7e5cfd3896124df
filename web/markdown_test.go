package web

import (
	"strings"
	"testing"
)

// Nothing of a note is markup but its Markdown; HTML is text, and pictures are left out.
func TestMarkdown(t *testing.T) {
	m := newMarker()
	for text, want := range map[string]string{
		"**much** <b onclick=x>of</b> it": "<p><strong>much</strong> &lt;b onclick=x&gt;of&lt;/b&gt; it</p>\n",
		"<script>alert(1)</script>":       "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n",
		"[go](javascript:alert(1))":       "<p>go</p>\n",
		"![see](http://evil.example/p)":   "<p></p>\n",
	} {
		if got, err := m.html(text); err != nil || string(got) != want {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	wild := strings.Repeat("[a](", 200_000) + "<b>"
	if got, err := m.html(wild); err != nil || string(got) != "<pre>"+strings.Repeat("[a](", 200_000)+"&lt;b&gt;</pre>" {
		t.Errorf("an unruly text is %d bytes, %v", len(got), err)
	}
}
