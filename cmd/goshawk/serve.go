package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/backup"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/internal/disk"
	"goshawk/store"
	"goshawk/web"
)

// workbenchFlags are the flags of 'goshawk serve'.
type workbenchFlags struct {
	c        *command
	data     *source
	listen   *string
	database *string
	logs     *logFlags
	cert     *string
	key      *string
	proxy    *string
	// around is what is put around the server's own answers; nil: nothing.
	around func(*web.Server, http.Handler) http.Handler
}

// What a data folder holds of a server.
const (
	databaseName = "goshawk.db"
	serveLock    = "serve.lock" // held while one runs
)

func runServe(ctx context.Context, _ *terminal, c *command) error { return serveBench(ctx, c, nil) }

// serveBench serves what a command's flags say.
func serveBench(ctx context.Context, c *command, around func(*web.Server, http.Handler) http.Handler) (err error) {
	f := &workbenchFlags{c: c, data: c.dataFlags(), around: around}
	f.listen = c.String("listen", "127.0.0.1:8080", "`HOST:PORT` to answer at; port 0 takes a free one")
	f.database = c.String("database", "", "`URL` of a PostgreSQL database, postgres://...; better set as GOSHAWK_DATABASE (default: SQLite in the data folder)")
	f.logs = c.logFlags()
	f.cert = c.String("tls-cert", "", "`FILE` with the certificate, PEM; read again when it is renewed (default: no TLS)")
	f.key = c.String("tls-key", "", "`FILE` with the certificate's key, PEM")
	f.proxy = c.String("proxy", "", "`NETWORK` of a proxy that speaks TLS to browsers, as 10.0.0.0/8: what it says in X-Forwarded-For is believed")
	sign, tell, wait, raw := c.signFlags(), c.notifyFlags(), c.poolFlags(), c.blockFlags()
	if err := c.parse(0, 0); err != nil {
		return err
	}
	log, err := f.logs.logger()
	if err != nil {
		return err
	}
	certificate, err := certificateFrom(*f.cert, *f.key)
	if err != nil {
		return err
	}
	var proxy netip.Prefix
	if *f.proxy != "" {
		if proxy, err = netip.ParsePrefix(*f.proxy); err != nil {
			return badUsage("--proxy is no network: %v", err).WithHint("an address with the length of its prefix: 127.0.0.1/32, 10.0.0.0/8")
		}
	}
	pools, err := wait.pools()
	if err != nil {
		return err
	}
	folder, err := f.data.dataFolder()
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, backup.Unfinished)); err == nil {
		return goshawk.Errorf(goshawk.Conflict, "a backup was being restored to %s, and is not whole", folder).WithHint("empty the folder and restore again")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot make the data folder: %w", err).WithHint("name another with --data DIR")
	}
	dir, err := disk.Open(folder)
	if err != nil {
		return err
	}
	lock, err := dir.Lock(serveLock)
	if errors.Is(err, disk.ErrLocked) {
		return goshawk.Errorf(goshawk.Locked, "another server runs on %s", folder).WithHint("use that one, or name another folder with --data DIR")
	} else if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *f.listen)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot listen at %s: %w", *f.listen, err).WithHint("name another with --listen HOST:PORT; port 0 takes a free one")
	}
	defer listener.Close() // closed before, where it was served from
	where := *f.database
	if where == "" {
		where = filepath.Join(folder, databaseName)
	}
	db, err := store.Open(ctx, where)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	files, err := store.OpenFiles(filepath.Join(folder, backup.Exhibits))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, files.Close()) }()
	s := &web.Server{Store: db, Book: &casebook.Book{Store: store.Casebook{Store: db}, Files: files, Now: time.Now}, Now: time.Now, Log: log,
		TLS: certificate != nil || proxy.IsValid(), Proxy: proxy}
	if err := sign.apply(s); err != nil {
		return err
	}
	scheme := "http"
	if certificate != nil {
		scheme = "https"
	}
	at := address(scheme, listener.Addr())
	if s.Notify, err = tell.sender(s, outside(s.URL, at)); err != nil {
		return err
	}
	behind, end, err := feedLog(ctx, filepath.Join(folder, auditFolder), db, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	endBench, err := openBench(ctx, folder, s, pools)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, endBench()) }()
	if s.Bench.Raw, err = raw.sources(ctx, s.Bench); err != nil {
		return err
	}
	defer beginSending(ctx, s.Notify)()
	s.Gauges = gauges(s, behind)
	log.Info("serving", "version", goshawk.Version, "at", listener.Addr().String(), "tls", certificate != nil, "postgresql", *f.database != "")
	fmt.Fprintln(c.t.out, at)
	if f.around == nil {
		if err := c.welcome(ctx, s, outside(s.URL, at)); err != nil {
			return err
		}
	}
	defer context.AfterFunc(ctx, s.Events.Close)() // who follows a case would be waited for
	handler := s.Handler()
	if f.around != nil {
		handler = f.around(s, handler)
	}
	return f.answer(ctx, listener, certificate, handler, log)
}

// noteBeginning has the trail say that a log was begun, so that one that was begun anew, in place of another, is no secret.
func noteBeginning(ctx context.Context, l *audit.Log, db *store.Store) error {
	b, err := l.Began()
	if b == nil || err != nil {
		return err
	}
	e := &audit.Entry{At: time.Now(), Action: "console", Via: string(identity.ViaConsole), What: "began a log of the audit trail"}
	if e.Detail, err = json.Marshal(b); err != nil {
		return err
	}
	return db.Do(ctx, e, func(*store.Tx) error { return nil })
}

// feedLog brings the audit trail into the log until end is called; behind is how many entries it has yet to bring. Where that does not go on, the server
// does, and says so: what was recorded can still be proven, and an officer's work not be lost.
func feedLog(ctx context.Context, dir string, db *store.Store, log *slog.Logger) (behind func(context.Context) (float64, error), end func() error, err error) {
	l, err := audit.OpenLog(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	if err := noteBeginning(ctx, l, db); err != nil {
		return nil, nil, errors.Join(err, l.Close())
	}
	behind = func(ctx context.Context) (float64, error) {
		size, err := l.Size(ctx) // first: the trail grows meanwhile, and the log is never ahead of it
		if err != nil {
			return 0, err
		}
		head, err := db.Head(ctx)
		return float64(head) - float64(size), err
	}
	feeding, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := l.Feed(feeding, store.Trail{Store: db}, nil); err != nil {
			log.Error("the audit log is not written any more", "error", err, "hint", goshawk.HintOf(err))
		}
	}()
	return behind, func() error {
		stop()
		<-done
		// What came with the last requests; an error was logged before.
		return errors.Join(l.CatchUp(context.WithoutCancel(ctx), store.Trail{Store: db}), l.Close())
	}, nil
}

// address is what to type into a browser: by name on this machine, because
// browsers refuse passkeys at bare addresses.
func address(scheme string, at net.Addr) string {
	tcp, ok := at.(*net.TCPAddr)
	switch {
	case !ok:
		return at.String()
	case tcp.IP.IsLoopback(), tcp.IP.IsUnspecified():
		return scheme + "://localhost:" + strconv.Itoa(tcp.Port)
	}
	return scheme + "://" + tcp.String()
}

// patience is how long requests that run may go on when the server is to end.
const patience = 10 * time.Second

// answer serves until it is interrupted, which is how it ends.
func (f *workbenchFlags) answer(ctx context.Context, listener net.Listener, c *certificate, h http.Handler, log *slog.Logger) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: connectionFaults(log)}
	done := make(chan error, 1)
	go func() {
		if c == nil {
			done <- server.Serve(listener)
			return
		}
		server.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
		done <- server.ServeTLS(listener, "", "")
	}()
	select {
	case err := <-done:
		return goshawk.Errorf(goshawk.Unavailable, "the server stopped: %w", err)
	case <-ctx.Done():
	}
	log.Info("ending")
	f.c.say("Ending; requests that run have %s.", patience)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	err := server.Shutdown(end)
	if err != nil {
		err = errors.Join(err, server.Close())
	}
	if bad := <-done; err == nil && !errors.Is(bad, http.ErrServerClosed) {
		err = bad
	}
	if err != nil {
		return goshawk.Errorf(goshawk.Interrupted, "requests were broken off: %w", err)
	}
	return nil
}
