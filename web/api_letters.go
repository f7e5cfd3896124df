package web

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/identity"
	"goshawk/letter"
	"goshawk/store"
	"goshawk/workbench"
)

func letterCalls() []call {
	return []call{
		{id: "list-profiles", pattern: "GET /profiles", action: identity.ReadProfiles, summary: "List profiles of services", about: "How services want to be written to, as your agency knows it.", handle: typed(listProfiles)},
		{id: "save-profile", pattern: "PUT /profiles/{profile}", action: identity.ChangeProfiles, summary: "Save a profile",
			about: "The next version of a profile; `new` begins one. `version` is the one that was seen, 0 of a new one: where somebody else saved meanwhile it is refused (409). Every version is kept.", handle: typed(putProfile)},
		{id: "delete-profile", pattern: "DELETE /profiles/{profile}", action: identity.ChangeProfiles, summary: "Delete a profile", status: http.StatusNoContent, about: "Its versions stay, and letters that were written by it. `version` is the one that was seen.", handle: typed(deleteProfile)},
		{id: "list-templates", pattern: "GET /templates", action: identity.ReadProfiles, summary: "List texts of letters", about: "The texts on which your agency's letters are written, and the fields that they may use.", handle: typed(listTemplates)},
		{id: "save-template", pattern: "PUT /templates/{template}", action: identity.ChangeProfiles, summary: "Save a text of letters", about: "As for profiles.", handle: typed(putTemplate)},
		{id: "delete-template", pattern: "DELETE /templates/{template}", action: identity.ChangeProfiles, summary: "Delete a text of letters", status: http.StatusNoContent, about: "As for profiles.", handle: typed(deleteTemplate)},
		{id: "begin-letter", pattern: "POST /cases/{case}/letters", action: identity.ChangeCase, summary: "Begin a letter", status: http.StatusCreated,
			about: "A draft with everything filled in that the case knows: of a trace's ends at a service, or of an address. It is a record of the case, and changed as one (`POST /cases/{case}/changes`) as long as it is a draft.", handle: typed(beginLetter)},
		{id: "read-letter", pattern: "GET /cases/{case}/letters/{letter}/file", action: identity.ReadCase, summary: "Read a letter as a file",
			about: "As it is now: `html`, `pdf`, `text`, or its identifiers as `csv`. What was sent is an exhibit of the case.",
			adjust: func(op *huma.Operation) {
				op.Responses["200"] = &huma.Response{Description: "The file", Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
			}, handle: typed(readLetter)},
		{id: "send-letter", pattern: "POST /cases/{case}/letters/{letter}/send", action: identity.ChangeCase, summary: "Fix a letter as sent", status: http.StatusNoContent,
			about: "Fixes its bytes as exhibits, and starts its clock. Nothing is sent by this server: that is done in the service's portal, or by mail.", handle: typed(sendLetter)},
		{id: "withdraw-letter", pattern: "POST /cases/{case}/letters/{letter}/withdraw", action: identity.ChangeCase, summary: "Withdraw a letter", status: http.StatusNoContent, about: "It stays among the letters of the case.", handle: typed(withdrawLetter)},
		{id: "remind", pattern: "POST /cases/{case}/letters/{letter}/remind", action: identity.ChangeCase, summary: "Note a reminder", status: http.StatusNoContent, about: "That the service was reminded now.", handle: typed(remindLetter)},
		{id: "propose-mapping", pattern: "GET /cases/{case}/exhibits/{exhibit}/mapping", action: identity.ReadCase, summary: "Propose what a file means",
			about: "What an exhibit seems to mean as a service's list: only what the file leaves no doubt about, with the reason; `open` lists what somebody has to say.", handle: typed(proposeMapping)},
		{id: "take-answer", pattern: "POST /cases/{case}/answers", action: identity.ChangeCase, summary: "Take a file as an answer", status: http.StatusCreated,
			about: "Reads an exhibit as the mapping says, and holds each row against the chain. A mapping that leaves anything open is refused, and so is a file with rows that cannot be read, unless they are to be left out.", handle: typed(takeAnswer)},
		{id: "read-answer", pattern: "GET /cases/{case}/answers/{answer}", action: identity.ReadCase, summary: "Read an answer's rows", about: "Read from the exhibit again, and compared with the ledger as it is now, for each page of them.", handle: typed(readAnswerRows)},
		{id: "follow-account", pattern: "POST /cases/{case}/across", action: identity.ReadCase, summary: "Follow units across an account",
			about: "Where followed units are in an account of a service, by first in, first out; last in, first out; pro rata; and lowest intermediate balance. None of them is the legal one. Nothing is stored.", handle: typed(followAccount)},
		{id: "continue-trace", pattern: "POST /cases/{case}/across/continue", action: identity.ChangeCase, summary: "Go on from an account's withdrawals", status: http.StatusAccepted,
			about: "Fixes what the methods make of the account as an exhibit, and begins a joint trace from the withdrawals. It follows those coins wholly.", handle: typed(continueTrace)},
	}
}

// profileOut is a service's profile with its version.
type profileOut struct {
	ID      goshawk.ID `json:"id"`
	Version int64      `json:"version"`
	letter.Profile
}

type listProfilesOutput struct {
	Body struct {
		Profiles []profileOut `json:"profiles" nullable:"false"`
	} `nameHint:"ProfileList"`
}

func listProfiles(q *request, _ *struct{}) (*listProfilesOutput, error) {
	out := &listProfilesOutput{}
	list, err := q.profiles()
	out.Body.Profiles = []profileOut{}
	for i := range list {
		out.Body.Profiles = append(out.Body.Profiles, profileOut{list[i].ID, list[i].Version, list[i].Profile})
	}
	return out, err
}

type putProfileInput struct {
	Profile string `path:"profile" maxLength:"128" doc:"ID of the profile, or new"`
	Body    struct {
		Version int64          `json:"version" minimum:"0"`
		Profile letter.Profile `json:"profile"`
	} `nameHint:"NewProfile"`
}

type savedPaperOutput struct {
	Body struct {
		ID      goshawk.ID `json:"id"`
		Version int64      `json:"version"`
	} `nameHint:"SavedPaper"`
}

func (q *request) put(kind store.PaperKind, id string, seen int64, body any) (*savedPaperOutput, error) {
	out := &savedPaperOutput{}
	var err error
	out.Body.ID, out.Body.Version, err = q.savePaper(kind, goshawk.ID(id), seen, body)
	return out, err
}

func putProfile(q *request, in *putProfileInput) (*savedPaperOutput, error) {
	if err := in.Body.Profile.Check(); err != nil {
		return nil, err
	}
	return q.put(store.ProfilePaper, in.Profile, in.Body.Version, in.Body.Profile)
}

type templateOut struct {
	ID      goshawk.ID `json:"id"`
	Version int64      `json:"version"`
	letter.Template
}

type listTemplatesOutput struct {
	Body struct {
		Templates []templateOut `json:"templates" nullable:"false"`
		Fields    []string      `json:"fields" nullable:"false" doc:"what may stand in a text, as {{service}}"`
	} `nameHint:"TemplateList"`
}

func listTemplates(q *request, _ *struct{}) (*listTemplatesOutput, error) {
	out := &listTemplatesOutput{}
	list, err := q.templates()
	out.Body.Templates, out.Body.Fields = []templateOut{}, letter.Fields()
	for i := range list {
		out.Body.Templates = append(out.Body.Templates, templateOut{list[i].ID, list[i].Version, list[i].Template})
	}
	return out, err
}

type putTemplateInput struct {
	Template string `path:"template" maxLength:"128" doc:"ID of the text, or new"`
	Body     struct {
		Version  int64           `json:"version" minimum:"0"`
		Template letter.Template `json:"template"`
	} `nameHint:"NewTemplate"`
}

func putTemplate(q *request, in *putTemplateInput) (*savedPaperOutput, error) {
	if err := in.Body.Template.Check(); err != nil {
		return nil, err
	}
	return q.put(store.TemplatePaper, in.Template, in.Body.Version, in.Body.Template)
}

type deleteProfileInput struct {
	Profile string `path:"profile" maxLength:"128"`
	Version int64  `query:"version" minimum:"1" required:"true"`
}

func deleteProfile(q *request, in *deleteProfileInput) (*struct{}, error) {
	return nil, q.dropPaper(store.ProfilePaper, goshawk.ID(in.Profile), in.Version)
}

type deleteTemplateInput struct {
	Template string `path:"template" maxLength:"128"`
	Version  int64  `query:"version" minimum:"1" required:"true"`
}

func deleteTemplate(q *request, in *deleteTemplateInput) (*struct{}, error) {
	return nil, q.dropPaper(store.TemplatePaper, goshawk.ID(in.Template), in.Version)
}

type beginLetterInput struct {
	CaseInput
	Body newLetter `nameHint:"NewLetter"`
}

type madeOutput struct {
	Body struct {
		ID goshawk.ID `json:"id" doc:"of the record"`
	} `nameHint:"RecordMade"`
}

func beginLetter(q *request, in *beginLetterInput) (*madeOutput, error) {
	out := &madeOutput{}
	var err error
	out.Body.ID, err = q.draft(goshawk.ID(in.Case), &in.Body)
	return out, err
}

// LetterInput names a letter in a call's path.
type LetterInput struct {
	CaseInput
	Letter string `path:"letter" maxLength:"128" doc:"ID of the letter's record"`
}

type readLetterInput struct {
	LetterInput
	Form string `query:"form" enum:"html,pdf,text,csv" default:"html"`
}

type readLetterOutput struct {
	Body func(huma.Context)
}

func readLetter(q *request, in *readLetterInput) (*readLetterOutput, error) {
	f, err := q.letterBytes(goshawk.ID(in.Case), goshawk.ID(in.Letter), in.Form)
	if err != nil {
		return nil, err
	}
	return &readLetterOutput{func(huma.Context) { q.handOut(f) }}, nil
}

type sendLetterInput struct {
	LetterInput
	Body struct {
		At  time.Time `json:"at,omitzero" doc:"when it was sent; now, if it is not said"`
		Due string    `json:"due,omitempty" maxLength:"10" doc:"the day on which an answer is due; the letter's, if it is not said"`
		// What somebody else wrote in the letter since is not what was sent.
		Seen int64 `json:"seen,omitempty" minimum:"0" doc:"the case's last change when the letter was read that was sent: if somebody else wrote in it since, nothing is fixed"`
	} `nameHint:"SentLetter"`
}

func sendLetter(q *request, in *sendLetterInput) (*struct{}, error) {
	at := in.Body.At
	if at.IsZero() {
		at = q.s.Now()
	}
	if at.After(q.s.Now().Add(time.Minute)) {
		return nil, goshawk.Errorf(goshawk.Invalid, "a letter cannot have been sent later than now")
	}
	return nil, q.sendLetter(goshawk.ID(in.Case), goshawk.ID(in.Letter), at.UTC(), in.Body.Due, in.Body.Seen)
}

func withdrawLetter(q *request, in *LetterInput) (*struct{}, error) {
	return nil, q.withdrawLetter(goshawk.ID(in.Case), goshawk.ID(in.Letter))
}

func remindLetter(q *request, in *LetterInput) (*struct{}, error) {
	return nil, q.remindLetter(goshawk.ID(in.Case), goshawk.ID(in.Letter))
}

type proposeMappingInput struct {
	CaseInput
	Exhibit  string `path:"exhibit" maxLength:"128" doc:"ID of the exhibit"`
	List     string `query:"list" enum:",deposits,withdrawals,statement" doc:"what the rows are; without it, what the header says"`
	Decimals int    `query:"decimals" minimum:"0" maximum:"18" default:"8" doc:"of the coin"`
	Ticker   string `query:"ticker" maxLength:"32"`
}

type proposeMappingOutput struct {
	Body struct {
		letter.Proposal
		Head []string `json:"head" nullable:"false" doc:"the columns' names in the file"`
		Rows int      `json:"rows"`
	} `nameHint:"MappingProposal"`
}

func proposeMapping(q *request, in *proposeMappingInput) (*proposeMappingOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	table, _, err := b.AnswerFile(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Exhibit), "")
	if err != nil {
		return nil, err
	}
	list := letter.List(in.List)
	if list == "" {
		list = table.ProposeList()
	}
	out := &proposeMappingOutput{}
	out.Body.Proposal, out.Body.Head, out.Body.Rows = *table.Propose(list, in.Decimals, in.Ticker), table.Head, len(table.Rows)
	if out.Body.Open == nil {
		out.Body.Open = []string{}
	}
	return out, nil
}

type takeAnswerInput struct {
	CaseInput
	Body workbench.NewAnswer
}

func takeAnswer(q *request, in *takeAnswerInput) (*madeOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	out := &madeOutput{}
	out.Body.ID, err = b.Answer(q.Context(), q.subject, goshawk.ID(in.Case), in.Body)
	return out, err
}

type readAnswerInput struct {
	CaseInput
	Answer string `path:"answer" maxLength:"128" doc:"ID of the answer's record"`
	Cursor string `query:"cursor" maxLength:"300" doc:"next of the page before"`
	Most   int    `query:"most" minimum:"1" maximum:"20000" default:"20000"`
}

type readAnswerOutput struct {
	Body struct {
		*workbench.ReadAnswer
		Next string `json:"next,omitempty" doc:"cursor of the next page of rows"`
	} `nameHint:"Answer"`
}

func readAnswerRows(q *request, in *readAnswerInput) (*readAnswerOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	a, err := b.OpenAnswer(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Answer))
	if err != nil {
		return nil, err
	}
	out := &readAnswerOutput{}
	a.Rows, out.Body.Next, err = pageAfter(a.Rows, &PageInput{in.Cursor, in.Most}, func(m *workbench.Matched) mark { return mark{By: int64(m.Line)} })
	out.Body.ReadAnswer = a
	return out, err
}

type followAccountInput struct {
	CaseInput
	Body workbench.AcrossQuestion
}

type followAccountOutput struct {
	Body *workbench.Across
}

func followAccount(q *request, in *followAccountInput) (*followAccountOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	x, err := b.Across(q.Context(), q.subject, goshawk.ID(in.Case), in.Body)
	return &followAccountOutput{x}, err
}

type continueTraceInput struct {
	CaseInput
	Body workbench.ContinueQuestion
}

type continueTraceOutput struct {
	Body struct {
		Run     goshawk.ID `json:"run"`
		Exhibit goshawk.ID `json:"exhibit"`
	} `nameHint:"TraceContinued"`
}

func continueTrace(q *request, in *continueTraceInput) (*continueTraceOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	out := &continueTraceOutput{}
	out.Body.Run, out.Body.Exhibit, err = b.Continue(q.Context(), q.subject, goshawk.ID(in.Case), in.Body)
	return out, err
}
