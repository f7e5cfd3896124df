package node

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"goshawk"
	"goshawk/chain/bitcoin"
)

func (e *explorer) tipHeight(r *http.Request) (any, error) {
	head, err := e.ledger.Head(r.Context())
	if err == nil && head.Height < 0 {
		err = noBlock
	}
	return strconv.Itoa(int(head.Height)), err
}

func (e *explorer) tipHash(r *http.Request) (any, error) {
	head, err := e.ledger.Head(r.Context())
	if err == nil && head.Height < 0 {
		err = noBlock
	}
	return head.Hash.String(), err
}

func (e *explorer) newestBlocks(r *http.Request) (any, error) {
	ctx := r.Context()
	head, err := e.ledger.Head(ctx)
	if err != nil {
		return nil, err
	}
	height := head.Height
	if r.PathValue("height") != "" {
		n, err := pathNumber(r, "height", 31)
		if err != nil {
			return nil, err
		}
		height = int32(n)
	}
	var heights []int32
	for h := height; h >= head.Start && len(heights) < pageBlocks; h-- {
		heights = append(heights, h)
	}
	infos, err := e.at(ctx, heights...)
	if err != nil || len(infos) == 0 {
		return nil, orMissing(err, noBlock)
	}
	values := make([]blockValue, len(infos))
	for i, info := range infos {
		b, err := e.block(ctx, info.Hash)
		if err != nil {
			return nil, unexpected(err)
		}
		if values[i], err = e.describeBlock(ctx, info, b); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (e *explorer) blockAt(r *http.Request) (any, error) {
	n, err := pathNumber(r, "height", 31)
	if err != nil {
		return nil, err
	}
	infos, err := e.at(r.Context(), int32(n))
	if err != nil {
		return nil, orMissing(err, noBlock)
	}
	return infos[0].Hash.String(), nil
}

// known returns the block of the ledger's chain that a path names.
func (e *explorer) known(r *http.Request) (goshawk.BlockInfo, *rawBlock, error) {
	hash, err := pathHash(r, "hash")
	if err != nil {
		return goshawk.BlockInfo{}, nil, err
	}
	info, b, err := e.blockInfo(r.Context(), hash)
	return info, b, orMissing(err, noBlock)
}

func (e *explorer) blockByHash(r *http.Request) (any, error) {
	info, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return e.describeBlock(r.Context(), info, b)
}

func (e *explorer) blockHeader(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return hex.EncodeToString(b.raw[:bitcoin.HeaderSize]), nil
}

func (e *explorer) blockRaw(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	return b.raw, nil
}

func (e *explorer) blockStatus(r *http.Request) (any, error) {
	info, _, err := e.known(r)
	if errors.Is(err, noBlock) {
		return blockStatusValue{}, nil
	}
	if err != nil {
		return nil, err
	}
	v := blockStatusValue{InBestChain: true, Height: &info.Height}
	next, err := e.at(r.Context(), info.Height+1)
	switch {
	case err == nil:
		v.Next = &next[0].Hash
	case goshawk.CodeOf(err) != goshawk.NotFound: // the tip has no next one
		return nil, err
	}
	return v, nil
}

func (e *explorer) blockTxids(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	ids := make([]goshawk.Hash, len(b.Txs))
	for i := range b.Txs {
		ids[i] = b.Txs[i].ID
	}
	return ids, nil
}

func (e *explorer) blockTxid(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	n, err := pathNumber(r, "index", 32)
	if err != nil {
		return nil, err
	}
	if int64(n) >= int64(len(b.Txs)) {
		return nil, notFound("tx index out of range")
	}
	return b.Txs[n].ID.String(), nil
}

func (e *explorer) blockTxs(r *http.Request) (any, error) {
	_, b, err := e.known(r)
	if err != nil {
		return nil, err
	}
	var start uint32
	if r.PathValue("index") != "" {
		if start, err = pathNumber(r, "index", 32); err != nil {
			return nil, err
		}
	}
	if start%pageTxs != 0 {
		return nil, badRequest(fmt.Sprintf("start index must be a multiple of %d", pageTxs))
	}
	if int64(start) >= int64(len(b.Txs)) {
		return nil, badRequest("start index out of range")
	}
	// Ids of one block need not follow each other in a ledger that is not dense.
	var hashes []goshawk.Hash
	for _, tx := range b.Txs[start:min(int(start)+pageTxs, len(b.Txs))] {
		hashes = append(hashes, tx.ID)
	}
	found, err := e.ledger.Find(r.Context(), goshawk.Names{Transactions: hashes})
	if err != nil {
		return nil, err
	}
	return e.describe(r.Context(), found.Transactions)
}
