package workbench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/cluster"
	"goshawk/internal/disk"
	"goshawk/label"
	"goshawk/ledger"
)

// Chain is what a question is asked of: a ledger, or an explorer.
type Chain struct {
	goshawk.Ledger
	Params *bitcoin.Params
	Local  *ledger.Reader // nil for an explorer
	Known  goshawk.Head   // what Head says
}

// LedgerLock is there from the moment that somebody began to make a ledger.
const LedgerLock = "lock"

// Folder opens the folder of a ledger and returns its network. It tells a folder that is no
// ledger from one whose first blocks are not written yet; both are a NotFound error.
func Folder(dir string) (*disk.Dir, string, error) {
	d, err := disk.Open(dir)
	if err != nil {
		return nil, "", goshawk.Errorf(goshawk.NotFound, "there is no ledger at %s: %w", dir, err).
			WithHint("make one with 'goshawk ingest --ledger DIR --network NAME PATH…'")
	}
	name, err := ledger.Network(d)
	if err == nil {
		return d, name, nil
	}
	if _, none := d.Size(LedgerLock); goshawk.CodeOf(err) == goshawk.NotFound && none == nil {
		err = goshawk.Errorf(goshawk.NotFound, "the ledger at %s holds no blocks yet", dir).
			WithHint("if 'goshawk ingest' is at work there, wait until it has written the first ones; if it was cut short, run it again")
	}
	return nil, "", err
}

// Open opens the ledger in a folder for reading, if the check allows its network; nil allows all.
// The reader is the caller's to close.
func Open(ctx context.Context, dir string, check func(*bitcoin.Params) error) (*Chain, error) {
	d, name, err := Folder(dir)
	if err != nil {
		return nil, err
	}
	params, err := bitcoin.Lookup(name)
	if err != nil {
		return nil, err
	}
	if check != nil {
		if err := check(params); err != nil {
			return nil, err
		}
	}
	r, err := ledger.Open(d, params)
	if err != nil {
		return nil, err
	}
	c := &Chain{Ledger: r, Params: params, Local: r}
	if c.Known, err = r.Head(ctx); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return c, nil
}

// AddressID looks an address up. Of one that is not there it says which blocks are.
func (ch *Chain) AddressID(ctx context.Context, text string) (goshawk.AddressID, error) {
	found, err := ch.Find(ctx, goshawk.Names{Addresses: []string{text}})
	if err != nil {
		return goshawk.NoAddress, err
	}
	if found.Addresses[0] == goshawk.NoAddress {
		holds, err := ch.Extent(ctx)
		if err != nil {
			return goshawk.NoAddress, err
		}
		return goshawk.NoAddress, goshawk.Errorf(goshawk.NotFound, "%s never received or spent a coin in this ledger", text).WithHint("%s", holds)
	}
	return found.Addresses[0], nil
}

// CheckParty refuses a name that no party can have.
func (ch *Chain) CheckParty(name string) error {
	if strings.HasPrefix(name, "label:") {
		return nil
	}
	of, ok := strings.CutPrefix(name, "cluster:")
	if ok && ch.Local == nil {
		return NoClusters("name an address, or ingest the chain into a ledger")
	}
	_, _, err := ch.Params.ParseAddress(of)
	return err
}

// NoClusters refuses a question that an explorer cannot answer.
func NoClusters(hint string) error {
	return goshawk.Errorf(goshawk.Unsupported, "an explorer knows no clusters").WithHint("%s", hint)
}

// Party lists the addresses that a name stands for: an address, cluster:ADDRESS or label:NAME.
func (ch *Chain) Party(ctx context.Context, set *label.Set, name string) ([]string, error) {
	if of, ok := strings.CutPrefix(name, "cluster:"); ok {
		id, err := ch.AddressID(ctx, of)
		if err != nil {
			return nil, err
		}
		members, _, err := cluster.Of(ch, ch.Local).Members(ctx, id, 0)
		if err != nil {
			return nil, err
		}
		return ch.texts(ctx, members)
	}
	of, ok := strings.CutPrefix(name, "label:")
	if !ok {
		_, err := ch.AddressID(ctx, name)
		return []string{name}, err
	}
	matches, err := label.Match(ctx, ch, set, ch.Params.ParseAddress)
	if err != nil {
		return nil, err
	}
	var addresses []string
	for _, m := range matches.Addresses {
		for _, l := range m.Labels {
			if strings.EqualFold(l.Text, of) || strings.EqualFold(l.Actor, of) {
				addresses = append(addresses, m.Address)
				break
			}
		}
	}
	if len(addresses) == 0 {
		return nil, ch.Elsewhere(ctx, goshawk.Errorf(goshawk.NotFound, "no address of this ledger is labelled %q", of).WithHint("'goshawk screen' lists the labels that are met"))
	}
	return addresses, nil
}

func (ch *Chain) texts(ctx context.Context, ids []goshawk.AddressID) ([]string, error) {
	infos, err := ch.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, a := range infos {
		all = append(all, a.Text)
	}
	return all, nil
}

// Elsewhere adds to an error that something is not in a ledger which blocks it holds.
func (ch *Chain) Elsewhere(ctx context.Context, err error) error {
	if goshawk.CodeOf(err) != goshawk.NotFound || ch.Local == nil {
		return err
	}
	hint, extentErr := ch.Extent(ctx)
	if extentErr != nil {
		return errors.Join(err, extentErr)
	}
	if h := goshawk.HintOf(err); h != "" {
		hint = h + "; " + hint
	}
	return goshawk.Errorf(goshawk.NotFound, "%w", err).WithHint("%s", hint)
}

// NotHere explains a transaction that is not found.
func (ch *Chain) NotHere(ctx context.Context, h goshawk.Hash) error {
	missing := goshawk.Errorf(goshawk.NotFound, "transaction %v is not in this ledger", h)
	if ch.Local == nil {
		return missing.WithHint("check the id; a block of an explorer is shown by its height, not by its hash")
	}
	holds, err := ch.Extent(ctx)
	if err != nil {
		return err
	}
	return missing.WithHint("check the id; %s", holds)
}

// BlocksBack describes all blocks of a ledger, newest first, until each returns false.
func (ch *Chain) BlocksBack(ctx context.Context, each func(*goshawk.BlockInfo) bool) error {
	const batch = 1024
	ids := make([]goshawk.BlockID, 0, batch)
	for end := goshawk.BlockID(ch.Known.Blocks); end > 0; {
		ids = ids[:0]
		for len(ids) < batch && end > 0 {
			end--
			ids = append(ids, end)
		}
		infos, err := ch.Blocks(ctx, ids)
		if err != nil {
			return err
		}
		for i := range infos {
			if !each(&infos[i]) {
				return nil
			}
		}
	}
	return nil
}

// Extent says in words which blocks there are, for somebody who asked for what is in none.
func (ch *Chain) Extent(ctx context.Context) (string, error) {
	if !ch.Known.Partial {
		return fmt.Sprintf("the ledger holds heights %d to %d of %s", ch.Known.Start, ch.Known.Height, ch.Known.Network), nil
	}
	var heights, hashes []string
	if err := ch.BlocksBack(ctx, func(b *goshawk.BlockInfo) bool {
		if b.Height >= 0 {
			heights = append(heights, strconv.Itoa(int(b.Height)))
		} else {
			hashes = append(hashes, b.Hash.String())
		}
		return true
	}); err != nil {
		return "", err
	}
	var where []string
	if len(heights) > 0 {
		where = append(where, "at "+several("height", heights))
	}
	if len(hashes) > 0 {
		where = append(where, "at an unknown height "+several("block", hashes))
	}
	return fmt.Sprintf("the ledger holds %s of %s: %s", goshawk.Count(ch.Known.Blocks, "single block", "single blocks"), ch.Known.Network, strings.Join(where, "; ")), nil
}

// several lists things that were gathered newest first, oldest first, and cuts a long list.
func several(what string, things []string) string {
	const most = 6
	slices.Reverse(things)
	left := ""
	if n := len(things) - most; n > 0 {
		things, left = things[:most], fmt.Sprintf(" and %d more", n)
	}
	if len(things) > 1 {
		what += "s"
	}
	return what + " " + strings.Join(things, ", ") + left
}
