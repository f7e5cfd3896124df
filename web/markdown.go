package web

import (
	"bytes"
	"context"
	"html"
	"io"
	"regexp"

	"github.com/a-h/templ"
	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"goshawk"
	"goshawk/letter"
)

// marker writes notes as HTML: their Markdown, and nothing that could do harm. HTML in a note is
// shown as it was written, and what the result holds is checked again by another library.
type marker struct {
	markdown goldmark.Markdown
	policy   *bluemonday.Policy
}

func newMarker() *marker {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "code", "pre", "blockquote", "ul", "ol", "li",
		"table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(bluemonday.Integer).OnElements("ol")
	p.AllowAttrs("align").Matching(regexp.MustCompile(`^(left|center|right)$`)).OnElements("th", "td")
	p.AllowAttrs("href").OnElements("a")
	p.AllowElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(true)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	p.AddTargetBlankToFullyQualifiedLinks(true)
	return &marker{letter.Markdown(extension.Table, extension.Strikethrough, extension.Linkify), p}
}

// html is Markdown as HTML that is harmless.
func (m *marker) html(text string) ([]byte, error) {
	if letter.Unruly(text) {
		return []byte("<pre>" + html.EscapeString(text) + "</pre>"), nil
	}
	var b bytes.Buffer
	if err := m.markdown.Convert([]byte(text), &b); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the text is no Markdown: %w", err)
	}
	return m.policy.SanitizeBytes(b.Bytes()), nil
}

// markdown shows Markdown on a page.
func (v *view) markdown(text string) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		html, err := v.q.s.marker.html(text)
		if err == nil {
			_, err = w.Write(html)
		}
		return err
	})
}
