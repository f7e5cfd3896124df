package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"goshawk/ingest"
)

// watched is a bar with a clock that the test turns and a terminal that it reads.
type watched struct {
	*bar
	shown   bytes.Buffer
	clock   time.Time
	columns int
}

func watch() *watched {
	w := &watched{clock: time.Unix(1231006505, 0), columns: 200}
	w.bar = barOn(&w.shown, func() time.Time { return w.clock }, func() int { return w.columns })
	return w
}

// after turns the clock, shows how far an ingest is, and returns what appeared.
func (w *watched) after(d time.Duration, p ingest.Progress) string {
	w.clock = w.clock.Add(d)
	w.shown.Reset()
	showIngest(w.bar, p)
	return w.shown.String()
}

const anew = "\r\x1b[2K" // what takes the line before back

// TestIngestBar: what a person sees of an ingest: nothing in its first second, then
// how much is done, at which rate, and how long the rest takes at the pace of the
// stage that is under way.
func TestIngestBar(t *testing.T) {
	w := watch()
	bar := func(full int, rest string) string {
		return anew + strings.Repeat("█", full) + strings.Repeat("░", 24-full) + rest
	}
	for i, step := range []struct {
		after time.Duration
		p     ingest.Progress
		want  string
	}{
		{900 * time.Millisecond, ingest.Progress{Stage: ingest.Headers, Bytes: 100, TotalBytes: 400, TotalBlocks: 500}, ""},
		{3100 * time.Millisecond, ingest.Progress{Stage: ingest.Headers, Bytes: 200, TotalBytes: 400, TotalBlocks: 1000}, bar(12, "  50 %  reading headers, 1,000 blocks  6s left")},
		{60 * time.Millisecond, ingest.Progress{Stage: ingest.Headers, Bytes: 201, TotalBytes: 400, TotalBlocks: 1001}, ""},
		{96 * time.Second, ingest.Progress{Stage: ingest.Blocks, Bytes: 0, TotalBytes: 400, Height: 0}, bar(0, "   0 %  height 0, 0 transactions, 0 a second")},
		{10 * time.Second, ingest.Progress{Stage: ingest.Blocks, Bytes: 100, TotalBytes: 400, Height: 700, Transactions: 25_000}, bar(6, "  25 %  height 700, 25,000 transactions, 2500 a second  30s left")},
		{10 * time.Second, ingest.Progress{Stage: ingest.Blocks, Bytes: 400, TotalBytes: 400, Height: 999, Transactions: 60_000}, bar(24, " 100 %  height 999, 60,000 transactions, 3000 a second  0s left")},
		{time.Hour, ingest.Progress{Stage: ingest.CaughtUp, Height: 999, Transactions: 60_000}, anew + "waiting for blocks after height 999"},
		{time.Hour, ingest.Progress{Stage: ingest.Blocks, Height: 999, Transactions: 60_000}, anew + "height 999, 60,000 transactions, 0 a second"},
		{2 * time.Second, ingest.Progress{Stage: ingest.Blocks, Height: 1000, Transactions: 60_500}, anew + "height 1000, 60,500 transactions, 250 a second"},
	} {
		if got := w.after(step.after, step.p); got != step.want {
			t.Errorf("step %d: it shows %q, not %q", i, got, step.want)
		}
	}
	w.shown.Reset()
	w.clear()
	w.clear()
	if got := w.shown.String(); got != anew {
		t.Errorf("cleared, it shows %q", got)
	}
}

// TestBarFits: a bar takes one line of its terminal, also of one that does not say
// how wide it is.
func TestBarFits(t *testing.T) {
	whole := []rune("██████░░░░░░░░░░░░░░░░░░  25 %  reading labels, one and then another  12s left")
	for columns, want := range map[int]int{200: len(whole), 80: len(whole), 50: 49, 1: 0, 0: len(whole)} {
		w := watch()
		w.columns = columns
		w.clock = w.clock.Add(4 * time.Second)
		w.update(0.25, "reading labels, one and then another")
		if got := w.shown.String(); got != anew+string(whole[:want]) {
			t.Errorf("%d columns: %q", columns, got)
		}
	}
	w := watch()
	w.columns = 0
	w.clock = w.clock.Add(4 * time.Second)
	w.update(-1, strings.Repeat("long ", 40))
	if n := utf8.RuneCount(w.shown.Bytes()) - len(anew); n != 79 {
		t.Errorf("a line of %d on a terminal of unknown width", n)
	}
}

// TestNobodyWatches: without a terminal there is no bar, and no rate.
func TestNobodyWatches(t *testing.T) {
	b := newBar(&command{t: &terminal{err: &bytes.Buffer{}}})
	showIngest(b, ingest.Progress{Stage: ingest.Blocks, Transactions: 5})
	b.clear()
	if b.out != nil || b.rate(5) != 0 {
		t.Errorf("%+v", b)
	}
}
