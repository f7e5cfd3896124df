package report

import (
	"io"
	"strings"

	"goshawk"
)

// Labels is what the label sources say of one address.
type Labels struct {
	Address string
	Found   []goshawk.Label // best first
}

// LabelsText writes an address's labels for a person to read.
func LabelsText(w io.Writer, l *Labels, s Style) error {
	p := newPage(w, s)
	p.line(p.paint(bold, "Address "+line(l.Address, 400)))
	p.line()
	p.labelList("Label", l.Found)
	return p.b.Flush()
}

func (e *encoder) label(l *goshawk.Label) {
	e.object()
	e.key("label").string(l.Text)
	e.key("actor").text(l.Actor)
	e.key("concepts").strings(l.Concepts)
	e.key("abuse").text(l.Abuse)
	e.key("confidence").int(int64(l.Confidence))
	e.key("confidence_words").string(Confidence(l.Confidence))
	e.key("basis").text(l.Basis)
	e.key("cluster_definer").bool(l.Cluster)
	e.key("reference").text(l.Reference)
	e.key("context").text(l.Context)
	e.key("lastmod").text(l.Modified)
	e.key("match").text(l.Match)
	e.key("source").string(l.Source)
	e.key("source_hash").string(l.SourceHash)
	e.end()
}

func (e *encoder) labels(name string, labels []goshawk.Label) {
	e.key(name).tuple()
	for i := range labels {
		e.label(&labels[i])
	}
	e.end()
}

// labelled writes a label twice: its text, which most readers want, and all that its source says.
func (e *encoder) labelled(l *goshawk.Label) {
	if l == nil {
		e.key("label").null()
		e.key("label_detail").null()
		return
	}
	e.key("label").string(l.Text)
	e.key("label_detail")
	e.label(l)
}

// labelList writes labels, highest confidence first, as they come.
func (p *page) labelList(name string, labels []goshawk.Label) {
	for i := range labels[:min(len(labels), textLabels)] {
		l := &labels[i]
		first := ""
		if i == 0 {
			first = name
		}
		s := labelWords(l)
		if len(l.Concepts) > 0 {
			s += ": " + line(strings.Join(l.Concepts, ", "), 80)
		}
		if l.Abuse != "" {
			s += ", " + line(l.Abuse, 40)
		}
		if l.Reference != "" {
			s += ", see " + line(l.Reference, 200)
		}
		p.field(first, s)
	}
	if n := len(labels) - textLabels; n > 0 {
		p.field("", "and "+goshawk.Count(n, "more label", "more labels"))
	}
}

// tags writes the names that labels give an address.
func (p *page) tags(labels []goshawk.Label) string {
	if len(labels) == 0 {
		return ""
	}
	s := "  [" + line(labels[0].Text, 40) + ", confidence " + Confidence(labels[0].Confidence)
	if len(labels) > 1 {
		s += ", and " + goshawk.Count(len(labels)-1, "more label", "more labels")
	}
	return p.paint(yellow, s+"]")
}
