package esplora_test

import (
	"encoding/binary"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"goshawk"
	"goshawk/ingest/esplora"
)

// socks is a SOCKS5 proxy (RFC 1928, 1929) that asks for a name and password
// and leads to one place, whatever it is asked for.
type socks struct {
	net.Listener
	to       string
	mu       sync.Mutex
	asked    []string // destinations, with the kind of their address
	logins   []string
	sessions sync.WaitGroup
}

func startSocks(t *testing.T, to string) *socks {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &socks{Listener: l, to: to}
	s.sessions.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed
			}
			s.sessions.Go(func() { s.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close() // nothing more is to come
		s.sessions.Wait()
	})
	return s
}

func (s *socks) serve(conn net.Conn) {
	defer conn.Close() // the test's end
	read := func(n int) []byte {
		b := make([]byte, n)
		if _, err := io.ReadFull(conn, b); err != nil {
			return make([]byte, n)
		}
		return b
	}
	write := func(b ...byte) { _, _ = conn.Write(b) } // a lost answer fails the test elsewhere
	methods := read(int(read(2)[1]))
	if !slices.Contains(methods, 2) {
		write(5, 0xff)
		return
	}
	write(5, 2)
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	write(1, 0)
	request := read(4)
	kind, host := "address", ""
	if request[3] == 3 {
		kind, host = "name", string(read(int(read(1)[0])))
	} else {
		host = net.IP(read(4)).String()
	}
	port := binary.BigEndian.Uint16(read(2))
	s.mu.Lock()
	s.logins = append(s.logins, user+":"+password)
	s.asked = append(s.asked, kind+" "+host)
	s.mu.Unlock()
	if port != 80 {
		write(5, 2, 0, 1, 0, 0, 0, 0, 0, 0)
		return
	}
	onward, err := net.Dial("tcp", s.to)
	if err != nil {
		write(5, 1, 0, 1, 0, 0, 0, 0, 0, 0)
		return
	}
	write(5, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(conn, onward) // either side may hang up
		_ = conn.Close()
	})
	_, _ = io.Copy(onward, conn)
	_ = onward.Close()
	back.Wait()
}

// TestProxy: everything goes through the proxy, and so does the question where
// the host is.
func TestProxy(t *testing.T) {
	c := short(t)
	s := between(t, c, nil)
	proxy := startSocks(t, strings.TrimPrefix(s.URL, "http://"))
	for _, test := range []struct{ scheme, base, asked string }{
		{"socks5", "http://explorer.invalid", "name explorer.invalid"},
		{"socks5h", "http://abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion/", "name abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrstuvwx.onion"},
	} {
		o := options(t, c)
		o.Proxy = test.scheme + "://agent:secret@" + proxy.Addr().String()
		announced := ""
		o.Announce = func(host string) { announced = host }
		source := open(t, test.base, o)
		if _, err := source.Find(t.Context(), goshawk.Names{Transactions: []goshawk.Hash{c.tip().Txs[0].Hash}}); err != nil {
			t.Fatal(err)
		}
		if announced != strings.TrimPrefix(test.asked, "name ") {
			t.Errorf("announced %q", announced)
		}
		proxy.mu.Lock()
		for i, asked := range proxy.asked {
			if asked != test.asked || proxy.logins[i] != "agent:secret" {
				t.Errorf("the proxy was asked for %s by %s", asked, proxy.logins[i])
			}
		}
		if len(proxy.asked) == 0 {
			t.Error("the proxy was not used")
		}
		proxy.asked, proxy.logins = nil, nil
		proxy.mu.Unlock()
	}
}

func TestProxyIsDown(t *testing.T) {
	c := short(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	s := between(t, c, nil)
	o := options(t, c)
	o.Proxy, o.Retries = "socks5://"+gone, 1
	_, err = esplora.Open(t.Context(), s.URL, o)
	wantError(t, err, goshawk.Unavailable, "did not answer in 2 attempts: proxyconnect")
	if hint := goshawk.HintOf(err); !strings.Contains(hint, "Is the SOCKS5 proxy running") {
		t.Errorf("the hint is %q", hint)
	}
	o = options(t, c)
	o.Retries = 1
	_, err = esplora.Open(t.Context(), "http://"+gone, o)
	wantError(t, err, goshawk.Unavailable, "did not answer in 2 attempts: dial")
	if hint := goshawk.HintOf(err); !strings.Contains(hint, "Is the explorer running") {
		t.Errorf("the hint is %q", hint)
	}
	if n := len(s.paths()); n != 0 {
		t.Errorf("%d requests went around the proxy", n)
	}
}
