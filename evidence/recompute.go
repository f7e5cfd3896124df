package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"goshawk"
	"goshawk/pattern"
	"goshawk/report"
	"goshawk/trace"
)

// stated is what an answer says, as far as it is needed to ask its question again.
type stated struct {
	Network string `json:"network"`
	Ledger  struct {
		Height  *int32       `json:"height"`
		Hash    goshawk.Hash `json:"hash"`
		Start   int32        `json:"start"`
		Partial bool         `json:"partial"`
	} `json:"ledger"`
	Method     string `json:"method"`
	Direction  string `json:"direction"`
	Parameters struct {
		StopConfidence  int     `json:"stop_confidence"`
		MaxHops         *int    `json:"max_hops"`
		MinAmount       *string `json:"min_amount"`
		Until           *string `json:"until"`
		ThroughCoinJoin bool    `json:"through_coinjoin"`
		Services        string  `json:"services"`
		CoinJoinRule    string  `json:"coinjoin_rule"`
	} `json:"parameters"`
	Start []struct {
		Tx  goshawk.Hash `json:"tx"`
		Out uint32       `json:"out"`
	} `json:"start"`
	Truncated bool              `json:"truncated"`
	Ends      []json.RawMessage `json:"ends"`
	Flows     []json.RawMessage `json:"flows"`
}

// question is the question that an answer answers.
func (s *stated) question(answer []byte) (*trace.Question, error) {
	m, err := trace.ParseMethod(s.Method)
	if err != nil {
		return nil, err
	}
	p := &s.Parameters
	q := &trace.Question{Method: m, Backward: s.Direction == "backward", MaxHops: p.MaxHops, ThroughCoinJoin: p.ThroughCoinJoin, Flows: max(1, len(s.Flows)),
		StopConfidence: p.StopConfidence, ServicesBy: p.Services, CoinJoinRule: p.CoinJoinRule, ByStart: bytes.Contains(answer, []byte(`"by_start"`))}
	for _, o := range s.Start {
		q.Starts = append(q.Starts, goshawk.Outpoint{Tx: o.Tx, Index: o.Out})
	}
	if p.MinAmount != nil {
		q.MinAmount = new(goshawk.Units)
		if err := q.MinAmount.SetFromDecimal(*p.MinAmount); err != nil {
			return nil, corrupt("%q is no amount", *p.MinAmount)
		}
	}
	if p.Until != nil && *p.Until != "" {
		if q.Until, err = time.Parse(time.RFC3339Nano, *p.Until); err != nil {
			return nil, corrupt("%q is no time", *p.Until)
		}
	}
	return q, nil
}

// listed are services as a package's rules name them.
type listed struct {
	party map[goshawk.AddressID]trace.Party
}

func (l listed) Party(a goshawk.AddressID) trace.Party {
	if p, ok := l.party[a]; ok {
		return p
	}
	return trace.Unlabelled
}

// Label says nothing: who is at an address is compared by address, not by name.
func (listed) Label(goshawk.AddressID) *goshawk.Label { return nil }

// recompute asks the question of a method's answer again over the raw transactions, and says what
// differs; nothing where every number agrees. Where it cannot be asked there is an error.
func (r *replay) recompute(ctx context.Context, method string, rules *Rules, answer []byte) (faults []string, err error) {
	var s stated
	if err := parse(answer, &s); err != nil {
		return nil, err
	}
	if s.Method != method {
		return nil, corrupt("the answer is by %q, and stands where that by %s should", s.Method, method)
	}
	if s.Network != r.params.Name {
		return nil, corrupt("the answer is about %q, the transactions are %s's", s.Network, r.params.Name)
	}
	q, err := s.question(answer)
	if err != nil {
		return nil, err
	}
	if rules.Confidence != q.StopConfidence || rules.ServicesBy != q.ServicesBy || rules.CoinJoinRule != q.CoinJoinRule {
		faults = append(faults, "its rules.json is about another question")
	}
	services := listed{map[goshawk.AddressID]trace.Party{}}
	for _, l := range rules.Services {
		if id, ok := r.byText[l.Address]; ok {
			services.party[id] = trace.Party(l.Service)
		}
	}
	q.Services = services
	joins := map[string]bool{}
	for _, tx := range rules.CoinJoins {
		joins[tx] = true
	}
	q.CoinJoin = func(b *goshawk.Transactions, row int) bool { return joins[b.Rows[row].Hash.String()] }
	ledger := r.at(s.point())
	ledger.met = map[goshawk.TxID]bool{}
	again, err := trace.Run(ctx, ledger, *q)
	if err != nil {
		return nil, err
	}
	wrong, err := r.judge(ctx, ledger, rules, joins)
	if err != nil {
		return nil, err
	}
	faults = append(faults, wrong...)
	var text bytes.Buffer
	if err := report.TraceJSON(&text, again); err != nil {
		return nil, err
	}
	differ, err := differences(answer, text.Bytes())
	if err != nil {
		return nil, err
	}
	return append(append(faults, differ...), named(&s, rules)...), nil
}

// judge looks whether the transactions that a trace came to are CoinJoins as its rules say.
func (r *replay) judge(ctx context.Context, l *asOf, rules *Rules, joins map[string]bool) (faults []string, err error) {
	if rules.CoinJoinRule != strings.Join(pattern.CoinJoinRules(), " ") {
		return nil, nil // by the rule of another version, or by none
	}
	err = each(ctx, r, sorted(l.met), 0, func(b *goshawk.Transactions, row int) error {
		if _, is := pattern.CoinJoin(b, row); is != joins[b.Rows[row].Hash.String()] {
			faults = append(faults, fmt.Sprintf("transaction %s: that it is consistent with a CoinJoin is %t, its rules.json says otherwise", b.Rows[row].Hash, is))
		}
		return nil
	}, nil)
	return faults, err
}
