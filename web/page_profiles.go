package web

import (
	"encoding/json"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/letter"
	"goshawk/store"
)

// profilesPage lists how services want to be written to, and the texts of letters.
func (q *request) profilesPage() error {
	profiles, err := q.profiles()
	if err != nil {
		return err
	}
	templates, err := q.templates()
	if err != nil {
		return err
	}
	v := q.page("")
	v.title = v.t("nav.profiles")
	return q.show(v, profilesPage(v, profiles, templates))
}

// version is one version of a profile or a template, in its list.
type version struct {
	store.Paper
	who string
}

// versions are those of a profile or template, the last first; "new" has none.
func (q *request) versions(kind store.PaperKind, id goshawk.ID) ([]version, error) {
	if id == "new" {
		return nil, nil
	}
	var list []store.Paper
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		list, err = tx.PaperVersions(q.subject.Person.Agency, kind, id)
		return err
	})
	if err != nil {
		return nil, err
	}
	var ids []goshawk.ID
	for i := range list {
		ids = append(ids, list[i].Person)
	}
	names, err := q.names(ids...)
	var out []version
	for i := range list {
		out = append(out, version{list[i], names[list[i].Person]})
	}
	return out, err
}

// shown is the version that a page shows, and which one a change goes on from: the last that is not deleted, or the
// one that is asked for.
func (q *request) shown(list []version) (body json.RawMessage, last int64, err error) {
	if len(list) == 0 {
		return nil, 0, nil
	}
	want := q.URL.Query().Get("version")
	for i := range list {
		if list[i].Body != nil && (want == "" || want == strconv.FormatInt(list[i].Version, 10)) {
			return list[i].Body, list[0].Version, nil
		}
	}
	return nil, 0, goshawk.Errorf(goshawk.NotFound, "there is no such version").WithHint("it was deleted, or never there")
}

// profilePage shows one profile, to be changed by who may; "new" begins one, from a known one where asked.
func (q *request) profilePage() error {
	id := goshawk.ID(q.PathValue("profile"))
	list, err := q.versions(store.ProfilePaper, id)
	if err != nil {
		return err
	}
	body, last, err := q.shown(list)
	if err != nil {
		return err
	}
	p := profile{ID: id, Version: last}
	if body != nil {
		if err := json.Unmarshal(body, &p.Profile); err != nil {
			return goshawk.Errorf(goshawk.Corrupt, "a profile cannot be read: %w", err)
		}
	}
	for _, k := range letter.Known() {
		if id == "new" && k.Name == q.URL.Query().Get("known") {
			p.Profile = k
		}
	}
	v := q.page(p.Name)
	v.here = "/profiles"
	if v.title == "" {
		v.title = v.t("profile.new")
	}
	v.trail = []crumb{{v.t("nav.profiles"), "/profiles"}}
	return q.show(v, profilePage(v, &p, list))
}

// saveProfile stores the next version of a profile.
func (q *request) saveProfile() error {
	if err := q.form(); err != nil {
		return err
	}
	f := q.PostForm
	text := func(name string) string { return strings.TrimSpace(strings.ReplaceAll(f.Get(name), "\r\n", "\n")) }
	p := letter.Profile{Name: text("name"), Entity: text("entity"), Jurisdiction: text("jurisdiction"), Address: text("address"), Portal: text("portal"), Email: text("email"), Emergency: text("emergency"),
		Languages: text("languages"), Requires: text("requires"), Source: text("source"), Checked: text("checked")}
	for _, a := range strings.Split(text("also"), "\n") {
		if a = strings.TrimSpace(a); a != "" {
			p.Also = append(p.Also, a)
		}
	}
	if d := text("days"); d != "" {
		n, err := number(d)
		if err != nil || n > 3650 {
			return goshawk.Errorf(goshawk.Invalid, "%q is no number of days", clipped(d)).WithHint("from 0 to 3650")
		}
		p.Days = int(n)
	}
	if err := p.Check(); err != nil {
		return err
	}
	return q.savePaperForm(store.ProfilePaper, goshawk.ID(q.PathValue("profile")), p, "profile_saved", "/profiles/")
}

// savePaperForm stores what a form says of a profile or a template.
func (q *request) savePaperForm(kind store.PaperKind, id goshawk.ID, body any, said, to string) error {
	seen := int64(0)
	if id != "new" {
		var err error
		if seen, err = number(q.PostForm.Get("version")); err != nil {
			return err
		}
	}
	id, _, err := q.savePaper(kind, id, seen, body)
	if err != nil {
		return err
	}
	return q.done(to+string(id), said, 0)
}

func (q *request) deleteProfile() error {
	return q.deletePaper(store.ProfilePaper, goshawk.ID(q.PathValue("profile")))
}

func (q *request) deleteTemplate() error {
	return q.deletePaper(store.TemplatePaper, goshawk.ID(q.PathValue("template")))
}

// deletePaper deletes a profile or a template; its versions stay.
func (q *request) deletePaper(kind store.PaperKind, id goshawk.ID) error {
	if err := q.form(); err != nil {
		return err
	}
	seen, err := number(q.PostForm.Get("version"))
	if err == nil {
		err = q.dropPaper(kind, id, seen)
	}
	if err != nil {
		return err
	}
	return q.done("/profiles", "paper_deleted", 0)
}

// dropPaper deletes the version that was seen.
func (q *request) dropPaper(kind store.PaperKind, id goshawk.ID, seen int64) error {
	if seen == 0 {
		return goshawk.Errorf(goshawk.Invalid, "it is not there yet")
	}
	_, _, err := q.savePaper(kind, id, seen, nil)
	return err
}

// templatePage shows one text of letters.
func (q *request) templatePage() error {
	id := goshawk.ID(q.PathValue("template"))
	list, err := q.versions(store.TemplatePaper, id)
	if err != nil {
		return err
	}
	body, last, err := q.shown(list)
	if err != nil {
		return err
	}
	t := template{ID: id, Version: last, Template: letter.Standard()}
	if body != nil {
		t.Template = letter.Template{}
		if err := json.Unmarshal(body, &t.Template); err != nil {
			return goshawk.Errorf(goshawk.Corrupt, "a template cannot be read: %w", err)
		}
	}
	v := q.page(t.Name)
	v.here = "/profiles"
	v.trail = []crumb{{v.t("nav.profiles"), "/profiles"}}
	if id == "new" {
		v.title = v.t("template.new")
	}
	return q.show(v, templatePage(v, &t, list))
}

// saveTemplate stores the next version of a text.
func (q *request) saveTemplate() error {
	if err := q.form(); err != nil {
		return err
	}
	text := func(name string) string {
		return strings.TrimSpace(strings.ReplaceAll(q.PostForm.Get(name), "\r\n", "\n"))
	}
	t := letter.Template{Name: text("name"), Language: text("language"), Head: text("head"), Text: text("text")}
	if err := t.Check(); err != nil {
		return err
	}
	return q.savePaperForm(store.TemplatePaper, goshawk.ID(q.PathValue("template")), t, "template_saved", "/templates/")
}

// also are a profile's other names, a line each.
func also(p *letter.Profile) string { return strings.Join(p.Also, "\n") }

func daysText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
