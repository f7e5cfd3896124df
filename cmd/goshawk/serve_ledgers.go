package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
	"goshawk/web"
	"goshawk/workbench"
)

// openBench gives a server its ledgers, traces and watches, until end is called.
func openBench(ctx context.Context, folder string, s *web.Server) (end func() error, err error) {
	id, err := serverID(folder)
	if err != nil {
		return nil, err
	}
	b := &workbench.Bench{Data: folder, Store: s.Store, Book: s.Book, Now: s.Now, Log: s.Log, Server: id, Progress: func(c goshawk.ID, p workbench.Progress) {
		s.Events.Progress(c, web.Progress{Run: p.Run, Done: p.Done, Total: p.Total, Text: p.Text})
	}}
	err = b.Recover(ctx)
	if err == nil {
		err = b.Keep(ctx)
	}
	if err == nil {
		err = b.Watch()
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s.Bench = b
	return b.Close, nil
}

// serverName is a file of a data folder: what the server on it is called on its database, where there may be others.
const serverName = "server.id"

// serverID is the name of the server on a data folder, which the lock keeps to one: what it ran before, it runs no more.
func serverID(folder string) (goshawk.ID, error) {
	name := filepath.Join(folder, serverName)
	text, err := os.ReadFile(name)
	if id := goshawk.ID(strings.TrimSpace(string(text))); err == nil && id.Valid() {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", goshawk.Errorf(goshawk.Unavailable, "cannot read the server's name: %w", err)
	}
	id := casebook.NewID()
	if err := os.WriteFile(name, []byte(id+"\n"), 0o600); err != nil {
		return "", goshawk.Errorf(goshawk.Unavailable, "cannot write the server's name: %w", err).WithHint("is there room on the disk?")
	}
	return id, nil
}

// gauges are the figures of the server's parts, for /metrics.
func gauges(s *web.Server, behind func(context.Context) (float64, error)) []web.Gauge {
	messages := func(state string) func(context.Context) (float64, error) {
		return func(ctx context.Context) (n float64, err error) {
			err = s.Store.View(ctx, func(tx *store.Tx) error {
				counts, err := tx.CountMessages()
				n = float64(counts[state])
				return err
			})
			return n, err
		}
	}
	return []web.Gauge{
		{Name: "goshawk_audit_log_behind", Help: "Entries of the audit trail that are not in the log yet.", Read: behind},
		{Name: "goshawk_traces_running", Help: "Traces that this server runs.", Read: func(context.Context) (float64, error) { return float64(s.Bench.Running()), nil }},
		{Name: "goshawk_messages_waiting", Help: "Messages about what moved that are still to be taken.", Read: messages(store.MessageWaiting)},
		{Name: "goshawk_messages_refused", Help: "Messages about what moved that were given up.", Read: messages(store.MessageRefused)},
	}
}
