package esplora

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"goshawk"
	"goshawk/chain/bitcoin"
)

// address is a locking script that was asked for or seen in a transaction.
type address struct {
	kind    goshawk.Kind
	payload []byte
	seen    bool // some transaction pays it, so it exists
}

// intern returns the id of an address, giving it one if it is new.
func (s *Source) intern(kind goshawk.Kind, payload []byte) goshawk.AddressID {
	name := string(rune(kind)) + string(payload)
	id, ok := s.addressID[name]
	if !ok {
		id = goshawk.AddressID(len(s.addresses))
		s.addressID[name] = id
		s.addresses = append(s.addresses, address{kind: kind, payload: bytes.Clone(payload)})
	}
	return id
}

func (s *Source) address(id goshawk.AddressID) (*address, error) {
	if id >= goshawk.AddressID(len(s.addresses)) {
		return nil, goshawk.Errorf(goshawk.NotFound, "no address has the id %d", uint64(id))
	}
	return &s.addresses[id], nil
}

// path is where the source tells of an address: by its text, or by its script's
// hash where the script has no address.
func (s *Source) path(a *address) string {
	switch a.kind {
	case goshawk.NonStandard, goshawk.Multisig, goshawk.NullData:
		sum := sha256.Sum256(bitcoin.Script(a.kind, a.payload))
		return "/scripthash/" + hex.EncodeToString(sum[:])
	}
	return "/address/" + s.params.FormatAddress(a.kind, a.payload)
}

// parseAddresses turns texts into ids. It asks nothing.
func (s *Source) parseAddresses(texts []string) ([]goshawk.AddressID, error) {
	var ids []goshawk.AddressID
	for _, text := range texts {
		kind, payload, err := s.params.ParseAddress(text)
		if err != nil {
			return nil, err
		}
		ids = append(ids, s.intern(kind, payload))
	}
	return ids, nil
}

// existing replaces the ids of addresses without transactions by NoAddress.
func (s *Source) existing(ctx context.Context, ids []goshawk.AddressID) ([]goshawk.AddressID, error) {
	var asked []goshawk.AddressID
	for _, id := range ids {
		if !s.addresses[id].seen {
			asked = append(asked, id)
		}
	}
	totals, err := s.totals(ctx, asked)
	if err != nil {
		return nil, err
	}
	for i, t := range totals {
		if t.transactions > 0 {
			s.addresses[asked[i]].seen = true
		}
	}
	for i, id := range ids {
		if !s.addresses[id].seen {
			ids[i] = goshawk.NoAddress
		}
	}
	return ids, nil
}

// totals asks for what the source claims of addresses.
func (s *Source) totals(ctx context.Context, ids []goshawk.AddressID) ([]stats, error) {
	qs := make([]query, len(ids))
	for i, id := range ids {
		qs[i] = query{path: s.path(&s.addresses[id]), limit: limitSmall, check: func(body []byte) error {
			_, err := parseStats(body)
			return err
		}}
	}
	answers, err := s.client.fetchAll(ctx, qs)
	if err != nil {
		return nil, err
	}
	out := make([]stats, len(ids))
	for i, a := range answers {
		if a.missing {
			continue
		}
		if out[i], err = parseStats(a.body); err != nil {
			return nil, garbled(a.url, err)
		}
	}
	return out, nil
}

// Addresses implements goshawk.Ledger. Totals are the source's claim, at its
// own tip; First is NoTx where the history is longer than a few pages.
func (s *Source) Addresses(ctx context.Context, ids []goshawk.AddressID, want goshawk.Want) ([]goshawk.Address, error) {
	if err := s.take(ctx); err != nil {
		return nil, err
	}
	defer s.give()
	out := make([]goshawk.Address, len(ids))
	for i, id := range ids {
		a, err := s.address(id)
		if err != nil {
			return nil, err
		}
		out[i] = goshawk.Address{ID: id, Text: s.params.FormatAddress(a.kind, a.payload), Kind: a.kind, Payload: a.payload, First: goshawk.NoTx, Last: goshawk.NoTx}
	}
	if want&goshawk.WantTotals == 0 {
		return out, nil
	}
	totals, err := s.totals(ctx, ids)
	if err != nil {
		return nil, err
	}
	for i, t := range totals {
		a := &out[i]
		a.Transactions, a.Outputs, a.Spends = t.transactions, t.outputs, t.spends
		a.Received, a.Spent = s.amount(t.received), s.amount(t.spent)
		if a.First, a.Last, err = s.firstAndLast(ctx, ids[i], t.transactions); err != nil {
			return nil, err
		}
	}
	return out, nil
}
