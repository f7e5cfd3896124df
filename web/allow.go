package web

import (
	"encoding/json"
	"slices"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain"
)

// allow holds what a change of pages or programs begins against the rules of chains, which the casebook does not know: an
// address or transaction of the case is one, of its network and with the right checksum; a wallet's key is public; what is
// watched is on the ledger. These fields are set when a record is begun, and never again.
func (q *request) allow(c goshawk.ID, edits []casebook.Edit) error {
	type record struct {
		kind casebook.Kind
		id   goshawk.ID
	}
	begun := map[record]map[string]string{}
	var order []record
	for _, e := range edits {
		if !slices.Contains([]casebook.Kind{casebook.KindSubject, casebook.KindWallet, casebook.KindWatch}, e.Kind) {
			continue
		}
		r := record{e.Kind, e.ID}
		if begun[r] == nil {
			begun[r] = map[string]string{}
			order = append(order, r)
		}
		text := ""
		if json.Unmarshal(e.After, &text) == nil { // what is no text the casebook refuses itself
			begun[r][e.Name] = text
		}
	}
	if len(order) == 0 {
		return nil
	}
	if err := q.s.Book.MayChange(q.Context(), q.subject, c); err != nil {
		return err
	}
	for _, r := range order {
		f := begun[r]
		var err error
		switch {
		case r.kind == casebook.KindSubject && f["text"] != "":
			var known casebook.Found
			if known, err = q.s.recognise(f["network"], f["what"], f["text"]); err == nil && known.Text != f["text"] {
				err = goshawk.Errorf(goshawk.Invalid, "%q is more than the %s", clipped(f["text"]), f["what"]).WithHint("write it as %s", known.Text)
			}
		case r.kind == casebook.KindWallet && f["key"] != "":
			_, err = chain.OpenWallet(f["network"], f["key"])
		case r.kind == casebook.KindWatch && f["what"] == "address":
			err = q.onLedger(goshawk.ID(f["ledger"]), f["text"])
		case r.kind == casebook.KindWatch && f["what"] == "coin":
			_, err = goshawk.ParseOutpoint(f["text"])
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// recognise says what a text is, where it is one address, transaction or coin of a network, or a wallet's key; what "" is any of them.
func (s *Server) recognise(network, what, text string) (casebook.Found, error) {
	list, _ := s.find([]byte(text))
	if len(list) != 1 || list[0].Wrong != "" || what != "" && list[0].What != what ||
		list[0].Networks != nil && !slices.Contains(list[0].Networks, network) || list[0].Networks == nil && !slices.Contains(chain.Networks(), network) {
		return casebook.Found{}, goshawk.Errorf(goshawk.Invalid, "%q is no address or transaction of %s", clipped(text), clipped(network)).WithHint("nothing was added: look for it in its text again")
	}
	return list[0], nil
}
