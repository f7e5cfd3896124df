package web

import (
	"encoding/json"
	"net/http"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

func shareCalls() []call {
	return []call{
		{id: "share-snapshot", pattern: "POST /cases/{case}/shares", action: identity.ManageCase, summary: "Share a snapshot", status: http.StatusCreated,
			about: "Lets somebody with an account here, named by `person` or by their whole `email`, look at one snapshot, and at nothing else of the case, until a time. The records of kind `share` say what a case shares.", handle: typed(shareSnapshotCall)},
		{id: "end-share", pattern: "DELETE /cases/{case}/shares/{share}", action: identity.ManageCase, summary: "End a share", status: http.StatusNoContent, about: "From that moment on.", handle: typed(endShareCall)},
		{id: "list-shared", pattern: "GET /shared", action: identity.ListCases, summary: "List what is shared with you", about: "Snapshots of cases that you need not be a member of.", handle: typed(listShared)},
		{id: "read-shared", pattern: "GET /shared/{case}/{share}", action: identity.ReadShared, summary: "Read a shared snapshot", about: "The graph's fields as the snapshot fixed them. That it was read is noted in the case.", handle: typed(readShared)},
	}
}

type shareSnapshotInput struct {
	CaseInput
	Body struct {
		Snapshot goshawk.ID `json:"snapshot" minLength:"1" maxLength:"128" doc:"ID of the snapshot's record"`
		Person   goshawk.ID `json:"person,omitempty" maxLength:"128" doc:"who may look: their ID"`
		Email    string     `json:"email,omitempty" maxLength:"254" doc:"or their e-mail address"`
		Until    time.Time  `json:"until" doc:"at most a year from now"`
	} `nameHint:"NewShare"`
}

func shareSnapshotCall(q *request, in *shareSnapshotInput) (*madeOutput, error) {
	who, err := q.colleague(goshawk.ID(in.Case), in.Body.Person, in.Body.Email)
	if err != nil {
		return nil, err
	}
	out := &madeOutput{}
	out.Body.ID, err = q.s.Book.Share(q.Context(), q.subject, goshawk.ID(in.Case), in.Body.Snapshot, who, in.Body.Until)
	return out, err
}

type shareInput struct {
	CaseInput
	Share string `path:"share" maxLength:"128" doc:"ID of the share's record"`
}

func endShareCall(q *request, in *shareInput) (*struct{}, error) {
	return nil, q.s.Book.EndShare(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Share))
}

type listSharedOutput struct {
	Body struct {
		Shared []casebook.Share `json:"shared" nullable:"false"`
	} `nameHint:"SharedList"`
}

func listShared(q *request, _ *struct{}) (*listSharedOutput, error) {
	list, err := q.s.Book.SharedWith(q.Context(), q.subject)
	out := &listSharedOutput{}
	out.Body.Shared = append([]casebook.Share{}, list...)
	return out, err
}

type readSharedOutput struct {
	Body struct {
		ID     goshawk.ID                 `json:"id" doc:"of the graph"`
		Seq    int64                      `json:"seq"`
		Share  casebook.Share             `json:"share"`
		Fields map[string]json.RawMessage `json:"fields" doc:"each field's value, by its name"`
	} `nameHint:"SharedGraph"`
}

func readShared(q *request, in *shareInput) (*readSharedOutput, error) {
	x, err := q.s.Book.LookAtShared(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Share))
	if err != nil {
		return nil, err
	}
	out := &readSharedOutput{}
	out.Body.ID, out.Body.Seq, out.Body.Share, out.Body.Fields = x.Graph.ID, x.Graph.Seq, x.Share, x.Graph.Fields
	return out, nil
}
