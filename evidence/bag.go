package evidence

import (
	"archive/zip"
	"compress/flate"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// The files of a bag beside its payload.
const (
	payload       = "data/"
	bagitName     = "bagit.txt"
	bagitText     = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
	infoName      = "bag-info.txt"
	signerName    = "allowed_signers"
	signedName    = "tagmanifest-sha256.txt"
	signatureName = signedName + ".sig"
)

// algorithm is one of the hashes that a bag's manifests are made with.
type algorithm struct {
	name string
	make func() hash.Hash
}

func algorithms() []algorithm { return []algorithm{{"sha256", sha256.New}, {"sha512", sha512.New}} }

func manifestName(a string) string    { return "manifest-" + a + ".txt" }
func tagManifestName(a string) string { return "tagmanifest-" + a + ".txt" }

// bag writes a bag into a zip file, file by file. Two bags of the same files are the same, byte
// for byte.
type bag struct {
	zip     *zip.Writer
	root    string // folder in the zip file, with its slash
	at      time.Time
	sums    map[string][]string // by name, as algorithms go
	open    string
	hashes  []hash.Hash
	octets  int64 // of the payload
	streams int
	total   int64
}

func newBag(w io.Writer, root string, at time.Time) *bag {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) })
	return &bag{zip: z, root: root + "/", at: at.UTC().Truncate(time.Second), sums: map[string][]string{}}
}

// Create begins a file of the payload and ends the one before.
func (b *bag) Create(name string) (io.Writer, error) { return b.create(payload + name) }

func (b *bag) create(name string) (io.Writer, error) {
	b.end()
	if b.sums[name] != nil || !plainName(name) {
		return nil, goshawk.Errorf(goshawk.Invalid, "a package cannot have a file %q", name)
	}
	to, err := b.zip.CreateHeader(&zip.FileHeader{Name: b.root + name, Method: zip.Deflate, Modified: b.at})
	if err != nil {
		return nil, err
	}
	b.open = name
	b.hashes = b.hashes[:0]
	writers := []io.Writer{to}
	for _, a := range algorithms() {
		h := a.make()
		b.hashes = append(b.hashes, h)
		writers = append(writers, h)
	}
	return &counting{io.MultiWriter(writers...), b}, nil
}

type counting struct {
	io.Writer
	b *bag
}

// mostPackage is the most bytes of all files of a package together.
const mostPackage = 64 << 30

func (c *counting) Write(p []byte) (int, error) {
	if strings.HasPrefix(c.b.open, payload) {
		c.b.octets += int64(len(p))
	}
	if c.b.total += int64(len(p)); c.b.total > mostPackage {
		return 0, goshawk.Errorf(goshawk.Invalid, "the package has more than %d bytes", int64(mostPackage)).WithHint("leave large exhibits out")
	}
	return c.Writer.Write(p)
}

// end ends the open file.
func (b *bag) end() {
	if b.open == "" {
		return
	}
	var sums []string
	for _, h := range b.hashes {
		sums = append(sums, hex.EncodeToString(h.Sum(nil)))
	}
	b.sums[b.open] = sums
	if strings.HasPrefix(b.open, payload) {
		b.streams++
	}
	b.open = ""
}

func (b *bag) file(name string, text []byte) error {
	w, err := b.create(name)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// close writes the manifests and the signature.
func (b *bag) close(info [][2]string, signer ed25519.PrivateKey, principal string) error {
	b.end()
	tags := [][2]string{{bagitName, bagitText}}
	info = append(info, [2]string{"Payload-Oxum", fmt.Sprintf("%d.%d", b.octets, b.streams)})
	var lines strings.Builder
	for _, f := range info {
		if f[1] != "" {
			fmt.Fprintf(&lines, "%s: %s\n", f[0], strings.Join(strings.Fields(f[1]), " "))
		}
	}
	tags = append(tags, [2]string{infoName, lines.String()})
	if signer != nil {
		tags = append(tags, [2]string{signerName, fmt.Sprintf("%s namespaces=%q %s\n", principal, Namespace, PublicLine(signer.Public().(ed25519.PublicKey)))})
	}
	for i, a := range algorithms() {
		tags = append(tags, [2]string{manifestName(a.name), b.manifest(i, true)})
	}
	for _, t := range tags {
		if err := b.file(t[0], []byte(t[1])); err != nil {
			return err
		}
	}
	b.end()
	var texts []string // made before one of them is a file itself
	for i := range algorithms() {
		texts = append(texts, b.manifest(i, false))
	}
	for i, a := range algorithms() {
		if err := b.file(tagManifestName(a.name), []byte(texts[i])); err != nil {
			return err
		}
	}
	if signer != nil {
		if err := b.file(signatureName, signText(signer, []byte(texts[0]))); err != nil {
			return err
		}
	}
	b.end()
	return b.zip.Close()
}

// manifest lists the payload, or the files beside it.
func (b *bag) manifest(algorithm int, ofPayload bool) string {
	var names []string
	for name := range b.sums {
		if strings.HasPrefix(name, payload) == ofPayload {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var text strings.Builder
	for _, name := range names {
		fmt.Fprintf(&text, "%s  %s\n", b.sums[name][algorithm], name)
	}
	return text.String()
}

// plainName says whether a name is one that every system can make a file of, below the folder
// where it is unpacked.
func plainName(name string) bool {
	if name == "" || len(name) > 240 {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part[0] == '.' || strings.HasSuffix(part, ".") || reserved(part) {
			return false
		}
		for _, c := range []byte(part) {
			if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-') {
				return false
			}
		}
	}
	return true
}

// reserved says whether a name stands for a device on some systems.
func reserved(part string) bool {
	base, _, _ := strings.Cut(strings.ToLower(part), ".")
	switch base {
	case "con", "prn", "aux", "nul":
		return true
	}
	return len(base) == 4 && (base[:3] == "com" || base[:3] == "lpt") && base[3] >= '0' && base[3] <= '9'
}

// safeName is a file's name made plain.
func safeName(name string) string {
	safe := []byte(name)
	for i, c := range safe {
		if !plainName(string(c)) && c != '.' {
			safe[i] = '_'
		}
	}
	s := strings.Trim(string(safe), ".")
	if len(s) > 100 {
		s = s[:50] + "_" + s[len(s)-49:]
	}
	if s == "" || reserved(s) {
		s = "_" + s
	}
	return s
}
