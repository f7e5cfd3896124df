package identity

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"goshawk"
)

// Password is how somebody signs in where there are no passkeys: a password, and the
// codes of an authenticator that holds the secret (RFC 6238).
type Password struct {
	Person  goshawk.ID
	Hash    string // as HashPassword writes it
	Secret  string // of the authenticator, base32
	Step    int64  // the last time step whose code was taken: no code is taken twice
	Changed time.Time
}

// Limits of passwords, in characters and in bytes.
const (
	ShortestPassword = 12
	longestPassword  = 1024
)

// Cost is what it takes to try a password.
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// StandardCost is the second recommendation of RFC 9106, section 4.
func StandardCost() Cost { return Cost{Memory: 64 << 10, Passes: 3, Threads: 4} }

const saltBytes, hashBytes = 16, 32

// HashPassword returns what is kept of a password: Argon2id, as the PHC string format writes it.
func HashPassword(password string, c Cost) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt)
	return phc(c, salt, argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.Passes, c.Memory, c.Threads, hashBytes))
}

func phc(c Cost, salt, hash []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads, b.EncodeToString(salt), b.EncodeToString(hash))
}

// Decoy returns a hash of no password. To check one against it takes as long as against
// any other: who has no password is not told apart by time.
func Decoy(c Cost) string {
	bytes := make([]byte, saltBytes+hashBytes)
	rand.Read(bytes)
	return phc(c, bytes[:saltBytes], bytes[saltBytes:])
}

// CheckPassword says whether a hash is of a password. A hash that cannot be read is a
// Corrupt error.
func CheckPassword(hash, password string) (bool, error) {
	bad := goshawk.Errorf(goshawk.Corrupt, "a stored password cannot be read")
	var version int
	var c Cost
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return false, bad
	}
	if _, err := fmt.Sscanf(parts[2]+" "+parts[3], "v=%d m=%d,t=%d,p=%d", &version, &c.Memory, &c.Passes, &c.Threads); err != nil || version != argon2.Version {
		return false, bad
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, bad
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) < hashBytes || len(want) > 64 || len(salt) < 8 || c.Passes < 1 || c.Passes > 16 || c.Threads < 1 || c.Memory > 1<<20 {
		return false, bad
	}
	if len(password) > longestPassword {
		password = "" // no password is so long, nor empty; and it takes the same time
	}
	got := argon2.IDKey([]byte(norm.NFKC.String(password)), salt, c.Passes, c.Memory, c.Threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// CheckNewPassword says what is wrong with a password that somebody chose. It must not be
// about words that everybody knows of them: their name, their e-mail address, their agency.
func CheckNewPassword(password string, about ...string) error {
	const hint = "several words that do not belong together are easy to keep in mind"
	p := norm.NFKC.String(password)
	switch n := min(utf8.RuneCountInString(p), utf8.RuneCountInString(password)); {
	case !utf8.ValidString(password):
		return goshawk.Errorf(goshawk.Invalid, "the password holds bytes that are no text")
	case n < ShortestPassword:
		return goshawk.Errorf(goshawk.Invalid, "the password is shorter than %d characters", ShortestPassword).WithHint(hint)
	case len(p) > longestPassword:
		return goshawk.Errorf(goshawk.Invalid, "the password is longer than %d bytes", longestPassword)
	}
	plain := plainly(p)
	left := plain
	for _, w := range worst() {
		left = strings.ReplaceAll(left, w, "")
	}
	for _, text := range about {
		for _, w := range strings.FieldsFunc(plainly(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if utf8.RuneCountInString(w) >= 4 {
				left = strings.ReplaceAll(left, w, "")
			}
		}
	}
	kinds := map[rune]bool{}
	steps := 0 // characters that the one before does not give away
	var last rune
	for _, r := range left {
		if d := r - last; d < -1 || d > 1 {
			steps++
		}
		kinds[r], last = true, r
	}
	if steps < 6 || len(kinds) < 5 {
		return goshawk.Errorf(goshawk.Invalid, "the password is among those that are tried first: words, names or keys in a row").WithHint(hint)
	}
	return nil
}

// plainly writes a text in small letters, and undoes what people do to words to make
// passwords of them.
func plainly(s string) string {
	return strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t").Replace(strings.ToLower(norm.NFKC.String(s)))
}

// worst is what the passwords that are found most often are made of, as plainly writes
// it; longer ones first. (After the lists of passwords from known breaches, of which
// those with twelve characters and more are these words with something before or behind.)
func worst() []string {
	words := []string{
		"qwertyuiop", "asdfghjkl", "1qaz2wsx3edc4rfv", "1qaz2wsx3edc", "1qaz2wsx", "1q2w3e4r5t6y", "1q2w3e4r", "q1w2e3r4t5y6", "q1w2e3r4", "zxcvbnm", "qwertzuiop", "azertyuiop", "yxcvbnm", "qazwsxedc", "qweasdzxc",
		"iloveyou", "password", "passwort", "passw", "motdepasse", "contrasena", "letmein", "welcome", "trustnoi", "whatever", "starwars", "superman",
		"princess", "sunshine", "football", "baseball", "liverpool", "changeme", "changeit", "default", "administrator", "administrador",
		"admin", "secret", "monkey", "dragon", "master", "shadow", "michael", "jordan", "qwerty", "qwertz", "azerty", "asdfgh", "goshawk",
		"police", "summer", "winter", "spring", "autumn", "january", "february", "march", "april", "june", "july", "august", "september", "october",
		"november", "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "hello", "love", "pass", "login", "user",
	}
	for i := range words {
		words[i] = plainly(words[i])
	}
	// Digits in a row, as plainly writes them.
	for _, row := range []string{"1234567890", "0987654321", "123123", "112233", "121212", "123456", "654321", "2026", "2025", "2024", "2023"} {
		words = append(words, plainly(row))
	}
	return words
}
