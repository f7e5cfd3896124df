package label

import (
	"iter"
	"strings"

	"goshawk"
)

// load turns a pack's header and entries into labels or actors.
func (s *Source) load(key string, header []field, entries iter.Seq[entry]) error {
	switch key {
	case "tags":
		s.Format = FormatTagPack
	case "actors":
		s.Format = FormatActorPack
	default:
		return goshawk.Errorf(goshawk.Unsupported, "%s has neither a list of tags: nor of actors:", s.Name).WithHint("%s", formatsHint)
	}
	for _, f := range header {
		switch f.key {
		case "title":
			s.Title = clean(f.text, maxText)
		case "lastmod":
			if day, ok := date(f.text); ok {
				s.newest(day)
			}
		}
	}
	if key == "actors" {
		s.loadActors(entries)
		return nil
	}
	s.loadTags(header, entries)
	return nil
}

// tag is a label in the making. Category and concepts may come from the header
// one by one, so they are joined last.
type tag struct {
	label    goshawk.Label
	category string
	concepts []string
	hasBasis bool
	tx       bool
}

// loadTags reads a TagPack's tags. A tag inherits every field that it does not
// have from the header (TagPack schema, graphsense-lib).
func (s *Source) loadTags(header []field, entries iter.Seq[entry]) {
	var base tag
	base.label.Confidence = unknownLevel
	for i := range header {
		if k := header[i].key; k == "address" || k == "tx_hash" {
			continue
		}
		s.set(&base, &header[i])
	}
	base.join()
	unsure := 0
	for e := range entries {
		if e.err != nil {
			s.leaveOut(e.line, "this tag cannot be read: %v", e.err)
			continue
		}
		t := base
		own := false // whether it has concepts of its own
		for i := range e.fields {
			f := &e.fields[i]
			s.set(&t, f)
			own = own || f.key == "category" || f.key == "concepts"
		}
		if t.tx && t.label.Address == "" {
			s.Skipped++
			continue
		}
		address, ok := s.address(t.label.Address, e.line)
		if !ok {
			continue
		}
		t.label.Address = address
		if t.label.Text == "" {
			s.leaveOut(e.line, "the tag of %s has no label", address)
			continue
		}
		s.keepImpossible(&t.label, e.line)
		if own {
			t.join()
		}
		if !t.hasBasis {
			unsure++
		}
		s.newest(t.label.Modified)
		s.Labels = append(s.Labels, t.label)
	}
	if s.Skipped > 0 {
		s.warn(0, "%s a transaction instead of an address; that is left out", goshawk.Count(s.Skipped, "tag names", "tags name"))
	}
	if unsure > 0 {
		s.warn(0, "%s no confidence: it is %d then, the level of unknown", goshawk.Count(unsure, "tag names", "tags name"), unknownLevel)
	}
}

// join puts the label's concepts together, its category first.
func (t *tag) join() {
	t.label.Concepts = nil
	if t.category != "" {
		t.label.Concepts = append(t.label.Concepts, t.category)
	}
	for _, c := range t.concepts {
		if c != t.category {
			t.label.Concepts = append(t.label.Concepts, c)
		}
	}
}

// set puts one field of a header or a tag into the label.
func (s *Source) set(t *tag, f *field) {
	l := &t.label
	switch f.key {
	case "address":
		l.Address = f.text
	case "tx_hash":
		t.tx = f.text != ""
	case "label":
		l.Text = clean(f.text, maxText)
	case "source":
		l.Reference = clean(f.text, maxText)
	case "currency":
		l.Currency = clean(f.text, maxText)
	case "network":
		l.Network = clean(f.text, maxText)
	case "context":
		l.Context = clean(f.text, maxContext)
	case "actor":
		l.Actor = clean(f.text, maxText)
	case "abuse":
		l.Abuse = concept(f.text)
	case "category":
		t.category = concept(f.text)
	case "concepts":
		t.concepts = concepts(f)
	case "is_cluster_definer":
		switch strings.ToLower(strings.TrimSpace(f.text)) {
		case "true", "yes", "on":
			l.Cluster = true
		case "false", "no", "off", "":
			l.Cluster = false
		default:
			s.warn(f.line, "is_cluster_definer is %q, neither true nor false, and counts as false", clean(f.text, 40))
			l.Cluster = false
		}
	case "confidence":
		s.confidence(t, f.text, f.line)
	case "lastmod":
		day, ok := date(f.text)
		if !ok && f.text != "" {
			s.warn(f.line, "lastmod is %q, which is no date", clean(f.text, 40))
		}
		l.Modified = day
	}
}

// confidence sets a label's confidence by the level's id.
func (s *Source) confidence(t *tag, text string, line int) {
	id := concept(text)
	if id == "" {
		return
	}
	value, ok := level(id)
	if !ok {
		s.warn(line, "the confidence %q is no level of the TagPack taxonomy and counts as unknown (%d)", clean(text, 40), unknownLevel)
		value = unknownLevel
	}
	t.label.Confidence, t.label.Basis, t.hasBasis = value, id, true
}

// concepts returns the ids of a field's list, each once.
func concepts(f *field) []string {
	list := f.list
	if !f.isList && f.text != "" {
		list = []string{f.text}
	}
	var ids []string
	for _, text := range list {
		if id := concept(text); id != "" && !contains(ids, id) && len(ids) < 32 {
			ids = append(ids, id)
		}
	}
	return ids
}

func contains(list []string, text string) bool {
	for _, s := range list {
		if s == text {
			return true
		}
	}
	return false
}

// loadActors reads an ActorPack's actors.
func (s *Source) loadActors(entries iter.Seq[entry]) {
	seen := map[string]bool{}
	for e := range entries {
		if e.err != nil {
			s.leaveOut(e.line, "this actor cannot be read: %v", e.err)
			continue
		}
		var a Actor
		for i := range e.fields {
			f := &e.fields[i]
			switch f.key {
			case "id":
				a.ID = clean(f.text, maxText)
			case "label":
				a.Label = clean(f.text, maxText)
			case "uri":
				a.URI = clean(f.text, maxText)
			case "categories":
				a.Categories = concepts(f)
			case "jurisdictions":
				a.Jurisdictions = jurisdictions(f)
			case "lastmod":
				if day, ok := date(f.text); ok {
					s.newest(day)
				}
			}
		}
		switch {
		case a.ID == "":
			s.leaveOut(e.line, "this actor has no id")
			continue
		case seen[a.ID]:
			s.warn(e.line, "the actor %q is there twice; the first one counts", a.ID)
			continue
		case a.Label == "":
			a.Label = a.ID
		}
		seen[a.ID] = true
		s.Actors = append(s.Actors, a)
	}
}

// jurisdictions returns the countries of a field's list in capitals.
func jurisdictions(f *field) []string {
	var codes []string
	for _, text := range f.list {
		if code := strings.ToUpper(clean(text, 40)); code != "" && len(codes) < 300 {
			codes = append(codes, code)
		}
	}
	return codes
}
