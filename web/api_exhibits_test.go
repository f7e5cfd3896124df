package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"goshawk/casebook"
)

func TestExhibitsOverTheAPI(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	ines := s.as("investigator")
	at := "/api/v1/cases/" + string(c) + "/exhibits"
	text := "<script>alert(1)</script>\n"
	sum := sha256.Sum256([]byte(text))
	query := url.Values{"name": {`..\..\evil "name"é.html`}, "source": {"seized phone, item 4"}, "obtained": {"2026-10-01T08:00:00Z"}, "sha256": {hex.EncodeToString(sum[:])}}
	var fixed casebook.Fixed
	a := ines.do("POST", at+"?"+query.Encode(), text, "Content-Type", "text/html", onceHeader, "k")
	a.is(t, 201, &fixed)
	if fixed.Number != "E-1" || fixed.SHA256 != query.Get("sha256") || fixed.Bytes != int64(len(text)) || strings.ContainsAny(fixed.Name, `\/`) {
		t.Errorf("fixed: %+v", fixed)
	}
	where := a.Header.Get("Location")
	a = ines.do("GET", where, nil)
	a.is(t, 200, nil)
	if string(a.body) != text || a.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(a.Header.Get("Content-Disposition"), "attachment;") ||
		strings.ContainsAny(a.Header.Get("Content-Disposition"), "\r\n/\\") {
		t.Errorf("read: %v %s", a.Header, a.body)
	}
	// Sent again it is the same exhibit; by another key it is the next.
	again := ines.do("POST", at+"?"+query.Encode(), text, onceHeader, "k")
	again.is(t, 201, &fixed)
	if fixed.Number != "E-1" {
		t.Errorf("sent again: %+v", fixed)
	}
	ines.do("POST", at+"?"+query.Encode(), "other bytes", onceHeader, "k").is(t, 409, nil)
	var p problem
	ines.do("POST", at+"?"+query.Encode(), "other bytes").is(t, 400, &p)
	if !strings.Contains(p.Detail, "SHA-256") {
		t.Errorf("a broken promise: %+v", p)
	}
	query.Del("sha256")
	ines.do("POST", at+"?"+query.Encode(), "other bytes").is(t, 201, &fixed)
	if fixed.Number != "E-2" {
		t.Errorf("the next: %+v", fixed)
	}
	s.web.Book.MostExhibit = 10
	ines.do("POST", at+"?"+query.Encode(), strings.Repeat("x", 11)).is(t, 400, nil)

	// Bytes that were edited on the disk are not sent as if they were whole.
	file := ""
	err := filepath.WalkDir(s.folder, func(path string, _ os.DirEntry, err error) error {
		if filepath.Base(path) == hex.EncodeToString(sum[:]) {
			file = path
		}
		return err
	})
	if err != nil || file == "" {
		t.Fatal(err, file)
	}
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(strings.ToUpper(text)), 0o600); err != nil {
		t.Fatal(err)
	}
	if ines.wholly(where) {
		t.Error("edited bytes were sent as if they were whole")
	}
}
