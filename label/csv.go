package label

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"goshawk"
)

// csvField returns the field of a tag that a column of this name means, or "".
func csvField(name string) string {
	name = strings.ToLower(strings.TrimSpace(name))
	name = strings.NewReplacer("_", "", "-", "", " ", "").Replace(name)
	switch name {
	case "address", "addr", "walletaddress", "cryptoaddress", "btcaddress":
		return "address"
	case "label", "name", "entity", "owner", "tag":
		return "label"
	case "category", "concept", "type":
		return "category"
	case "concepts":
		return "concepts"
	case "abuse":
		return "abuse"
	case "confidence", "confidencelevel":
		return "confidence"
	case "source", "reference", "link", "url":
		return "source"
	case "actor":
		return "actor"
	case "network", "chain", "blockchain":
		return "network"
	case "currency", "asset", "ticker", "coin", "symbol":
		return "currency"
	case "lastmod", "lastmodified", "modified", "updated", "date":
		return "lastmod"
	case "context", "note", "notes", "comment", "description":
		return "context"
	case "isclusterdefiner", "clusterdefiner", "cluster":
		return "is_cluster_definer"
	default:
		return ""
	}
}

// csvColumns reads the line that names a CSV file's columns: the field of each
// column, "" for those that mean nothing here. It returns nil unless at least
// address is among two or more of them.
func csvColumns(line string) []string {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = csvComma(line)
	names, err := r.Read()
	if err != nil || len(names) < 2 {
		return nil
	}
	columns := make([]string, len(names))
	for i, name := range names {
		columns[i] = csvField(name)
	}
	if !contains(columns, "address") {
		return nil
	}
	return columns
}

// csvComma returns the sign that separates the columns: the most frequent of
// comma, semicolon and tab in the first line.
func csvComma(line string) rune {
	comma := ','
	for _, c := range ";\t" {
		if strings.Count(line, string(c)) > strings.Count(line, string(comma)) {
			comma = c
		}
	}
	return comma
}

// readCSV reads a file whose first line names its columns. address and label are
// needed, the others are a tag's; confidence is a number from 0 to 100 or the id
// of a TagPack level.
func (s *Source) readCSV(data []byte) error {
	r := csv.NewReader(bytes.NewReader(data))
	r.Comment = '#'
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	r.TrimLeadingSpace = true
	var columns []string
	for rest := data; columns == nil && len(rest) > 0; {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			r.Comma = csvComma(string(line))
			columns = csvColumns(string(line))
		}
	}
	if !contains(columns, "label") {
		return goshawk.Errorf(goshawk.Invalid, "%s has no column named label", s.Name).
			WithHint("name the columns in the first line: address,label and as wanted category,confidence,source,actor,network,currency,lastmod")
	}
	for i, c := range columns {
		if c != "" && contains(columns[:i], c) {
			return goshawk.Errorf(goshawk.Invalid, "%s has two columns that mean %s", s.Name, c).WithHint("rename one of them")
		}
	}
	if _, err := r.Read(); err != nil {
		return goshawk.Errorf(goshawk.Invalid, "%s: its first line cannot be read: %w", s.Name, err).WithHint("name the columns in the first line: address,label,…")
	}
	unsure := 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			s.leaveOutUnread(err)
			continue
		}
		line, _ := r.FieldPos(0)
		if s.csvLabel(columns, record, line) {
			unsure++
		}
	}
	if unsure > 0 {
		s.warn(0, "%s no confidence: it is %d then, as of a trusted provider; a column confidence sets it", goshawk.Count(unsure, "label names", "labels name"), userLevel)
	}
	return nil
}

// leaveOutUnread warns of a record that is not CSV. One quotation mark too many
// takes in the lines behind it.
func (s *Source) leaveOutUnread(err error) {
	e, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		s.leaveOut(0, "a line cannot be read: %v", err)
		return
	}
	if e.Line > e.StartLine {
		s.LeftOut += e.Line - e.StartLine
		s.leaveOut(e.StartLine, "this line and what follows it up to line %d cannot be read: %v", e.Line, e.Err)
		return
	}
	s.leaveOut(e.StartLine, "this line cannot be read: %v", e.Err)
}

// csvLabel reads one record and reports whether its label names no confidence.
func (s *Source) csvLabel(columns, record []string, line int) (unsure bool) {
	if len(record) > len(columns) {
		s.leaveOut(line, "this line has %d columns, the first line names %d", len(record), len(columns))
		return false
	}
	var t tag
	for i, text := range record {
		f := field{key: columns[i], text: text, line: line}
		switch f.key {
		case "":
		case "confidence":
			if !s.csvConfidence(&t, text, line) {
				return false
			}
		case "concepts":
			f.isList, f.list = true, strings.FieldsFunc(text, func(r rune) bool { return r == ';' || r == '|' || r == ',' })
			s.set(&t, &f)
		default:
			s.set(&t, &f)
		}
	}
	address, ok := s.address(t.label.Address, line)
	if !ok {
		return false
	}
	if t.label.Text == "" {
		s.leaveOut(line, "the address %s has no label", address)
		return false
	}
	t.label.Address = strings.Clone(address) // not the whole record
	if why := s.impossible(&t.label); why != "" {
		s.leaveOut(line, "%s", why)
		return false
	}
	t.join()
	if !t.hasBasis {
		t.label.Confidence = userLevel
	}
	s.newest(t.label.Modified)
	s.Labels = append(s.Labels, t.label)
	return !t.hasBasis
}

// csvConfidence reads a number from 0 to 100 or a level's id.
func (s *Source) csvConfidence(t *tag, text string, line int) bool {
	text = strings.TrimSpace(text)
	n, err := strconv.Atoi(text)
	if err != nil {
		s.confidence(t, text, line)
		return true
	}
	if n < 0 || n > 100 {
		s.leaveOut(line, "the confidence %d is not between 0 and 100", n)
		return false
	}
	t.label.Confidence, t.hasBasis = n, true
	return true
}
