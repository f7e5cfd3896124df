package web

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"goshawk/identity"
	"goshawk/store"
)

func (s *stage) cases(name string) int {
	s.t.Helper()
	list, err := s.web.Book.List(s.t.Context(), s.subject(name))
	if err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

func TestARepeatedRequestIsDoneOnce(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	body := map[string]string{"title": "Harbour ransom"}
	first := ines.do("POST", "/api/v1/cases", body, onceHeader, "k1")
	first.is(t, 201, nil)
	again := ines.do("POST", "/api/v1/cases", body, onceHeader, "k1")
	again.is(t, 201, nil)
	if !bytes.Equal(first.body, again.body) || again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("again: %v %s", again.Header, again.body)
	}
	if first.Header.Get("Idempotent-Replayed") != "" || s.cases("investigator") != 1 {
		t.Errorf("%d cases", s.cases("investigator"))
	}
	// Another request by the same key, and the same key of somebody else.
	ines.do("POST", "/api/v1/cases", map[string]string{"title": "Other"}, onceHeader, "k1").is(t, 409, nil)
	ines.do("POST", "/api/v1/tokens", map[string]any{"name": "x", "scopes": []string{"read"}}, onceHeader, "k1").is(t, 409, nil)
	s.as("investigator2").do("POST", "/api/v1/cases", body, onceHeader, "k1").is(t, 201, nil)
	for _, bad := range []string{"a b", strings.Repeat("k", 129), "ü"} {
		ines.do("POST", "/api/v1/cases", body, onceHeader, bad).is(t, 400, nil)
	}
	// What failed changed nothing, and may be sent again put right.
	at := strings.TrimPrefix(first.Header.Get("Location"), apiRoot)
	edits := func(field string) map[string]any {
		return map[string]any{"what": "wrote", "edits": []any{map[string]any{"kind": "note", "id": "n", "field": field, "before": nil, "after": "x"}}}
	}
	ines.do("POST", apiRoot+at+"/changes", edits("nothing"), onceHeader, "k2").is(t, 400, nil)
	ines.do("POST", apiRoot+at+"/changes", edits("title"), onceHeader, "k2").is(t, 200, nil)
	ines.do("POST", apiRoot+at+"/changes/2/undo", nil, onceHeader, "k3").is(t, 200, nil)
	ines.do("POST", apiRoot+at+"/changes/2/undo", nil, onceHeader, "k3").is(t, 200, nil)
	if a := ines.do("GET", apiRoot+at, nil); a.Header.Get("ETag") != `"3"` {
		t.Errorf("after undoing twice: %s", a.Header.Get("ETag"))
	}
	s.now = s.now.Add(store.OnceLength + time.Second)
	s.as("investigator").do("POST", "/api/v1/cases", map[string]string{"title": "Other"}, onceHeader, "k1").is(t, 201, nil)
}

func TestWhoWasTakenFromACaseHearsNoAnswerAgain(t *testing.T) {
	s := newStage(t)
	at := s.newCase()
	member := func(before, after any) {
		t.Helper()
		s.as("investigator").do("POST", apiRoot+"/cases/"+string(at)+"/changes", map[string]any{"what": "chose members", "edits": []any{
			map[string]any{"kind": "member", "id": s.who["investigator2"].ID, "field": "part", "before": before, "after": after}}}).is(t, 200, nil)
	}
	member(nil, "worker")
	ivo := s.as("investigator2")
	edit := map[string]any{"what": "wrote", "edits": []any{map[string]any{"kind": "note", "id": "n", "field": "title", "before": nil, "after": "x"}}}
	path := apiRoot + "/cases/" + string(at) + "/changes"
	ivo.do("POST", path, edit, onceHeader, "k").is(t, 200, nil)
	ivo.do("POST", path, edit, onceHeader, "k").is(t, 200, nil)
	s.as("investigator").do("POST", path, map[string]any{"what": "chose members", "edits": []any{
		map[string]any{"kind": "member", "id": s.who["investigator2"].ID, "field": "deleted", "before": nil, "after": true}}}).is(t, 200, nil)
	ivo.do("POST", path, edit, onceHeader, "k").is(t, 404, nil)
}

func TestTheSameRequestAtTheSameTimeIsDoneOnce(t *testing.T) {
	s := newStage(t)
	ines := s.as("investigator")
	var wg sync.WaitGroup
	status := make([]int, 8)
	for i := range status {
		wg.Go(func() {
			status[i] = ines.do("POST", "/api/v1/cases", map[string]string{"title": "Harbour ransom"}, onceHeader, "k").StatusCode
		})
	}
	wg.Wait()
	done := 0
	for _, code := range status {
		switch code {
		case 201:
			done++
		case 409:
		default:
			t.Errorf("answers: %v", status)
		}
	}
	if done == 0 || s.cases("investigator") != 1 {
		t.Errorf("%d cases; answers: %v", s.cases("investigator"), status)
	}
}

func TestKeysAreBounded(t *testing.T) {
	s := newStage(t)
	by := s.subject("investigator")
	for i := range store.MostOnce + 20 {
		s.now = s.now.Add(time.Millisecond)
		o := &store.Once{Person: by.Person.ID, Key: fmt.Sprint(i), Request: func() string { return "r" }}
		q := &request{s: s.web, subject: by}
		err := s.db.Do(store.WithOnce(t.Context(), o), q.note(identity.OpenCase, "something"), func(*store.Tx) error { return nil })
		if err != nil || !o.Done {
			t.Fatal(err, o.Done)
		}
	}
	err := s.db.View(t.Context(), func(tx *store.Tx) error {
		for i, want := range map[int]bool{0: false, 19: false, 20: true, store.MostOnce + 19: true} {
			a, err := tx.Answered(by.Person.ID, fmt.Sprint(i), time.Time{})
			if err != nil {
				return err
			}
			if (a != nil) != want {
				t.Errorf("key %d is kept: %v", i, a != nil)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
