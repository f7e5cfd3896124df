package web

import (
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

func peopleCalls() []call {
	return []call{
		{id: "list-people", pattern: "GET /people", action: identity.ReadPeople, summary: "List people",
			about: "The people of your agency, by name: to choose members of a case by their IDs. An administrator may ask for another agency's, or, with `agency=all`, for everybody.", handle: typed(listPeople)},
		{id: "list-agencies", pattern: "GET /agencies", action: identity.ListPeople, summary: "List agencies", handle: typed(listAgencies)},
		{id: "read-person", pattern: "GET /people/{person}", action: identity.ListPeople, summary: "Read a person",
			about: "Somebody with an account, and by what they can sign in.", handle: typed(readPerson)},
		{id: "add-person", pattern: "POST /people", action: identity.ManagePeople, summary: "Add a person", status: http.StatusCreated,
			about: "The answer holds the link that invites them, this once. " + inPerson, handle: typed(addPerson)},
		{id: "change-person", pattern: "PUT /people/{person}", action: identity.ManagePeople, summary: "Change a person's name and role", about: inPerson, handle: typed(changePerson)},
		{id: "disable-person", pattern: "POST /people/{person}/disable", action: identity.ManagePeople, summary: "Disable a person",
			about: "From that moment on, in every session and with every token. " + inPerson, handle: settled(disabling)},
		{id: "enable-person", pattern: "POST /people/{person}/enable", action: identity.ManagePeople, summary: "Enable a person", about: inPerson, handle: settled(enabling)},
		{id: "sign-person-out", pattern: "POST /people/{person}/sign-out", action: identity.ManagePeople, summary: "End a person's sessions", about: inPerson, handle: settled(signingOut)},
		{id: "invite-person", pattern: "POST /people/{person}/invite", action: identity.ManagePeople, summary: "Invite a person again", status: http.StatusCreated,
			about: "Takes their ways in from them; the answer holds the link that lets them set up others, this once. " + inPerson, handle: typed(invitePerson)},
		{id: "add-agency", pattern: "POST /agencies", action: identity.ManagePeople, summary: "Add an agency", status: http.StatusCreated, about: inPerson, handle: typed(addAgency)},
		{id: "search", pattern: "GET /search", action: identity.ListCases, summary: "Search",
			about: "Records, in the cases that you may read, whose texts hold all the words; the last one may be a beginning. What was looked for is noted.", handle: typed(search)},
		{id: "read-audit", pattern: "GET /audit", action: identity.ReadAudit, summary: "Read the audit trail",
			about: "What was done outside of cases, the newest first: by the people of your agency, or, for an administrator, by everybody.", handle: typed(readTrail)},
		{id: "read-case-audit", pattern: "GET /cases/{case}/audit", action: identity.ReadHistory, summary: "Read a case's audit trail",
			about: "Who read and changed a case, the newest first.", handle: typed(readCaseTrail)},
	}
}

// inPerson is said of what no token may do.
const inPerson = "Not with a token: by the session of somebody who has signed in a short while ago."

type listPeopleInput struct {
	PageInput
	Agency string `query:"agency" maxLength:"128" doc:"ID of another agency, or all"`
}

type listPeopleOutput struct {
	Body struct {
		People []identity.Person `json:"people" nullable:"false"`
		Next   string            `json:"next,omitempty" doc:"cursor of the next page"`
	} `nameHint:"PersonList"`
}

func listPeople(q *request, in *listPeopleInput) (*listPeopleOutput, error) {
	agency := q.subject.Person.Agency
	if in.Agency != "" && goshawk.ID(in.Agency) != agency {
		if err := identity.May(q.subject, identity.ListPeople, nil); err != nil {
			return nil, err
		}
		if agency = goshawk.ID(in.Agency); in.Agency == "all" {
			agency = ""
		}
	}
	var list []identity.Person
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.People(agency)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listPeopleOutput{}
	out.Body.People, out.Body.Next, err = pageAfter(list, &in.PageInput, func(p *identity.Person) mark { return mark{ID: string(p.ID)} })
	return out, err
}

type listAgenciesOutput struct {
	Body struct {
		Agencies []identity.Agency `json:"agencies" nullable:"false"`
	} `nameHint:"AgencyList"`
}

func listAgencies(q *request, _ *struct{}) (*listAgenciesOutput, error) {
	out := &listAgenciesOutput{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		list, err := tx.Agencies()
		out.Body.Agencies = append([]identity.Agency{}, list...)
		return err
	})
	return out, err
}

// PersonInput names somebody in a call's path.
type PersonInput struct {
	Person string `path:"person" maxLength:"128"`
}

type personOutput struct {
	Body struct {
		Person identity.Person `json:"person"`
		Ways   *identity.Ways  `json:"ways,omitempty" doc:"by what they can sign in"`
	} `nameHint:"PersonRead"`
}

func readPerson(q *request, in *PersonInput) (*personOutput, error) {
	out := &personOutput{}
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if out.Body.Person, _, err = tx.Person(goshawk.ID(in.Person)); err != nil {
			return err
		}
		ways, err := tx.Ways(out.Body.Person.ID)
		out.Body.Ways = ways[out.Body.Person.ID]
		return err
	})
}

type addPersonInput struct {
	Body struct {
		Agency goshawk.ID    `json:"agency" minLength:"1" maxLength:"128"`
		Name   string        `json:"name" minLength:"1" maxLength:"480"`
		Email  string        `json:"email" minLength:"3" maxLength:"254" doc:"what they sign in with; kept in small letters"`
		Role   identity.Role `json:"role" enum:"administrator,supervisor,investigator,reader"`
	} `nameHint:"NewPerson"`
}

type invitedOutput struct {
	Body struct {
		Person identity.Person `json:"person"`
		Invite string          `json:"invite" doc:"the link to give them; it is not kept here"`
	} `nameHint:"PersonInvited"`
}

func addPerson(q *request, in *addPersonInput) (*invitedOutput, error) {
	p := q.newAccount(in.Body.Agency, in.Body.Name, in.Body.Email, in.Body.Role)
	secret, err := q.addPerson(&p)
	return q.invitedAs(p, secret), err
}

func (q *request) invitedAs(p identity.Person, secret string) *invitedOutput {
	out := &invitedOutput{}
	out.Body.Person, out.Body.Invite = p, q.invitationLink(secret)
	return out
}

type changePersonInput struct {
	PersonInput
	Body struct {
		Name string        `json:"name" minLength:"1" maxLength:"480"`
		Role identity.Role `json:"role" enum:"administrator,supervisor,investigator,reader"`
	} `nameHint:"PersonChange"`
}

type settledOutput struct{ Body identity.Person }

func changePerson(q *request, in *changePersonInput) (*settledOutput, error) {
	p, err := q.settle(goshawk.ID(in.Person), renaming(in.Body.Name, in.Body.Role))
	return &settledOutput{p}, err
}

// settled is a call that does something about somebody.
func settled(of func() settling) func(huma.API, huma.Operation) {
	return typed(func(q *request, in *PersonInput) (*settledOutput, error) {
		p, err := q.settle(goshawk.ID(in.Person), of())
		return &settledOutput{p}, err
	})
}

func invitePerson(q *request, in *PersonInput) (*invitedOutput, error) {
	p, secret, err := q.reset(goshawk.ID(in.Person))
	return q.invitedAs(p, secret), err
}

type addAgencyInput struct {
	Body struct {
		Name    string              `json:"name" minLength:"1" maxLength:"480"`
		Kind    identity.AgencyKind `json:"kind" enum:"police,exchange,training"`
		Country string              `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1 alpha-2"`
	} `nameHint:"NewAgency"`
}

type addAgencyOutput struct{ Body identity.Agency }

func addAgency(q *request, in *addAgencyInput) (*addAgencyOutput, error) {
	a := identity.Agency{ID: casebook.NewID(), Name: in.Body.Name, Kind: in.Body.Kind, Country: in.Body.Country, Created: q.s.Now()}
	return &addAgencyOutput{a}, q.addAgency(&a)
}

type searchInput struct {
	Words string `query:"q" required:"true" minLength:"1" maxLength:"200"`
	Most  int    `query:"most" minimum:"1" maximum:"200" default:"50"`
}

type searchOutput struct {
	Body struct {
		Hits []store.Hit `json:"hits" nullable:"false"`
	} `nameHint:"HitList"`
}

func search(q *request, in *searchInput) (*searchOutput, error) {
	out := &searchOutput{}
	hits, err := q.find(in.Words, in.Most)
	out.Body.Hits = append([]store.Hit{}, hits...)
	return out, err
}

type trailInput struct {
	Before int64 `query:"before" minimum:"0" doc:"number of an entry; 0: from the newest on"`
	Most   int   `query:"most" minimum:"1" maximum:"1000" default:"200"`
}

// upTo is the number that entries come before.
func (in *trailInput) upTo() int64 {
	if in.Before == 0 {
		return math.MaxInt64
	}
	return in.Before
}

type trailOutput struct {
	Body struct {
		Entries []audit.Entry `json:"entries" nullable:"false"`
		More    bool          `json:"more" doc:"ask again before the last one"`
	} `nameHint:"EntryList"`
}

// cut makes a page of one entry more than was asked for.
func (in *trailInput) cut(list []audit.Entry) *trailOutput {
	out := &trailOutput{}
	out.Body.More = len(list) > in.Most
	out.Body.Entries = append([]audit.Entry{}, list[:min(len(list), in.Most)]...)
	return out
}

func readTrail(q *request, in *trailInput) (out *trailOutput, err error) {
	agency := q.subject.Person.Agency
	if q.subject.Person.Role == identity.Administrator {
		agency = ""
	}
	err = q.s.Store.Do(q.Context(), q.note(identity.ReadAudit, "read the audit trail"), func(tx *store.Tx) error {
		list, err := tx.Trail("", agency, in.upTo(), in.Most+1)
		if err == nil {
			err = q.withhold(list)
		}
		out = in.cut(list)
		return err
	})
	return out, err
}

type caseTrailInput struct {
	CaseInput
	Before int64 `query:"before" minimum:"0" doc:"number of an entry; 0: from the newest on"`
	Most   int   `query:"most" minimum:"1" maximum:"1000" default:"200"`
}

func readCaseTrail(q *request, in *caseTrailInput) (out *trailOutput, err error) {
	page := &trailInput{in.Before, in.Most}
	err = q.inCase(goshawk.ID(in.Case), identity.ReadHistory, "read the audit trail of the case", func(tx *store.Tx) error {
		list, err := tx.Trail(goshawk.ID(in.Case), "", page.upTo(), page.Most+1)
		out = page.cut(list)
		return err
	})
	return out, err
}

// inCase does something about a case that the casebook has no words for, if who asks may; that they
// did is noted with it.
func (q *request) inCase(id goshawk.ID, a identity.Action, what string, f func(*store.Tx) error) error {
	e := q.note(a, what)
	e.Case = id
	return q.s.Store.Do(q.Context(), e, func(tx *store.Tx) error {
		at, err := tx.Standing(id, q.subject.Person.ID)
		if err == nil {
			err = identity.May(q.subject, a, at)
		}
		if err != nil {
			return err
		}
		return f(tx)
	})
}
