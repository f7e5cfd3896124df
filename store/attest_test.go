package store

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
)

// TestEveryTableIsAccountedFor: each table is attested row by row, or there is a reason why not.
func TestEveryTableIsAccountedFor(t *testing.T) {
	reasons := map[string]string{
		"audit": "the trail itself: the log's verification", "audit_head": "replayRest",
		"cases": "replay", "changes": "replay", "fields": "replay", "members": "replay", "texts": "replay",
		"attempts": "counts failures; it can only hold somebody up, or not", "idempotency": "answers that are sent again for a day",
		"outbox": "a queue; what was sent has an entry", "servers": "who runs now", "running": "who runs now", "leases": "who runs now",
		"watched": "how far a watch has looked",
	}
	for _, a := range attestedTables() {
		reasons[a.name] = "attested"
	}
	s := open(t)
	view(t, s, func(tx *Tx) error {
		list, err := tx.tables()
		for _, name := range list {
			if reasons[name] == "" && !strings.HasPrefix(name, "words") {
				t.Errorf("the table %s is neither attested nor is there a reason why not", name)
			}
			delete(reasons, name)
		}
		if len(reasons) > 0 {
			t.Errorf("no tables: %v", slices.Collect(maps.Keys(reasons)))
		}
		return err
	})
}

// contractAttested: whatever the program writes into attested tables it attests, and whatever somebody writes, edits or
// removes there by hand is named.
func contractAttested(t *testing.T, s *Store) {
	ctx := t.Context()
	p := identity.Person{ID: "p", Agency: "a", Name: "Ines", Email: "ines@police.example", Role: identity.Investigator, Created: at(0)}
	session := func(hash string) *identity.Session {
		return &identity.Session{Hash: hash, Person: "p", Via: identity.ViaPasskey, Created: at(0), Seen: at(0), Ends: at(99), Proved: at(0)}
	}
	passkey := func(id string) *identity.Passkey {
		return &identity.Passkey{ID: id, Person: "p", Name: "key", Record: json.RawMessage(`{"n":1}`), Created: at(0)}
	}
	token := func(id goshawk.ID) *identity.Token {
		return &identity.Token{ID: id, Hash: "h" + string(id), Person: "p", Name: "n", Scopes: []identity.Scope{identity.ScopeRead}, Created: at(0), Ends: at(9)}
	}
	paper := func(version int64, body string) *Paper {
		return &Paper{Agency: "a", Kind: ProfilePaper, ID: "kraken", Version: version, Body: json.RawMessage(body), Made: at(0), Person: "p"}
	}
	steps := map[string]func(tx *Tx) error{
		"01 an agency": func(tx *Tx) error {
			return tx.AddAgency(&identity.Agency{ID: "a", Name: "Eastmark Police", Kind: identity.Police})
		},
		"02 somebody":            func(tx *Tx) error { return tx.AddPerson(&p) },
		"03 somebody, otherwise": func(tx *Tx) error { p.Name = "Inês"; return tx.SetPerson(&p) },
		"04 a passkey":           func(tx *Tx) error { return tx.AddPasskey(passkey("k1")) },
		"05 another":             func(tx *Tx) error { return tx.AddPasskey(passkey("k2")) },
		"06 it was used":         func(tx *Tx) error { k := passkey("k1"); k.Used = at(3); return tx.SetPasskey(k) },
		"07 it is gone":          func(tx *Tx) error { _, err := tx.RemovePasskey("p", "k1"); return err },
		"08 a password": func(tx *Tx) error {
			return tx.SetPassword(&identity.Password{Person: "p", Hash: "x", Secret: "y", Changed: at(0)})
		},
		"09 its code was taken": func(tx *Tx) error { _, err := tx.TakeStep("p", 7); return err },
		"10 recovery codes":     func(tx *Tx) error { return tx.SetRecovery("p", []string{"c1", "c2", "c3"}) },
		"11 one was used":       func(tx *Tx) error { _, err := tx.TakeRecovery("p", "c2"); return err },
		"12 a subject":          func(tx *Tx) error { return tx.SetSubject("https://id.example", "s1", "p") },
		"13 an invitation": func(tx *Tx) error {
			return tx.Invite(&identity.Invitation{Hash: "i", Person: "p", Created: at(0), Ends: at(9)})
		},
		"14 none any more": func(tx *Tx) error { return tx.Uninvite("p") },
		"15 an invitation": func(tx *Tx) error {
			return tx.Invite(&identity.Invitation{Hash: "i", Person: "p", Created: at(0), Ends: at(9)})
		},
		"16 a session":             func(tx *Tx) error { return tx.AddSession(session("s1")) },
		"17 more of them":          func(tx *Tx) error { return tx.AddSession(session("s2")) },
		"18 and more":              func(tx *Tx) error { return tx.AddSession(session("s3")) },
		"19 one is ended":          func(tx *Tx) error { return tx.EndSession("s1") },
		"20 one is ended by hash":  func(tx *Tx) error { return tx.EndSessionOf("p", "s2") },
		"21 all but one are ended": func(tx *Tx) error { return tx.EndSessions("p", "s3") },
		"22 a token":               func(tx *Tx) error { return tx.AddToken(token("t1")) },
		"23 it is ended":           func(tx *Tx) error { return tx.EndToken("p", "t1") },
		"24 a token":               func(tx *Tx) error { return tx.AddToken(token("t2")) },
		"25 a webhook": func(tx *Tx) error {
			return tx.AddHook(&Hook{ID: "w", Agency: "a", Name: "hook", URL: "https://x.example", Secret: "s", Created: at(0)})
		},
		"26 a ledger": func(tx *Tx) error {
			return tx.AddLedger(&AddedLedger{ID: "main", Path: "/ledgers/main", Added: at(0), Person: "p"})
		},
		"27 a profile":        func(tx *Tx) error { return tx.AddPaper(paper(1, `{"a":1}`)) },
		"28 its next version": func(tx *Tx) error { return tx.AddPaper(paper(2, `{"a":2}`)) },
		"29 rates": func(tx *Tx) error {
			_, err := tx.AddRates(&RateSource{SHA256: "f1", Name: "eur.csv", Asset: "BTC", Imported: at(0)}, []Rate{{"BTC", "EUR", "2026-11-01", "50000.1", "f1"}, {"BTC", "EUR", "2026-11-02", "50001", "f1"}})
			return err
		},
		"30 others in their place": func(tx *Tx) error {
			_, err := tx.AddRates(&RateSource{SHA256: "f2", Name: "eur2.csv", Asset: "BTC", Imported: at(1)}, []Rate{{"BTC", "EUR", "2026-11-02", "50002", "f2"}})
			return err
		},
	}
	clean := func(after string) {
		t.Helper()
		if err := s.Replay(ctx, func(entry int64, _ goshawk.ID, what string) { t.Errorf("after %q, entry %d: %s", after, entry, what) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(steps)) {
		do(t, s, steps[name])
		clean(name)
	}
	// What has no entry is not attested.
	if err := s.Seen(ctx, "s3", at(5)); err != nil {
		t.Fatal(err)
	}
	if err := s.TokenUsed(ctx, "ht2", "192.0.2.1", at(5)); err != nil {
		t.Fatal(err)
	}
	clean("something was used")

	// Nobody writes what is attested without an entry.
	if err := s.Note(ctx, func(tx *Tx) error { return tx.AddToken(token("t3")) }); goshawk.CodeOf(err) != goshawk.Denied {
		t.Errorf("a token without an entry: %v", err)
	}
	clean("a token without an entry")

	byHand := map[string]string{
		`UPDATE agencies SET name = 'Westmark Police'`:                                          "the agency a (Westmark Police) is not what this entry",
		`INSERT INTO agencies VALUES ('b', 'Shadow', 'police', '', 0)`:                          "the agency b (Shadow) is in the table agencies, and no entry",
		`UPDATE people SET role = 'administrator'`:                                              "the account p (Inês) is not what this entry",
		`UPDATE people SET disabled = 1`:                                                        "the account p (Inês)",
		`UPDATE people SET email = 'mallory@x.example'`:                                         "the account p (Inês)",
		`UPDATE people SET created = 5`:                                                         "the account p (Inês)",
		`INSERT INTO people VALUES ('m', 'a', 'Mallory', 'm@x.example', 'administrator', 0, 0)`: "the account m (Mallory) is in the table people, and no entry",
		`UPDATE passkeys SET record = '{}'`:                                                     "the passkey k2 (p)",
		`INSERT INTO passkeys VALUES ('k9', 'p', 'key', '{}', 0, 0, 0)`:                         "the passkey k9 (p) is in",
		`DELETE FROM passkeys`:                                                                  "the passkey k2 is gone",
		`UPDATE passwords SET hash = 'z'`:                                                       "the password of p",
		`UPDATE passwords SET step = 0`:                                                         "the password of p",
		`INSERT INTO recovery VALUES ('p', 'c9')`:                                               "the recovery codes of p",
		`DELETE FROM recovery WHERE hash = 'c1'`:                                                "the recovery codes of p",
		`UPDATE subjects SET subject = 's2'`:                                                    "the account at an identity provider of p",
		`UPDATE invitations SET ends = ends + 1`:                                                "the invitation of p",
		`INSERT INTO sessions VALUES ('s9', 'p', 'passkey', '', '', 0, 0, 0, 0)`:                "the session s9 (p) is in",
		`UPDATE sessions SET ends = ends + 1`:                                                   "the session s3 (p)",
		`UPDATE tokens SET scopes = 'read write admin'`:                                         "the token t2 (p)",
		`UPDATE hooks SET url = 'https://evil.example'`:                                         "the webhook w (hook)",
		`UPDATE ledgers SET path = '/tmp/other'`:                                                "the ledger main",
		`UPDATE agency_papers SET body = '{"a":3}' WHERE version = 1`:                           "the paper of letters a/profile/kraken (a)",
		`DELETE FROM agency_papers WHERE version = 2`:                                           "the paper of letters a/profile/kraken (a)",
		`UPDATE rates SET price = '1' WHERE day = '2026-11-01'`:                                 "the rates of BTC/EUR (BTC)",
		`INSERT INTO rates VALUES ('BTC', 'USD', '2026-11-01', '1', 'f1')`:                      "the rates of BTC/USD (BTC) is in",
		`DELETE FROM rate_sources WHERE sha256 = 'f1'`:                                          "the file of rates f1 is gone",
		`UPDATE audit_head SET seq = seq + 1`:                                                   "last entry",
		`UPDATE audit_head SET seq = seq - 1`:                                                   "last entry",
		`UPDATE audit SET action = 'take-up' WHERE attests <> '' AND seq > 3`:                   "taken up a second time",
		`UPDATE people SET name = name`:                                                         "",
	}
	for query, want := range byHand {
		tx, err := s.writer.BeginTx(ctx, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(ctx, query); err != nil {
			t.Fatal(query, err)
		}
		var found []string
		bad := (&Tx{ctx: ctx, tx: tx, s: s}).replayRest(func(_ int64, _ goshawk.ID, what string) { found = append(found, what) })
		if err := tx.Rollback(); bad != nil || err != nil {
			t.Fatal(query, bad, err)
		}
		if all := strings.Join(found, "; "); want == "" && all != "" || !strings.Contains(all, want) {
			t.Errorf("%s: %q", query, found)
		}
	}
	do(t, s, func(tx *Tx) error { return tx.ForgetWays("p") })
	do(t, s, func(tx *Tx) error { return tx.RemoveHook("w") })
	do(t, s, func(tx *Tx) error { return tx.RemoveLedger("main") })
	clean("all of it is gone")
	// What an ended session was comes back by hand only.
	if _, err := s.writer.ExecContext(ctx, `INSERT INTO sessions (hash, person, via, source, agent, created, seen, ends, proved) VALUES ('s3', 'p', 'passkey', '', '', 0, 0, 0, 0)`); err != nil {
		t.Fatal(err)
	}
	var found []string
	if err := s.Replay(ctx, func(_ int64, _ goshawk.ID, what string) { found = append(found, what) }); err != nil || len(found) != 1 {
		t.Errorf("a session that was ended is back: %q, %v", found, err)
	}
}

// TestAttestsIsInTheLeaf: what an entry attests cannot be changed without its leaf.
func TestAttestsIsInTheLeaf(t *testing.T) {
	e := audit.Entry{Seq: 1, At: at(0), Action: "console", What: "set up", Attests: []audit.Row{{Table: "people", Key: "p", Sum: "aa"}}}
	one, err := e.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	e.Attests[0].Sum = "bb"
	other, err := e.Leaf()
	if err != nil || one == other {
		t.Errorf("the same leaf: %v", err)
	}
	s := open(t)
	people(t, s)
	b := casebook.NewID()
	do(t, s, func(tx *Tx) error { return tx.AddAgency(&identity.Agency{ID: b, Name: "Other", Kind: identity.Police}) })
	list, err := Trail{s}.Entries(t.Context(), 1, 10)
	if err != nil || len(list) != 2 || len(list[1].Attests) != 1 || list[1].Attests[0].Key != string(b) || len(list[1].Attests[0].Sum) != 64 {
		t.Errorf("%+v, %v", list, err)
	}
}
