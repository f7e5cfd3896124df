package web

import (
	"goshawk/casebook"
)

// furnish is what both cases of the matrix hold besides members and a note; samples may
// name its records.
var furnish = [][]casebook.Edit{
	{casebook.Set(casebook.KindGraph, "g1", "title", "A picture")},
}

// rows has a sample for each route: a request that whoever may make it is answered well. A
// sample is asked for many times over, as everybody, and changes nothing that another
// sample needs.
var rows = map[string]sample{
	"GET /healthz":          {},
	"GET /assets/{name...}": {fill: map[string]string{"name...": "README"}, fails: 404},
	"GET /metrics":          {},
	"GET /docs/api":         {},
	"GET /openapi.json":     {},

	"GET /api/v1/cases":                                 {},
	"POST /api/v1/cases":                                {body: map[string]string{"title": "Another case"}},
	"GET /api/v1/cases/{case}":                          {},
	"GET /api/v1/cases/{case}/changes":                  {},
	"POST /api/v1/cases/{case}/changes":                 {body: newNote},
	"POST /api/v1/cases/{case}/changes/{seq}/undo":      {fill: map[string]string{"seq": "3"}},
	"GET /api/v1/cases/{case}/events":                   {},
	"GET /api/v1/cases/{case}/audit":                    {},
	"POST /api/v1/cases/{case}/exhibits":                {path: func(*cast, *actor) string { return apiRoot + "/cases/{case}/exhibits?name=a.txt&source=a+test" }, body: "some bytes"},
	"GET /api/v1/cases/{case}/exhibits/{exhibit}/bytes": {},
	"GET /api/v1/people":                                {},
	"GET /api/v1/agencies":                              {},
	"GET /api/v1/search":                                {path: func(*cast, *actor) string { return apiRoot + "/search?q=note" }},
	"GET /api/v1/audit":                                 {},
	"GET /api/v1/kinds":                                 {},
	"GET /api/v1/cases/{case}/graphs/{graph}":           {fill: map[string]string{"graph": "g1"}},
	"GET /cases/{case}/graphs":                          {},
	"POST /cases/{case}/graphs":                         {form: true, body: "title=Another+picture"},
	"GET /cases/{case}/graphs/{graph}":                  {fill: map[string]string{"graph": "g1"}},
	"GET /api/v1/self":                                  {},
	"GET /api/v1/tokens":                                {},
	"POST /api/v1/tokens":                               {body: map[string]any{"name": "a program", "scopes": []string{"read"}}},
	"DELETE /api/v1/tokens/{token}":                     {path: freshToken},
}

// newNote is a change that always can be made.
func newNote() any {
	return map[string]any{"what": "wrote a note", "edits": []any{map[string]any{"kind": "note", "id": casebook.NewID(), "field": "title", "before": nil, "after": "x"}}}
}

// freshToken makes a token of the actor's that can be ended.
func freshToken(c *cast, a *actor) string {
	id := casebook.NewID()
	if a.subject != nil {
		_, k := c.token(a.subject.Person.Name, "read")
		id = k.ID
	}
	return apiRoot + "/tokens/" + string(id)
}
