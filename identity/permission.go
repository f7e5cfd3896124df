package identity

import (
	"errors"
	"slices"

	"goshawk"
)

// Action is something that is allowed or not. Every route and every command does one.
type Action string

const (
	ReadSelf       Action = "self.read"       // one's own account
	ChangeSelf     Action = "self.change"     // one's own ways in
	EndSelf        Action = "self.end"        // one's own sessions and tokens
	ManageTokens   Action = "self.tokens"     // make tokens that programs send for one
	ReadPeople     Action = "people.read"     // the names of one's own agency's people, to choose members
	ListPeople     Action = "people.list"     // everybody's accounts, and how they sign in
	ManagePeople   Action = "people.manage"   // agencies, people, roles, invitations
	ManageServer   Action = "server.manage"   // ledgers, labels, rates, settings
	ReadLedger     Action = "ledger.read"     // what a ledger holds, and traces over it
	ReadProfiles   Action = "profiles.read"   // how services want to be written to
	ChangeProfiles Action = "profiles.change" //
	ReadAudit      Action = "audit.read"      // the audit trail outside of cases
	OpenCase       Action = "case.open"       // a new one
	ListCases      Action = "case.list"       // those one may read
	ReadCase       Action = "case.read"       // and export it
	ChangeCase     Action = "case.change"     // its records
	ManageCase     Action = "case.manage"     // its members, marking, status and retention date
	ReadHistory    Action = "case.history"    // who read and changed it
	ReadShared     Action = "case.shared"     // one snapshot of it that was shared with one, and nothing else
)

// Actions lists them all.
func Actions() []Action {
	return []Action{ReadSelf, ChangeSelf, EndSelf, ManageTokens, ReadPeople, ListPeople, ManagePeople, ManageServer, ReadLedger, ReadProfiles, ChangeProfiles, ReadAudit,
		OpenCase, ListCases, ReadCase, ChangeCase, ManageCase, ReadHistory, ReadShared}
}

// MaySeeWords says whether somebody may see what somebody of an agency has searched cases for. Words tell what cases are about: who
// oversees all cases of the agency sees them, and who typed them; who only keeps the server does not.
func MaySeeWords(s *Subject, person, agency goshawk.ID) bool {
	return s.Known() && (s.Person.ID == person || s.Person.Role == Supervisor && s.Person.Agency == agency)
}

// OfCase says whether an action is about one case, and so needs a Standing.
func (a Action) OfCase() bool {
	return slices.Contains([]Action{ReadCase, ChangeCase, ManageCase, ReadHistory, ReadShared}, a)
}

// Scope is what a token may be used for.
type Scope string

const (
	ScopeRead  Scope = "read"  // whatever its owner may read
	ScopeWrite Scope = "write" // and change
	ScopeAdmin Scope = "admin" // and manage
)

// Scopes lists them, each containing those before it.
func Scopes() []Scope { return []Scope{ScopeRead, ScopeWrite, ScopeAdmin} }

// Reads says whether an action changes nothing.
func (a Action) Reads() bool { return a.scope() == ScopeRead || a == ListPeople }

// scope is the least scope that a token needs for an action.
func (a Action) scope() Scope {
	switch a {
	case ReadSelf, ReadPeople, ReadLedger, ReadProfiles, ListCases, ReadCase, ReadHistory, ReadShared, ReadAudit:
		return ScopeRead
	case OpenCase, ChangeCase, ChangeProfiles:
		return ScopeWrite
	case ChangeSelf, EndSelf, ManageTokens, ListPeople, ManagePeople, ManageServer, ManageCase:
	}
	return ScopeAdmin
}

// May says whether somebody may do something: nil, or a Stranger or Denied error.
// For an action of a case, at says where they stand to it, and is nil if there is
// no such case: who may not read a case is told the same of it as of none.
//
// The rules, in words: docs/permissions.md, which a test makes from this function.
func May(s *Subject, a Action, at *Standing) error {
	if !s.Known() {
		return goshawk.Errorf(goshawk.Stranger, "you are not signed in").WithHint("sign in, or send a token")
	}
	if !s.reaches(a) {
		err := goshawk.Errorf(goshawk.Denied, "the way you signed in (%s) does not reach this", s.Via)
		if s.Via.limited() {
			return err.WithHint("set up a passkey, or a password, on the page of your account")
		}
		if a.grave() || a == EndSelf {
			return err.WithHint("sign in with a browser: no token reaches this")
		}
		return err.WithHint("use a token with the scope %s", a.scope())
	}
	if a.grave() && !s.Fresh && !s.Via.limited() && s.Via != ViaConsole && s.Person.Role.holds(a) {
		return goshawk.Errorf(goshawk.Denied, "%w", errStale).WithHint("sign in again, and go on from there")
	}
	role := s.Person.Role
	if !a.OfCase() {
		if role.holds(a) {
			return nil
		}
		return goshawk.Errorf(goshawk.Denied, "your role (%s) may not do this", role).WithHint("ask an administrator")
	}
	if a == ReadShared {
		if at != nil && at.Shared {
			return nil
		}
		return goshawk.Errorf(goshawk.NotFound, "nothing is shared with you here, or not any more").WithHint("ask who shared it")
	}
	none := goshawk.Errorf(goshawk.NotFound, "there is no such case, or you are no member of it").WithHint("ask who leads the case to make you a member")
	if at == nil {
		return none
	}
	oversees := role == Supervisor && s.Person.Agency == at.Agency
	if at.Part == "" && !oversees {
		return none
	}
	switch a {
	case ReadCase, ReadHistory:
		return nil
	case ManageCase:
		if at.Part == Lead && role != Reader || oversees {
			return nil
		}
	case ChangeCase:
		if at.Closed {
			return goshawk.Errorf(goshawk.Denied, "the case is closed").WithHint("who leads it can open it again")
		}
		if (at.Part == Lead || at.Part == Worker) && role != Reader {
			return nil
		}
	default:
	}
	return goshawk.Errorf(goshawk.Denied, "your part in this case does not allow this").WithHint("ask who leads the case")
}

// grave says whether an action makes it possible to be somebody else, or to stay after
// one's session: who does it proves again who they are.
func (a Action) grave() bool {
	return a == ChangeSelf || a == ManageTokens || a == ManagePeople
}

// errStale says that somebody signed in too long ago for what they want to do.
var errStale = errors.New("this needs you to have signed in a short while ago")

// Stale says whether an error of May would not be, had the subject just signed in.
func Stale(err error) bool { return errors.Is(err, errStale) }

// reaches says whether the way somebody signed in is enough for an action.
func (s *Subject) reaches(a Action) bool {
	switch s.Via {
	case ViaPasskey, ViaOIDC, ViaPassword, ViaConsole:
		return true
	case ViaRecovery, ViaInvitation:
		return a == ReadSelf || a == ChangeSelf || a == EndSelf
	case ViaToken:
		// A token that got into wrong hands neither outlives itself nor makes people.
		need := slices.Index(Scopes(), a.scope())
		return !a.grave() && a != EndSelf && slices.ContainsFunc(s.Scopes, func(have Scope) bool { return slices.Index(Scopes(), have) >= need })
	}
	return false
}

// limited says whether a way in is there to set up another one.
func (v Via) limited() bool { return v == ViaRecovery || v == ViaInvitation }

// holds says what a role may do outside of cases.
func (r Role) holds(a Action) bool {
	switch a {
	case ReadSelf, ChangeSelf, EndSelf, ManageTokens, ReadPeople, ReadLedger, ReadProfiles, ListCases:
		return slices.Contains(Roles(), r)
	case OpenCase, ChangeProfiles:
		return r == Supervisor || r == Investigator
	case ListPeople, ManagePeople, ManageServer:
		return r == Administrator
	case ReadAudit:
		return r == Administrator || r == Supervisor
	default:
		return false
	}
}
