// Package btcd starts a real Bitcoin node for tests: btcd in regtest, built once
// and kept beside Go's build cache. It knows nothing of what the node is told,
// and no program imports it.
package btcd

import (
	"bytes"
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

// version is the node that block files, the RPC source and signed worlds are held to.
const version = "v0.26.2"

// Node is a running node.
type Node struct {
	URL    string // of its JSON-RPC, with name and password
	Listen string // where other nodes reach it

	t testing.TB
}

// binary builds btcd, unless that was done before.
func binary(t testing.TB) string {
	t.Helper()
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(strings.TrimSpace(string(cache)), "goshawk-tools", "btcd-"+version)
	name := filepath.Join(dir, "btcd")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	if _, err := os.Stat(name); err == nil {
		return name
	}
	build := exec.CommandContext(t.Context(), "go", "install", "github.com/btcsuite/btcd@"+version)
	build.Dir = t.TempDir()
	build.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GO111MODULE=on")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("cannot build btcd: %v\n%s", err, out)
	}
	return name
}

// Start starts a node in regtest, with further flags, and waits until it
// answers. It ends with the test.
func Start(t testing.TB, flags ...string) *Node {
	t.Helper()
	dir, rpc := t.TempDir(), freePort(t)
	n := &Node{URL: "http://goshawk:secret@" + rpc, Listen: freePort(t), t: t}
	command := exec.CommandContext(t.Context(), binary(t), append([]string{
		"--regtest", "--notls", "--rpcuser=goshawk", "--rpcpass=secret", "--rpclisten=" + rpc, "--listen=" + n.Listen, "--nodnsseed",
		"--datadir=" + dir, "--logdir=" + dir, "--configfile=" + filepath.Join(dir, "none.conf")}, flags...)...)
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
			t.Logf("btcd said:\n%s", log.Bytes()[max(0, log.Len()-4_000):])
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err := n.Try("getblockcount"); err == nil {
			return n
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

func freePort(t testing.TB) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Try calls the node, and returns its result or what it refused.
func (n *Node) Try(method string, params ...any) (json.RawMessage, error) {
	body, err := json.Marshal(map[string]any{"jsonrpc": "1.0", "id": 1, "method": method, "params": append([]any{}, params...)})
	if err != nil {
		return nil, err
	}
	ask, err := http.NewRequestWithContext(n.t.Context(), http.MethodPost, n.URL, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	ask.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(ask)
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

// Call calls the node, which must not refuse, and reads its result into a
// pointer; nil where nobody asks.
func (n *Node) Call(result any, method string, params ...any) {
	n.t.Helper()
	raw, err := n.Try(method, params...)
	if err != nil {
		n.t.Fatal(err)
	}
	if result == nil {
		return
	}
	if err := json.Unmarshal(raw, result); err != nil {
		n.t.Fatal(err)
	}
}
