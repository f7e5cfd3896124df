package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"goshawk"
	"goshawk/casebook"
	"goshawk/notify"
	"goshawk/store"
)

const aForm = "application/x-www-form-urlencoded"

// TestServerPage adds a webhook, tries it and removes it. Its key is shown once, the mail server's password never.
func TestServerPage(t *testing.T) {
	s := newStage(t)
	const password = "a password that nobody may see"
	s.web.Notify.Mail = &notify.Mailer{Host: "post.example", Port: 587, Security: notify.StartTLS, User: "goshawk", Password: password, From: "goshawk@police.example"}
	calls := 0
	l := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if calls++; r.Header.Get("webhook-signature") == "" {
			t.Error("it is not signed")
		}
	}))
	t.Cleanup(l.Close)
	at, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.web.Notify.Hooks.Allowed = []string{at.Host}
	admin := s.as("administrator")
	agency := string(s.who["administrator"].Agency)
	add := func(form url.Values) answer {
		t.Helper()
		return admin.do(http.MethodPost, "/settings/webhooks", form.Encode(), "Content-Type", aForm)
	}
	for name, form := range map[string]url.Values{
		"a private address": {"name": {"x"}, "agency": {agency}, "url": {"https://10.0.0.1/"}},
		"no TLS":            {"name": {"x"}, "agency": {agency}, "url": {"http://hooks.example/"}},
		"no name":           {"agency": {agency}, "url": {"https://hooks.example/"}},
		"no such agency":    {"name": {"x"}, "agency": {"none"}, "url": {"https://hooks.example/"}},
	} {
		if a := add(form); a.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", name, a.Status)
		}
	}
	made := add(url.Values{"name": {"Duty room"}, "agency": {agency}, "url": {l.URL + "/in"}})
	made.is(t, http.StatusOK, nil)
	key := regexp.MustCompile(`whsec_[A-Za-z0-9+/=]{40,}`)
	if !key.Match(made.body) {
		t.Error("the key is not shown")
	}
	page := admin.page("/settings")
	if key.MatchString(page) || !strings.Contains(page, "Duty room") {
		t.Error("the key is shown again, or the webhook is not")
	}
	if strings.Contains(page, password) || !strings.Contains(page, "post.example:587") {
		t.Error("the mail server is not shown, or its password is")
	}
	var id goshawk.ID
	if err := s.db.View(t.Context(), func(tx *store.Tx) error {
		list, err := tx.AllHooks()
		id = list[0].ID
		return err
	}); err != nil {
		t.Fatal(err)
	}
	admin.do(http.MethodPost, "/settings/webhooks/"+string(id)+"/try", "", "Content-Type", aForm).is(t, http.StatusSeeOther, nil)
	if calls != 1 {
		t.Errorf("it was called %d times", calls)
	}
	l.Close()
	if a := admin.do(http.MethodPost, "/settings/webhooks/"+string(id)+"/try", "", "Content-Type", aForm); a.StatusCode != http.StatusConflict || !strings.Contains(string(a.body), "cannot be reached") {
		t.Errorf("nobody is there: %s", a.Status)
	}
	admin.do(http.MethodPost, "/settings/webhooks/"+string(id)+"/remove", "", "Content-Type", aForm).is(t, http.StatusSeeOther, nil)
	if strings.Contains(admin.page("/settings"), "Duty room") {
		t.Error("it is still there")
	}
}

// TestTell: a watch tells whom its page says, and an alert of it has a message to each.
func TestTell(t *testing.T) {
	s := newStage(t)
	c := s.newCase()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindWatch, "w1", name, v) }
	if _, err := s.web.Book.Change(t.Context(), s.subject("investigator"), c, "watched", []casebook.Edit{set("what", "address"), set("text", firstAddress), set("ledger", "main")}); err != nil {
		t.Fatal(err)
	}
	me := string(s.who["investigator"].ID)
	b := s.as("investigator")
	page := b.page(casePath(c) + "/watches")
	if !strings.Contains(page, `name="f.mail/`+me+`"`) || strings.Contains(page, `name="f.webhook"`) {
		t.Error("it does not offer its members, or it offers webhooks that there are none of")
	}
	tell := func(form url.Values, status int) {
		t.Helper()
		b.do(http.MethodPost, casePath(c)+"/watches/w1/tell", form.Encode(), "Content-Type", aForm).is(t, status, nil)
	}
	tell(url.Values{"b.mail/" + me: {""}, "f.mail/" + me: {"true"}, "b.title": {""}, "f.title": {"no field of this form"}}, http.StatusSeeOther)
	whole, err := s.web.Book.Read(t.Context(), s.subject("investigator"), c, "looked", casebook.KindWatch)
	if err != nil {
		t.Fatal(err)
	}
	if r := whole.Records[casebook.KindWatch]["w1"]; !r.Flag("mail/"+me) || r.Text("title") != "" {
		t.Errorf("the watch is %v", r)
	}
	// Who saw something else, and changes it, is told so.
	tell(url.Values{"b.mail/" + me: {"false"}, "f.mail/" + me: {"true"}}, http.StatusSeeOther)
	tell(url.Values{"b.mail/" + me: {"true"}}, http.StatusSeeOther)
	whole, err = s.web.Book.Read(t.Context(), s.subject("investigator"), c, "looked", casebook.KindWatch)
	if err != nil {
		t.Fatal(err)
	}
	if whole.Records[casebook.KindWatch]["w1"].Flag("mail/" + me) {
		t.Error("the name is not taken off")
	}
}

// TestSettingsAPI: what the page of the server's settings does, programs do, too; of secrets they get a webhook's
// key, once.
func TestSettingsAPI(t *testing.T) {
	s := newStage(t)
	const password = "a password that nobody may see"
	admin := s.as("administrator")
	var mail struct {
		Configured bool
		Host       string
	}
	admin.do("GET", "/api/v1/mail", nil).is(t, http.StatusOK, &mail)
	if mail.Configured {
		t.Error("mail is set up, where it is not")
	}
	admin.do("POST", "/api/v1/mail/try", nil).is(t, http.StatusConflict, nil)
	s.web.Notify.Mail = &notify.Mailer{Host: "post.example", Port: 587, Security: notify.StartTLS, User: "goshawk", Password: password, From: "goshawk@police.example"}
	a := admin.do("GET", "/api/v1/mail", nil)
	a.is(t, http.StatusOK, &mail)
	if !mail.Configured || mail.Host != "post.example" || strings.Contains(string(a.body), password) {
		t.Errorf("mail: %s", a.body)
	}
	calls := 0
	l := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	t.Cleanup(l.Close)
	at, err := url.Parse(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.web.Notify.Hooks.Allowed = []string{at.Host}
	admin.do("POST", "/api/v1/webhooks", map[string]any{"name": "x", "agency": s.who["administrator"].Agency, "url": "https://10.0.0.1/"}).is(t, http.StatusBadRequest, nil)
	var made struct{ ID, Secret string }
	admin.do("POST", "/api/v1/webhooks", map[string]any{"name": "Duty room", "agency": s.who["administrator"].Agency, "url": l.URL + "/in"}).is(t, http.StatusCreated, &made)
	list := admin.do("GET", "/api/v1/webhooks", nil)
	list.is(t, http.StatusOK, nil)
	if !strings.HasPrefix(made.Secret, "whsec_") || !strings.Contains(string(list.body), made.ID) || strings.Contains(string(list.body), made.Secret) {
		t.Errorf("made %+v, listed %s", made, list.body)
	}
	admin.do("POST", "/api/v1/webhooks/"+made.ID+"/try", nil).is(t, http.StatusNoContent, nil)
	if calls != 1 {
		t.Errorf("it was called %d times", calls)
	}
	// A message that is not taken: seen, and tried again.
	c := s.newCase()
	s.write(func(tx *store.Tx) error {
		n := &casebook.Notice{ID: "m1", Case: c, Way: casebook.ByWebhook, To: goshawk.ID(made.ID), Made: s.now}
		if err := tx.Queue(n); err != nil {
			return err
		}
		return tx.EndMessage("m1", store.MessageRefused, "the program answered 500", s.now)
	})
	var told struct {
		Counts   map[string]int
		Messages []struct{ ID, Fault, State string }
	}
	admin.do("GET", "/api/v1/messages?state=refused", nil).is(t, http.StatusOK, &told)
	if told.Counts["refused"] != 1 || len(told.Messages) != 1 || told.Messages[0].Fault != "the program answered 500" {
		t.Errorf("%+v", told)
	}
	admin.do("POST", "/api/v1/messages/again", nil).is(t, http.StatusNoContent, nil)
	admin.do("GET", "/api/v1/messages", nil).is(t, http.StatusOK, &told)
	if told.Counts["waiting"] != 1 || len(told.Messages) != 1 || told.Messages[0].State != "waiting" {
		t.Errorf("%+v", told)
	}
	admin.do("DELETE", "/api/v1/webhooks/"+made.ID, nil).is(t, http.StatusNoContent, nil)
	admin.do("DELETE", "/api/v1/webhooks/"+made.ID, nil).is(t, http.StatusNotFound, nil)
	s.as("investigator").do("GET", "/api/v1/messages", nil).is(t, http.StatusForbidden, nil)
}
