package world

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// Version is the version of what this package makes of a Spec: it changes
// whenever the same Spec gives other bytes.
const Version = 1

// Spec says which world to make. The same Spec gives the same bytes.
type Spec struct {
	Seed        uint64       `json:"seed"`
	Era         Era          `json:"era"`
	Level       string       `json:"level,omitempty"`
	Scenarios   []Scenario   `json:"-"`
	Observer    Observer     `json:"-"`   // makes the papers; may be nil
	Txs         int          `json:"txs"` // about so many transactions, coinbases included
	Sign        bool         `json:"signed"`
	Assumptions *Assumptions `json:"assumptions"` // nil: the era's
}

// Figures are what a world holds.
type Figures struct {
	Blocks       int    `json:"blocks"` // with the genesis block
	Transactions uint64 `json:"transactions"`
	Inputs       uint64 `json:"inputs"` // without the coinbases'
	Outputs      uint64 `json:"outputs"`
	Addresses    uint64 `json:"addresses"` // that have an owner in truth/addresses.csv
	Actors       uint64 `json:"actors"`
	Bytes        uint64 `json:"bytes"`  // of blocks, without their frames
	Issued       uint64 `json:"issued"` // satoshis: the subsidies of all blocks but the genesis block's
	Tip          string `json:"tip"`
}

// Manifest is world.json.
type Manifest struct {
	Version   int      `json:"version"`
	Spec      Spec     `json:"spec"`
	Scenarios []string `json:"scenarios"`
	Network   string   `json:"network"`
	Founded   int32    `json:"founded"` // height from which on the economy is measured
	Figures   Figures  `json:"figures"`
	Files     []Listed `json:"files"`
	// Seal is the SHA-256 of this file with an empty seal.
	Seal string `json:"seal"`
}

// ManifestName is the name of a world's manifest, the last file that is written.
const ManifestName = "world.json"

const blockFileSize = 128 << 20 // as Bitcoin Core's

// Build makes a world in a folder. Files are written one after the other as the
// chain grows; memory follows the unspent coins and the people, not the chain.
// An interrupted or failed build leaves a folder without world.json: its caller
// removes it. Progress may be nil.
func Build(ctx context.Context, spec Spec, folder Folder, progress func(done, total int)) (*Manifest, error) {
	if err := spec.Check(); err != nil {
		return nil, err
	}
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		return nil, err
	}
	if spec.Assumptions == nil {
		a := DefaultAssumptions(spec.Era)
		spec.Assumptions = &a
	}
	out := &files{folder: folder}
	defer out.abandon()
	w, err := newWriter(out, params, spec)
	if err != nil {
		return nil, err
	}
	create := func(name string) (File, error) { return out.create(name) }
	e := newEconomy(spec, params)
	if w.observer = spec.Observer; w.observer != nil {
		if err := w.observer.Begin(e, create); err != nil {
			return nil, err
		}
	}
	if err := run(ctx, e, w, progress); err != nil {
		return nil, err
	}
	if w.observer != nil {
		if err := w.observer.End(e, create); err != nil {
			return nil, err
		}
	}
	for _, s := range spec.Scenarios {
		if err := s.End(e, create); err != nil {
			return nil, err
		}
	}
	m := &Manifest{Version: Version, Spec: spec, Scenarios: []string{}, Network: params.Name, Founded: foundation, Figures: w.figures, Files: out.list}
	for _, s := range spec.Scenarios {
		m.Scenarios = append(m.Scenarios, s.Name())
	}
	slices.SortFunc(m.Files, func(a, b Listed) int { return strings.Compare(a.Name, b.Name) })
	text, err := m.encode()
	if err != nil {
		return nil, err
	}
	file, err := folder.Create(ManifestName)
	if err != nil {
		return nil, failed(ManifestName, err)
	}
	_, err = file.Write(text)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return nil, failed(ManifestName, err)
	}
	return m, nil
}

// run lives an economy on one side and writes it on the other, a block apart.
func run(ctx context.Context, e *Economy, w *writer, progress func(done, total int)) error {
	plans, empty := make(chan *plan, 2), make(chan *plan, 3)
	for range 3 {
		empty <- new(plan)
	}
	ended := make(chan error, 1)
	stop := make(chan struct{})
	go func() {
		var err error
		for p := range plans {
			if err == nil {
				if err = w.block(p); err != nil {
					close(stop)
				}
			}
			empty <- p
		}
		ended <- err
	}()
	err := e.live(ctx, <-empty, func(p *plan) (*plan, error) {
		plans <- p
		select {
		case <-stop:
			return nil, errStopped
		case next := <-empty:
			return next, nil
		}
	}, progress)
	close(plans)
	written := <-ended
	if written != nil {
		err = written
	}
	if closed := w.close(); err == nil {
		err = closed
	}
	return err
}

// errStopped ends the living of an economy that can no longer be written.
var errStopped = goshawk.Errorf(goshawk.Unavailable, "the world could not be written")

// Check says what is wrong with a spec, before anything is written.
func (s *Spec) Check() error {
	switch {
	case !slices.Contains(Eras(), s.Era):
		return goshawk.Errorf(goshawk.Invalid, "there is no era %d", s.Era).WithHint("choose 2015, 2019 or 2022")
	case s.Txs < leastTxs || s.Txs > mostTxs:
		return goshawk.Errorf(goshawk.Invalid, "a world cannot have %d transactions", s.Txs).WithHint("choose from %d to %d", leastTxs, mostTxs)
	}
	if a := s.Assumptions; a != nil {
		for _, v := range []int{a.CoinJoins, a.Reuse, a.PayJoins, a.SharedCustody, a.ChangeHands} {
			if v < 0 || v > 10_000 {
				return goshawk.Errorf(goshawk.Invalid, "%d is no share of ten thousand", v).WithHint("assumptions count parts of ten thousand: from 0 to 10000")
			}
		}
	}
	return nil
}

const (
	leastTxs = 2_000
	mostTxs  = 50_000_000
)

// encode writes the manifest with its seal.
func (m *Manifest) encode() ([]byte, error) {
	m.Seal = ""
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "the manifest cannot be written: %w", err)
	}
	m.Seal = fmt.Sprintf("%x", sum(append(text, '\n')))
	text, err = json.MarshalIndent(m, "", "  ")
	return append(text, '\n'), err
}
