package report

import (
	"io"

	"goshawk"
)

// Labels is what the label sources say of one address.
type Labels struct {
	Address string
	Found   []goshawk.Label // best first
	Sources []goshawk.LabelSource
}

// LabelsText writes an address's labels, or the sources' list if there is no
// address, for a person to read.
func LabelsText(w io.Writer, l *Labels, s Style) error {
	p := newPage(w, s)
	if l.Address != "" {
		p.line(p.paint(bold, "Address "+line(l.Address, 400)))
		p.line()
		p.labelList("Label", l.Found)
		return p.b.Flush()
	}
	for i := range l.Sources {
		src := &l.Sources[i]
		p.field(src.Date, line(src.Source, 80)+", "+plural(uint64(src.Labels), "label", "labels"))
	}
	return p.b.Flush()
}
