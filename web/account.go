package web

import (
	"encoding/base64"
	"image/png"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pquerna/otp"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// accountRoutes are the pages of one's own account.
func accountRoutes() []route {
	return []route{
		{"GET /account", identity.ReadSelf, (*request).accountPage},
		{"POST /account/passkeys/begin", identity.ChangeSelf, (*request).beginNewPasskey},
		{"POST /account/passkeys", identity.ChangeSelf, (*request).newPasskey},
		{"POST /account/passkeys/{passkey}/remove", identity.ChangeSelf, (*request).removePasskey},
		{"GET /account/password", identity.ChangeSelf, (*request).passwordPage},
		{"POST /account/password", identity.ChangeSelf, (*request).newPassword},
		{"POST /account/password/remove", identity.ChangeSelf, (*request).removePassword},
		{"GET /account/recovery", identity.ChangeSelf, (*request).recoveryPage},
		{"POST /account/recovery", identity.ChangeSelf, (*request).newRecovery},
		{"POST /account/sessions/end", identity.EndSelf, (*request).endOtherSessions},
		{"POST /account/sessions/{session}/end", identity.EndSelf, (*request).endSession},
		{"POST /account/tokens", identity.ManageTokens, (*request).newToken},
		{"POST /account/tokens/end", identity.EndSelf, (*request).endOwnTokens},
		{"POST /account/tokens/{token}/end", identity.EndSelf, (*request).endOwnToken},
	}
}

// mine is what the page of one's account shows.
type mine struct {
	agency     string
	passkeys   []identity.Passkey
	ways       *identity.Ways
	changed    time.Time // of the password
	sessions   []identity.Session
	tokens     []identity.Token
	mayChange  bool // has signed in a short while ago
	offersKeys bool
	secret     string // of a token that was just made
	problem    *problem
}

// limited says whether who asks is here to set up a way in, and may do nothing else.
func (q *request) limited() bool {
	return q.subject.Via == identity.ViaRecovery || q.subject.Via == identity.ViaInvitation
}

func (q *request) accountPage() error { return q.showAccount("", nil) }

// showAccount shows one's account, with the secret of a token that was just made or what went wrong.
func (q *request) showAccount(secret string, failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	o := &mine{secret: secret, mayChange: identity.May(q.subject, identity.ChangeSelf, nil) == nil, offersKeys: q.relyingParty() != nil}
	id := q.subject.Person.ID
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if o.passkeys, err = tx.Passkeys(id); err != nil {
			return err
		}
		ways, err := tx.Ways(id)
		if err != nil {
			return err
		}
		o.ways = ways[id]
		if p, err := tx.Password(id); err != nil {
			return err
		} else if p != nil {
			o.changed = p.Changed
		}
		if o.sessions, err = tx.Sessions(id, q.s.Now()); err != nil {
			return err
		}
		if o.tokens, err = tx.Tokens(id); err != nil {
			return err
		}
		list, err := tx.Agencies()
		for _, a := range list {
			if a.ID == q.subject.Person.Agency {
				o.agency = a.Name
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	v := q.page("")
	code := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		code, o.problem = p.Status, &p
	}
	if v.title = v.t("account.title"); q.limited() {
		v.title = v.t("account.setup")
		return q.showAs(code, v, setupPage(v, o))
	}
	return q.showAs(code, v, accountPage(v, o))
}

// wayAdded keeps a new way in of one's own. Who was here to set one up has signed in by it.
func (q *request) wayAdded(via identity.Via, what, key string, keep func(*store.Tx) error) error {
	p := q.subject.Person
	var ways *identity.Ways
	change := func(tx *store.Tx) error {
		if err := keep(tx); err != nil {
			return err
		}
		if err := tx.Uninvite(p.ID); err != nil {
			return err
		}
		all, err := tx.Ways(p.ID)
		ways = all[p.ID]
		return err
	}
	var err error
	if q.limited() {
		// Whoever else came by the same invitation, or has another recovery code, is signed out.
		err = q.admit(&p, via, q.s.Now(), what+", and signed in", func(tx *store.Tx) error {
			if still, err := tx.Session(q.session.Hash); err != nil {
				return err
			} else if still == nil {
				return goshawk.Errorf(goshawk.Stranger, "somebody else has set up a way in meanwhile").WithHint("if that was not you, ask an administrator at once for another invitation")
			}
			if err := tx.EndSessions(p.ID, q.session.Hash); err != nil {
				return err
			}
			return change(tx)
		})
	} else {
		err = q.s.Store.Do(q.Context(), q.note(identity.ChangeSelf, what), change)
	}
	if err != nil {
		return err
	}
	to := "/account?done=" + key
	if ways.Recovery == 0 {
		to = "/account/recovery?done=" + key
	}
	if q.forProgram() {
		return q.reply(map[string]string{"to": to})
	}
	http.Redirect(q.w, q.Request, to, http.StatusSeeOther)
	return nil
}

// endOthers ends all of one's own sessions but this one: who had come by a way in that was taken away or changed is signed out.
func (q *request) endOthers(tx *store.Tx) error {
	but := ""
	if q.session != nil {
		but = q.session.Hash
	}
	return tx.EndSessions(q.subject.Person.ID, but)
}

// andEnded is said in the entry of what ends all other sessions.
const andEnded = ", and ended all other sessions"

// wayRemoved takes a way in from oneself, but not the last one. remove says when it was set up; tokens, what becomes of those
// made since. ended says that they were ended.
func (q *request) wayRemoved(what, tokens string, remove func(*store.Tx) (time.Time, error)) (ended bool, err error) {
	id := q.subject.Person.ID
	e := q.note(identity.ChangeSelf, what+andEnded)
	return ended, q.s.Store.Do(q.Context(), e, func(tx *store.Tx) error {
		setUp, err := remove(tx)
		if err != nil {
			return err
		}
		made, err := q.toEnd(tx, setUp, tokens)
		if err != nil {
			return err
		}
		if err := q.endThese(tx, made); err != nil {
			return err
		}
		if ended = len(made) > 0; ended {
			e.What += ", and the tokens made since it was set up"
		}
		if err := q.endOthers(tx); err != nil {
			return err
		}
		all, err := tx.Ways(id)
		if err == nil && !all[id].Any() {
			err = goshawk.Errorf(goshawk.Conflict, "this is your last way in").WithHint("set up another one first")
		}
		return err
	})
}

// withoutPasskey takes a passkey from oneself.
func (q *request) withoutPasskey(id, tokens string) (ended bool, err error) {
	return q.wayRemoved("removed a passkey", tokens, func(tx *store.Tx) (time.Time, error) { return tx.RemovePasskey(q.subject.Person.ID, id) })
}

// withoutPassword takes one's own password from oneself.
func (q *request) withoutPassword(tokens string) (ended bool, err error) {
	id := q.subject.Person.ID
	return q.wayRemoved("removed the password", tokens, func(tx *store.Tx) (time.Time, error) {
		p, err := tx.Password(id)
		if err != nil {
			return time.Time{}, err
		}
		if p == nil {
			return time.Time{}, goshawk.Errorf(goshawk.NotFound, "you have no password").WithHint("it may be removed already: load the page again")
		}
		return p.Changed, tx.RemovePassword(id)
	})
}

func (q *request) removePasskey() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	ended, err := q.withoutPasskey(q.PathValue("passkey"), q.field("tokens"))
	if err != nil {
		return q.showAccount("", err)
	}
	return q.done("/account", withTokens("passkey_removed", ended), 0)
}

func (q *request) removePassword() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	ended, err := q.withoutPassword(q.field("tokens"))
	if err != nil {
		return q.showAccount("", err)
	}
	return q.done("/account", withTokens("password_removed", ended), 0)
}

// withTokens is the key of what is said to be done, where tokens were ended with it.
func withTokens(key string, ended bool) string {
	if ended {
		key += "_tokens"
	}
	return key
}

// passwordForm is what the page of setting up a password shows.
type passwordForm struct {
	picture string // of the authenticator's secret, as a data address
	secret  string // to type it
	seal    string
	has     bool             // a password already
	tokens  []identity.Token // made since it was set up
	problem *problem
}

const sealAuthenticator = "set up an authenticator"

// enrolment is a secret on its way into somebody's authenticator.
type enrolment struct {
	Person goshawk.ID
	URL    string
}

// passwordPage shows a secret for an authenticator, and asks for a password and the first code.
func (q *request) passwordPage() error {
	issuer := "Goshawk"
	if host := strings.Split(q.Host, ":")[0]; host != "" && host != "localhost" {
		issuer += " " + host
	}
	key, err := identity.NewAuthenticator(issuer, q.subject.Person.Email)
	if err != nil {
		return err
	}
	text, err := q.s.signs().seal.seal(sealAuthenticator, enrolment{q.subject.Person.ID, key.URL()}, q.s.Now())
	if err != nil {
		return err
	}
	return q.showPassword(key, text, nil)
}

func (q *request) showPassword(key *otp.Key, seal string, failed error) error {
	if failed != nil && q.forProgram() {
		return failed
	}
	f := &passwordForm{seal: seal, secret: spaced(key.Secret())}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		p, err := tx.Password(q.subject.Person.ID)
		if err != nil || p == nil {
			return err
		}
		f.has = true
		list, err := tx.Tokens(q.subject.Person.ID)
		f.tokens = since(list, p.Changed, q.s.Now())
		return err
	})
	if err != nil {
		return err
	}
	picture, err := key.Image(220, 220)
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "the picture of a secret cannot be drawn: %w", err)
	}
	var b strings.Builder
	b.WriteString("data:image/png;base64,")
	w := base64.NewEncoder(base64.StdEncoding, &b)
	if err := png.Encode(w, picture); err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "the picture of a secret cannot be drawn: %w", err)
	}
	if err := w.Close(); err != nil {
		return err
	}
	f.picture = b.String()
	v := q.page("")
	v.title = v.t("password.title")
	v.trail = []crumb{{v.t("account.title"), "/account"}}
	code := http.StatusOK
	if failed != nil {
		p := q.s.problemOf(failed)
		code, f.problem = p.Status, &p
	}
	return q.showAs(code, v, passwordPage(v, f))
}

// spaced writes a text in groups of four, to be typed.
func spaced(s string) string {
	var b strings.Builder
	for i, c := range []byte(s) {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// newPassword sets up a password and an authenticator together: there is no password without.
func (q *request) newPassword() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	g := q.s.signs()
	p := q.subject.Person
	var e enrolment
	spend, err := g.seal.open(sealAuthenticator, q.PostFormValue("seal"), &e, q.s.Now())
	if err != nil {
		return err
	}
	key, err := otp.NewKeyFromURL(e.URL)
	if err != nil || e.Person != p.ID {
		return goshawk.Errorf(goshawk.Invalid, "this was begun by somebody else").WithHint("begin again")
	}
	password := q.PostFormValue("password")
	step := identity.CheckCode(key.Secret(), q.PostFormValue("code"), 0, q.s.Now())
	err = identity.CheckNewPassword(password, p.Name, p.Email, "goshawk")
	switch {
	case err != nil:
	case password != q.PostFormValue("again"):
		err = goshawk.Errorf(goshawk.Invalid, "the two passwords are not the same")
	case step == 0:
		err = goshawk.Errorf(goshawk.Invalid, "the code is not the one that the authenticator shows now").WithHint("look whether the clock of its telephone is right")
	}
	var old *identity.Password
	var made []identity.Token
	if err == nil { // before what was begun is used up
		err = q.s.Store.View(q.Context(), func(tx *store.Tx) error {
			if old, err = tx.Password(p.ID); err == nil && old != nil {
				made, err = q.toEnd(tx, old.Changed, q.field("tokens"))
			}
			return err
		})
	}
	if err != nil {
		return q.showPassword(key, q.PostFormValue("seal"), err)
	}
	leave, err := queue(q.Context(), g.tries)
	if err != nil {
		return err
	}
	hash := identity.HashPassword(password, g.cost)
	leave()
	if err := spend(); err != nil {
		return err
	}
	what := "set up a password and an authenticator"
	if !q.limited() {
		what += andEnded
	}
	if len(made) > 0 {
		what += ", and the tokens made since the one before was set up"
	}
	return q.wayAdded(identity.ViaPassword, what, withTokens("password_set", len(made) > 0), func(tx *store.Tx) error {
		// Who knew the one before is signed out.
		if err := q.endOthers(tx); err != nil {
			return err
		}
		if err := q.endThese(tx, made); err != nil {
			return err
		}
		if err := tx.SetAttempts(p.ID, identity.ViaPassword, identity.Attempts{}); err != nil {
			return err
		}
		return tx.SetPassword(&identity.Password{Person: p.ID, Hash: hash, Secret: key.Secret(), Step: step, Changed: q.s.Now()})
	})
}

// recoveryPage offers recovery codes.
func (q *request) recoveryPage() error { return q.showRecovery(nil) }

func (q *request) showRecovery(codes []string) error {
	id := q.subject.Person.ID
	left := 0
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		all, err := tx.Ways(id)
		if err == nil {
			left = all[id].Recovery
		}
		return err
	})
	if err != nil {
		return err
	}
	v := q.page("")
	v.title = v.t("recovery.title")
	v.trail = []crumb{{v.t("account.title"), "/account"}}
	return q.show(v, recoveryPage(v, codes, left))
}

// newRecovery makes recovery codes anew, and shows them this once.
func (q *request) newRecovery() error {
	if q.limited() {
		return goshawk.Errorf(goshawk.Denied, "recovery codes are for who has another way in").WithHint("set up a passkey or a password first")
	}
	codes, hashes := identity.NewRecoveryCodes()
	err := q.s.Store.Do(q.Context(), q.note(identity.ChangeSelf, "made recovery codes"), func(tx *store.Tx) error {
		return tx.SetRecovery(q.subject.Person.ID, hashes)
	})
	if err != nil {
		return err
	}
	return q.showRecovery(codes)
}

// signOutElsewhere ends one's own other sessions.
func (q *request) signOutElsewhere() error {
	return q.s.Store.Do(q.Context(), q.note(identity.EndSelf, "ended all other sessions"), q.endOthers)
}

// signOutAt ends one session of one's own, by its hash.
func (q *request) signOutAt(hash string) error {
	return q.s.Store.Do(q.Context(), q.note(identity.EndSelf, "ended a session"), func(tx *store.Tx) error { return tx.EndSessionOf(q.subject.Person.ID, hash) })
}

func (q *request) endOtherSessions() error {
	if err := q.signOutElsewhere(); err != nil {
		return err
	}
	return q.done("/account", "sessions_ended", 0)
}

func (q *request) endSession() error {
	if err := q.signOutAt(q.PathValue("session")); err != nil {
		return err
	}
	return q.done("/account", "session_ended", 0)
}

// newToken makes a token, and shows its secret this once.
func (q *request) newToken() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	days, err := strconv.Atoi(q.field("days"))
	if err != nil {
		return q.showAccount("", goshawk.Errorf(goshawk.Invalid, "say for how many days the token is to be good"))
	}
	_, secret, err := q.s.MakeToken(q.Context(), q.subject, q.field("name"), []identity.Scope{identity.Scope(q.field("scope"))}, time.Duration(min(max(days, 0), 10_000))*24*time.Hour)
	return q.showAccount(secret, err)
}

func (q *request) endOwnToken() error {
	if err := q.s.EndToken(q.Context(), q.subject, goshawk.ID(q.PathValue("token"))); err != nil {
		return err
	}
	return q.done("/account", "token_ended", 0)
}
