package main

import (
	"context"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ingest"
	"goshawk/internal/disk"
	"goshawk/ledger"
	"goshawk/workbench"
)

// payment is a transaction of a world's block that is no coinbase, and an address that it pays.
type payment struct {
	height      int32
	tx, address string
}

// nextPayment finds one in a block above a height.
func nextPayment(t *testing.T, chain *growing, above int32) payment {
	t.Helper()
	for height := above + 1; height <= chain.blocks.Height(); height++ {
		hash, _ := chain.blocks.At(height)
		raw, err := chain.blocks.Block(t.Context(), hash)
		if err != nil {
			t.Fatal(err)
		}
		split, err := bitcoin.SplitBlock(raw)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range split.Txs[1:] {
			tx, err := bitcoin.DecodeTx(raw[at.Start:at.End])
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range tx.Outputs {
				if kind, key, _, _ := bitcoin.Classify(o.Script, nil); kind == goshawk.WitnessPubKeyHash || kind == goshawk.PubKeyHash {
					return payment{height, at.ID.String(), chain.params.FormatAddress(kind, key)}
				}
			}
		}
	}
	t.Fatal("nobody pays anybody in this world")
	return payment{}
}

// TestArrive: between two blocks those of the second come one after the other, none before its time; with the block
// none of them waits.
func TestArrive(t *testing.T) {
	_, m, chain := smallWorld(t)
	at := nextPayment(t, chain, m.Founded)
	if next, err := chain.arrive(t.Context(), 0); err != nil || !math.IsInf(next, 1) {
		t.Errorf("before there is a chain: %v, %v", next, err)
	}
	if err := chain.grow(t.Context(), at.height-1, nil); err != nil {
		t.Fatal(err)
	}
	_, from := chain.blocks.At(at.height - 1)
	_, until := chain.blocks.At(at.height)
	next, err := chain.arrive(t.Context(), float64(from))
	if err != nil || chain.seen != 0 || next <= float64(from) || next >= float64(until) {
		t.Fatalf("at the block's time %d are seen, the next one at %f of %d to %d: %v", chain.seen, next, from, until, err)
	}
	for n := 1; ; n++ {
		after, err := chain.arrive(t.Context(), next)
		if err != nil || chain.seen != n {
			t.Fatalf("at %f %d are seen, not %d: %v", next, chain.seen, n, err)
		}
		if math.IsInf(after, 1) {
			break
		}
		if after <= next || after >= float64(until) {
			t.Fatalf("the next one comes at %f, after %f, before the block at %d", after, next, until)
		}
		next = after
	}
	if chain.seen != len(chain.coming) || chain.seen == 0 {
		t.Errorf("%d of %d were seen", chain.seen, len(chain.coming))
	}
	waiting := func() string {
		r := httptest.NewRecorder()
		chain.server.ServeHTTP(r, httptest.NewRequest(http.MethodGet, "/mempool/txids", nil))
		return r.Body.String()
	}
	if !strings.Contains(waiting(), at.tx) {
		t.Error("it does not wait")
	}
	if err := chain.grow(t.Context(), at.height, nil); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(waiting(), at.tx) {
		t.Error("it waits, and is in a block")
	}
}

// TestSeenUnconfirmed: a server follows a world and looks at what waits there. A payment to an address that is watched is
// told before it is in a block, and is confirmed when it is.
func TestSeenUnconfirmed(t *testing.T) {
	_, m, chain := smallWorld(t)
	at := nextPayment(t, chain, m.Founded)
	if err := chain.grow(t.Context(), at.height-1, nil); err != nil {
		t.Fatal(err)
	}
	world := httptest.NewServer(chain.server)
	t.Cleanup(world.Close)
	folder := t.TempDir()
	d := furnishDesk(t, filepath.Join(folder, databaseName))
	fsys, err := disk.Make(filepath.Join(folder, workbench.LedgerFolder, "world"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := ledger.OpenWriter(fsys, ledger.Options{Network: m.Network, Codec: chain.params, Join: workbench.Joiner(), Rule: workbench.ClusterRule()})
	if err != nil {
		t.Fatal(err)
	}
	from, err := ingest.NewNode(ingest.NodeOptions{URL: world.URL, User: "officer", Password: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	var caught atomic.Int32 // up to which height
	caught.Store(-1)
	go func() {
		_, err := ingest.FromNode(ctx, w, from, ingest.Options{Params: chain.params, Follow: true, Poll: 50 * time.Millisecond, Progress: func(p ingest.Progress) {
			if p.Stage == ingest.CaughtUp {
				caught.Store(p.Height)
			}
		}})
		ended <- err
	}()
	t.Cleanup(func() {
		stop()
		if err := <-ended; goshawk.CodeOf(err) != goshawk.Interrupted {
			t.Errorf("following ended with %v", err)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	for caught.Load() < at.height-1 {
		select {
		case err := <-ended:
			ended <- err // for the clean-up
			t.Fatal(err)
		case <-time.After(10 * time.Millisecond):
		}
	}
	s := startServer(t, "goshawk", folder, "--mempool", "world="+strings.Replace(world.URL, "http://", "http://officer:secret@", 1))
	defer s.end(t)
	room := s.url + "/api/v1/cases/" + string(d.room)
	set := func(name, value string) map[string]any {
		return map[string]any{"kind": "watch", "id": "w", "field": name, "before": nil, "after": value}
	}
	d.tell(t, http.MethodPost, room+"/changes", map[string]any{"what": "watched an address", "edits": []any{set("what", "address"), set("text", at.address), set("ledger", "world")}}, nil)
	await := func(want string) {
		t.Helper()
		last := ""
		for end := time.Now().Add(2 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
			var got struct {
				Records struct {
					Alert map[string]map[string]struct{ Value any } `json:"alert"`
				} `json:"records"`
			}
			d.tell(t, http.MethodGet, room+"?kind=alert", nil, &got)
			last = ""
			for _, r := range got.Records.Alert {
				if move, _ := r["movement"].Value.(map[string]any); move["tx"] == at.tx {
					last, _ = r["state"].Value.(string)
				}
			}
			if last == want {
				return
			}
			if time.Now().After(end) {
				t.Fatalf("the alert is %q, not %q\n%s", last, want, s.said.String())
			}
		}
	}
	_, until := chain.blocks.At(at.height)
	if _, err := chain.arrive(t.Context(), float64(until)); err != nil {
		t.Fatal(err)
	}
	await(workbench.AlertUnconfirmed)
	if err := chain.grow(t.Context(), at.height, nil); err != nil {
		t.Fatal(err)
	}
	await(workbench.AlertConfirmed)
}
