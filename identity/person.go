package identity

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"goshawk"
)

// AgencyKind is what an agency is there for.
type AgencyKind string

const (
	Police   AgencyKind = "police"   // investigates: police, customs, prosecutors
	Exchange AgencyKind = "exchange" // keeps customers' coins, and answers requests
	Training AgencyKind = "training" // teaches
)

// Agency is an organisation with people. Cases belong to agencies: nobody of
// another one sees them unless they are made a member.
type Agency struct {
	ID      goshawk.ID `json:"id"`
	Name    string     `json:"name"`
	Kind    AgencyKind `json:"kind"`
	Country string     `json:"country"` // ISO 3166-1 alpha-2; may be empty
	Created time.Time  `json:"created"`
}

// Role is what somebody is in their agency.
type Role string

const (
	Administrator Role = "administrator" // keeps people, agencies, ledgers and settings; sees no case they are no member of
	Supervisor    Role = "supervisor"    // sees every case of their agency, and who did what in it
	Investigator  Role = "investigator"  // opens cases and works on them
	Reader        Role = "reader"        // reads the cases they are a member of
)

// Roles lists them, the mightiest first.
func Roles() []Role { return []Role{Administrator, Supervisor, Investigator, Reader} }

// AgencyKinds lists them.
func AgencyKinds() []AgencyKind { return []AgencyKind{Police, Exchange, Training} }

// Check says what is wrong with an agency's name, kind or country.
func (a *Agency) Check() error {
	if err := checkLine(a.Name, "an agency's name"); err != nil {
		return err
	}
	if !slices.Contains(AgencyKinds(), a.Kind) {
		return goshawk.Errorf(goshawk.Invalid, "there is no kind of agency %q", a.Kind).WithHint("choose police, exchange or training")
	}
	if a.Country != "" && (len(a.Country) != 2 || strings.ToUpper(a.Country) != a.Country || strings.ContainsFunc(a.Country, func(r rune) bool { return r < 'A' || r > 'Z' })) {
		return goshawk.Errorf(goshawk.Invalid, "a country is two capital letters, as ISO 3166-1 has them").WithHint("NL, MT, AE, ...; or leave it empty")
	}
	return nil
}

// Check says what is wrong with a person's name, e-mail address or role.
func (p *Person) Check() error {
	if err := checkLine(p.Name, "a person's name"); err != nil {
		return err
	}
	if !slices.Contains(Roles(), p.Role) {
		return goshawk.Errorf(goshawk.Invalid, "there is no role %q", p.Role).WithHint("choose administrator, supervisor, investigator or reader")
	}
	at, err := mail.ParseAddress(p.Email)
	if err != nil || at.Address != p.Email || at.Name != "" || len(p.Email) > 254 || strings.ToLower(p.Email) != p.Email || strings.ContainsFunc(p.Email, unicode.IsSpace) || strings.ContainsFunc(p.Email, goshawk.Unseen) {
		return goshawk.Errorf(goshawk.Invalid, "%q is no e-mail address in small letters", p.Email).WithHint("name@agency.example")
	}
	return nil
}

// mostLine is the most characters of a name.
const mostLine = 120

// checkLine says what is wrong with a name that is shown everywhere.
func checkLine(s, what string) error {
	switch {
	case strings.TrimSpace(s) == "":
		return goshawk.Errorf(goshawk.Invalid, "%s is missing", what)
	case s != strings.TrimSpace(s), !utf8.ValidString(s), utf8.RuneCountInString(s) > mostLine, strings.ContainsFunc(s, unicode.IsControl):
		return goshawk.Errorf(goshawk.Invalid, "%s is one line of at most %d characters", what, mostLine)
	case strings.ContainsFunc(s, goshawk.Unseen):
		return goshawk.Errorf(goshawk.Invalid, "%s holds characters that are not seen", what).WithHint("type it anew, instead of copying it")
	}
	return nil
}

// Person is somebody with an account.
type Person struct {
	ID       goshawk.ID `json:"id"`
	Agency   goshawk.ID `json:"agency"`
	Name     string     `json:"name"`
	Email    string     `json:"email"` // also what they sign in with; lower case
	Role     Role       `json:"role"`
	Disabled bool       `json:"disabled"` // may not sign in, and has no sessions; what they did stays theirs
	Created  time.Time  `json:"created"`
}

// Settled is what an administrator says of a person: entries of the audit trail hold it as it was before and after.
type Settled struct {
	Name     string     `json:"name"`
	Email    string     `json:"email"`
	Agency   goshawk.ID `json:"agency"`
	Role     Role       `json:"role"`
	Disabled bool       `json:"disabled"`
}

// SettledOf is what is settled of a person.
func SettledOf(p *Person) Settled { return Settled{p.Name, p.Email, p.Agency, p.Role, p.Disabled} }

// Via is how somebody proved who they are. It is part of what they may do.
type Via string

const (
	ViaPasskey    Via = "passkey"    // WebAuthn with user verification: cannot be phished
	ViaOIDC       Via = "oidc"       // their agency's identity provider
	ViaPassword   Via = "password"   // with a one-time code (RFC 6238)
	ViaRecovery   Via = "recovery"   // a recovery code: enough to set up another way in, and for nothing else
	ViaInvitation Via = "invitation" // a link from an administrator: as a recovery code
	ViaToken      Via = "token"      // a token of the API, within its scopes
	ViaConsole    Via = "console"    // a command on the server's own machine
)

// Vias lists them.
func Vias() []Via {
	return []Via{ViaPasskey, ViaOIDC, ViaPassword, ViaRecovery, ViaInvitation, ViaToken, ViaConsole}
}

// Subject is who asks for something.
type Subject struct {
	Person Person
	Kind   AgencyKind
	Via    Via
	Fresh  bool    // they proved who they are within the last FreshLength
	Scopes []Scope // of a token; nil for people
	From   string  // network address; empty for a command
}

// Known says whether it is anybody at all.
func (s *Subject) Known() bool { return s != nil && s.Person.ID != "" && !s.Person.Disabled }

// Part is what a member of a case may do in it.
type Part string

const (
	Lead   Part = "lead"   // everything, and chooses the members
	Worker Part = "worker" // changes everything but the members, the marking and the retention date
	Viewer Part = "viewer" // reads
)

// Standing is where a subject stands to a case.
type Standing struct {
	Agency goshawk.ID // that the case belongs to
	Part   Part       // empty: no member
	Closed bool       // the case is closed
	Shared bool       // the snapshot that is asked for is shared with them, now
}
