package web

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// htmxConfig keeps htmx within the Content-Security-Policy, and pages out of the browser's storage.
const htmxConfig = `{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,"historyCacheSize":0,"refreshOnHistoryMiss":true}`

// sentence writes an error's words as a sentence.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = upperFirst(s)
	if strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}

// failPage answers with an error's page. A browser that asks for a part of a page gets the words alone.
func (q *request) failPage(p problem) {
	key := "fault.server"
	switch p.Status {
	case 400, 413, 415:
		key = "fault.invalid"
	case 401:
		key = "fault.stranger"
	case 403:
		key = "fault.denied"
	case 404:
		key = "fault.nothing"
	case 409:
		key = "fault.conflict"
	case 429:
		key = "fault.busy"
	case 501:
		key = "fault.unsupported"
	case 503:
		key = "fault.unavailable"
	}
	v := q.page("")
	v.title = v.t(key)
	if err := q.showAs(p.Status, v, failed(v, &p)); err != nil {
		q.s.Log.Error("the page of an error cannot be written", "error", err)
	}
}

// upperFirst writes a text with a capital at its beginning.
func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == utf8.RuneError {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
