package label

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"goshawk"
)

// Packs are long lists of small mappings. A pack is cut at its list's entries
// first, so that one damaged tag costs that tag and not the file; YAML makes the
// cut exact: no line of an entry's content stands as far left as its dash. Each
// entry whose lines are all plain `key: value` is read here, for the library
// takes 90 bytes of memory for each byte and reads 3 MB a second; it reads
// whatever is not that plain, one entry at a time.
//
// What the library is given is bounded: its time grows with the square of a
// line's length, its stack with the nesting.
const (
	maxEntry   = 1 << 20  // bytes of one entry, or of a file that is not written as a block list
	maxLibrary = 64 << 20 // bytes of one file
	maxLine    = 8 << 10  // bytes of one line
	maxNested  = 64       // levels of brackets or dashes
	maxIndent  = 1000     // columns
)

// field is one entry of a mapping: a text or a list of texts.
type field struct {
	key    string
	text   string
	list   []string
	isList bool
	nested bool // a mapping or something deeper, which no field of a pack that is read here holds
	line   int
}

// entry is one mapping of a pack's list, or why it could not be read.
type entry struct {
	fields []field
	line   int
	err    error
}

// packText is a pack cut at its list's entries.
type packText struct {
	key     string // tags or actors
	header  []chunk
	entries []chunk
}

// chunk is a run of a file's lines.
type chunk struct {
	text []byte
	line int // of its first line, counted from 1
}

// cutPack cuts a pack that has its list in block style; ok is false for other styles.
func cutPack(data []byte) (p packText, ok bool) {
	const none = -1
	inList, indent := false, none
	headerStart, headerLine := 0, 1
	entryStart, entryLine := none, 0
	endEntry := func(end int) {
		if entryStart != none {
			p.entries = append(p.entries, chunk{data[entryStart:end], entryLine})
			entryStart = none
		}
	}
	started := false // past directives and the document's first line
	for pos, number := 0, 1; pos < len(data); number++ {
		end := bytes.IndexByte(data[pos:], '\n') + 1
		if end == 0 {
			end = len(data) - pos
		}
		end += pos
		line := data[pos:end]
		start := pos
		pos = end
		content := bytes.TrimLeft(line, " ")
		column := len(line) - len(content)
		content = bytes.TrimSpace(content)
		if len(content) == 0 || content[0] == '#' {
			continue
		}
		if column == 0 && !started && (content[0] == '%' || string(content) == "---") {
			headerStart, headerLine = end, number+1
			continue
		}
		started = true
		if column == 0 && (bytes.HasPrefix(content, []byte("---")) || bytes.HasPrefix(content, []byte("..."))) {
			return packText{}, false
		}
		dash := content[0] == '-' && (len(content) == 1 || content[1] == ' ')
		if inList {
			switch {
			case indent == none && dash, column == indent && dash:
				indent = column
				endEntry(start)
				entryStart, entryLine = start, number
				continue
			case indent == none:
				return packText{}, false
			case column > 0:
				continue // the entry's, or a fault that costs the entry
			}
			endEntry(start)
			inList = false
			headerStart, headerLine = start, number
		}
		if k := yamlKey(content); column == 0 && (k == "tags" || k == "actors") {
			rest := bytes.TrimSpace(content[len(k)+1:])
			if p.key != "" || len(rest) > 0 && rest[0] != '#' {
				return packText{}, false
			}
			p.key, inList = k, true
			p.header = append(p.header, chunk{data[headerStart:start], headerLine})
		}
	}
	if p.key == "" {
		return packText{}, false
	}
	if inList {
		endEntry(len(data))
	} else {
		p.header = append(p.header, chunk{data[headerStart:], headerLine})
	}
	return p, true
}

// yamlKey returns the plain key that a line starts with, or "".
func yamlKey(line []byte) string {
	for i, c := range line {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_' || i > 0 && '0' <= c && c <= '9':
		case c == ':' && i > 0 && (i+1 == len(line) || line[i+1] == ' '):
			return string(line[:i])
		default:
			return ""
		}
	}
	return ""
}

// mappings reads the mappings of one file.
type mappings struct {
	names   map[string]string // one copy of each text that repeats
	anchors map[string]string // texts that have a name
	left    int               // bytes that the library may still read
}

func newMappings() *mappings {
	return &mappings{names: map[string]string{}, anchors: map[string]string{}, left: maxLibrary}
}

// read reads a chunk that holds a mapping, or a list of one mapping.
func (m *mappings) read(c chunk) entry {
	if fields, ok := plainMapping(c, m.names); ok {
		return entry{fields: fields, line: c.line}
	}
	fields, err := m.any(c)
	return entry{fields: fields, line: c.line, err: err}
}

// plainMapping reads a mapping whose lines are all `key: value`, with values on
// their line and lists of such. ok is false where the library has to read it.
// names keeps one copy of each text that repeats.
func plainMapping(c chunk, names map[string]string) (fields []field, ok bool) {
	column := -1     // of the keys
	listColumn := -1 // of the dashes of the last key's list
	fields = make([]field, 0, 8)
	text, number := c.text, c.line-1
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		number++
		content := bytes.TrimLeft(line, " ")
		at := len(line) - len(content)
		if len(content) == 0 || content[0] == '#' {
			continue
		}
		if column < 0 {
			if bytes.HasPrefix(content, []byte("- ")) {
				inner := bytes.TrimLeft(content[1:], " ")
				at += len(content) - len(inner)
				content = inner
			}
			column = at
		} else if content[0] == '-' && at >= column && len(fields) > 0 {
			last := &fields[len(fields)-1]
			value, fine := plainScalar(content[1:], names)
			if !fine || len(content) < 2 || content[1] != ' ' || last.text != "" || last.nested || value == "" {
				return nil, false
			}
			if last.isList && at != listColumn {
				return nil, false
			}
			last.isList, listColumn = true, at
			last.list = append(last.list, value)
			continue
		}
		if at != column {
			return nil, false
		}
		k := yamlKey(content)
		if k == "" {
			return nil, false
		}
		value, fine := plainScalar(content[len(k)+1:], names)
		if !fine {
			return nil, false
		}
		for i := range fields {
			if fields[i].key == k {
				return nil, false
			}
		}
		fields = append(fields, field{key: intern([]byte(k), names), text: value, line: number})
	}
	return fields, column >= 0
}

// plainScalar reads a value that stands wholly on its line: plain text that
// begins with a letter or digit and holds no sign of YAML's, or quoted text
// without escapes by backslash.
func plainScalar(value []byte, names map[string]string) (string, bool) {
	value = bytes.Trim(value, " ")
	if len(value) == 0 {
		return "", true
	}
	for _, b := range value {
		if b < ' ' || b == 0x7f {
			return "", false
		}
	}
	if !ascii(value) && bytes.ContainsAny(value, "\u0085\u00a0\u2028\u2029\ufeff") {
		return "", false // breaks and blanks of other kinds
	}
	switch first := value[0]; {
	case first == '\'' || first == '"':
		end := len(value) - 1
		if end < 1 || value[end] != first {
			return "", false
		}
		inner := value[1:end]
		if first == '\'' && bytes.IndexByte(inner, first) >= 0 {
			parts := bytes.Split(inner, []byte("''"))
			inner = bytes.Join(parts, []byte("'"))
			if bytes.Count(inner, []byte("'")) != len(parts)-1 {
				return "", false
			}
		} else if bytes.IndexByte(inner, first) >= 0 || first == '"' && bytes.IndexByte(inner, '\\') >= 0 {
			return "", false
		}
		return intern(inner, names), true
	case 'a' <= first && first <= 'z', 'A' <= first && first <= 'Z', '0' <= first && first <= '9', first == '/', first == '(':
		if value[len(value)-1] == ':' || bytes.Contains(value, []byte(": ")) || bytes.Contains(value, []byte(" #")) {
			return "", false
		}
		switch string(value) {
		case "null", "Null", "NULL":
			return "", true
		}
		return intern(value, names), true
	default:
		return "", false
	}
}

func ascii(text []byte) bool {
	for _, c := range text {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// intern returns the text, and the same copy of it where it was seen before.
func intern(text []byte, names map[string]string) string {
	if s, ok := names[string(text)]; ok {
		return s
	}
	s := string(text)
	if len(names) < 1<<16 {
		names[s] = s
	}
	return s
}

// any reads any YAML that holds one mapping, or a list of one.
func (m *mappings) any(c chunk) ([]field, error) {
	if m.left -= len(c.text); m.left < 0 {
		return nil, fmt.Errorf("more than %d MB of the file are not plain lines of key: value", maxLibrary>>20)
	}
	root, err := libraryTree(c)
	if err != nil {
		return nil, err
	}
	if list, ok := root.(*ast.SequenceNode); ok && len(list.Values) == 1 {
		root = list.Values[0]
	}
	return m.fields(root, c.line-1)
}

// libraryTree parses YAML into its tree. Aliases are never expanded, so a small
// file stays small.
func libraryTree(c chunk) (root ast.Node, err error) {
	if len(c.text) > maxEntry {
		return nil, fmt.Errorf("it has more than %d MB without an entry of a block list", maxEntry>>20)
	}
	if err := shallow(c.text); err != nil {
		return nil, err
	}
	defer func() {
		// The library is not ours and has panicked on broken input before.
		if r := recover(); r != nil {
			root, err = nil, fmt.Errorf("it is not valid YAML")
		}
	}()
	file, err := parser.ParseBytes(c.text, 0)
	if err != nil {
		return nil, fmt.Errorf("it is not valid YAML: %s", firstLine(err.Error()))
	}
	for _, doc := range file.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.DirectiveType {
			return doc.Body, nil
		}
	}
	return nil, fmt.Errorf("it is empty")
}

// firstLine returns the reason from a library's error, which goes on with an
// excerpt of the text.
func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if _, reason, ok := strings.Cut(line, "] "); ok && strings.HasPrefix(line, "[") {
		line = reason // without the position inside the entry
	}
	return clean(line, maxText)
}

// shallow refuses text that nests so deeply, or has lines so long, that the
// library would run out of stack or of time.
func shallow(text []byte) error {
	depth, dashes, indent, length, leading := 0, 0, 0, 0, true
	for _, c := range text {
		length++
		switch c {
		case '\n':
			dashes, indent, length, leading = 0, 0, 0, true
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		case '-', '?':
			if leading {
				dashes++
			}
		case ' ', '\t':
			if leading {
				indent++
			}
		default:
			leading = false
		}
		if depth > maxNested || dashes > maxNested || indent > maxIndent {
			return fmt.Errorf("it nests more than %d levels deep", maxNested)
		}
		if length > maxLine {
			return fmt.Errorf("it has a line of more than %d KB", maxLine>>10)
		}
	}
	return nil
}

// fields reads a mapping's keys with their texts. An alias stands for the text
// that its anchor named before; for anything larger it is an error.
func (m *mappings) fields(root ast.Node, lines int) ([]field, error) {
	if a, ok := root.(*ast.AnchorNode); ok {
		root = a.Value
	}
	var values []*ast.MappingValueNode
	switch n := root.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, fmt.Errorf("it is no mapping of keys to values")
	}
	fields := make([]field, 0, len(values))
	for _, v := range values {
		t := v.Key.GetToken()
		f := field{key: t.Value, line: lines + t.Position.Line}
		if _, merge := v.Key.(*ast.MergeKeyNode); merge {
			return nil, fmt.Errorf("it merges another mapping (<<), which is not read: write its fields out")
		}
		if list, ok := v.Value.(*ast.SequenceNode); ok {
			f.isList = true
			for _, item := range list.Values {
				text, scalar, err := m.scalar(item)
				if err != nil {
					return nil, err
				}
				if !scalar {
					f.nested = true
				} else if text != "" {
					f.list = append(f.list, text)
				}
			}
		} else {
			text, scalar, err := m.scalar(v.Value)
			if err != nil {
				return nil, err
			}
			f.text, f.nested = text, !scalar
		}
		fields = append(fields, f)
	}
	return fields, nil
}

// scalar returns a scalar as it is written, whatever type YAML would give it: an
// address may look like a number.
func (m *mappings) scalar(node ast.Node) (text string, scalar bool, err error) {
	switch n := node.(type) {
	case nil, *ast.NullNode:
		return "", true, nil
	case *ast.StringNode:
		return n.Value, true, nil
	case *ast.LiteralNode:
		return n.Value.Value, true, nil
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true, nil
	case *ast.AnchorNode:
		text, scalar, err = m.scalar(n.Value)
		if scalar && err == nil {
			m.anchors[n.Name.GetToken().Value] = text
		}
		return text, scalar, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		text, known := m.anchors[name]
		if !known {
			return "", false, fmt.Errorf("the alias *%s names no text before it", clean(name, 40))
		}
		return text, true, nil
	case *ast.TagNode:
		if n.Start.Value == "!include" {
			return "", false, fmt.Errorf("it includes another file, which is not read: copy that file's lines into this one")
		}
		return m.scalar(n.Value)
	default:
		return "", false, nil
	}
}

// libraryPack reads a whole pack that is not written as a block list.
func libraryPack(data []byte) (key string, header []field, entries []entry, err error) {
	root, err := libraryTree(chunk{data, 1})
	if err != nil {
		return "", nil, nil, err
	}
	pack, ok := root.(*ast.MappingNode)
	if !ok {
		return "", nil, nil, fmt.Errorf("it is no mapping of keys to values")
	}
	m := newMappings()
	if header, err = m.fields(pack, 0); err != nil {
		return "", nil, nil, err
	}
	for _, v := range pack.Values {
		name := v.Key.GetToken().Value
		list, ok := v.Value.(*ast.SequenceNode)
		if name != "tags" && name != "actors" || !ok {
			continue
		}
		key = name
		for _, item := range list.Values {
			fields, err := m.fields(item, 0)
			line := 0
			if t := item.GetToken(); t != nil {
				line = t.Position.Line
			}
			entries = append(entries, entry{fields: fields, line: line, err: err})
		}
	}
	return key, header, entries, nil
}

// readPack reads a TagPack or an ActorPack.
func (s *Source) readPack(data []byte) error {
	m := newMappings()
	if p, ok := cutPack(data); ok {
		var header []field
		for _, c := range p.header {
			if len(bytes.TrimSpace(c.text)) == 0 {
				continue
			}
			e := m.read(c)
			if e.err != nil {
				return goshawk.Errorf(goshawk.Invalid, "%s: its header, from line %d, cannot be read: %w", s.Name, c.line, e.err).
					WithHint("the lines beside tags: or actors: have to be YAML of the form key: value")
			}
			header = append(header, e.fields...)
		}
		return s.load(p.key, header, func(yield func(entry) bool) {
			for _, c := range p.entries {
				if !yield(m.read(c)) {
					return
				}
			}
		})
	}
	key, header, entries, err := libraryPack(data)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "%s cannot be read: %w", s.Name, err).
			WithHint("write a TagPack in block style: its header as key: value, then tags: and one entry for each tag, begun by a dash")
	}
	return s.load(key, header, func(yield func(entry) bool) {
		for _, e := range entries {
			if !yield(e) {
				return
			}
		}
	})
}
