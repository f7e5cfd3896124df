package world

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// btcdVersion is the node that signed worlds are shown to.
const btcdVersion = "v0.26.2"

// btcdBinary builds btcd once and keeps it beside Go's build cache, where the
// tests of package ingest keep theirs.
func btcdBinary(t *testing.T) string {
	t.Helper()
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(cache)), "goshawk-tools", "btcd-"+btcdVersion)
	name := filepath.Join(dir, "btcd")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if _, err := os.Stat(name); err == nil {
		return name
	}
	build := exec.Command("go", "install", "github.com/btcsuite/btcd@"+btcdVersion)
	build.Dir = t.TempDir()
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GO111MODULE=on")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build btcd: %v\n%s", err, out)
	}
	return name
}

// startBtcd starts a node in regtest and returns how to call it.
func startBtcd(t *testing.T) func(method string, params ...any) (json.RawMessage, error) {
	t.Helper()
	dir := t.TempDir()
	rpc := freePort(t)
	command := exec.Command(btcdBinary(t), "--regtest", "--notls", "--rpcuser=goshawk", "--rpcpass=secret", "--rpclisten="+rpc, "--listen="+freePort(t),
		"--nodnsseed", "--datadir="+dir, "--logdir="+dir, "--configfile="+filepath.Join(dir, "none.conf"))
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed at the end
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill() // it may have ended
		<-ended
		if t.Failed() {
			t.Logf("btcd said:\n%s", log.Bytes()[max(0, log.Len()-2_000):])
		}
	})
	call := func(method string, params ...any) (json.RawMessage, error) {
		body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": append([]any{}, params...)})
		if err != nil {
			return nil, err
		}
		response, err := http.Post("http://goshawk:secret@"+rpc, "application/json", bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		defer response.Body.Close()
		var answer struct {
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
			return nil, fmt.Errorf("%s: %w", response.Status, err)
		}
		if answer.Error != nil {
			return nil, fmt.Errorf("%s: %s", method, answer.Error.Message)
		}
		return answer.Result, nil
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := call("getblockcount"); err == nil {
			return call
		} else if time.Now().After(deadline) {
			t.Fatalf("btcd does not start: %v", err)
		}
		select {
		case <-ended:
			t.Fatalf("btcd ended:\n%s", log.String())
		default:
		}
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestNodeAcceptsSignedWorlds: a real node takes every block of a signed world.
// In regtest it enforces segregated witness and taproot from the first block on.
func TestNodeAcceptsSignedWorlds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts real nodes")
	}
	for _, era := range []Era{Era2019, Era2022} { // together they have all forms of addresses
		m, manifest := build(t, Spec{Seed: 21, Era: era, Txs: 2_500, Sign: true})
		call := startBtcd(t)
		for height, raw := range m.blocks(t) {
			if height == 0 {
				continue
			}
			if answer, err := call("submitblock", hex.EncodeToString(raw)); err != nil || string(answer) != "null" {
				t.Fatalf("%d: block %d: %s %v", era, height, answer, err)
			}
		}
		best, err := call("getbestblockhash")
		if err != nil || string(best) != `"`+manifest.Figures.Tip+`"` {
			t.Errorf("%d: the node's best block is %s (%v), the world's %s", era, best, err, manifest.Figures.Tip)
		}
	}
}
