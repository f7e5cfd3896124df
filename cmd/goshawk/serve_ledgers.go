package main

import (
	"context"
	"errors"

	"goshawk"
	"goshawk/web"
	"goshawk/workbench"
)

// openBench gives a server its ledgers, traces and watches, until end is called.
func openBench(ctx context.Context, folder string, s *web.Server) (end func() error, err error) {
	b := &workbench.Bench{Data: folder, Store: s.Store, Book: s.Book, Now: s.Now, Log: s.Log, Progress: func(c goshawk.ID, p workbench.Progress) {
		s.Events.Progress(c, web.Progress{Run: p.Run, Done: p.Done, Total: p.Total, Text: p.Text})
	}}
	err = b.Recover(ctx)
	if err == nil {
		err = b.Watch()
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s.Bench = b
	return b.Close, nil
}
