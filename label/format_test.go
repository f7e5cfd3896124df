package label

import (
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write golden files anew")

// The bytes in docs/format/labels.md are those that Write writes.
func TestDocumentedFormat(t *testing.T) {
	var sources []*Source
	for _, f := range [][2]string{
		{"pack.yaml", "title: Example\ncategory: exchange\nconfidence: service_data\nis_cluster_definer: true\nlastmod: 2024-05-01\nlabel: Big Exchange\nactor: big\ntags:\n" +
			"- address: 0xD882cFc20F52f2599D84b8e8D58C7FB62cfE344b\n- address: 34xp4vRoCGJym3xR7yCVPFHoCNxv4Twseo\n"},
		{"listed.txt", "1lrxsrd7znuxpjcl5rttnoejfy1y4affyy\n"},
		{"actors.yaml", "actors:\n- id: big\n  label: Big Exchange\n  uri: big.example\n  categories:\n  - organization\n  - exchange\n  jurisdictions:\n  - AT\n"},
	} {
		s, err := Parse(f[0], []byte(f[1]), nil)
		if err != nil {
			t.Fatal(err)
		}
		s.Imported = "2026-11-22"
		sources = append(sources, s)
	}
	data, err := build(sources)
	if err != nil {
		t.Fatal(err)
	}
	const path = "../docs/format/labels.md"
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "<!-- example -->\n")
	_, after, ok2 := strings.Cut(rest, "<!-- end -->\n")
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the example", path)
	}
	want := before + "<!-- example -->\n\n```\n" + annotate(data) + "```\n\n<!-- end -->\n" + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(page) != want {
		t.Errorf("the example of %s is not what the program writes; run go test ./label -run Documented -update and look at the difference", path)
	}
}

// annotate writes a store's bytes with what they are.
func annotate(data []byte) string {
	var b strings.Builder
	line := func(offset, n int, what string, args ...any) {
		text := fmt.Sprintf(what, args...)
		for i := 0; i < n; i += 16 {
			bytes := fmt.Sprintf("% x", data[offset+i:offset+min(i+16, n)])
			b.WriteString(strings.TrimRight(fmt.Sprintf("%04x  %-48s %s", offset+i, bytes, text), " ") + "\n")
			text = ""
		}
	}
	le := binary.LittleEndian
	line(0, 8, "magic")
	line(8, 4, "version")
	line(12, 4, "keys that are addresses")
	line(16, 8, "size: %d", le.Uint64(data[16:]))
	line(24, 4, "CRC-32C")
	line(28, 4, "")
	names := [sections]string{"slots", "key ends", "key rows", "keys", "rows", "profiles", "sources", "actors", "text ends", "texts"}
	for i, name := range names {
		line(32+16*i, 16, "%s: at %#x, %d bytes", name, le.Uint64(data[32+16*i:]), le.Uint64(data[40+16*i:]))
	}
	s, err := Open(data)
	if err != nil {
		return err.Error()
	}
	for i, name := range names {
		at, length := int(le.Uint64(data[32+16*i:])), int(le.Uint64(data[40+16*i:]))
		fmt.Fprintf(&b, "\n%s\n", name)
		switch i {
		case secKeys:
			for k := range s.keys() {
				line(at, len(s.key(k)), "%s", s.key(k))
				at += len(s.key(k))
			}
		case secTexts:
			for n := range len(s.part[secTextEnds]) / 4 {
				text := s.text(n)
				line(at, len(text), "%d: %s", n, strings.ReplaceAll(text, "\n", " | "))
				at += len(text)
			}
		default:
			size := map[int]int{secSlots: 8, secKeyEnds: 4, secKeyRows: 4, secRows: 8, secProfiles: 48, secSources: 48, secActors: 24, secTextEnds: 4}[i]
			for n := 0; n < length; n += size {
				line(at+n, size, "%d%s", n/size, meaning(s, i, n/size))
			}
		}
	}
	return b.String()
}

// meaning says what entry n of a section is.
func meaning(s *Store, section, n int) string {
	switch section {
	case secSlots:
		if slot := binary.LittleEndian.Uint64(s.part[secSlots][slotSize*n:]); slot != 0 {
			return fmt.Sprintf(": key %d", uint32(slot)-1)
		}
		return ""
	case secKeyEnds, secKeyRows, secTextEnds:
		return fmt.Sprintf(": %d", u32(s.part[section], n))
	case secRows:
		return fmt.Sprintf(": profile %d, address %d", u32(s.part[section], 2*n), u32(s.part[section], 2*n+1))
	case secProfiles:
		return ": " + s.profile(n).Text
	case secSources:
		return ": " + s.source(n).Name
	case secActors:
		return ": " + s.actor(n).ID
	default:
		return ""
	}
}
