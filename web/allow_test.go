package web

import (
	"net/url"
	"strings"
	"testing"

	"goshawk/casebook"
)

// TestAllowedOnChains: what a program or a form adds to a case is held against the chains' rules, as what is found in a text is. A
// private key above all gets into no record, no history and no answer.
func TestAllowedOnChains(t *testing.T) {
	s := newStage(t)
	whale := s.chain(50)
	c := s.newCase()
	const public = "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8"
	const private = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
	coin := strings.Repeat("ab", 32) + ":1"
	for _, x := range []struct {
		kind   casebook.Kind
		fields []string
		code   int
	}{
		{casebook.KindSubject, []string{"network", "bitcoin", "what", "address", "text", firstAddress}, 200},
		{casebook.KindSubject, []string{"network", "bitcoin", "what", "address", "text", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb"}, 400}, // one letter
		{casebook.KindSubject, []string{"network", "litecoin", "what", "address", "text", firstAddress}, 400},
		{casebook.KindSubject, []string{"network", "bitcoin", "what", "transaction", "text", firstAddress}, 400},
		{casebook.KindSubject, []string{"network", "bitcoin", "what", "address", "text", firstAddress + " and more " + firstAddress}, 400},
		{casebook.KindSubject, []string{"network", "bitcoin", "what", "coin", "text", coin}, 200},
		{casebook.KindWallet, []string{"network", "bitcoin", "key", public}, 200},
		{casebook.KindWallet, []string{"network", "bitcoin", "key", private}, 400},
		{casebook.KindWallet, []string{"network", "bitcoin", "key", "wpkh(" + private + "/0/*)"}, 400},
		{casebook.KindWatch, []string{"what", "address", "ledger", "main", "text", whale}, 200},
		{casebook.KindWatch, []string{"what", "address", "ledger", "main", "text", "nonsense"}, 400},
		{casebook.KindWatch, []string{"what", "address", "ledger", "nowhere", "text", whale}, 400},
		{casebook.KindWatch, []string{"what", "coin", "ledger", "main", "text", "nonsense"}, 400},
	} {
		id := casebook.NewID()
		var edits []casebook.Edit
		form := url.Values{}
		for i := 0; i < len(x.fields); i += 2 {
			edits = append(edits, casebook.Set(x.kind, id, x.fields[i], x.fields[i+1]))
			form.Set("f."+x.fields[i], x.fields[i+1])
		}
		a := s.as("investigator").do("POST", apiRoot+casePath(c)+"/changes", map[string]any{"what": "added", "edits": edits})
		a.is(t, x.code, nil)
		if strings.Contains(string(a.body), private) {
			t.Errorf("the private key is in the answer: %s", a.body)
		}
		// By a form, too, where there is one for such records.
		b := s.as("investigator").do("POST", casePath(c)+"/records/"+string(x.kind)+"/new", form.Encode(), "Content-Type", "application/x-www-form-urlencoded", "Accept", "application/json")
		if x.code != 200 && b.StatusCode < 400 || strings.Contains(string(b.body), private) {
			t.Errorf("by a form: %d %s", b.StatusCode, b.body)
		}
	}
	// Who may not is told that, and not what is wrong.
	edits := []casebook.Edit{casebook.Set(casebook.KindWallet, "w1", "network", "bitcoin"), casebook.Set(casebook.KindWallet, "w1", "key", private)}
	s.as("outsider").do("POST", apiRoot+casePath(c)+"/changes", map[string]any{"what": "added", "edits": edits}).is(t, 404, nil)
}
