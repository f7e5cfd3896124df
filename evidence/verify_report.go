package evidence

import (
	"bytes"
	"compress/zlib"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"goshawk"
	"goshawk/report"
)

// report reads the report for programs, and compares it with the package's table of contents and with the
// list of exhibits: it must know of every trace and every exhibit, and of no other.
func (v *Verification) report(p *opened) {
	var said report.Case
	text, err := readSound(p.data, "report.json")
	if err == nil {
		err = parse(text, &said)
	}
	if err != nil {
		v.say(Fault, "report", "report.json: %v", err)
		return
	}
	p.said = &said
	before := v.Faults
	if c := p.contents.Case; said.ID != string(c.ID) || said.Title != c.Title || said.Reference != c.Reference || said.Marking != c.Marking || said.Agency != c.Agency {
		v.say(Fault, "report", "report.json is another case's than package.json")
	}
	for i := range said.Runs {
		p.of[goshawk.ID(said.Runs[i].ID)] = &said.Runs[i]
	}
	if len(said.Runs) != len(p.contents.Runs) || len(p.of) != len(said.Runs) {
		v.say(Fault, "report", "report.json tells of %s, package.json of %d", goshawk.Count(len(said.Runs), "trace", "traces"), len(p.contents.Runs))
	}
	for i := range p.contents.Runs {
		r := &p.contents.Runs[i]
		one := p.of[r.ID]
		if one == nil || one.State != r.State || one.Used != r.Used || one.Title != r.Title || one.Number != fmt.Sprintf("R-%d", r.Number) {
			v.say(Fault, "report", "report.json does not tell of run %d what package.json does", r.Number)
		}
	}
	listed := map[string]*Exhibit{}
	for i := range p.exhibits {
		listed[p.exhibits[i].Number] = &p.exhibits[i]
	}
	if len(said.Exhibits) != len(p.exhibits) || len(listed) != len(p.exhibits) {
		v.say(Fault, "report", "report.json names %s, the list of exhibits %d", goshawk.Count(len(said.Exhibits), "exhibit", "exhibits"), len(p.exhibits))
	}
	for i := range said.Exhibits {
		e := &said.Exhibits[i]
		x := listed[e.Number]
		if x == nil || x.SHA256 != e.SHA256 || x.Bytes != e.Bytes || x.Name != e.Name || x.Source != e.Source || x.Obtained != e.Obtained || x.Custodian != e.Custodian ||
			x.Media != e.Media || x.Comment != e.Comment || !slices.EqualFunc(x.Custody, e.Transfers, func(a CustodyLine, b report.CaseTransfer) bool { return a == CustodyLine(b) }) {
			v.say(Fault, "report", "report.json does not tell of %s what the list of exhibits does", e.Number)
		}
	}
	v.labelled(p, &said)
	v.derived(text, &said)
	if v.Faults == before {
		v.say(Verified, "report", "report.json tells of every trace and every exhibit in the package, and of no other; its ranges follow from its traces")
	}
	v.say(Open, "report", "what the author writes in it, questions, findings, limitations, are statements of a person")
}

// labelled compares the files of labels that a report names with the package's list of them.
func (v *Verification) labelled(p *opened, said *report.Case) {
	var list []goshawk.LabelSource
	if err := readJSON(p.data, "labels/sources.json", &list); err != nil {
		v.say(Fault, "package", "%v", err)
		return
	}
	used, listed := map[string]bool{}, map[report.CaseSource]bool{}
	for i := range said.Runs {
		for _, hash := range said.Runs[i].Labels {
			used[hash] = true
		}
	}
	for _, l := range list {
		listed[report.CaseSource{Name: l.Source, Hash: l.Hash, Date: l.Date}] = true
		if !used[l.Hash] {
			v.say(Fault, "report", "labels/sources.json lists %s, which no trace in report.json used", clip(l.Source))
		}
	}
	for _, l := range said.Labels {
		if !listed[l] {
			v.say(Fault, "report", "report.json does not tell of the labels of %s what labels/sources.json does", clip(l.Name))
		}
	}
}

// derived makes what a report computes of itself again: ranges of the traces' ends, and what amounts were worth by the rates that it
// names.
func (v *Verification) derived(text []byte, said *report.Case) {
	var again report.Case // its own, for values are set in place
	if err := parse(text, &again); err != nil {
		v.say(Fault, "report", "report.json: %v", err)
		return
	}
	again.Ranges = report.Ranges(again.Runs)
	if err := again.SetWorth(); err != nil {
		v.say(Fault, "report", "report.json: its values in a currency: %v", err)
		return
	}
	if string(mustJSON(again.Ranges)) != string(mustJSON(said.Ranges)) {
		v.say(Fault, "report", "report.json: its ranges do not follow from its traces")
	}
	if string(mustJSON(again.Runs)) != string(mustJSON(said.Runs)) {
		v.say(Fault, "report", "report.json: its values in a currency do not follow from its amounts and rates")
		return
	}
	if said.Money == nil || len(said.Money.Rates) == 0 {
		return
	}
	v.say(Verified, "report", "report.json: its values in %s follow from its amounts and the rates that it names", clip(said.Money.Currency))
	v.say(Open, "report", "whether the rates are right: they are claims of the files that report.json names")
}

// evidenced says whether the answer of a trace is an exhibit that was fixed, and the one that the report names.
func (v *Verification) evidenced(p *opened, r *RunLine) {
	name := fmt.Sprintf("runs/%d/answer.json", r.Number)
	if _, ok := p.size[payload+name]; !ok {
		return
	}
	text, err := readAll(p.data, name)
	if err != nil {
		v.say(Fault, "trace", "run %d: %v", r.Number, err)
		return
	}
	sum := sha256.Sum256(text)
	hash := hex.EncodeToString(sum[:])
	at := slices.IndexFunc(p.exhibits, func(x Exhibit) bool { return x.SHA256 == hash })
	if at < 0 {
		v.say(Fault, "trace", "run %d: its answer is none of the exhibits", r.Number)
		return
	}
	if one := p.of[r.ID]; one != nil && one.SHA256 != hash {
		v.say(Fault, "report", "report.json names another answer of run %d than the package holds", r.Number)
	}
}

// reported compares what the report says of a trace with its answer, which was recomputed.
func reported(said *report.CaseRun, text []byte) (out []string, err error) {
	traces, err := report.ReadTraces(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	differ := func(what string, has, want any) {
		if x, y := fmt.Sprint(has), fmt.Sprint(want); x != y {
			out = append(out, fmt.Sprintf("%s: %s, recomputed %s", what, clip(x), clip(y)))
		}
	}
	t := traces[0]
	var methods []string
	var sum goshawk.Units
	var steps uint64
	for i := range t.Start {
		sum.Add(&sum, &t.Start[i].Amount)
	}
	for _, one := range traces {
		methods = append(methods, one.Method)
		steps += one.Steps
	}
	differ("methods", said.Methods, methods)
	differ("amount", said.Amount, sum.Dec())
	differ("steps", said.Steps, steps)
	differ("direction", said.Direction, t.Direction)
	differ("network", said.Network, t.Network)
	differ("ticker", said.Ticker, t.Asset.Ticker)
	differ("decimals", said.Decimals, t.Asset.Decimals)
	differ("height", said.Height, t.Ledger.Height)
	differ("last block", said.Block, t.Ledger.Hash)
	var labels []string
	for i := range t.Labels {
		labels = append(labels, t.Labels[i].Hash)
	}
	differ("label files", said.Labels, labels)
	differ("version", said.Version, t.Version)
	differ("truncated", said.Truncated, false)
	for _, kind := range goshawk.EndKinds() {
		differ("totals of "+string(kind), totalsSaid(said, string(kind)), totalsOf(traces, kind))
	}
	return append(out, endsSaid(said, traces)...), nil
}

// totalsSaid are a report's totals of a kind of ends, method by method.
func totalsSaid(said *report.CaseRun, kind string) (list []string) {
	at := slices.IndexFunc(said.Totals, func(s report.CaseSum) bool { return s.Kind == kind })
	for m := range said.Methods {
		text := "null (0)"
		if at >= 0 && m < len(said.Totals[at].Amounts) && m < len(said.Totals[at].Counts) {
			text = fmt.Sprintf("%s (%d)", orNull(said.Totals[at].Amounts[m]), said.Totals[at].Counts[m])
			if unknown := said.Totals[at].Unknown; m < len(unknown) && unknown[m] > 0 {
				text += fmt.Sprintf(", %d not known", unknown[m])
			}
		}
		list = append(list, text)
	}
	return list
}

func totalsOf(traces []*goshawk.Trace, kind goshawk.EndKind) (list []string) {
	for _, t := range traces {
		text := "null (0)"
		for i := range t.Totals {
			if k := &t.Totals[i]; k.Kind == kind {
				amount := dec(&k.Amount)
				if k.Unknown > 0 && k.Amount.IsZero() {
					amount = nil
				}
				if text = fmt.Sprintf("%s (%d)", orNull(amount), k.Count); k.Unknown > 0 {
					text += fmt.Sprintf(", %d not known", k.Unknown)
				}
			}
		}
		list = append(list, text)
	}
	return list
}

// endsSaid compares the ends that a report lists with those of its trace: each must be one, with the
// amounts of every method, and those left out must be as many as it says, and none of them larger.
func endsSaid(said *report.CaseRun, traces []*goshawk.Trace) (out []string) {
	type place struct {
		kind, tx string
		out      int64
		height   int32
	}
	type found struct {
		amounts    []*string
		end        *goshawk.End
		candidates int
		notes      []string       // what each method says of it
		most       *goshawk.Units // of the methods that claim amounts; of one trace, whatever it says
	}
	all := map[place]*found{}
	named := map[string][]*found{} // BIP 30: two of one name
	for m, t := range traces {
		for i := range t.Ends {
			e := &t.Ends[i]
			at := place{string(e.Kind), e.Tx.String(), -1, e.Height}
			if e.Out != nil {
				at.out = int64(*e.Out)
			}
			f := all[at]
			if f == nil {
				f = &found{amounts: make([]*string, len(traces)), end: e}
				all[at] = f
				name := fmt.Sprint(at.kind, at.tx, at.out)
				named[name] = append(named[name], f)
			}
			f.notes = append(f.notes, e.Note)
			f.amounts[m], f.candidates = dec(e.Amount), max(f.candidates, e.Candidates)
			if e.Amount != nil && (len(traces) == 1 || t.Method != "poison") && (f.most == nil || e.Amount.Gt(f.most)) {
				f.most = e.Amount
			}
		}
	}
	if n := len(said.Ends) + said.EndsCut; n != len(all) || said.EndsCut < 0 {
		out = append(out, fmt.Sprintf("ends: there are %d, recomputed %d", n, len(all)))
	}
	var least *goshawk.Units
	unclaimed := false
	for i := range said.Ends {
		e := &said.Ends[i]
		n := int64(-1)
		if e.Out != nil {
			n = int64(*e.Out)
		}
		name := fmt.Sprint(e.Kind, e.Tx, n)
		list := named[name]
		at := slices.IndexFunc(list, func(f *found) bool {
			return slices.EqualFunc(f.amounts, e.Amounts, same) && e.Address == orNone(f.end.Address) && e.Inference == (f.end.Sweep != nil) && e.Candidates == f.candidates && labelled(e, f.end.Label) && slices.Contains(f.notes, e.Note) &&
				(e.Time == nil || e.Time.Unix() == f.end.Time)
		})
		if at < 0 {
			out = append(out, fmt.Sprintf("the end %s %s:%d is not found as it is there", e.Kind, e.Tx, n))
			continue
		}
		if most := list[at].most; most == nil {
			unclaimed = true
		} else if least == nil || most.Lt(least) {
			least = most
		}
		named[name] = slices.Delete(list, at, at+1)
	}
	for _, list := range named {
		for _, f := range list {
			if f.most != nil && (unclaimed || least != nil && f.most.Gt(least)) {
				return append(out, fmt.Sprintf("the end %s %s is left out, and smaller ones are not", f.end.Kind, f.end.Tx))
			}
		}
	}
	return out
}

func orNone(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// labelled says whether a report tells of an end's label what the answer does: the words, how sure they are, and whose.
func labelled(said *report.CaseEnd, l *goshawk.Label) bool {
	if l == nil {
		return said.Label == "" && said.Sure == "" && said.Source == ""
	}
	return said.Label == l.Text && said.Sure == report.Confidence(l.Confidence) && said.Source == l.Source
}

// forms writes the report again from report.json and the answers that it draws, and compares it with the one in the
// package: so that the three forms say the same.
func (v *Verification) forms(ctx context.Context, p *opened) error {
	if p.said == nil {
		return nil
	}
	if p.said.Version != goshawk.Version {
		v.say(Open, "report", "whether report.html and report.pdf say what report.json says: it was written by version %s, this is %s", p.said.Version, goshawk.Version)
		return nil
	}
	said := *p.said
	for i := range p.contents.Runs {
		r := &p.contents.Runs[i]
		one := p.of[r.ID]
		if one == nil || !one.Drawn {
			continue
		}
		name := fmt.Sprintf("runs/%d/answer.json", r.Number)
		if _, ok := p.size[payload+name]; !ok {
			v.say(Open, "report", "whether report.html and report.pdf say what report.json says: the answer of run %d, which they draw, is not in the package", r.Number)
			return nil
		}
		text, err := readSound(p.data, name)
		if err == nil {
			one.Traces, err = report.ReadTraces(bytes.NewReader(text))
		}
		if err != nil {
			v.say(Fault, "report", "run %d, whose answer the report draws: %v", r.Number, err)
			return nil
		}
	}
	good := true
	for _, form := range []struct {
		name  string
		write func(io.Writer, report.Case) error
		same  func(a, b []byte) bool
	}{{"report.json", report.WriteCaseJSON, bytes.Equal}, {"report.html", report.WriteCaseHTML, bytes.Equal}, {"report.pdf", report.WriteCasePDF, samePDF}} {
		if ctx.Err() != nil {
			return goshawk.Errorf(goshawk.Interrupted, "interrupted: %w", ctx.Err())
		}
		has, err := readAll(p.data, form.name)
		var again bytes.Buffer
		if err == nil {
			err = form.write(&again, said)
		}
		switch {
		case err != nil:
			v.say(Fault, "report", "%s: %v", form.name, err)
		case !form.same(has, again.Bytes()):
			v.say(Fault, "report", "%s is not what this version (%s) writes of report.json", form.name, goshawk.Version)
		default:
			continue
		}
		good = false
	}
	if good {
		v.say(Verified, "report", "report.html and report.pdf say what report.json says: written again from it they are the same")
	}
	return nil
}

// samePDF compares two PDF files in everything but how their streams are packed, which differs
// between versions of a library.
func samePDF(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, err := unpacked(a)
	if err != nil {
		return false
	}
	y, err := unpacked(b)
	return err == nil && bytes.Equal(x, y)
}

var (
	pdfStream = regexp.MustCompile(`/Length \d+(>>|/| |\n)`)
	pdfOffset = regexp.MustCompile(`(?m)^\d{10} \d{5} [nf] ?$|^startxref\n\d+$`)
)

// unpacked is a PDF file with its streams unpacked, without lengths and offsets.
func unpacked(file []byte) ([]byte, error) {
	const begin, end = "stream\n", "\nendstream"
	var out bytes.Buffer
	for {
		at := bytes.Index(file, []byte(begin))
		if at < 0 {
			break
		}
		out.Write(pdfStream.ReplaceAll(file[:at], []byte("/Length$1")))
		file = file[at+len(begin):]
		stop := bytes.Index(file, []byte(end))
		if stop < 0 {
			return nil, corrupt("a stream does not end")
		}
		z, err := zlib.NewReader(bytes.NewReader(file[:stop]))
		if err != nil {
			out.Write(file[:stop])
		} else if n, err := io.Copy(&out, io.LimitReader(z, mostJSON)); err != nil || n == mostJSON || out.Len() > 4*mostJSON {
			return nil, corrupt("a stream cannot be unpacked")
		}
		out.WriteString(end)
		file = file[stop+len(end):]
	}
	out.Write(pdfOffset.ReplaceAll(file, nil))
	return out.Bytes(), nil
}

// unnamed looks for files that nothing in the package names: what is signed with it could be taken for a part of it.
func (v *Verification) unnamed(p *opened) {
	known := map[string]bool{}
	for _, name := range []string{"README.txt", "tracer.py", "report.html", "report.pdf", "report.json", "package.json", "exhibits/index.json", "labels/sources.json", "log/proof.json", "log/none.txt"} {
		known[name] = true
	}
	for i := range p.exhibits {
		known[p.exhibits[i].File] = true
	}
	for i := range p.contents.Runs {
		r := &p.contents.Runs[i]
		home := fmt.Sprintf("runs/%d/", r.Number)
		known[home+"question.json"], known[home+"answer.json"] = true, true
		if len(r.Traces) == 0 {
			continue
		}
		known[home+"rules.json"] = true
		for _, m := range r.Traces {
			known[home+"traces/"+m+".json"] = true
		}
		for _, name := range []string{"network.json", "blocks.jsonl", "transactions.jsonl", "coins.jsonl"} {
			known["chain/"+string(r.Ledger)+"/"+name] = true
		}
	}
	for _, name := range p.names() {
		if under, is := strings.CutPrefix(name, payload); is && !known[under] {
			v.say(Fault, "package", "%s: nothing in the package names it", name)
		}
	}
}
