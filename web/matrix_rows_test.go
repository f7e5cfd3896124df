package web

import (
	"strings"
	"time"

	"goshawk/casebook"
)

// furnish is what both cases of the matrix hold besides members and a note; samples may
// name its records.
var furnish = [][]casebook.Edit{
	{casebook.Set(casebook.KindGraph, "g1", "title", "A picture")},
	{casebook.Set(casebook.KindSnapshot, "p1", "title", "A picture, fixed"), casebook.Set(casebook.KindSnapshot, "p1", "graph", "g1"), casebook.Set(casebook.KindSnapshot, "p1", "seq", 2)},
	{casebook.Set(casebook.KindRun, "r1", "question", map[string]string{"ledger": "none"}), casebook.Set(casebook.KindRun, "r1", "state", "failed")},
	{casebook.Set(casebook.KindFinding, "f1", "title", "A finding")},
	{casebook.Set(casebook.KindWatch, "w1", "what", "address"), casebook.Set(casebook.KindWatch, "w1", "text", "x"), casebook.Set(casebook.KindWatch, "w1", "ledger", "none")},
	{casebook.Set(casebook.KindAlert, "a1", "watch", "w1"), casebook.Set(casebook.KindAlert, "a1", "movement", map[string]string{"tx": "x"}), casebook.Set(casebook.KindAlert, "a1", "at", "2026-11-23T09:00:00Z"), casebook.Set(casebook.KindAlert, "a1", "state", "confirmed")},
	{casebook.Set(casebook.KindLetter, "l1", "service", "Kestrel"), casebook.Set(casebook.KindLetter, "l1", "state", "draft"), casebook.Set(casebook.KindLetter, "l1", "text", "To {{service}}")},
	{casebook.Set(casebook.KindLetter, "l2", "service", "Kestrel"), casebook.Set(casebook.KindLetter, "l2", "state", "withdrawn")},
	{casebook.Set(casebook.KindLetter, "l3", "service", "Kestrel"), casebook.Set(casebook.KindLetter, "l3", "state", "sent")},
	{casebook.Set(casebook.KindAnswer, "n1", "service", "Kestrel"), casebook.Set(casebook.KindAnswer, "n1", "exhibit", "x1"), casebook.Set(casebook.KindAnswer, "n1", "mapping", map[string]string{"list": ""})},
	{casebook.Set(casebook.KindSubject, "s1", "network", "bitcoin"), casebook.Set(casebook.KindSubject, "s1", "what", "address"), casebook.Set(casebook.KindSubject, "s1", "text", firstAddress)},
	{casebook.Set(casebook.KindWallet, "w1", "network", "bitcoin"), casebook.Set(casebook.KindWallet, "w1", "key", someWallet)},
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

	"GET /{$}":                                   {},
	"GET /search":                                {path: func(*cast, *actor) string { return "/search?q=note" }},
	"GET /cases":                                 {},
	"POST /cases":                                {form: true, body: "title=Another+case"},
	"GET /cases/{case}":                          {},
	"POST /cases/{case}/records/{kind}/{id}":     {fill: map[string]string{"kind": "note", "id": "new"}, form: true, body: "f.title=A+new+note"},
	"POST /cases/{case}/undo":                    {form: true, body: "seq=3"},
	"GET /cases/{case}/notes":                    {},
	"GET /cases/{case}/notes/{note}":             {fill: map[string]string{"note": "n1"}},
	"GET /cases/{case}/tasks":                    {},
	"GET /cases/{case}/timeline":                 {},
	"GET /cases/{case}/subjects":                 {},
	"GET /cases/{case}/subjects/{subject}":       {fill: map[string]string{"subject": "s1"}},
	"POST /cases/{case}/find":                    {form: true, body: "text=pay+" + firstAddress},
	"POST /cases/{case}/import":                  {form: true, body: "pick=0&n.0=bitcoin&t.0=3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy"},
	"POST /cases/{case}/wallets":                 {form: true, body: "network=bitcoin&key=" + someWallet},
	"GET /cases/{case}/wallets/{wallet}":         {fill: map[string]string{"wallet": "w1"}},
	"GET /cases/{case}/exhibits":                 {},
	"POST /cases/{case}/exhibits":                {form: true, body: "source=no+file", fails: 400},
	"GET /cases/{case}/exhibits/{exhibit}":       {},
	"GET /cases/{case}/exhibits/{exhibit}/file":  {},
	"GET /cases/{case}/findings":                 {},
	"POST /cases/{case}/findings/{finding}":      {fill: map[string]string{"finding": "new"}, form: true, body: "f.title=A+new+finding&runs=r1"},
	"POST /cases/{case}/findings/{finding}/move": {fill: map[string]string{"finding": "f1"}, form: true, body: "to=up"},
	"GET /cases/{case}/report":                   {},
	"POST /cases/{case}/report/runs":             {form: true, body: "run=r1&used=r1"},
	"POST /cases/{case}/report/package":          {form: true, body: "make=nothing", fails: 400},
	"GET /cases/{case}/report.html":              {},
	"GET /cases/{case}/report.pdf":               {},
	"GET /cases/{case}/report.json":              {},
	"GET /api/v1/cases/{case}/report.html":       {},
	"GET /api/v1/cases/{case}/report.pdf":        {},
	"GET /api/v1/cases/{case}/report.json":       {},
	"GET /cases/{case}/members":                  {},
	"POST /cases/{case}/members":                 {form: true, body: "email=investigator2%40police.example&part=viewer"},
	"GET /cases/{case}/history":                  {},
	"GET /cases/{case}/settings":                 {},

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
	"GET /ledgers":                                      {},
	"POST /ledgers":                                     {form: true, body: "name=x&path=%2Fnowhere%2Fat%2Fall", fails: 404},
	"POST /ledgers/{ledger}/check":                      {form: true, body: "", fill: map[string]string{"ledger": "none"}, fails: 404},
	"POST /ledgers/{ledger}/forget":                     {form: true, body: "", fill: map[string]string{"ledger": "none"}, fails: 404},
	"POST /rates":                                       {form: true, body: "name=prices.csv&asset=coin&text=date%2Ccurrency%2Cprice%0A2021-01-01%2CUSD%2C29001.72"},
	"GET /cases/{case}/runs":                            {},
	"POST /cases/{case}/runs":                           {form: true, body: "ledger=none&method=fifo&starts=x", fails: 400},
	"GET /cases/{case}/runs/{run}":                      {fill: map[string]string{"run": "r1"}},
	"POST /cases/{case}/runs/{run}/cancel":              {form: true, body: "", fill: map[string]string{"run": "r1"}, fails: 409},
	"POST /cases/{case}/runs/{run}/again":               {form: true, body: "", fill: map[string]string{"run": "r1"}, fails: 400},
	"GET /cases/{case}/watches":                         {},
	"POST /cases/{case}/watches":                        {form: true, body: "ledger=none&text=" + strings.Repeat("0", 64) + "%3A1"},
	"POST /cases/{case}/watches/{watch}/end":            {form: true, body: "", fill: map[string]string{"watch": "w1"}},
	"POST /cases/{case}/watches/{watch}/tell":           {form: true, body: "b.webhook=", fill: map[string]string{"watch": "w1"}},
	"GET /settings":                                     {},
	"POST /settings/mail/try":                           {form: true, body: "", fails: 409},
	"POST /settings/webhooks":                           {form: true, body: "name=x&agency=none&url=https%3A%2F%2Fhooks.example", fails: 400},
	"POST /settings/webhooks/{hook}/try":                {form: true, body: "", fill: map[string]string{"hook": "none"}, fails: 404},
	"POST /settings/webhooks/{hook}/remove":             {form: true, body: "", fill: map[string]string{"hook": "none"}, fails: 404},
	"GET /api/v1/mail":                                  {},
	"POST /api/v1/mail/try":                             {fails: 409},
	"GET /api/v1/webhooks":                              {},
	"POST /api/v1/webhooks":                             {body: map[string]any{"name": "x", "agency": "none", "url": "https://hooks.example"}, fails: 400},
	"POST /api/v1/webhooks/{hook}/try":                  {fill: map[string]string{"hook": "none"}, fails: 404},
	"DELETE /api/v1/webhooks/{hook}":                    {fill: map[string]string{"hook": "none"}, fails: 404},
	"GET /api/v1/messages":                              {},
	"POST /api/v1/messages/again":                       {},
	"POST /settings/messages/again":                     {form: true, body: ""},
	"POST /cases/{case}/alerts/{alert}/seen":            {form: true, body: "", fill: map[string]string{"alert": "a1"}},
	"GET /api/v1/ledgers":                               {},
	"POST /api/v1/ledgers":                              {body: map[string]string{"id": "x", "path": "/nowhere/at/all"}, fails: 404},
	"DELETE /api/v1/ledgers/{ledger}":                   {fill: map[string]string{"ledger": "none"}, fails: 404},
	"POST /api/v1/ledgers/{ledger}/check":               {fill: map[string]string{"ledger": "none"}, fails: 404},
	"GET /api/v1/rates":                                 {},
	"POST /api/v1/rates":                                {path: func(*cast, *actor) string { return apiRoot + "/rates?name=prices.csv&asset=coin" }, body: "date,currency,price\n2021-01-01,USD,29001.72\n"},
	"GET /api/v1/ledgers/{ledger}/worth": {path: func(*cast, *actor) string {
		return apiRoot + "/ledgers/none/worth?amount=1&at=2021-01-01T00:00:00Z&currency=USD"
	}, fails: 400},
	"GET /api/v1/ledgers/{ledger}/rates": {path: func(*cast, *actor) string {
		return apiRoot + "/ledgers/none/rates?first=2021-01-01&last=2021-01-02&currency=USD"
	}, fails: 400},
	"POST /api/v1/cases/{case}/expand":                    {body: map[string]string{"ledger": "none", "node": "a:x", "direction": "in", "level": "transaction"}, fails: 400},
	"POST /api/v1/cases/{case}/why":                       {body: map[string]string{"ledger": "none", "address": "x"}, fails: 400},
	"POST /api/v1/cases/{case}/paths":                     {body: map[string]string{"ledger": "none", "from": "x", "to": "y"}, fails: 400},
	"POST /api/v1/cases/{case}/runs":                      {body: map[string]any{"question": map[string]any{"ledger": "none", "method": "fifo", "starts": []string{"x"}}}, fails: 400},
	"POST /api/v1/cases/{case}/packages":                  {body: map[string]any{"without": []string{"none"}}, fails: 400},
	"GET /api/v1/cases/{case}/packages/{package}":         {fill: map[string]string{"package": "none"}, fails: 409},
	"POST /api/v1/cases/{case}/packages/{package}/cancel": {fill: map[string]string{"package": "none"}, fails: 409},
	"POST /api/v1/cases/{case}/runs/{run}/cancel":         {fill: map[string]string{"run": "r1"}, fails: 409},
	"GET /api/v1/cases/{case}/runs/{run}/picture":         {fill: map[string]string{"run": "r1"}, fails: 409},
	"GET /api/v1/cases/{case}/graphs/{graph}":             {fill: map[string]string{"graph": "g1"}},
	"GET /api/v1/cases/{case}/timeline":                   {},
	"POST /api/v1/cases/{case}/exhibits/computed":         {body: map[string]any{"graph": map[string]any{"graph": "g1"}}},
	"GET /api/v1/cases/{case}/wallets/{wallet}":           {fill: map[string]string{"wallet": "w1"}},
	"POST /api/v1/cases/{case}/find":                      {body: map[string]string{"text": "nothing here"}},
	"GET /profiles":                                       {},
	"GET /profiles/{profile}":                             {fill: map[string]string{"profile": "new"}},
	"POST /profiles/{profile}":                            {fill: map[string]string{"profile": "new"}, form: true, body: "name=Kestrel+Exchange"},
	"POST /profiles/{profile}/delete":                     {fill: map[string]string{"profile": "none"}, form: true, body: "version=1", fails: 404},
	"GET /templates/{template}":                           {fill: map[string]string{"template": "new"}},
	"POST /templates/{template}":                          {fill: map[string]string{"template": "new"}, form: true, body: "name=Ours&text=To+%7B%7Bservice%7D%7D"},
	"POST /templates/{template}/delete":                   {fill: map[string]string{"template": "none"}, form: true, body: "version=1", fails: 404},
	"GET /cases/{case}/letters":                           {},
	"POST /cases/{case}/letters":                          {form: true, body: "service=x&address=y&ledger=none", fails: 400},
	"GET /cases/{case}/letters/{letter}":                  {fill: map[string]string{"letter": "l1"}},
	"GET /cases/{case}/letters/{letter}/file":             {fill: map[string]string{"letter": "l1"}},
	"POST /cases/{case}/letters/{letter}":                 {fill: map[string]string{"letter": "l1"}, form: true, body: "f.paper=An+order"},
	"POST /cases/{case}/letters/{letter}/send":            {fill: map[string]string{"letter": "l1"}, form: true, body: "due=2026-12-24", fails: 400},
	"POST /cases/{case}/letters/{letter}/withdraw":        {fill: map[string]string{"letter": "l2"}, form: true, body: "", fails: 409},
	"POST /cases/{case}/letters/{letter}/remind":          {fill: map[string]string{"letter": "l3"}, form: true, body: ""},
	"GET /cases/{case}/answers":                           {},
	"POST /cases/{case}/answers":                          {form: true, body: "exhibit=none&ledger=none&service=x", fails: 400},
	"GET /cases/{case}/answers/new":                       {path: func(*cast, *actor) string { return "/cases/{case}/answers/new?exhibit={exhibit}" }, fails: 501},
	"POST /cases/{case}/answers/file":                     {form: true, body: "service=no+file", fails: 400},
	"GET /cases/{case}/answers/{answer}":                  {fill: map[string]string{"answer": "n1"}, fails: 409},
	"GET /cases/{case}/account":                           {path: func(*cast, *actor) string { return "/cases/{case}/account?service=x" }},
	"POST /cases/{case}/account":                          {form: true, body: "service=Kestrel&by=fifo", fails: 409},
	"GET /cases/{case}/graphs":                            {},
	"POST /cases/{case}/graphs":                           {form: true, body: "title=Another+picture"},
	"GET /cases/{case}/graphs/{graph}":                    {fill: map[string]string{"graph": "g1"}},
	"POST /cases/{case}/shares": {form: true, body: func() any {
		return "snapshot=p1&email=investigator2%40police.example&until=" + nextWeek().Format(time.DateOnly)
	}},
	"POST /cases/{case}/shares/{share}/end": {path: func(*cast, *actor) string { return "/cases/{case}/shares/{ending}/end" }, form: true, body: ""},
	"GET /shared/{case}/{share}":            {},
	"POST /api/v1/cases/{case}/shares": {body: func() any {
		return map[string]any{"snapshot": "p1", "email": "investigator2@police.example", "until": nextWeek()}
	}},
	"DELETE /api/v1/cases/{case}/shares/{share}":          {path: func(*cast, *actor) string { return "/api/v1/cases/{case}/shares/{ending}" }},
	"GET /api/v1/shared":                                  {},
	"GET /api/v1/shared/{case}/{share}":                   {},
	"GET /api/v1/profiles":                                {},
	"PUT /api/v1/profiles/{profile}":                      {fill: map[string]string{"profile": "new"}, body: map[string]any{"version": 0, "profile": map[string]any{"name": "Kestrel Exchange"}}},
	"DELETE /api/v1/profiles/{profile}":                   {path: fixed("/profiles/none?version=1"), fails: 404},
	"DELETE /api/v1/templates/{template}":                 {path: fixed("/templates/none?version=1"), fails: 404},
	"GET /api/v1/templates":                               {},
	"PUT /api/v1/templates/{template}":                    {fill: map[string]string{"template": "new"}, body: map[string]any{"version": 0, "template": map[string]any{"name": "Ours", "text": "To {{service}}"}}},
	"POST /api/v1/cases/{case}/letters":                   {body: map[string]any{"service": "x", "address": "y", "ledger": "none"}, fails: 400},
	"GET /api/v1/cases/{case}/letters/{letter}/file":      {fill: map[string]string{"letter": "l1"}},
	"POST /api/v1/cases/{case}/letters/{letter}/send":     {fill: map[string]string{"letter": "l1"}, body: map[string]any{"due": "2026-12-24"}, fails: 400},
	"POST /api/v1/cases/{case}/letters/{letter}/withdraw": {fill: map[string]string{"letter": "l2"}, fails: 409},
	"POST /api/v1/cases/{case}/letters/{letter}/remind":   {fill: map[string]string{"letter": "l3"}},
	"GET /api/v1/cases/{case}/exhibits/{exhibit}/mapping": {fails: 400},
	"POST /api/v1/cases/{case}/answers":                   {body: map[string]any{"exhibit": "x", "service": "x", "ledger": "none", "mapping": map[string]any{"list": "deposits", "delimiter": ",", "columns": map[string]int{"time": 0}, "time": "iso", "unit": "coin", "decimal": ".", "decimals": 8}}, fails: 400},
	"GET /api/v1/cases/{case}/answers/{answer}":           {fill: map[string]string{"answer": "n1"}, fails: 409},
	"POST /api/v1/cases/{case}/across":                    {body: map[string]any{"service": "Kestrel", "account": "1"}, fails: 409},
	"POST /api/v1/cases/{case}/across/continue":           {body: map[string]any{"service": "Kestrel", "account": "1", "by": "fifo"}, fails: 409},
	"GET /api/v1/self":                                    {},
	"GET /api/v1/tokens":                                  {},
	"POST /api/v1/tokens":                                 {body: map[string]any{"name": "a program", "scopes": []string{"read"}}},
	"DELETE /api/v1/tokens/{token}":                       {path: freshToken},
}

// What somebody may find in a case: the first address that ever was paid, and the wallet of BIP 84's
// test vector.
const (
	firstAddress = "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
	someWallet   = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
)

func nextWeek() time.Time { return time.Now().UTC().AddDate(0, 0, 7) }

// newNote is a change that always can be made.
func newNote() any {
	return map[string]any{"what": "wrote a note", "edits": []any{map[string]any{"kind": "note", "id": casebook.NewID(), "field": "title", "before": nil, "after": "x"}}}
}

// fixed is a path of the API that is the same for everybody.
func fixed(path string) func(*cast, *actor) string {
	return func(*cast, *actor) string { return apiRoot + path }
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
