package store

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/identity"
)

// rulesBook is a book with a case that "investigator" leads, and in which the supervisor works.
func rulesBook(t *testing.T) (s *Store, b *casebook.Book, lead, worker *identity.Subject, c goshawk.ID) {
	t.Helper()
	s = open(t)
	who := people(t, s)
	b = &casebook.Book{Store: Casebook{s}, Now: func() time.Time { return at(0) }}
	lead, worker = who[identity.Investigator], who[identity.Supervisor]
	c, err := b.Open(t.Context(), lead, "Harbour ransom", "")
	if err == nil {
		_, err = b.Change(t.Context(), lead, c, "made somebody a member", []casebook.Edit{casebook.Set(casebook.KindMember, worker.Person.ID, "part", "worker")})
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, b, lead, worker, c
}

func edit(k casebook.Kind, id goshawk.ID, name, before, after string) casebook.Edit {
	return casebook.Edit{Field: casebook.Field{Kind: k, ID: id, Name: name}, Before: json.RawMessage(before), After: json.RawMessage(after)}
}

// TestServersOwn: what the server saw or computed nobody writes by hand, and nobody takes back.
func TestServersOwn(t *testing.T) {
	_, b, lead, worker, c := rulesBook(t)
	ctx := t.Context()
	run := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, "r1", name, v) }
	alert := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindAlert, "a1", name, v) }
	question := map[string]string{"ledger": "main"}
	moved := []casebook.Edit{alert("watch", "w1"), alert("at", "2026-11-23T09:00:00Z"), alert("state", "confirmed"), alert("movement", question)}
	for name, edits := range map[string][]casebook.Edit{
		"an end of a trace that was none": {run("question", question), run("state", "done"), run("summary", question)},
		"a trace that nothing runs":       {run("question", question), run("state", "running")},
		"a result of one that runs":       {run("question", question), run("state", "running"), run("summary", question)},
		"an exhibit of it":                {run("question", question), run("state", "running"), run("exhibit", "e1")},
		"an alert":                        moved,
	} {
		if _, err := b.Change(ctx, worker, c, "forged", edits); goshawk.CodeOf(err) != goshawk.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := b.Act(ctx, worker, c, "began a trace", []casebook.Edit{run("question", question), run("state", "running")}); err != nil {
		t.Fatal(err)
	}
	ended, err := b.Record(ctx, worker, c, "a trace ended", []casebook.Edit{edit(casebook.KindRun, "r1", "state", `"running"`, `"done"`), run("summary", question)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Record(ctx, nil, c, "what is watched has moved", moved); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Undo(ctx, lead, c, ended.Seq); goshawk.CodeOf(err) != goshawk.Denied {
		t.Errorf("the end of a trace was taken back: %v", err)
	}
	for _, e := range []casebook.Edit{edit(casebook.KindRun, "r1", "summary", `{"ledger":"main"}`, `{"ledger":"other"}`), edit(casebook.KindRun, "r1", "state", `"done"`, `"running"`),
		edit(casebook.KindAlert, "a1", "state", `"confirmed"`, `"dropped"`)} {
		if _, err := b.Change(ctx, lead, c, "forged", []casebook.Edit{e}); goshawk.CodeOf(err) != goshawk.Denied {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
	for _, e := range []casebook.Edit{run("used", true), run("title", "mine"), alert("seen", true)} {
		if _, err := b.Change(ctx, worker, c, "said more", []casebook.Edit{e}); err != nil {
			t.Errorf("%s: %v", e.Name, err)
		}
	}
}

// clashes says whether an error is a clash about a field.
func clashes(err error, f casebook.Field) bool {
	clash, ok := errors.AsType[*casebook.ClashError](err)
	return ok && len(clash.Clashes) == 1 && clash.Clashes[0].Field == f
}

// TestUndoBuiltUpon: a record that others have worked on since does not go with its beginning.
func TestUndoBuiltUpon(t *testing.T) {
	_, b, lead, worker, c := rulesBook(t)
	ctx := t.Context()
	task := func(name, before, after string) []casebook.Edit {
		return []casebook.Edit{edit(casebook.KindTask, "t1", name, before, after)}
	}
	begun, err := b.Change(ctx, lead, c, "added a task", task("title", "", `"Ask the exchange"`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(ctx, lead, c, "set a date", task("due", "", `"2026-12-01"`)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(ctx, worker, c, "wrote what was done", task("text", "", `"Two hours of work"`)); err != nil {
		t.Fatal(err)
	}
	_, err = b.Undo(ctx, lead, c, begun.Seq)
	if !clashes(err, casebook.Field{Kind: casebook.KindTask, ID: "t1", Name: "text"}) {
		t.Errorf("somebody else's work went with the task: %v", err)
	}
	if _, err := b.Change(ctx, worker, c, "took it out", task("text", `"Two hours of work"`, "null")); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Undo(ctx, lead, c, begun.Seq); err != nil {
		t.Errorf("one's own work stands in the way: %v", err)
	}
}

// TestChangeOfWhatIsDeleted: who writes into what somebody has deleted is told, and does not write into a void.
func TestChangeOfWhatIsDeleted(t *testing.T) {
	_, b, lead, worker, c := rulesBook(t)
	ctx := t.Context()
	note := func(name, before, after string) casebook.Edit {
		return edit(casebook.KindNote, "n1", name, before, after)
	}
	change := func(who *identity.Subject, edits ...casebook.Edit) error {
		_, err := b.Change(ctx, who, c, "changed a note", edits)
		return err
	}
	if err := errors.Join(change(lead, note("text", "", `"one"`)), change(lead, note("deleted", "", "true"))); err != nil {
		t.Fatal(err)
	}
	if err := change(worker, note("text", `"one"`, `"one and two"`)); !clashes(err, casebook.Field{Kind: casebook.KindNote, ID: "n1", Name: "deleted"}) {
		t.Errorf("written into a note that is deleted: %v", err)
	}
	if err := change(worker, note("text", `"one"`, `"one and two"`), note("deleted", "true", "null")); err != nil {
		t.Errorf("brought back with a change: %v", err)
	}
	if err := change(worker, note("text", `"one and two"`, `"one"`)); err != nil {
		t.Errorf("after it was brought back: %v", err)
	}
	if err := errors.Join(change(lead, note("deleted", "", "true")), change(worker, note("deleted", "true", "false"))); err != nil {
		t.Errorf("deleted and brought back: %v", err)
	}
}

// TestMembersAreSomebody: a case is not led by an ID that is nobody's.
func TestMembersAreSomebody(t *testing.T) {
	_, b, lead, _, c := rulesBook(t)
	if _, err := b.Change(t.Context(), lead, c, "made somebody a member", []casebook.Edit{casebook.Set(casebook.KindMember, "nobody", "part", "lead")}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("nobody leads a case: %v", err)
	}
}

// TestDisabledMeanwhile: who was let in when their request began, and disabled before it ends, ends nothing in a case.
func TestDisabledMeanwhile(t *testing.T) {
	s, b, lead, worker, c := rulesBook(t)
	p := worker.Person
	p.Disabled = true
	do(t, s, func(tx *Tx) error { return tx.SetPerson(&p) })
	if _, err := b.Change(t.Context(), worker, c, "wrote", []casebook.Edit{casebook.Set(casebook.KindNote, "n1", "text", "x")}); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("changed a case: %v", err)
	}
	if _, err := b.Read(t.Context(), worker, c, "read"); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("read a case: %v", err)
	}
	if _, err := b.Read(t.Context(), lead, c, "read"); err != nil {
		t.Error(err)
	}
}

// TestUndoTellsNobody: who may not read a case hears the same of it as of none, whatever they want to take back.
func TestUndoTellsNobody(t *testing.T) {
	s, b, lead, _, c := rulesBook(t)
	ctx := t.Context()
	if _, err := b.Record(ctx, nil, c, "a trace ended", []casebook.Edit{casebook.Set(casebook.KindRun, "r1", "question", map[string]string{}), casebook.Set(casebook.KindRun, "r1", "state", "done")}); err != nil {
		t.Fatal(err)
	}
	stranger := *lead
	stranger.Person.ID, stranger.Person.Email = casebook.NewID(), "stranger@police.example"
	do(t, s, func(tx *Tx) error { return tx.AddPerson(&stranger.Person) })
	_, none := b.Undo(ctx, &stranger, casebook.NewID(), 1)
	if goshawk.CodeOf(none) != goshawk.NotFound {
		t.Fatal(none)
	}
	for _, seq := range []int64{1, 2, 3, 99} {
		if _, err := b.Undo(ctx, &stranger, c, seq); err == nil || err.Error() != none.Error() {
			t.Errorf("change %d: %v; of no case: %v", seq, err, none)
		}
	}
}
