package web

import (
	"net/http"

	"goshawk"
	"goshawk/identity"
	"goshawk/workbench"
)

func packageCalls() []call {
	return []call{
		{id: "make-package", pattern: "POST /cases/{case}/packages", action: identity.ChangeCase, summary: "Make a package of evidence", status: http.StatusAccepted,
			about: "The report in three forms, the exhibits, every trace with the raw transactions that it came to, the log's proof and a tracer in plain Python, signed with the agency's key: `docs/format/package.md`. " +
				"It is made in the background and becomes an exhibit of the case; the case's events tell how far it is. What cannot be had is named in it.", handle: typed(makePackage)},
		{id: "read-package", pattern: "GET /cases/{case}/packages/{package}", action: identity.ReadCase, summary: "Read how a package stands",
			about: "`running`, then `done`, `failed` or `cancelled`. A server that was started again does not know of those before; those that were made are exhibits.", handle: typed(readPackage)},
		{id: "cancel-package", pattern: "POST /cases/{case}/packages/{package}/cancel", action: identity.ChangeCase, summary: "Cancel a package", status: http.StatusNoContent,
			about: "Nothing of it is kept.", handle: typed(cancelPackage)},
	}
}

type makePackageInput struct {
	CaseInput
	Body struct {
		Without []string `json:"without,omitempty" maxItems:"500" doc:"IDs of exhibits whose bytes are left out; the package says so"`
	} `nameHint:"NewPackage"`
}

type makePackageOutput struct {
	Body struct {
		ID goshawk.ID `json:"id" doc:"to ask how it stands"`
	} `nameHint:"PackageBegun"`
}

func makePackage(q *request, in *makePackageInput) (*makePackageOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	without := make([]goshawk.ID, 0, len(in.Body.Without))
	for _, x := range in.Body.Without {
		without = append(without, goshawk.ID(x))
	}
	id, err := b.MakePackage(q.Context(), q.subject, goshawk.ID(in.Case), without...)
	if err != nil {
		return nil, err
	}
	out := &makePackageOutput{}
	out.Body.ID = id
	return out, nil
}

type packageInput struct {
	CaseInput
	Package string `path:"package" maxLength:"128" doc:"ID that making it answered with"`
}

type readPackageOutput struct {
	Body *workbench.PackageJob
}

func readPackage(q *request, in *packageInput) (*readPackageOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	job, err := b.Package(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Package))
	return &readPackageOutput{job}, err
}

func cancelPackage(q *request, in *packageInput) (*struct{}, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	return nil, b.CancelPackage(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Package))
}
