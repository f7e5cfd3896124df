package evidence

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"goshawk"
)

// reforged is a package whose payload somebody changed, who then made manifests and signature anew.
func reforged(t testing.TB, from []byte, change func(files map[string][]byte)) []byte {
	t.Helper()
	names, content := unpack(t, from)
	root, _, _ := strings.Cut(names[0], "/")
	files := map[string][]byte{}
	for name, text := range content {
		if under, is := strings.CutPrefix(name, root+"/"+payload); is {
			files[under] = text
		}
	}
	change(files)
	b := newBag(io.Discard, root, time.Time{})
	var out bytes.Buffer
	b.zip = zip.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := b.file(payload+name, files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.close(nil, ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, 32)), "forger"); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func instead(t testing.TB, file, old, new string) func(map[string][]byte) {
	return func(files map[string][]byte) {
		t.Helper()
		if !bytes.Contains(files[file], []byte(old)) {
			t.Fatalf("%s has no %q:\n%s", file, old, files[file])
		}
		files[file] = bytes.Replace(files[file], []byte(old), []byte(new), 1)
	}
}

// TestForged: whoever makes manifests and signature anew is found by what the bytes prove: numbers,
// transactions, paths, headers, and by whatever is said twice.
func TestForged(t *testing.T) {
	whole := sample(t, nil)
	if v := look(t, reforged(t, whole, func(map[string][]byte) {}), nil); v.Faults > 0 {
		t.Fatalf("what is signed anew is signed: %s", words(v))
	}
	for _, f := range [][3]string{
		{"runs/1/traces/fifo.json", `"amount": "`, `"amount": "1`},
		{"runs/1/traces/fifo.json", `"steps": `, `"steps": 1`},
		{"runs/1/traces/fifo.json", `"hops": `, `"hops": 1`},
		{"runs/1/traces/fifo.json", `"amount": "`, `"amount": "99", "amount": "`},
		{"runs/1/rules.json", `"services": [`, `"Services": [], "services": [`},
		{"runs/1/traces/fifo.json", `"label": "service`, `"label": "another service`},
		{"runs/1/answer.json", `"amount": "`, `"amount": "1`},
		{"runs/2/answer.json", `"amounts": {"haircut": "`, `"amounts": {"haircut": "1`},
		{"runs/2/answer.json", `"least": "`, `"least": "1`},
		{"runs/2/answer.json", `"most": "`, `"most": "1`},
		{"runs/2/answer.json", `"agree": true`, `"agree": false`},
		{"runs/2/answer.json", `"haircut": {"`, `"haircut": {"start": "5", "`},
		{"runs/2/answer.json", `"out": 0`, `"out": 1`},
		{"runs/2/answer.json", `"stop_confidence": 50`, `"stop_confidence": 60`},
		{"runs/2/rules.json", `"services": [`, `"services": [], "was": [`},
		{"runs/2/rules.json", `"label": "service`, `"label": "another service`},
		{"chain/main/transactions.jsonl", `"position":1`, `"position":0`},
		{"chain/main/transactions.jsonl", `"raw":"02`, `"raw":"03`},
		{"chain/main/blocks.jsonl", `"header":"`, `"header":"0`},
		{"chain/main/blocks.jsonl", `"height":0`, `"height":9`},
		{"chain/main/network.json", `"easiest_bits": `, `"easiest_bits": 1`},
		{"exhibits/E-1/_con_.txt", "statement", "Statement"},
		{"exhibits/index.json", `"custodian": "`, `"custodian": "Somebody else`},
		{"package.json", `"number": 1`, `"number": 2`},
		{"package.json", `"state": "done"`, `"state": "failed"`},
		{"package.json", "Ransom", "Reward"},
		{"report.html", "Jan Brandt", "Jan Brand"},
		{"report.html", "<body", `<body hidden`},
		{"report.json", "Jan Brandt", "Jan Brand"},
		{"report.json", `"missing": [`, `"missing": [], "was": [`},
		{"report.json", `"amount": "`, `"amount": "1`},
		{"report.json", `"steps": `, `"steps": 1`},
		{"report.json", `"ends_omitted": 0`, `"ends_omitted": 1`},
		{"report.json", `"label": "service`, `"label": "another service`},
		{"report.json", `"inference": false`, `"inference": true`},
		{"report.json", `"used": false`, `"used": true`},
		{"report.json", `"number": "E-1"`, `"number": "E-9"`},
		{"report.json", `"rate": "1`, `"rate": "9`},
		{"report.json", `"rate": "`, `"rate": "x`},
		{"report.json", `"rate": "`, `"was": "`},
		{"report.json", `"sha256": "aaaa`, `"sha256": "aaab`},
		{"report.json", `"worth": [`, `"worth": ["1"], "was": [`},
		{"report.json", `"most": "`, `"most": "1`},
		{"report.json", `"money": {`, `"was": {`},
		{"report.json", `"time": "2`, `"time": "1`},
		{"report.json", `"currency": "USD"`, `"currency": "EUR"`},
		{"exhibits/index.json", `"media": "`, `"media": "x`},
		{"exhibits/index.json", `"reason": "`, `"reason": "not `},
		{"labels/sources.json", `"hash": "0`, `"hash": "1`},
	} {
		if v := look(t, reforged(t, whole, instead(t, f[0], f[1], f[2])), nil); v.Faults == 0 {
			t.Errorf("%v is not found: %s", f, words(v))
		}
	}
}

// TestOtherFormat: a package of which nothing can be verified but its bytes is no verified package.
func TestOtherFormat(t *testing.T) {
	text := reforged(t, sample(t, nil), instead(t, "package.json", `"format": 1`, `"format": 2`))
	if v, err := VerifyZip(t.Context(), bytes.NewReader(text), int64(len(text)), nil); goshawk.CodeOf(err) != goshawk.Unsupported {
		t.Errorf("%v, %v", v, err)
	}
	names, content := unpack(t, text)
	content[names[len(names)-1]] = []byte("changed")
	if v := look(t, pack(t, names, content), nil); v.Faults == 0 {
		t.Error("a change is not found")
	}
}

// TestForgedValues: what is said of values is computed again, and what is said of labels and custody compared with what else
// the package says of them, whatever the report's pages say.
func TestForgedValues(t *testing.T) {
	whole := sample(t, nil)
	if v := look(t, whole, nil); !strings.Contains(words(v), "its values in USD follow from its amounts") {
		t.Fatalf("values are not verified: %s", words(v))
	}
	for _, f := range [][3]string{
		{`"rate": "1`, `"rate": "9`, "its values in a currency do not follow"},
		{`"rate": "`, `"rate": "x`, "is none"},
		{`"sha256": "aaaa`, `"sha256": "aaab`, "of a file that is not named"},
		{`"worth": [`, `"worth": ["1"], "was": [`, "its values in a currency do not follow"},
		{`"money": {`, `"was": {`, "its values in a currency do not follow"},
		{`"time": "2`, `"time": "1`, "is not found as it is there"},
		{`"confidence": "moderate"`, `"confidence": "high"`, "is not found as it is there"},
		{`"source": "x.csv"`, `"source": "y.csv"`, "the labels of y.csv"},
		{`"reason": "`, `"reason": "not `, "does not tell of E-1"},
	} {
		if v := look(t, reforged(t, whole, instead(t, "report.json", f[0], f[1])), nil); !strings.Contains(words(v), f[2]) {
			t.Errorf("%v: %s", f, words(v))
		}
	}
}

// TestForgedFiles: nor does it help to exchange, take out or add whole files.
func TestForgedFiles(t *testing.T) {
	whole := sample(t, nil)
	for name, change := range map[string]func(map[string][]byte){
		"another method's answer": func(f map[string][]byte) {
			f["runs/2/traces/lifo.json"] = f["runs/2/traces/haircut.json"]
		},
		"a file of a run that nobody lists": func(f map[string][]byte) { f["runs/4/answer.json"] = f["runs/1/answer.json"] },
		"an exhibit that nobody lists":      func(f map[string][]byte) { f["exhibits/E-9/confession.txt"] = []byte("I did it") },
		"an exhibit that is no exhibit": func(f map[string][]byte) {
			var list []Exhibit
			if err := json.Unmarshal(f["exhibits/index.json"], &list); err != nil {
				t.Fatal(err)
			}
			list[0].File, list[0].SHA256, list[0].Bytes = "README.txt", hex.EncodeToString(sumOf(f["README.txt"])), int64(len(f["README.txt"]))
			f["exhibits/index.json"] = mustJSON(list)
			delete(f, "exhibits/E-1/_con_.txt")
		},
		"a run left out": func(f map[string][]byte) {
			var c Contents
			if err := json.Unmarshal(f["package.json"], &c); err != nil {
				t.Fatal(err)
			}
			c.Runs = c.Runs[:2]
			f["package.json"] = mustJSON(c)
			delete(f, "runs/3/question.json")
		},
		"a comparison that lost a method": func(f map[string][]byte) {
			f["package.json"] = bytes.Replace(f["package.json"], []byte(`"tiho"`), []byte(`"lifo"`), 1)
			delete(f, "runs/2/traces/tiho.json")
		},
		"an answer that is no exhibit": func(f map[string][]byte) {
			f["runs/1/answer.json"] = append(slices.Clone(f["runs/1/answer.json"]), '\n')
		},
		"a coin that the chain says is another": func(f map[string][]byte) {
			line, _, _ := bytes.Cut(f["chain/main/transactions.jsonl"], []byte("\n"))
			var tx TxLine
			if err := json.Unmarshal(line, &tx); err != nil {
				t.Fatal(err)
			}
			f["chain/main/coins.jsonl"] = append(mustJSON(CoinLine{Spender: tx.TxID, Tx: tx.TxID, Value: decimal(77)}), '\n')
		},
		"another PDF": func(f map[string][]byte) {
			f["report.pdf"] = bytes.Replace(f["report.pdf"], []byte("/Title"), []byte("/Other"), 1)
		},
		"objects of other sizes": func(f map[string][]byte) {
			f["exhibits/index.json"] = []byte("[" + strings.Repeat("{},", mostObjects+1) + "{}]")
		},
	} {
		if v := look(t, reforged(t, whole, change), nil); v.Faults == 0 {
			t.Errorf("%s is not found: %s", name, words(v))
		}
	}
}

// TestPacked: how a PDF's streams are packed does not matter, what they say does.
func TestPacked(t *testing.T) {
	pdf := func(level int, text string) []byte { return packedPDF(t, level, text) }
	if !samePDF(pdf(1, "10 BTC"), pdf(9, "10 BTC")) {
		t.Error("packed otherwise it is another")
	}
	if samePDF(pdf(1, "10 BTC"), pdf(1, "19 BTC")) {
		t.Error("another text is the same")
	}
}

// TestNoFile: what is neither a file nor a folder is refused, and not waited for.
func TestNoFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := VerifyPath(t.Context(), path, nil); err == nil {
		t.Error("a pipe was read")
	}
}

func packedPDF(t *testing.T, level int, text string) []byte {
	t.Helper()
	var stream bytes.Buffer
	w, err := zlib.NewWriterLevel(&stream, level)
	if err == nil {
		_, err = io.WriteString(w, strings.Repeat(text+" ", 100))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	head := fmt.Sprintf("%%PDF-1.3\n4 0 obj\n<</Filter /FlateDecode /Length %d>>\nstream\n", stream.Len())
	body := head + stream.String() + "\nendstream\nendobj\n"
	return []byte(body + fmt.Sprintf("xref\n0 1\n%010d 65535 f \ntrailer\n<<>>\nstartxref\n%d\n%%%%EOF\n", len(head), len(body)))
}

// TestTracerForged: the plain tracer finds what it can find by itself, too.
func TestTracerForged(t *testing.T) {
	whole := sample(t, nil)
	_, content := unpack(t, whole)
	for _, f := range [][3]string{
		{"runs/1/traces/fifo.json", `"amount": "`, `"amount": "1`},
		{"runs/1/traces/fifo.json", `"totals": {`, `"totals": {"origin": "5", `},
		{"runs/1/traces/fifo.json", `"totals": {`, `"totals": {"start": "5", `}, // a key that is there twice
		{"runs/1/traces/fifo.json", `"method": "fifo"`, `"method": "poison"`},
		{"runs/2/traces/lifo.json", `"method": "lifo"`, `"method": "haircut"`},
		{"runs/2/rules.json", `"services": [`, `"services": [], "was": [`},
		{"chain/main/transactions.jsonl", `"raw":"02`, `"raw":"03`},
	} {
		dir := t.TempDir()
		for name, text := range content {
			_, under, is := strings.Cut(name, "/"+payload)
			if !is {
				continue
			}
			if under == f[0] {
				if !bytes.Contains(text, []byte(f[1])) {
					t.Fatalf("%s has no %q", under, f[1])
				}
				text = bytes.Replace(text, []byte(f[1]), []byte(f[2]), 1)
			}
			path := filepath.Join(dir, filepath.FromSlash(under))
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if out, err := tracer(t, dir); err == nil || !strings.Contains(out, "DIFFERS") && !strings.Contains(out, "cannot be read") {
			t.Errorf("%v is not found: %s", f, out)
		}
	}
}

// TestZipTricks: bytes that this program would not look at, and another might unpack, are found.
func TestZipTricks(t *testing.T) {
	good := sample(t, nil)
	other := reforged(t, good, func(f map[string][]byte) { f["report.html"] = []byte("<p>another report") })
	name := []byte("data/report.html")
	inside := bytes.Index(good, name)
	renamed := slices.Clone(good)
	renamed[inside+len(name)-1] = 'x' // where it lies, and not in the directory
	end := len(good) - endSize
	comment := slices.Clone(good)
	comment[len(comment)-2] = 4
	comment = append(comment, "more"...)
	for what, text := range map[string][]byte{
		"a program before it": append([]byte("#!/bin/sh\nexit\n"), good...), "another package before it": append(slices.Clone(other), good...), "a comment": comment,
		"a file named otherwise where it lies": renamed, "bytes before the end": slices.Concat(good[:end], []byte("hidden"), good[end:]),
	} {
		if v := look(t, text, nil); v.Faults == 0 {
			t.Errorf("%s: not found", what)
		}
	}
	// What other programs write is a zip file too: stored, with sizes in front, with folders.
	names, content := unpack(t, good)
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	if _, err := z.Create(strings.Split(names[0], "/")[0] + "/"); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		h := &zip.FileHeader{Name: n, Method: zip.Store, CRC32: crc32.ChecksumIEEE(content[n]), CompressedSize64: uint64(len(content[n])), UncompressedSize64: uint64(len(content[n]))}
		w, err := z.CreateRaw(h)
		if err == nil {
			_, err = w.Write(content[n])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if v := look(t, out.Bytes(), nil); v.Faults > 0 {
		t.Errorf("stored: %s", words(v))
	}
}
