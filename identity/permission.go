package identity

import (
	"slices"

	"goshawk"
)

// Action is something that is allowed or not. Every route and every command does one.
type Action string

const (
	ReadSelf       Action = "self.read"       // one's own account
	ChangeSelf     Action = "self.change"     // one's own name and ways in
	ManageTokens   Action = "self.tokens"     // tokens that programs send for one
	ReadPeople     Action = "people.read"     // the names of one's own agency's people, to choose members
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
)

// Actions lists them all.
func Actions() []Action {
	return []Action{ReadSelf, ChangeSelf, ManageTokens, ReadPeople, ManagePeople, ManageServer, ReadLedger, ReadProfiles, ChangeProfiles, ReadAudit,
		OpenCase, ListCases, ReadCase, ChangeCase, ManageCase, ReadHistory}
}

// OfCase says whether an action is about one case, and so needs a Standing.
func (a Action) OfCase() bool {
	return slices.Contains([]Action{ReadCase, ChangeCase, ManageCase, ReadHistory}, a)
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
func (a Action) Reads() bool { return a.scope() == ScopeRead }

// scope is the least scope that a token needs for an action.
func (a Action) scope() Scope {
	switch a {
	case ReadSelf, ReadPeople, ReadLedger, ReadProfiles, ListCases, ReadCase, ReadHistory, ReadAudit:
		return ScopeRead
	case OpenCase, ChangeCase, ChangeProfiles:
		return ScopeWrite
	case ChangeSelf, ManageTokens, ManagePeople, ManageServer, ManageCase:
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
		return goshawk.Errorf(goshawk.Denied, "the way you signed in (%s) does not reach this", s.Via).WithHint("sign in with a passkey, or use a token with the scope %s", a.scope())
	}
	role := s.Person.Role
	if !a.OfCase() {
		if role.holds(a) {
			return nil
		}
		return goshawk.Errorf(goshawk.Denied, "your role (%s) may not do this", role).WithHint("ask an administrator")
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
		if at.Part == Lead || oversees {
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

// reaches says whether the way somebody signed in is enough for an action.
func (s *Subject) reaches(a Action) bool {
	switch s.Via {
	case ViaPasskey, ViaOIDC, ViaPassword, ViaConsole:
		return true
	case ViaRecovery:
		return a == ReadSelf || a == ChangeSelf
	case ViaToken:
		need := slices.Index(Scopes(), a.scope())
		return a != ChangeSelf && a != ManageTokens && slices.ContainsFunc(s.Scopes, func(have Scope) bool { return slices.Index(Scopes(), have) >= need })
	}
	return false
}

// holds says what a role may do outside of cases.
func (r Role) holds(a Action) bool {
	switch a {
	case ReadSelf, ChangeSelf, ManageTokens, ReadPeople, ReadLedger, ReadProfiles, ListCases:
		return slices.Contains(Roles(), r)
	case OpenCase, ChangeProfiles:
		return r == Supervisor || r == Investigator
	case ManagePeople, ManageServer:
		return r == Administrator
	case ReadAudit:
		return r == Administrator || r == Supervisor
	default:
		return false
	}
}
