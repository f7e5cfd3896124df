package web

import (
	"net/http"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// signRows are the matrix's samples for signing in, accounts and people.
func signRows() map[string]sample {
	return map[string]sample{
		"GET /first":                  {},
		"POST /first":                 {form: true, body: "code=x", fails: 400},
		"GET /sign-in":                {},
		"POST /sign-in":               {form: true, body: "password=x", fails: 400},
		"POST /sign-in/recovery":      {form: true, body: "code=x", fails: 400},
		"POST /sign-in/passkey/begin": {fails: 501},             // at a bare address
		"POST /sign-in/passkey":       {body: "{}", fails: 501}, // as above
		"GET /sign-in/oidc":           {fails: 404},             // there is no provider
		"GET /sign-in/oidc/back":      {fails: 400},
		"POST /sign-out":              {form: true, as: anotherSession},
		"GET /invite/{secret}":        {path: func(c *cast, _ *actor) string { return "/invite/" + c.invitation(c.passing()) }},
		"POST /invite/{secret}":       {path: func(c *cast, _ *actor) string { return "/invite/" + c.invitation(c.passing()) }, form: true, as: anotherSession},

		"GET /account":                            {},
		"POST /account/passkeys/begin":            {fails: 501},             // at a bare address
		"POST /account/passkeys":                  {body: "{}", fails: 501}, // as above
		"POST /account/passkeys/{passkey}/remove": {path: passkeyToRemove, form: true, body: "tokens=keep", ends: true},
		"GET /account/password":                   {},
		"POST /account/password":                  {form: true, body: "seal=none", fails: 400},
		"POST /account/password/remove":           {form: true, fails: 404},
		"GET /account/recovery":                   {},
		"POST /account/recovery":                  {form: true, as: onlyWithAWayIn, ends: true},
		"POST /account/sessions/end":              {form: true, as: passer},
		"POST /account/tokens/end":                {form: true, as: passer},
		"POST /account/sessions/{session}/end":    {form: true, path: sessionToEnd},
		"POST /account/tokens":                    {form: true, body: "name=a+program&scope=read&days=1"},
		"POST /account/tokens/{token}/end": {form: true, path: func(c *cast, a *actor) string {
			return "/account" + freshToken(c, a)[len(apiRoot):] + "/end"
		}},

		"GET /people":                            {},
		"POST /people":                           {form: true, body: func() any { return "name=A+new+one&agency=none&role=reader&email=x%40police.example" }, fails: 400},
		"GET /people/{person}":                   {path: person("")},
		"POST /people/{person}":                  {path: person(""), form: true, body: "name=Another+name&role=reader"},
		"POST /people/{person}/disable":          {path: person("/disable"), form: true},
		"POST /people/{person}/enable":           {path: person("/enable"), form: true},
		"POST /people/{person}/sign-out":         {path: person("/sign-out"), form: true},
		"POST /people/{person}/invite":           {path: person("/invite"), form: true},
		"GET /agencies":                          {},
		"GET /api/v1/people/{person}":            {path: under(apiRoot, person(""))},
		"POST /api/v1/people":                    {body: map[string]any{"agency": "none", "name": "A new one", "email": "x@police.example", "role": "reader"}, fails: 400},
		"PUT /api/v1/people/{person}":            {path: under(apiRoot, person("")), body: map[string]any{"name": "Another name", "role": "reader"}},
		"POST /api/v1/people/{person}/disable":   {path: under(apiRoot, person("/disable"))},
		"POST /api/v1/people/{person}/enable":    {path: under(apiRoot, person("/enable"))},
		"POST /api/v1/people/{person}/sign-out":  {path: under(apiRoot, person("/sign-out"))},
		"POST /api/v1/people/{person}/invite":    {path: under(apiRoot, person("/invite"))},
		"POST /api/v1/agencies":                  {body: func() any { return map[string]any{"kind": "police", "name": string(casebook.NewID())} }},
		"GET /api/v1/self/sessions":              {},
		"DELETE /api/v1/self/sessions/{session}": {path: under(apiRoot+"/self", sessionToEnd)},
		"POST /api/v1/self/sessions/end":         {as: passer},
		"POST /api/v1/tokens/end":                {as: passer},
		"GET /api/v1/self/ways":                  {},
		"DELETE /api/v1/self/passkeys/{passkey}": {path: ownPasskey, ends: true},
		"DELETE /api/v1/self/password":           {fails: 404},
		"POST /agencies":                         {form: true, body: func() any { return "kind=police&name=" + string(casebook.NewID()) }},
	}
}

// passing adds somebody for one request.
func (c *cast) passing() *identity.Person {
	id := casebook.NewID()
	p := &identity.Person{ID: id, Agency: c.who["lead"].Agency, Name: "Passing " + string(id), Email: string(id) + "@police.example", Role: identity.Reader, Created: c.now}
	c.write(func(tx *store.Tx) error { return tx.AddPerson(p) })
	return p
}

// invitation invites somebody, and returns the secret.
func (c *cast) invitation(p *identity.Person) string {
	i, secret := identity.NewInvitation(p.ID, c.now)
	c.write(func(tx *store.Tx) error { return tx.Invite(&i) })
	return secret
}

func person(what string) func(*cast, *actor) string {
	return func(c *cast, _ *actor) string { return "/people/" + string(c.passing().ID) + what }
}

// anotherSession is the actor in a browser that may be signed out.
func anotherSession(c *cast, a *actor) *browser {
	if a.subject == nil || a.subject.Via == identity.ViaToken {
		return a.browser
	}
	return &browser{c.stage, http.Header{"Cookie": {"goshawk=" + c.session(a.subject.Person.Name, a.subject.Via)}}}
}

// passer is somebody with the actor's role and way of signing in, whose sessions may all be ended.
func passer(c *cast, a *actor) *browser {
	if a.subject == nil || a.subject.Via == identity.ViaToken {
		return a.browser
	}
	p := c.passing()
	p.Role = a.subject.Person.Role
	c.who[p.Name] = p
	c.write(func(tx *store.Tx) error { return tx.SetPerson(p) })
	return &browser{c.stage, http.Header{"Cookie": {"goshawk=" + c.session(p.Name, a.subject.Via)}}}
}

// onlyWithAWayIn is the actor, who is somebody with a way in where they are here to set one up: such
// people get no recovery codes.
func onlyWithAWayIn(c *cast, a *actor) *browser {
	if a.subject != nil && (a.subject.Via == identity.ViaRecovery || a.subject.Via == identity.ViaInvitation) {
		return &browser{c.stage, http.Header{"Cookie": {"goshawk=" + c.session(a.subject.Person.Name, identity.ViaPasskey)}}}
	}
	return a.browser
}

// whose is who a request of an actor is about; somebody else for who is nobody.
func whose(a *actor) goshawk.ID {
	if a.subject == nil {
		return ""
	}
	return a.subject.Person.ID
}

// twoPasskeys gives an actor two passkeys, and returns one.
func (c *cast) twoPasskeys(a *actor) string {
	id := ""
	if who := whose(a); who != "" {
		c.write(func(tx *store.Tx) error {
			have, err := tx.Passkeys(who)
			if err != nil {
				return err
			}
			for n := len(have); n < 2; n++ {
				if err := tx.AddPasskey(&identity.Passkey{ID: string(casebook.NewID()), Person: who, Name: "a key", Record: []byte("{}"), Created: c.now}); err != nil {
					return err
				}
			}
			have, err = tx.Passkeys(who)
			id = have[0].ID
			return err
		})
	}
	return id
}

func passkeyToRemove(c *cast, a *actor) string {
	if id := c.twoPasskeys(a); id != "" {
		return "/account/passkeys/" + id + "/remove"
	}
	return "/account/passkeys/none/remove"
}

// ownPasskey is the same in the API, where it is said that tokens are kept.
func ownPasskey(c *cast, a *actor) string {
	return under(apiRoot+"/self", passkeyToRemove)(c, a) + "?tokens=keep"
}

// under is a page's path as the API has it: below another one, and without what the page's form adds.
func under(root string, path func(*cast, *actor) string) func(*cast, *actor) string {
	return func(c *cast, a *actor) string {
		at := strings.TrimPrefix(path(c, a), "/account")
		return root + strings.TrimSuffix(strings.TrimSuffix(at, "/remove"), "/end")
	}
}

func sessionToEnd(c *cast, a *actor) string {
	if a.subject == nil {
		return "/account/sessions/none/end"
	}
	return "/account/sessions/" + identity.HashSecret(c.session(a.subject.Person.Name, identity.ViaPasskey)) + "/end"
}
