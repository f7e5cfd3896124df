package store

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/identity"
)

// errBack takes a transaction back.
var errBack = errors.New("taken back")

// contractCredentials: what people sign in with comes back as it was, and what is good once is taken once.
func contractCredentials(t *testing.T, s *Store) {
	who := people(t, s)
	ines, ada := who[identity.Investigator].Person.ID, who[identity.Administrator].Person.ID
	now := time.Date(2026, 11, 23, 12, 0, 0, 123000, time.UTC)
	do := func(f func(*Tx) error) error {
		return s.Do(t.Context(), &audit.Entry{At: now, Action: "console", What: "tested"}, f)
	}
	must := func(f func(*Tx) error) {
		t.Helper()
		if err := do(f); err != nil {
			t.Fatal(err)
		}
	}
	key := identity.Passkey{ID: "0a1b", Person: ines, Name: "Büro", Record: []byte(`{"id":"ChsB"}`), Created: now}
	must(func(tx *Tx) error { return tx.AddPasskey(&key) })
	if err := do(func(tx *Tx) error {
		return tx.AddPasskey(&identity.Passkey{ID: "0a1b", Person: ada, Record: []byte("{}")})
	}); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("one passkey of two people: %v", err)
	}
	key.Used, key.Doubtful, key.Record = now.Add(time.Minute), true, []byte(`{"id":"ChsC"}`)
	must(func(tx *Tx) error { return tx.SetPasskey(&key) })
	theirs := key
	theirs.Person = ada
	if err := do(func(tx *Tx) error { return tx.SetPasskey(&theirs) }); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("another's passkey: %v", err)
	}
	if err := do(func(tx *Tx) error { _, err := tx.RemovePasskey(ada, key.ID); return err }); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("another's passkey removed: %v", err)
	}
	must(func(tx *Tx) error {
		list, err := tx.Passkeys(ines)
		if len(list) != 1 || list[0].Name != key.Name || string(list[0].Record) != string(key.Record) || !list[0].Used.Equal(key.Used) || !list[0].Created.Equal(now) || !list[0].Doubtful {
			t.Errorf("%+v", list)
		}
		return err
	})
	full := func(tx *Tx) error {
		for i := range identity.MostPasskeys {
			if err := tx.AddPasskey(&identity.Passkey{ID: string(rune('a' + i)), Person: ines, Record: []byte("{}"), Created: now}); err != nil {
				return err
			}
		}
		return nil
	}
	if err := do(full); goshawk.CodeOf(err) != goshawk.Busy {
		t.Errorf("any number of passkeys: %v", err)
	}

	password := identity.Password{Person: ines, Hash: "$argon2id$", Secret: "S", Step: 7, Changed: now}
	codes := []string{"h1", "h2", "h3"}
	must(func(tx *Tx) error {
		return errors.Join(tx.SetPassword(&identity.Password{Person: ines, Hash: "x", Changed: now}), tx.SetPassword(&password), tx.SetRecovery(ines, []string{"h0"}), tx.SetRecovery(ines, codes))
	})
	// One code of the authenticator, and one recovery code, whoever sends it how often at once.
	for what, take := range map[string]func(*Tx) (bool, error){
		"a code":          func(tx *Tx) (bool, error) { return tx.TakeStep(ines, 8) },
		"a recovery code": func(tx *Tx) (bool, error) { return tx.TakeRecovery(ines, "h2") },
	} {
		// What is taken back was not taken.
		if err := do(func(tx *Tx) error {
			if ok, err := take(tx); err != nil || !ok {
				t.Errorf("%s: %v, %v", what, ok, err)
			}
			return errBack
		}); !errors.Is(err, errBack) {
			t.Error(err)
		}
		var taken atomic.Int32
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				if err := do(func(tx *Tx) error {
					ok, err := take(tx)
					if ok {
						taken.Add(1)
					}
					return err
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if taken.Load() != 1 {
			t.Errorf("%s was taken %d times", what, taken.Load())
		}
	}
	must(func(tx *Tx) error {
		for what, take := range map[string]func() (bool, error){
			"an older code": func() (bool, error) { return tx.TakeStep(ines, 7) }, "nobody's": func() (bool, error) { return tx.TakeStep("", 9) },
			"another's": func() (bool, error) { return tx.TakeRecovery(ada, "h1") }, "one that was replaced": func() (bool, error) { return tx.TakeRecovery(ines, "h0") },
		} {
			if ok, err := take(); ok || err != nil {
				t.Errorf("%s: %v, %v", what, ok, err)
			}
		}
		got, err := tx.Password(ines)
		if err != nil || got.Hash != password.Hash || got.Secret != "S" || got.Step != 8 || !got.Changed.Equal(now) {
			t.Errorf("%+v, %v", got, err)
		}
		if none, err := tx.Password(ada); none != nil || err != nil {
			t.Errorf("%+v, %v", none, err)
		}
		return nil
	})

	must(func(tx *Tx) error { return tx.SetSubject("https://idp.example", "one", ines) })
	if err := do(func(tx *Tx) error { return tx.SetSubject("https://idp.example", "two", ines) }); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("two subjects: %v", err)
	}
	first, _ := identity.NewInvitation(ines, now)
	second, _ := identity.NewInvitation(ines, now)
	tries := identity.Attempts{}.Fail(now)
	must(func(tx *Tx) error {
		return errors.Join(tx.SetSubject("https://idp.example", "one", ines), tx.Invite(&first), tx.Invite(&second), tx.SetAttempts(ines, identity.ViaPassword, tries))
	})
	if err := s.Failed(t.Context(), ines, identity.ViaPassword, tries.Fail(now)); err != nil {
		t.Error(err)
	}
	must(func(tx *Tx) error {
		if id, err := tx.Subject("https://idp.example", "one"); id != ines || err != nil {
			t.Errorf("%q, %v", id, err)
		}
		if id, err := tx.Subject("https://other.example", "one"); id != "" || err != nil {
			t.Errorf("%q, %v", id, err)
		}
		if i, err := tx.Invitation(first.Hash); i != nil || err != nil {
			t.Errorf("the older invitation counts: %+v, %v", i, err)
		}
		if i, err := tx.Invitation(second.Hash); i == nil || err != nil || *i != second {
			t.Errorf("%+v, %v", i, err)
		}
		a, err := tx.Attempts(ines, identity.ViaPassword)
		if err != nil || a.Failed != 2 || !a.Last.Equal(now) {
			t.Errorf("%+v, %v", a, err)
		}
		if a, err := tx.Attempts(ines, identity.ViaRecovery); err != nil || a != (identity.Attempts{}) {
			t.Errorf("another way is held up: %+v, %v", a, err)
		}
		session, _ := identity.NewSession(&who[identity.Investigator].Person, identity.ViaPasskey, "192.0.2.1", "Browser", now, now)
		if err := tx.AddSession(&session); err != nil {
			return err
		}
		all, err := tx.Ways("")
		if err != nil {
			return err
		}
		// The passkey is doubtful, and so none to sign in with.
		want := identity.Ways{Password: true, OIDC: true, Recovery: 2, Invited: second.Ends, Seen: now}
		if got := all[ines]; got == nil || *got != want || all[ada] != nil {
			t.Errorf("%+v", all)
		}
		if err := tx.ForgetWays(ines); err != nil {
			return err
		}
		all, err = tx.Ways(ines)
		if got := all[ines]; got == nil || *got != (identity.Ways{}) {
			t.Errorf("left after a reset: %+v", got)
		}
		if a, err := tx.Attempts(ines, identity.ViaPassword); err != nil || a.Failed != 0 {
			t.Errorf("%+v, %v", a, err)
		}
		return err
	})
	last := who[identity.Administrator].Person
	last.Disabled = true
	if err := do(func(tx *Tx) error { return tx.SetPerson(&last) }); goshawk.CodeOf(err) != goshawk.Conflict {
		t.Errorf("no administrator is left: %v", err)
	}
}
