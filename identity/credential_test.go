package identity

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
	"pgregory.net/rapid"

	"goshawk"
)

// cheap is for tests: what is tried does not depend on what it costs.
func cheap() Cost { return Cost{Memory: 64, Passes: 1, Threads: 1} }

func TestPassword(t *testing.T) {
	hash := HashPassword("a blue door in Novi Sad", cheap())
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Error(hash)
	}
	for password, want := range map[string]bool{
		"a blue door in Novi Sad": true, "A blue door in Novi Sad": false, "": false, "a blue door in Novi Sad ": false,
		// The same text, whichever way its letters are written.
		"a blue door in Nov\uff49 Sad": true,
		strings.Repeat("x", 2000):      false,
	} {
		got, err := CheckPassword(hash, password)
		if err != nil || got != want {
			t.Errorf("%q: %v, %v", password, got, err)
		}
	}
	if HashPassword("a blue door in Novi Sad", cheap()) == hash {
		t.Error("no salt")
	}
	if ok, err := CheckPassword(Decoy(cheap()), ""); ok || err != nil {
		t.Errorf("a decoy lets in: %v", err)
	}
	for _, bad := range []string{"", "x", "$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAA$" + strings.Repeat("A", 43), "$argon2id$v=18$m=64,t=1,p=1$AAAAAAAAAAA$" + strings.Repeat("A", 43),
		"$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAA$AAAA", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAA$" + strings.Repeat("A", 43), "$argon2id$v=19$m=64,t=0,p=1$AAAAAAAAAAA$" + strings.Repeat("A", 43)} {
		if ok, err := CheckPassword(bad, "a blue door in Novi Sad"); ok || goshawk.CodeOf(err) != goshawk.Corrupt {
			t.Errorf("%q: %v, %v", bad, ok, err)
		}
	}
	if c := StandardCost(); c.Memory < 19<<10 || c.Passes < 1 {
		t.Errorf("too cheap: %+v", c)
	}
}

// TestArgon compares with a hash that the reference implementation made of "password" and "somesalt"
// (github.com/P-H-C/phc-winner-argon2, src/test.c: version 0x13, t=2, m=2^16, p=1).
func TestArgon(t *testing.T) {
	ok, err := CheckPassword("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc", "password")
	if err != nil || !ok {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestNewPassword(t *testing.T) {
	for _, good := range []string{"correct horse battery staple", "a blue door in Novi Sad", "vT7#kQ2!mZ9w", "дом у синего моря", "نهر أزرق قرب الباب", "Sommerwind über Kiel 7 Möwen"} {
		if err := CheckNewPassword(good, "Ines Ferreira", "ines@police.example"); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{"", "short one", "elevenchars", "password1234", "Password123!", "P@ssw0rd2026", "123456789012", "1234567890123456", "qwertyuiop12", "aaaaaaaaaaaaaaa",
		"abcdefghijklmnop", "ababababababab", "iloveyou1234", "letmeinletmein", "Welcome2026!!", "ines.ferreira", "ferreira12345", "goshawkgoshawk", "            ", "passwordpassword",
		"1qaz2wsx3edc", strings.Repeat("long and ", 200), "\xff\xfe\xfd\xfc valid not text", "inespolice12"} {
		if err := CheckNewPassword(bad, "Ines Ferreira", "ines@police.example", "goshawk"); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q is let through: %v", bad, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.String().Draw(t, "password")
		if CheckNewPassword(p) != nil {
			return
		}
		if utf8.RuneCountInString(p) < ShortestPassword {
			t.Errorf("%q is let through", p)
		}
		if ok, err := CheckPassword(HashPassword(p, cheap()), p); !ok || err != nil {
			t.Errorf("%q lets nobody in: %v", p, err)
		}
	})
}

func TestCode(t *testing.T) {
	key, err := NewAuthenticator("Goshawk", "ines@police.example")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 12, 0, 10, 0, time.UTC)
	at := func(t0 time.Time) string {
		code, err := totp.GenerateCodeCustom(key.Secret(), t0, totp.ValidateOpts{Period: 30, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			t.Fatal(err)
		}
		return code
	}
	step := now.Unix() / 30
	for _, c := range []struct {
		code string
		last int64
		want int64
	}{
		{at(now), 0, step}, {at(now.Add(-30 * time.Second)), 0, step - 1}, {at(now.Add(30 * time.Second)), 0, step + 1}, // clocks differ
		{at(now)[:3] + " " + at(now)[3:], 0, step},                    // as it is shown
		{at(now), step, 0}, {at(now.Add(-30 * time.Second)), step, 0}, // taken before
		{at(now.Add(-90 * time.Second)), 0, 0}, {"", 0, 0}, {"000000x", 0, 0}, // too old; none
	} {
		if got := CheckCode(key.Secret(), c.code, c.last, now); got != c.want {
			t.Errorf("%q after %d: %d, not %d", c.code, c.last, got, c.want)
		}
	}
	// RFC 6238, appendix B: the secret 12345678901234567890, the last six of eight digits.
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := CheckCode(secret, code, 0, time.Unix(at, 0)); got != at/30 {
			t.Errorf("at %d: %d", at, got)
		}
	}
}

func TestRecoveryCodes(t *testing.T) {
	codes, hashes := NewRecoveryCodes()
	seen := map[string]bool{}
	for i, c := range codes {
		if HashCode(c) != hashes[i] || HashCode(strings.ToLower(strings.ReplaceAll(c, "-", " "))) != hashes[i] || HashCode(strings.NewReplacer("O", "0", "I", "1").Replace(c)) != hashes[i] {
			t.Errorf("%s is not known as it is typed", c)
		}
		if strings.Contains(hashes[i], c) || seen[c] || len(c) != 19 {
			t.Errorf("%s", c)
		}
		seen[c] = true
	}
	if len(codes) != RecoveryCodes {
		t.Error(len(codes))
	}
}

// TestAttempts: who keeps guessing waits longer and longer, but never so long that the account is lost to
// its owner.
func TestAttempts(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	var a Attempts
	var tried int
	for end := now.Add(24 * time.Hour); now.Before(end); now = now.Add(time.Second) {
		if a.Locked(now) {
			continue
		}
		tried++
		if a = a.Fail(now); a.Until.Sub(now) > 15*time.Minute {
			t.Fatalf("a wait of %v", a.Until.Sub(now))
		}
		if tried < 5 && a.Locked(now) {
			t.Fatalf("locked after %d", tried)
		}
	}
	if tried > 110 {
		t.Errorf("%d tries in a day", tried)
	}
	if a = a.Fail(now.Add(25 * time.Hour)); a.Failed != 1 {
		t.Errorf("yesterday's count: %+v", a)
	}
	// A clock that was ahead for an hour locks nobody out for an hour.
	for range 20 {
		a = a.Fail(now.Add(time.Hour))
	}
	if !a.Locked(now.Add(time.Hour)) || a.Locked(now) {
		t.Errorf("after the clock was set back: %+v", a)
	}
}

func TestSession(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	p := &Person{ID: "p"}
	s, secret := NewSession(p, ViaPasskey, "192.0.2.1", strings.Repeat("é", 200), now, now)
	if s.Hash != HashSecret(secret) || strings.Contains(s.Hash, secret) || len(s.Agent) > 200 || !utf8.ValidString(s.Agent) {
		t.Errorf("%+v", s)
	}
	for after, want := range map[time.Duration][2]bool{0: {true, true}, FreshLength - 1: {true, true}, FreshLength: {true, false}, SessionIdle - 1: {true, false}, SessionIdle: {false, false}} {
		if got := [2]bool{s.Live(now.Add(after)), s.Fresh(now.Add(after))}; got != want {
			t.Errorf("after %v: %v", after, got)
		}
	}
	if s.Fresh(now.Add(-time.Hour)) {
		t.Error("a clock that is set back keeps a sign-in fresh")
	}
	s.Seen = now.Add(SessionLength - time.Minute)
	if s.Live(now.Add(SessionLength)) || !s.Live(now.Add(SessionLength-1)) {
		t.Error("a session in use lasts otherwise than it should")
	}
	if other, again := NewSession(p, ViaPasskey, "", "", now, now); again == secret || other.Hash == s.Hash {
		t.Error("the same secret twice")
	}
	if r, _ := NewSession(p, ViaRecovery, "", "", now, now); r.Live(now.Add(LimitedLength)) {
		t.Error("a session to set up a way in lasts too long")
	}
	if o, _ := NewSession(p, ViaOIDC, "", "", now, time.Time{}); o.Fresh(now) {
		t.Error("fresh, although nobody knows since when")
	}
}

func TestPersonCheck(t *testing.T) {
	good := Person{Name: "Ines Ferreira", Email: "ines@police.example", Role: Reader}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for _, change := range []func(*Person){
		func(p *Person) { p.Name = "" }, func(p *Person) { p.Name = " Ines" }, func(p *Person) { p.Name = "I\nnes" }, func(p *Person) { p.Name = strings.Repeat("x", 121) }, func(p *Person) { p.Name = "\xff" },
		func(p *Person) { p.Name = "Ines\u200b Ferreira" }, func(p *Person) { p.Name = "Ines \u202eariereF" }, func(p *Person) { p.Name = "\ufeffInes" }, func(p *Person) { p.Name = "Ines\u2028Ferreira" },
		func(p *Person) { p.Email = "ines\u200b@police.example" },
		func(p *Person) { p.Email = "" }, func(p *Person) { p.Email = "ines" }, func(p *Person) { p.Email = "Ines@police.example" }, func(p *Person) { p.Email = "Ines <ines@police.example>" },
		func(p *Person) { p.Email = "ines@police.example\r\nBcc: x@y" }, func(p *Person) { p.Role = "king" }, func(p *Person) { p.Role = "" },
	} {
		p := good
		change(&p)
		if err := p.Check(); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%+v is let through", p)
		}
	}
	for _, name := range []string{"مریم می\u200cخواهد", "क्\u200dष", "Søren Ó Súilleabháin", "Ли Мин"} {
		p := good
		if p.Name = name; p.Check() != nil {
			t.Errorf("%q is a name", name)
		}
	}
	for country, ok := range map[string]bool{"": true, "NL": true, "nl": false, "NLD": false, "N1": false} {
		a := Agency{Name: "Eastmark Police", Kind: Police, Country: country}
		if err := a.Check(); (err == nil) != ok {
			t.Errorf("country %q: %v", country, err)
		}
	}
	a := Agency{Name: "Eastmark Police", Kind: "gang"}
	if a.Check() == nil {
		t.Error("a gang is no agency")
	}
}
