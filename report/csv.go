package report

import (
	"encoding/csv"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"goshawk"
)

// table writes RFC 4180 rows whose cells no spreadsheet takes for a formula.
type table struct {
	w   *csv.Writer
	row []string
}

func newTable(w io.Writer, head ...string) *table {
	t := &table{w: csv.NewWriter(w)}
	t.w.UseCRLF = true
	t.put(head...)
	return t
}

// put writes a row. After a failed write the rest is dropped and finish says why.
func (t *table) put(cells ...string) {
	t.row = t.row[:0]
	for _, c := range cells {
		t.row = append(t.row, cell(c))
	}
	_ = t.w.Write(t.row) // the writer keeps the error for finish
}

func (t *table) finish() error {
	t.w.Flush()
	return t.w.Error()
}

// cell makes text safe for a spreadsheet: a leading = + - @ (also in full
// width) would make it a formula, so that an apostrophe, which spreadsheets
// take for "this is text", goes before it. Controls are made visible; a leading
// tab or line break is white space and falls away.
func cell(s string) string {
	s = clean(s)
	for _, lead := range [...]string{"=", "+", "-", "@", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, lead) {
			return "'" + s
		}
	}
	return s
}

func cellUnits(u *goshawk.Units) string {
	if u == nil {
		return ""
	}
	return u.Dec()
}

func cellTime(unix int64) string {
	if unix == 0 {
		return ""
	}
	return time.Unix(unix, 0).UTC().Format(time.RFC3339)
}

func cellHeight(h int32) string {
	if h < 0 {
		return ""
	}
	return strconv.Itoa(int(h))
}

func cellHash(h *goshawk.Hash) string {
	if h == nil {
		return ""
	}
	return h.String()
}

func cellOut(out *uint32) string {
	if out == nil {
		return ""
	}
	return strconv.FormatUint(uint64(*out), 10)
}

func cellCandidates(e *goshawk.End) string {
	if e.Candidates <= 0 {
		return ""
	}
	return strconv.Itoa(e.Candidates)
}

func cellText(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// labelCells are the columns that a label fills; empty without one.
func labelCells(l *goshawk.Label) []string {
	if l == nil {
		return make([]string, len(labelColumns))
	}
	return []string{l.Text, l.Actor, strings.Join(l.Concepts, " "), strconv.Itoa(l.Confidence), l.Basis, l.Match, l.Source, l.SourceHash}
}

var labelColumns = [...]string{"label", "actor", "concepts", "confidence", "basis", "match", "source", "source_hash"}

// Stamps say what a row rests on: rows get copied out of their file.
var (
	stampColumns = append([]string{"network", "method", "direction"}, ledgerColumns[:]...)
	basisColumns = append([]string{"network"}, ledgerColumns[:]...)

	ledgerColumns = [...]string{"ledger_height", "ledger_hash", "ledger_start", "ledger_partial", "warnings"}
)

func stampCells(t *goshawk.Trace, method string, warnings []string) []string {
	return append([]string{t.Network, method, t.Direction}, ledgerCells(t.Ledger, warnings)...)
}

func basisCells(b *Basis) []string {
	if b.Network == "" {
		return make([]string, len(basisColumns))
	}
	return append([]string{b.Network}, ledgerCells(b.Ledger, b.Warnings)...)
}

func ledgerCells(l goshawk.TracePoint, warnings []string) []string {
	return []string{cellHeight(l.Height), l.Hash.String(), cellHeight(l.Start), strconv.FormatBool(l.Partial), strings.Join(warnings, "; ")}
}

// TraceCSV writes a trace's ends as a table. Amounts are in the smallest unit;
// empty cells are what does not exist or is not known. Every row names the
// method, what of the chain the ledger holds, and the warnings.
func TraceCSV(w io.Writer, t *goshawk.Trace) error {
	head := append([]string{"kind", "tx", "out", "address", "amount", "hops", "height", "time"}, labelColumns[:]...)
	out := newTable(w, append(head, append([]string{"sweep", "candidates", "note"}, stampColumns...)...)...)
	stamp := stampCells(t, t.Method, t.Warnings)
	for i := range t.Ends {
		e := &t.Ends[i]
		row := []string{string(e.Kind), e.Tx.String(), cellOut(e.Out), cellText(e.Address), cellUnits(e.Amount), strconv.Itoa(e.Hops), cellHeight(e.Height), cellTime(e.Time)}
		row = append(row, labelCells(e.Label)...)
		row = append(row, cellHash(e.Sweep), cellCandidates(e), e.Note)
		out.put(append(row, stamp...)...)
	}
	return out.finish()
}

// TraceFlowsCSV writes the coins that a trace passed through as a table.
func TraceFlowsCSV(w io.Writer, t *goshawk.Trace) error {
	out := newTable(w, append([]string{"tx", "out", "address", "amount", "value", "hops", "height", "time", "spender"}, stampColumns...)...)
	stamp := stampCells(t, t.Method, t.Warnings)
	for i := range t.Flows {
		f := &t.Flows[i]
		row := []string{f.Tx.String(), strconv.FormatUint(uint64(f.Out), 10), f.Address, f.Amount.Dec(), f.Value.Dec(), strconv.Itoa(f.Hops), cellHeight(f.Height), cellTime(f.Time), cellHash(f.Spender)}
		out.put(append(row, stamp...)...)
	}
	return out.finish()
}

// ComparisonCSV writes each end's amount under every method as a table. An amount
// is empty where a method does not reach the end; where it does, and nobody can
// say with how much, the column unknown names the method. Of an end that no
// method claims, least, most and agree are empty.
func ComparisonCSV(w io.Writer, c *goshawk.Comparison) error {
	head := []string{"kind", "tx", "out", "address"}
	for _, t := range c.Traces {
		head = append(head, t.Method)
	}
	head = append(head, "unknown", "least", "most", "agree")
	out := newTable(w, append(append(head, labelColumns[:]...), stampColumns...)...)
	for i := range c.Ends {
		e := &c.Ends[i]
		row := []string{string(e.Kind), e.Tx.String(), cellOut(e.Out), cellText(e.Address)}
		for k := range c.Traces {
			row = append(row, cellUnits(amountBy(e, k)))
		}
		agree := ""
		if e.Most != nil {
			agree = strconv.FormatBool(agrees(e))
		}
		row = append(row, strings.Join(unknownBy(c, e), " "), cellUnits(e.Least), cellUnits(e.Most), agree)
		row = append(row, labelCells(e.Label)...)
		if len(c.Traces) > 0 {
			row = append(row, stampCells(c.Traces[0], strings.Join(ran(c), " "), comparedWarnings(c))...)
		}
		out.put(row...)
	}
	return out.finish()
}

// FindingsCSV writes findings as a table, one row for each part.
func FindingsCSV(w io.Writer, f *Findings) error {
	head := []string{"kind", "rule", "statement", "confidence", "tx", "height", "role", "part_tx", "part_out", "part_address", "part_amount"}
	out := newTable(w, append(head, basisColumns...)...)
	stamp := basisCells(&f.Basis)
	for i := range f.Findings {
		x := &f.Findings[i]
		head := []string{x.Kind, x.Rule, x.Statement, x.Confidence, x.Tx.String(), cellHeight(x.Height)}
		if len(x.Parts) == 0 {
			out.put(append(append(head, "", "", "", "", ""), stamp...)...)
		}
		for k := range x.Parts {
			p := &x.Parts[k]
			row := append(head[:6:6], p.Role, cellHash(p.Tx), cellOut(p.Out), p.Address, cellUnits(p.Amount))
			out.put(append(row, stamp...)...)
		}
	}
	return out.finish()
}

// ScreenCSV writes hits as they come, as a table. Every row of a ledger's hits says
// what of the chain it holds. It stops at the first error, which it returns.
func ScreenCSV(w io.Writer, b Basis, hits iter.Seq2[Hit, error]) error {
	head := []string{"tx", "side", "index", "address", "amount", "height", "time"}
	out := newTable(w, append(append(append(head, labelColumns[:]...), "file"), basisColumns...)...)
	stamp := basisCells(&b)
	for h, err := range hits {
		if err != nil {
			out.w.Flush()
			return err
		}
		row := []string{cellHash(h.Tx), h.Side, strconv.FormatUint(uint64(h.Index), 10), h.Address, cellUnits(h.Amount), cellHeight(h.Height), cellTime(h.Time)}
		out.put(append(append(append(row, labelCells(&h.Label)...), h.File), stamp...)...)
		if err := out.w.Error(); err != nil {
			return err
		}
	}
	return out.finish()
}
