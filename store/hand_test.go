package store

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// TestNamesAreThere: a transfer of custody, or an answer, is of an exhibit that the case has, a snapshot of what was drawn, and what was done with exhibits was
// done before now: nobody could set it right later.
func TestNamesAreThere(t *testing.T) {
	s, b, lead, worker, c := rulesBook(t)
	ctx := t.Context()
	files, err := OpenFiles(filepath.Join(t.TempDir(), "exhibits"))
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	b.Files = files
	elsewhere, err := b.Open(ctx, lead, "Another case", "")
	if err != nil {
		t.Fatal(err)
	}
	fix := func(of goshawk.ID) goshawk.ID {
		t.Helper()
		x, err := b.AddExhibit(ctx, lead, of, casebook.Exhibit{Name: "a.txt", Source: "a phone"}, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		return x.ID
	}
	mine, other := fix(c), fix(elsewhere)
	handed := func(exhibit goshawk.ID, at time.Time) []casebook.Edit {
		r := casebook.NewID()
		set := func(name, v string) casebook.Edit { return casebook.Set(casebook.KindCustody, r, name, v) }
		return []casebook.Edit{set("exhibit", string(exhibit)), set("at", at.UTC().Format(time.RFC3339)), set("from", "Ines"), set("to", "Shelf 14"), set("reason", "kept there")}
	}
	custody := func(exhibit goshawk.ID) []casebook.Edit { return handed(exhibit, b.Now()) }
	answer := func(exhibit goshawk.ID, more ...casebook.Edit) []casebook.Edit {
		return append(more, casebook.Set(casebook.KindAnswer, "n1", "service", "Kestrel"), casebook.Set(casebook.KindAnswer, "n1", "exhibit", exhibit))
	}
	if _, err := b.Change(ctx, worker, c, "drew", []casebook.Edit{casebook.Set(casebook.KindGraph, "g1", "title", "Flow")}); err != nil {
		t.Fatal(err)
	}
	var last int64
	view(t, s, func(tx *Tx) (err error) { last, err = tx.Seq(c); return err })
	snapshot := func(graph string, seq int64) []casebook.Edit {
		set := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindSnapshot, "p1", name, v) }
		return []casebook.Edit{set("title", "As on Monday"), set("graph", graph), set("seq", seq)}
	}
	for name, edits := range map[string][]casebook.Edit{
		"a snapshot of no graph": snapshot("none", last), "a snapshot of what is still to come": snapshot("g1", last+1),
		"custody of nothing": custody("none"), "custody of another case's exhibit": custody(other),
		"handed over tomorrow": handed(mine, b.Now().AddDate(0, 0, 1)), "handed over in the year 1": handed(mine, time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)),
		"an answer in nothing": answer("none"), "an answer in another case's exhibit": answer(other),
		"an answer to no letter": answer(mine, casebook.Set(casebook.KindAnswer, "n1", "letter", "none")),
	} {
		if _, err := b.Change(ctx, worker, c, "noted", edits); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, at := range map[string]time.Time{"tomorrow": b.Now().AddDate(0, 0, 1), "in the year 2": time.Date(2, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := b.AddExhibit(ctx, lead, c, casebook.Exhibit{Name: "a.txt", Source: "a phone", Obtained: at}, strings.NewReader("x")); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("an exhibit was obtained %s: %v", name, err)
		}
	}
	if _, err := b.Change(ctx, worker, c, "noted", answer(mine, casebook.Set(casebook.KindAnswer, "n1", "summary", map[string]int{"rows": 9}))); goshawk.CodeOf(err) != goshawk.Denied {
		t.Errorf("what was read in an answer was written by hand: %v", err)
	}
	for _, edits := range [][]casebook.Edit{custody(mine), answer(mine), snapshot("g1", last)} {
		if _, err := b.Change(ctx, worker, c, "noted", edits); err != nil {
			t.Error(err)
		}
	}
}

// TestSentLetter: nobody says of a letter that it was sent but by sending it, and what was sent stays as it was, for
// everybody: a correction is another letter.
func TestSentLetter(t *testing.T) {
	_, b, lead, worker, c := rulesBook(t)
	ctx := t.Context()
	letter := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindLetter, "l1", name, v) }
	for name, edits := range map[string][]casebook.Edit{
		"sent from the beginning": {letter("service", "Kestrel"), letter("state", "sent")},
		"a draft with a date":     {letter("service", "Kestrel"), letter("state", "draft"), letter("sent", "2026-11-23T09:00:00Z")},
		"a draft with an exhibit": {letter("service", "Kestrel"), letter("state", "draft"), letter("exhibit", "x1")},
		"a draft with reminders":  {letter("service", "Kestrel"), letter("state", "draft"), letter("reminded", []string{"2026-11-23T09:00:00Z"})},
	} {
		if _, err := b.Change(ctx, lead, c, "forged", edits); goshawk.CodeOf(err) != goshawk.Denied {
			t.Errorf("%s: %v", name, err)
		}
	}
	begun, err := b.Change(ctx, worker, c, "began a letter", []casebook.Edit{letter("service", "Kestrel"), letter("state", "draft"), letter("text", "To Kestrel")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Change(ctx, worker, c, "sent it", []casebook.Edit{edit(casebook.KindLetter, "l1", "state", `"draft"`, `"sent"`)}); goshawk.CodeOf(err) != goshawk.Denied {
		t.Errorf("sent by hand: %v", err)
	}
	sent, err := b.Act(ctx, worker, c, "sent it", []casebook.Edit{edit(casebook.KindLetter, "l1", "state", `"draft"`, `"sent"`), letter("sent", "2026-11-23T09:00:00Z")})
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]casebook.Edit{
		"its text": edit(casebook.KindLetter, "l1", "text", `"To Kestrel"`, `"To Osprey"`), "a new field": letter("reference", "17"), "deleted": letter("deleted", true),
	} {
		if _, err := b.Change(ctx, lead, c, "changed it", []casebook.Edit{e}); goshawk.CodeOf(err) != goshawk.Conflict || goshawk.HintOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, seq := range []int64{begun.Seq, sent.Seq} {
		if _, err := b.Undo(ctx, worker, c, seq); goshawk.CodeOf(err) != goshawk.Conflict && goshawk.CodeOf(err) != goshawk.Denied {
			t.Errorf("change %d was taken back: %v", seq, err)
		}
	}
	if _, err := b.Act(ctx, worker, c, "it was answered", []casebook.Edit{edit(casebook.KindLetter, "l1", "state", `"sent"`, `"answered"`)}); err != nil {
		t.Error(err)
	}
}

// TestFull: a case takes so many fields and no more; what does not fit is refused whole, what is there stays, and what the
// server saw has its place.
func TestFull(t *testing.T) {
	s, b, lead, _, c := rulesBook(t)
	ctx := t.Context()
	fields := func() (n int) {
		t.Helper()
		view(t, s, func(tx *Tx) (err error) { n, err = tx.Fields(c); return err })
		return n
	}
	note := func(id goshawk.ID, before, after string) casebook.Edit {
		return edit(casebook.KindNote, id, "text", before, after)
	}
	run := func(name string, v any) casebook.Edit { return casebook.Set(casebook.KindRun, "r1", name, v) }
	if _, err := b.Act(ctx, lead, c, "began a trace", []casebook.Edit{run("question", map[string]int{}), run("state", "running")}); err != nil {
		t.Fatal(err)
	}
	before := fields()
	b.MostFields = before + 2
	if _, err := b.Change(ctx, lead, c, "wrote", []casebook.Edit{note("n1", "", `"1"`), note("n2", "", `"2"`), note("n3", "", `"3"`)}); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(goshawk.HintOf(err), "nothing of the change was stored") {
		t.Errorf("more than there is room for: %v", err)
	}
	if fields() != before {
		t.Errorf("%d fields, before %d", fields(), before)
	}
	for _, edits := range [][]casebook.Edit{
		{note("n1", "", `"1"`), note("n2", "", `"2"`)},                       // up to the last place
		{note("n1", `"1"`, `"one"`)},                                         // what is there is changed
		{note("n2", `"2"`, ``), note("n4", "", `"4"`)},                       // one comes as another goes
		{edit(casebook.KindNote, "n1", "text", `"one"`, ``)},                 // and there is room
		{casebook.Set(casebook.KindTask, "t1", "title", "ask the exchange")}, // for another
	} {
		if _, err := b.Change(ctx, lead, c, "wrote", edits); err != nil {
			t.Errorf("%v: %v", edits, err)
		}
	}
	if _, err := b.Change(ctx, lead, c, "wrote", []casebook.Edit{note("n5", "", `"5"`)}); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("one too many: %v", err)
	}
	if _, err := b.Record(ctx, lead, c, "a trace ended", []casebook.Edit{edit(casebook.KindRun, "r1", "state", `"running"`, `"done"`), run("summary", map[string]int{})}); err != nil {
		t.Errorf("the end of a trace in a case that is full: %v", err)
	}
}

// TestUnseen: what names something holds no characters that nobody sees, or that turn the direction of writing round.
func TestUnseen(t *testing.T) {
	_, b, lead, _, c := rulesBook(t)
	ctx := t.Context()
	for _, bad := range []string{"a\u202eb", "a\u2066b", "a\u200bb", "\ufeffa", "a\u00adb", "a\u0007b", "a\tb", "a\u0085b", "a\u2028b", "a\U000e0041b"} {
		if _, err := b.Open(ctx, lead, bad, ""); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("the title %q: %v", bad, err)
		}
		if _, err := b.Open(ctx, lead, "a title", bad); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("the reference %q: %v", bad, err)
		}
		if _, err := b.Change(ctx, lead, c, "named it", []casebook.Edit{casebook.Set(casebook.KindSubject, "s1", "network", "bitcoin"), casebook.Set(casebook.KindSubject, "s1", "what", "address"),
			casebook.Set(casebook.KindSubject, "s1", "text", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"), casebook.Set(casebook.KindSubject, "s1", "title", bad)}); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("the name %q: %v", bad, err)
		}
	}
	for _, good := range []string{"Harbour <ransom>", "قضية الميناء", "می\u200cخواهد", "क्\u200dष", "Дело «Гавань»", "👩\u200d💻"} {
		if _, err := b.Open(ctx, lead, good, good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	if _, err := b.Change(ctx, lead, c, "quoted", []casebook.Edit{casebook.Set(casebook.KindNote, "n1", "text", "as it came: a\u202eb")}); err != nil {
		t.Errorf("a text quotes what it is about: %v", err)
	}
}

// TestRetention: a case is not kept until before it was there, nor until a day that is a slip of the finger.
func TestRetention(t *testing.T) {
	_, b, lead, _, c := rulesBook(t)
	day := func(s string) []casebook.Edit {
		return []casebook.Edit{casebook.Set(casebook.KindCase, "case", "retain", s)}
	}
	opened := at(0).Format("2006-01-02")
	for _, bad := range []string{"0001-01-01", "1969-12-31", "2020-01-01", at(-86_400).Format("2006-01-02"), "9999-01-01", "2200-01-01"} {
		if _, err := b.Change(t.Context(), lead, c, "set the day", day(bad)); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := b.Change(t.Context(), lead, c, "set the day", day(opened)); err != nil {
		t.Error(err)
	}
}
