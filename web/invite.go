package web

import (
	"net/http"
	"strings"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// invitation finds whom a link invites.
func (q *request) invitation(tx *store.Tx) (p identity.Person, err error) {
	none := goshawk.Errorf(goshawk.NotFound, "this invitation was used, has ended, or never was").WithHint("ask an administrator for another")
	i, err := tx.Invitation(identity.HashSecret(q.PathValue("secret")))
	if err != nil {
		return p, err
	}
	if i == nil || !i.Live(q.s.Now()) {
		return p, none
	}
	if p, _, err = tx.Person(i.Person); err == nil && p.Disabled {
		err = none
	}
	return p, err
}

// invitePage shows whom a link invites. To look at it uses nothing up.
func (q *request) invitePage() error {
	back, ok := q.s.signs().limit.enter(identity.ViaInvitation, q.from(), q.s.Now())
	if !ok {
		return q.busy(q.s.Now())
	}
	var p identity.Person
	var agency string
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if p, err = q.invitation(tx); err != nil {
			return err
		}
		list, err := tx.Agencies()
		for _, a := range list {
			if a.ID == p.Agency {
				agency = a.Name
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	back()
	v := q.page("")
	v.title = v.t("invite.title")
	return q.show(v, invitePage(v, &p, agency, q.URL.Path))
}

// invited lets who was invited set up a way in.
func (q *request) invited() error {
	back, ok := q.s.signs().limit.enter(identity.ViaInvitation, q.from(), q.s.Now())
	if !ok {
		return q.busy(q.s.Now())
	}
	var p identity.Person
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		p, err = q.invitation(tx)
		return err
	})
	if err == nil {
		err = q.admit(&p, identity.ViaInvitation, q.s.Now(), "opened an invitation", func(tx *store.Tx) error {
			_, err := q.invitation(tx)
			return err
		})
	}
	if err != nil {
		return err
	}
	back()
	http.Redirect(q.w, q.Request, "/account", http.StatusSeeOther)
	return nil
}

// agentName is what a browser is called, and the system it runs on, as far as it says so truly.
func agentName(agent string) string {
	name := "Browser"
	for _, b := range [][2]string{{"Edg/", "Edge"}, {"OPR/", "Opera"}, {"Firefox/", "Firefox"}, {"HeadlessChrome/", "Chromium"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"}, {"curl/", "curl"}} {
		if strings.Contains(agent, b[0]) {
			name = b[1]
			break
		}
	}
	for _, s := range [][2]string{{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"CrOS", "ChromeOS"}, {"Linux", "Linux"}} {
		if strings.Contains(agent, s[0]) {
			return name + ", " + s[1]
		}
	}
	return name
}
