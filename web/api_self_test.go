package web

import (
	"net/http"
	"strings"
	"testing"

	"goshawk/identity"
	"goshawk/store"
)

// An administrator keeps agencies and people over the API as on the pages, and the one that is invited comes in by the link.
func TestKeepPeopleOverTheAPI(t *testing.T) {
	s := newStage(t)
	admin := s.as("administrator")
	var agency identity.Agency
	admin.do("POST", "/api/v1/agencies", map[string]any{"name": "Westfold Customs", "kind": "police", "country": "NL"}).is(t, 201, &agency)
	admin.do("POST", "/api/v1/agencies", map[string]any{"name": "Nowhere", "kind": "police", "country": "nl"}).is(t, 400, nil)
	person := map[string]any{"agency": agency.ID, "name": "Nia Frost", "email": "Nia.Frost@customs.example", "role": "reader"}
	var invited struct {
		Person identity.Person
		Invite string
	}
	admin.do("POST", "/api/v1/people", person).is(t, 201, &invited)
	if invited.Person.Email != "nia.frost@customs.example" || !strings.Contains(invited.Invite, "/invite/") {
		t.Fatalf("invited: %+v", invited)
	}
	at := "/api/v1/people/" + string(invited.Person.ID)
	_, link, _ := strings.Cut(invited.Invite, "/invite/")
	s.as("").do("GET", "/invite/"+link, nil).is(t, 200, nil)
	admin.do("POST", "/api/v1/people", person).is(t, 409, nil) // the address is taken

	var p identity.Person
	admin.do("PUT", at, map[string]any{"name": "Nia Frost-Hale", "role": "investigator"}).is(t, 200, &p)
	if p.Name != "Nia Frost-Hale" || p.Role != identity.Investigator {
		t.Errorf("changed: %+v", p)
	}
	admin.do("PUT", at, map[string]any{"name": "Nia\u202e", "role": "investigator"}).is(t, 400, nil)
	admin.do("POST", at+"/disable", nil).is(t, 200, &p)
	if !p.Disabled {
		t.Error("the account is not disabled")
	}
	s.as("").do("GET", "/invite/"+link, nil).is(t, 404, nil)
	admin.do("POST", at+"/invite", nil).is(t, 409, nil) // not before it is enabled
	admin.do("POST", at+"/enable", nil).is(t, 200, nil)
	admin.do("POST", at+"/invite", nil).is(t, 201, &invited)
	var read struct {
		Person identity.Person
		Ways   identity.Ways
	}
	admin.do("GET", at, nil).is(t, 200, &read)
	if read.Person.Name != "Nia Frost-Hale" || read.Ways.Invited.IsZero() {
		t.Errorf("read: %+v", read)
	}
	token, _ := s.token("administrator", identity.ScopeAdmin)
	token.do("POST", at+"/disable", nil).is(t, 403, nil) // whatever its scope
}

// Somebody sees and ends their own sessions and ways in, and nobody else's; the last way in stays.
func TestOwnAccountOverTheAPI(t *testing.T) {
	s := newStage(t)
	me, elsewhere, other := s.as("investigator"), s.as("investigator"), s.as("investigator2")
	var list struct {
		Sessions []struct {
			ID   string
			This bool
		}
	}
	me.do("GET", "/api/v1/self/sessions", nil).is(t, 200, &list)
	if len(list.Sessions) != 2 || list.Sessions[0].This == list.Sessions[1].This {
		t.Fatalf("sessions: %+v", list)
	}
	for _, one := range list.Sessions {
		other.do("DELETE", "/api/v1/self/sessions/"+one.ID, nil).is(t, 404, nil)
		if !one.This {
			me.do("DELETE", "/api/v1/self/sessions/"+one.ID, nil).is(t, 204, nil)
		}
	}
	elsewhere.do("GET", "/api/v1/self", nil).is(t, 401, nil)
	elsewhere = s.as("investigator")
	me.do("POST", "/api/v1/self/sessions/end", nil).is(t, 204, nil)
	elsewhere.do("GET", "/api/v1/self", nil).is(t, 401, nil)

	id := s.who["investigator"].ID
	s.write(func(tx *store.Tx) error {
		for _, key := range []string{"aa", "bb"} {
			if err := tx.AddPasskey(&identity.Passkey{ID: key, Person: id, Name: "key " + key, Record: []byte("{}"), Created: s.now}); err != nil {
				return err
			}
		}
		return nil
	})
	var ways struct{ Passkeys []identity.Passkey }
	me.do("GET", "/api/v1/self/ways", nil).is(t, 200, &ways)
	if len(ways.Passkeys) != 2 {
		t.Errorf("ways: %+v", ways)
	}
	other.do("DELETE", "/api/v1/self/passkeys/aa", nil).is(t, 404, nil)
	me.do("DELETE", "/api/v1/self/passkeys/aa", nil).is(t, 204, nil)
	me.do("DELETE", "/api/v1/self/passkeys/bb", nil).is(t, http.StatusConflict, nil) // the last way in
	me.do("DELETE", "/api/v1/self/password", nil).is(t, 404, nil)
}
