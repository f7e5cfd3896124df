package casebook

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
)

// shape says what members of an object hold. Others may be there, and hold anything.
type shape struct {
	need    []string
	members map[string]Check
}

// mostPlace is how far from the middle a node may be, in the drawing's units: further out nothing can be drawn.
const mostPlace = 1e7

// What a graph's fields hold, as web/ui/src/model/picture.ts reads them: whoever opens a picture relies on it, and one
// value of a wrong kind would keep everybody from all of it.
var (
	label = shape{[]string{"text", "confidence"}, map[string]Check{"text": words, "confidence": number(0, 100), "source": words, "because": words}}
	rest  = shape{[]string{"count", "scope"}, map[string]Check{"count": Count, "scope": words, "sampled": Flag, "cursor": words}}
	rests = shape{nil, map[string]Check{"in": rest.check, "out": rest.check}}

	drawnNode = shape{[]string{"what", "text", "x", "y"}, map[string]Check{
		"what": OneOf("address", "transaction", "coin", "cluster", "service"), "network": words, "text": words, "title": words, "note": words,
		"x": number(-mostPlace, mostPlace), "y": number(-mostPlace, mostPlace), "pinned": Flag, "group": words, "cluster": words, "inferred": Flag,
		"colour": OneOf("", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink"), "label": label.check, "labels": Count,
		"time": moment, "height": Count, "value": units, "address": words, "spent": Flag, "coinjoin": words, "rest": rests.check,
	}}
	drawnEdge = shape{[]string{"from", "to", "what"}, map[string]Check{
		"from": words, "to": words, "what": OneOf("spend", "receive", "pay", "trace", "member", "manual"), "value": units, "asset": words, "count": Count,
		"first": moment, "last": moment, "days": days, "asked": words, "method": words, "note": words, "inferred": Flag, "scope": words, "run": words,
	}}
	drawnGroup = shape{[]string{"title"}, map[string]Check{"title": words, "colour": words, "folded": Flag}}
	drawnView  = shape{nil, map[string]Check{
		"layout": words, "level": words, "from": words, "until": words, "min": words, "asset": words, "label": words, "currency": words,
	}}
)

// drawn takes what Seen takes and is of a shape.
func drawn(n int, s shape) Check {
	seen := Seen(n)
	return func(v json.RawMessage) error {
		if err := seen(v); err != nil {
			return err
		}
		return s.check(v)
	}
}

func (s shape) check(v json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(v, &all); err != nil || all == nil {
		return errors.New("it must be an object")
	}
	for _, name := range s.need {
		if _, has := all[name]; !has {
			return fmt.Errorf("%q is missing in it", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if check := s.members[name]; check != nil {
			if err := check(all[name]); err != nil {
				return fmt.Errorf("%q in it: %w", name, err)
			}
		}
	}
	return nil
}

// words takes any text.
func words(v json.RawMessage) error {
	if len(v) == 0 || v[0] != '"' {
		return errors.New("it must be a text")
	}
	return nil
}

// number takes a number between two.
func number(least, most float64) Check {
	return func(v json.RawMessage) error {
		n := math.NaN()
		if err := json.Unmarshal(v, &n); err != nil || !(n >= least && n <= most) {
			return fmt.Errorf("it must be a number from %v to %v", least, most)
		}
		return nil
	}
}

var someUnits = regexp.MustCompile(`^[0-9]{1,78}$`)

// units takes an amount in smallest units.
func units(v json.RawMessage) error {
	if s, err := textOf(v); err != nil || !someUnits.MatchString(s) {
		return errors.New("it must be an amount in smallest units, as a text of at most 78 digits")
	}
	return nil
}

// moment takes a time in UTC of a year that a case can be about.
func moment(v json.RawMessage) error {
	s, err := textOf(v)
	at, bad := time.Parse(time.RFC3339, s)
	if err != nil || bad != nil || !strings.HasSuffix(s, "Z") || at.Year() < firstYear || at.Year() > lastYear {
		return fmt.Errorf("it must be a time in UTC of the years %d to %d, such as 2026-11-30T12:00:00Z", firstYear, lastYear)
	}
	return nil
}

// days takes amounts by day.
func days(v json.RawMessage) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(v, &all); err != nil || all == nil {
		return errors.New("it must be an object")
	}
	for day, value := range all {
		at, err := time.Parse(time.DateOnly, day)
		if err == nil && (at.Year() < firstYear || at.Year() > lastYear) {
			err = errors.New("no such year")
		}
		if err == nil {
			err = units(value)
		}
		if err != nil {
			return errors.New("it must hold amounts in smallest units by day, such as 2026-11-30")
		}
	}
	return nil
}
