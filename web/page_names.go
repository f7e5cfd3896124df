package web

import (
	"strconv"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// names says what people are called, whoever they are.
func (q *request) names(ids ...goshawk.ID) (map[goshawk.ID]string, error) {
	out := map[goshawk.ID]string{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		for _, id := range ids {
			if _, known := out[id]; known || id == "" {
				continue
			}
			p, _, err := tx.Person(id)
			if goshawk.CodeOf(err) == goshawk.NotFound {
				out[id] = string(id)
				continue
			}
			if err != nil {
				return err
			}
			out[id] = p.Name
		}
		return nil
	})
	return out, err
}

// changesOf says who made the changes that clash.
func (q *request) changesOf(c goshawk.ID, clashes []casebook.Clash) (map[int64]string, error) {
	out := map[int64]string{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		for _, clash := range clashes {
			if _, known := out[clash.Seq]; known || clash.Seq == 0 {
				continue
			}
			list, err := tx.Changes(c, clash.Seq-1, 1)
			if err != nil {
				return err
			}
			out[clash.Seq] = ""
			if len(list) > 0 {
				p, _, err := tx.Person(list[0].Person)
				if err != nil && goshawk.CodeOf(err) != goshawk.NotFound {
					return err
				}
				out[clash.Seq] = p.Name
			}
		}
		return nil
	})
	return out, err
}

// number reads a whole number from a form or an address.
func number(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n < 0 {
		return 0, goshawk.Errorf(goshawk.Invalid, "%q is no number", clipped(s)).WithHint("send the form from its own page")
	}
	return n, nil
}

// clipped shortens what somebody sent, to repeat it.
func clipped(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
