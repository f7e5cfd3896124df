package evidence

import (
	"context"
	"crypto/ed25519"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/report"
)

// Tracer is the tracer in plain Python that stands in every package.
//
//go:embed tracer.py
var tracerText []byte

//go:embed readme.txt
var readmeText string

// Package is what is put into a package.
type Package struct {
	Case    CaseLine
	At      time.Time // of the case's last change that it holds
	Report  Report
	Runs    []Run
	Chains  []Source
	Labels  []goshawk.LabelSource
	Exhibit []Exhibit
	Proof   *audit.Proof       // nil: there is none, and NoProof says why
	NoProof string             //
	Sign    ed25519.PrivateKey // nil: it is not signed

	// Progress is told how far it is; it may be nil.
	Progress func(done, total int, what string)
}

// Report is the report in three forms, which say the same.
type Report struct{ HTML, PDF, JSON []byte }

// Run is a trace that was made.
type Run struct {
	RunLine
	Question json.RawMessage
	Answer   []byte           // as it was fixed; nil where it gave none
	Traces   []*goshawk.Trace // made again, method by method
	Rules    *Rules           // beside them
}

// Source is a ledger whose transactions go into the package, and where their bytes are.
type Source struct {
	*Collector
	Blocks Blocks // nil: nowhere
}

// Exhibit is one of the case's exhibits.
type Exhibit struct {
	ID        goshawk.ID    `json:"id"`
	Number    string        `json:"number"`
	Name      string        `json:"name"`
	File      string        `json:"file"` // in data/; set by Write
	Media     string        `json:"media"`
	SHA256    string        `json:"sha256"`
	Bytes     int64         `json:"bytes"`
	Source    string        `json:"source"`
	Obtained  string        `json:"obtained"`
	Custodian string        `json:"custodian"`
	Comment   string        `json:"comment,omitempty"`
	Custody   []CustodyLine `json:"custody"`
	// Left says why its bytes are not in the package; empty where they are.
	Left string `json:"left_out,omitempty"`

	Open func() (io.ReadCloser, error) `json:"-"`
}

// CustodyLine is an exhibit's way from one custodian to the next.
type CustodyLine struct {
	At     string `json:"at"`
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// Write writes a package as a zip file, and returns its table of contents.
func Write(ctx context.Context, w io.Writer, p *Package) (*Contents, error) {
	c := &Contents{Format: format, Version: goshawk.Version, Case: p.Case, Runs: []RunLine{}, Missing: []Missing{}}
	root := "package-" + safeName(string(p.Case.ID))
	b := newBag(w, root, p.At)
	tell := func(done, total int, what string) {
		if p.Progress != nil {
			p.Progress(done, total, what)
		}
	}
	put := func(name string, text []byte) error { return b.file(payload+name, text) }
	for _, f := range []struct {
		name string
		text []byte
	}{{"README.txt", readme(p)}, {"tracer.py", tracerText}, {"report.html", p.Report.HTML}, {"report.pdf", p.Report.PDF}, {"report.json", p.Report.JSON}} {
		if err := put(f.name, f.text); err != nil {
			return nil, err
		}
	}
	for i := range p.Runs {
		if err := writeRun(b, &p.Runs[i]); err != nil {
			return nil, err
		}
		c.Runs = append(c.Runs, p.Runs[i].RunLine)
	}
	for _, s := range p.Chains {
		missing, err := s.Write(ctx, b, s.Blocks, func(done, total int) { tell(done, total, "blocks") })
		if err != nil {
			return nil, err
		}
		c.Missing = append(c.Missing, missing...)
	}
	for i := range p.Exhibit {
		if err := ctx.Err(); err != nil {
			return nil, goshawk.Errorf(goshawk.Interrupted, "the package was not finished: %w", err)
		}
		tell(i, len(p.Exhibit), "exhibits")
		if err := writeExhibit(b, &p.Exhibit[i]); err != nil {
			return nil, err
		}
	}
	if p.Exhibit == nil {
		p.Exhibit = []Exhibit{}
	}
	if err := writeJSON(b, "exhibits/index.json", p.Exhibit); err != nil {
		return nil, err
	}
	if p.Labels == nil {
		p.Labels = []goshawk.LabelSource{}
	}
	if err := writeJSON(b, "labels/sources.json", p.Labels); err != nil {
		return nil, err
	}
	if p.Proof != nil {
		text, err := json.Marshal(p.Proof) // its entries stay the very bytes that were committed to
		if err == nil {
			err = put("log/proof.json", text)
		}
		if err != nil {
			return nil, err
		}
	} else if err := put("log/none.txt", []byte("There is no proof of the log: "+p.NoProof+"\n")); err != nil {
		return nil, err
	}
	if err := writeJSON(b, "package.json", c); err != nil {
		return nil, err
	}
	return c, b.close([][2]string{
		{"Source-Organization", p.Case.Agency}, {"External-Identifier", string(p.Case.ID)}, {"Internal-Sender-Identifier", p.Case.Reference},
		{"External-Description", p.Case.Title}, {"Bagging-Date", p.At.UTC().Format(time.DateOnly)}, {"Bag-Software-Agent", "Goshawk " + goshawk.Version},
	}, p.Sign, principal(p))
}

// principal is who is said to sign, as a list of allowed signers names them.
func principal(p *Package) string {
	if p.Case.Agency == "" {
		return "agency"
	}
	return safeName(p.Case.Agency)
}

// exhibitsFolder holds the exhibits' bytes.
const exhibitsFolder = "exhibits/"

func writeRun(b *bag, r *Run) error {
	home := fmt.Sprintf("runs/%d/", r.Number)
	if r.RunLine.Traces == nil {
		r.RunLine.Traces = []string{}
	}
	if err := b.file(payload+home+"question.json", append([]byte(r.Question), '\n')); err != nil {
		return err
	}
	if r.Answer != nil {
		if err := b.file(payload+home+"answer.json", r.Answer); err != nil {
			return err
		}
	}
	if len(r.Traces) == 0 {
		return nil
	}
	if err := writeJSON(b, home+"rules.json", r.Rules); err != nil {
		return err
	}
	for _, t := range r.Traces {
		w, err := b.Create(home + "traces/" + t.Method + ".json")
		if err != nil {
			return err
		}
		if err := report.TraceJSON(w, t); err != nil {
			return err
		}
	}
	return nil
}

func writeExhibit(b *bag, x *Exhibit) (err error) {
	if x.Custody == nil {
		x.Custody = []CustodyLine{}
	}
	if x.Left != "" || x.Open == nil {
		return nil
	}
	in, err := x.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	x.File = exhibitsFolder + safeName(x.Number) + "/" + safeName(x.Name)
	w, err := b.Create(x.File)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, in)
	return err
}

// readme is the text for the other side's expert.
func readme(p *Package) []byte {
	t := strings.NewReplacer("{TITLE}", oneLine(p.Case.Title), "{REFERENCE}", oneLine(p.Case.Reference), "{AGENCY}", oneLine(p.Case.Agency), "{VERSION}", goshawk.Version,
		"{NAMESPACE}", Namespace, "{PRINCIPAL}", principal(p), "{SIGNER}", fingerprintOf(p.Sign))
	return []byte(t.Replace(readmeText))
}

func oneLine(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "(none)"
	}
	return s
}

func fingerprintOf(key ed25519.PrivateKey) string {
	if key == nil {
		return "it is not signed"
	}
	return Fingerprint(key.Public().(ed25519.PublicKey))
}
