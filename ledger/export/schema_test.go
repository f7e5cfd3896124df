package export_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"goshawk"
	"goshawk/ledger/export"
	"goshawk/ledger/ledgertest"
)

// TestSchemaPage holds the page that describes the files to the files: tables,
// columns, their order and types, and the metadata's keys.
func TestSchemaPage(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "format", "parquet.md"))
	if err != nil {
		t.Fatal(err)
	}
	described := tables(string(page))
	l := altered{Ledger: ledgertest.Random(1, ledgertest.Shape{}).Ledger(), head: func(h *goshawk.Head) { h.Asset.Token = "token" }}
	s := exported(t, l, pairs{})
	for _, name := range export.Files() {
		table := strings.TrimSuffix(name, ".parquet")
		r := s.reader(t, table)
		var columns []string
		for i := range r.MetaData().Schema.NumColumns() {
			columns = append(columns, describe(r.MetaData().Schema.Column(i)))
		}
		if !slices.Equal(columns, described[table]) {
			t.Errorf("%s has the columns\n%s\nand the page says\n%s", table, strings.Join(columns, "\n"), strings.Join(described[table], "\n"))
		}
		keys := slices.Sorted(slices.Values(r.MetaData().KeyValueMetadata().Keys()))
		told := slices.Clone(described["Metadata"])
		if slices.Sort(told); !slices.Equal(keys, told) {
			t.Errorf("%s has the metadata %s, and the page says %s", table, keys, told)
		}
		if by := r.MetaData().GetCreatedBy(); !strings.HasPrefix(by, "goshawk version "+goshawk.Version) {
			t.Errorf("%s was made by %q", table, by)
		}
		chunk, err := r.MetaData().RowGroup(0).ColumnChunk(0)
		if err != nil {
			t.Fatal(err)
		}
		if chunk.Compression() != compress.Codecs.Zstd {
			t.Errorf("%s is compressed with %v", table, chunk.Compression())
		}
	}
	for section := range described {
		if section != "Metadata" && !slices.Contains(export.Files(), section+".parquet") {
			t.Errorf("the page describes %s, which is not written", section)
		}
	}
}

// tables returns the rows of the page's tables by section: "column type null",
// or what stands in the first cell.
func tables(page string) map[string][]string {
	found := map[string][]string{}
	section := ""
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		if title, ok := strings.CutPrefix(line, "## "); ok {
			section = title
		}
		if !strings.HasPrefix(line, "| `") {
			continue
		}
		cells := strings.Split(line, "|")
		for i := range cells {
			cells[i] = strings.Trim(cells[i], " `")
		}
		entry := cells[1]
		if len(cells) > 5 {
			entry = strings.TrimSpace(strings.Join(cells[1:4], " "))
		}
		found[section] = append(found[section], entry)
	}
	return found
}

// describe writes a column of a file as the page does.
func describe(c *schema.Column) string {
	kind := fmt.Sprint(c.PhysicalType())
	switch l := c.LogicalType().(type) {
	case schema.StringLogicalType:
		kind = "STRING"
	case schema.TimestampLogicalType:
		kind = fmt.Sprintf("TIMESTAMP(%v, utc=%v)", l.TimeUnit(), l.IsAdjustedToUTC())
		if l.TimeUnit() == schema.TimeUnitMillis && l.IsAdjustedToUTC() {
			kind = "TIMESTAMP(ms, UTC)"
		}
	case *schema.IntLogicalType:
		kind = fmt.Sprintf("INT%d", l.BitWidth())
		if !l.IsSigned() {
			kind = "U" + kind
		}
	}
	null := ""
	if c.SchemaNode().RepetitionType() != parquet.Repetitions.Required {
		null = " yes"
	}
	return c.Name() + " " + kind + null
}

// TestMetadata holds what a file says of its ledger.
func TestMetadata(t *testing.T) {
	for _, test := range []struct {
		shape    ledgertest.Shape
		clusters export.Clusters
	}{{ledgertest.Shape{}, pairs{}}, {ledgertest.Shape{Start: 500}, nil}, {ledgertest.Shape{Partial: true}, nil}} {
		l := ledgertest.Random(5, test.shape).Ledger()
		head, err := l.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"goshawk.version": goshawk.Version, "goshawk.network": "test", "goshawk.asset.ticker": "COIN", "goshawk.asset.decimals": "8",
			"goshawk.ledger.hash": head.Hash.String(), "goshawk.ledger.start": fmt.Sprint(test.shape.Start), "goshawk.ledger.partial": fmt.Sprint(test.shape.Partial),
		}
		if head.Height >= 0 {
			want["goshawk.ledger.height"] = fmt.Sprint(head.Height)
		}
		if test.clusters != nil {
			want["goshawk.clusters.rule"] = "pairs/1"
		}
		m := exported(t, l, test.clusters).reader(t, "spends").MetaData().KeyValueMetadata()
		if m.Len() != len(want) {
			t.Errorf("metadata %v, want %v", m.Keys(), want)
		}
		for key, value := range want {
			if got := m.FindValue(key); got == nil || *got != value {
				t.Errorf("%s is not %q", key, value)
			}
		}
	}
}
