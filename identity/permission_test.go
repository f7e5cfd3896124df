package identity

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"goshawk"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

// everybody is one subject of each kind there is: each role by each way, with each set of
// scopes, with and without having just signed in.
func everybody() []*Subject {
	var all []*Subject
	for _, role := range Roles() {
		for _, via := range Vias() {
			for _, fresh := range []bool{false, true} {
				scopes := [][]Scope{nil}
				if via == ViaToken {
					scopes = [][]Scope{nil, {ScopeRead}, {ScopeWrite}, {ScopeAdmin}, {ScopeRead, ScopeWrite}, {ScopeRead, ScopeAdmin}, {ScopeWrite, ScopeAdmin}, Scopes()}
				}
				for _, s := range scopes {
					all = append(all, &Subject{Person: Person{ID: "p", Agency: "east", Name: "Ines", Role: role}, Kind: Police, Via: via, Fresh: fresh, Scopes: s})
				}
			}
		}
	}
	return all
}

// standings is every way to stand to a case, the case of nobody among them.
func standings() []*Standing {
	all := []*Standing{nil}
	for _, agency := range []goshawk.ID{"east", "west"} {
		for _, part := range []Part{"", Viewer, Worker, Lead} {
			for _, closed := range []bool{false, true} {
				all = append(all, &Standing{agency, part, closed, false}, &Standing{agency, part, closed, true})
			}
		}
	}
	return all
}

func (s *Subject) String() string {
	return fmt.Sprintf("%s by %s %v, fresh: %v", s.Person.Role, s.Via, s.Scopes, s.Fresh)
}

// each calls f for everything that may be asked.
func each(f func(s *Subject, a Action, at *Standing)) {
	for _, s := range everybody() {
		for _, a := range Actions() {
			if !a.OfCase() {
				f(s, a, nil)
				continue
			}
			for _, at := range standings() {
				f(s, a, at)
			}
		}
	}
}

// TestStrangers: nobody, somebody disabled and somebody without a way in get nothing at all.
func TestStrangers(t *testing.T) {
	each(func(s *Subject, a Action, at *Standing) {
		disabled, noID, noVia := *s, *s, *s
		disabled.Person.Disabled, noID.Person.ID, noVia.Via = true, "", "friendship"
		for _, who := range []*Subject{nil, {}, &disabled, &noID} {
			if err := May(who, a, at); goshawk.CodeOf(err) != goshawk.Stranger {
				t.Errorf("%v may %s: %v", who, a, err)
			}
		}
		if May(&noVia, a, at) == nil {
			t.Errorf("%s may %s by a way that is none", s, a)
		}
		noRole := *s
		noRole.Person.Role = "king"
		if err := May(&noRole, a, at); err == nil && !a.OfCase() {
			t.Errorf("a king may %s", a)
		}
	})
}

// TestMore: who is given more never may less. More is: a scope, a higher part in the case, having just
// signed in, a better way than one that is there to set up another, an open case instead of a
// closed one.
func TestMore(t *testing.T) {
	parts := []Part{"", Viewer, Worker, Lead}
	each(func(s *Subject, a Action, at *Standing) {
		if May(s, a, at) != nil {
			return
		}
		more := func(what string, who *Subject, at *Standing) {
			if err := May(who, a, at); err != nil {
				t.Errorf("%s may %s (%+v), and with %s not: %v", s, a, at, what, err)
			}
		}
		fresh := *s
		fresh.Fresh = true
		more("a sign-in just now", &fresh, at)
		for _, scope := range Scopes() {
			wider := *s
			wider.Scopes = append(slices.Clone(s.Scopes), scope)
			more("the scope "+string(scope), &wider, at)
		}
		if s.Via.limited() || s.Via == ViaToken {
			for _, via := range []Via{ViaPasskey, ViaOIDC, ViaPassword} {
				better := fresh
				better.Via = via
				more("a sign-in by "+string(via), &better, at)
			}
		}
		if at == nil {
			return
		}
		for _, part := range parts[slices.Index(parts, at.Part):] {
			higher := *at
			higher.Part = part
			more("the part "+string(part), s, &higher)
		}
		shared := *at
		shared.Shared = true
		more("a share", s, &shared)
		open := *at
		open.Closed = false
		more("an open case", s, &open)
	})
}

// TestRules are the rules that the house stands on, each in a sentence.
func TestRules(t *testing.T) {
	each(func(s *Subject, a Action, at *Standing) {
		err := May(s, a, at)
		must := func(holds bool, rule string) {
			if !holds {
				t.Errorf("%s, %s, %+v: %v, but %s", s, a, at, err, rule)
			}
		}
		oversees := at != nil && s.Person.Role == Supervisor && at.Agency == s.Person.Agency
		if a.OfCase() {
			if a == ReadShared {
				must(err != nil || at != nil && at.Shared, "a snapshot is for whom it is shared with")
				must(err == nil || at == nil || !at.Shared || !s.reaches(a), "and for them whatever they are")
			} else if at == nil || at.Part == "" && !oversees {
				must(err != nil, "only members and their agency's supervisors see a case, whatever is shared with them")
				if s.reaches(a) {
					must(goshawk.CodeOf(err) == goshawk.NotFound, "a case that is not seen is as none")
				}
			}
			must(err != nil || a != ChangeCase || at.Part == Lead || at.Part == Worker, "only those who work on a case change it")
			must(err != nil || a != ChangeCase || !at.Closed, "a closed case stays as it is")
			must(err != nil || a != ChangeCase || s.Person.Role != Reader, "readers change nothing")
			must(err != nil || a != ManageCase || s.Person.Role != Reader, "readers manage nothing")
			must(err != nil || a != ManageCase || at.Part == Lead || oversees, "its lead manages a case")
		}
		if s.Via.limited() {
			must(err != nil || a == ReadSelf || a == ChangeSelf || a == EndSelf, "recovery codes and invitations are for one's own account")
		}
		if s.Via == ViaToken {
			must(err != nil || !a.grave(), "no token makes tokens, people or ways in")
			must(err != nil || len(s.Scopes) > 0, "a token without a scope is of no use")
			if slices.Equal(s.Scopes, []Scope{ScopeRead}) {
				must(err != nil || a.Reads(), "a token to read changes nothing")
			}
		}
		if a == ManagePeople {
			must(err != nil || s.Person.Role == Administrator, "administrators manage people")
			must(err != nil || s.Fresh || s.Via == ViaConsole, "who manages people has just signed in")
			must((err == nil) == (s.Person.Role == Administrator && (s.Via == ViaConsole || s.Fresh && slices.Contains([]Via{ViaPasskey, ViaOIDC, ViaPassword}, s.Via))), "and nothing else is asked of them")
		}
		// Signing in again helps if, and only if, it is said to.
		fresh := *s
		fresh.Fresh = true
		must(Stale(err) == (err != nil && May(&fresh, a, at) == nil), "who is told to sign in again may do it then")
		if err != nil {
			must(goshawk.HintOf(err) != "", "a refusal says what to do")
		}
	})
}

// TestActions: every action is of somebody's.
func TestActions(t *testing.T) {
	may := map[Action]bool{}
	each(func(s *Subject, a Action, at *Standing) { may[a] = may[a] || May(s, a, at) == nil })
	for _, a := range Actions() {
		if !may[a] {
			t.Errorf("nobody may %s", a)
		}
		if !slices.Contains(Scopes(), a.scope()) {
			t.Errorf("%s has no scope", a)
		}
	}
}

// about says what each action is, for the document.
func about() map[Action]string {
	return map[Action]string{
		ReadSelf: "see one's own account", ChangeSelf: "change one's own ways in", EndSelf: "end one's own sessions and tokens", ManageTokens: "make tokens for programs",
		ReadPeople: "see the names of one's agency's people", ListPeople: "see everybody's accounts", ManagePeople: "add and change people and agencies, invite, reset, disable",
		ManageServer: "keep ledgers, labels, rates and settings", ReadLedger: "look into ledgers, trace", ReadProfiles: "see how services want to be written to",
		ChangeProfiles: "change that", ReadAudit: "read the audit trail outside of cases", OpenCase: "open a case", ListCases: "list and search the cases one may read",
		ReadCase: "read a case, export it", ChangeCase: "change what is in a case", ManageCase: "choose a case's members, marking, status, retention", ReadHistory: "see who read and changed a case", ReadShared: "look at one snapshot that was shared with one, and nothing else of its case",
	}
}

const document = "../docs/permissions.md"

// TestDocument writes the tables of the document from May, and compares.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- tables -->\n", "<!-- end -->\n"
	head, rest, ok := strings.Cut(string(text), begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("%s has no place for the tables", document)
	}
	made := head + begin + tables(t) + end + tail
	if *update {
		if err := os.WriteFile(document, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if made != string(text) {
		t.Errorf("%s is not what the rules say: look at what changed, and write it anew with -update", document)
	}
}

// tables are made of what May answers, and of nothing else.
func tables(t *testing.T) string {
	var b strings.Builder
	who := func(role Role, via Via, fresh bool, scopes ...Scope) *Subject {
		return &Subject{Person: Person{ID: "p", Agency: "east", Role: role}, Via: via, Fresh: fresh, Scopes: scopes}
	}
	yes := func(ok bool) string {
		if ok {
			return "yes"
		}
		return "–"
	}
	row := func(cells ...string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line := func(n int) { b.WriteString(strings.Repeat("|---", n) + "|\n") }

	b.WriteString("\n## Outside of cases, by role\n\n")
	row("action", "what", "administrator", "supervisor", "investigator", "reader", "just signed in?")
	line(7)
	for _, a := range Actions() {
		if a.OfCase() {
			continue
		}
		if about()[a] == "" {
			t.Errorf("nobody says what %s is", a)
		}
		cells := []string{"`" + string(a) + "`", about()[a]}
		stale := false
		for _, role := range Roles() {
			cells = append(cells, yes(May(who(role, ViaPasskey, true), a, nil) == nil))
			stale = stale || Stale(May(who(role, ViaPasskey, false), a, nil))
		}
		must := ""
		if stale {
			must = "yes"
		}
		row(append(cells, must)...)
	}

	b.WriteString("\n## In a case, by role and part\n\n“open”: while the case is not closed. Whoever has no “yes” for `case.read` is told that there is no such case.\n\n")
	type stand struct {
		name string
		at   Standing
	}
	stands := []stand{{"lead", Standing{Agency: "east", Part: Lead}}, {"worker", Standing{Agency: "east", Part: Worker}}, {"viewer", Standing{Agency: "east", Part: Viewer}},
		{"no member, own agency’s case", Standing{Agency: "east"}}, {"no member, other’s case", Standing{Agency: "west"}},
		{"no member, a snapshot shared", Standing{Agency: "west", Shared: true}}}
	cells := []string{"action", "what", "role"}
	for _, s := range stands {
		cells = append(cells, s.name)
	}
	row(cells...)
	line(len(cells))
	for _, a := range Actions() {
		if !a.OfCase() {
			continue
		}
		if about()[a] == "" {
			t.Errorf("nobody says what %s is", a)
		}
		var order []string
		same := map[string][]string{} // roles that differ in nothing share a row
		for _, role := range Roles() {
			var said []string
			for _, s := range stands {
				shut := s.at
				shut.Closed = true
				switch {
				case May(who(role, ViaPasskey, true), a, &s.at) != nil:
					said = append(said, "–")
				case May(who(role, ViaPasskey, true), a, &shut) != nil:
					said = append(said, "open")
				default:
					said = append(said, "yes")
				}
			}
			key := strings.Join(said, " | ")
			if same[key] == nil {
				order = append(order, key)
			}
			same[key] = append(same[key], string(role))
		}
		for _, key := range order {
			row("`"+string(a)+"`", about()[a], strings.Join(same[key], ", "), key)
		}
	}

	b.WriteString("\n## By way of signing in\n\nWhat a role and a part allow is done only by a way that reaches it. “fresh”: only within " + fmt.Sprint(int(FreshLength.Minutes())) + " minutes of signing in.\n\n")
	type way struct {
		name   string
		via    Via
		scopes []Scope
	}
	list := []way{{"passkey", ViaPasskey, nil}, {"identity provider", ViaOIDC, nil}, {"password and code", ViaPassword, nil}, {"recovery code", ViaRecovery, nil}, {"invitation", ViaInvitation, nil},
		{"token: read", ViaToken, []Scope{ScopeRead}}, {"token: write", ViaToken, []Scope{ScopeWrite}}, {"token: admin", ViaToken, []Scope{ScopeAdmin}}, {"console", ViaConsole, nil}}
	cells = []string{"action"}
	for _, w := range list {
		cells = append(cells, w.name)
	}
	row(cells...)
	line(len(cells))
	reaches := func(w way, a Action, fresh bool) bool {
		for _, role := range Roles() {
			if May(who(role, w.via, fresh, w.scopes...), a, &Standing{Agency: "east", Part: Lead, Shared: true}) == nil {
				return true
			}
		}
		return false
	}
	for _, a := range Actions() {
		cells := []string{"`" + string(a) + "`"}
		for _, w := range list {
			switch {
			case reaches(w, a, false):
				cells = append(cells, "yes")
			case reaches(w, a, true):
				cells = append(cells, "fresh")
			default:
				cells = append(cells, "–")
			}
		}
		row(cells...)
	}
	b.WriteString("\n")
	return b.String()
}
