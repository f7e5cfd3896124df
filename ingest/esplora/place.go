package esplora

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"goshawk"
)

// header is a block's header that hashes to its name and meets its own target.
type header struct {
	height       int32
	hash, parent goshawk.Hash
	root         goshawk.Hash // of the merkle tree
	time         int64
	raw          []byte
	url          string // where its hash is from; empty for the tip
	count        uint32 // of transactions; 0 until asked
}

// transaction is decoded from raw bytes that hash to its name. Its place is
// proved on demand: id is goshawk.NoTx until then.
type transaction struct {
	hash     goshawk.Hash
	id       goshawk.TxID
	block    *header
	position uint32

	version  int32
	lockTime uint32
	weight   uint32
	coinbase bool
	nodeLike bool // as long as an inner node of a merkle tree
	ins      []input
	outs     []goshawk.Output // ID is the index alone until the place is known

	spends      []spend // as claimed, once spendsKnown
	spendsURL   string
	spendsKnown bool
}

type input struct {
	prev     goshawk.Outpoint
	sequence uint32
}

func heightPath(height int32) string { return "/block-height/" + strconv.Itoa(int(height)) }

// blockHeaders returns the headers of the blocks at heights up to the tip, nil
// where the source has none.
func (s *Source) blockHeaders(ctx context.Context, heights []int32) ([]*header, error) {
	var wanted []int32
	hashes := map[int32]goshawk.Hash{}
	var qs []query
	for _, h := range heights {
		if h < 0 || h > s.head.Height || s.headers[h] != nil {
			continue
		}
		wanted = append(wanted, h)
		if h == s.head.Height {
			hashes[h] = s.head.Hash
			continue
		}
		qs = append(qs, query{path: heightPath(h), limit: limitWord, check: func(body []byte) error {
			_, err := parseHash(body)
			return err
		}})
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return nil, err
	}
	urls := map[int32]string{}
	for i, n := 0, 0; i < len(wanted); i++ {
		if wanted[i] == s.head.Height {
			continue
		}
		a := answers[n]
		n++
		if a.missing {
			continue
		}
		hash, err := parseHash(a.body)
		if err != nil {
			return nil, garbled(a.url, err)
		}
		hashes[wanted[i]], urls[wanted[i]] = hash, a.url
	}
	qs = qs[:0]
	var named []int32
	for _, h := range wanted {
		hash, ok := hashes[h]
		if !ok {
			continue
		}
		named = append(named, h)
		qs = append(qs, query{path: "/block/" + hash.String() + "/header", limit: limitWord, check: func(body []byte) error {
			_, err := s.parseHeader(body, hash)
			return err
		}})
	}
	if answers, err = s.client.fetchAll(ctx, qs); err != nil {
		return nil, err
	}
	for i, a := range answers {
		if a.missing {
			continue
		}
		h, err := s.parseHeader(a.body, hashes[named[i]])
		if err != nil {
			return nil, garbled(a.url, err)
		}
		h.height, h.url = named[i], urls[named[i]]
		if err := s.linked(h); err != nil {
			return nil, s.rejected(h.url, err)
		}
		s.headers[h.height] = h
	}
	out := make([]*header, len(heights))
	for i, h := range heights {
		out[i] = s.headers[h]
	}
	return out, nil
}

// linked compares a header with those of the neighbouring heights, where they are known.
func (s *Source) linked(h *header) error {
	if below := s.headers[h.height-1]; below != nil && below.hash != h.parent {
		return fmt.Errorf("block %d %v does not follow block %d %v", h.height, h.hash, below.height, below.hash)
	}
	if above := s.headers[h.height+1]; above != nil && above.parent != h.hash {
		return fmt.Errorf("block %d %v does not follow block %d %v", above.height, above.hash, h.height, h.hash)
	}
	return nil
}

// load gets the transactions named, without their places. Those that the
// source does not know are not in s.txs afterwards.
func (s *Source) load(ctx context.Context, hashes []goshawk.Hash) error {
	var wanted []goshawk.Hash
	var qs []query
	for _, hash := range hashes {
		if s.txs[hash] != nil {
			continue
		}
		wanted = append(wanted, hash)
		qs = append(qs, query{path: "/tx/" + hash.String() + "/raw", limit: limitRaw, check: func(body []byte) error {
			return s.checkRaw(body, hash)
		}})
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return err
	}
	// Addresses get their ids here, one after the other in the order asked.
	for i, a := range answers {
		if a.missing || s.txs[wanted[i]] != nil {
			continue
		}
		tx, err := s.decode(a.body, wanted[i])
		if err != nil {
			return garbled(a.url, err)
		}
		s.txs[wanted[i]] = tx
	}
	return nil
}

// place loads the transactions named and proves their places. Those that are
// unknown, unconfirmed or above the tip have none afterwards: see placed.
func (s *Source) place(ctx context.Context, hashes []goshawk.Hash) error {
	if err := s.load(ctx, hashes); err != nil {
		return err
	}
	var wanted []*transaction
	var qs []query
	for _, hash := range hashes {
		tx := s.txs[hash]
		if tx == nil || tx.id != goshawk.NoTx {
			continue
		}
		wanted = append(wanted, tx)
		qs = append(qs, query{path: "/tx/" + hash.String() + "/merkle-proof", limit: limitSmall, check: func(body []byte) error {
			_, err := parseProof(body)
			return err
		}})
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return err
	}
	proofs := make([]*proof, len(wanted))
	heights := make([]int32, 0, len(wanted))
	for i, a := range answers {
		if a.missing {
			continue
		}
		p, err := parseProof(a.body)
		if err != nil {
			return garbled(a.url, err)
		}
		if p.height > s.head.Height {
			continue
		}
		proofs[i] = &p
		heights = append(heights, p.height)
	}
	if _, err := s.blockHeaders(ctx, heights); err != nil {
		return err
	}
	for i, tx := range wanted {
		if proofs[i] == nil || tx.id != goshawk.NoTx {
			continue
		}
		if err := s.settle(tx, proofs[i]); err != nil {
			// The wrong one may be the block's hash: both are asked for anew.
			if block := s.headers[proofs[i].height]; block != nil && block.url != "" {
				delete(s.headers, block.height)
				if noted := s.client.kept.reject(block.url, err.Error()); noted != nil {
					return noted
				}
			}
			return s.rejected(answers[i].url, err)
		}
	}
	return nil
}

// placed returns the transaction of that hash if its place is proved.
func (s *Source) placed(hash goshawk.Hash) *transaction {
	if tx := s.txs[hash]; tx != nil && tx.id != goshawk.NoTx {
		return tx
	}
	return nil
}

// settle gives a transaction the place that its proof proves.
func (s *Source) settle(tx *transaction, p *proof) error {
	block := s.headers[p.height]
	if block == nil {
		return fmt.Errorf("it names block %d, which the server does not know", p.height)
	}
	if err := prove(tx, p, block.root); err != nil {
		return fmt.Errorf("it does not prove that the transaction is in block %d %v: %w", block.height, block.hash, err)
	}
	id := txID(p.height, p.position)
	if other := s.byID[id]; other != nil {
		return fmt.Errorf("it puts the transaction where %v is", other.hash)
	}
	tx.id, tx.block, tx.position = id, block, p.position
	for i := range tx.outs {
		tx.outs[i].ID = outputID(id, uint32(i))
		if p.height == 0 {
			tx.outs[i].Spender = goshawk.Burnt // the genesis coinbase, which nobody can spend
		}
	}
	s.byID[id] = tx
	return nil
}

// resolve makes sure that the transactions of ids are known and placed.
func (s *Source) resolve(ctx context.Context, ids []goshawk.TxID) error {
	var unknown []goshawk.TxID
	var heights []int32
	for _, id := range ids {
		if s.byID[id] != nil {
			continue
		}
		height, _, ok := placeOf(id)
		if !ok || height > s.head.Height {
			return noTransaction(id)
		}
		unknown = append(unknown, id)
		heights = append(heights, height)
	}
	if len(unknown) == 0 {
		return nil
	}
	headers, err := s.blockHeaders(ctx, heights)
	if err != nil {
		return err
	}
	qs := make([]query, len(unknown))
	for i, id := range unknown {
		if headers[i] == nil {
			return noTransaction(id)
		}
		_, position, _ := placeOf(id)
		qs[i] = query{path: fmt.Sprintf("/block/%v/txid/%d", headers[i].hash, position), limit: limitWord, check: func(body []byte) error {
			_, err := parseHash(body)
			return err
		}}
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return err
	}
	hashes := make([]goshawk.Hash, len(unknown))
	for i, a := range answers {
		if a.missing {
			return noTransaction(unknown[i])
		}
		if hashes[i], err = parseHash(a.body); err != nil {
			return garbled(a.url, err)
		}
	}
	if err := s.place(ctx, hashes); err != nil {
		return err
	}
	for i, hash := range hashes {
		if tx := s.placed(hash); tx == nil || tx.id != unknown[i] {
			return s.rejected(answers[i].url, errors.New("the transaction that it names is elsewhere"))
		}
	}
	return nil
}

// rejected notes beside the exhibit that it failed a check, so that it is asked
// for anew, and returns the error to show.
func (s *Source) rejected(url string, cause error) error {
	clear(s.histories) // they may be made of it; their pages are among the exhibits
	err := goshawk.Errorf(goshawk.Corrupt, "the answer of %s is wrong: %w", url, cause).
		WithHint("if the chain was reorganised meanwhile, ask about today's tip (refresh); else the server is faulty or lying, ask another one")
	if noted := s.client.kept.reject(url, cause.Error()); noted != nil {
		return errors.Join(err, noted)
	}
	return err
}

func noTransaction(id goshawk.TxID) error {
	return goshawk.Errorf(goshawk.NotFound, "no transaction has the id %d", uint64(id))
}
