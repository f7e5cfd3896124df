package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/ingest"
	"goshawk/store"
	"goshawk/web"
	"goshawk/workbench"
)

// openBench gives a server its ledgers, traces and watches, until end is called.
func openBench(ctx context.Context, folder string, s *web.Server, pools map[goshawk.ID]workbench.Pool) (end func() error, err error) {
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
	if err == nil {
		err = b.WatchPools(pools)
	}
	if err != nil {
		return nil, errors.Join(err, b.Close())
	}
	s.Bench = b
	return b.Close, nil
}

// poolPatience is how long one question to a node is repeated. It is asked again anyway.
const poolPatience = time.Second

// poolFlags are the flags of 'goshawk serve' about nodes that know what is in no block yet.
type poolFlags struct {
	nodes  *list
	cookie *string
}

func (c *command) poolFlags() *poolFlags {
	f := &poolFlags{nodes: &list{strict: true}}
	c.Var(f.nodes, "mempool", "`LEDGER=URL` of a node's JSON-RPC, http://HOST:PORT, to look there for what is watched and in no block yet; several with commas between them; better set as GOSHAWK_MEMPOOL where the URL holds a password")
	f.cookie = c.String("mempool-cookie", "", "`FILE` with the node's cookie, for a URL that holds no name and password")
	return f
}

// pools are the nodes, by the ledgers of their chains.
func (f *poolFlags) pools() (map[goshawk.ID]workbench.Pool, error) {
	pools := map[goshawk.ID]workbench.Pool{}
	for _, text := range f.nodes.values {
		name, at, ok := strings.Cut(text, "=")
		if !ok || !goshawk.ID(name).Valid() {
			return nil, badUsage("--mempool names a ledger and its node").WithHint("write LEDGER=http://HOST:PORT, with the ledger's name on the page Ledgers")
		}
		if pools[goshawk.ID(name)] != nil {
			return nil, badUsage("--mempool names the ledger %s twice", name)
		}
		o := ingest.NodeOptions{URL: at, Patience: poolPatience}
		if !strings.Contains(at, "@") {
			o.CookieFile = *f.cookie
		}
		n, err := ingest.NewNode(o)
		if err != nil {
			return nil, err
		}
		pools[goshawk.ID(name)] = n
	}
	return pools, nil
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
