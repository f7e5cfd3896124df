package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"goshawk"
)

// period is how long a code of an authenticator is shown (RFC 6238, section 5.2).
const period = 30 * time.Second

// NewAuthenticator makes a secret for an authenticator, of 160 random bits, as an
// otpauth address has it. The issuer and the account are what the authenticator shows.
func NewAuthenticator(issuer, account string) (*otp.Key, error) {
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: account, Period: uint(period.Seconds()), SecretSize: 20})
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "an authenticator cannot be set up: %w", err)
	}
	return key, nil
}

// CheckCode returns the time step that a code of an authenticator is of, if it is
// now's or a neighbour's (clocks differ) and later than the last one taken; else 0. It
// takes as long whichever it is.
func CheckCode(secret, code string, last int64, now time.Time) int64 {
	code = strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' {
			return -1
		}
		return r
	}, code)
	var found int64
	at := now.Unix() / int64(period.Seconds())
	for step := at - 1; step <= at+1; step++ {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(step*int64(period.Seconds()), 0), totp.ValidateOpts{Period: uint(period.Seconds()), Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err == nil && subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && step > last {
			found = step
		}
	}
	return found
}

// RecoveryCodes is how many recovery codes somebody gets.
const RecoveryCodes = 10

// NewRecoveryCodes returns new recovery codes, of 80 random bits each, and their hashes.
func NewRecoveryCodes() (codes, hashes []string) {
	for range RecoveryCodes {
		code := group(rand.Text()[:16])
		codes = append(codes, code)
		hashes = append(hashes, HashCode(code))
	}
	return codes, hashes
}

// NewCode returns a code to be typed once from one screen into another, of 80 random bits.
func NewCode() string { return group(rand.Text()[:16]) }

// group writes a text in groups of four.
func group(s string) string {
	var b strings.Builder
	for i, c := range []byte(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// HashCode is what is kept of a code that people type. Spaces, hyphens and small letters make no
// difference, and neither do the digits that look like letters: 0 and 1 are in no code.
func HashCode(code string) string {
	return HashSecret(strings.Map(func(r rune) rune {
		switch {
		case r == ' ' || r == '-':
			return -1
		case r == '0':
			return 'O'
		case r == '1':
			return 'I'
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		}
		return r
	}, code))
}
