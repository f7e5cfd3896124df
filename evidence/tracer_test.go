package evidence

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/ledger/ledgertest"
	"goshawk/report"
	"goshawk/trace"
)

// codec lets the model of a ledger speak a network's addresses.
type codec struct{ *bitcoin.Params }

// history is a random chain of real bytes, and the ledger that holds it.
type history struct {
	params *bitcoin.Params
	raw    map[goshawk.Hash][]byte
	model  *ledgertest.History
	coins  []goshawk.Outpoint // worth something
	dead   map[goshawk.Hash]bool
}

func (h *history) Block(_ context.Context, hash goshawk.Hash) ([]byte, error) {
	raw, ok := h.raw[hash]
	if !ok || h.dead[hash] {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no block %s", hash)
	}
	return raw, nil
}

// script is that of one of a few people, of any kind.
func script(t *rapid.T, people int) []byte {
	who := rapid.IntRange(0, people-1).Draw(t, "who")
	key := bytes.Repeat([]byte{byte(who + 1)}, 32)
	switch who % 7 {
	case 0:
		return bitcoin.Script(goshawk.PubKeyHash, key[:20])
	case 1:
		return bitcoin.Script(goshawk.ScriptHash, key[:20])
	case 2:
		return bitcoin.Script(goshawk.WitnessScriptHash, key)
	case 3:
		return bitcoin.Script(goshawk.Taproot, key)
	case 4:
		return append(append([]byte{33, 2}, key...), 0xac) // to the key itself
	default:
		return bitcoin.Script(goshawk.WitnessPubKeyHash, key[:20])
	}
}

// grow makes a history. One that begins late spends coins from before it; one of single blocks lacks parents.
func grow(t *rapid.T) *history {
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	h := &history{params: params, raw: map[goshawk.Hash][]byte{}, model: &ledgertest.History{Codec: codec{params}}, dead: map[goshawk.Hash]bool{}}
	late := rapid.SampledFrom([]string{"", "", "start", "partial"}).Draw(t, "late")
	h.model.Partial = late == "partial"
	if late == "start" {
		h.model.Start = 100
	}
	type spendable struct {
		at    goshawk.Outpoint
		value uint64
	}
	var pool []spendable
	parent := params.Genesis
	at := uint32(1_600_000_000)
	people := rapid.IntRange(3, 14).Draw(t, "people")
	decoder := bitcoin.NewDecoder(params)
	for n := range int32(rapid.IntRange(2, 7).Draw(t, "blocks")) {
		height := h.model.Start + n + 1
		txs := []*bitcoin.Tx{bitcoin.Coinbase(height, []byte{byte(n)}, bitcoin.TxOutput{Value: uint64(rapid.IntRange(1, 40).Draw(t, "subsidy")), Script: script(t, people)})}
		type outside struct {
			tx, in int
			value  uint64
			script []byte
			height int32
			known  goshawk.Knowledge
		}
		var from []outside
		add := func(tx *bitcoin.Tx) {
			id := tx.ID()
			for j, o := range tx.Outputs {
				if _, _, _, burnt := bitcoin.Classify(o.Script, nil); !burnt {
					pool = append(pool, spendable{goshawk.Outpoint{Tx: id, Index: uint32(j)}, o.Value})
				}
				if o.Value > 0 {
					h.coins = append(h.coins, goshawk.Outpoint{Tx: id, Index: uint32(j)})
				}
			}
		}
		for range rapid.IntRange(0, 5).Draw(t, "txs") {
			tx := &bitcoin.Tx{Version: 2}
			var total uint64
			for range rapid.IntRange(1, 4).Draw(t, "inputs") {
				in := bitcoin.TxInput{Sequence: 0xffffffff, Script: []byte{1, byte(len(h.coins))}}
				if rapid.IntRange(0, 3).Draw(t, "witness") == 0 {
					in.Witness = [][]byte{{7, 7}}
				}
				switch {
				case late != "" && rapid.IntRange(0, 7).Draw(t, "outside") == 0:
					o := outside{tx: len(txs), in: len(tx.Inputs), known: goshawk.CoinKnown, script: bitcoin.Script(goshawk.WitnessPubKeyHash, bytes.Repeat([]byte{byte(rapid.IntRange(1, people).Draw(t, "of"))}, 20)),
						value: uint64(rapid.IntRange(1, 12).Draw(t, "value")), height: int32(rapid.IntRange(-1, 6).Draw(t, "age"))}
					if h.model.Partial {
						o.known = goshawk.Knowledge(rapid.IntRange(0, 2).Draw(t, "known"))
					}
					binary.LittleEndian.PutUint64(in.Prev.Tx[:], rapid.Uint64().Draw(t, "prev"))
					in.Prev.Tx[28], in.Prev.Tx[29], in.Prev.Tx[30], in.Prev.Tx[31] = 1, byte(n), byte(len(txs)), byte(len(tx.Inputs)) // no coin is spent twice
					in.Prev.Index = uint32(rapid.IntRange(0, 2).Draw(t, "index"))
					from = append(from, o)
					if o.known == goshawk.CoinKnown {
						total += o.value
					}
				case len(pool) > 0:
					i := rapid.IntRange(0, len(pool)-1).Draw(t, "coin")
					in.Prev = pool[i].at
					total += pool[i].value
					pool = append(pool[:i:i], pool[i+1:]...)
				default:
					continue
				}
				tx.Inputs = append(tx.Inputs, in)
			}
			if len(tx.Inputs) == 0 {
				continue
			}
			for range rapid.IntRange(1, 4).Draw(t, "outputs") {
				v := uint64(rapid.IntRange(0, int(total)).Draw(t, "pays"))
				total -= v
				o := bitcoin.TxOutput{Value: v, Script: script(t, people)}
				if rapid.IntRange(0, 12).Draw(t, "burns") == 0 {
					o.Script = []byte{0x6a, 1, 9}
				}
				tx.Outputs = append(tx.Outputs, o)
			}
			txs = append(txs, tx)
			add(tx)
		}
		raw, header, err := params.NewBlock(parent, at, txs...)
		if err != nil {
			t.Fatal(err)
		}
		add(txs[0]) // the block may have put a commitment into it
		parent = header.Hash
		at += uint32(rapid.IntRange(0, 900).Draw(t, "time"))
		b := &goshawk.Block{}
		if err := decoder.Block(raw, b); err != nil {
			t.Fatal(err)
		}
		b.Height = height - 1
		if h.model.Partial {
			b.Height = 10 * n
			if rapid.IntRange(0, 5).Draw(t, "lost") == 0 {
				b.Height = -1
			}
		}
		for _, o := range from {
			first := 0
			if o.tx > 0 {
				first = int(b.Txs[o.tx-1].InputEnd)
			}
			switch o.known {
			case goshawk.CoinKnown:
				bitcoin.SetCoin(b, first+o.in, o.value, o.script, o.height, nil)
			case goshawk.NothingKnown, goshawk.KeyKnown: // whatever the script shows
			}
		}
		h.raw[b.Hash] = raw
		h.model.Blocks = append(h.model.Blocks, b)
	}
	return h
}

// some are services at random addresses.
type some struct{ every int }

func (s some) Party(a goshawk.AddressID) trace.Party {
	if int(a)%s.every == 0 {
		return trace.Party(int(a) / s.every % 2)
	}
	return trace.Unlabelled
}

func (s some) Label(a goshawk.AddressID) *goshawk.Label {
	return &goshawk.Label{Text: fmt.Sprint("service ", s.Party(a)), Source: "test", Confidence: 50, Concepts: []string{"exchange"}}
}

// joining are CoinJoins at random.
func joining(b *goshawk.Transactions, row int) bool {
	return (b.Rows[row].OutputEnd-b.Rows[row].FirstOutput)*7%5 == 4
}

func question(t *rapid.T, h *history) (trace.Question, []trace.Method) {
	q := trace.Question{Backward: rapid.Bool().Draw(t, "backward"), ByStart: rapid.Bool().Draw(t, "by start"), StopConfidence: 50, ServicesBy: "address",
		ThroughCoinJoin: rapid.Bool().Draw(t, "through")}
	for range rapid.IntRange(1, 4).Draw(t, "starts") {
		q.Starts = append(q.Starts, rapid.SampledFrom(h.coins).Draw(t, "start"))
	}
	if rapid.Bool().Draw(t, "services") {
		q.Services = some{rapid.IntRange(2, 6).Draw(t, "every")}
	}
	if rapid.Bool().Draw(t, "joins") {
		q.CoinJoin, q.CoinJoinRule = joining, "test/1"
	}
	if rapid.IntRange(0, 3).Draw(t, "few hops") == 0 {
		n := rapid.IntRange(0, 3).Draw(t, "hops")
		q.MaxHops = &n
	}
	if rapid.IntRange(0, 3).Draw(t, "no dust") == 0 {
		n := goshawk.U(uint64(rapid.IntRange(0, 6).Draw(t, "least")))
		q.MinAmount = &n
	}
	if rapid.IntRange(0, 3).Draw(t, "bounded") == 0 {
		q.Until = time.Unix(1_600_000_000+int64(rapid.IntRange(0, 2000).Draw(t, "until")), int64(rapid.IntRange(0, 1).Draw(t, "part"))*500_000_000)
	}
	methods := trace.Methods()
	if q.Backward {
		methods = methods[:5]
	}
	return q, methods
}

// folder is a Creator of plain files, one at a time.
type folder struct {
	path string
	last *os.File
}

func (f *folder) Create(name string) (io.Writer, error) {
	path := filepath.Join(f.path, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if err := f.close(); err != nil {
		return nil, err
	}
	var err error
	f.last, err = os.Create(path)
	return f.last, err
}

func (f *folder) close() error {
	if f.last == nil {
		return nil
	}
	return f.last.Close()
}

func (f *folder) open(name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(f.path, name))
}

// asked writes what a few questions come to, as a package has it, and returns what the engine answered.
func asked(t *rapid.T, f *folder, h *history, first int) (runs []RunLine, answers map[string][]byte) {
	ctx := context.Background()
	id := goshawk.ID(fmt.Sprintf("main-%d", first))
	ledger := h.model.Ledger()
	head, err := ledger.Head(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c := &Collector{ID: id, Ledger: ledger, Params: h.params}
	answers = map[string][]byte{}
	for n := range 4 {
		q, methods := question(t, h)
		at := head.Point()
		if last := rapid.IntRange(0, 2*len(h.model.Blocks)).Draw(t, "tip"); last < len(h.model.Blocks) && !h.model.Partial {
			b := h.model.Blocks[last]
			at.Height, at.Hash = b.Height, b.Hash
		}
		traces, rules, err := c.Again(ctx, &Asked{Question: q, Methods: methods, At: at})
		if goshawk.CodeOf(err) == goshawk.NotFound && at != head.Point() {
			continue // it starts from what was not there yet
		}
		if err != nil {
			t.Fatal(err)
		}
		then(t, h, at, q, traces)
		run := RunLine{Number: first + n, Title: fmt.Sprintf("%+v", q), Ledger: id}
		home := fmt.Sprintf("runs/%d/", run.Number)
		if err := writeJSON(f, home+"rules.json", rules); err != nil {
			t.Fatal(err)
		}
		for _, a := range traces {
			run.Traces = append(run.Traces, a.Method)
			w, err := f.Create(home + "traces/" + a.Method + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var text bytes.Buffer
			if err := report.TraceJSON(&text, a); err != nil {
				t.Fatal(err)
			}
			answers[fmt.Sprint(run.Number, a.Method)] = text.Bytes()
			if _, err := w.Write(text.Bytes()); err != nil {
				t.Fatal(err)
			}
		}
		runs = append(runs, run)
	}
	missing, err := c.Write(ctx, f, h, nil)
	if err != nil || len(missing) > 0 {
		t.Fatal(missing, err)
	}
	return runs, answers
}

// then compares answers with those of a ledger that really ends where it is said to.
func then(t *rapid.T, h *history, at goshawk.TracePoint, q trace.Question, answers []*goshawk.Trace) {
	short := *h.model
	for i, b := range short.Blocks {
		if b.Hash == at.Hash {
			short.Blocks = short.Blocks[:i+1]
		}
	}
	for _, a := range answers {
		q.Method = trace.Method(a.Method)
		want, err := trace.Run(context.Background(), short.Ledger(), q)
		if err != nil {
			t.Fatal(err)
		}
		var x, y bytes.Buffer
		if err := errors.Join(report.TraceJSON(&x, a), report.TraceJSON(&y, want)); err != nil {
			t.Fatal(err)
		}
		if x.String() != y.String() {
			t.Fatalf("as of %d: %s\nbut %s", at.Height, x.String(), y.String())
		}
	}
}

// tracer runs the tracer of a package. Python is no option here: it is what a package is checked with.
func tracer(t testing.TB, folder string) (string, error) {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Fatal("the tests of the tracer need python3: ", err)
	}
	cmd := exec.CommandContext(t.Context(), python, "-I", "-B", "tracer.py", folder)
	text, err := cmd.CombinedOutput()
	return string(text), err
}

// TestTracer: the plain tracer, which has raw transactions only, agrees with the engine on random
// histories in every end, amount and coin on the way, by every method, both ways; and so does the
// engine over the raw transactions.
func TestTracer(t *testing.T) {
	f := &folder{path: t.TempDir()}
	var all []RunLine
	count := 0
	kinds := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		h := grow(r)
		count += 4
		runs, answers := asked(r, f, h, count-3)
		all = append(all, runs...)
		if len(runs) == 0 {
			return
		}
		home := filepath.Join(f.path, "chain", string(runs[0].Ledger))
		ledger, err := newReplay(context.Background(), (&folder{path: home}).open)
		if err != nil {
			r.Fatal(err)
		}
		for _, run := range runs {
			var rules Rules
			if err := readJSON((&folder{path: filepath.Join(f.path, "runs", fmt.Sprint(run.Number))}).open, "rules.json", &rules); err != nil {
				r.Fatal(err)
			}
			for _, m := range run.Traces {
				answer := answers[fmt.Sprint(run.Number, m)]
				faults, err := ledger.recompute(context.Background(), m, &rules, answer)
				if err != nil || len(faults) > 0 {
					r.Fatalf("%s, %s: %v\n%s", run.Title, m, err, strings.Join(faults, "\n"))
				}
				var s stated
				if err := json.Unmarshal(answer, &s); err != nil {
					r.Fatal(err)
				}
				for _, e := range s.Ends {
					var end struct{ Kind string }
					if err := json.Unmarshal(e, &end); err != nil {
						r.Fatal(err)
					}
					kinds[end.Kind]++
				}
			}
		}
	})
	if err := writeJSON(f, "package.json", &Contents{Case: CaseLine{Title: "test"}, Runs: all}); err != nil {
		t.Fatal(err)
	}
	if err := f.close(); err != nil {
		t.Fatal(err)
	}
	text, err := tracer(t, f.path)
	if err != nil {
		var wrong []string
		for i, part := range strings.Split(text, "\nRun ") {
			if i > 0 && strings.Contains(part, "DIFFERS") {
				wrong = append(wrong, part)
			}
		}
		t.Fatalf("%v, %d runs of %d differ:\n%s\n%s", err, len(wrong), len(all), strings.Join(wrong[:min(3, len(wrong))], "\n"), text[max(0, len(text)-300):]+text[:min(len(text), 300)])
	}
	for _, kind := range goshawk.EndKinds() {
		if kinds[string(kind)] < 3 {
			t.Errorf("only %d ends of kind %s were compared: the histories are too tame", kinds[string(kind)], kind)
		}
	}
}
