package evidence

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"goshawk"
)

// compared are the keys of an answer that are computed from the chain.
func compared() []string {
	return []string{"network", "asset", "method", "direction", "parameters", "start", "totals", "counts", "unknown", "steps", "truncated", "ends", "flows", "flows_omitted"}
}

// mostDifferences is how many differences are listed.
const mostDifferences = 20

// differences compares two answers in all that is computed from the chain.
func differences(has, want []byte) ([]string, error) {
	var a, b map[string]json.RawMessage
	if err := parse(has, &a); err != nil {
		return nil, err
	}
	if err := parse(want, &b); err != nil {
		return nil, err
	}
	var out []string
	for _, key := range compared() {
		if key != "ends" && key != "flows" {
			if x, y := compact(a[key]), compact(b[key]); x != y {
				out = append(out, fmt.Sprintf("%s: %s, recomputed %s", key, clip(x), clip(y)))
			}
			continue
		}
		x, err := items(a[key])
		if err != nil {
			return nil, err
		}
		y, err := items(b[key])
		if err != nil {
			return nil, err
		}
		if len(x) != len(y) {
			out = append(out, fmt.Sprintf("%s: there are %d, recomputed %d", key, len(x), len(y)))
		}
		for i := range min(len(x), len(y)) {
			if x[i] != y[i] {
				out = append(out, fmt.Sprintf("%s: %s, recomputed %s", key, clip(x[i]), clip(y[i])))
				if len(out) >= mostDifferences {
					return out, nil
				}
			}
		}
	}
	return out, nil
}

// compact is a JSON value without what does not matter.
func compact(v json.RawMessage) string {
	var into any
	d := json.NewDecoder(bytes.NewReader(v))
	d.UseNumber()
	if err := d.Decode(&into); err != nil {
		return string(v)
	}
	return string(mustJSON(into))
}

// items are a list's elements, without what labels say.
func items(v json.RawMessage) ([]string, error) {
	var list []map[string]json.RawMessage
	if err := json.Unmarshal(v, &list); err != nil {
		return nil, corrupt("the answer is not what it should be: %w", err)
	}
	var out []string
	for _, item := range list {
		delete(item, "label")
		delete(item, "label_detail")
		var b strings.Builder
		for _, k := range slices.Sorted(maps.Keys(item)) {
			fmt.Fprintf(&b, "%s %s ", k, compact(item[k]))
		}
		out = append(out, b.String())
	}
	return out, nil
}

func clip(s string) string {
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}

// end is an end of an answer, or of a comparison, as far as they are compared.
type end struct {
	Kind    string             `json:"kind"`
	Tx      string             `json:"tx"`
	Out     *uint32            `json:"out"`
	Address *string            `json:"address"`
	Amount  *string            `json:"amount"`
	Amounts map[string]*string `json:"amounts"`
	Unknown []string           `json:"unknown"`
	Least   *string            `json:"least"`
	Most    *string            `json:"most"`
	Agree   *bool              `json:"agree"`
	Label   *string            `json:"label"`
}

func (e *end) key() string {
	if e.Out == nil {
		return e.Kind + " " + e.Tx
	}
	return fmt.Sprintf("%s %s:%d", e.Kind, e.Tx, *e.Out)
}

// comparison is an answer by several methods.
type comparison struct {
	Direction  json.RawMessage            `json:"direction"`
	Parameters json.RawMessage            `json:"parameters"`
	Start      json.RawMessage            `json:"start"`
	Methods    []string                   `json:"methods"`
	NotRun     []string                   `json:"not_run"`
	Totals     map[string]json.RawMessage `json:"totals"`
	Truncated  bool                       `json:"truncated"`
	Ends       []end                      `json:"ends"`
	Traces     []json.RawMessage          `json:"traces"`
}

// agree compares an answer that was fixed, of one method or of several, with those of its methods.
func agree(text []byte, methods []string, answers map[string][]byte) ([]string, error) {
	var c comparison
	if err := parse(text, &c); err != nil {
		return nil, err
	}
	if len(c.Methods) == 0 {
		if len(methods) != 1 {
			return []string{fmt.Sprintf("it is by one method, and %d were recomputed", len(methods))}, nil
		}
		return differences(text, answers[methods[0]])
	}
	if !slices.Equal(c.Methods, methods) || len(c.Traces) != len(methods) || len(c.NotRun) > 0 || c.Truncated {
		return []string{fmt.Sprintf("it has %d answers, by %s, and those recomputed are by %s", len(c.Traces), strings.Join(c.Methods, ", "), strings.Join(methods, ", "))}, nil
	}
	var out []string
	for m, name := range methods {
		differ, err := differences(c.Traces[m], answers[name])
		if err != nil {
			return nil, err
		}
		for _, what := range differ {
			out = append(out, name+", "+what)
		}
		var one struct {
			Direction  json.RawMessage `json:"direction"`
			Parameters json.RawMessage `json:"parameters"`
			Start      json.RawMessage `json:"start"`
			Totals     json.RawMessage `json:"totals"`
		}
		if err := parse(answers[name], &one); err != nil {
			return nil, err
		}
		for _, pair := range []struct {
			of        string
			has, want json.RawMessage
		}{{"direction", c.Direction, one.Direction}, {"parameters", c.Parameters, one.Parameters}, {"start", c.Start, one.Start}, {"totals", c.Totals[name], one.Totals}} {
			if x, y := compact(pair.has), compact(pair.want); x != y {
				out = append(out, fmt.Sprintf("%s, %s: %s, recomputed %s", name, pair.of, clip(x), clip(y)))
			}
		}
	}
	if len(c.Totals) != len(methods) {
		out = append(out, "it has totals of other methods")
	}
	differ, err := c.aligned(methods, answers)
	return append(out, differ...), err
}

// aligned compares the ends that a comparison sets side by side with those of its methods.
func (c *comparison) aligned(methods []string, answers map[string][]byte) ([]string, error) {
	type claim struct {
		amount *string // nil: reached, and nobody can say
	}
	said := make([]map[string][]claim, len(methods)) // BIP 30: two of one name
	for m := range said {
		said[m] = map[string][]claim{}
	}
	var out []string
	for i := range c.Ends {
		e := &c.Ends[i]
		for m, name := range methods {
			if a := e.Amounts[name]; a != nil || slices.Contains(e.Unknown, name) {
				said[m][e.key()] = append(said[m][e.key()], claim{a})
			}
		}
		if what := e.bounds(methods); what != "" {
			out = append(out, e.key()+": "+what)
		}
	}
	for m, name := range methods {
		var one struct {
			Ends []end `json:"ends"`
		}
		if err := parse(answers[name], &one); err != nil {
			return nil, err
		}
		for i := range one.Ends {
			e := &one.Ends[i]
			list := said[m][e.key()]
			at := slices.IndexFunc(list, func(c claim) bool { return same(c.amount, e.Amount) })
			if at < 0 {
				out = append(out, fmt.Sprintf("%s, %s: it does not have the amount that is recomputed, %s", name, e.key(), orNull(e.Amount)))
				continue
			}
			said[m][e.key()] = slices.Delete(list, at, at+1)
		}
		for _, k := range slices.Sorted(maps.Keys(said[m])) {
			for _, left := range said[m][k] {
				out = append(out, fmt.Sprintf("%s, %s: %s, which is not found", name, k, orNull(left.amount)))
			}
		}
	}
	return out, nil
}

// bounds says what is wrong with the least and the most of an end; nothing where they follow from its amounts.
func (e *end) bounds(methods []string) string {
	var least, most *goshawk.Units
	missed, unknown := false, false
	for _, name := range methods {
		if name == "poison" {
			continue
		}
		a := e.Amounts[name]
		if a == nil {
			unknown = unknown || slices.Contains(e.Unknown, name)
			missed = true
			continue
		}
		u := new(goshawk.Units)
		if u.SetFromDecimal(*a) != nil {
			return fmt.Sprintf("%q is no amount", *a)
		}
		if least == nil || u.Lt(least) {
			least = u
		}
		if most == nil || u.Gt(most) {
			most = u
		}
	}
	switch {
	case unknown:
		least, most = nil, nil
	case most != nil && missed:
		least = new(goshawk.Units)
	}
	var agreed *bool
	if most != nil {
		is := least.Eq(most)
		agreed = &is
	}
	if !same(e.Least, dec(least)) || !same(e.Most, dec(most)) || !same(e.Agree, agreed) {
		return fmt.Sprintf("from %s to %s, recomputed from %s to %s", orNull(e.Least), orNull(e.Most), orNull(dec(least)), orNull(dec(most)))
	}
	return ""
}

func same[T comparable](a, b *T) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

func dec(u *goshawk.Units) *string {
	if u == nil {
		return nil
	}
	s := u.Dec()
	return &s
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// named says where an answer names another party at a service's address than its rules do.
func named(s *stated, rules *Rules) (out []string) {
	at, names := map[string]string{}, map[string]bool{}
	for _, l := range rules.Services {
		at[l.Address], names[l.Label] = l.Label, true
	}
	for _, raw := range s.Ends {
		var e end
		if json.Unmarshal(raw, &e) != nil || e.Kind != string(goshawk.EndService) || e.Address == nil {
			continue
		}
		name := orNull(e.Label)
		if e.Label == nil {
			name = ""
		}
		rule, known := at[*e.Address]
		if known && rule != name || !known && !names[name] { // scripts without an address are named otherwise there
			out = append(out, fmt.Sprintf("%s: it names %q, and rules.json does not", e.key(), name))
		}
	}
	return out
}
