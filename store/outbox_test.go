package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
)

// watchedCase is a case with a watch that tells its lead by mail and the agency's webhooks, and somebody
// who is named by it and no member.
func watchedCase(t *testing.T, s *Store) (*casebook.Book, *identity.Subject, goshawk.ID) {
	t.Helper()
	ines := identity.Person{ID: "ines", Agency: "east", Name: "Ines", Email: "ines@police.example", Role: identity.Investigator, Created: at(0)}
	olaf := identity.Person{ID: "olaf", Agency: "east", Name: "Olaf", Email: "olaf@police.example", Role: identity.Investigator, Created: at(0)}
	do(t, s, func(tx *Tx) error {
		return errors.Join(tx.AddAgency(&identity.Agency{ID: "east", Name: "Eastmark Police", Kind: identity.Police, Created: at(0)}), tx.AddAgency(&identity.Agency{ID: "west", Name: "Westmark Police", Kind: identity.Police, Created: at(0)}),
			tx.AddPerson(&ines), tx.AddPerson(&olaf),
			tx.AddHook(&Hook{ID: "h1", Agency: "east", Name: "Duty room", URL: "https://duty.example/in", Secret: "whsec_1", Created: at(1), Person: "ines"}),
			tx.AddHook(&Hook{ID: "h2", Agency: "west", Name: "Elsewhere", URL: "https://west.example/in", Secret: "whsec_2", Created: at(2), Person: "ines"}))
	})
	b := &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(10) }}
	who := &identity.Subject{Person: ines, Kind: identity.Police, Via: identity.ViaPasskey}
	c, err := b.Open(t.Context(), who, "A title that is nobody else's", "2026/17")
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindWatch, "w1", name, v) }
	if _, err := b.Change(t.Context(), who, c, "watched", []casebook.Edit{set("what", "address"), set("text", "x"), set("ledger", "main"), set("title", "the suspect's"), set("mail/ines", true), set("mail/olaf", true),
		set("webhook", true)}); err != nil {
		t.Fatal(err)
	}
	return b, who, c
}

// alert records one of the watch.
func alert(t *testing.T, b *casebook.Book, c, id goshawk.ID, state string) {
	t.Helper()
	set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindAlert, id, name, v) }
	if _, err := b.Record(t.Context(), &identity.Subject{Via: identity.ViaConsole}, c, "what is watched has moved", []casebook.Edit{set("watch", "w1"), set("movement", map[string]string{"tx": "t1"}),
		set("at", "2026-11-23T09:00:00Z"), set("state", state)}); err != nil {
		t.Fatal(err)
	}
}

// contractOutbox: messages are there with the alert or not at all, come again until they have ended, and to one at a time.
func contractOutbox(t *testing.T, s *Store) {
	b, who, c := watchedCase(t, s)
	alert(t, b, c, "a1", "unconfirmed")
	var list []Message
	view(t, s, func(tx *Tx) (err error) {
		list, err = tx.Messages(10, MessageWaiting)
		return err
	})
	if len(list) != 2 {
		t.Fatalf("%d messages: %+v", len(list), list)
	}
	for _, m := range list {
		text, err := json.Marshal(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"case":%q,"reference":"2026/17","change":3,"at":"2026-09-21T14:13:30Z","watch":"w1","alert":"a1","state":"unconfirmed","movement":{"tx":"t1"}}`, c)
		if string(text) != want {
			t.Errorf("it says\n  %s\nnot\n  %s", text, want)
		}
	}
	to := map[casebook.Way]goshawk.ID{list[0].Way: list[0].To, list[1].Way: list[1].To}
	same(t, "to whom", to, map[casebook.Way]goshawk.ID{casebook.ByMail: "ines", casebook.ByWebhook: "h1"})
	claim := func(now, until int64) []Message {
		t.Helper()
		got, err := s.Claim(t.Context(), at(now), at(until), 10)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	if n := len(claim(9, 60)); n != 0 {
		t.Errorf("%d are due before they were made", n)
	}
	first := claim(20, 60)
	if len(first) != 2 || first[0].Tries != 1 || !first[0].Due.Equal(at(60)) {
		t.Fatalf("claimed: %+v", first)
	}
	if n := len(claim(30, 90)); n != 0 {
		t.Errorf("%d were handed out twice", n)
	}
	// As after a kill: they come again, under the same names.
	again := claim(61, 120)
	if len(again) != 2 || again[0].ID != first[0].ID || again[0].Tries != 2 {
		t.Fatalf("claimed again: %+v", again)
	}
	do(t, s, func(tx *Tx) error {
		return errors.Join(tx.EndMessage(again[0].ID, MessageTold, "", at(62)), tx.PutOff(again[1].ID, "it does not answer", at(200)))
	})
	if n := len(claim(199, 300)); n != 0 {
		t.Errorf("%d are due too early", n)
	}
	if n := len(claim(200, 300)); n != 1 {
		t.Errorf("%d are due", n)
	}
	do(t, s, func(tx *Tx) error { return tx.EndMessage(again[1].ID, MessageRefused, "it never answered", at(201)) })
	count := func(want map[string]int) {
		t.Helper()
		view(t, s, func(tx *Tx) error {
			n, err := tx.CountMessages()
			same(t, "messages", n, want)
			return err
		})
	}
	count(map[string]int{MessageTold: 1, MessageRefused: 1})
	do(t, s, func(tx *Tx) error { return tx.TryAgain(at(400)) })
	count(map[string]int{MessageTold: 1, MessageWaiting: 1})
	do(t, s, func(tx *Tx) error { return tx.ForgetMessages(at(100)) })
	count(map[string]int{MessageWaiting: 1})
	// Another state is another message; the same again is none.
	to2 := casebook.Set(casebook.KindAlert, "a1", "state", "confirmed")
	to2.Before = json.RawMessage(`"unconfirmed"`)
	for range 2 {
		if _, err := b.Record(t.Context(), &identity.Subject{Via: identity.ViaConsole}, c, "confirmed", []casebook.Edit{to2}); err != nil {
			t.Fatal(err)
		}
	}
	count(map[string]int{MessageWaiting: 3})
	// What people change of alerts tells nobody.
	if _, err := b.Change(t.Context(), who, c, "looked", []casebook.Edit{casebook.Set(casebook.KindAlert, "a1", "seen", true)}); err != nil {
		t.Fatal(err)
	}
	count(map[string]int{MessageWaiting: 3})
	// All or nothing: where the alert cannot be written, nobody is told.
	failed := errors.New("no")
	err := s.Do(t.Context(), &audit.Entry{At: at(0), Action: "console", What: "fails"}, func(tx *Tx) error {
		return errors.Join(tx.Queue(&casebook.Notice{ID: "n1", Case: c, Way: casebook.ByMail, To: "ines", Made: at(0)}), failed)
	})
	if !errors.Is(err, failed) {
		t.Error(err)
	}
	count(map[string]int{MessageWaiting: 3})
	do(t, s, func(tx *Tx) error { return tx.RemoveHook("h1") })
	refused(t, s, goshawk.NotFound, func(tx *Tx) error { return tx.RemoveHook("h1") })
	alert(t, b, c, "a2", "confirmed")
	count(map[string]int{MessageWaiting: 4})
	if _, err := b.Change(t.Context(), who, c, "ended", []casebook.Edit{casebook.Set(casebook.KindWatch, "w1", casebook.Deleted, true)}); err != nil {
		t.Fatal(err)
	}
	alert(t, b, c, "a3", "confirmed")
	count(map[string]int{MessageWaiting: 4})
}

// contractClaims: several who send never send one message at the same time.
func contractClaims(t *testing.T, s *Store) {
	b, _, c := watchedCase(t, s)
	for i := range 20 {
		alert(t, b, c, goshawk.ID(fmt.Sprint("a", i)), "confirmed")
	}
	var mu sync.Mutex
	seen := map[goshawk.ID]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				list, err := s.Claim(context.WithoutCancel(t.Context()), at(20), at(60), 3)
				if err != nil {
					t.Error(err)
					return
				}
				if len(list) == 0 {
					return
				}
				mu.Lock()
				for _, m := range list {
					seen[m.ID]++
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) < 30 { // where rows are skipped that others hold, some are left for the next time
		t.Errorf("%d of 40 were handed out", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was handed out %d times", id, n)
		}
	}
}

// contractServers: who runs what, and what only one does.
func contractServers(t *testing.T, s *Store) {
	_, _, c := watchedCase(t, s)
	ctx := t.Context()
	held := func(server goshawk.ID, now, until int64, want bool) {
		t.Helper()
		if got, err := s.Lease(ctx, "watch", server, at(now), at(until)); err != nil || got != want {
			t.Errorf("%s at %d: %v, %v", server, now, got, err)
		}
	}
	held("s1", 0, 30, true)
	held("s2", 10, 40, false)
	held("s1", 20, 50, true)
	held("s2", 40, 70, false)
	held("s2", 51, 80, true)
	held("s1", 60, 90, false)
	if err := errors.Join(s.Beat(ctx, "s1", at(5)), s.Beat(ctx, "s1", at(15)), s.Beat(ctx, "s2", at(16)), s.Leave(ctx, "s2")); err != nil {
		t.Fatal(err)
	}
	held("s1", 61, 90, true)
	do(t, s, func(tx *Tx) error {
		return errors.Join(tx.SetRunning(c, "r1", "s1"), tx.SetRunning(c, "r2", "s2"), tx.SetRunning(c, "r3", "s1"), tx.EndRunning(c, "r3"))
	})
	view(t, s, func(tx *Tx) error {
		runs, beats, err := tx.RunsAt()
		got := []string{}
		for r, server := range runs {
			got = append(got, fmt.Sprint(r.ID, " ", server, " ", beats[server].IsZero()))
		}
		slices.Sort(got)
		same(t, "runs", got, []string{"r1 s1 false", "r2 s2 true"})
		if !beats["s1"].Equal(at(15)) {
			t.Errorf("s1 was heard of at %v", beats["s1"])
		}
		return err
	})
}
