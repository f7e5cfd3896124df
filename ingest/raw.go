package ingest

import (
	"context"
	"encoding/hex"
	"path/filepath"
	"slices"
	"sync"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// RawFolder hands out the raw blocks in a node's block files, or a world's, by their hashes. It finds
// them when it is first asked, and looks again where there may be new ones. It may be used from
// several goroutines.
type RawFolder struct {
	disk   FileSystem
	path   string
	params *bitcoin.Params

	mutex  sync.Mutex
	blocks map[goshawk.Hash]rawPlace
	read   map[string]int64 // how far each file was read
}

type rawPlace struct {
	file   string
	offset int64
	size   uint32
}

// NewRawFolder is about the block files of a network in one folder.
func NewRawFolder(disk FileSystem, path string, params *bitcoin.Params) *RawFolder {
	return &RawFolder{disk: disk, path: path, params: params, blocks: map[goshawk.Hash]rawPlace{}, read: map[string]int64{}}
}

// Block returns a raw block, as it stands there. Whether it is what it should be its reader checks.
func (r *RawFolder) Block(ctx context.Context, hash goshawk.Hash) ([]byte, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	key, err := readMask(r.disk, filepath.Join(r.path, "xor.dat"))
	if err != nil {
		return nil, err
	}
	at, ok := r.blocks[hash]
	if !ok {
		if err := r.look(ctx, key); err != nil {
			return nil, err
		}
		if at, ok = r.blocks[hash]; !ok {
			return nil, goshawk.Errorf(goshawk.NotFound, "the block files in %s do not have block %s", r.path, hash)
		}
	}
	f, err := r.disk.Open(at.file)
	if err != nil {
		return nil, unreadable(at.file, err)
	}
	defer f.Close() // only read
	raw := make([]byte, at.size)
	if err := readFull(f, raw, at.offset); err != nil {
		return nil, unreadable(at.file, err)
	}
	key.undo(raw, at.offset)
	return raw, nil
}

// look finds the blocks that were written since the last time.
func (r *RawFolder) look(ctx context.Context, key mask) error {
	entries, err := r.disk.ReadDir(r.path)
	if err != nil {
		return unreadable(r.path, err)
	}
	var names []string
	for _, e := range entries {
		if isBlockFile(e.Name()) {
			names = append(names, filepath.Join(r.path, e.Name()))
		}
	}
	slices.Sort(names)
	for _, name := range names {
		info, err := r.disk.Stat(name)
		if err != nil {
			return unreadable(name, err)
		}
		if info.Size() <= r.read[name] {
			continue
		}
		f, err := r.disk.Open(name)
		if err != nil {
			return unreadable(name, err)
		}
		s := scanner{params: r.params, file: f, mask: key, size: info.Size(), warn: func(int64, string, ...any) {}, lost: func(int64) {},
			found: func(h *bitcoin.Header, offset int64, size uint32, again bool) {
				if _, has := r.blocks[h.Hash]; !has || !again {
					r.blocks[h.Hash] = rawPlace{name, offset + frameSize, size}
				}
			}}
		next, err := s.scan(ctx, r.read[name])
		f.Close() // only read
		if err != nil {
			if goshawk.CodeOf(err) == "" {
				err = unreadable(name, err)
			}
			return err
		}
		r.read[name] = next
	}
	return nil
}

// Block asks the node for a raw block. One that it does not have is a NotFound error.
func (n *Node) Block(ctx context.Context, hash goshawk.Hash) ([]byte, error) {
	c := &call{method: "getblock", params: []any{hash.String(), 0}}
	if err := n.do(ctx, c); err != nil {
		return nil, err
	}
	if c.err != nil && c.err.Code == rpcNotFound {
		return nil, goshawk.Errorf(goshawk.NotFound, "the node does not have block %s", hash)
	}
	var text string
	if err := c.read(&text); err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Corrupt, "the node's block %s is not written in hexadecimal", hash)
	}
	return raw, nil
}
