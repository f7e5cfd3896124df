package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"goshawk"
	"goshawk/casebook"
	"goshawk/report"
	"goshawk/workbench"
)

func errorsAsClash(err error) (*casebook.ClashError, bool) {
	return errors.AsType[*casebook.ClashError](err)
}

// reportView is what the page of the report shows.
type reportView struct {
	own      record // the report's record
	draft    *report.Case
	missing  []string
	graphs   []record
	runs     []choosable
	used     map[goshawk.ID]bool // by a finding
	marked   map[goshawk.ID]bool
	packages []record              // exhibits that are packages of this case
	name     string                // of who looks at the page
	job      *workbench.PackageJob // a package that was begun; nil: none
}

// reportPage shows what goes into the report, what is missing, and what was made of it.
func (q *request) reportPage() error {
	var job *workbench.PackageJob
	var err error
	if id := q.URL.Query().Get("package"); id != "" && q.s.Bench != nil {
		// Before the case is read: a package that is done is among the exhibits then. One that this server does not know of any more is
		// shown nowhere; what it made is an exhibit.
		job, err = q.s.Bench.Package(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), goshawk.ID(id))
		if code := goshawk.CodeOf(err); err != nil && code != goshawk.NotFound && code != goshawk.Conflict {
			return err
		}
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the report")
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/report", "")
	v.title = v.t("nav.report")
	o := reportView{own: record{c.Records[casebook.KindReport]["case"], casebook.KindReport, "case"}, draft: workbench.DraftReport(c), graphs: records(c, casebook.KindGraph), runs: v.chooseRuns(c),
		used: map[goshawk.ID]bool{}, marked: map[goshawk.ID]bool{}, name: q.subject.Person.Name, job: job}
	o.missing = o.draft.Missing()
	for _, f := range records(c, casebook.KindFinding) {
		for _, id := range f.List("runs") {
			o.used[goshawk.ID(id)] = true
		}
	}
	for id, r := range c.Records[casebook.KindRun] {
		o.marked[id] = r.Flag("used")
	}
	for _, r := range records(c, casebook.KindExhibit) {
		if r.Text("source") == workbench.PackageSource {
			o.packages = append(o.packages, r)
		}
	}
	return q.show(v, reportPage(v, &o))
}

// makePackageForm begins to make a package of evidence.
func (q *request) makePackageForm() error {
	b, err := q.bench()
	c := goshawk.ID(q.PathValue("case"))
	if err == nil {
		err = q.s.Book.MayChange(q.Context(), q.subject, c)
	}
	if err == nil {
		err = q.form()
	}
	if err != nil {
		return err
	}
	// A package takes a while and stays as an exhibit: nobody makes one by a stray request.
	if q.PostForm.Get("make") != "package" {
		return goshawk.Errorf(goshawk.Invalid, "the form does not say what is to be made").WithHint("send the form from its own page")
	}
	without, err := q.exhibitsNamed(c, q.PostForm.Get("without"))
	if err != nil {
		return err
	}
	job, err := b.MakePackage(q.Context(), q.subject, c, without...)
	if err != nil {
		return err
	}
	return q.done(casePath(c)+"/report?package="+escaped(string(job)), "package_begun", 0)
}

// exhibitsNamed are the exhibits of a case whose numbers somebody wrote, with spaces or commas between.
func (q *request) exhibitsNamed(id goshawk.ID, text string) (list []goshawk.ID, err error) {
	numbers := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
	if len(numbers) == 0 {
		return nil, nil
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked which exhibits a package leaves out", casebook.KindExhibit)
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		at := slices.IndexFunc(records(c, casebook.KindExhibit), func(r record) bool { return strings.EqualFold(r.Text("number"), n) })
		if at < 0 {
			return nil, goshawk.Errorf(goshawk.Invalid, "the case has no exhibit %q to leave out", clipped(n)).WithHint("write numbers, as E-3, with spaces between")
		}
		list = append(list, records(c, casebook.KindExhibit)[at].ID)
	}
	return list, nil
}

// useRuns marks traces as used in the report, or not.
func (q *request) useRuns() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	used := map[string]bool{}
	for _, r := range q.PostForm["used"] {
		used[r] = true
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read the traces, to mark those used", casebook.KindRun)
	if err != nil {
		return err
	}
	var edits []casebook.Edit
	for _, shown := range q.PostForm["run"] {
		r := c.Records[casebook.KindRun][goshawk.ID(shown)]
		if r == nil || r.Flag("used") == used[shown] {
			continue
		}
		edits = append(edits, casebook.Edit{Field: casebook.Field{Kind: casebook.KindRun, ID: goshawk.ID(shown), Name: "used"}, Before: r["used"].JSON, After: json.RawMessage(strconv.FormatBool(used[shown]))})
	}
	return q.changeForm(id, casebook.KindRun, "", false, edits)
}

// reportForm is one of the forms in which a report is written.
type reportForm struct {
	name, media string
	write       func(io.Writer, report.Case) error
}

func reportAsHTML() reportForm {
	return reportForm{"html", "text/html; charset=utf-8", report.WriteCaseHTML}
}
func reportAsPDF() reportForm  { return reportForm{"pdf", "application/pdf", report.WriteCasePDF} }
func reportAsJSON() reportForm { return reportForm{"json", "application/json", report.WriteCaseJSON} }

// caseReport writes a case's report in one form.
func (q *request) caseReport(id goshawk.ID, f reportForm) ([]byte, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	c, err := b.CaseReport(q.Context(), q.subject, id)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := f.write(&out, *c); err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the report cannot be written: %w", err).WithHint("take its HTML or JSON form")
	}
	return out.Bytes(), nil
}

// sendReport answers with a report, to be kept, or, as a page, to be looked at. A page is under
// its own policy: nothing in it can act, or be anything of this server's.
func (q *request) sendReport(f reportForm, look bool) error {
	id := goshawk.ID(q.PathValue("case"))
	text, err := q.caseReport(id, f)
	if err != nil {
		return err
	}
	h := q.w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Content-Length", strconv.Itoa(len(text)))
	h.Set("Content-Security-Policy", report.CasePolicy()+"; frame-ancestors 'none'; sandbox")
	if !look {
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": "report-" + string(id) + "." + f.name}))
	}
	q.w.Write(text) //nolint:errcheck // who asked is gone
	return nil
}

func (q *request) reportHTML() error {
	return q.sendReport(reportAsHTML(), q.URL.Query().Get("keep") == "")
}
func (q *request) reportPDF() error  { return q.sendReport(reportAsPDF(), false) }
func (q *request) reportJSON() error { return q.sendReport(reportAsJSON(), false) }
