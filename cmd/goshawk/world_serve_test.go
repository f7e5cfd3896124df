package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/node"
	"goshawk/workbench"
	"goshawk/world"
)

// smallWorld makes a world and opens its chain, with nothing shown yet.
func smallWorld(t *testing.T) (dir string, m *world.Manifest, chain *growing) {
	t.Helper()
	emptyHome(t)
	dir = filepath.Join(t.TempDir(), "world")
	must(t, "world", "new", "--quiet", "--seed", "11", "--txs", "2000", "--out", dir)
	m, err := world.ReadManifest(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	params, err := bitcoin.Lookup(m.Network)
	if err != nil {
		t.Fatal(err)
	}
	blocks, closeBlocks, err := openBlocks(t.Context(), dir, m, params)
	if err != nil {
		t.Fatal(err)
	}
	chain, err = openGrowing(t.TempDir(), blocks, params, node.Login{User: "officer", Password: "secret"}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(chain.close(), closeBlocks()); err != nil {
			t.Error(err)
		}
	})
	return dir, m, chain
}

// TestFollowAWorld: an ingest follows a world through real HTTP while its time
// runs. At every step it holds what is shown, and the explorer's answers are
// those over that ledger, which has never seen a later block.
func TestFollowAWorld(t *testing.T) {
	_, m, chain := smallWorld(t)
	server := httptest.NewServer(chain.server)
	defer server.Close()
	if err := chain.grow(t.Context(), m.Founded, nil); err != nil {
		t.Fatal(err)
	}
	fsys, err := disk.Make(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: m.Network, Codec: chain.params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()})
	if err != nil {
		t.Fatal(err)
	}
	asked, err := ingest.NewNode(ingest.NodeOptions{URL: server.URL, User: "officer", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	caught, ended := make(chan int32), make(chan error, 1)
	var summary ingest.Summary
	go func() {
		var err error
		summary, err = ingest.FromNode(ctx, w, asked, ingest.Options{Params: chain.params, Follow: true, Poll: time.Millisecond, Progress: func(p ingest.Progress) {
			if p.Stage == ingest.CaughtUp {
				select {
				case caught <- p.Height:
				case <-ctx.Done():
				}
			}
		}})
		ended <- err
	}()
	last := chain.blocks.Height()
	for _, step := range []int32{0, 1, 2, 40, last} {
		height := min(chain.height+step, last)
		if err := chain.grow(ctx, height, nil); err != nil {
			t.Fatal(err)
		}
		for at := int32(-1); at != height; {
			select {
			case at = <-caught:
			case err := <-ended:
				t.Fatalf("it does not follow any more: %v", err)
			}
		}
		followed, err := ledger.Open(fsys, chain.params)
		if err != nil {
			t.Fatal(err)
		}
		sameAnswers(t, server.URL, node.Esplora(followed, chain.blocks, chain.params, nil), chain.blocks, height)
		if err := followed.Close(); err != nil {
			t.Error(err)
		}
	}
	stop()
	if err := <-ended; goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("it ended with %v", err)
	}
	if summary.Blocks != int64(m.Figures.Blocks) || uint64(summary.Transactions) != m.Figures.Transactions || summary.Reorganised != 0 || len(summary.Warnings) > 0 {
		t.Errorf("%+v of %+v", summary, m.Figures)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// sameAnswers asks about blocks around a height and all that is in them.
func sameAnswers(t *testing.T, url string, want http.Handler, blocks *node.Files, height int32) {
	t.Helper()
	paths := []string{"/blocks/tip/height", "/blocks/tip/hash", "/blocks"}
	hidden := map[string]bool{}
	for h := max(height-3, 0); h <= min(height+2, blocks.Height()); h++ {
		hash, _ := blocks.At(h)
		raw, err := blocks.Block(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		split, err := bitcoin.SplitBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, "/block/"+hash.String()+"/status")
		for i, tx := range split.Txs {
			path := "/tx/" + tx.ID.String()
			hidden[path] = h > height
			paths = append(paths, path, path+"/outspends")
			decoded, err := bitcoin.DecodeTx(raw[tx.Start:tx.End])
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range decoded.Inputs {
				if i > 0 { // what a later block spends is not spent yet
					paths = append(paths, "/tx/"+in.Prev.Tx.String()+"/outspends")
				}
			}
			params, err := bitcoin.Lookup("regtest")
			if err != nil {
				t.Fatal(err)
			}
			for _, out := range decoded.Outputs {
				if kind, key, _, _ := bitcoin.Classify(out.Script, nil); kind == goshawk.WitnessPubKeyHash || kind == goshawk.PubKeyHash {
					address := "/address/" + params.FormatAddress(kind, key)
					paths = append(paths, address, address+"/txs", address+"/utxo")
				}
			}
		}
	}
	missing := 0
	for _, path := range paths {
		response, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		if err := errors.Join(err, response.Body.Close()); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRecorder()
		want.ServeHTTP(r, httptest.NewRequest(http.MethodGet, path, nil))
		if response.StatusCode != r.Code || !bytes.Equal(got, r.Body.Bytes()) {
			t.Errorf("at height %d, %s: %d %.300s\nnot %d %.300s", height, path, response.StatusCode, got, r.Code, r.Body)
		}
		if hidden[path] {
			missing++
			if response.StatusCode != http.StatusNotFound {
				t.Errorf("at height %d, %s is of a later block: %d", height, path, response.StatusCode)
			}
		}
	}
	if missing == 0 && height < blocks.Height() {
		t.Error("nothing was hidden: this tests too little")
	}
}

// TestTraceAServedWorld: a trace through the served world is the one over a ledger of it.
func TestTraceAServedWorld(t *testing.T) {
	dir, m, chain := smallWorld(t)
	if err := chain.grow(t.Context(), chain.blocks.Height(), nil); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(chain.server)
	defer server.Close()
	own := filepath.Join(t.TempDir(), "ledger")
	must(t, "ingest", "--quiet", "--ledger", own, "--network", m.Network, filepath.Join(dir, "blocks"))
	hash, _ := chain.blocks.At(m.Founded + 5)
	raw, err := chain.blocks.Block(t.Context(), hash)
	if err != nil {
		t.Fatal(err)
	}
	split, err := bitcoin.SplitBlock(raw)
	if err != nil || len(split.Txs) < 2 {
		t.Fatal(err, len(split.Txs))
	}
	question := []string{"trace", "--method", "haircut", "--max-hops", "4", "--format", "json"}
	for _, tx := range split.Txs[:min(len(split.Txs), 6)] {
		question = append(question, "--from", tx.ID.String()+":0")
	}
	got := fromJSON[map[string]any](t, must(t, append(question, "--network", m.Network, "--source", "esplora:"+server.URL, "--rate", "100000")...))
	want := fromJSON[map[string]any](t, must(t, append(question, "--ledger", own)...))
	for _, answer := range []map[string]any{got, want} {
		delete(answer, "claim")
		delete(answer, "warnings")
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("over the served world\n%v\nand over a ledger of it\n%v", got, want)
	}
	if steps, _ := want["steps"].(float64); steps < 2 {
		t.Errorf("%v steps: this tests too little", want["steps"])
	}
}

// TestWorldTime: a block is shown when its time and that of all before it have
// come, and not before; the time comes from a clock that the test moves.
func TestWorldTime(t *testing.T) {
	_, m, chain := smallWorld(t)
	if err := chain.grow(t.Context(), m.Founded, nil); err != nil {
		t.Fatal(err)
	}
	latest := make([]int64, chain.blocks.Height()+2)
	for h := range latest[:len(latest)-1] {
		_, latest[h] = chain.blocks.At(int32(h))
		latest[h] = max(latest[h], latest[max(h-1, 0)])
	}
	latest[len(latest)-1] = 1 << 40
	const speed = 4000
	start := time.Unix(1_800_000_000, 0)
	now, looks, several := start, 0, 0
	before := m.Founded
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	k := clock{speed: speed, now: func() time.Time { return now }, sleep: func(ctx context.Context, d time.Duration) error {
		if d < shortestSleep {
			t.Fatalf("it slept for %v", d)
		}
		if looks > 20 {
			stop()
		}
		now = now.Add(d)
		return sleep(ctx, 0)
	}}
	each := func(height int32, present time.Time) {
		looks++
		if height > before+1 {
			several++
		}
		before = height
		_, begin := chain.blocks.At(m.Founded)
		if want := begin + int64(now.Sub(start).Seconds()*speed); present.Unix()-want > 1 || want-present.Unix() > 1 {
			t.Errorf("it is %d in the world, not %d", present.Unix(), want)
		}
		if latest[height] > present.Unix() || latest[height+1] < present.Unix() || chain.height != height {
			t.Errorf("height %d of %d is shown at %d; its time is %d, the next one's %d", height, chain.height, present.Unix(), latest[height], latest[height+1])
		}
	}
	if err := k.run(ctx, chain, m.Founded, each); goshawk.CodeOf(err) != goshawk.Interrupted || looks < 20 {
		t.Errorf("interrupted after %d looks: %v", looks, err)
	}
	looks, now = -1<<30, now.Add(5*time.Second)
	start, m.Founded, before = now, chain.height, chain.height
	if err := k.run(t.Context(), chain, chain.height, each); err != nil || chain.height != chain.blocks.Height() || several == 0 {
		t.Errorf("it ends at height %d of %d, %v; %d times with more than one block", chain.height, chain.blocks.Height(), err, several)
	}
}

// TestServeAgain: a kept ledger goes on where it was, also after an interruption,
// and only with its own world.
func TestServeAgain(t *testing.T) {
	_, m, chain := smallWorld(t)
	folder := t.TempDir()
	stopped, stop := context.WithCancel(t.Context())
	log := slog.New(slog.DiscardHandler)
	again, err := openGrowing(folder, chain.blocks, chain.params, node.Login{}, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.grow(stopped, m.Founded, func(height int32) {
		if height == 100 {
			stop()
		}
	}); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("interrupted: %v", err)
	}
	if err := again.close(); err != nil {
		t.Fatal(err)
	}
	if again, err = openGrowing(folder, chain.blocks, chain.params, node.Login{}, log); err != nil {
		t.Fatal(err)
	}
	if again.height != 100 {
		t.Errorf("it goes on at height %d", again.height)
	}
	if err := errors.Join(again.grow(t.Context(), m.Founded, nil), again.close()); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(t.TempDir(), "other")
	must(t, "world", "new", "--quiet", "--seed", "12", "--txs", "2000", "--out", other)
	for _, test := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{other}, exitFailed, "is not of this world"},
		{[]string{other, "--speed", "1", "--from-height", "9999"}, exitFailed, "is not of this world"},
	} {
		a := ask(t.Context(), append([]string{"world", "serve", "--listen", "127.0.0.1:0", "--ledger", folder}, test.args...)...)
		if a.code != test.code || !strings.Contains(a.err, test.want) {
			t.Errorf("%q: %d %s", test.args, a.code, a.err)
		}
	}
}

// TestServeWaits: a chain is not closed while an answer from it is under way.
func TestServeWaits(t *testing.T) {
	_, _, chain := smallWorld(t)
	if err := chain.grow(t.Context(), 3, nil); err != nil {
		t.Fatal(err)
	}
	closed := make(chan struct{})
	slow := &slowReader{ResponseRecorder: httptest.NewRecorder(), read: func() {
		go func() {
			chain.hide()
			close(closed)
		}()
		select {
		case <-closed:
			t.Error("it was closed while somebody still read his answer")
		case <-time.After(20 * time.Millisecond):
		}
	}}
	chain.server.ServeHTTP(slow, httptest.NewRequest(http.MethodGet, "/blocks/tip/height", nil))
	<-closed
	if slow.Body.String() != "3" {
		t.Errorf("he read %q", slow.Body)
	}
}

// slowReader takes an answer when read has returned.
type slowReader struct {
	*httptest.ResponseRecorder
	read func()
}

func (s *slowReader) Write(p []byte) (int, error) {
	s.read()
	return s.ResponseRecorder.Write(p)
}

// TestServeEnds: Ctrl-C ends the program with 0 and takes its temporary files and
// its cookie along, also while somebody who asked does not read his answer.
func TestServeEnds(t *testing.T) {
	dir, _, chain := smallWorld(t)
	cookie, temporary := filepath.Join(t.TempDir(), "cookie"), t.TempDir()
	cmd := exec.CommandContext(t.Context(), "goshawk", "world", "serve", dir, "--listen", "127.0.0.1:0", "--rpc-cookie", cookie, "--speed", "1000", "--format", "json")
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var remarks bytes.Buffer
	cmd.Stderr = &remarks
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	text := make([]byte, 4096)
	n, err := out.Read(text)
	if err != nil {
		t.Fatal(err, remarks.String())
	}
	what := fromJSON[served](t, string(text[:n]))
	must(t, "ingest", "--quiet", "--rpc", what.URL, "--rpc-cookie", cookie, "--network", what.Network, "--ledger", filepath.Join(t.TempDir(), "ledger"))
	if a := ask(t.Context(), "ingest", "--quiet", "--rpc", what.URL, "--network", what.Network, "--ledger", filepath.Join(t.TempDir(), "ledger")); a.code == exitDone || !strings.Contains(a.err, "refused user and password") {
		t.Errorf("without the cookie: %d %s", a.code, a.err)
	}
	if files, err := os.ReadDir(temporary); err != nil || len(files) != 1 {
		t.Errorf("%v, %v", files, err)
	}
	login, err := os.ReadFile(cookie)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(what.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() // it is broken by then
	tip, _ := chain.blocks.At(what.Height)
	body := "[" + strings.Repeat(fmt.Sprintf(`{"method":"getblock","params":["%v",3]},`, tip), 999) + `{"method":"getblockcount"}]`
	fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n%s", base64.StdEncoding.EncodeToString(login), len(body), body)
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || !strings.Contains(line, "200") {
		t.Errorf("%q, %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(out); err != nil || len(rest) > 0 {
		t.Errorf("it goes on: %q, %v", rest, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &remarks)
	}
	if files, err := os.ReadDir(temporary); err != nil || len(files) > 0 {
		t.Errorf("it left %v, %v", files, err)
	}
	if _, err := os.Stat(cookie); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it left its cookie: %v", err)
	}
}

// freeAddress returns one at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it was taken to learn its port
	return l.Addr().String()
}
