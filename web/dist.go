package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"

	"goshawk"
)

// built is what 'make assets' makes of web/ui. In a program that was built without
// it there is nothing but a note.
//
//go:embed all:dist
var built embed.FS

// assetFolders is where browsers' files come from: what was built, and what is
// written by hand.
func assetFolders() []fs.FS {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		return nil // never: the name is a constant
	}
	hand, err := fs.Sub(written, "assets")
	if err != nil {
		return nil // never, as above
	}
	return []fs.FS{dist, hand}
}

// asset answers with a file for browsers.
func (q *request) asset() error {
	return q.s.files.serve(q.w, q.Request, q.PathValue("name"))
}

// asset is a file that browsers load: the same for everybody.
type asset struct {
	media  string
	tag    string // of its bytes, as ETag writes it
	plain  []byte
	gzip   []byte // nil where it does not pay
	brotli []byte // nil where it was not made
}

// assets is every file below /assets/, by its name there.
type assets map[string]*asset

// loadAssets reads the files of some file systems; of two by one name, the first counts.
func loadAssets(from ...fs.FS) (assets, error) {
	all := assets{}
	for _, f := range from {
		err := fs.WalkDir(f, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || path.Ext(name) == "" || all[name] != nil || isPacked(name) {
				return err
			}
			a, err := loadAsset(f, name)
			all[name] = a
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

func isPacked(name string) bool {
	return strings.HasSuffix(name, ".br") || strings.HasSuffix(name, ".gz")
}

func loadAsset(f fs.FS, name string) (*asset, error) {
	text, err := fs.ReadFile(f, name)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	a := &asset{media: mediaOf(name), tag: hex.EncodeToString(sum[:12]), plain: text}
	if a.brotli, err = fs.ReadFile(f, name+".br"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	a.gzip, err = fs.ReadFile(f, name+".gz")
	switch {
	case err == nil || !errors.Is(err, fs.ErrNotExist):
		return a, err
	case strings.HasPrefix(a.media, "font/"), strings.HasPrefix(a.media, "image/") && !strings.Contains(a.media, "svg"):
		return a, nil // packed already
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if b.Len() < len(text)*9/10 {
		a.gzip = b.Bytes()
	}
	return a, nil
}

// mediaOf says what a file is, by its name; never by what the machine's own tables say.
func mediaOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".json":
		return "application/json"
	case ".txt":
		return "text/plain; charset=utf-8"
	}
	if m := mime.TypeByExtension(path.Ext(name)); m != "" {
		return m
	}
	return "application/octet-stream"
}

// has says whether the program was built with a file.
func (a assets) has(name string) bool { return a[name] != nil }

// url is where a browser finds a file: with a part of its hash, so that it may keep it.
func (a assets) url(name string) string {
	if f := a[name]; f != nil {
		return "/assets/" + name + "?v=" + f.tag[:12]
	}
	return "/assets/" + name
}

// serve answers with a file.
func (a assets) serve(w http.ResponseWriter, r *http.Request, name string) error {
	f := a[name]
	if f == nil {
		return goshawk.Errorf(goshawk.NotFound, "there is no such file")
	}
	h := w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if v := r.URL.Query().Get("v"); v != "" && strings.HasPrefix(f.tag, v) {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	body, tag := f.plain, `"`+f.tag+`"`
	switch {
	case f.brotli != nil && accepts(r, "br"):
		body, tag = f.brotli, `"`+f.tag+`-br"`
		h.Set("Content-Encoding", "br")
	case f.gzip != nil && accepts(r, "gzip"):
		body, tag = f.gzip, `"`+f.tag+`-gz"`
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", tag)
	if strings.Contains(r.Header.Get("If-None-Match"), tag) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	if _, err := w.Write(body); err != nil {
		return nil //nolint:nilerr // the browser is gone
	}
	return nil
}

// accepts says whether a browser takes a coding (RFC 9110, 12.5.3).
func accepts(r *http.Request, coding string) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.TrimSpace(name) == coding {
			weight = strings.ReplaceAll(weight, " ", "")
			return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000"
		}
	}
	return false
}
