package report

import (
	"encoding/json"
	"io"
	"time"

	"goshawk"
)

// ReadTraces reads what TraceJSON or ComparisonJSON wrote: one trace, or those of each
// method. It reads all of r, which the caller bounds; what is no such answer is an Invalid
// error. What the JSON does not hold (how many labels a source has) is left empty.
func ReadTraces(r io.Reader) ([]*goshawk.Trace, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var a struct {
		Traces []readTrace `json:"traces"`
	}
	if err := json.Unmarshal(text, &a); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "this is no trace's answer: %w", err)
	}
	all := a.Traces
	if len(all) == 0 { // one trace, not a comparison
		all = make([]readTrace, 1)
		if err := json.Unmarshal(text, &all[0]); err != nil {
			return nil, goshawk.Errorf(goshawk.Invalid, "this is no trace's answer: %w", err)
		}
	}
	var list []*goshawk.Trace
	for i := range all {
		if all[i].Method == "" {
			return nil, goshawk.Errorf(goshawk.Invalid, "this is no trace's answer: it names no method")
		}
		list = append(list, all[i].trace())
	}
	return list, nil
}

type readTrace struct {
	Version string                `json:"version"`
	Network string                `json:"network"`
	Asset   readAsset             `json:"asset"`
	Ledger  readPoint             `json:"ledger"`
	Claim   string                `json:"claim"`
	Method  string                `json:"method"`
	Way     string                `json:"direction"`
	Ask     readAsked             `json:"parameters"`
	Labels  []readSource          `json:"labels"`
	Start   []readStart           `json:"start"`
	Totals  map[string]*readUnits `json:"totals"`
	Counts  map[string]int        `json:"counts"`
	Unknown map[string]int        `json:"unknown"`
	Steps   uint64                `json:"steps"`
	Cut     bool                  `json:"truncated"`
	Ends    []readEnd             `json:"ends"`
	Flows   []readFlow            `json:"flows"`
	FlowCut uint64                `json:"flows_omitted"`
	Warn    []string              `json:"warnings"`
}

type readAsset struct {
	Ticker   string `json:"ticker"`
	Decimals uint8  `json:"decimals"`
	Token    string `json:"token"`
}

type readPoint struct {
	Height  int32    `json:"height"`
	Hash    readHash `json:"hash"`
	Start   int32    `json:"start"`
	Partial bool     `json:"partial"`
}

type readAsked struct {
	Confidence int        `json:"stop_confidence"`
	MaxHops    *int       `json:"max_hops"`
	MinAmount  *readUnits `json:"min_amount"`
	Until      string     `json:"until"`
	Through    bool       `json:"through_coinjoin"`
	Services   string     `json:"services"`
	Rule       string     `json:"coinjoin_rule"`
}

type readSource struct {
	Source string `json:"source"`
	Hash   string `json:"hash"`
	Date   string `json:"date"`
}

type readStart struct {
	Tx      readHash  `json:"tx"`
	Out     uint32    `json:"out"`
	Address string    `json:"address"`
	Amount  readUnits `json:"amount"`
}

type readEnd struct {
	Kind       string         `json:"kind"`
	Tx         readHash       `json:"tx"`
	Out        *uint32        `json:"out"`
	Address    *string        `json:"address"`
	Amount     *readUnits     `json:"amount"`
	Hops       int            `json:"hops"`
	Label      *goshawk.Label `json:"label_detail"`
	Height     *int32         `json:"height"`
	Time       *time.Time     `json:"time"`
	Sweep      *readHash      `json:"sweep"`
	Spender    *readHash      `json:"spender"`
	Candidates int            `json:"candidates"`
	Note       string         `json:"note"`
	ByStart    []struct {
		Start  int       `json:"start"`
		Amount readUnits `json:"amount"`
	} `json:"by_start"`
}

type readFlow struct {
	Tx      readHash   `json:"tx"`
	Out     uint32     `json:"out"`
	Address string     `json:"address"`
	Amount  readUnits  `json:"amount"`
	Value   readUnits  `json:"value"`
	Hops    int        `json:"hops"`
	Height  *int32     `json:"height"`
	Time    *time.Time `json:"time"`
	Spender *readHash  `json:"spender"`
}

// readHash is a hash as people write it.
type readHash goshawk.Hash

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *readHash) UnmarshalText(text []byte) error {
	parsed, err := goshawk.ParseHash(string(text))
	*h = readHash(parsed)
	return err
}

// readUnits is an amount in smallest units.
type readUnits goshawk.Units

// UnmarshalText implements encoding.TextUnmarshaler.
func (u *readUnits) UnmarshalText(text []byte) error {
	return (*goshawk.Units)(u).SetFromDecimal(string(text))
}

func (r *readTrace) trace() *goshawk.Trace {
	t := &goshawk.Trace{Version: r.Version, Network: r.Network, Asset: goshawk.Asset{Network: r.Network, Ticker: r.Asset.Ticker, Decimals: r.Asset.Decimals, Token: r.Asset.Token},
		Ledger: goshawk.TracePoint{Height: r.Ledger.Height, Hash: goshawk.Hash(r.Ledger.Hash), Start: r.Ledger.Start, Partial: r.Ledger.Partial}, Claim: r.Claim, Method: r.Method, Direction: r.Way,
		Parameters: goshawk.TraceParameters{StopConfidence: r.Ask.Confidence, MaxHops: r.Ask.MaxHops, MinAmount: (*goshawk.Units)(r.Ask.MinAmount), Until: r.Ask.Until, ThroughCoinJoin: r.Ask.Through,
			Services: r.Ask.Services, CoinJoinRule: r.Ask.Rule},
		Steps: r.Steps, Truncated: r.Cut, FlowsCut: r.FlowCut, Warnings: r.Warn}
	for _, l := range r.Labels {
		t.Labels = append(t.Labels, goshawk.LabelSource{Source: l.Source, Hash: l.Hash, Date: l.Date})
	}
	for i := range r.Start {
		s := &r.Start[i]
		t.Start = append(t.Start, goshawk.TraceStart{Tx: goshawk.Hash(s.Tx), Out: s.Out, Address: s.Address, Amount: goshawk.Units(s.Amount)})
	}
	for _, k := range goshawk.EndKinds() {
		if n, has := r.Counts[string(k)]; has {
			total := goshawk.TraceTotal{Kind: k, Count: n, Unknown: r.Unknown[string(k)]}
			if u := r.Totals[string(k)]; u != nil {
				total.Amount = goshawk.Units(*u)
			}
			t.Totals = append(t.Totals, total)
		}
	}
	for i := range r.Ends {
		e := &r.Ends[i]
		end := goshawk.End{Kind: goshawk.EndKind(e.Kind), Tx: goshawk.Hash(e.Tx), Out: e.Out, Address: e.Address, Amount: (*goshawk.Units)(e.Amount), Hops: e.Hops, Label: e.Label, Height: height(e.Height),
			Time: seconds(e.Time), Sweep: (*goshawk.Hash)(e.Sweep), Spender: (*goshawk.Hash)(e.Spender), Candidates: e.Candidates, Note: e.Note}
		for _, s := range e.ByStart {
			end.ByStart = append(end.ByStart, goshawk.StartShare{Start: s.Start, Amount: goshawk.Units(s.Amount)})
		}
		t.Ends = append(t.Ends, end)
	}
	for i := range r.Flows {
		f := &r.Flows[i]
		t.Flows = append(t.Flows, goshawk.Flow{Tx: goshawk.Hash(f.Tx), Out: f.Out, Address: f.Address, Amount: goshawk.Units(f.Amount), Value: goshawk.Units(f.Value), Hops: f.Hops, Height: height(f.Height),
			Time: seconds(f.Time), Spender: (*goshawk.Hash)(f.Spender)})
	}
	return t
}

func height(h *int32) int32 {
	if h == nil {
		return -1
	}
	return *h
}

func seconds(at *time.Time) int64 {
	if at == nil {
		return 0
	}
	return at.Unix()
}
