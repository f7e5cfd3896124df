package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// bodyPatience is for how long a request's body may take to come.
const bodyPatience = time.Minute

func caseCalls() []call {
	return []call{
		{id: "list-cases", pattern: "GET /cases", action: identity.ListCases, summary: "List cases",
			about: "The cases that you may read: those you are a member of, and, for a supervisor, all of the agency. The one changed last comes first.", handle: typed(listCases)},
		{id: "open-case", pattern: "POST /cases", action: identity.OpenCase, summary: "Open a case", status: http.StatusCreated,
			about: "A new case of your agency, which you lead.", handle: typed(openCase)},
		{id: "read-case", pattern: "GET /cases/{case}", action: identity.ReadCase, summary: "Read a case",
			about: "A case with its records: by kind, by ID, by field; each field with its value and the number of the change that set it. Deleted records are among them, with `deleted` true. " +
				"`ETag` is the number of the case's last change: with `If-None-Match` the answer is 304 where nothing was changed.", handle: typed(readCase)},
		{id: "list-changes", pattern: "GET /cases/{case}/changes", action: identity.ReadHistory, summary: "Read a case's changes",
			about: "What was done to a case, oldest first: all that comes after the change `after`. Where `more` is true, ask again after the last one.", handle: typed(listChanges)},
		{id: "change-case", pattern: "POST /cases/{case}/changes", action: identity.ChangeCase, summary: "Change a case", limit: casebook.MostBytes + 1<<20,
			about: "Sets fields of records: all of the edits, or, with an error, nothing. `before` is what you saw in the field, null where it was not set. Fields that others have changed meanwhile are merged where " +
				"they can be (long texts, line by line), else all is refused with 409 and both values. A record begins with its first field; it is deleted by setting `deleted`. The kinds and their fields: `GET /kinds`. Addresses, coins and wallets' keys are held against the rules of their network: a wrong checksum or a private key is refused with 400.", handle: typed(changeCase)},
		{id: "undo-change", pattern: "POST /cases/{case}/changes/{seq}/undo", action: identity.ChangeCase, summary: "Undo a change",
			about: "Takes a change back, by a new change. What others have changed since is not overwritten: 409 with both values.", handle: typed(undoChange)},
		{id: "list-kinds", pattern: "GET /kinds", action: identity.ReadSelf, summary: "What a case holds",
			about: "Every kind of record, and its fields.", handle: typed(listKinds)},
	}
}

// CaseInput names a case in a call's path.
type CaseInput struct {
	Case string `path:"case" maxLength:"128" doc:"ID of the case"`
}

type listCasesInput struct {
	PageInput
	Status string `query:"status" enum:"open,waiting,closed" doc:"only these"`
	Past   bool   `query:"past" doc:"only those whose day of retention, retain, is over"`
}

type listCasesOutput struct {
	Body struct {
		Cases []casebook.Summary `json:"cases" nullable:"false"`
		Next  string             `json:"next,omitempty" doc:"cursor of the next page"`
	} `nameHint:"CaseList"`
}

func listCases(q *request, in *listCasesInput) (*listCasesOutput, error) {
	list, err := q.s.Book.List(q.Context(), q.subject)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(c casebook.Summary) bool {
		return in.Status != "" && c.Status != in.Status || in.Past && !c.Past(q.s.Now())
	})
	out := &listCasesOutput{}
	out.Body.Cases, out.Body.Next, err = page(list, &in.PageInput, func(c *casebook.Summary) mark { return mark{-c.Touched.UnixMicro(), string(c.ID)} })
	return out, err
}

type openCaseInput struct {
	Body struct {
		Title     string `json:"title" minLength:"1" maxLength:"200"`
		Reference string `json:"reference,omitempty" maxLength:"200" doc:"what the case is called elsewhere"`
	} `nameHint:"NewCase"`
}

type openCaseOutput struct {
	Location string `header:"Location"`
	Body     struct {
		ID goshawk.ID `json:"id"`
	} `nameHint:"CaseOpened"`
}

func openCase(q *request, in *openCaseInput) (*openCaseOutput, error) {
	id, err := q.s.Book.Open(q.Context(), q.subject, in.Body.Title, in.Body.Reference)
	if err != nil {
		return nil, err
	}
	out := &openCaseOutput{Location: apiRoot + "/cases/" + string(id)}
	out.Body.ID = id
	return out, nil
}

type readCaseInput struct {
	CaseInput
	Kind string `query:"kind" maxLength:"200" doc:"only records of these kinds, with commas between them" example:"note,task"`
	Seen string `header:"If-None-Match"`
}

type readCaseOutput struct {
	Status int
	ETag   string `header:"ETag" doc:"number of the case's last change"`
	Body   *casebook.Case
}

func readCase(q *request, in *readCaseInput) (*readCaseOutput, error) {
	var kinds []casebook.Kind
	for name := range strings.SplitSeq(in.Kind, ",") {
		k := casebook.Kind(name)
		if !slices.ContainsFunc(casebook.Kinds(), func(r casebook.KindRule) bool { return r.Kind == k }) {
			if in.Kind == "" {
				break
			}
			return nil, goshawk.Errorf(goshawk.Invalid, "there is no kind of record %q", name).WithHint("see %s/kinds", apiRoot)
		}
		kinds = append(kinds, k)
	}
	seen, err := strconv.ParseInt(strings.Trim(strings.TrimPrefix(in.Seen, "W/"), `"`), 10, 64)
	if err != nil {
		seen = -1 // nothing that was ever sent from here
	}
	c, err := q.s.Book.ReadSince(q.Context(), q.subject, goshawk.ID(in.Case), "read the case", seen, kinds...)
	if err != nil {
		return nil, err
	}
	out := &readCaseOutput{Status: http.StatusOK, ETag: `"` + strconv.FormatInt(c.Seq, 10) + `"`, Body: c}
	if c.Seq == seen {
		out.Status = http.StatusNotModified
	}
	return out, nil
}

type listChangesInput struct {
	CaseInput
	After int64 `query:"after" minimum:"0" doc:"number of a change; 0: from the first on"`
	Most  int   `query:"most" minimum:"1" maximum:"1000" default:"200"`
}

type listChangesOutput struct {
	Body struct {
		Changes []casebook.Change `json:"changes" nullable:"false"`
		More    bool              `json:"more"`
	} `nameHint:"ChangeList"`
}

func listChanges(q *request, in *listChangesInput) (*listChangesOutput, error) {
	list, err := q.s.Book.Changes(q.Context(), q.subject, goshawk.ID(in.Case), in.After, in.Most+1)
	if err != nil {
		return nil, err
	}
	out := &listChangesOutput{}
	out.Body.More = len(list) > in.Most
	out.Body.Changes = append([]casebook.Change{}, list[:min(len(list), in.Most)]...)
	return out, nil
}

type changeCaseInput struct {
	CaseInput
	Body struct {
		What  string          `json:"what" minLength:"1" maxLength:"200" pattern:"^[^\\x00-\\x1f\\x7f]*$" doc:"what you do, in words, for the history: \"moved an address\""`
		Edits []casebook.Edit `json:"edits" minItems:"1" maxItems:"50000" nullable:"false"`
	} `nameHint:"NewChange"`
}

type changeCaseOutput struct {
	Body changed
}

// changed says what became of edits.
type changed struct {
	Change *casebook.Change `json:"change,omitempty" doc:"as it was stored; left out where everything was so already"`
}

func changeCase(q *request, in *changeCaseInput) (*changeCaseOutput, error) {
	if err := q.allow(goshawk.ID(in.Case), in.Body.Edits); err != nil {
		return nil, err
	}
	done, err := q.s.Book.Change(q.Context(), q.subject, goshawk.ID(in.Case), in.Body.What, in.Body.Edits)
	return &changeCaseOutput{changed{done}}, err
}

type undoChangeInput struct {
	CaseInput
	Seq int64 `path:"seq" minimum:"1" doc:"number of the change"`
}

func undoChange(q *request, in *undoChangeInput) (*changeCaseOutput, error) {
	done, err := q.s.Book.Undo(q.Context(), q.subject, goshawk.ID(in.Case), in.Seq)
	return &changeCaseOutput{changed{done}}, err
}

type listKindsOutput struct {
	Body struct {
		Kinds []kindWords `json:"kinds" nullable:"false"`
	} `nameHint:"KindList"`
}

// kindWords is a kind of record as the API tells it.
type kindWords struct {
	Kind   casebook.Kind `json:"kind"`
	Name   string        `json:"name" doc:"in words"`
	Single bool          `json:"single" doc:"there is one in a case, with the ID \"case\""`
	Keep   bool          `json:"keep" doc:"never deleted"`
	While  string        `json:"while,omitempty" doc:"a record is changed and deleted only while its field state says this; else 409"`
	Fields []fieldWords  `json:"fields" nullable:"false"`
}

// fieldWords is a field as the API tells it.
type fieldWords struct {
	Name string `json:"name" doc:"ending in \"/\": a family, whose fields' names go on with an ID"`
	Need bool   `json:"need" doc:"a record is not begun without it"`
	Once bool   `json:"once" doc:"set when its record is begun, and not changed"`
	Text bool   `json:"text" doc:"long text, merged line by line"`
	Find bool   `json:"find" doc:"found by the search"`
	Lead bool   `json:"lead" doc:"changed by who leads the case"`
	Made bool   `json:"readOnly" doc:"the server writes it; a change by hand is refused with 403"`
	// Begins and Names are what FieldRule says.
	Begins string        `json:"begins,omitempty" doc:"what a field that is read-only may be begun with"`
	Names  casebook.Kind `json:"names,omitempty" doc:"the kind of record, in the same case, whose ID it is"`
}

func listKinds(*request, *struct{}) (*listKindsOutput, error) {
	out := &listKindsOutput{}
	for _, k := range casebook.Kinds() {
		w := kindWords{Kind: k.Kind, Name: k.Name, Single: k.Single, Keep: k.Keep, While: k.While}
		for _, f := range k.Fields {
			w.Fields = append(w.Fields, fieldWords{f.Name, f.Need, f.Once, f.Text, f.Find, f.Lead, f.Made, f.Begins, f.Names})
		}
		out.Body.Kinds = append(out.Body.Kinds, w)
	}
	return out, nil
}
