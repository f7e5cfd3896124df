package bitcoin

import (
	"bytes"
	"testing"

	"github.com/btcsuite/btcd/chaincfg/v2"

	"goshawk"
)

// oracles are btcd's values of the same networks.
func oracle(t testing.TB, name string) *chaincfg.Params {
	t.Helper()
	switch name {
	case "bitcoin":
		return &chaincfg.MainNetParams
	case "testnet3":
		return &chaincfg.TestNet3Params
	case "testnet4":
		return &chaincfg.TestNet4Params
	case "signet":
		return &chaincfg.SigNetParams
	case "regtest":
		return &chaincfg.RegressionNetParams
	}
	t.Fatalf("no oracle for %s", name)
	return nil
}

func network(t testing.TB, name string) *Params {
	t.Helper()
	p, err := Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNetworksAgreeWithBtcd(t *testing.T) {
	for _, p := range Networks() {
		want := oracle(t, p.Name)
		if got := want.GenesisHash.String(); p.Genesis.String() != got {
			t.Errorf("%s: genesis %s, btcd has %s", p.Name, p.Genesis, got)
		}
		if p.PubKeyHash != want.PubKeyHashAddrID || p.ScriptHash != want.ScriptHashAddrID || p.HRP != want.Bech32HRPSegwit {
			t.Errorf("%s: address prefixes differ from btcd's", p.Name)
		}
		if p.EasiestBits != want.PowLimitBits {
			t.Errorf("%s: easiest target %08x, btcd has %08x", p.Name, p.EasiestBits, want.PowLimitBits)
		}
		if magic := uint32(p.Magic[0]) | uint32(p.Magic[1])<<8 | uint32(p.Magic[2])<<16 | uint32(p.Magic[3])<<24; magic != uint32(want.Net) {
			t.Errorf("%s: magic %08x, btcd has %08x", p.Name, magic, uint32(want.Net))
		}
		var genesis bytes.Buffer
		if err := want.GenesisBlock.Serialize(&genesis); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.GenesisBlock, genesis.Bytes()) {
			t.Errorf("%s: the genesis block differs from btcd's", p.Name)
		}
		for _, key := range p.ExtendedKeys {
			if key.Prefix == "xpub" || key.Prefix == "tpub" {
				if id := want.HDPublicKeyID; key.Version != uint32(id[0])<<24|uint32(id[1])<<16|uint32(id[2])<<8|uint32(id[3]) {
					t.Errorf("%s: %s has version %08x, btcd has %x", p.Name, key.Prefix, key.Version, id)
				}
			}
		}
	}
}

func TestGenesisBlocksDecode(t *testing.T) {
	for _, p := range Networks() {
		var b goshawk.Block
		if err := NewDecoder(p).Block(p.GenesisBlock, &b); err != nil {
			t.Fatalf("%s: %v", p.Name, err)
		}
		if b.Hash != p.Genesis || b.Height != 0 || !b.Outs[0].Burnt || !b.Txs[0].Coinbase || len(b.Ins) != 0 {
			t.Errorf("%s: the genesis block decodes to %+v", p.Name, b)
		}
	}
}

func TestLookup(t *testing.T) {
	if p := network(t, "testnet4"); p.Asset() != (goshawk.Asset{Network: "testnet4", Ticker: "tBTC", Decimals: 8}) {
		t.Errorf("the asset of testnet4 is %+v", p.Asset())
	}
	_, err := Lookup("mainnet")
	if goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) != "choose one of bitcoin, testnet3, testnet4, signet, regtest" {
		t.Errorf("an unknown network gives %v, hint %q", err, goshawk.HintOf(err))
	}
}
