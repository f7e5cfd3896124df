package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"goshawk/identity"
)

func TestMetrics(t *testing.T) {
	s := newStage(t)
	s.web.Gauges = []Gauge{{"goshawk_traces_running", "Traces.", func(context.Context) (float64, error) { return 3, nil }}}
	h := s.web.Handler()
	get := func(path, remote, host string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
		r.RemoteAddr, r.Host = remote, host
		r.Header.Set("Accept", "application/json")
		for k, v := range header {
			r.Header[k] = v
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	c := s.newCase()
	cookie := http.Header{"Cookie": {"goshawk=" + s.session("investigator", identity.ViaPasskey)}}
	get("/api/v1/cases/"+string(c), "127.0.0.1:1", "localhost:8080", cookie)
	w := get("/metrics", "127.0.0.1:1", "localhost:8080", nil)
	text := w.Body.String()
	for _, want := range []string{`goshawk_request_duration_seconds_count{route="GET /api/v1/cases/{case}",status="200"} 1`, "goshawk_traces_running 3", "goshawk_database_up 1", "goshawk_streams 0", "go_goroutines"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in:\n%s", want, text)
		}
	}
	for _, private := range []string{string(c), "Harbour", "investigator", "127.0.0.1"} {
		if strings.Contains(text, private) {
			t.Errorf("%q is told to whoever looks at the machine", private)
		}
	}
	admin, _ := s.token("administrator", identity.ScopeAdmin)
	reader, _ := s.token("administrator", identity.ScopeRead)
	other, _ := s.token("investigator", identity.ScopeAdmin)
	for _, try := range []struct {
		name, remote, host string
		header             http.Header
		want               int
	}{
		{"this machine, IPv6", "[::1]:1", "[::1]:8080", nil, 200},
		{"elsewhere", "192.0.2.7:1", "desk.example", nil, 401},
		{"elsewhere, by a false name", "192.0.2.7:1", "localhost", nil, 401},
		{"a page that was made to mean this machine", "127.0.0.1:1", "evil.example", nil, 401},
		{"a proxy on this machine", "127.0.0.1:1", "localhost", http.Header{"X-Forwarded-For": {"192.0.2.7"}}, 401},
		{"an administrator's token", "192.0.2.7:1", "desk.example", admin.header, 200},
		{"an administrator's token for reading", "192.0.2.7:1", "desk.example", reader.header, 403},
		{"an investigator's token", "192.0.2.7:1", "desk.example", other.header, 403},
	} {
		if w := get("/metrics", try.remote, try.host, try.header); w.Code != try.want {
			t.Errorf("%s: %d, not %d", try.name, w.Code, try.want)
		}
	}
}
