package main

import (
	"log"
	"log/slog"
	"net/netip"
	"strings"
)

// logFlags say where a server's log goes, and how much of it.
type logFlags struct {
	c           *command
	form, level *string
}

func (c *command) logFlags() *logFlags {
	return &logFlags{c: c, form: c.String("log", "text", "`FORM` of the log on standard error: text, json, none"),
		level: c.String("log-level", "info", "log from this `LEVEL` on: debug (each request with its route and its time), info, warn, error")}
}

// logger is where the server's log goes.
func (f *logFlags) logger() (*slog.Logger, error) {
	o := &slog.HandlerOptions{}
	switch *f.level {
	case "debug":
		o.Level = slog.LevelDebug
	case "info":
		o.Level = slog.LevelInfo
	case "warn":
		o.Level = slog.LevelWarn
	case "error":
		o.Level = slog.LevelError
	default:
		return nil, badUsage("--log-level cannot be %q", *f.level).WithHint("choose debug, info, warn or error")
	}
	switch *f.form {
	case "text":
		return slog.New(slog.NewTextHandler(f.c.t.err, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(f.c.t.err, o)), nil
	case "none":
		return slog.New(slog.DiscardHandler), nil
	}
	return nil, badUsage("--log cannot be %q", *f.form).WithHint("choose text, json or none")
}

// connectionLog is what net/http says of connections that fail, without the addresses from which they came.
type connectionLog struct{ to *slog.Logger }

// connectionFaults is a logger of that.
func connectionFaults(to *slog.Logger) *log.Logger { return log.New(connectionLog{to}, "", 0) }

// Write implements io.Writer: one line.
func (l connectionLog) Write(line []byte) (int, error) {
	words := strings.Fields(strings.ReplaceAll(string(line), "->", " -> "))
	for i, w := range words {
		bare := strings.TrimRight(w, ":;,.")
		_, port := netip.ParseAddrPort(bare)
		_, at := netip.ParseAddr(bare)
		if port == nil || at == nil {
			words[i] = "…" + w[len(bare):]
		}
	}
	l.to.Debug("a connection failed", "error", strings.Join(words, " "))
	return len(line), nil
}
