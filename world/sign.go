package world

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/btcsuite/btcd/btcec/v2/ecdsa"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/chainhash/v2"
	"github.com/btcsuite/btcd/txscript/v2"
	"github.com/btcsuite/btcd/wire/v2"

	"goshawk"
)

// signer signs the inputs of one transaction. ECDSA's nonces are those of
// RFC 6979, and BIP 340's come from the message and the key alone: the same
// transaction has the same signatures everywhere.
type signer struct {
	tx     *wire.MsgTx
	spent  *txscript.MultiPrevOutFetcher
	hashes *txscript.TxSigHashes
}

// newSigner takes the transaction whose outputs the assembler has serialised.
func (a *assembler) newSigner(t *planTx, ins []slot) *signer {
	s := &signer{tx: &wire.MsgTx{Version: int32(t.version), LockTime: t.lockTime}, spent: txscript.NewMultiPrevOutFetcher(nil)}
	for _, in := range ins {
		coin := &a.chain.coins[in]
		a.keys.hold(coin.address, coin.keys)
		prev := wire.OutPoint{Hash: chainhash.Hash(coin.tx), Index: coin.index}
		s.tx.TxIn = append(s.tx.TxIn, &wire.TxIn{PreviousOutPoint: prev, Sequence: t.sequence})
		s.spent.AddPrevOut(prev, &wire.TxOut{Value: int64(coin.value), PkScript: append([]byte(nil), a.keys.lock(coin.address)...)})
	}
	for b := a.outs; len(b) > 0; {
		size := int(b[8]) // locking scripts here are shorter than 253 bytes
		s.tx.TxOut = append(s.tx.TxOut, &wire.TxOut{Value: int64(binary.LittleEndian.Uint64(b)), PkScript: b[9 : 9+size : 9+size]})
		b = b[9+size:]
	}
	s.hashes = txscript.NewTxSigHashes(s.tx, s.spent)
	return s
}

// signature returns the signature of key i of an address for input n, with the
// byte that says what it signs where there is one; code is the script that it
// answers.
func (a *assembler) signature(s *signer, address Address, i, n int, code []byte) ([]byte, error) {
	if s == nil {
		return a.dummy(address, i, n), nil
	}
	value := s.spent.FetchPrevOutput(s.tx.TxIn[n].PreviousOutPoint).Value
	var hash []byte
	var err error
	switch f := address.Form(); {
	case f == PayTaproot:
		if hash, err = txscript.CalcTaprootSignatureHash(s.hashes, txscript.SigHashDefault, s.tx, n, s.spent); err != nil {
			break
		}
		signed, err := schnorr.Sign(txscript.TweakTaprootPrivKey(*a.keys.secret(address, i), nil), hash)
		if err != nil {
			return nil, unsigned(err)
		}
		return signed.Serialize(), nil
	case f.witness():
		hash, err = txscript.CalcWitnessSigHash(code, s.hashes, txscript.SigHashAll, s.tx, n, value)
	default:
		hash, err = txscript.CalcSignatureHash(code, txscript.SigHashAll, s.tx, n)
	}
	if err != nil {
		return nil, unsigned(err)
	}
	return append(ecdsa.Sign(a.keys.secret(address, i), hash).Serialize(), byte(txscript.SigHashAll)), nil
}

func unsigned(err error) error {
	return goshawk.Errorf(goshawk.Unsupported, "a transaction could not be signed: %w", err)
}

// dummy is noise of a signature's length in a signature's frame.
func (a *assembler) dummy(address Address, i, n int) []byte {
	a.noise = a.keys.appendNoise(a.noise[:0], address^Address(a.salt<<20^uint64(n)<<3^uint64(i)), 9)
	noise := a.noise
	if address.Form() == PayTaproot {
		return append([]byte(nil), noise[:64]...)
	}
	r, s := noise[:32], noise[32:64]
	r[0] = r[0]&0x7f | 1
	s[0] = s[0]&0x3f | 1
	b := make([]byte, 0, 72)
	if noise[64]&1 != 0 { // half of all r have their top bit set and need a zero before them
		r[0] |= 0x80
		b = append(b, 0x30, 0x45, 0x02, 0x21, 0x00)
	} else {
		b = append(b, 0x30, 0x44, 0x02, 0x20)
	}
	b = append(append(b, r...), 0x02, 0x20)
	return append(append(b, s...), byte(txscript.SigHashAll))
}

// unlock returns the signature script and the witness that spend an address as
// input n.
func (a *assembler) unlock(address Address, n int, s *signer) (script []byte, stack [][]byte, err error) {
	form := address.Form()
	keys := [2]int{0, -1}
	code := append([]byte(nil), a.keys.lock(address)...)
	behind := append([]byte(nil), a.keys.behind(address)...)
	switch form {
	case PayScript, PayNestedScript, PayWitnessScript:
		keys, code = [2]int{0, 2}, behind // two of the three sign: the user's and the service's, the third is the spare
	case PayNestedKey:
		code = behind
	default:
	}
	var signatures [2][]byte
	for i, key := range keys {
		if key < 0 {
			continue
		}
		if signatures[i], err = a.signature(s, address, key, n, code); err != nil {
			return nil, nil, err
		}
	}
	first, second := signatures[0], signatures[1]
	switch form {
	case PayKey:
		return push(nil, first), nil, nil
	case PayKeyHash:
		return push(push(nil, first), append([]byte(nil), a.keys.public(address, 0)...)), nil, nil
	case PayNestedKey:
		return push(nil, behind), [][]byte{first, append([]byte(nil), a.keys.public(address, 0)...)}, nil
	case PayScript: // an empty push, which CHECKMULTISIG eats, comes first
		return push(push(push([]byte{0}, first), second), behind), nil, nil
	case PayNestedScript:
		digest := sha256.Sum256(behind)
		outer := append([]byte{0x00, 32}, digest[:]...)
		return push(nil, outer), [][]byte{nil, first, second, behind}, nil
	case PayWitnessKey:
		return nil, [][]byte{first, append([]byte(nil), a.keys.public(address, 0)...)}, nil
	case PayWitnessScript:
		return nil, [][]byte{nil, first, second, behind}, nil
	case PayTaproot:
		return nil, [][]byte{first}, nil
	case PayMultisig:
		return push([]byte{0}, first), nil, nil
	default:
		return nil, nil, goshawk.Errorf(goshawk.Unsupported, "%s cannot be spent", form)
	}
}

// push appends the push of up to 255 bytes.
func push(script, data []byte) []byte {
	if len(data) >= txscript.OP_PUSHDATA1 {
		script = append(script, txscript.OP_PUSHDATA1)
	}
	return append(append(script, byte(len(data))), data...)
}
