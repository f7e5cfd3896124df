package bitcoin

import (
	"testing"

	"goshawk"
	"goshawk/internal/fixture"
)

func benchmarkDecode(b *testing.B, height string, derive bool) {
	raw := fixture.Bytes(b, "bitcoin", "blocks", height+".blk")
	d := NewDecoder(network(b, "bitcoin"))
	d.DeriveKeys = derive
	var block goshawk.Block
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Block(raw, &block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(block.Txs)*b.N)/b.Elapsed().Seconds(), "tx/s")
	b.ReportMetric(float64((len(block.Ins)+len(block.Outs))*b.N)/b.Elapsed().Seconds(), "coins/s")
}

func BenchmarkDecode2013(b *testing.B)     { benchmarkDecode(b, "250000", false) }
func BenchmarkDecode2015(b *testing.B)     { benchmarkDecode(b, "367891", false) }
func BenchmarkDecode2024(b *testing.B)     { benchmarkDecode(b, "866342", false) }
func BenchmarkDecode2024Keys(b *testing.B) { benchmarkDecode(b, "866342", true) }

// BenchmarkDecodeSmall decodes a block of 1,000 payments with one input and two
// P2WPKH outputs, the shape of the chain that the project's figures are taken on.
func BenchmarkDecodeSmall(b *testing.B) {
	p := network(b, "regtest")
	txs := []*Tx{Coinbase(1, nil, TxOutput{Value: 50, Script: []byte{op1}})}
	for i := range 1000 {
		t := &Tx{Version: 2}
		t.Inputs = []TxInput{{Prev: goshawk.Outpoint{Tx: goshawk.Hash{byte(i), byte(i >> 8), 1}}, Witness: [][]byte{make([]byte, 72), make([]byte, 33)}}}
		for j := range 2 {
			t.Outputs = append(t.Outputs, TxOutput{Value: uint64(i), Script: Script(goshawk.WitnessPubKeyHash, append(make([]byte, 17), byte(i), byte(i>>8), byte(j)))})
		}
		txs = append(txs, t)
	}
	raw, _, err := p.NewBlock(p.Genesis, 1, txs...)
	if err != nil {
		b.Fatal(err)
	}
	d := NewDecoder(p)
	var block goshawk.Block
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Block(raw, &block); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(block.Txs)*b.N)/b.Elapsed().Seconds(), "tx/s")
}
