package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// bar shows on a terminal how far a long command is. Where there is no terminal
// it shows nothing.
type bar struct {
	mu    sync.Mutex
	out   *os.File
	start time.Time
	last  time.Time
	shown bool
}

// newBar returns a bar for a command; it appears after a second.
// isTerminal says whether people read a file as it is written.
func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func newBar(c *command) *bar {
	f, ok := c.t.err.(*os.File)
	if !ok || *c.quiet || !term.IsTerminal(int(f.Fd())) {
		return &bar{}
	}
	return &bar{out: f, start: time.Now()}
}

// update shows the part done (below 0: not known) and what is said beside it.
func (b *bar) update(part float64, text string) {
	if b.out == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if now.Sub(b.start) < time.Second || now.Sub(b.last) < 100*time.Millisecond {
		return
	}
	b.last, b.shown = now, true
	line := text
	if part >= 0 {
		const width = 24
		full := min(int(part*width), width)
		line = fmt.Sprintf("%s%s %3.0f %%  %s", strings.Repeat("█", full), strings.Repeat("░", width-full), 100*part, text)
		if part > 0.01 {
			left := time.Duration(float64(now.Sub(b.start)) * (1 - part) / part)
			line += fmt.Sprintf("  %s left", left.Round(time.Second))
		}
	}
	if columns, _, err := term.GetSize(int(b.out.Fd())); err == nil && len([]rune(line)) >= columns {
		line = string([]rune(line)[:max(columns-1, 0)])
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

// rate says how many a second were done since the bar was made.
func (b *bar) rate(done int64) float64 {
	if s := time.Since(b.start).Seconds(); b.out != nil && s > 0 {
		return float64(done) / s
	}
	return 0
}
