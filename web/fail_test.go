package web

import (
	"errors"
	"strings"
	"testing"

	"goshawk"
)

// TestInside: of a fault of the inside nobody is told what it was, and everybody what to do.
func TestInside(t *testing.T) {
	s := newStage(t)
	for _, c := range []struct {
		err    error
		status int
		hint   string
	}{
		{errors.New("disk 10.0.0.7 is full"), 500, "who runs it"},
		{goshawk.Errorf(goshawk.Unavailable, "cannot dial 10.0.0.7").WithHint("look at 10.0.0.7"), 503, "was stored"},
		{goshawk.Errorf(goshawk.Corrupt, "10.0.0.7 lost a page"), 500, "list of ledgers"},
	} {
		p := s.web.problemOf(c.err)
		if p.Status != c.status || p.Detail == "" || !strings.Contains(p.Hint, c.hint) || strings.Contains(p.Detail+p.Hint, "10.0.0.7") {
			t.Errorf("%v: %+v", c.err, p)
		}
	}
}
