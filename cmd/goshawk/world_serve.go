package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/node"
	"goshawk/world"
)

// serveFlags are the flags of 'goshawk world serve'.
type serveFlags struct {
	c        *command
	listen   *string
	speed    *float64
	from     *int
	ledger   *string
	user     *string
	password *string
	cookie   *string
}

func newServeFlags(c *command) *serveFlags {
	// A setting names the ledger or the cookie that other commands read. These would be written.
	c.ownOnly = append(c.ownOnly, "ledger", "rpc-cookie")
	return &serveFlags{c: c,
		listen:   c.String("listen", "127.0.0.1:18443", "serve: `HOST:PORT` to answer at; port 0 takes a free one"),
		speed:    c.Float64("speed", 0, "serve: let blocks come as their times do, `N` seconds of the world in one; 0 shows the whole chain at once"),
		from:     c.Int("from-height", -1, "serve: with --speed, show the blocks up to height `N` at once (default: until the economy is founded)"),
		ledger:   c.String("ledger", "", "serve: `DIR` of a ledger to keep, which a later serve goes on with (default: a temporary folder)"),
		user:     c.String("rpc-user", "", "serve: `NAME` that the JSON-RPC asks for; without it and a cookie it asks for none"),
		password: c.String("rpc-password", "", "serve: `PASSWORD` that goes with it; better set as GOSHAWK_RPC_PASSWORD"),
		cookie:   c.String("rpc-cookie", "", "serve: `FILE` to write a name and password of this run into, as a node does"),
	}
}

// served is what a reader of the answer needs to know of what is served.
type served struct {
	URL     string `json:"url"`
	Network string `json:"network"`
	Height  int32  `json:"height"` // of the last block that is shown at first
	Last    int32  `json:"last"`   // of the world's last block
}

// serve answers from a world's chain until it is interrupted, which is how it
// ends; before it answers, an interruption is one.
func (f *serveFlags) serve(ctx context.Context, dir string, asJSON bool) (err error) {
	if err := f.check(); err != nil {
		return err
	}
	m, err := world.ReadManifest(os.DirFS(dir))
	if err != nil {
		return err
	}
	params, err := bitcoin.Lookup(m.Network)
	if err != nil {
		return err
	}
	blocks, closeBlocks, err := openBlocks(ctx, dir, m, params)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBlocks()) }()
	// Refused here what would fail after the chain was read.
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", *f.listen)
	if err != nil {
		return goshawk.Errorf(goshawk.Unavailable, "cannot listen at %s: %w", *f.listen, err).WithHint("name another with --listen HOST:PORT; port 0 takes a free one")
	}
	defer listener.Close() // closed before, where it was served from
	login, forget, err := f.login()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, forget()) }()

	folder := *f.ledger
	if folder == "" {
		if folder, err = os.MkdirTemp("", "goshawk-world-"); err != nil {
			return goshawk.Errorf(goshawk.Unavailable, "cannot make a temporary folder: %w", err).WithHint("name one with --ledger DIR")
		}
		defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	}
	log := slog.New(slog.NewTextHandler(f.c.t.err, &slog.HandlerOptions{Level: slog.LevelError}))
	chain, err := openGrowing(folder, blocks, params, login, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chain.close()) }()
	first, err := f.first(m, chain)
	if err != nil {
		return err
	}
	progress := newBar(f.c)
	err = chain.grow(ctx, first, func(height int32) {
		progress.update(float64(height)/float64(max(first, 1)), fmt.Sprintf("reading the chain, height %d", height))
	})
	progress.clear()
	if err != nil {
		return err
	}
	what := served{URL: "http://" + reachable(listener.Addr()), Network: params.Name, Height: first, Last: blocks.Height()}
	if asJSON {
		err = f.c.json(what)
	} else {
		err = f.announce(dir, what)
	}
	if err != nil {
		return err
	}
	return f.answer(ctx, listener, chain, first, log)
}

// check refuses flags that cannot be meant.
func (f *serveFlags) check() error {
	c := f.c
	switch {
	case math.IsNaN(*f.speed) || math.IsInf(*f.speed, 0) || *f.speed < 0:
		return badUsage("--speed cannot be %v", *f.speed).WithHint("600 lets ten minutes of the world pass in a second; 0 shows the whole chain at once")
	case *f.speed == 0 && c.given["from-height"]:
		return badUsage("--from-height is where simulated time begins, and without --speed there is none")
	case *f.from < -1 || *f.from < 0 && c.given["from-height"]:
		return badUsage("--from-height cannot be %d", *f.from)
	case *f.cookie != "" && (c.given["rpc-user"] || c.given["rpc-password"]):
		return badUsage("--rpc-cookie and a name and password exclude each other")
	case *f.cookie == "" && *f.user == "" && c.given["rpc-password"]:
		return badUsage("a password needs a name: --rpc-user NAME")
	case *f.cookie == "" && *f.user != "" && *f.password == "":
		return badUsage("a name needs a password: GOSHAWK_RPC_PASSWORD, or --rpc-password PASSWORD")
	}
	return nil
}

// first is the height up to which blocks are there from the beginning.
func (f *serveFlags) first(m *world.Manifest, chain *growing) (int32, error) {
	last, held := chain.blocks.Height(), chain.height
	switch from := *f.from; {
	case *f.speed == 0:
		return last, nil
	case from < 0:
		return max(min(m.Founded, last), held), nil
	case from > int(last):
		return 0, badUsage("--from-height cannot be %d: the world's chain ends at height %d", from, last)
	case int32(from) < held:
		return 0, goshawk.Errorf(goshawk.Conflict, "the ledger is at height %d already, above --from-height %d", held, from).
			WithHint("leave --from-height out to go on from there, or name a new --ledger")
	default:
		return int32(from), nil
	}
}

// openBlocks opens the block files of a world.
func openBlocks(ctx context.Context, dir string, m *world.Manifest, params *bitcoin.Params) (*node.Files, func() error, error) {
	var open []*os.File
	closeAll := func() error {
		var err error
		for _, f := range open {
			err = errors.Join(err, f.Close())
		}
		return err
	}
	var files []node.File
	for _, listed := range m.Files { // by their names, which is the chain's order
		if !strings.HasPrefix(listed.Name, "blocks/") {
			continue
		}
		f, err := os.Open(filepath.Join(dir, filepath.FromSlash(listed.Name)))
		if err != nil {
			return nil, nil, errors.Join(goshawk.Errorf(goshawk.NotFound, "cannot read the world's blocks: %w", err).WithHint("'goshawk world verify %s' says what is missing", dir), closeAll())
		}
		open = append(open, f)
		files = append(files, node.File{Name: listed.Name, Size: listed.Size, ReaderAt: f})
	}
	blocks, err := node.OpenFiles(ctx, params, files)
	if err == nil {
		if tip, _ := blocks.At(blocks.Height()); tip.String() != m.Figures.Tip {
			err = goshawk.Errorf(goshawk.Corrupt, "the world's chain ends with block %v, not with %s", tip, m.Figures.Tip)
		}
	}
	if known, ok := errors.AsType[*goshawk.Error](err); ok && known.Code == goshawk.Corrupt {
		err = known.WithHint("'goshawk world verify %s' says what was changed", dir)
	}
	if err != nil {
		return nil, nil, errors.Join(err, closeAll())
	}
	return blocks, closeAll, nil
}

// login says what the JSON-RPC asks for, and how to forget it at the end.
func (f *serveFlags) login() (node.Login, func() error, error) {
	nothing := func() error { return nil }
	switch {
	case *f.cookie == "" && *f.user == "":
		return node.Login{}, nothing, nil
	case *f.cookie == "":
		return node.Login{User: *f.user, Password: *f.password}, nothing, nil
	}
	login := node.Login{User: "__cookie__", Password: rand.Text()}
	file, err := os.OpenFile(*f.cookie, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return login, nil, goshawk.Errorf(goshawk.Conflict, "%s exists already", *f.cookie).WithHint("remove it if it is left from a serve that was killed, or name another file; nothing is overwritten")
	}
	if err != nil {
		return login, nil, unwritten(*f.cookie, err)
	}
	forget := func() error { return os.Remove(*f.cookie) }
	_, err = fmt.Fprintf(file, "%s:%s", login.User, login.Password)
	if err = errors.Join(err, file.Close()); err != nil {
		return login, nil, errors.Join(unwritten(*f.cookie, err), forget())
	}
	return login, forget, nil
}

// reachable is how this machine reaches what listens at an address.
func reachable(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok || !t.IP.IsUnspecified() {
		return a.String()
	}
	return net.JoinHostPort("localhost", fmt.Sprint(t.Port))
}

// announce tells people what is served and how to work with it.
func (f *serveFlags) announce(dir string, s served) error {
	how := ""
	switch {
	case *f.cookie != "":
		how = " --rpc-cookie " + *f.cookie
	case *f.user != "":
		how = " --rpc-user " + *f.user + " (and GOSHAWK_RPC_PASSWORD)"
	}
	passing, waits := "", ""
	if *f.speed > 0 {
		waits = fmt.Sprintf("  goshawk serve --mempool LEDGER=%s   # tells what is watched before it is in a block\n", s.URL)
		passing = fmt.Sprintf(", of %d; %g seconds of the world pass in one", s.Last, *f.speed)
	}
	_, err := fmt.Fprintf(f.c.t.out, `The world in %s answers at %s as a node and as an explorer (Esplora), until Ctrl-C. Its chain is at height %d%s.
  goshawk ingest --ledger NEW --network %s --follow --rpc %s%s
  goshawk trace --network %[5]s --source esplora:%[6]s --method NAME --from TXID:VOUT
%[8]s`, dir, s.URL, s.Height, passing, s.Network, s.URL, how, waits)
	return err
}

const (
	// How long those who ask may take over a request's head, an answer, and the
	// next request; and how long answers under way may take once the end is asked for.
	headPatience   = 10 * time.Second
	answerPatience = 2 * time.Minute
	idlePatience   = 2 * time.Minute
	endPatience    = 3 * time.Second
)

// answer serves until the context ends or something fails, while the chain grows.
func (f *serveFlags) answer(ctx context.Context, l net.Listener, chain *growing, first int32, log *slog.Logger) error {
	asked, cancel := context.WithCancel(context.WithoutCancel(ctx)) // answers under way may end
	defer cancel()
	server := &http.Server{Handler: chain.server, ReadHeaderTimeout: headPatience, ReadTimeout: answerPatience, WriteTimeout: answerPatience, IdleTimeout: idlePatience,
		BaseContext: func(net.Listener) context.Context { return asked }, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelError)}
	lived, stop := context.WithCancel(ctx)
	failed := make(chan error, 1)
	go func() {
		defer stop()
		failed <- server.Serve(l)
	}()
	progress := newBar(f.c)
	live := clock{speed: *f.speed, now: time.Now, sleep: sleep}
	grown := live.run(lived, chain, first, func(height int32, world time.Time) {
		progress.update(-1, fmt.Sprintf("height %d of %d, %s in the world", height, chain.blocks.Height(), world.UTC().Format("2006-01-02 15:04")))
	})
	progress.clear()
	if grown == nil {
		if *f.speed > 0 {
			f.c.say("The world's last block is there.")
		}
		<-lived.Done()
	}
	stop()
	end, cancelEnd := context.WithTimeout(context.WithoutCancel(ctx), endPatience)
	defer cancelEnd()
	if server.Shutdown(end) != nil { // somebody is too slow
		cancel()
		server.Close() // what matters is that answers end; the chain waits for them
	}
	err := <-failed
	switch {
	case grown != nil && ctx.Err() == nil:
		return grown
	case errors.Is(err, http.ErrServerClosed):
		return nil
	}
	return goshawk.Errorf(goshawk.Unavailable, "cannot go on answering: %w", err)
}
