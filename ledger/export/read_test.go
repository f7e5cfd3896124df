package export_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"goshawk"
	"goshawk/ledger/export"
)

// shelf keeps the files of an export in memory.
type shelf map[string]*volume

type volume struct {
	bytes.Buffer
	closed int
}

func (v *volume) Close() error {
	v.closed++
	return nil
}

func (s shelf) create(name string) (io.WriteCloser, error) {
	if s[name] != nil {
		return nil, fmt.Errorf("%s is created twice", name)
	}
	s[name] = new(volume)
	return s[name], nil
}

// exported exports a ledger, which must succeed.
func exported(t *testing.T, l goshawk.Ledger, clusters export.Clusters) shelf {
	t.Helper()
	s := shelf{}
	if err := export.Write(t.Context(), l, clusters, s.create, nil); err != nil {
		t.Fatal(err)
	}
	for name, v := range s {
		if v.closed != 1 {
			t.Errorf("%s is closed %d times", name, v.closed)
		}
	}
	return s
}

// reader opens a file with the Arrow project's reader.
func (s shelf) reader(t *testing.T, table string) *file.Reader {
	t.Helper()
	v := s[table+".parquet"]
	if v == nil {
		t.Fatalf("there is no file of %s", table)
	}
	r, err := file.NewParquetReader(bytes.NewReader(v.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// row is a row of a table by column; null is nil.
type row map[string]any

// rows reads a table.
func (s shelf) rows(t *testing.T, table string) []row {
	t.Helper()
	r, err := pqarrow.NewFileReader(s.reader(t, table), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	content, err := r.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer content.Release()
	rows := make([]row, content.NumRows())
	for i := range rows {
		rows[i] = row{}
	}
	for c := range int(content.NumCols()) {
		at, name := 0, content.Schema().Field(c).Name
		for _, chunk := range content.Column(c).Data().Chunks() {
			for i := range chunk.Len() {
				rows[at][name] = cell(t, chunk, i)
				at++
			}
		}
	}
	return rows
}

// cell returns a value as Go has it: int64, int32, bool, string or nil.
func cell(t *testing.T, values arrow.Array, i int) any {
	if values.IsNull(i) {
		return nil
	}
	switch v := values.(type) {
	case *array.Int64:
		return v.Value(i)
	case *array.Int32:
		return v.Value(i)
	case *array.Boolean:
		return v.Value(i)
	case *array.Timestamp:
		return int64(v.Value(i))
	case *array.String:
		return strings.Clone(v.Value(i))
	case *array.Binary:
		return string(v.Value(i))
	default:
		t.Fatalf("a column has the type %v", values.DataType())
		return nil
	}
}

// expected makes the tables from the ledger's answers to single questions.
func expected(t *testing.T, l goshawk.Ledger, clusters export.Clusters) map[string][]row {
	t.Helper()
	head, err := l.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string][]row{"blocks": {}, "transactions": {}, "inputs": {}, "outputs": {}, "spends": {}, "addresses": {}}
	add := func(table string, r row) { tables[table] = append(tables[table], r) }

	for id := range goshawk.BlockID(head.Blocks) {
		blocks, err := l.Blocks(t.Context(), []goshawk.BlockID{id})
		if err != nil {
			t.Fatal(err)
		}
		b := blocks[0]
		add("blocks", row{"block_id": int64(b.ID), "hash": b.Hash.String(), "parent": b.Parent.String(), "height": height(b.Height),
			"time": b.Time * 1000, "first_tx_id": int64(b.FirstTx), "transaction_count": int64(b.TxCount), "header": string(b.Header)})
	}
	for id := range goshawk.AddressID(head.Addresses) {
		addresses, err := l.Addresses(t.Context(), []goshawk.AddressID{id}, 0)
		if err != nil {
			t.Fatal(err)
		}
		add("addresses", row{"address_id": int64(id), "address": addresses[0].Text, "kind": addresses[0].Kind.String()})
		if clusters != nil {
			add("clusters", row{"address_id": int64(id), "cluster_id": int64(clusters.Root(id))})
		}
	}
	var batch goshawk.Transactions
	for id := range goshawk.TxID(head.Transactions) {
		const all = goshawk.WantHashes | goshawk.WantOutpoints | goshawk.WantSequences | goshawk.WantKinds
		if err := l.Transactions(t.Context(), []goshawk.TxID{id}, all, &batch); err != nil {
			t.Fatal(err)
		}
		expectedTransaction(t, l, &batch, add)
	}
	return tables
}

func expectedTransaction(t *testing.T, l goshawk.Ledger, batch *goshawk.Transactions, add func(string, row)) {
	t.Helper()
	tx := batch.Rows[0]
	place := func(r row) row {
		r["tx_id"], r["height"], r["time"] = int64(tx.ID), height(tx.Height), tx.Time*1000
		return r
	}
	var in, out, fee any
	var inSum, outSum int64
	resolved := true
	for i, input := range batch.Inputs {
		prev := batch.Outpoints[i]
		r := place(row{"vin": int64(i), "prev_txid": prev.Tx.String(), "prev_vout": int64(prev.Index), "sequence": int64(batch.Sequences[i]),
			"output_id": nil, "value": nil, "address_id": nil, "kind": nil, "created_height": nil})
		if input.Address != goshawk.NoAddress {
			r["address_id"] = int64(input.Address)
		}
		switch input.Link {
		case goshawk.Linked:
			r["link"], r["output_id"] = "linked", int64(input.Spent)
			coins, err := l.Outputs(t.Context(), []goshawk.OutputID{input.Spent})
			if err != nil {
				t.Fatal(err)
			}
			add("spends", row{"output_id": int64(input.Spent), "tx_id": int64(coins[0].Tx), "vout": int64(coins[0].Index),
				"spender_tx_id": int64(tx.ID), "spender_vin": int64(i), "value": int64(coins[0].Value), "address_id": int64(coins[0].Address)})
		case goshawk.Before:
			r["link"], r["created_height"] = "before", height(input.Height)
		case goshawk.Unresolved:
			r["link"], resolved = "unresolved", false
		default:
			t.Fatalf("an input's link is %d", input.Link)
		}
		if input.Link != goshawk.Unresolved {
			r["value"], r["kind"] = int64(input.Value), input.Kind.String()
			inSum += int64(input.Value)
		}
		add("inputs", r)
	}
	for i, output := range batch.Outputs {
		r := place(row{"output_id": int64(output.ID), "vout": int64(i), "value": int64(output.Value), "address_id": int64(output.Address),
			"kind": output.Kind.String(), "by_key": output.ByKey, "burnt": output.Spender == goshawk.Burnt, "spender_tx_id": nil})
		if output.Spender != goshawk.NoTx && output.Spender != goshawk.Burnt {
			r["spender_tx_id"] = int64(output.Spender)
		}
		outSum += int64(output.Value)
		add("outputs", r)
	}
	out = outSum
	if resolved {
		in = inSum
		if !tx.Coinbase {
			fee = inSum - outSum
		}
	}
	add("transactions", place(row{"txid": tx.Hash.String(), "block_id": int64(tx.Block), "position": int64(tx.Position), "version": tx.Version,
		"locktime": int64(tx.LockTime), "weight": int64(tx.Weight), "coinbase": tx.Coinbase, "input_count": int64(len(batch.Inputs)),
		"output_count": int64(len(batch.Outputs)), "input_value": in, "output_value": out, "fee": fee}))
}

func height(h int32) any {
	if h < 0 {
		return nil
	}
	return h
}

// compare compares every value of an export with the ledger.
func compare(t *testing.T, s shelf, l goshawk.Ledger, clusters export.Clusters) {
	t.Helper()
	want := expected(t, l, clusters)
	if len(s) != len(want) {
		t.Fatalf("%d files for %d tables", len(s), len(want))
	}
	for table, rows := range want {
		got := s.rows(t, table)
		if len(got) != len(rows) {
			t.Fatalf("%s has %d rows, want %d", table, len(got), len(rows))
		}
		for i := range rows {
			if !reflect.DeepEqual(got[i], rows[i]) {
				t.Fatalf("%s, row %d:\n got %v\nwant %v", table, i, got[i], rows[i])
			}
		}
	}
}
