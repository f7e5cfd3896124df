package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// bar shows on a terminal how far a long command is. Where there is no terminal
// it shows nothing.
type bar struct {
	out     io.Writer // nil where nobody watches
	now     func() time.Time
	columns func() int // of the terminal; 0 where it does not say

	mu    sync.Mutex
	start time.Time
	last  time.Time
	shown bool

	// What rate and time left are counted from: where the stage that goes on began.
	stage string
	since time.Time
	part  float64
	done  int64
}

const (
	barAfter    = time.Second            // what is done sooner needs no bar
	barEvery    = 100 * time.Millisecond // it changes no faster
	barWidth    = 24
	someColumns = 80 // of a terminal that does not say how wide it is
)

// isTerminal says whether people read a file as it is written.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// newBar returns a bar for a command; it appears after a second.
func newBar(c *command) *bar {
	f, ok := c.t.err.(*os.File)
	if !ok || *c.quiet || !isTerminal(f) {
		return &bar{}
	}
	return barOn(f, time.Now, func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 0
		}
		return columns
	})
}

func barOn(out io.Writer, now func() time.Time, columns func() int) *bar {
	start := now()
	return &bar{out: out, now: now, columns: columns, start: start, since: start}
}

// enter says which stage is under way. A new one takes its own time: what is left
// of it, and its rate, do not follow from the one before.
func (b *bar) enter(stage string, part float64, done int64) {
	if b.out == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if stage != b.stage {
		b.stage, b.since, b.part, b.done = stage, b.now(), max(part, 0), done
	}
}

// update shows the part done (below 0: not known) and what is said beside it.
func (b *bar) update(part float64, text string) {
	if b.out == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.now()
	if now.Sub(b.start) < barAfter || now.Sub(b.last) < barEvery {
		return
	}
	b.last, b.shown = now, true
	line := text
	if part >= 0 {
		full := min(int(part*barWidth), barWidth)
		line = fmt.Sprintf("%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), 100*part, text)
		if gone := part - b.part; gone > 0.01 {
			left := time.Duration(float64(now.Sub(b.since)) * (1 - part) / gone)
			line += fmt.Sprintf("  %s left", left.Round(time.Second))
		}
	}
	columns := b.columns()
	if columns <= 0 {
		columns = someColumns
	}
	if r := []rune(line); len(r) >= columns { // a line that breaks could not be taken back
		line = string(r[:columns-1])
	}
	fmt.Fprintf(b.out, "\r\x1b[2K%s", line)
}

// clear removes the bar.
func (b *bar) clear() {
	if b.out == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.shown {
		fmt.Fprint(b.out, "\r\x1b[2K")
		b.shown = false
	}
}

// rate says how many a second were done since the stage began.
func (b *bar) rate(done int64) float64 {
	if b.out == nil {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if s := b.now().Sub(b.since).Seconds(); s > 0 {
		return float64(done-b.done) / s
	}
	return 0
}
