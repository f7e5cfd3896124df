package web

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// exhibitsPage lists a case's exhibits.
func (q *request) exhibitsPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the exhibits", casebook.KindExhibit, casebook.KindCustody)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/exhibits", "")
	v.title = v.t("nav.exhibits")
	list := records(c, casebook.KindExhibit)
	slices.SortStableFunc(list, func(a, b record) int { return exhibitNumber(a) - exhibitNumber(b) })
	return q.show(v, exhibitsPage(v, list, keepers(c)))
}

// exhibitNumber is the number of E-7.
func exhibitNumber(r record) int {
	n, err := strconv.Atoi(strings.TrimPrefix(r.Text("number"), "E-"))
	if err != nil {
		return 0
	}
	return n
}

// transfers of an exhibit from one custodian to the next, in order.
func transfers(c *casebook.Case, exhibit goshawk.ID) []record {
	list := slices.DeleteFunc(records(c, casebook.KindCustody), func(r record) bool { return r.Text("exhibit") != string(exhibit) })
	slices.SortStableFunc(list, func(a, b record) int { return strings.Compare(a.Text("at"), b.Text("at")) })
	return list
}

// keepers says who keeps each exhibit now.
func keepers(c *casebook.Case) map[goshawk.ID]string {
	out := map[goshawk.ID]string{}
	for _, r := range records(c, casebook.KindExhibit) {
		out[r.ID] = r.Text("custodian")
		for _, t := range transfers(c, r.ID) {
			out[r.ID] = t.Text("to")
		}
	}
	return out
}

// exhibitPage shows an exhibit and its way so far.
func (q *request) exhibitPage() error {
	id := goshawk.ID(q.PathValue("exhibit"))
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read an exhibit", casebook.KindExhibit, casebook.KindCustody)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindExhibit, id)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/exhibits", "")
	v.trail = append(v.trail, crumb{v.t("nav.exhibits"), casePath(c.ID) + "/exhibits"})
	v.title = r.Text("number") + " " + r.Text("name")
	verified := ""
	if q.URL.Query().Get("verify") != "" {
		if verified, err = q.verify(c.ID, id); err != nil {
			return err
		}
	}
	return q.show(v, exhibitPage(v, r, transfers(c, id), keepers(c)[id], verified))
}

// verify reads an exhibit's bytes, and says whether they are what they were: "good", "damaged".
func (q *request) verify(c, exhibit goshawk.ID) (string, error) {
	from, _, err := q.s.Book.OpenExhibit(q.Context(), q.subject, c, exhibit)
	if err == nil {
		defer from.Close()
		_, err = io.Copy(io.Discard, stoppable{q.Request, from})
	}
	switch {
	case err == nil:
		return "good", nil
	case goshawk.CodeOf(err) == goshawk.Corrupt:
		q.s.Log.Error("an exhibit is damaged", "error", err)
		return "damaged", nil
	}
	return "", err
}

// stoppable reads until who asked has left.
type stoppable struct {
	r *http.Request
	io.Reader
}

// Read implements io.Reader.
func (s stoppable) Read(p []byte) (int, error) {
	if err := s.r.Context().Err(); err != nil {
		return 0, err
	}
	return s.Reader.Read(p)
}

// exhibitFile hands an exhibit's bytes out: to be kept, never to be shown as a page of this server.
func (q *request) exhibitFile() error {
	out, err := readExhibit(q, &readExhibitInput{CaseInput{q.PathValue("case")}, q.PathValue("exhibit")})
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox")
	out.Body(nil)
	return nil
}

// mostWords is the most bytes of a field beside a file.
const mostWords = 1 << 20

// uploadExhibit fixes files as exhibits. They flow to the disk as they come: none is held in memory,
// none is looked into, none unpacked.
func (q *request) uploadExhibit() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	limit := q.s.mostExhibit()
	if q.ContentLength > mostFiles*limit+mostForm {
		return tooLarge(limit)
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, mostFiles*limit+mostForm)
	parts, err := q.MultipartReader()
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the form cannot be read: %w", err).WithHint("send the form from its own page")
	}
	said := map[string]string{}
	var fixed []*casebook.Fixed
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return goshawk.Errorf(goshawk.Invalid, "the form did not come whole: %w", err).WithHint("send it again; what was fixed of it is in the list of exhibits")
		}
		x, err := q.uploadPart(id, part, said)
		if err != nil {
			return err
		}
		if x != nil {
			fixed = append(fixed, x)
		}
	}
	switch len(fixed) {
	case 0:
		return goshawk.Errorf(goshawk.Invalid, "no file was chosen").WithHint("choose a file, and say where it comes from")
	case 1:
		return q.done(casePath(id)+"/exhibits/"+string(fixed[0].ID), "fixed", 0)
	}
	return q.done(casePath(id)+"/exhibits", "fixed", 0)
}

// mostFiles is how many of the largest files one form may bring.
const mostFiles = 4

func tooLarge(limit int64) error {
	return goshawk.Errorf(goshawk.Invalid, "the file is larger than %s, the most that one exhibit may have", goshawk.Count(int(limit), "byte", "bytes")).
		WithHint("split it, or keep it elsewhere and fix a note with its hash; nothing was stored")
}

// mostExhibit is the most bytes of one exhibit.
func (s *Server) mostExhibit() int64 {
	if s.Book.MostExhibit > 0 {
		return s.Book.MostExhibit
	}
	return casebook.MostExhibit
}

// uploadPart takes one part of the form: a field, which it remembers, or a file.
func (q *request) uploadPart(id goshawk.ID, part *multipart.Part, said map[string]string) (*casebook.Fixed, error) {
	defer part.Close()
	in := &flowing{part, http.NewResponseController(q.w)}
	if part.FormName() != "file" {
		text, err := io.ReadAll(io.LimitReader(in, mostWords+1))
		if err != nil || len(text) > mostWords {
			return nil, goshawk.Errorf(goshawk.Invalid, "the form's fields are too large, or did not come whole").WithHint("send it again")
		}
		said[part.FormName()] = strings.TrimSpace(string(text))
		return nil, nil
	}
	if part.FileName() == "" {
		return nil, nil // no file was chosen
	}
	x := casebook.Exhibit{Name: part.FileName(), Source: said["source"], Custodian: said["custodian"], Comment: strings.ReplaceAll(said["comment"], "\r\n", "\n")}
	if x.Source == "" {
		return nil, goshawk.Errorf(goshawk.Invalid, "an exhibit needs a source").WithHint("say where the file comes from: whose phone, which web page, who handed it over")
	}
	if s := said["obtained"]; s != "" {
		var err error
		if x.Obtained, err = time.Parse(time.RFC3339, s); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "%q is no time", clipped(s)).WithHint("write it as 2026-11-30T12:00:00Z, in UTC")
		}
	}
	return q.s.Book.AddExhibit(q.Context(), q.subject, id, x, in)
}

// size writes a number of bytes for people.
func size(n int64) string {
	const step = 1024
	if n < step {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n), 0
	for f >= step && unit < 4 {
		f /= step
		unit++
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + " " + []string{"B", "KiB", "MiB", "GiB", "TiB"}[unit]
}

// mediaName is a media type for people, without its parameters.
func mediaName(media string) string {
	name, _, err := mime.ParseMediaType(media)
	if err != nil {
		return media
	}
	return name
}
