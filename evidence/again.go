package evidence

import (
	"bytes"
	"encoding/json"

	"goshawk"
	"goshawk/report"
	"goshawk/trace"
)

// Question reads from an answer, of one method or of several, what was asked. Services and CoinJoins are
// the caller's to set. An answer that was cut short has no question that would give it again: Unsupported.
func Question(answer []byte) (*Asked, error) {
	var s stated
	if err := json.Unmarshal(answer, &s); err != nil {
		return nil, corrupt("the answer is not what it should be: %w", err)
	}
	var more struct {
		Methods []string `json:"methods"`
		NotRun  []string `json:"not_run"`
	}
	if err := json.Unmarshal(answer, &more); err != nil {
		return nil, corrupt("the answer is not what it should be: %w", err)
	}
	if s.Truncated || len(more.NotRun) > 0 {
		return nil, goshawk.Errorf(goshawk.Unsupported, "it was cut short, and would not be cut short at the same place again")
	}
	names := more.Methods
	if s.Method != "" {
		names = []string{s.Method}
	}
	if len(names) == 0 {
		return nil, corrupt("the answer names no method")
	}
	a := &Asked{At: s.point()}
	for _, name := range names {
		m, err := trace.ParseMethod(name)
		if err != nil {
			return nil, err
		}
		a.Methods = append(a.Methods, m)
	}
	s.Method = names[0]
	q, err := s.question(answer)
	if err != nil {
		return nil, err
	}
	q.Flows = 0 // as many as usual
	a.Question = *q
	return a, nil
}

// point is where the ledger of an answer ended.
func (s *stated) point() goshawk.TracePoint {
	at := goshawk.TracePoint{Height: -1, Hash: s.Ledger.Hash, Start: s.Ledger.Start, Partial: s.Ledger.Partial}
	if s.Ledger.Height != nil {
		at.Height = *s.Ledger.Height
	}
	return at
}

// Agree says in what an answer that was fixed and the same traces made again differ.
func Agree(fixed []byte, again []*goshawk.Trace) ([]string, error) {
	answers := map[string][]byte{}
	var methods []string
	for _, t := range again {
		var text bytes.Buffer
		if err := report.TraceJSON(&text, t); err != nil {
			return nil, err
		}
		methods, answers[t.Method] = append(methods, t.Method), text.Bytes()
	}
	if len(again) == 1 {
		return differences(fixed, answers[methods[0]])
	}
	return agree(fixed, methods, answers)
}
