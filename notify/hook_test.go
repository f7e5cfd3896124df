package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"goshawk"
)

// TestSignature holds the signature against the example of the Standard Webhooks specification.
func TestSignature(t *testing.T) {
	got, err := sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; err != nil || got != want {
		t.Errorf("%s, %v; not %s", got, err, want)
	}
	if _, err := sign("whsec_", "m", time.Unix(0, 0), nil); err == nil || !final(err) {
		t.Errorf("signed with no key: %v", err)
	}
}

// TestPublic: no form of an address in a private network passes for a public one.
func TestPublic(t *testing.T) {
	for _, text := range []string{"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1", "192.0.2.1", "198.18.0.1", "240.0.0.1",
		"::1", "::", "::ffff:10.1.2.3", "::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::10.1.2.3", "2002:a01:203::1", "2001::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"} {
		if Public(netip.MustParseAddr(text)) {
			t.Errorf("%s is public", text)
		}
	}
	for _, text := range []string{"1.1.1.1", "93.184.216.34", "::ffff:1.1.1.1", "2606:4700::1111", "172.32.0.1", "11.0.0.1"} {
		if !Public(netip.MustParseAddr(text)) {
			t.Errorf("%s is not public", text)
		}
	}
}

// TestHookCheck: which addresses of webhooks are taken.
func TestHookCheck(t *testing.T) {
	c := &Caller{Allowed: []string{"desk.internal", "10.0.0.7:9000"}}
	for text, good := range map[string]bool{
		"https://hooks.example/in":                           true,
		"https://hooks.example:8443/in":                      true,
		"http://desk.internal/in":                            true,
		"http://DESK.internal.:81/in":                        true,
		"http://10.0.0.7:9000/in":                            true,
		"http://10.0.0.7:9001/in":                            false,
		"https://10.0.0.8/in":                                false,
		"https://[::1]/in":                                   false,
		"https://[::ffff:127.0.0.1]/in":                      false,
		"http://hooks.example/in":                            false,
		"https://u:p@hooks.example/in":                       false,
		"https://hooks.example/in#x":                         false,
		"ftp://hooks.example/in":                             false,
		"file:///etc/passwd":                                 false,
		"gopher://desk.internal/in":                          false,
		"https:hooks.example":                                false,
		"https://":                                           false,
		"//hooks.example":                                    false,
		"javascript:alert(1)":                                false,
		"https://hooks.example/" + strings.Repeat("x", 3000): false,
	} {
		if err := c.Check(text); (err == nil) != good {
			t.Errorf("%.60s: %v", text, err)
		}
	}
}

// listener is a program that webhooks call.
type listener struct {
	*httptest.Server
	got    []*http.Request
	bodies []string
	answer func(http.ResponseWriter, *http.Request)
}

func listen(t *testing.T) *listener {
	t.Helper()
	l := &listener{answer: func(http.ResponseWriter, *http.Request) {}}
	l.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		l.got, l.bodies = append(l.got, r), append(l.bodies, string(body))
		l.answer(w, r)
	}))
	t.Cleanup(l.Close)
	return l
}

// caller may call it.
func (l *listener) caller(t *testing.T) *Caller {
	t.Helper()
	at, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	return &Caller{Allowed: []string{at.Host}, Roots: l.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
}

// TestHook: who is called can prove that it was this server, and when.
func TestHook(t *testing.T) {
	l := listen(t)
	secret, err := NewHookSecret()
	if err != nil {
		t.Fatal(err)
	}
	c, now := l.caller(t), time.Unix(1_790_000_000, 0)
	if err := c.Send(t.Context(), l.URL+"/in", Secret(secret), "m1", now, []byte(`{"x":1}`)); err != nil {
		t.Fatal(err)
	}
	h := l.got[0].Header
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(h.Get("webhook-id") + "." + h.Get("webhook-timestamp") + "." + l.bodies[0]))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); h.Get("webhook-signature") != want || h.Get("webhook-id") != "m1" || h.Get("webhook-timestamp") != "1790000000" {
		t.Errorf("signed: %v, not %s", h, want)
	}
	if h.Get("Content-Type") != "application/json" || l.got[0].Method != http.MethodPost {
		t.Errorf("%s %v", l.got[0].Method, h)
	}
}

// TestHookRefused: what is not called, and what is not believed.
func TestHookRefused(t *testing.T) {
	l := listen(t)
	secret, err := NewHookSecret()
	if err != nil {
		t.Fatal(err)
	}
	ctx, now := t.Context(), time.Unix(1_790_000_000, 0)
	at, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	send := func(c *Caller, to string) error { return c.Send(ctx, to, Secret(secret), "m1", now, []byte(`{}`)) }
	free := l.caller(t)
	// By name: it means this machine only when it is looked up.
	strict := &Caller{Roots: free.Roots}
	err = send(strict, "https://localhost:"+at.Port()+"/in")
	if err == nil || !errors.Is(err, errPrivate) {
		t.Errorf("a name of a private address: %v", err)
	}
	if err := send(strict, l.URL); err == nil || !final(err) {
		t.Errorf("a private address: %v", err)
	}
	if err := send(&Caller{Allowed: free.Allowed}, l.URL); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of a stranger: %v", err)
	}
	if len(l.got) != 0 {
		t.Fatalf("it was called %d times", len(l.got))
	}
	elsewhere := 0
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	t.Cleanup(inside.Close)
	for _, status := range []int{301, 302, 303, 307, 308} {
		l.answer = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.URL, status) }
		if err := send(free, l.URL); err == nil || final(err) {
			t.Errorf("%d: %v", status, err)
		}
	}
	if elsewhere != 0 {
		t.Errorf("redirects were followed %d times", elsewhere)
	}
	for status, last := range map[int]bool{500: false, 404: false, 401: false, 410: true} {
		l.answer = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		if err := send(free, l.URL); err == nil || final(err) != last {
			t.Errorf("%d: %v", status, err)
		}
	}
	// An answer without an end is not read to its end.
	l.answer = func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
	if err := send(free, l.URL); err != nil {
		t.Errorf("a long answer: %v", err)
	}
	// Who does not answer is not waited for when the server ends.
	asked := make(chan struct{})
	l.answer = func(_ http.ResponseWriter, r *http.Request) {
		close(asked)
		<-r.Context().Done()
	}
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		<-asked
		stop()
	}()
	if err := free.Send(ctx, l.URL, Secret(secret), goshawk.ID("m1"), now, []byte(`{}`)); err == nil {
		t.Error("it was taken")
	}
}
