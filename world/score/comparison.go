package score

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ComparisonText writes a comparison for a person to read.
func ComparisonText(w io.Writer, c *Comparison) error {
	p := bufio.NewWriter(w)
	fmt.Fprintf(p, "Compared with real blocks of %s\n\n", c.Era)
	wide := 0
	for i := range c.Rows {
		wide = max(wide, utf8.RuneCountInString(c.Rows[i].Text))
	}
	fmt.Fprintf(p, "        %s  %9s  %8s  %s\n", pad("", wide), "measured", "wanted", "range")
	failed := 0
	for i := range c.Rows {
		r := &c.Rows[i]
		verdict, within := "", "none"
		if r.Target {
			verdict, within = "ok", r.bound(r.Low)+" to "+r.bound(r.High)
		}
		if !r.Pass() {
			verdict = "FAIL"
			failed++
		}
		fmt.Fprintf(p, "  %-4s  %s  %9s  %8s  %s\n", verdict, pad(r.Text, wide), r.text(r.Measured), r.text(r.Wanted), within)
	}
	if failed > 0 {
		fmt.Fprintf(p, "\n%d of %d figures are out of range.\n", failed, len(c.Rows))
	} else {
		fmt.Fprint(p, "\nAll figures are within their ranges.\n")
	}
	return p.Flush()
}

// text writes one of a row's figures for people.
func (r *Row) text(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	s := strconv.FormatFloat(v, 'f', r.digits, 64)
	if r.Percent {
		s += " %"
	}
	return s
}

// bound writes an end of a row's range, which may lie between whole numbers.
func (r *Row) bound(v float64) string {
	precise := *r
	precise.digits = max(1, r.digits)
	return precise.text(v)
}

func pad(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}

// MarshalJSON writes a row as name, unit (percent or null), measured, wanted, low,
// high and pass. What is not known or not asked is null.
func (r Row) MarshalJSON() ([]byte, error) {
	unit, low, high := "null", "null", "null"
	if r.Percent {
		unit = `"percent"`
	}
	if r.Target {
		low, high = decimal(r.Low), decimal(r.High)
	}
	return fmt.Appendf(nil, `{"name": %s, "unit": %s, "measured": %s, "wanted": %s, "low": %s, "high": %s, "pass": %t}`,
		quote(r.Name), unit, decimal(r.Measured), decimal(r.Wanted), low, high, r.Pass()), nil
}

// decimal writes a figure in JSON, with at most six digits after the point; NaN as null.
func decimal(v float64) string {
	if math.IsNaN(v) {
		return "null"
	}
	s := strconv.FormatFloat(v, 'f', 6, 64)
	s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}
