package bitcoin

import (
	"encoding/hex"
	"math"
	"strings"

	"goshawk"
)

// Params is everything in which one Bitcoin-like network differs from another.
// It is plain data: a further network is a further value. A *Params is read
// only once it is in use and may then be shared by any number of goroutines.
type Params struct {
	Name     string // as commands and ledgers name it
	Ticker   string
	Decimals uint8
	Genesis  goshawk.Hash // of the block of height 0
	// GenesisBlock is that block's bytes; nil where they are not needed, since
	// block files hold them.
	GenesisBlock []byte

	Magic   [4]byte // before each message on the wire and each block in a block file
	Port    uint16  // peer-to-peer
	RPCPort uint16

	// Base58Check version bytes. ScriptHashOld lists further ones that are read
	// as P2SH and never written.
	PubKeyHash    byte
	ScriptHash    byte
	ScriptHashOld []byte
	// HRP is the human-readable part of segwit addresses (BIP 173); empty where
	// the network has none.
	HRP          string
	ExtendedKeys []ExtendedKeyVersion

	// EasiestBits is the compact form of the highest target that a header may state.
	EasiestBits uint32
	// WorkHash is the hash of a header that proof of work compares with the
	// target, in the order in which hashes are written; nil where it is the
	// block's own hash.
	WorkHash func(header []byte) goshawk.Hash
	// StatesHeight is the lowest height that is believed when a coinbase states
	// it (BIP 34): from there on every block had to state its own. Earlier ones
	// may state anything.
	StatesHeight int32
	// Overwritten lists the heights of two coinbases with one transaction id, of
	// which the later one overwrote the earlier (BIP 30).
	Overwritten  [][2]int32
	MaxBlockSize int    // bytes of a serialised block, witnesses included
	MaxMoney     uint64 // no output, and no transaction's outputs together, may exceed it
}

// ExtendedKeyVersion gives the meaning of an extended key's four version bytes
// (BIP 32, SLIP 132).
type ExtendedKeyVersion struct {
	Version uint32
	Prefix  string // how the text of such a key begins
	Use     KeyUse
}

// KeyUse says which addresses a wallet makes from an extended key.
type KeyUse uint8

const (
	UsePubKeyHash        KeyUse = iota // P2PKH, BIP 44
	UseNestedWitness                   // P2WPKH inside P2SH, BIP 49
	UseWitnessPubKeyHash               // P2WPKH, BIP 84
	UseCosigner                        // one of a multisig wallet's keys
	UsePrivate                         // a private key, refused everywhere
)

// Networks lists the networks known by name, the main one first. Each call
// returns new values.
func Networks() []*Params {
	return []*Params{mainnet(), testnet3(), testnet4(), signet(), regtest()}
}

// Lookup returns the network of a name: bitcoin, testnet3, testnet4, signet or regtest.
func Lookup(name string) (*Params, error) {
	var names []string
	for _, p := range Networks() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "no network is called %q", clip(name)).WithHint("choose one of %s", strings.Join(names, ", "))
}

// Asset returns the network's own coin.
func (p *Params) Asset() goshawk.Asset {
	return goshawk.Asset{Network: p.Name, Ticker: p.Ticker, Decimals: p.Decimals}
}

func mainnet() *Params {
	return &Params{
		Name: "bitcoin", Ticker: "BTC", Decimals: 8,
		Genesis:      known("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
		GenesisBlock: firstGenesis(1231006505, 0x1d00ffff, 2083236893),
		Magic:        [4]byte{0xf9, 0xbe, 0xb4, 0xd9}, Port: 8333, RPCPort: 8332,
		PubKeyHash: 0x00, ScriptHash: 0x05, HRP: "bc",
		ExtendedKeys: []ExtendedKeyVersion{
			{0x0488b21e, "xpub", UsePubKeyHash}, {0x049d7cb2, "ypub", UseNestedWitness}, {0x04b24746, "zpub", UseWitnessPubKeyHash},
			{0x0295b43f, "Ypub", UseCosigner}, {0x02aa7ed3, "Zpub", UseCosigner},
			{0x0488ade4, "xprv", UsePrivate}, {0x049d7878, "yprv", UsePrivate}, {0x04b2430c, "zprv", UsePrivate},
			{0x0295b005, "Yprv", UsePrivate}, {0x02aa7a99, "Zprv", UsePrivate},
		},
		EasiestBits: 0x1d00ffff,
		// Block 227,835 is the last one of version 1.
		StatesHeight: 227836, Overwritten: [][2]int32{{91722, 91880}, {91812, 91842}}, MaxBlockSize: 4_000_000, MaxMoney: 21_000_000 * 100_000_000,
	}
}

// testnet holds what the public and private test networks share.
func testnet(name, hrp, genesis string, block []byte, magic [4]byte, port, rpcPort uint16, bits uint32, statesHeight int32) *Params {
	return &Params{
		Name: name, Ticker: "tBTC", Decimals: 8, Genesis: known(genesis), GenesisBlock: block, Magic: magic, Port: port, RPCPort: rpcPort,
		PubKeyHash: 0x6f, ScriptHash: 0xc4, HRP: hrp,
		ExtendedKeys: []ExtendedKeyVersion{
			{0x043587cf, "tpub", UsePubKeyHash}, {0x044a5262, "upub", UseNestedWitness}, {0x045f1cf6, "vpub", UseWitnessPubKeyHash},
			{0x024289ef, "Upub", UseCosigner}, {0x02575483, "Vpub", UseCosigner},
			{0x04358394, "tprv", UsePrivate}, {0x044a4e28, "uprv", UsePrivate}, {0x045f18bc, "vprv", UsePrivate},
			{0x024285b5, "Uprv", UsePrivate}, {0x02575048, "Vprv", UsePrivate},
		},
		EasiestBits: bits, StatesHeight: statesHeight, MaxBlockSize: 4_000_000, MaxMoney: 21_000_000 * 100_000_000,
	}
}

func testnet3() *Params {
	return testnet("testnet3", "tb", "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
		firstGenesis(1296688602, 0x1d00ffff, 414098458),
		[4]byte{0x0b, 0x11, 0x09, 0x07}, 18333, 18332, 0x1d00ffff, 21111)
}

func testnet4() *Params {
	return testnet("testnet4", "tb", "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
		genesisBlock("03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e", make([]byte, 33), 1714777860, 0x1d00ffff, 393743547),
		[4]byte{0x1c, 0x16, 0x3f, 0x28}, 48333, 48332, 0x1d00ffff, 1)
}

func signet() *Params {
	return testnet("signet", "tb", "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
		firstGenesis(1598918400, 0x1e0377ae, 52613770),
		[4]byte{0x0a, 0x03, 0xcf, 0x40}, 38333, 38332, 0x1e0377ae, 1)
}

func regtest() *Params {
	return testnet("regtest", "bcrt", "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
		firstGenesis(1296688602, 0x207fffff, 2),
		[4]byte{0xfa, 0xbf, 0xb5, 0xda}, 18444, 18443, 0x207fffff, 1)
}

// firstGenesis is the genesis block with the words of 3 January 2009, which the
// test networks repeat.
func firstGenesis(time, bits, nonce uint32) []byte {
	key, _ := hex.DecodeString("04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d578a4c702b6bf11d5f")
	return genesisBlock("The Times 03/Jan/2009 Chancellor on brink of second bailout for banks", key, time, bits, nonce)
}

func genesisBlock(words string, key []byte, time, bits, nonce uint32) []byte {
	script := []byte{4, 0xff, 0xff, 0x00, 0x1d, 1, 4}
	coinbase := &Tx{
		Version: 1,
		Inputs:  []TxInput{{Prev: NoPrev(), Script: appendPush(script, []byte(words)), Sequence: math.MaxUint32}},
		Outputs: []TxOutput{{Value: 50 * 100_000_000, Script: append(appendPush(nil, key), opCheckSig)}},
	}
	header := Header{Version: 1, MerkleRoot: coinbase.ID(), Time: time, Bits: bits, Nonce: nonce}
	return AppendBlock(nil, &header, []*Tx{coinbase})
}

// known reads a hash written in this file; a test proves that each is one.
func known(s string) goshawk.Hash {
	h, _ := goshawk.ParseHash(s)
	return h
}

// clip shortens foreign text for an error message.
func clip(s string) string {
	const most = 100
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
