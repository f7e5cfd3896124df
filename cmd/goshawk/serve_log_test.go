package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestConnectionFaults: what net/http says of a connection names who was at its other end; the log does not.
func TestConnectionFaults(t *testing.T) {
	var text bytes.Buffer
	l := connectionFaults(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelDebug})))
	for _, line := range []string{
		"http: TLS handshake error from 192.0.2.7:5123: EOF",
		"http: TLS handshake error from [2001:db8::7]:5123: remote error: tls: bad certificate",
		"read tcp 10.0.0.1:443->192.0.2.7:5123: connection reset by peer",
		"http: URL query contains semicolon, from 192.0.2.7",
	} {
		l.Print(line)
	}
	for _, private := range []string{"192.0.2.7", "2001:db8", "5123"} {
		if strings.Contains(text.String(), private) {
			t.Errorf("%q is in the log:\n%s", private, text.String())
		}
	}
	if !strings.Contains(text.String(), "bad certificate") || strings.Count(text.String(), "\n") != 4 {
		t.Errorf("what happened is not in the log:\n%s", text.String())
	}
}

// TestServeLog: the program's log is JSON where it is asked to be, from its beginning to its end, tells of each request by its route,
// and says nothing of who asks and for what.
func TestServeLog(t *testing.T) {
	program, folder := buildProgram(t), t.TempDir()
	d := furnishDesk(t, filepath.Join(folder, databaseName))
	client, cert, key := selfSigned(t, t.TempDir(), 1)
	s := startServer(t, program, folder, "--tls-cert", cert, "--tls-key", key, "--url", "https://cases.police.example", "--log", "json", "--log-level", "debug")
	if done, err := d.write(t.Context(), client, s.url, "n1"); err != nil || !done {
		t.Fatalf("%v, %v\n%s", done, err, s.said.String())
	}
	// A browser that does not trust the certificate.
	if res, err := http.Get(s.url + "/cases"); err == nil {
		res.Body.Close()
		t.Fatal("an unknown certificate was believed")
	}
	client.CloseIdleConnections()
	s.end(t)
	log := ""
	var told []string
	for line := range strings.Lines(s.said.String()) {
		if !strings.HasPrefix(line, "{") {
			continue // what is said to whoever started it
		}
		var l struct{ Level, Msg, Pattern string }
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		told = append(told, strings.TrimSpace(l.Msg+" "+l.Pattern))
		if l.Msg != "serving" {
			log += line
		}
	}
	for _, want := range []string{"serving", "answered POST /api/v1/cases/{case}/changes", "a connection failed", "ending"} {
		if !slices.Contains(told, want) {
			t.Errorf("the log does not say %q: %q", want, told)
		}
	}
	for _, private := range []string{"127.0.0.1", string(d.room), d.secret, "ines", "n1"} {
		if strings.Contains(log, private) {
			t.Errorf("the log says %q:\n%s", private, log)
		}
	}
	// A service's console goes into the journal, too.
	if said := s.said.String(); !strings.Contains(said, "https://cases.police.example/invite/") || strings.Contains(said, "Adam") {
		t.Errorf("the console names who is let in, or lets nobody in:\n%s", said)
	}
}
