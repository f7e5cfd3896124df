package web

import (
	"math"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
	"goshawk/store"
)

func peopleCalls() []call {
	return []call{
		{id: "list-people", pattern: "GET /people", action: identity.ReadPeople, summary: "List people",
			about: "The people of your agency, by name: to choose members of a case by their IDs. An administrator may ask for another agency's, or, with `agency=all`, for everybody.", handle: typed(listPeople)},
		{id: "list-agencies", pattern: "GET /agencies", action: identity.ListPeople, summary: "List agencies", handle: typed(listAgencies)},
		{id: "search", pattern: "GET /search", action: identity.ListCases, summary: "Search",
			about: "Records, in the cases that you may read, whose texts hold all the words; the last one may be a beginning. What was looked for is noted.", handle: typed(search)},
		{id: "read-audit", pattern: "GET /audit", action: identity.ReadAudit, summary: "Read the audit trail",
			about: "What was done outside of cases, the newest first: by the people of your agency, or, for an administrator, by everybody.", handle: typed(readTrail)},
		{id: "read-case-audit", pattern: "GET /cases/{case}/audit", action: identity.ReadHistory, summary: "Read a case's audit trail",
			about: "Who read and changed a case, the newest first.", handle: typed(readCaseTrail)},
	}
}

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
	out.Body.People, out.Body.Next, err = pageByID(list, &in.PageInput, func(p *identity.Person) goshawk.ID { return p.ID })
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
