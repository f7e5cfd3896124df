package export_test

import (
	"bytes"
	"os"
	"testing"

	"goshawk/internal/fixture"
)

func TestDump(t *testing.T) {
	var chain bytes.Buffer
	for _, name := range []string{"blk00000.dat", "blk00001.dat"} {
		chain.Write(fixture.Bytes(t, "bitcoin", "first600", name))
	}
	l := embedded(t, "bitcoin", &chain)
	s := exported(t, l, forest{l})
	os.MkdirAll("/tmp/exp/out", 0o755)
	for n, v := range s {
		os.WriteFile("/tmp/exp/out/"+n, v.Bytes(), 0o644)
	}
}
