package node_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/node"
)

// growing returns a regtest chain from its true genesis block, as block files of
// a few blocks each, and the blocks' hashes.
func growing(t testing.TB, height int) (*world, []node.File) {
	t.Helper()
	w := newWorld(t, "regtest")
	w.add(t, 0, w.params.GenesisBlock, nil)
	framed := [][]byte{w.params.AppendFramed(nil, w.params.GenesisBlock)}
	for h := int32(1); h <= int32(height); h++ {
		raw, _, err := w.params.NewBlock(w.blocks[h-1], 1_600_000_000+600*uint32(h), bitcoin.Coinbase(h, []byte("test"), bitcoin.TxOutput{Value: 50e8, Script: bitcoin.Script(goshawk.PubKeyHash, make([]byte, 20))}))
		if err != nil {
			t.Fatal(err)
		}
		w.add(t, h, raw, nil)
		framed = append(framed, w.params.AppendFramed(nil, raw))
	}
	var files []node.File
	for n := 0; len(framed) > 0; n++ {
		these := min(3, len(framed))
		files = append(files, blockFile(fmt.Sprintf("blk%05d.dat", n), bytes.Join(framed[:these], nil)))
		framed = framed[these:]
	}
	return w, files
}

func blockFile(name string, content []byte) node.File {
	return node.File{Name: name, Size: int64(len(content)), ReaderAt: bytes.NewReader(content)}
}

func content(t testing.TB, f node.File) []byte {
	t.Helper()
	b := make([]byte, f.Size)
	if _, err := f.ReadAt(b, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

func TestFiles(t *testing.T) {
	w, files := growing(t, 10)
	f, err := node.OpenFiles(t.Context(), w.params, files)
	if err != nil {
		t.Fatal(err)
	}
	if f.Height() != 10 {
		t.Errorf("it ends at height %d", f.Height())
	}
	for h, want := range w.blocks {
		hash, time := f.At(int32(h))
		raw, err := f.Block(t.Context(), want)
		if err != nil || hash != want || !bytes.Equal(raw, w.raw[want]) || h > 0 && time != 1_600_000_000+600*int64(h) {
			t.Errorf("block %d: %v of %d, %d bytes, %v", h, hash, time, len(raw), err)
		}
	}
	if _, err := f.Block(t.Context(), goshawk.Hash{1}); goshawk.CodeOf(err) != goshawk.NotFound {
		t.Errorf("a block that is not there: %v", err)
	}
}

// TestFilesThatAreNoChain: what does not belong where it is, is named by file and byte.
func TestFilesThatAreNoChain(t *testing.T) {
	w, files := growing(t, 5)
	first, second := content(t, files[0]), content(t, files[1])
	flipped := bytes.Clone(second)
	flipped[0] ^= 1
	long := bytes.Clone(second)
	long[6] = 1
	for _, test := range []struct {
		name  string
		files []node.File
		want  string
	}{
		{"another magic", []node.File{files[0], blockFile("b", flipped)}, "b: byte 0: no block of regtest begins here"},
		{"another length", []node.File{files[0], blockFile("b", long)}, "b: byte 0: a block of "},
		{"a cut file", []node.File{files[0], blockFile("b", second[:len(second)-1])}, "b: byte "},
		{"a stray byte", []node.File{blockFile("a", append(bytes.Clone(first), 0)), files[1]}, fmt.Sprintf("a: byte %d: it ends in the middle of a block", len(first))},
		{"one of two missing", []node.File{files[1]}, files[1].Name + ": byte 0: block " + w.blocks[3].String() + " does not follow"},
		{"swapped", []node.File{files[1], files[0]}, files[1].Name + ": byte 0"},
		{"none", nil, "there are no blocks"},
	} {
		f, err := node.OpenFiles(t.Context(), w.params, test.files)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || f != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	main, err := bitcoin.Lookup("bitcoin")
	if err != nil {
		t.Fatal(err)
	}
	foreign := *main
	foreign.Magic = w.params.Magic
	if _, err := node.OpenFiles(t.Context(), &foreign, files); goshawk.CodeOf(err) != goshawk.Corrupt || !strings.Contains(err.Error(), "not the first of bitcoin") {
		t.Errorf("another network's chain: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := node.OpenFiles(stopped, w.params, files); goshawk.CodeOf(err) != goshawk.Interrupted {
		t.Errorf("interrupted: %v", err)
	}
}

// TestServer: at every height the server answers, on both sides and for every
// block, as one does that knows nothing but the blocks up to it.
func TestServer(t *testing.T) {
	whole, files := growing(t, 6)
	blocks, err := node.OpenFiles(t.Context(), whole.params, files)
	if err != nil {
		t.Fatal(err)
	}
	server := node.NewServer(blocks, whole.params, node.Login{}, nil)
	if status, _, _ := get(server, "/blocks/tip/height"); status != http.StatusServiceUnavailable {
		t.Errorf("with nothing to show: %d", status)
	}
	known := newWorld(t, "regtest")
	var closed []int
	for height, hash := range whole.blocks {
		known.add(t, int32(height), whole.raw[hash], nil)
		server.Show(known.model.Snapshot(), func() { closed = append(closed, height) })
		rpc, explorer := node.RPC(known.model.Snapshot(), known, known.params, node.Login{}, nil), known.explorer()
		for h, hash := range whole.blocks {
			split, err := bitcoin.SplitBlock(whole.raw[hash])
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/blocks/tip/hash", fmt.Sprintf("/block-height/%d", h), "/block/" + hash.String() + "/status", "/block/" + hash.String() + "/raw", "/tx/" + split.Txs[0].ID.String()} {
				status, _, body := get(server, path)
				wantStatus, _, want := get(explorer, path)
				if status != wantStatus || body != want || h > height && strings.HasSuffix(path, "/raw") && status != http.StatusNotFound {
					t.Errorf("at height %d, %s: %d %s, not %d %s", height, path, status, body, wantStatus, want)
				}
			}
			for _, question := range []string{`{"method":"getbestblockhash"}`, fmt.Sprintf(`{"method":"getblockhash","params":[%d]}`, h), fmt.Sprintf(`{"method":"getblock","params":["%v",0]}`, hash)} {
				status, answer := call(server, question)
				if wantStatus, want := call(rpc, question); status != wantStatus || answer != want {
					t.Errorf("at height %d, %s: %d %s, not %d %s", height, question, status, answer, wantStatus, want)
				}
			}
		}
	}
	server.Show(nil, nil)
	if !reflect.DeepEqual(closed, []int{0, 1, 2, 3, 4, 5, 6}) {
		t.Errorf("closed in this order: %v", closed)
	}
	r := httptest.NewRecorder()
	server.Show(known.model.Snapshot(), nil)
	server.ServeHTTP(r, httptest.NewRequest(http.MethodPost, "/tx", strings.NewReader("00")))
	if r.Code != http.StatusForbidden {
		t.Errorf("a transaction to send: %d", r.Code)
	}
}

// TestServerKeepsWhatIsUsed: a ledger that an answer is still read from is not
// closed, whatever is shown meanwhile, and that answer is of its own height.
func TestServerKeepsWhatIsUsed(t *testing.T) {
	w, _ := growing(t, 1)
	slow := &slowBlocks{Blocks: w, asked: make(chan struct{}), goOn: make(chan struct{})}
	server := node.NewServer(slow, w.params, node.Login{}, nil)
	closed := make(chan struct{})
	server.Show(w.model.Snapshot(), func() { close(closed) })
	tip := w.blocks[1].String()
	answered := make(chan string)
	go func() {
		_, _, body := get(server, "/block/"+tip+"/status")
		answered <- body
	}()
	<-slow.asked
	raw, _, err := w.params.NewBlock(w.blocks[1], 1_700_000_000, bitcoin.Coinbase(2, nil, bitcoin.TxOutput{Value: 1, Script: []byte{0x51}}))
	if err != nil {
		t.Fatal(err)
	}
	w.add(t, 2, raw, nil)
	server.Show(w.model.Snapshot(), nil)
	select {
	case <-closed:
		t.Error("it was closed while an answer was read from it")
	default:
	}
	close(slow.goOn)
	if body := <-answered; body != `{"in_best_chain":true,"height":1}` {
		t.Errorf("the answer knows of what came later: %s", body)
	}
	select {
	case <-closed:
	default:
		t.Error("it was not closed when the answer had ended")
	}
}

// slowBlocks waits with its first answer.
type slowBlocks struct {
	node.Blocks
	asked, goOn chan struct{}
}

func (s *slowBlocks) Block(ctx context.Context, hash goshawk.Hash) ([]byte, error) {
	select {
	case s.asked <- struct{}{}:
		<-s.goOn
	case <-s.goOn:
	case <-ctx.Done():
		return nil, errors.New("nobody waits")
	}
	return s.Blocks.Block(ctx, hash)
}
