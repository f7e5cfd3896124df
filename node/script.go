package node

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// opcodes are the names from OP_NOP (0x61) on, as explorers write them.
const opcodes = "NOP VER IF NOTIF VERIF VERNOTIF ELSE ENDIF VERIFY RETURN TOALTSTACK FROMALTSTACK 2DROP 2DUP 3DUP 2OVER 2ROT 2SWAP " +
	"IFDUP DEPTH DROP DUP NIP OVER PICK ROLL ROT SWAP TUCK CAT SUBSTR LEFT RIGHT SIZE INVERT AND OR XOR EQUAL EQUALVERIFY " +
	"RESERVED1 RESERVED2 1ADD 1SUB 2MUL 2DIV NEGATE ABS NOT 0NOTEQUAL ADD SUB MUL DIV MOD LSHIFT RSHIFT BOOLAND BOOLOR " +
	"NUMEQUAL NUMEQUALVERIFY NUMNOTEQUAL LESSTHAN GREATERTHAN LESSTHANOREQUAL GREATERTHANOREQUAL MIN MAX WITHIN RIPEMD160 SHA1 " +
	"SHA256 HASH160 HASH256 CODESEPARATOR CHECKSIG CHECKSIGVERIFY CHECKMULTISIG CHECKMULTISIGVERIFY NOP1 CLTV CSV NOP4 NOP5 NOP6 " +
	"NOP7 NOP8 NOP9 NOP10 CHECKSIGADD"

// asm writes a script as explorers do: opcodes by name, each push with its bytes.
func asm(script []byte) string {
	var words []string
	rest := walk(script, func(op byte, data []byte) {
		words = append(words, opcode(op))
		if len(data) > 0 {
			words = append(words, hex.EncodeToString(data))
		}
	})
	switch {
	case len(rest) == 0:
	case rest[0] > 0x4b && len(rest) <= 1<<(rest[0]-0x4c):
		words = append(words, "<unexpected end>")
	default:
		words = append(words, opcode(rest[0]), "<push past end>")
	}
	return strings.Join(words, " ")
}

func opcode(op byte) string {
	switch {
	case op == 0:
		return "OP_0"
	case op < 0x4c:
		return "OP_PUSHBYTES_" + strconv.Itoa(int(op))
	case op <= 0x4e:
		return "OP_PUSHDATA" + strconv.Itoa(1<<(op-0x4c))
	case op == 0x4f:
		return "OP_PUSHNUM_NEG1"
	case op == 0x50:
		return "OP_RESERVED"
	case op <= 0x60:
		return "OP_PUSHNUM_" + strconv.Itoa(int(op-0x50))
	case op <= 0xba:
		return "OP_" + strings.Fields(opcodes)[op-0x61]
	case op == 0xff:
		return "OP_INVALIDOPCODE"
	}
	return "OP_RETURN_" + strconv.Itoa(int(op))
}

// walk hands each operation of a script to visit. It returns what is left where
// the script is too short for its last push.
func walk(script []byte, visit func(op byte, data []byte)) (rest []byte) {
	for len(script) > 0 {
		op, after := script[0], script[1:]
		var size uint64
		switch {
		case op < 0x4c:
			size = uint64(op)
		case op <= 0x4e:
			width := 1 << (op - 0x4c)
			if len(after) < width {
				return script
			}
			var le [8]byte
			copy(le[:], after[:width])
			size, after = binary.LittleEndian.Uint64(le[:]), after[width:]
		}
		if size > uint64(len(after)) {
			return script
		}
		visit(op, after[:size])
		script = after[size:]
	}
	return nil
}

// lastPush returns what a script pushes last, if it does nothing but push.
func lastPush(script []byte) (data []byte, ok bool) {
	ok = len(script) > 0
	rest := walk(script, func(op byte, d []byte) {
		data = d
		ok = ok && op <= 0x60
	})
	return data, ok && len(rest) == 0
}

// scriptType names a locking script as Esplora does.
func scriptType(script []byte) string {
	if len(script) == 0 {
		return "empty"
	}
	kind, _, byKey, _ := bitcoin.Classify(script, nil)
	switch {
	case byKey:
		return "p2pk"
	case kind == goshawk.NullData:
		return "op_return"
	case kind == goshawk.PubKeyHash:
		return "p2pkh"
	case kind == goshawk.ScriptHash:
		return "p2sh"
	case kind == goshawk.WitnessPubKeyHash:
		return "v0_p2wpkh"
	case kind == goshawk.WitnessScriptHash:
		return "v0_p2wsh"
	case kind == goshawk.Taproot:
		return "v1_p2tr"
	}
	return "unknown"
}

// addressOf returns the address that a script has, if it has one. P2PK has none.
func addressOf(p *bitcoin.Params, script []byte) string {
	kind, key, byKey, _ := bitcoin.Classify(script, nil)
	if byKey || !hasAddress(kind) {
		return ""
	}
	return p.FormatAddress(kind, key)
}

// hasAddress says whether scripts of a kind are written as addresses.
func hasAddress(kind goshawk.Kind) bool {
	switch kind {
	case goshawk.NonStandard, goshawk.Multisig, goshawk.NullData:
		return false
	}
	return true
}

// innerScripts returns the redeem script and the witness script that an input
// shows for the coin it spends; nil where there is none.
func innerScripts(in bitcoin.TxInput, coin []byte) (redeem, witness []byte) {
	last := func() []byte {
		if len(in.Witness) == 0 {
			return nil
		}
		return in.Witness[len(in.Witness)-1]
	}
	switch kind, _, _, _ := bitcoin.Classify(coin, nil); kind {
	case goshawk.ScriptHash:
		redeem, ok := lastPush(in.Script)
		if !ok {
			return nil, nil
		}
		if inner, _, _, _ := bitcoin.Classify(redeem, nil); inner == goshawk.WitnessScriptHash {
			return redeem, last()
		}
		return redeem, nil
	case goshawk.WitnessScriptHash:
		return nil, last()
	}
	return nil, nil
}
