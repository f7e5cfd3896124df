package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// status is the HTTP status of an error.
func status(err error) int {
	switch goshawk.CodeOf(err) {
	case goshawk.Invalid:
		return http.StatusBadRequest
	case goshawk.Stranger:
		return http.StatusUnauthorized
	case goshawk.Denied:
		return http.StatusForbidden
	case goshawk.NotFound:
		return http.StatusNotFound
	case goshawk.Conflict, goshawk.Locked:
		return http.StatusConflict
	case goshawk.Unsupported:
		return http.StatusNotImplemented
	case goshawk.Busy:
		return http.StatusTooManyRequests
	case goshawk.Unavailable, goshawk.Interrupted:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem is an error as RFC 9457 writes it.
type problem struct {
	Type    string           `json:"type"`
	Title   string           `json:"title"`
	Status  int              `json:"status"`
	Detail  string           `json:"detail,omitempty"`
	Code    goshawk.Code     `json:"code,omitempty"`
	Hint    string           `json:"hint,omitempty"`
	Clashes []casebook.Clash `json:"clashes,omitempty"`
}

// problemOf says of an error what strangers may know. What has no code, or is a fault of the
// inside, is written to the log and not to the browser.
func (s *Server) problemOf(err error) problem {
	p := problem{Type: "about:blank", Status: status(err), Code: goshawk.CodeOf(err)}
	p.Title = http.StatusText(p.Status)
	if p.Status < 500 || p.Status == http.StatusNotImplemented {
		p.Detail, p.Hint = err.Error(), goshawk.HintOf(err)
	} else {
		s.Log.Error("a request failed", "error", err)
		switch {
		case p.Status == http.StatusServiceUnavailable:
			// A change may be in the database though its answer was lost.
			p.Detail, p.Hint = "something that the server needs, such as its database, does not answer", "wait a moment; then look whether what you did was stored, before you do it again"
		case p.Code == goshawk.Corrupt:
			p.Detail, p.Hint = "something that the server read for this is damaged, and it makes nothing up", "tell who runs it: the list of ledgers names a damaged file, and its log says the rest"
		default:
			p.Detail, p.Hint = "something went wrong in the server", "tell who runs it: its log says what it was"
		}
	}
	if clash, ok := errors.AsType[*casebook.ClashError](err); ok {
		p.Clashes = clash.Clashes
	}
	return p
}

// instead is the page that a browser is sent to instead of being told an error; "" where there is none.
func (q *request) instead(err error, p *problem) string {
	here := ""
	if q.Method == http.MethodGet {
		here = q.URL.RequestURI()
	} else if from, bad := url.Parse(q.Header.Get("Referer")); bad == nil && from.Host == q.Host {
		here = from.RequestURI() // the page with the form
	}
	switch {
	case errors.Is(err, errUnopened):
		if q.Method == http.MethodGet {
			return "/first"
		}
	case p.Status == http.StatusUnauthorized && q.Method == http.MethodGet, identity.Stale(err):
		return "/sign-in?next=" + escaped(here)
	case p.Status == http.StatusForbidden && q.subject.Known() && q.limited() && q.Method == http.MethodGet && q.URL.Path != "/account":
		return "/account"
	}
	return ""
}

// fail answers with an error: a problem where a program asks, else a page.
func (q *request) fail(err error) {
	p := q.s.problemOf(err)
	if strings.HasPrefix(q.URL.Path, "/api/") || strings.Contains(q.Header.Get("Accept"), "application/json") {
		text, bad := json.Marshal(p)
		if bad != nil {
			p.Status, text = http.StatusInternalServerError, []byte("{}")
		}
		q.w.Header().Set("Content-Type", "application/problem+json")
		q.w.WriteHeader(p.Status)
		q.w.Write(text) //nolint:errcheck // the browser is gone
		return
	}
	if to := q.instead(err, &p); to != "" {
		http.Redirect(q.w, q.Request, to, http.StatusSeeOther)
		return
	}
	q.failPage(p)
}
