package web

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"goshawk/casebook"
	"goshawk/identity"
)

// connect opens a connection on which nothing is read or written but by the test.
func (s *stage) connect() *net.TCPConn {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", s.http.Listener.Addr().String())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() }) // it may be closed
	return conn.(*net.TCPConn)
}

// answered waits until requests of a route were answered, well or not: as /metrics counts them.
func (s *stage) answered(route string) {
	s.t.Helper()
	for {
		for _, line := range strings.Split(string(s.as("").do(http.MethodGet, "/metrics", nil).body), "\n") {
			if strings.HasPrefix(line, "goshawk_request_duration_seconds_count") && strings.Contains(line, `route="`+route+`"`) {
				return
			}
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// TestSlowReaders: who asks for a file and does not take it is let go of.
func TestSlowReaders(t *testing.T) {
	s := newStage(t)
	s.web.Patience = 200 * time.Millisecond
	c := s.newCase()
	big := bytes.Repeat([]byte("evidence"), 4<<20) // more than any socket holds
	done, err := s.web.Book.AddExhibit(t.Context(), s.subject("investigator"), c, casebook.Exhibit{Name: "disk.img", Media: "application/octet-stream", Source: "a disk"}, bytes.NewReader(big))
	if err != nil {
		t.Fatal(err)
	}
	path := casePath(c) + "/exhibits/" + string(done.ID) + "/file"
	conn := s.connect()
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: localhost\r\nCookie: goshawk=%s\r\n\r\n", path, s.session("investigator", identity.ViaPasskey))
	s.answered("GET /cases/{case}/exhibits/{exhibit}/file")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); err == nil {
		t.Errorf("all %d bytes came", n)
	}
	// Who takes it, however long it is, gets it whole.
	if !s.as("investigator").wholly(path) {
		t.Error("a reader who reads is cut off")
	}
}

// TestSlowSenders: who announces a body and sends none holds nothing, whatever it is for.
func TestSlowSenders(t *testing.T) {
	s := newStage(t)
	s.web.Patience = 100 * time.Millisecond
	cookie := "Cookie: goshawk=" + s.session("investigator", identity.ViaPasskey) + "\r\n"
	for _, head := range []string{
		"POST /cases HTTP/1.1\r\n",                    // a stranger's form
		"POST /cases HTTP/1.1\r\n" + cookie,           //
		"POST /nowhere HTTP/1.1\r\n",                  // nothing reads it
		"POST /sign-out HTTP/1.1\r\n" + cookie,        // nothing needs it
		"POST /api/v1/cases HTTP/1.1\r\n",             //
		"GET /healthz HTTP/1.1\r\n",                   //
		"PUT /api/v1/cases/x/y HTTP/1.1\r\n" + cookie, //
	} {
		conn := s.connect()
		fmt.Fprintf(conn, "%sHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{", head)
		// Nobody closes it but the server.
		if _, err := io.Copy(io.Discard, conn); err != nil {
			t.Errorf("%q: %v", head, err)
		}
	}
}

// TestStreamStays: what is silent with reason is not cut off, also over HTTP/2, in which a deadline that passes ends
// a stream even where nothing is written.
func TestStreamStays(t *testing.T) {
	s := newStage(t)
	s.web.Patience = 30 * time.Millisecond
	c := s.newCase()
	two := httptest.NewUnstartedServer(s.web.Handler())
	two.EnableHTTP2 = true
	two.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	two.StartTLS()
	t.Cleanup(two.Close)
	t.Cleanup(s.web.Events.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, two.URL+"/api/v1/cases/"+string(c)+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", s.as("investigator").header.Get("Cookie"))
	res, err := two.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.ProtoMajor != 2 || res.StatusCode != http.StatusOK {
		t.Fatal(res.Proto, res.Status)
	}
	in := bufio.NewReader(res.Body)
	wants := func(what string) {
		t.Helper()
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				t.Fatalf("%v before %q", err, what)
			}
			if strings.Contains(line, what) {
				return
			}
		}
	}
	wants(`"seq":1`)
	for n := range 3 {
		time.Sleep(3 * s.web.Patience) // not a wait for anything: it is silent so long
		s.setNote(c, fmt.Sprint("note ", n))
		wants(fmt.Sprintf(`"seq":%d`, n+2))
	}
}
