package node

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"goshawk"
)

// What a node says of its chain as a whole, of itself, of its peers and of what
// is not in a block yet. Here there is one chain, and no peers.

func (s *rpc) chainInfo(ctx context.Context, _ []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.block(ctx, head.Hash)
	if err != nil {
		return nil, unexpected(err)
	}
	medianTime, err := s.medianTime(ctx, head.Height)
	if err != nil {
		return nil, err
	}
	work, err := s.workAt(ctx, head.Height)
	if err != nil {
		return nil, err
	}
	return struct {
		Chain        string       `json:"chain"`
		Blocks       int32        `json:"blocks"`
		Headers      int32        `json:"headers"`
		Best         goshawk.Hash `json:"bestblockhash"`
		Bits         string       `json:"bits"`
		Difficulty   json.Number  `json:"difficulty"`
		Time         int64        `json:"time"`
		MedianTime   int64        `json:"mediantime"`
		Progress     float64      `json:"verificationprogress"`
		InitialSync  bool         `json:"initialblockdownload"`
		Work         string       `json:"chainwork,omitempty"`
		FileSize     int64        `json:"size_on_disk"` // of files that a node would keep
		Pruned       bool         `json:"pruned"`
		NodeWarnings []string     `json:"warnings"`
	}{chainName(head.Network), head.Height, head.Height, head.Hash, fmt.Sprintf("%08x", b.Header.Bits), digits(difficulty(b.Header.Bits)), head.Time, medianTime, 1, false, work, 0, false, []string{}}, nil
}

func (s *rpc) difficulty(ctx context.Context, _ []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	b, err := s.block(ctx, head.Hash)
	if err != nil {
		return nil, unexpected(err)
	}
	return digits(difficulty(b.Header.Bits)), nil
}

func (s *rpc) chainTips(ctx context.Context, _ []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	type tip struct {
		Height int32        `json:"height"`
		Hash   goshawk.Hash `json:"hash"`
		Branch int          `json:"branchlen"`
		Status string       `json:"status"`
	}
	return []tip{{head.Height, head.Hash, 0, "active"}}, nil
}

// networkInfo answers what askers look at first. The version is that of the node
// whose shapes these answers have, in both of its forms: some read the text.
func (s *rpc) networkInfo(context.Context, []json.RawMessage) (any, error) {
	return struct {
		Version         int         `json:"version"`
		Subversion      string      `json:"subversion"`
		ProtocolVersion int         `json:"protocolversion"`
		LocalServices   string      `json:"localservices"`
		ServiceNames    []string    `json:"localservicesnames"`
		LocalRelay      bool        `json:"localrelay"`
		TimeOffset      int         `json:"timeoffset"`
		NetworkActive   bool        `json:"networkactive"`
		Connections     int         `json:"connections"`
		ConnectionsIn   int         `json:"connections_in"`
		ConnectionsOut  int         `json:"connections_out"`
		Networks        []string    `json:"networks"`
		RelayFee        json.Number `json:"relayfee"`
		IncrementalFee  json.Number `json:"incrementalfee"`
		LocalAddresses  []string    `json:"localaddresses"`
		Warnings        []string    `json:"warnings"`
	}{280000, "/Satoshi:28.0.0(goshawk)/", 70016, "0000000000000000", []string{}, false, 0, false, 0, 0, 0, []string{}, s.coins(1000), s.coins(1000), []string{}, []string{}}, nil
}

// chainName is what nodes call a network.
func chainName(network string) string {
	switch network {
	case "bitcoin":
		return "main"
	case "testnet3":
		return "test"
	}
	return network
}

// indexInfo tells that all transactions can be asked for, which a node tells of its index of them.
func (s *rpc) indexInfo(ctx context.Context, params []json.RawMessage) (any, error) {
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	type index struct {
		Synced bool  `json:"synced"`
		Height int32 `json:"best_block_height"`
	}
	const name = "txindex"
	indices := map[string]index{name: {true, head.Height}}
	var only string
	if given(params, 0) {
		if json.Unmarshal(params[0], &only) != nil {
			return nil, rpcErrorf(codeType, "index_name must be a string")
		}
		if only != "" && only != name {
			clear(indices)
		}
	}
	return indices, nil
}

func (s *rpc) connections(context.Context, []json.RawMessage) (any, error) { return 0, nil }

// nothing is the list of peers, and of whom news are sent to.
func (s *rpc) nothing(context.Context, []json.RawMessage) (any, error) { return []string{}, nil }

func (s *rpc) mempoolInfo(ctx context.Context, _ []json.RawMessage) (any, error) {
	list, err := s.weigh(ctx)
	if err != nil {
		return nil, err
	}
	size, fees := 0, uint64(0)
	for i := range list {
		size += list[i].vsize
		fees += list[i].fee
	}
	fee := s.coins(1000)
	return struct {
		Loaded         bool        `json:"loaded"`
		Count          int         `json:"size"`
		Bytes          int         `json:"bytes"`
		Usage          int         `json:"usage"`
		Fees           json.Number `json:"total_fee"`
		MostBytes      int         `json:"maxmempool"`
		LeastFee       json.Number `json:"mempoolminfee"`
		RelayFee       json.Number `json:"minrelaytxfee"`
		IncrementalFee json.Number `json:"incrementalrelayfee"`
		Unbroadcast    int         `json:"unbroadcastcount"`
		FullRBF        bool        `json:"fullrbf"`
	}{true, len(list), size, size, s.coins(fees), 0, fee, fee, fee, 0, true}, nil
}

// mempool lists the transactions that wait, in each of the three forms.
func (s *rpc) mempool(ctx context.Context, params []json.RawMessage) (any, error) {
	var verbose, sequence bool
	if given(params, 0) && json.Unmarshal(params[0], &verbose) != nil || given(params, 1) && json.Unmarshal(params[1], &sequence) != nil {
		return nil, rpcErrorf(codeType, "verbose and mempool_sequence must be true or false")
	}
	switch {
	case verbose && sequence:
		return nil, rpcErrorf(codeParameter, "Verbose results cannot contain mempool sequence values.")
	case verbose:
		return s.describePool(ctx)
	}
	ids := []goshawk.Hash{}
	for _, w := range s.pool.all() {
		ids = append(ids, w.ID)
	}
	if sequence {
		return struct {
			Txids    []goshawk.Hash `json:"txids"`
			Sequence int            `json:"mempool_sequence"`
		}{ids, len(ids) + 1}, nil
	}
	return ids, nil
}

// describePool says of each transaction that waits what it weighs, since when, and what it depends on.
func (s *rpc) describePool(ctx context.Context) (any, error) {
	list, err := s.weigh(ctx)
	if err != nil {
		return nil, err
	}
	head, err := s.head(ctx)
	if err != nil {
		return nil, err
	}
	type fees struct {
		Base json.Number `json:"base"`
	}
	type entry struct {
		VirtualSize int            `json:"vsize"`
		Weight      int            `json:"weight"`
		Time        int64          `json:"time"`
		Height      int32          `json:"height"`
		WitnessID   goshawk.Hash   `json:"wtxid"`
		Fees        fees           `json:"fees"`
		Depends     []goshawk.Hash `json:"depends"`
	}
	here, out := map[goshawk.Hash]bool{}, map[string]entry{}
	for i := range list {
		here[list[i].ID] = true
	}
	for i := range list {
		w := &list[i]
		e := entry{w.vsize, w.tx.Weight(), w.Since.Unix(), head.Height, w.tx.WitnessID(), fees{s.coins(w.fee)}, []goshawk.Hash{}}
		for _, in := range w.tx.Inputs {
			if here[in.Prev.Tx] && !slices.Contains(e.Depends, in.Prev.Tx) {
				e.Depends = append(e.Depends, in.Prev.Tx)
			}
		}
		out[w.ID.String()] = e
	}
	return out, nil
}

// estimateFee says that it cannot, as a node does that has seen no transaction wait.
func (s *rpc) estimateFee(_ context.Context, params []json.RawMessage) (any, error) {
	var target int
	if !given(params, 0) || json.Unmarshal(params[0], &target) != nil {
		return nil, rpcErrorf(codeType, "conf_target must be a number")
	}
	if target < 1 || target > 1008 {
		return nil, rpcErrorf(codeParameter, "Invalid conf_target, must be between 1 and 1008")
	}
	return struct {
		Errors []string `json:"errors"`
		Blocks int      `json:"blocks"`
	}{[]string{"Insufficient data or no feerate found"}, target}, nil
}

func (s *rpc) send(context.Context, []json.RawMessage) (any, error) {
	return nil, rpcErrorf(codeRejected, "%s", takesNoTx)
}

// help lists the methods, or the parameters of one.
func (s *rpc) help(_ context.Context, params []json.RawMessage) (any, error) {
	var one string
	if given(params, 0) && json.Unmarshal(params[0], &one) != nil {
		return nil, rpcErrorf(codeType, "command must be a string")
	}
	var lines []string
	methods := s.methods()
	for _, name := range slices.Sorted(maps.Keys(methods)) {
		if one == "" || one == name {
			lines = append(lines, strings.Join(append([]string{name}, methods[name].names...), " "))
		}
	}
	if lines == nil {
		return "help: unknown command: " + one, nil
	}
	return strings.Join(lines, "\n"), nil
}
