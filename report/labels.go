package report

import (
	"io"

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
