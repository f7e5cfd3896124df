package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"goshawk"
)

// Namespace keeps a package's signature from being taken for one of something else that was
// signed with the same key.
const Namespace = "goshawk-package"

const (
	keyType   = "ssh-ed25519"
	sigBegin  = "-----BEGIN SSH SIGNATURE-----\n"
	sigEnd    = "-----END SSH SIGNATURE-----\n"
	sigMagic  = "SSHSIG"
	sigHash   = "sha512"
	sigColumn = 70
)

// Fingerprint names a public key as OpenSSH does: SHA256: and 43 characters.
func Fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(keyBlob(key))
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

// PublicLine is a public key as OpenSSH writes it, in one line without its end.
func PublicLine(key ed25519.PublicKey) string {
	return keyType + " " + base64.StdEncoding.EncodeToString(keyBlob(key))
}

// ParsePublic reads a public key: the first of OpenSSH's form in a text, which may also be a list of
// allowed signers.
func ParsePublic(text []byte) (ed25519.PublicKey, error) {
	fields := strings.Fields(string(text))
	for i, f := range fields {
		if f != keyType || i+1 == len(fields) {
			continue
		}
		blob, err := base64.StdEncoding.DecodeString(fields[i+1])
		if err != nil {
			break
		}
		r := wire(blob)
		if name, ok := r.next(); !ok || string(name) != keyType {
			break
		}
		if key, ok := r.next(); ok && len(key) == ed25519.PublicKeySize && len(r) == 0 {
			return ed25519.PublicKey(bytes.Clone(key)), nil
		}
		break
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "there is no public key of Ed25519 in OpenSSH's form").WithHint("it is a line that begins with %s", keyType)
}

// signText signs a text as 'ssh-keygen -Y sign' does.
func signText(key ed25519.PrivateKey, text []byte) []byte {
	signature := ed25519.Sign(key, signed(text))
	var blob []byte
	blob = append(blob, sigMagic...)
	blob = binary.BigEndian.AppendUint32(blob, 1)
	blob = appendWire(blob, keyBlob(key.Public().(ed25519.PublicKey)), []byte(Namespace), nil, []byte(sigHash), appendWire(nil, []byte(keyType), signature))
	return armor(blob)
}

// armor writes a signature as ssh-keygen does.
func armor(blob []byte) []byte {
	encoded := base64.StdEncoding.EncodeToString(blob)
	out := []byte(sigBegin)
	for len(encoded) > 0 {
		n := min(len(encoded), sigColumn)
		out = append(append(out, encoded[:n]...), '\n')
		encoded = encoded[n:]
	}
	return append(out, sigEnd...)
}

// verifyText verifies a signature of a text, and returns the key that it was made with. It takes the
// form that signText writes and no other, lines of another length included, so that no byte of it can be changed.
func verifyText(signature, text []byte) (ed25519.PublicKey, error) {
	body, ok := bytes.CutPrefix(signature, []byte(sigBegin))
	if ok {
		body, ok = bytes.CutSuffix(body, []byte(sigEnd))
	}
	if !ok {
		return nil, corrupt("the signature is none of OpenSSH's form")
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(string(body), "\n", ""))
	if err != nil || !bytes.HasPrefix(blob, append([]byte(sigMagic), 0, 0, 0, 1)) {
		return nil, corrupt("the signature is none of OpenSSH's form")
	}
	if !bytes.Equal(armor(blob), signature) {
		return nil, corrupt("the lines of the signature are not as long as OpenSSH writes them")
	}
	r := wire(blob[len(sigMagic)+4:])
	var parts [5][]byte
	for i := range parts {
		if parts[i], ok = r.next(); !ok {
			return nil, corrupt("the signature ends too early")
		}
	}
	if len(r) > 0 || string(parts[1]) != Namespace || len(parts[2]) > 0 || string(parts[3]) != sigHash {
		return nil, corrupt("the signature is of something else than a package")
	}
	k, s := wire(parts[0]), wire(parts[4])
	kind, ok1 := k.next()
	key, ok2 := k.next()
	how, ok3 := s.next()
	sig, ok4 := s.next()
	if !ok1 || !ok2 || !ok3 || !ok4 || len(k) > 0 || len(s) > 0 || string(kind) != keyType || string(how) != keyType || len(key) != ed25519.PublicKeySize {
		return nil, corrupt("the signature is not one of Ed25519")
	}
	if !ed25519.Verify(key, signed(text), sig) {
		return nil, corrupt("the signature does not hold")
	}
	return bytes.Clone(key), nil
}

// signed is what is signed of a text.
func signed(text []byte) []byte {
	sum := sha512.Sum512(text)
	return appendWire([]byte(sigMagic), []byte(Namespace), nil, []byte(sigHash), sum[:])
}

func keyBlob(key ed25519.PublicKey) []byte { return appendWire(nil, []byte(keyType), key) }

// appendWire appends strings as SSH does, each behind its length.
func appendWire(to []byte, parts ...[]byte) []byte {
	for _, p := range parts {
		to = append(binary.BigEndian.AppendUint32(to, uint32(len(p))), p...)
	}
	return to
}

// wire is read string by string.
type wire []byte

func (w *wire) next() ([]byte, bool) {
	if len(*w) < 4 {
		return nil, false
	}
	n := binary.BigEndian.Uint32(*w)
	if uint64(n) > uint64(len(*w)-4) {
		return nil, false
	}
	s := (*w)[4 : 4+n]
	*w = (*w)[4+n:]
	return s, true
}
