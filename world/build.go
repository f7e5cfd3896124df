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
const Version = 2

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

// Figures are what a world's chain holds.
type Figures struct {
	Blocks       int    `json:"blocks"` // with the genesis block
	Transactions uint64 `json:"transactions"`
	Inputs       uint64 `json:"inputs"` // without the coinbases'
	Outputs      uint64 `json:"outputs"`
	Bytes        uint64 `json:"bytes"`  // of blocks, without their frames
	Issued       uint64 `json:"issued"` // satoshis: the subsidies of all blocks but the genesis block's
	Tip          string `json:"tip"`
}

// Manifest is world.json: what whoever is handed a world may know of it. It holds
// nothing of which the truth could be made again.
type Manifest struct {
	Version int     `json:"version"`
	Era     Era     `json:"era"`
	Signed  bool    `json:"signed"`
	Network string  `json:"network"`
	Founded int32   `json:"founded"` // height from which on the economy is measured
	Figures Figures `json:"figures"`
	// Files are all that can be handed out, and OriginName, which lists the others.
	Files []Listed `json:"files"`
	// Seal is the SHA-256 of this file with an empty seal. It covers every byte of
	// the world.
	Seal string `json:"seal"`
	// Origin is nil where it was not read, or is withheld.
	Origin *Origin `json:"-"`
}

// Origin is truth/world.json: what the world was made of. Who has it can make the
// whole truth again, so it is withheld with the truth.
type Origin struct {
	Spec      Spec     `json:"spec"`
	Scenarios []string `json:"scenarios"`
	Addresses uint64   `json:"addresses"` // that have an owner in truth/addresses.csv
	Actors    uint64   `json:"actors"`
	Files     []Listed `json:"files"` // of truth/ and services/
}

// ManifestName is the name of a world's manifest, the last file that is written.
const ManifestName = "world.json"

// OriginName is the name of what a world was made of.
const OriginName = "truth/" + ManifestName

// Withholdable are the folders of a world that can be withheld, each as a whole.
func Withholdable() []string { return []string{"truth", "services"} }

// withholdable says whether a file is in one of them.
func withholdable(name string) bool {
	folder, _, _ := strings.Cut(name, "/")
	return slices.Contains(Withholdable(), folder)
}

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
	origin := &Origin{Spec: spec, Scenarios: []string{}, Addresses: w.owned, Actors: w.people}
	for _, s := range spec.Scenarios {
		origin.Scenarios = append(origin.Scenarios, s.Name())
	}
	m := &Manifest{Version: Version, Era: spec.Era, Signed: spec.Sign, Network: params.Name, Founded: foundation, Figures: w.figures, Origin: origin}
	origin.Files, m.Files = divide(out.list)
	listed, err := origin.write(out)
	if err != nil {
		return nil, err
	}
	m.Files = append(m.Files, listed)
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

// divide parts the files that can be withheld from those that are handed out, each
// in the order of their names.
func divide(list []Listed) (withheld, open []Listed) {
	list = slices.SortedFunc(slices.Values(list), func(a, b Listed) int { return strings.Compare(a.Name, b.Name) })
	for _, l := range list {
		if withholdable(l.Name) {
			withheld = append(withheld, l)
		} else {
			open = append(open, l)
		}
	}
	return withheld, open
}

// write writes the origin and says how the manifest lists it.
func (o *Origin) write(out *files) (Listed, error) {
	text, err := json.MarshalIndent(o, "", "  ")
	if err != nil {
		return Listed{}, goshawk.Errorf(goshawk.Invalid, "%s cannot be written: %w", OriginName, err)
	}
	file, err := out.create(OriginName)
	if err != nil {
		return Listed{}, err
	}
	if _, err := file.Write(append(text, '\n')); err != nil {
		return Listed{}, err
	}
	if err := file.Close(); err != nil {
		return Listed{}, err
	}
	return out.list[len(out.list)-1], nil
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
