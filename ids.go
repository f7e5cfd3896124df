package goshawk

// Ids are a ledger's own short names. They are wider than 32 bits and order as
// the chain does: a TxID by (height, position), an OutputID by (height,
// position, index), so that comparing ids compares ages. An embedded ledger
// numbers densely from 0; a remote one may leave gaps. An id means something
// only to the ledger value that handed it out.
type (
	BlockID   uint64
	TxID      uint64
	OutputID  uint64
	AddressID uint64
)

// The ids that name nothing.
const (
	NoBlock   = ^BlockID(0)
	NoTx      = ^TxID(0)
	NoOutput  = ^OutputID(0)
	NoAddress = ^AddressID(0)
)

const (
	// Burnt is the spender of an output that nobody can ever spend: its script
	// begins with OP_RETURN or exceeds 10,000 bytes, it belongs to the genesis
	// coinbase, or a later transaction of the same hash overwrote it.
	Burnt = NoTx - 1
	// Later is the spender of an output when the ledger has not looked it up
	// yet (remote sources): ask Ledger.Outputs.
	Later = NoTx - 2
)

// Kind is the form of a locking script, and so of the address that names it.
type Kind uint8

const (
	NonStandard Kind = iota // any script that is none of the below; its bytes are its payload
	PubKeyHash              // P2PKH, and P2PK shown under its key's hash
	ScriptHash              // P2SH
	WitnessPubKeyHash
	WitnessScriptHash
	Taproot
	WitnessUnknown // a witness program of a version or length without meaning yet
	Multisig       // bare; the script is the payload
	NullData       // OP_RETURN; the script is the payload
	Account        // an account of an account-based chain
	kinds
)

var kindNames = [kinds]string{"nonstandard", "p2pkh", "p2sh", "p2wpkh", "p2wsh", "p2tr", "witness_unknown", "multisig", "nulldata", "account"}

// String returns the name used in JSON: p2pkh, p2wsh, nulldata, ….
func (k Kind) String() string {
	if k < kinds {
		return kindNames[k]
	}
	return "invalid"
}
