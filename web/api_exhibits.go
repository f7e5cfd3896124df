package web

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

func exhibitCalls() []call {
	const bytes = "application/octet-stream"
	return []call{
		{id: "fix-exhibit", pattern: "POST /cases/{case}/exhibits", action: identity.ChangeCase, summary: "Fix an exhibit", status: http.StatusCreated,
			about: "Fixes the bytes of the request's body as the next exhibit of the case. They are kept by their SHA-256, and not looked into. With `sha256`, bytes that have another are refused.",
			adjust: func(op *huma.Operation) {
				op.RequestBody = &huma.RequestBody{Required: true, Description: "the bytes themselves, of any kind",
					Content: map[string]*huma.MediaType{bytes: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
				op.MaxBodyBytes = casebook.MostExhibit
			}, handle: typed(fixExhibit)},
		{id: "read-exhibit", pattern: "GET /cases/{case}/exhibits/{exhibit}/bytes", action: identity.ReadCase, summary: "Read an exhibit's bytes",
			about: "The bytes as they were fixed, verified as they are sent: where they are not what they were, the answer breaks off. What is known of an exhibit: `GET /cases/{case}?kind=exhibit,custody`.",
			adjust: func(op *huma.Operation) {
				op.Responses["200"] = &huma.Response{Description: "The bytes", Content: map[string]*huma.MediaType{bytes: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}}
			}, handle: typed(readExhibit)},
	}
}

type fixExhibitInput struct {
	CaseInput
	Name      string    `query:"name" required:"true" minLength:"1" maxLength:"400" doc:"the file's"`
	Source    string    `query:"source" required:"true" minLength:"1" maxLength:"2000" doc:"where the bytes come from"`
	Obtained  time.Time `query:"obtained" doc:"when; now, if it is not said"`
	Custodian string    `query:"custodian" maxLength:"200" doc:"who keeps it; who asks, if it is not said"`
	Comment   string    `query:"comment" maxLength:"2000"`
	SHA256    string    `query:"sha256" pattern:"^[0-9a-f]{64}$" doc:"what the bytes must have"`
}

type fixExhibitOutput struct {
	Location string `header:"Location"`
	Body     *casebook.Fixed
}

func fixExhibit(q *request, in *fixExhibitInput) (*fixExhibitOutput, error) {
	var body io.Reader = &flowing{q.Body, http.NewResponseController(q.w)}
	if in.SHA256 != "" {
		body = &promised{body, sha256.New(), in.SHA256}
	}
	x := casebook.Exhibit{Name: in.Name, Source: in.Source, Obtained: in.Obtained, Custodian: in.Custodian, Comment: in.Comment}
	done, err := q.s.Book.AddExhibit(q.Context(), q.subject, goshawk.ID(in.Case), x, body)
	if err != nil {
		return nil, err
	}
	return &fixExhibitOutput{apiRoot + "/cases/" + in.Case + "/exhibits/" + string(done.ID) + "/bytes", done}, nil
}

// flowing is a body that must keep coming: it may be large and the line slow, but
// who stops sending is not waited for.
type flowing struct {
	io.Reader
	control *http.ResponseController
}

// Read implements io.Reader.
func (b *flowing) Read(p []byte) (int, error) {
	if err := b.control.SetReadDeadline(time.Now().Add(bodyPatience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return b.Reader.Read(p)
}

// promised is bytes that must have a hash: where they have another they do not end well.
type promised struct {
	io.Reader
	sum  hash.Hash
	want string
}

// Read implements io.Reader.
func (b *promised) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.sum.Write(p[:n])
	if errors.Is(err, io.EOF) && hex.EncodeToString(b.sum.Sum(nil)) != b.want {
		return n, goshawk.Errorf(goshawk.Invalid, "the bytes that came have not the SHA-256 that was promised").WithHint("send them again; nothing was stored")
	}
	return n, err
}

type readExhibitInput struct {
	CaseInput
	Exhibit string `path:"exhibit" maxLength:"128" doc:"ID of the exhibit"`
}

type readExhibitOutput struct {
	Body func(huma.Context)
}

func readExhibit(q *request, in *readExhibitInput) (*readExhibitOutput, error) {
	from, rec, err := q.s.Book.OpenExhibit(q.Context(), q.subject, goshawk.ID(in.Case), goshawk.ID(in.Exhibit))
	if err != nil {
		return nil, err
	}
	return &readExhibitOutput{func(huma.Context) {
		defer from.Close()
		h := q.w.Header()
		// Whatever it is: a browser keeps it, and does not show it as a page of this server.
		h.Set("Content-Type", "application/octet-stream")
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": casebook.FileName(rec.Text("name"))}))
		h.Set("Content-Length", strconv.FormatInt(rec.Number("bytes"), 10))
		h.Set("ETag", `"`+rec.Text("sha256")+`"`)
		if sum, err := hex.DecodeString(rec.Text("sha256")); err == nil {
			h.Set("Repr-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum)+":") // RFC 9530
		}
		if _, err := io.Copy(q.w, from); err != nil {
			if q.Context().Err() == nil {
				q.s.Log.Error("an exhibit was not sent whole", "error", err)
			}
			panic(http.ErrAbortHandler) // the reader must not take it for whole
		}
	}}, nil
}
