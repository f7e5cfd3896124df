package records

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"goshawk"
	"goshawk/world"
)

// pack is a TagPack that grows, tag by tag (schema of graphsense-lib). Its file is
// made with its first tag: a pack without tags is none.
type pack struct {
	name, title, about, link string

	file  *bufio.Writer
	under world.File
	parts int
	tags  int // in this part
}

// tag is a label of one address, and what is true of it.
type tag struct {
	address, label, actor string
	concept, abuse, basis string
	link                  string
	cluster               bool
	time                  uint32
	owner                 uint32
	why                   string // it is wrong; empty: it is right
}

// mostTags is how many tags a file has at most, so that no reader has to hold
// more than some 60 MB at once.
const mostTags = 300_000

const folder = "public/labels/"

func (k *pack) add(create world.Create, t *tag) error {
	if k.tags == mostTags {
		if err := k.close(); err != nil {
			return err
		}
	}
	if k.file == nil {
		name, title := k.name, k.title
		if k.parts++; k.parts > 1 {
			name, title = fmt.Sprintf("%s-%d", name, k.parts), fmt.Sprintf("%s, part %d", title, k.parts)
		}
		f, err := create(folder + name + ".yaml")
		if err != nil {
			return err
		}
		k.under, k.file, k.tags = f, bufio.NewWriter(f), 0
		k.field("title: ", title)
		k.field("creator: ", k.title)
		k.field("description: ", k.about)
		k.field("source: ", k.link)
		k.file.WriteString("is_public: true\ncurrency: BTC\ntags:\n")
	}
	k.tags++
	k.field("- address: ", t.address)
	k.field("  label: ", t.label)
	k.field("  actor: ", t.actor)
	k.field("  category: ", t.concept)
	k.field("  abuse: ", t.abuse)
	k.field("  confidence: ", t.basis)
	k.field("  source: ", t.link)
	if t.cluster {
		k.file.WriteString("  is_cluster_definer: true\n")
	}
	k.file.WriteString("  lastmod: ")
	k.file.WriteString(day(int64(t.time)))
	return k.file.WriteByte('\n')
}

// field writes a line with a text, none where the text is empty. The writer
// keeps its first error for the next call that looks.
func (k *pack) field(key, text string) {
	if text == "" {
		return
	}
	k.file.WriteString(key)
	k.file.WriteString(scalar(text))
	k.file.WriteByte('\n')
}

// scalar writes a text in YAML: as it is where that is safe, else in quotes.
func scalar(text string) string {
	plain := text[0] >= 'A' && text[0] <= 'Z' || text[0] >= 'a' && text[0] <= 'z'
	for i := 0; i < len(text) && plain; i++ {
		c := text[i]
		plain = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '/' ||
			c == ' ' && i+1 < len(text) || c == '-' || c == ':' && i+1 < len(text) && text[i+1] == '/'
	}
	switch strings.ToLower(text) {
	case "true", "false", "yes", "no", "on", "off", "null", "y", "n":
		plain = false
	}
	if plain {
		return text
	}
	text = strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
	return "'" + strings.ReplaceAll(text, "'", "''") + "'"
}

// close ends the pack's file, if there is one.
func (k *pack) close() error {
	if k.file == nil {
		return nil
	}
	err := k.file.Flush()
	if closed := k.under.Close(); err == nil {
		err = closed
	}
	k.file, k.tags = nil, 0
	return err
}

// actors writes the ActorPack: who the services are, in the words of TagPacks and,
// where they differ, of INTERPOL's taxonomy.
func (p *public) actors(create world.Create) error {
	f, err := create(folder + "actors.yaml")
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	fmt.Fprintf(b, "title: Services\ncreator: Larkspur Analytics\ndescription: Services that the tags speak of.\nlastmod: '%s'\nactors:\n", day(int64(p.time)))
	seats := []string{"MT", "SG", "EE", "LT", "GB", "US", "KY", "SC", "HK"}
	for _, a := range p.known {
		fmt.Fprintf(b, "- id: %s\n  label: %s\n  uri: %s.example\n  categories:\n  - %s\n",
			scalar(slug(a.Name, "_")), scalar(a.Name), slug(a.Name, "-"), a.Role.Concept())
		if entity := a.Role.Entity(); entity != a.Role.Concept() {
			fmt.Fprintf(b, "  - %s\n", entity)
		}
		fmt.Fprintf(b, "  jurisdictions:\n  - '%s'\n", pick(&p.chance, seats))
	}
	if err := b.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// listing is an address on the sanctions list.
type listing struct {
	address, entity, programme string
	time                       uint32
}

// sanctions writes the sanctions list in the form in which the US list is
// published as JSON; one that names nobody is written too: an officer who looks
// must see that nobody is on it. Its entries have no number of that list's: they
// would lead to somebody real.
func (p *public) sanctions(create world.Create, now uint32) error {
	type entry struct {
		Entity  string `json:"entity"`
		Program string `json:"program"`
		Type    string `json:"type"`
		UID     string `json:"uid"`
	}
	type entries struct {
		Type    string  `json:"type"`
		Entries []entry `json:"entries"`
	}
	const kind = "Digital Currency Address - XBT"
	var list struct {
		Metadata struct {
			Date   string `json:"sdnListDate"`
			Source string `json:"source"`
			Total  int    `json:"totalAddresses"`
		} `json:"metadata"`
		Addresses map[string]entries `json:"addresses"` // written in the order of its keys
	}
	list.Addresses = map[string]entries{}
	for i, l := range p.listed {
		at := list.Addresses[l.address]
		at.Type = kind
		at.Entries = append(at.Entries, entry{l.entity, l.programme, kind, fmt.Sprintf("invented-%d", i+1)})
		list.Addresses[l.address] = at
	}
	list.Metadata.Date = time.Unix(int64(now), 0).UTC().Format("01/02/2006")
	list.Metadata.Source, list.Metadata.Total = "Sanctions list of an invented world", len(list.Addresses)
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the sanctions list cannot be written: %w", err)
	}
	f, err := create(folder + "sanctions.json")
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	return f.Close()
}
