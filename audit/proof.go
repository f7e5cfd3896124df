package audit

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"

	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/client"

	"goshawk"
)

// Proof shows that entries are in a log, to whoever has the log's public keys and
// nothing else. docs/format/log.md says how to follow it by hand.
type Proof struct {
	Keys       []Key    `json:"keys"`
	Checkpoint string   `json:"checkpoint"`
	Proven     []Proven `json:"entries"`
}

// Proven is one entry and its way to the root.
type Proven struct {
	// Entry is the very bytes that the commitment was made over.
	Entry  json.RawMessage `json:"entry"`
	Salt   string          `json:"salt"`   // hexadecimal
	Hashes []string        `json:"hashes"` // RFC 6962, from the leaf up; hexadecimal
}

// Prove makes the proof of entries, which must be in the log already.
func Prove(ctx context.Context, dir string, entries []Entry) (*Proof, error) {
	p := &Proof{}
	var err error
	if p.Keys, err = readKeys(dir); err != nil {
		return nil, err
	}
	signers, err := verifiers(p.Keys)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, logName, "checkpoint"))
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the log's checkpoint: %w", err)
	}
	p.Checkpoint = string(text)
	cp, _, _, err := log.ParseCheckpoint(text, signers[0].Name(), signers[len(signers)-1])
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the log's checkpoint is not signed with its key: %w", err).WithHint("run 'goshawk audit verify'")
	}
	builder, err := client.NewProofBuilder(ctx, cp.Size, files(dir).ReadTile)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Unavailable, "cannot read the log: %w", err)
	}
	for i := range entries {
		e := &entries[i]
		if e.Seq < 1 || uint64(e.Seq) > cp.Size {
			return nil, goshawk.Errorf(goshawk.NotFound, "the entry %d is not in the log yet", e.Seq).WithHint("ask again in a second")
		}
		path, err := builder.InclusionProof(ctx, uint64(e.Seq)-1)
		if err != nil {
			return nil, goshawk.Errorf(goshawk.Corrupt, "cannot prove the entry %d: %w", e.Seq, err).WithHint("run 'goshawk audit verify'")
		}
		text, err := e.text()
		if err != nil {
			return nil, err
		}
		proven := Proven{Entry: text, Salt: hex.EncodeToString(e.Salt[:]), Hashes: []string{}}
		for _, h := range path {
			proven.Hashes = append(proven.Hashes, hex.EncodeToString(h))
		}
		p.Proven = append(p.Proven, proven)
	}
	return p, p.Check()
}

// Check follows a proof: nil, or a Corrupt error that says which entry is not proven.
func (p *Proof) Check() error {
	bad := func(what string, cause error) error {
		return goshawk.Errorf(goshawk.Corrupt, "the log's proof does not hold: %s: %w", what, cause)
	}
	signers, err := verifiers(p.Keys)
	if err != nil || len(signers) == 0 {
		return bad("its keys", err)
	}
	for i := 1; i < len(p.Keys); i++ {
		for _, k := range signers[i-1 : i+1] {
			if _, _, _, err := log.ParseCheckpoint([]byte(p.Keys[i].Handover), k.Name(), k); err != nil {
				return bad("a key that took over", err)
			}
		}
	}
	cp, _, _, err := log.ParseCheckpoint([]byte(p.Checkpoint), signers[0].Name(), signers[len(signers)-1])
	if err != nil {
		return bad("its checkpoint", err)
	}
	for _, proven := range p.Proven {
		var e Entry
		if err := json.Unmarshal(proven.Entry, &e); err != nil || e.Seq < 1 {
			return bad("an entry is none", err)
		}
		salt, err := hex.DecodeString(proven.Salt)
		if err != nil {
			return bad("a salt", err)
		}
		var path [][]byte
		for _, h := range proven.Hashes {
			hash, err := hex.DecodeString(h)
			if err != nil {
				return bad("a hash", err)
			}
			path = append(path, hash)
		}
		leaf := commit(salt, proven.Entry)
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(e.Seq)-1, cp.Size, rfc6962.DefaultHasher.HashLeaf(leaf[:]), path, cp.Hash); err != nil {
			return goshawk.Errorf(goshawk.Corrupt, "the entry %d is not in the log as it is here: %w", e.Seq, err)
		}
	}
	return nil
}
