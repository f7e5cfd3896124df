package label

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"goshawk"
)

// What every entry of a sanctions list says of an address.
const abuseSanction = "sanction"

// sanctionsEntry is one listing of an address. The list's currency code names
// the asset that the authority had in mind, not a chain: one address is often
// listed under several.
type sanctionsEntry struct {
	Entity  string   `json:"entity"`
	Program string   `json:"program"`
	Type    string   `json:"type"`
	UID     string   `json:"uid"`
	AKAs    []string `json:"akas"`
}

// readSanctions reads the US list of sanctioned addresses as its publisher
// writes it in JSON: {"metadata": …, "addresses": {address: {"entries": […]}}}.
// Each entry becomes one label.
func (s *Source) readSanctions(data []byte) error {
	broken := func(line int, err error) error {
		return goshawk.Errorf(goshawk.Invalid, "%s:%d: the sanctions list cannot be read: %w", s.Name, line, err).
			WithHint("fetch it again; it has to be one JSON object with an object \"addresses\"")
	}
	d := json.NewDecoder(bytes.NewReader(data))
	lines := lineCounter{data: data, line: 1}
	if _, err := d.Token(); err != nil {
		return broken(1, err)
	}
	found := false
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return broken(lines.at(d.InputOffset()), err)
		}
		switch t {
		case "metadata":
			var m struct {
				Title string `json:"source"`
				Date  string `json:"sdnListDate"`
			}
			if err := d.Decode(&m); err != nil {
				return broken(lines.at(d.InputOffset()), err)
			}
			s.Title = clean(m.Title, maxText)
			if t, err := time.Parse("01/02/2006", m.Date); err == nil {
				s.Date = t.Format(time.DateOnly)
			}
		case "addresses":
			found = true
			if t, err := d.Token(); err != nil || t != json.Delim('{') {
				return goshawk.Errorf(goshawk.Invalid, "%s: its addresses are no JSON object", s.Name).WithHint("%s", formatsHint)
			}
			for d.More() {
				t, err := d.Token()
				if err != nil {
					return broken(lines.at(d.InputOffset()), err)
				}
				line := lines.at(d.InputOffset())
				var raw json.RawMessage
				if err := d.Decode(&raw); err != nil {
					return broken(lines.at(d.InputOffset()), err)
				}
				address, _ := t.(string) // an object's keys are texts
				s.sanctioned(address, raw, line)
			}
			if _, err := d.Token(); err != nil {
				return broken(lines.at(d.InputOffset()), err)
			}
		default:
			var skipped json.RawMessage
			if err := d.Decode(&skipped); err != nil {
				return broken(lines.at(d.InputOffset()), err)
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return broken(lines.at(d.InputOffset()), err)
	}
	if !found {
		return goshawk.Errorf(goshawk.Unsupported, "%s is JSON without \"addresses\"", s.Name).WithHint("%s", formatsHint)
	}
	return nil
}

// sanctioned reads one address's entries.
func (s *Source) sanctioned(address string, raw []byte, line int) {
	var listed struct {
		Entries []sanctionsEntry `json:"entries"`
	}
	if err := json.Unmarshal(raw, &listed); err != nil {
		s.leaveOut(line, "this address's entries cannot be read: %v", err)
		return
	}
	address, ok := s.address(address, line)
	if !ok {
		return
	}
	if len(listed.Entries) == 0 {
		s.leaveOut(line, "the address %s has no entry", address)
	}
	for _, e := range listed.Entries {
		if strings.TrimSpace(e.Entity) == "" {
			s.leaveOut(line, "an entry of the address %s names no entity", address)
			continue
		}
		l := goshawk.Label{Address: address, Text: clean(e.Entity, maxText), Abuse: abuseSanction,
			Confidence: authorityLevel, Basis: authorityData}
		if _, code, ok := strings.Cut(e.Type, " - "); ok {
			l.Currency = clean(code, maxText)
		}
		var context []string
		if e.Program != "" {
			context = append(context, "programme "+e.Program)
		}
		if len(e.AKAs) > 0 {
			context = append(context, "also known as "+strings.Join(e.AKAs, "; "))
		}
		l.Context = clean(strings.Join(context, "; "), maxContext)
		if digits.MatchString(e.UID) {
			l.Reference = "https://sanctionssearch.ofac.treas.gov/Details.aspx?id=" + e.UID
		}
		s.keepImpossible(&l, line)
		s.Labels = append(s.Labels, l)
	}
}

var (
	digits = regexp.MustCompile(`^[0-9]{1,12}$`)
	// ofacFile is how the list of one currency is named by its publisher.
	ofacFile = regexp.MustCompile(`^sanctioned_addresses_([A-Z0-9]{2,8})\.txt$`)
)

// readList reads one address a line. A file named as the sanctions list's parts
// are is such a part; any other list's addresses are labelled with its name.
func (s *Source) readList(data []byte) {
	l := goshawk.Label{Confidence: userLevel}
	m := ofacFile.FindStringSubmatch(s.Name)
	published := m != nil
	if published {
		l = goshawk.Label{Text: "OFAC sanctioned digital currency address", Abuse: abuseSanction,
			Confidence: authorityLevel, Basis: authorityData, Currency: m[1]}
		s.Title = "OFAC sanctioned addresses, " + m[1]
	} else {
		name := s.Name
		if dot := strings.LastIndexByte(name, '.'); dot > 0 {
			name = name[:dot]
		}
		l.Text = "listed in " + name
	}
	for line := 1; len(data) > 0; line++ {
		var text []byte
		text, data, _ = bytes.Cut(data, []byte("\n"))
		text, _, _ = bytes.Cut(text, []byte("#"))
		if text = bytes.TrimSpace(text); len(text) == 0 {
			continue
		}
		if bytes.ContainsAny(text, " \t,;<>\"'{}") {
			s.leaveOut(line, "%q is no address: a list has one address a line", clean(string(text), 60))
			continue
		}
		var ok bool
		if l.Address, ok = s.address(string(text), line); !ok {
			continue
		}
		if published {
			s.keepImpossible(&l, line)
		} else if why := s.impossible(&l); why != "" {
			s.leaveOut(line, "%s", why)
			continue
		}
		s.Labels = append(s.Labels, l)
	}
}

// lineCounter turns growing offsets into line numbers.
type lineCounter struct {
	data []byte
	done int64
	line int
}

func (c *lineCounter) at(offset int64) int {
	c.line += bytes.Count(c.data[c.done:offset], []byte("\n"))
	c.done = offset
	return c.line
}
