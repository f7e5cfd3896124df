package evidence

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"goshawk"
	"goshawk/audit"
	"goshawk/report"
)

// State is what became of one check.
type State string

// The states of a check.
const (
	Verified State = "verified"
	Open     State = "not verified" // nothing in the package can show it, or it is not there
	Fault    State = "fault"
)

// Check is one line of what was verified.
type Check struct {
	Of    string `json:"of"` // package, signature, log, chain, trace, exhibits
	State State  `json:"state"`
	Text  string `json:"text"`
}

// Verification is what became of a package.
type Verification struct {
	Case   CaseLine `json:"case"`
	Signer string   `json:"signer"` // the fingerprint of the key that signed it; "": it is not signed
	Faults int      `json:"faults"`
	Checks []Check  `json:"checks"`
}

func (v *Verification) say(state State, of, format string, args ...any) {
	if state == Fault {
		v.Faults++
	}
	v.Checks = append(v.Checks, Check{of, state, clip(fmt.Sprintf(format, args...))})
}

// VerifyPath verifies the package in a zip file or a folder. What is wrong with it is in the answer;
// an error means that it could not be looked at. With a signer, the package must be signed by that key.
func VerifyPath(ctx context.Context, path string, signer ed25519.PublicKey) (v *Verification, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no package %s: %w", path, err).WithHint("name its zip file, or the folder that it was unpacked to")
	}
	if !info.IsDir() && !info.Mode().IsRegular() {
		return nil, goshawk.Errorf(goshawk.Invalid, "%s is neither a file nor a folder", path).WithHint("name the package's zip file, or the folder that it was unpacked to")
	}
	if info.IsDir() {
		f, done, err := openFolder(path)
		if err != nil {
			return refused(err)
		}
		defer func() { err = errors.Join(err, done()) }()
		return verify(ctx, f, signer)
	}
	in, err := os.Open(path)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "%s cannot be read: %w", path, err)
	}
	defer in.Close()
	return VerifyZip(ctx, in, info.Size(), signer)
}

// VerifyZip verifies the package in a zip file of a size.
func VerifyZip(ctx context.Context, r io.ReaderAt, size int64, signer ed25519.PublicKey) (*Verification, error) {
	f, err := openZip(r, size)
	if err != nil {
		return refused(err)
	}
	return verify(ctx, f, signer)
}

// refused is the answer about what is no package at all.
func refused(err error) (*Verification, error) {
	if goshawk.CodeOf(err) != goshawk.Corrupt {
		return nil, err
	}
	v := &Verification{}
	v.say(Fault, "package", "%v", err)
	return v, nil
}

func verify(ctx context.Context, f *files, signer ed25519.PublicKey) (*Verification, error) {
	v := &Verification{Checks: []Check{}}
	if err := v.manifests(ctx, f); err != nil {
		return nil, err
	}
	v.signature(f, signer)
	var c Contents
	if err := readJSON(f.data, "package.json", &c); err != nil {
		v.say(Fault, "package", "%v", err)
		return v, nil
	}
	v.Case = c.Case
	if c.Format != format {
		if v.Faults > 0 {
			return v, nil
		}
		return nil, goshawk.Errorf(goshawk.Unsupported, "the package is of the format %d, which this version (%s) does not know: of what it says nothing was verified but hashes and signature", c.Format, goshawk.Version).
			WithHint("verify it with a Goshawk that is as new as the one that wrote it")
	}
	v.program(f)
	p := &opened{files: f, contents: &c, of: map[goshawk.ID]*report.CaseRun{}}
	if err := v.exhibits(ctx, p); err != nil {
		return nil, err
	}
	v.report(p)
	if err := v.runs(ctx, p); err != nil {
		return nil, err
	}
	if err := v.forms(ctx, p); err != nil {
		return nil, err
	}
	v.unnamed(p)
	return v, nil
}

// opened is what a package says of itself, read once.
type opened struct {
	*files
	contents *Contents
	exhibits []Exhibit
	said     *report.Case                   // data/report.json; nil where it cannot be read
	of       map[goshawk.ID]*report.CaseRun // what it says of each trace
}

// data opens a file of the payload.
func (f *files) data(name string) (io.ReadCloser, error) { return f.open(payload + name) }

// manifests verifies that every file is as the manifests say, and that there is no other.
func (v *Verification) manifests(ctx context.Context, f *files) error {
	top := func(name string, read string) string { return name + ": " + read }
	if text, err := readAll(f.open, bagitName); err != nil || string(text) != bagitText {
		v.say(Fault, "package", "%s", top(bagitName, "it is not that of a bag of version 1.0"))
	}
	want := make([]map[string]string, len(algorithms())) // by algorithm: sums by name
	for i, a := range algorithms() {
		want[i] = map[string]string{}
		for _, m := range []string{manifestName(a.name), tagManifestName(a.name)} {
			if err := readManifest(f, m, 2*a.make().Size(), m == manifestName(a.name), want[i]); err != nil {
				v.say(Fault, "package", "%v", err)
			}
		}
	}
	good := 0
	for _, name := range f.names() {
		if name == signatureName || name == tagManifestName("sha256") || name == tagManifestName("sha512") {
			continue // what lists the others is listed by nobody; the signature covers it
		}
		sums, err := sum(ctx, f, name)
		if err != nil {
			if ctx.Err() != nil {
				return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
			}
			v.say(Fault, "package", "%v", err)
			continue
		}
		bad := false
		for i, a := range algorithms() {
			switch is, listed := want[i][name]; {
			case !listed:
				bad = true
				v.say(Fault, "package", "%s: no manifest of %s lists it: it was added", name, a.name)
			case is != sums[i]:
				bad = true
				v.say(Fault, "package", "%s: its %s is not the one listed: it was changed", name, a.name)
			}
			delete(want[i], name)
		}
		if !bad {
			good++
		}
	}
	for i, a := range algorithms() {
		for _, name := range slices.Sorted(maps.Keys(want[i])) {
			v.say(Fault, "package", "%s: the manifest of %s lists it, and it is missing", name, a.name)
		}
	}
	if v.Faults == 0 {
		v.say(Verified, "package", "%s are as the manifests say (SHA-256 and SHA-512), and no other is there", goshawk.Count(good, "file", "files"))
	}
	return nil
}

// readManifest reads a manifest into sums. It takes the one form that Write gives it.
func readManifest(f *files, name string, digits int, ofPayload bool, sums map[string]string) error {
	text, err := readAll(f.open, name)
	if err != nil {
		return err
	}
	last := ""
	for line := range strings.Lines(string(text)) {
		line, ended := strings.CutSuffix(line, "\n")
		is, of, ok := strings.Cut(line, "  ")
		if raw, err := hex.DecodeString(is); !ended || !ok || err != nil || 2*len(raw) != digits || strings.ToLower(is) != is || of <= last || strings.HasPrefix(of, payload) != ofPayload {
			return corrupt("%s: the line %q is not one of a manifest", name, clip(line))
		}
		last = of
		sums[of] = is
	}
	return nil
}

func sum(ctx context.Context, f *files, name string) ([]string, error) {
	r, err := f.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var hashes []hash.Hash
	var to []io.Writer
	for _, a := range algorithms() {
		h := a.make()
		hashes, to = append(hashes, h), append(to, h)
	}
	all := io.MultiWriter(to...)
	buf := make([]byte, 256<<10)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		n, err := r.Read(buf)
		if _, bad := all.Write(buf[:n]); bad != nil {
			return nil, bad
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, corrupt("%s: %w", name, err)
		}
	}
	var sums []string
	for _, h := range hashes {
		sums = append(sums, hex.EncodeToString(h.Sum(nil)))
	}
	return sums, nil
}

// signature verifies who signed.
func (v *Verification) signature(f *files, signer ed25519.PublicKey) {
	if _, ok := f.size[signatureName]; !ok {
		state := Open
		if signer != nil {
			state = Fault
		}
		v.say(state, "signature", "it is not signed")
		return
	}
	sig, err := readAll(f.open, signatureName)
	var text, stated []byte
	if err == nil {
		text, err = readAll(f.open, signedName)
	}
	var key, said ed25519.PublicKey
	if err == nil {
		key, err = verifyText(sig, text)
	}
	if err == nil {
		stated, err = readAll(f.open, signerName)
	}
	if err == nil {
		said, err = ParsePublic(stated)
	}
	if err == nil && !said.Equal(key) {
		err = corrupt("%s names another key", signerName)
	}
	if err != nil {
		v.say(Fault, "signature", "%v", err)
		return
	}
	v.Signer = Fingerprint(key)
	v.say(Verified, "signature", "the manifests are signed with the key %s", v.Signer)
	switch {
	case signer == nil:
		v.say(Open, "signature", "whose key that is: compare it with what the agency says by another way, or name its key with --signer")
	case !signer.Equal(key):
		v.say(Fault, "signature", "it is not signed with the key %s that was asked for", Fingerprint(signer))
	default:
		v.say(Verified, "signature", "that is the key that was asked for")
	}
}

// program compares the tracer with the one that this program writes.
func (v *Verification) program(f *files) {
	text, err := readAll(f.data, "tracer.py")
	switch {
	case err != nil:
		v.say(Fault, "package", "%v", err)
	case bytes.Equal(text, tracerText):
		v.say(Verified, "package", "tracer.py is the one that this version (%s) writes", goshawk.Version)
	default:
		v.say(Open, "package", "tracer.py is not the one that this version (%s) writes: read it before you run it", goshawk.Version)
	}
}

// exhibits verifies exhibits and the proof of the log, which must name their hashes.
func (v *Verification) exhibits(ctx context.Context, p *opened) error {
	if err := readJSON(p.data, "exhibits/index.json", &p.exhibits); err != nil {
		v.say(Fault, "exhibits", "%v", err)
		return nil
	}
	here := 0
	for _, x := range p.exhibits {
		if x.Left != "" {
			v.say(Open, "exhibits", "%s is not in the package: %s", x.Number, x.Left)
			continue
		}
		if size, ok := p.size[payload+x.File]; !ok || size != x.Bytes || !strings.HasPrefix(x.File, exhibitsFolder) {
			v.say(Fault, "exhibits", "%s: its file is missing, or of another length", x.Number)
			continue
		}
		sums, err := sum(ctx, p.files, payload+x.File)
		if ctx.Err() != nil {
			return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
		}
		if err != nil || sums[0] != x.SHA256 {
			v.say(Fault, "exhibits", "%s: its bytes are not those that were fixed", x.Number)
			continue
		}
		here++
	}
	if here > 0 {
		v.say(Verified, "exhibits", "%s have the SHA-256 with which they were fixed", goshawk.Count(here, "exhibit", "exhibits"))
	}
	v.log(p)
	return nil
}

// log verifies the proof of the log.
func (v *Verification) log(f *opened) {
	if _, ok := f.size[payload+"log/proof.json"]; !ok {
		v.say(Open, "log", "there is no proof that the case's trail is in the log")
		return
	}
	var p audit.Proof
	err := readJSON(f.data, "log/proof.json", &p)
	if err == nil {
		err = p.Check()
	}
	if err != nil {
		v.say(Fault, "log", "%v", err)
		return
	}
	v.say(Verified, "log", "%s of the case's trail are in the log, unchanged since they were written", goshawk.Count(len(p.Proven), "entry", "entries"))
	if n := len(p.Keys); n > 0 {
		v.say(Open, "log", "whose log it is: compare its key with what the agency says by another way: %s", p.Keys[n-1].Verifier)
	}
	recorded, hashes := 0, map[string]bool{}
	for _, e := range p.Proven {
		for _, h := range quotedHash.FindAll(e.Entry, -1) {
			hashes[string(h[1:len(h)-1])] = true
		}
	}
	for _, x := range f.exhibits {
		if hashes[x.SHA256] {
			recorded++
		} else {
			v.say(Open, "log", "when %s was fixed: the proof does not have it", x.Number)
		}
	}
	if recorded > 0 {
		v.say(Verified, "log", "%s: the log has recorded their SHA-256", goshawk.Count(recorded, "exhibit", "exhibits"))
	}
}

// quotedHash is a SHA-256 that is a value of its own in JSON.
var quotedHash = regexp.MustCompile(`"[0-9a-f]{64}"`)

// missing names the transactions that are not in the package; of many for which the same is said, the first, and how many there are.
func (v *Verification) missing(list []Missing) {
	more := map[Missing]int{}
	for _, m := range list {
		more[Missing{Ledger: m.Ledger, Why: m.Why}]++
	}
	for _, m := range list {
		of := Missing{Ledger: m.Ledger, Why: m.Why}
		switch n := more[of]; {
		case n == 1:
			v.say(Open, "chain", "transaction %s of the ledger %s is not in the package: %s", m.TxID, m.Ledger, m.Why)
		case n > 1:
			v.say(Open, "chain", "%s of the ledger %s are not in the package, the first of them %s: %s", goshawk.Count(n, "transaction", "transactions"), m.Ledger, m.TxID, m.Why)
			more[of] = 0
		}
	}
}

// runs verifies the transactions and recomputes every trace from them.
func (v *Verification) runs(ctx context.Context, p *opened) error {
	f, c := p.files, p.contents
	v.missing(c.Missing)
	chains := map[goshawk.ID]*replay{}
	for i := range c.Runs {
		r := &c.Runs[i]
		v.evidenced(p, r)
		if len(r.Traces) == 0 {
			v.say(Open, "trace", "run %d was not recomputed: %s", r.Number, r.Why)
			continue
		}
		chain, tried := chains[r.Ledger]
		if !tried {
			var err error
			if chain, err = v.chain(ctx, f, r.Ledger); err != nil {
				return err
			}
			chains[r.Ledger] = chain
		}
		if chain == nil {
			v.say(Fault, "trace", "run %d: its transactions cannot be read", r.Number)
			continue
		}
		if err := v.run(ctx, p, r, chain); err != nil {
			return err
		}
	}
	return nil
}

// chain verifies the transactions of a ledger; nil where they cannot be used.
func (v *Verification) chain(ctx context.Context, f *files, id goshawk.ID) (*replay, error) {
	if !plainName(string(id)) {
		v.say(Fault, "chain", "%q is no name of a ledger", id)
		return nil, nil //nolint:nilnil // it is in the answer
	}
	r, err := newReplay(ctx, func(name string) (io.ReadCloser, error) { return f.data("chain/" + string(id) + "/" + name) })
	if goshawk.CodeOf(err) == goshawk.Interrupted {
		return nil, err
	}
	if err != nil {
		v.say(Fault, "chain", "ledger %s: %v", id, err)
		return nil, nil //nolint:nilnil // it is in the answer
	}
	v.say(Verified, "chain", "ledger %s: %s of %s: IDs are those of the bytes, merkle paths lead to the blocks' headers, and these have proof of work", id,
		goshawk.Count(len(r.rows), "transaction", "transactions"), goshawk.Count(r.head.Blocks, "block", "blocks"))
	v.say(Open, "chain", "ledger %s: that these blocks are at their heights in the chain with the most work, and that no later transaction spends what is said to be unspent: ask a node", id)
	told := 0
	for i := range r.inputs {
		if r.inputs[i].Link == goshawk.Before {
			told++
		}
	}
	if told > 0 {
		v.say(Open, "chain", "ledger %s: %s spent that are older than it: their values are what it says", id, goshawk.Count(told, "coin was", "coins were"))
	}
	return r, nil
}

// run recomputes a trace by each method, and compares what was fixed, and what the report says, with it.
func (v *Verification) run(ctx context.Context, p *opened, r *RunLine, chain *replay) error {
	home := fmt.Sprintf("runs/%d/", r.Number)
	var rules Rules
	if err := readJSON(p.data, home+"rules.json", &rules); err != nil {
		v.say(Fault, "trace", "run %d: %v", r.Number, err)
		return nil
	}
	if rules.Ledger != r.Ledger {
		v.say(Fault, "trace", "run %d: its rules are another ledger's", r.Number)
	}
	answers := map[string][]byte{}
	lacks := 0
	for _, m := range p.contents.Missing {
		if m.Ledger == r.Ledger {
			lacks++
		}
	}
	for _, m := range r.Traces {
		answer, err := readSound(p.data, home+"traces/"+m+".json")
		var faults []string
		if err == nil {
			faults, err = chain.recompute(ctx, m, &rules, answer)
		}
		switch {
		case goshawk.CodeOf(err) == goshawk.Interrupted:
			return err
		case lacks > 0 && (err != nil || len(faults) > 0):
			v.say(Open, "trace", "run %d, %s: its numbers do not follow from the transactions that are here, and %s", r.Number, m, goshawk.Count(lacks, "is missing", "are missing"))
		case err != nil:
			v.say(Fault, "trace", "run %d, %s: %v", r.Number, m, err)
		case answers[m] != nil:
			v.say(Fault, "trace", "run %d: it names %s twice", r.Number, m)
		case len(faults) > 0:
			v.differ("trace", faults, "run %d, %s", r.Number, m)
		default:
			answers[m] = answer
			v.say(Verified, "trace", "run %d, %s: every number is the same, recomputed from the raw transactions", r.Number, m)
		}
	}
	if len(answers) == len(r.Traces) {
		v.fixed(p, r, answers)
	}
	if n := len(rules.Services); n > 0 {
		v.say(Open, "trace", "run %d: who is at %s: that is what labels say", r.Number, goshawk.Count(n, "address", "addresses"))
	}
	return nil
}

// differ says what differs, up to a number.
func (v *Verification) differ(of string, faults []string, where string, args ...any) {
	for _, what := range faults[:min(len(faults), mostDifferences)] {
		v.say(Fault, of, "%s: %s", fmt.Sprintf(where, args...), what)
	}
}

// fixed compares the answer that was fixed as an exhibit, and the report, with what was recomputed.
func (v *Verification) fixed(p *opened, r *RunLine, answers map[string][]byte) {
	text, err := readSound(p.data, fmt.Sprintf("runs/%d/answer.json", r.Number))
	var faults []string
	if err == nil {
		faults, err = agree(text, r.Traces, answers)
	}
	if err != nil {
		v.say(Fault, "trace", "run %d: %v", r.Number, err)
		return
	}
	if v.differ("trace", faults, "run %d: the answer that was fixed", r.Number); len(faults) > 0 {
		return
	}
	v.say(Verified, "trace", "run %d: the answer that was fixed says the same", r.Number)
	said := p.of[r.ID]
	if said == nil {
		return // that it has none is said already
	}
	faults, err = reported(said, text)
	if err != nil {
		v.say(Fault, "report", "run %d: %v", r.Number, err)
		return
	}
	if v.differ("report", faults, "report.json, %s", said.Number); len(faults) == 0 {
		v.say(Verified, "report", "%s: report.json says what was recomputed", said.Number)
	}
}
