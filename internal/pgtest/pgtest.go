// Package pgtest starts a PostgreSQL server for tests, from the packages of the system that
// they run on, in a folder of its own that is gone afterwards.
//
// It is for tests only: the server trusts whoever reaches its socket and puts nothing on the disk.
package pgtest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Server is a running server.
type Server struct {
	socket string // folder of its socket, the only way in
}

// wait is how long a server may take to answer: far more than it needs.
const wait = time.Minute

// Start starts a server, which ends with the test, and also where the test's process is killed.
// Where PostgreSQL is not installed, root has Debian's package installed; anybody else's test fails.
func Start(t testing.TB) *Server {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("PostgreSQL is started for tests on Unix only")
	}
	programs := find(t)
	// Not in the test's folder: the path of a socket has to be short, and the server is no root's.
	dir, err := os.MkdirTemp("/tmp", "goshawk-pg-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	owner := hand(t, dir)
	data := filepath.Join(dir, "data")
	initdb := exec.CommandContext(t.Context(), filepath.Join(programs, "initdb"), "--pgdata", data, "--username", "goshawk", "--auth", "trust",
		"--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync", "--no-instructions")
	initdb.Dir, initdb.SysProcAttr = dir, owner
	if out, err := initdb.CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	// The shell ends the server when its own input ends, as it does with this process, however that comes.
	server := exec.CommandContext(context.WithoutCancel(t.Context()), "/bin/sh", "-c", `"$@" </dev/null & pid=$!; read -r _; kill -INT $pid; wait $pid`, "sh",
		filepath.Join(programs, "postgres"), "-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100")
	server.Dir, server.SysProcAttr = dir, owner
	var out bytes.Buffer
	server.Stdout, server.Stderr = &out, &out
	alive, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := alive.Close()
		if err = errors.Join(err, server.Wait()); err != nil {
			t.Errorf("postgres: %v\n%s", err, out.String())
		}
	})
	s := &Server{socket: dir}
	for end := time.Now().Add(wait); ; time.Sleep(20 * time.Millisecond) {
		err := s.do(t.Context(), "SELECT 1")
		if err == nil {
			return s
		}
		if time.Now().After(end) {
			t.Fatalf("postgres does not answer: %v", err)
		}
	}
}

// Database makes an empty database, and returns its URL.
func (s *Server) Database(t testing.TB, name string) string {
	t.Helper()
	if err := s.do(t.Context(), "CREATE DATABASE "+pgx.Identifier{name}.Sanitize()); err != nil {
		t.Fatal(err)
	}
	return s.url(name)
}

func (s *Server) url(name string) string {
	return "postgres://goshawk@/" + name + "?host=" + s.socket
}

func (s *Server) do(ctx context.Context, query string) error {
	c, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, query)
	return errors.Join(err, c.Close(ctx))
}

// find returns the folder of PostgreSQL's programs.
func find(t testing.TB) string {
	t.Helper()
	if at := installed(); at != "" {
		return at
	}
	if _, err := exec.LookPath("apt-get"); err != nil || os.Getuid() != 0 {
		t.Fatal("PostgreSQL is not installed: 'apt-get install postgresql' brings it, or any other way")
	}
	for _, args := range [][]string{{"update", "-q"}, {"install", "-y", "-q", "--no-install-recommends", "postgresql"}} {
		c := exec.CommandContext(t.Context(), "apt-get", args...)
		c.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("apt-get %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	at := installed()
	if at == "" {
		t.Fatal("PostgreSQL is not where Debian's package has it")
	}
	return at
}

// installed looks where Debian's packages are, then on the path.
func installed() string {
	places, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(places) > 0 {
		return filepath.Dir(places[len(places)-1])
	}
	if at, err := exec.LookPath("initdb"); err == nil {
		if at, err = filepath.EvalSymlinks(at); err == nil {
			return filepath.Dir(at)
		}
	}
	return ""
}
