package web

import (
	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/identity"
	"goshawk/report"
)

func reportCalls() []call {
	bytes := func(media, what string) func(*huma.Operation) {
		return func(op *huma.Operation) {
			op.Responses["200"] = &huma.Response{Description: what, Content: map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
		}
	}
	const about = "As the case stands now; the same bytes as long as it stays so. Reading it is noted, with each exhibit that it reads."
	return []call{
		{id: "read-report", pattern: "GET /cases/{case}/report.json", action: identity.ReadCase, summary: "Read the report for programs",
			about: about + " docs/report.md describes the shape. `missing` names what a report to a court needs and this one lacks.", adjust: func(op *huma.Operation) {
				op.Responses["200"] = &huma.Response{Description: "The report", Content: map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject}}}}
			}, handle: typed(readReport(reportAsJSON()))},
		{id: "read-report-pdf", pattern: "GET /cases/{case}/report.pdf", action: identity.ReadCase, summary: "Read the report as PDF", about: about,
			adjust: bytes("application/pdf", "The report"), handle: typed(readReport(reportAsPDF()))},
		{id: "read-report-html", pattern: "GET /cases/{case}/report.html", action: identity.ReadCase, summary: "Read the report as a page", about: about + " The page needs nothing else, and no script.",
			adjust: bytes("text/html", "The report"), handle: typed(readReport(reportAsHTML()))},
	}
}

type reportOutput struct {
	Type   string `header:"Content-Type"`
	Policy string `header:"Content-Security-Policy"`
	Body   []byte
}

func readReport(f reportForm) func(*request, *CaseInput) (*reportOutput, error) {
	return func(q *request, in *CaseInput) (*reportOutput, error) {
		text, err := q.caseReport(goshawk.ID(in.Case), f)
		if err != nil {
			return nil, err
		}
		return &reportOutput{f.media, report.CasePolicy() + "; frame-ancestors 'none'; sandbox", text}, nil
	}
}
