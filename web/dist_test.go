package web

import (
	"compress/gzip"
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"goshawk"
)

func TestAssets(t *testing.T) {
	long := strings.Repeat("body { margin: 0 }\n", 100)
	made := fstest.MapFS{
		"a.js":           {Data: []byte("plain script")},
		"a.js.br":        {Data: []byte("brotli script")},
		"a.js.gz":        {Data: []byte("gzip script")},
		"fonts/f.woff2":  {Data: []byte(strings.Repeat("font", 1000))},
		"README":         {Data: []byte("not for browsers")},
		"shared/one.css": {Data: []byte("built")},
	}
	hand := fstest.MapFS{"site.css": {Data: []byte(long)}, "shared/one.css": {Data: []byte("by hand")}}
	all, err := loadAssets(made, hand)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(name, accept, etag string) *httptest.ResponseRecorder {
		t.Helper()
		r := httptest.NewRequest("GET", all.url(name), nil)
		r.Header.Set("Accept-Encoding", accept)
		r.Header.Set("If-None-Match", etag)
		w := httptest.NewRecorder()
		if err := all.serve(w, r, name); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		return w
	}
	for _, c := range []struct{ name, accept, coding, body, media string }{
		{"a.js", "gzip, deflate, br", "br", "brotli script", "text/javascript; charset=utf-8"},
		{"a.js", "gzip, br;q=0", "gzip", "gzip script", "text/javascript; charset=utf-8"},
		{"a.js", "", "", "plain script", "text/javascript; charset=utf-8"},
		{"a.js", "identity", "", "plain script", "text/javascript; charset=utf-8"},
		{"shared/one.css", "", "", "built", "text/css; charset=utf-8"},
		{"fonts/f.woff2", "gzip, br", "", strings.Repeat("font", 1000), "font/woff2"},
	} {
		w := ask(c.name, c.accept, "")
		if w.Body.String() != c.body || w.Header().Get("Content-Encoding") != c.coding || w.Header().Get("Content-Type") != c.media {
			t.Errorf("%s for %q: %q, %v", c.name, c.accept, w.Body, w.Header())
		}
		again := ask(c.name, c.accept, w.Header().Get("ETag"))
		if again.Code != 304 || again.Body.Len() != 0 || again.Header().Get("Content-Encoding") != "" {
			t.Errorf("%s again: %d, %q, %v", c.name, again.Code, again.Body, again.Header())
		}
		if got := w.Header().Get("Cache-Control"); !strings.Contains(got, "immutable") {
			t.Errorf("%s, asked for by its hash, may not be kept: %q", c.name, got)
		}
	}
	// What has no compressed form beside it is compressed once, when it is loaded.
	w := ask("site.css", "gzip", "")
	unpacked, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unpacked); err != nil || string(text) != long {
		t.Errorf("site.css: %q, %v", text, err)
	}
	for _, name := range []string{"README", "a.js.gz", "../doc.go", "none.js"} {
		if err := all.serve(httptest.NewRecorder(), httptest.NewRequest("GET", "/assets/x", nil), name); goshawk.CodeOf(err) != goshawk.NotFound {
			t.Errorf("%s: %v", name, err)
		}
	}
	old := httptest.NewRequest("GET", "/assets/a.js?v=000000000000", nil)
	w = httptest.NewRecorder()
	if err := all.serve(w, old, "a.js"); err != nil || strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("an old page's file may be kept for ever: %v, %v", w.Header(), err)
	}
}
