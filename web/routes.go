package web

import (
	"net/url"
	"slices"

	"goshawk/identity"
)

func escaped(s string) string { return url.QueryEscape(s) }

// routes is every way into the server.
func (s *Server) routes() []route {
	return slices.Concat([]route{
		{"GET /healthz", "", (*request).healthz},
		{"GET /assets/{name...}", "", (*request).asset},
		{"GET /cases/{case}/graphs", identity.ReadCase, (*request).graphs},
		{"POST /cases/{case}/graphs", identity.ChangeCase, (*request).newGraph},
		{"GET /cases/{case}/graphs/{graph}", identity.ReadCase, (*request).graph},
	}, caseRoutes(), signRoutes(), accountRoutes(), peopleRoutes(), benchRoutes(), letterRoutes(), settingsRoutes(), shareRoutes())
}

// healthz says that the server runs and its database answers.
func (q *request) healthz() error {
	if err := q.s.Store.Ping(q.Context()); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "text/plain")
	_, err := q.w.Write([]byte("ok\n"))
	return err
}
