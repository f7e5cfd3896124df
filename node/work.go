package node

import (
	"context"
	"fmt"
	"math/big"
	"sync"

	"goshawk/chain/bitcoin"
)

// work holds, by height, how many hashes a chain is expected to have taken.
type work struct {
	mu  sync.Mutex
	sum []*big.Int
}

// workAt returns the work of the chain up to a block, as a node writes it; ""
// where the ledger lacks the chain's beginning, or cannot say what it holds.
func (s *rpc) workAt(ctx context.Context, height int32) (string, error) {
	head, err := s.head(ctx)
	if err != nil {
		return "", err
	}
	if head.Start != 0 || head.Partial || head.Blocks == 0 {
		return "", nil
	}
	s.work.mu.Lock()
	defer s.work.mu.Unlock()
	const most = 1024 // blocks at a time
	for len(s.work.sum) <= int(height) {
		var heights []int32
		for h := int32(len(s.work.sum)); h <= height && len(heights) < most; h++ {
			heights = append(heights, h)
		}
		infos, err := s.at(ctx, heights...)
		if err != nil {
			return "", err
		}
		for i := range infos {
			header, err := bitcoin.DecodeHeader(infos[i].Header)
			if err != nil {
				return "", err
			}
			total := blockWork(header.Bits)
			if n := len(s.work.sum); n > 0 {
				total.Add(total, s.work.sum[n-1])
			}
			s.work.sum = append(s.work.sum, total)
		}
	}
	return fmt.Sprintf("%064x", s.work.sum[height]), nil
}

// blockWork is how many hashes it takes on average to find one below a target: 2^256 / (target+1).
func blockWork(bits uint32) *big.Int {
	target := new(big.Int).SetUint64(uint64(bits & 0x007fffff))
	if size := uint(bits >> 24); size < 3 {
		target.Rsh(target, 8*(3-size))
	} else {
		target.Lsh(target, 8*(size-3))
	}
	all := new(big.Int).Lsh(big.NewInt(1), 256)
	return all.Quo(all, target.Add(target, big.NewInt(1)))
}
