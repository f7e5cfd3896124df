package label

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"goshawk"
)

// MaxFile is the size in bytes of the largest file that Read accepts.
const MaxFile = 256 << 20

// Formats that Read tells apart by their content.
const (
	FormatTagPack   = "tagpack"
	FormatActorPack = "actorpack"
	FormatSanctions = "sanctions" // the sanctions list as JSON
	FormatList      = "list"      // one address a line
	FormatCSV       = "csv"
)

// Source is one file of labels as it was read, and what could not be read of it.
type Source struct {
	Name     string // of the file, without its folder
	Hash     string // SHA-256 of its bytes, hexadecimal
	Date     string // the day that the file says it is of, as YYYY-MM-DD; may be empty
	Title    string
	Format   string
	Count    int    // labels that it holds, or did before it was superseded
	Imported string // when it came into the store, as YYYY-MM-DD; the caller's clock
	// Superseded says that a later version of the same file took its place: it
	// is listed, and holds no labels any more.
	Superseded bool

	Labels   []goshawk.Label
	Actors   []Actor
	Skipped  int       // tags that name a transaction instead of an address, which are left out
	LeftOut  int       // labels and actors that are left out because they cannot be read; the warnings say which
	Warnings []Warning // in the file's order, at most maxWarnings
	Omitted  int       // warnings beyond those

	check CheckAddress // nil: addresses are not tried
}

// CheckAddress tells whether a text has the form of an address that can be tried,
// of whichever network, and what is wrong with it if it can be nobody's. ticker is
// what its source calls the asset or the network, or "".
type CheckAddress func(text, ticker string) (known bool, err error)

// Actor is who stands behind labels: an entry of an ActorPack.
type Actor struct {
	ID            string   `json:"id"`
	Label         string   `json:"label"`
	URI           string   `json:"uri,omitempty"`
	Categories    []string `json:"categories,omitempty"`    // TagPack concepts
	Jurisdictions []string `json:"jurisdictions,omitempty"` // countries, ISO 3166
	Source        string   `json:"source"`                  // the ActorPack's file name
}

// Warning is a part of a file that could not be read or looks wrong; the rest was
// read. It says whether the part is left out.
type Warning struct {
	Line int // counted from 1; 0 where it concerns the whole file
	Text string
}

const maxWarnings = 100

func (s *Source) warn(line int, format string, args ...any) {
	if len(s.Warnings) == maxWarnings {
		s.Omitted++
		return
	}
	s.Warnings = append(s.Warnings, Warning{Line: line, Text: fmt.Sprintf(format, args...)})
}

// leaveOut warns of a label or actor that is left out.
func (s *Source) leaveOut(line int, format string, args ...any) {
	s.LeftOut++
	s.warn(line, format+"; it is left out", args...)
}

// LabelSource returns how answers name the file.
func (s *Source) LabelSource() goshawk.LabelSource {
	return goshawk.LabelSource{Source: s.Name, Hash: s.Hash, Date: s.Date, Labels: s.Count}
}

// Report writes the warnings as people read them: file, line and what is wrong.
func (s *Source) Report() []string {
	var lines []string
	for _, w := range s.Warnings {
		if w.Line == 0 {
			lines = append(lines, s.Name+": "+w.Text)
			continue
		}
		lines = append(lines, fmt.Sprintf("%s:%d: %s", s.Name, w.Line, w.Text))
	}
	if s.Omitted > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more of these", s.Name, s.Omitted))
	}
	return lines
}

// Known reports whether a file's name is one that files of labels carry, for
// walking a folder that holds other things beside them.
func Known(name string) bool {
	for _, ending := range []string{".yaml", ".yml", ".json", ".csv", ".tsv", ".txt"} {
		if strings.HasSuffix(strings.ToLower(name), ending) {
			return true
		}
	}
	return false
}

// Read reads one file of labels in any of the formats, which it tells by the
// content. name is the file's name without its folder: labels carry it, and
// lists without a label of their own are labelled with it. Parts it cannot read
// become warnings; a file that holds nothing it can read is an Invalid or
// Unsupported error.
//
// check, unless nil, tries the addresses. Those that can be nobody's are warned
// of. A TagPack or a sanctions list is kept whole, since it is evidence of what
// its publisher said; from a CSV file or a list, which its user can mend, they
// are left out.
func Read(name string, r io.Reader, check CheckAddress) (*Source, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "%s: %w", name, err).WithHint("check that the file can be read")
	}
	return Parse(name, data, check)
}

// Parse is Read for bytes that are in memory already.
func Parse(name string, data []byte, check CheckAddress) (*Source, error) {
	if len(data) > MaxFile {
		return nil, goshawk.Errorf(goshawk.Invalid, "%s is larger than %d MB", name, MaxFile>>20).WithHint("split it into several files")
	}
	sum := sha256.Sum256(data)
	s := &Source{Name: clean(name, maxText), Hash: hex.EncodeToString(sum[:]), check: check}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !utf8.Valid(data) {
		return nil, goshawk.Errorf(goshawk.Invalid, "%s is not UTF-8 text", name).WithHint("save it as UTF-8; labels are read from TagPacks (YAML), sanctions lists (JSON), CSV and lists of addresses")
	}
	if bytes.IndexByte(data, '\r') >= 0 {
		data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
		data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	}
	var err error
	switch detect(data) {
	case FormatSanctions:
		s.Format, err = FormatSanctions, s.readSanctions(data)
	case FormatCSV:
		s.Format, err = FormatCSV, s.readCSV(data)
	case FormatTagPack:
		err = s.readPack(data) // says itself which of the two it is
	case FormatList:
		s.Format = FormatList
		s.readList(data)
	default:
		err = goshawk.Errorf(goshawk.Unsupported, "%s is no file of labels", name).WithHint("%s", formatsHint)
	}
	if err != nil {
		return nil, err
	}
	// A dated sanctions list that names nobody says so: somebody looked.
	nobody := s.Format == FormatSanctions && s.Date != "" && len(s.Warnings) == 0
	if len(s.Labels)+len(s.Actors)+s.Skipped == 0 && !nobody {
		e := goshawk.Errorf(goshawk.Invalid, "%s holds no label that can be read", name)
		if len(s.Warnings) > 0 {
			e = goshawk.Errorf(goshawk.Invalid, "%s holds no label that can be read; line %d: %s", name, s.Warnings[0].Line, s.Warnings[0].Text)
		}
		return nil, e.WithHint("%s", formatsHint)
	}
	s.Count = len(s.Labels)
	for i := range s.Labels {
		s.Labels[i].Source, s.Labels[i].SourceHash = s.Name, s.Hash
	}
	for i := range s.Actors {
		s.Actors[i].Source = s.Name
	}
	return s, nil
}

const formatsHint = "labels are read from TagPacks and ActorPacks (YAML with tags: or actors:), the sanctions list (JSON with addresses), " +
	"CSV whose first line names its columns (address,label,…), and lists with one address a line"

// detect tells a format by its first line that is neither empty nor a comment.
func detect(data []byte) string {
	for len(data) > 0 {
		var line []byte
		line, data, _ = bytes.Cut(data, []byte("\n"))
		line = bytes.TrimSpace(line)
		switch {
		case len(line) == 0 || line[0] == '#':
			continue
		case line[0] == '{':
			return FormatSanctions
		case len(csvColumns(string(line))) > 0:
			return FormatCSV
		case line[0] == '%', bytes.HasPrefix(line, []byte("---")), yamlKey(line) != "":
			return FormatTagPack
		case bytes.ContainsAny(line, " \t,;:{}[]<>\"'"):
			return ""
		default:
			return FormatList
		}
	}
	return ""
}

// Texts of a file end up on screens and in reports, so they are bounded and lose
// what could steer a terminal or reverse the reading direction.
const (
	maxText    = 1000
	maxContext = 4000
	maxAddress = 256
)

// clean trims a text, turns line breaks into spaces and what nobody sees, direction
// marks among it, into a visible sign, and cuts it to at most most bytes.
func clean(text string, most int) string {
	text = strings.TrimSpace(text)
	if plain(text) && len(text) <= most {
		return text
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085':
			return ' '
		case goshawk.Unseen(r):
			return unicode.ReplacementChar
		}
		return r
	}, text)
	if len(text) <= most {
		return text
	}
	cut := most - len("…")
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}

func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

// date returns the day of a date or time as YYYY-MM-DD.
func date(text string) (day string, ok bool) {
	text = strings.TrimSpace(text)
	if len(text) >= 10 {
		if _, err := time.Parse(time.DateOnly, text[:10]); err == nil {
			return text[:10], true
		}
	}
	for _, layout := range []string{"2006/01/02", "01/02/2006", "2 January 2006", "2 Jan 2006"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// newest keeps the latest day that a file names as the file's own.
func (s *Source) newest(day string) {
	if day > s.Date {
		s.Date = day
	}
}

// impossible says why a label's address can be nobody's, "" if it may be somebody's.
func (s *Source) impossible(l *goshawk.Label) string {
	if s.check == nil {
		return ""
	}
	if _, err := s.check(l.Address, cmp.Or(l.Network, l.Currency)); err != nil {
		return err.Error()
	}
	return ""
}

// keepImpossible warns of a label whose address can be nobody's, and which is kept
// as its publisher wrote it.
func (s *Source) keepImpossible(l *goshawk.Label, line int) {
	if why := s.impossible(l); why != "" {
		s.warn(line, "%s; it is kept as it stands, and matches no address", why)
	}
}

// address reads a tag's address. Some sources write a remark behind it.
func (s *Source) address(text string, line int) (string, bool) {
	text = strings.TrimSpace(text)
	first, remark, _ := strings.Cut(text, " ")
	switch {
	case text == "":
		s.leaveOut(line, "there is no address")
		return "", false
	case len(first) > maxAddress:
		s.leaveOut(line, "%q… is too long for an address", first[:40])
		return "", false
	case !plain(first):
		s.leaveOut(line, "%q is no address: it holds characters that none has", first)
		return "", false
	case remark != "":
		s.warn(line, "the address %q has a remark behind it, which is left out", first)
	}
	return first, true
}
