package web

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// relyingParty is this server as passkeys know it: by the name in its URL, or as localhost; nil where
// browsers refuse them, at bare addresses.
func (q *request) relyingParty() *webauthn.WebAuthn {
	origins := []string{q.origin()}
	name := q.Host
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	switch {
	case q.s.URL != nil && (strings.EqualFold(q.Host, q.s.URL.Host) || strings.EqualFold(q.Host, q.s.URL.Hostname())):
		// Some proxies hand on the name without the port; which origin a browser was at, it says itself, and that is compared.
		name = q.s.URL.Hostname()
	case name == "localhost":
		origins = []string{"http://" + q.Host, "https://" + q.Host}
	default:
		return nil
	}
	if net.ParseIP(name) != nil {
		return nil
	}
	w, err := webauthn.New(&webauthn.Config{RPID: name, RPDisplayName: "Goshawk", RPOrigins: origins, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired}})
	if err != nil {
		q.s.Log.Error("passkeys cannot be offered", "error", err)
		return nil
	}
	return w
}

// noPasskeys says why there are none.
func noPasskeys() error {
	return goshawk.Errorf(goshawk.Unsupported, "browsers refuse passkeys at this address").WithHint("open this server by its name, or as localhost; or use a password and an authenticator")
}

// bearerOf is a person as the WebAuthn library wants them.
type bearerOf struct {
	person   *identity.Person
	keys     []webauthn.Credential
	passkeys []identity.Passkey
}

// WebAuthnID implements webauthn.User: the ID says nothing of the person.
func (b *bearerOf) WebAuthnID() []byte { return []byte(b.person.ID) }

// WebAuthnName implements webauthn.User.
func (b *bearerOf) WebAuthnName() string { return b.person.Email }

// WebAuthnDisplayName implements webauthn.User.
func (b *bearerOf) WebAuthnDisplayName() string { return b.person.Name }

// WebAuthnCredentials implements webauthn.User.
func (b *bearerOf) WebAuthnCredentials() []webauthn.Credential { return b.keys }

// passkey finds one by its credential's ID.
func (b *bearerOf) passkey(id []byte) *identity.Passkey {
	for i := range b.passkeys {
		if b.passkeys[i].ID == hex.EncodeToString(id) {
			return &b.passkeys[i]
		}
	}
	return nil
}

// bearerWith reads somebody with their passkeys.
func (q *request) bearerWith(id goshawk.ID) (*bearerOf, error) {
	b := &bearerOf{}
	return b, q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		p, _, err := tx.Person(id)
		if err != nil {
			return err
		}
		b.person = &p
		if b.passkeys, err = tx.Passkeys(id); err != nil {
			return err
		}
		for i := range b.passkeys {
			var c webauthn.Credential
			if err := json.Unmarshal(b.passkeys[i].Record, &c); err != nil {
				return goshawk.Errorf(goshawk.Corrupt, "a stored passkey cannot be read: %w", err)
			}
			b.keys = append(b.keys, c)
		}
		return nil
	})
}

// begun is what a script begins with: options for the browser, and what is to come back with its answer.
type begun struct {
	Options any    `json:"options"`
	Seal    string `json:"seal"`
}

// What seals are for.
const (
	sealPasskey    = "sign in with a passkey"
	sealNewPasskey = "set up a passkey"
)

// keyAnswer is what a script sends back.
type keyAnswer struct {
	Seal     string          `json:"seal"`
	Next     string          `json:"next"`
	Name     string          `json:"name"`
	Response json.RawMessage `json:"response"`
}

// keyAnswer reads it.
func (q *request) keyAnswer() (*keyAnswer, error) {
	a := &keyAnswer{}
	text, err := io.ReadAll(http.MaxBytesReader(q.w, q.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(text, a)
	}
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the passkey's answer cannot be read: %w", err)
	}
	return a, nil
}

// beginPasskey begins to sign somebody in with a passkey, whoever it will be.
func (q *request) beginPasskey() error {
	w := q.relyingParty()
	if w == nil {
		return noPasskeys()
	}
	options, session, err := w.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "a passkey cannot be asked for: %w", err)
	}
	text, err := q.s.signs().seal.seal(sealPasskey, session, q.s.Now())
	if err != nil {
		return err
	}
	return q.reply(begun{options.Response, text})
}

// errKey says that a passkey does not let anybody in, and not why.
var errKey = errors.New("this passkey signs nobody in here")

func badKey() error {
	return goshawk.Errorf(goshawk.Stranger, "%w", errKey).WithHint("use another passkey or another way in; an administrator can send you an invitation")
}

// byPasskey signs somebody in with a passkey.
func (q *request) byPasskey() error {
	in, err := q.keyAnswer()
	if err != nil {
		return err
	}
	w := q.relyingParty()
	if w == nil {
		return noPasskeys()
	}
	g := q.s.signs()
	var session webauthn.SessionData
	spend, err := g.seal.open(sealPasskey, in.Seal, &session, q.s.Now())
	if err != nil {
		return err
	}
	back, ok := g.limit.enter(identity.ViaPasskey, q.from(), q.s.Now())
	if !ok {
		return q.busy(q.s.Now())
	}
	b, err := q.useKey(w, &session, in.Response, spend)
	if err == nil {
		back()
		return q.signedInto(in.Next)
	}
	if !errors.Is(err, errKey) && !errors.Is(err, errGone) {
		back()
		return err
	}
	var p *identity.Person
	if b != nil {
		p = b.person
	}
	if err := q.refused(p, identity.ViaPasskey, nil); err != nil {
		return err
	}
	return badKey()
}

// useKey checks a passkey's answer and begins the session. It returns whose the passkey is, if that is known.
func (q *request) useKey(w *webauthn.WebAuthn, session *webauthn.SessionData, response []byte, spend func() error) (b *bearerOf, err error) {
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, badKey()
	}
	credential, err := w.ValidateDiscoverableLogin(func(_, handle []byte) (webauthn.User, error) {
		id := goshawk.ID(handle)
		if !id.Valid() {
			return nil, errKey
		}
		b, err = q.bearerWith(id)
		return b, err
	}, *session, parsed)
	if err != nil {
		if b != nil && b.person == nil {
			b = nil
		}
		q.s.Log.Debug("a passkey was refused", "error", err)
		return b, badKey()
	}
	if err := spend(); err != nil {
		return b, err
	}
	k := b.passkey(credential.ID)
	if k == nil || k.Doubtful {
		return b, badKey()
	}
	k.Used = q.s.Now()
	if k.Record, err = json.Marshal(credential); err != nil {
		return b, err
	}
	if credential.Authenticator.CloneWarning {
		// Either it or a copy of it was used before this: nobody knows which one is here.
		k.Doubtful = true
		e := q.signEntry(b.person, identity.ViaPasskey, "a passkey's counter went back, so that there may be a copy: it signs nobody in any more")
		e.Person, e.Name = "", ""
		if err := q.s.Store.Do(q.Context(), e, func(tx *store.Tx) error { return tx.SetPasskey(k) }); err != nil {
			return b, err
		}
		return b, badKey()
	}
	return b, q.admit(b.person, identity.ViaPasskey, q.s.Now(), "signed in", func(tx *store.Tx) error { return tx.SetPasskey(k) })
}

// beginNewPasskey begins to set up a passkey of one's own.
func (q *request) beginNewPasskey() error {
	w := q.relyingParty()
	if w == nil {
		return noPasskeys()
	}
	b, err := q.bearerWith(q.subject.Person.ID)
	if err != nil {
		return err
	}
	var have []protocol.CredentialDescriptor
	for i := range b.keys {
		have = append(have, b.keys[i].Descriptor())
	}
	options, session, err := w.BeginRegistration(b, webauthn.WithExclusions(have))
	if err != nil {
		return goshawk.Errorf(goshawk.Corrupt, "a passkey cannot be set up: %w", err)
	}
	text, err := q.s.signs().seal.seal(sealNewPasskey, session, q.s.Now())
	if err != nil {
		return err
	}
	return q.reply(begun{options.Response, text})
}

// newPasskey sets up a passkey of one's own.
func (q *request) newPasskey() error {
	in, err := q.keyAnswer()
	if err != nil {
		return err
	}
	w := q.relyingParty()
	if w == nil {
		return noPasskeys()
	}
	var session webauthn.SessionData
	spend, err := q.s.signs().seal.open(sealNewPasskey, in.Seal, &session, q.s.Now())
	if err != nil {
		return err
	}
	b, err := q.bearerWith(q.subject.Person.ID)
	if err != nil {
		return err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(in.Response)
	var credential *webauthn.Credential
	if err == nil {
		credential, err = w.CreateCredential(b, session, parsed)
	}
	if err != nil {
		q.s.Log.Debug("a passkey was refused", "error", err)
		return goshawk.Errorf(goshawk.Invalid, "the passkey cannot be used here").WithHint("begin again; a security key needs a PIN or a fingerprint")
	}
	if err := spend(); err != nil {
		return err
	}
	record, err := json.Marshal(credential)
	if err != nil {
		return err
	}
	name := strings.TrimSpace(in.Name)
	if name == "" {
		name = agentName(q.UserAgent())
	}
	if len([]rune(name)) > 60 || strings.ContainsFunc(name, goshawk.Unseen) {
		return goshawk.Errorf(goshawk.Invalid, "a passkey's name is one line of at most 60 characters")
	}
	k := &identity.Passkey{ID: hex.EncodeToString(credential.ID), Person: b.person.ID, Name: name, Record: record, Created: q.s.Now()}
	return q.wayAdded(identity.ViaPasskey, "set up the passkey “"+name+"”", "passkey_set", func(tx *store.Tx) error { return tx.AddPasskey(k) })
}
