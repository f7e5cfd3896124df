package web

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"goshawk"
)

// TestUnseenIsRefused: outside of cases, whose fields the casebook looks at, every text that a call takes refuses what nobody
// sees, or stands here with the reason. A new call does, too.
func TestUnseenIsRefused(t *testing.T) {
	s := newStage(t)
	good := map[string]map[string]any{
		"add-agency":    {"name": "North", "kind": "police", "country": "DE"},
		"add-person":    {"agency": s.who["reader"].Agency, "name": "Nia", "email": "nia@police.example", "role": "reader"},
		"change-person": {"name": "Nia", "role": "reader"},
		"add-webhook":   {"agency": s.who["reader"].Agency, "name": "ours", "url": "https://hooks.example/in"},
		"make-token":    {"name": "export", "scopes": []string{"read"}},
		"open-case":     {"title": "Harbour", "reference": "2026/17"},
		"save-profile": {"version": 0, "profile": map[string]any{"name": "Kestrel", "also": []string{"KX"}, "entity": "Kestrel Ltd", "jurisdiction": "MT", "address": "1 Quay\nPort", "portal": "https://law.kestrel.example/",
			"email": "law@kestrel.example", "emergency": "+356 1", "languages": "en", "source": "its page", "checked": "2026-11-30", "requires": "an order"}},
		"save-template": {"version": 0, "template": map[string]any{"name": "Ours", "language": "en", "text": "To {{service}}", "head": "us"}},
		"add-ledger":    {"id": "main", "path": "/nowhere"},
	}
	prose := []string{"save-profile.profile.requires", "save-template.template.text", "save-template.template.head"}
	at := strings.NewReplacer("{person}", string(s.who["reader"].ID), "{profile}", "new", "{template}", "new")
	var about struct {
		Paths map[string]map[string]struct {
			ID   string `json:"operationId"`
			Body struct {
				Content map[string]struct{ Schema schema }
			} `json:"requestBody"`
		}
		Components struct{ Schemas map[string]schema }
	}
	s.as("").do("GET", "/openapi.json", nil).is(t, 200, &about)
	asked := 0
	for path, methods := range about.Paths {
		for method, op := range methods {
			body, ok := op.Body.Content["application/json"]
			if !ok || strings.Contains(path, "/cases/{case}/") {
				continue
			}
			who := s.as("administrator")
			if op.ID == "open-case" || strings.HasPrefix(op.ID, "save-") {
				who = s.as("investigator")
			}
			if op.ID != "add-ledger" { // there is no folder of one
				if a := who.do(strings.ToUpper(method), at.Replace(path), good[op.ID]); a.StatusCode >= 300 {
					t.Errorf("%s: %d %s", op.ID, a.StatusCode, a.body)
				}
			}
			for _, name := range body.Schema.texts(about.Components.Schemas, "") {
				if slices.Contains(prose, op.ID+name) {
					continue
				}
				for _, bad := range []string{"a\u202eb", "a\u200bb"} {
					a := who.do(strings.ToUpper(method), at.Replace(path), with(good[op.ID], strings.Split(name[1:], "."), bad))
					if asked++; a.StatusCode != http.StatusBadRequest && a.StatusCode != http.StatusUnprocessableEntity && a.StatusCode != http.StatusNotFound {
						t.Errorf("%s%s: %q: %d %s", op.ID, name, bad, a.StatusCode, a.body)
					}
				}
			}
		}
	}
	if asked < 40 {
		t.Errorf("%d questions: the description is read wrongly", asked)
	}
	c := s.newCase()
	s.as("investigator").do("POST", "/api/v1/cases/"+string(c)+"/changes", map[string]any{"what": "moved\u202e it", "edits": []any{map[string]any{"kind": "note", "id": "n1", "field": "title", "before": nil, "after": "x"}}}).is(t, 400, nil)
	var rates struct{ Sources []struct{ Name string } }
	admin := s.as("administrator")
	admin.do("POST", "/api/v1/rates?asset=bitcoin&name=a%E2%80%AEb.csv", "date,currency,price\n2026-01-01,EUR,90000\n", "Content-Type", "text/csv").is(t, 201, nil)
	a := admin.do("GET", "/api/v1/rates", nil)
	a.is(t, 200, &rates)
	if strings.ContainsFunc(strings.ReplaceAll(string(a.body), "\n", ""), goshawk.Unseen) || !strings.Contains(string(a.body), "ab.csv") {
		t.Errorf("the file's name: %s", a.body)
	}
}

// schema is what a description says of a value.
type schema struct {
	Ref        string `json:"$ref"`
	Type       any
	Enum       []any
	Format     string
	Items      *schema
	Properties map[string]schema
}

// texts lists the texts in an object that may be any, as .name.name.
func (x schema) texts(all map[string]schema, under string) (list []string) {
	if name, ok := strings.CutPrefix(x.Ref, "#/components/schemas/"); ok {
		x = all[name]
	}
	for _, name := range slices.Sorted(maps.Keys(x.Properties)) {
		list = append(list, x.Properties[name].texts(all, under+"."+name)...)
	}
	switch {
	case x.Items != nil:
		list = append(list, x.Items.texts(all, under)...)
	case x.Type == "string" && x.Enum == nil && x.Format == "" && under != ".$schema":
		list = append(list, under)
	}
	return list
}

// with is a body with another text in one place.
func with(body map[string]any, at []string, text string) map[string]any {
	out := maps.Clone(body)
	switch old := out[at[0]].(type) {
	case map[string]any:
		out[at[0]] = with(old, at[1:], text)
	case []string:
		out[at[0]] = []string{text}
	default:
		out[at[0]] = text
	}
	return out
}
