package store

import (
	"encoding/json"
	"time"

	"goshawk"
)

// PaperKind is what an agency keeps for its letters.
type PaperKind string

// The kinds.
const (
	ProfilePaper  PaperKind = "profile"  // how a service wants to be written to
	TemplatePaper PaperKind = "template" // the text of letters
)

// Paper is one version of it.
type Paper struct {
	Agency  goshawk.ID
	Kind    PaperKind
	ID      goshawk.ID
	Version int64           // from 1
	Body    json.RawMessage // nil: it was deleted
	Made    time.Time
	Person  goshawk.ID
}

// AddPaper stores the next version. Where its number is not the next, somebody else was first: a Conflict error.
func (t *Tx) AddPaper(p *Paper) error {
	var last int64
	if err := t.row(`SELECT COALESCE(MAX(version), 0) FROM agency_papers WHERE agency = ?1 AND kind = ?2 AND id = ?3`, p.Agency, p.Kind, p.ID).Scan(&last); err != nil {
		return err
	}
	if p.Version != last+1 {
		return goshawk.Errorf(goshawk.Conflict, "somebody else changed it meanwhile: its version is %d", last).WithHint("look at theirs, and save again what should stand")
	}
	t.attest("agency_papers", string(p.Agency)+"/"+string(p.Kind)+"/"+string(p.ID))
	return t.exec(`INSERT INTO agency_papers (agency, kind, id, version, body, made, person) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
		p.Agency, p.Kind, p.ID, p.Version, string(p.Body), p.Made.UnixMicro(), p.Person)
}

// Papers lists the last versions of an agency's, by ID; those that were deleted are left out.
func (t *Tx) Papers(agency goshawk.ID, kind PaperKind) ([]Paper, error) {
	return t.papers(`SELECT id, version, body, made, person FROM agency_papers AS p WHERE agency = ?1 AND kind = ?2 AND body <> ''
		AND version = (SELECT MAX(version) FROM agency_papers AS q WHERE q.agency = p.agency AND q.kind = p.kind AND q.id = p.id) ORDER BY id`, agency, kind)
}

// PaperVersions lists the versions of one, the last first, at most a thousand; a NotFound error where there is none.
func (t *Tx) PaperVersions(agency goshawk.ID, kind PaperKind, id goshawk.ID) ([]Paper, error) {
	list, err := t.papers(`SELECT id, version, body, made, person FROM agency_papers WHERE agency = ?1 AND kind = ?2 AND id = ?3 ORDER BY version DESC LIMIT 1000`, agency, kind, id)
	if err == nil && len(list) == 0 {
		err = goshawk.Errorf(goshawk.NotFound, "your agency has no such %s", kind).WithHint("look for it in the list")
	}
	return list, err
}

func (t *Tx) papers(query string, agency goshawk.ID, kind PaperKind, more ...any) ([]Paper, error) {
	list := []Paper{}
	err := t.each(func(scan func(...any) error) error {
		p := Paper{Agency: agency, Kind: kind}
		var body string
		var made int64
		if err := scan(&p.ID, &p.Version, &body, &made, &p.Person); err != nil {
			return err
		}
		if p.Made = micro(made); body != "" {
			p.Body = json.RawMessage(body)
		}
		list = append(list, p)
		return nil
	}, query, append([]any{agency, kind}, more...)...)
	return list, err
}
