package export

import (
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"

	"goshawk"
)

const (
	// groupRows is how many rows a row group holds. Engines read row groups in
	// parallel and skip them by their statistics; a writer holds one in memory.
	groupRows = 1 << 18
	// groupText ends a row group early that holds so many bytes of long texts.
	groupText = 64 << 20
	// chunkRows rows go to the encoder at a time, in memory that is reused.
	chunkRows = 1 << 10
	// bloomBits a value make one wrong answer in a hundred.
	bloomBits = 10
)

// table writes rows of one kind into one file.
type table[Row any] struct {
	name   string
	out    io.WriteCloser
	closed bool
	w      *parquet.GenericWriter[Row]
	rows   []Row // not yet encoded
	group  int   // rows encoded of this row group
	text   int   // bytes of long texts in this row group
}

// newTable creates a file. Columns named in search get Bloom filters.
func newTable[Row any](x *exporter, name string, search ...string) (*table[Row], error) {
	out, err := x.create(name)
	if err != nil {
		return nil, failed(name, err)
	}
	options := []parquet.WriterOption{
		parquet.CreatedBy("goshawk", goshawk.Version, ""),
		parquet.Compression(x.codec),
		parquet.DataPageVersion(1), // every reader knows it
		parquet.DefaultEncodingFor(parquet.Int32, &parquet.DeltaBinaryPacked),
		parquet.DefaultEncodingFor(parquet.Int64, &parquet.DeltaBinaryPacked),
	}
	var filters []parquet.BloomFilterColumn
	for _, column := range search {
		filters = append(filters, parquet.SplitBlockFilter(bloomBits, column))
	}
	options = append(options, parquet.BloomFilters(filters...))
	for _, m := range x.metadata {
		options = append(options, parquet.KeyValueMetadata(m[0], m[1]))
	}
	t := &table[Row]{name: name, out: out, w: parquet.NewGenericWriter[Row](out, options...), rows: make([]Row, 0, chunkRows)}
	x.open = append(x.open, t)
	return t, nil
}

// row returns the next row, to be filled whole and then added.
func (t *table[Row]) row() *Row { return &t.rows[:len(t.rows)+1][len(t.rows)] }

// add takes the row that was filled. Long texts in it count as text.
func (t *table[Row]) add(text int) error {
	t.rows = t.rows[:len(t.rows)+1]
	t.text += text
	if len(t.rows) < cap(t.rows) && t.text < groupText {
		return nil
	}
	return t.encode()
}

// encode empties rows.
func (t *table[Row]) encode() error {
	if _, err := t.w.Write(t.rows); err != nil {
		return failed(t.name, err)
	}
	t.group += len(t.rows)
	t.rows = t.rows[:0]
	if t.group < groupRows && t.text < groupText {
		return nil
	}
	t.group, t.text = 0, 0
	if err := t.w.Flush(); err != nil {
		return failed(t.name, err)
	}
	return nil
}

// finish writes what makes the file whole, and closes it.
func (t *table[Row]) finish() error {
	if err := t.encode(); err != nil {
		return err
	}
	if err := t.w.Close(); err != nil {
		return failed(t.name, err)
	}
	t.closed = true
	if err := t.out.Close(); err != nil {
		return failed(t.name, err)
	}
	return nil
}

// abandon closes a file that is not finished. Without its footer no reader
// takes it for a Parquet file.
func (t *table[Row]) abandon() {
	if !t.closed {
		t.closed = true
		_ = t.out.Close() // an error is on its way already, and what was written is worth nothing
	}
}

func failed(name string, err error) error {
	code := goshawk.CodeOf(err)
	if code == "" {
		code = goshawk.Unavailable
	}
	return goshawk.Errorf(code, "cannot write %s: %w", name, err)
}

// codec compresses pages with Zstandard. Hashes in hexadecimal hold no repeats,
// only digits: the fast levels find nothing to do there unless told to code
// literals by their frequency, which halves them and parquet-go cannot say.
type codec struct {
	compress.Codec
	encoder *zstd.Encoder
}

func newCodec() (*codec, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithAllLitEntropyCompression(true))
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unsupported, "no compression: %w", err)
	}
	return &codec{Codec: &parquet.Zstd, encoder: e}, nil
}

// Encode implements compress.Codec.
func (c *codec) Encode(dst, src []byte) ([]byte, error) {
	return c.encoder.EncodeAll(src, dst[:0]), nil
}
