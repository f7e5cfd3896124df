package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// reference is the API's description as people read it: on a page, and in docs/api.md.
type reference struct {
	Words  string
	Groups []refGroup
	Shapes []refShape
}

// refGroup is the calls about one thing.
type refGroup struct {
	Name  string
	Calls []refCall
}

// refCall is one call.
type refCall struct {
	ID, Method, Path, Summary, About, Action string
	Takes                                    []refField // in the path, the query and headers
	Body                                     refType
	BodyWords                                string
	Answers                                  []refAnswer
}

// refAnswer is what a call answers with, by status.
type refAnswer struct {
	Status, Words string
	Type          refType
}

// refShape is the shape of a JSON object.
type refShape struct {
	Name   string
	Fields []refField
}

// refField is a field of an object, or what a request says elsewhere.
type refField struct {
	Name, In string
	Type     refType
	Need     bool
	Words    string
}

// refType is a type in words, before and after the name of a shape, which may be none.
type refType struct{ Before, Shape, Media string }

// String writes the type in words.
func (t refType) String() string { return t.Before + t.Shape }

// newReference reads the API's description.
func newReference(doc *huma.OpenAPI) *reference {
	r := &reference{Words: doc.Info.Description}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		p := doc.Paths[path]
		for _, op := range []*huma.Operation{p.Get, p.Post, p.Put, p.Patch, p.Delete} {
			if op == nil {
				continue
			}
			i := slices.IndexFunc(r.Groups, func(g refGroup) bool { return g.Name == op.Tags[0] })
			if i < 0 {
				i = len(r.Groups)
				r.Groups = append(r.Groups, refGroup{Name: op.Tags[0]})
			}
			r.Groups[i].Calls = append(r.Groups[i].Calls, describeCall(op))
		}
	}
	all := doc.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		r.Shapes = append(r.Shapes, refShape{name, describeFields(all[name])})
	}
	return r
}

func describeCall(op *huma.Operation) refCall {
	action, ok := op.Extensions["x-goshawk-action"].(string)
	if !ok {
		action = "?"
	}
	c := refCall{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, About: op.Description, Action: action}
	for _, p := range op.Parameters {
		c.Takes = append(c.Takes, refField{p.Name, p.In, typeOf(p.Schema), p.Required, cmp.Or(p.Description, wordsOf(p.Schema))})
	}
	slices.SortStableFunc(c.Takes, func(a, b refField) int {
		order := []string{"path", "query", "header"}
		return cmp.Compare(slices.Index(order, a.In), slices.Index(order, b.In))
	})
	if op.RequestBody != nil {
		for _, media := range slices.Sorted(maps.Keys(op.RequestBody.Content)) {
			c.Body, c.BodyWords = typeOf(op.RequestBody.Content[media].Schema), op.RequestBody.Description
			c.Body.Media = media
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		a := refAnswer{Status: status, Words: op.Responses[status].Description}
		if code, err := strconv.Atoi(status); err == nil && a.Words == http.StatusText(code) && len(op.Responses[status].Content) > 0 {
			a.Words = "" // its type says more
		}
		for _, media := range slices.Sorted(maps.Keys(op.Responses[status].Content)) {
			a.Type = typeOf(op.Responses[status].Content[media].Schema)
			a.Type.Media = media
		}
		c.Answers = append(c.Answers, a)
	}
	return c
}

func describeFields(s *huma.Schema) []refField {
	var list []refField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		f := s.Properties[name]
		list = append(list, refField{Name: name, Type: typeOf(f), Need: slices.Contains(s.Required, name), Words: wordsOf(f)})
	}
	return list
}

// wordsOf says what a value is for, and within which bounds.
func wordsOf(s *huma.Schema) string {
	if s == nil {
		return ""
	}
	var all []string
	add := func(words ...string) { all = append(all, strings.Join(words, "")) }
	if s.Description != "" {
		add(s.Description)
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	switch {
	case s.Minimum != nil && s.Maximum != nil:
		add("from ", number(*s.Minimum), " to ", number(*s.Maximum))
	case s.Minimum != nil && *s.Minimum != 0:
		add("at least ", number(*s.Minimum))
	case s.Maximum != nil:
		add("at most ", number(*s.Maximum))
	}
	if s.MaxLength != nil {
		add("at most ", strconv.Itoa(*s.MaxLength), " characters")
	}
	if s.MaxItems != nil {
		add("at most ", strconv.Itoa(*s.MaxItems))
	}
	if s.Default != nil {
		if text, ok := s.Default.(string); ok {
			add("default ", text)
		} else if n, ok := s.Default.(int); ok {
			add("default ", strconv.Itoa(n))
		} else if n, ok := s.Default.(float64); ok {
			add("default ", number(n))
		} else if n, ok := s.Default.(int64); ok {
			add("default ", strconv.FormatInt(n, 10))
		}
	}
	return strings.Join(all, "; ")
}

// typeOf says in words what a value is.
func typeOf(s *huma.Schema) refType {
	switch {
	case s == nil:
		return refType{Before: "any"}
	case s.Ref != "":
		return refType{Shape: s.Ref[strings.LastIndex(s.Ref, "/")+1:]}
	case s.Type == huma.TypeArray:
		t := typeOf(s.Items)
		return refType{Before: "list of " + t.Before, Shape: t.Shape}
	case s.Type == huma.TypeObject:
		if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
			t := typeOf(of)
			return refType{Before: "by name: " + t.Before, Shape: t.Shape}
		}
		return refType{Before: "object"}
	case len(s.Enum) > 0:
		var all []string
		for _, v := range s.Enum {
			if text, ok := v.(string); ok {
				all = append(all, text)
			}
		}
		return refType{Before: strings.Join(all, " | ")}
	case s.Format == "date-time":
		return refType{Before: "time"}
	case s.Format == "binary":
		return refType{Before: "bytes"}
	case s.Type == "":
		return refType{Before: "any JSON"}
	}
	return refType{Before: s.Type}
}

// span is a run of words of one kind: "", "code" or "strong".
type span struct{ kind, text string }

// paragraphs reads the little Markdown that descriptions are written in: paragraphs, `code`
// and **strong**.
func paragraphs(s string) [][]span {
	var out [][]span
	for text := range strings.SplitSeq(s, "\n\n") {
		var line []span
		for i, part := range strings.Split(text, "`") {
			if i%2 == 1 {
				line = append(line, span{"code", part})
				continue
			}
			for j, words := range strings.Split(part, "**") {
				if words != "" {
					line = append(line, span{[]string{"", "strong"}[j%2], words})
				}
			}
		}
		out = append(out, line)
	}
	return out
}

// markdown writes the reference as docs/api.md.
func (r *reference) markdown() string {
	var b strings.Builder
	line := func(words ...string) { b.WriteString(strings.Join(words, "") + "\n") }
	cell := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, "|", `\|`), "\n", " ")
	}
	kind := func(t refType) string {
		text := cell(t.Before)
		if t.Shape != "" {
			text += "[" + t.Shape + "](#" + strings.ToLower(t.Shape) + ")"
		}
		return text
	}
	need := func(f refField) string {
		if f.Need {
			return "yes"
		}
		return ""
	}
	line("# The API\n")
	line("Made from `/openapi.json` by a test (`go test ./web -run TestReference -update` writes it anew); a server shows the same at `/docs/api`. Who reaches which call: [routes.md](routes.md).\n")
	line(r.Words, "\n")
	line("```sh\ncurl -H \"Authorization: Bearer $TOKEN\" https://goshawk.example/api/v1/cases\n```\n")
	line("## Calls\n\n| call | what | action |\n|---|---|---|")
	for _, g := range r.Groups {
		for _, c := range g.Calls {
			line("| [`", c.Method, " ", c.Path, "`](#", c.ID, ") | ", c.Summary, " | ", c.Action, " |")
		}
	}
	for _, g := range r.Groups {
		for _, c := range g.Calls {
			line("\n### ", c.ID, "\n\n`", c.Method, " ", c.Path, "`: ", c.Summary, ". Action: `", c.Action, "`.")
			if c.About != "" {
				line("\n", c.About)
			}
			if len(c.Takes) > 0 {
				line("\n| name | in | type | needed | |\n|---|---|---|---|---|")
				for _, f := range c.Takes {
					line("| `", f.Name, "` | ", f.In, " | ", kind(f.Type), " | ", need(f), " | ", cell(f.Words), " |")
				}
			}
			if c.Body.Media != "" {
				words := c.BodyWords
				if words != "" {
					words = " (" + words + ")"
				}
				line("\nBody, `", c.Body.Media, "`: ", kind(c.Body), words, ".")
			}
			line("\n| answer | | |\n|---|---|---|")
			for _, a := range c.Answers {
				line("| ", a.Status, " | ", kind(a.Type), " | ", cell(a.Words), " |")
			}
		}
	}
	line("\n## Shapes")
	for _, s := range r.Shapes {
		line("\n### ", s.Name, "\n\n| field | type | always | |\n|---|---|---|---|")
		for _, f := range s.Fields {
			line("| `", f.Name, "` | ", kind(f.Type), " | ", need(f), " | ", cell(f.Words), " |")
		}
	}
	return b.String()
}

// referencePage shows the reference. It is for everybody, as the description is.
func referencePage(r *reference) route {
	return route{"GET /docs/api", "", func(q *request) error {
		v := q.page(q.words().t("api.title"))
		return q.show(v, apiReference(v, r))
	}}
}
