package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
	"goshawk/casebook"
)

// TestTimelineAndWalletOverTheAPI: programs are told what the pages say.
func TestTimelineAndWalletOverTheAPI(t *testing.T) {
	s := newStage(t)
	whale := s.chain(50)
	c, b := s.newCase(), s.as("investigator")
	at := apiRoot + casePath(c)
	var found struct {
		Nodes []struct{ What, Text string }
		Edges []struct{ First time.Time }
	}
	b.do("POST", at+"/expand", map[string]any{"ledger": "main", "node": "a:" + whale, "direction": "in", "level": "transaction", "most": 1}).is(t, 200, &found)
	tx := ""
	for _, n := range found.Nodes {
		if n.What == "transaction" {
			tx = n.Text
		}
	}
	const unknown = "00000000000000000000000000000000000000000000000000000000000000ff"
	edits := []casebook.Edit{casebook.Set(casebook.KindEvent, "e1", "at", "2001-01-01T00:00:00Z"), casebook.Set(casebook.KindEvent, "e1", "title", "Long before")}
	for id, text := range map[string]string{"s1": tx, "s2": unknown} {
		for name, v := range map[string]string{"network": "regtest", "what": "transaction", "text": text} {
			edits = append(edits, casebook.Set(casebook.KindSubject, goshawk.ID(id), name, v))
		}
	}
	b.do("POST", at+"/changes", map[string]any{"what": "added", "edits": append(edits, casebook.Set(casebook.KindCase, "case", "ledger", "main"))}).is(t, 200, nil)
	var line struct {
		Happened []struct {
			At                           *time.Time
			What, Kind, ID, Title, Chain string
		}
	}
	b.do("GET", at+"/timeline", nil).is(t, 200, &line)
	if l := line.Happened; len(l) != 3 || l[0].ID != "e1" || l[0].What != "event" || l[1].Chain != tx || l[1].At == nil || !l[1].At.Equal(found.Edges[0].First) || l[2].Chain != unknown || l[2].At != nil {
		t.Errorf("the timeline: %+v", l)
	}
	// Page by page it is the same, although an event has the ID of a transaction of interest.
	b.do("POST", at+"/changes", map[string]any{"what": "added", "edits": []casebook.Edit{casebook.Set(casebook.KindEvent, "s1", "at", "2001-01-02T00:00:00Z"), casebook.Set(casebook.KindEvent, "s1", "title", "The day after")}}).is(t, 200, nil)
	if whole, parts := listed(t, b, at+"/timeline", "happened", 1); whole != 4 || parts != 4 {
		t.Errorf("the timeline has %d lines in %d pages of one", whole, parts)
	}
	b.do("POST", at+"/changes", map[string]any{"what": "added", "edits": []casebook.Edit{casebook.Set(casebook.KindWallet, "w1", "network", "bitcoin"), casebook.Set(casebook.KindWallet, "w1", "key", someWallet), casebook.Set(casebook.KindWallet, "w1", "gap", 5)}}).is(t, 200, nil)
	var w struct {
		Gap      int
		Ledger   string
		Branches []struct {
			Addresses []struct {
				Path, Address string
				Transactions  *int64
			}
			Complete bool
		}
	}
	b.do("GET", at+"/wallets/w1", nil).is(t, 200, &w)
	if w.Gap != 5 || w.Ledger != "" || len(w.Branches) == 0 || len(w.Branches[0].Addresses) != 5 || w.Branches[0].Addresses[0].Transactions != nil || w.Branches[0].Addresses[4].Path != "0/4" {
		t.Errorf("the wallet: %+v", w)
	}
	page := b.do("GET", casePath(c)+"/wallets/w1", nil)
	page.is(t, 200, nil)
	for _, a := range w.Branches[0].Addresses {
		if !strings.Contains(string(page.body), a.Address) {
			t.Errorf("the page does not have %s", a.Address)
		}
	}
}

// listed reads a list at once, and in pages, which must hold the same; it counts both.
func listed(t *testing.T, b *browser, path, key string, most int) (rows, pages int) {
	t.Helper()
	read := func(query string) (list []json.RawMessage, next string) {
		body := map[string]json.RawMessage{"next": []byte(`""`)}
		b.do("GET", path+query, nil).is(t, 200, &body)
		if err := errors.Join(json.Unmarshal(body[key], &list), json.Unmarshal(body["next"], &next)); err != nil {
			t.Fatal(err)
		}
		return list, next
	}
	whole, next := read("")
	if next != "" {
		t.Errorf("%s goes on after its only page", path)
	}
	var all []json.RawMessage
	for query := fmt.Sprintf("?most=%d", most); pages <= len(whole); pages++ {
		list, next := read(query)
		if all = append(all, list...); next == "" {
			pages++
			break
		}
		query = fmt.Sprintf("?most=%d&cursor=%s", most, next)
	}
	if !slices.EqualFunc(all, whole, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
		t.Errorf("%s in pages is %s, and not %s", path, all, whole)
	}
	return len(whole), pages
}
