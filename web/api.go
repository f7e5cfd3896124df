package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"goshawk"
	"goshawk/identity"
)

// apiRoot is where every call of the API is.
const apiRoot = "/api/v1"

// call is one call of the API: a route, and what the API's description says of it.
type call struct {
	id      string          // of the operation, in the description
	pattern string          // as of a route, without apiRoot
	action  identity.Action // what it does, as of a route
	summary string          // in a few words, no full stop
	about   string          // Markdown
	status  int             // of an answer; 0: 200
	limit   int64           // of a request's body, in bytes; 0: 1 MiB
	adjust  func(*huma.Operation)
	handle  func(huma.API, huma.Operation)
}

// calls is every call of the API. What it is not told of here it does not answer, and a test
// makes each of them as everybody.
func (s *Server) calls() []call {
	return slices.Concat(caseCalls(), casePageCalls(), computedCalls(), eventCalls(), exhibitCalls(), expandCalls(), graphCalls(), ledgerCalls(), letterCalls(), packageCalls(), peopleCalls(), rateCalls(), reportCalls(), runCalls(), selfCalls(), settingsCalls(), shareCalls(), tokenCalls())
}

// requestKey finds the request in the context of a call.
type requestKey struct{}

// typed makes a call of a function whose input is what a request says, in its path,
// its query, its headers and its body, and whose output is the answer's headers and body.
func typed[I, O any](f func(*request, *I) (*O, error)) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
			q, ok := ctx.Value(requestKey{}).(*request)
			if !ok {
				return nil, &problem{Type: "about:blank", Title: "Internal Server Error", Status: http.StatusInternalServerError}
			}
			// The body has come: its deadline is not the answer's.
			err := http.NewResponseController(q.w).SetReadDeadline(time.Time{})
			var out *O
			if err == nil || errors.Is(err, http.ErrNotSupported) {
				out, err = f(q, in)
			}
			if err != nil {
				p := q.s.problemOf(err)
				return nil, &p
			}
			return out, nil
		})
	}
}

// Error, GetStatus and ContentType let a problem be what huma answers with.
func (p *problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// api makes the routes of the API's calls, and their description.
func (s *Server) api() ([]route, *huma.OpenAPI) {
	config := huma.Config{
		OpenAPI:                      description(),
		Formats:                      map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true, // a misspelt filter is not taken for none
		Transformers:                 []huma.Transformer{asProblem},
	}
	made := &collector{}
	api := huma.NewAPI(config, made)
	for _, c := range s.calls() {
		method, at, _ := strings.Cut(c.pattern, " ")
		op := huma.Operation{OperationID: c.id, Method: method, Path: apiRoot + at, Summary: c.summary, Description: c.about, DefaultStatus: c.status, MaxBodyBytes: c.limit,
			BodyReadTimeout: bodyPatience, Security: []map[string][]string{{"token": {}}, {"session": {}}}, Responses: map[string]*huma.Response{"default": {
				Description: "What went wrong", Content: map[string]*huma.MediaType{"application/problem+json": {
					Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[problem](), true, "")}}}},
			Extensions: map[string]any{"x-goshawk-action": string(c.action)}}
		first, _, _ := strings.Cut(at[1:], "/")
		op.Tags = []string{first}
		if c.adjust != nil {
			c.adjust(&op)
		}
		if method == http.MethodPost {
			op.Parameters = append(op.Parameters, &huma.Param{Name: onceHeader, In: "header", Schema: &huma.Schema{Type: huma.TypeString},
				Description: "makes the request safe to send again: what was done is not done twice"})
		}
		made.action = c.action
		c.handle(api, op)
	}
	// Errors are described by each call, as this house writes them.
	delete(api.OpenAPI().Components.Schemas.Map(), "ErrorModel")
	delete(api.OpenAPI().Components.Schemas.Map(), "ErrorDetail")
	return made.routes, api.OpenAPI()
}

// all is every route of the server: the pages', and the API's.
func (s *Server) all() ([]route, error) {
	calls, doc := s.api()
	described, err := openapi(doc)
	return slices.Concat(s.routes(), calls, []route{described, referencePage(newReference(doc)), s.metricsRoute()}), err
}

// collector takes the calls as routes of this server.
type collector struct {
	routes []route
	action identity.Action // of the next
}

// Handle implements huma.Adapter.
func (c *collector) Handle(op *huma.Operation, handler func(huma.Context)) {
	action := c.action
	handle := func(q *request) error {
		r := q.WithContext(context.WithValue(q.Context(), requestKey{}, q))
		handler(humago.NewContext(op, r, q.w))
		return nil
	}
	if op.Method == http.MethodPost {
		plain := handle
		handle = func(q *request) error { return q.once(action, max(op.MaxBodyBytes, 1<<20), plain) }
	}
	c.routes = append(c.routes, route{op.Method + " " + op.Path, action, handle})
}

// ServeHTTP implements huma.Adapter; the server's own mux answers.
func (c *collector) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusNotFound)
}

// asProblem makes what huma says of a request that is not as described a problem as this
// house writes it.
func asProblem(_ huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := &problem{Type: "about:blank", Title: http.StatusText(e.Status), Status: e.Status, Code: goshawk.Invalid}
	if e.Status >= http.StatusInternalServerError {
		p.Code = ""
		return p, nil
	}
	var faults []string
	for i, f := range e.Errors {
		if i == mostFaults {
			faults = append(faults, "…")
			break
		}
		if f != nil {
			faults = append(faults, strings.TrimPrefix(f.Location+": "+f.Message, ": "))
		}
	}
	p.Detail = e.Detail
	if len(faults) > 0 {
		p.Detail = "the request is not as described: " + strings.Join(faults, "; ")
	}
	p.Hint = "compare it with /openapi.json; a page says the same: /docs/api"
	return p, nil
}

// mostFaults is how many faults of a request are told at once.
const mostFaults = 10

// openapi answers with the API's description. It is for everybody: it says nothing of
// what is kept here.
func openapi(doc *huma.OpenAPI) (route, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return route{}, goshawk.Errorf(goshawk.Corrupt, "the API's description cannot be written: %w", err)
	}
	return route{"GET /openapi.json", "", func(q *request) error {
		q.w.Header().Set("Content-Type", "application/openapi+json;version=3.1")
		q.w.Write(text) //nolint:errcheck // who asked is gone
		return nil
	}}, nil
}

// description is what the API's description says of all calls.
func description() *huma.OpenAPI {
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{Title: "Goshawk", Version: "1", Description: apiWords,
			License: &huma.License{Name: "see LICENSE"}},
		Components: &huma.Components{
			Schemas: huma.NewMapRegistry("#/components/schemas/", schemaName),
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"token":   {Type: "http", Scheme: "bearer", Description: "A token, made on the page of one's own account or by this API; what it reaches is its scopes: read, write, admin."},
				"session": {Type: "apiKey", In: "cookie", Name: "goshawk", Description: "The session of a browser (over https the cookie is called __Host-goshawk)."},
			},
		},
	}
}

// schemaName is how the description calls a type: by its own name where it is of the
// casebook, of identity or of the API itself, else with its package's before it.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := huma.DefaultSchemaNamer(t, hint)
	switch from := path.Base(t.PkgPath()); from {
	case ".", "web", "casebook", "identity", "goshawk", "huma":
		return name
	default:
		return strings.ToUpper(from[:1]) + from[1:] + name
	}
}

const apiWords = `Everything that the pages show and do, for programs.

**Who asks.** Send a token: ` + "`Authorization: Bearer …`" + `. Without one, or without a session, every call answers 401. What somebody may do is the same here as on the pages; a token
reaches no further than its scopes.

**Amounts** are decimal strings in the smallest unit. **Times** are RFC 3339, UTC. **IDs** are from 1 to 128 letters, digits and ` + "`-_.:`" + `.

**Errors** are ` + "`application/problem+json`" + ` (RFC 9457) with a code for machines, a sentence, and a hint what to do. Where somebody else changed the same field meanwhile (409),
` + "`clashes`" + ` holds both values, and nothing was stored.

**Lists** come in pages: ` + "`next`" + ` of one is the ` + "`cursor`" + ` of the next, and is left out of the last. A cursor is opaque.

**Repeating.** A POST with an ` + "`Idempotency-Key`" + ` may be sent again for 24 hours: what was done is not done twice, and is answered as it was the first time
(` + "`Idempotent-Replayed: true`" + `). The same key with something else is refused (409).`
