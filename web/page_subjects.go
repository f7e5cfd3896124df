package web

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"goshawk"
	"goshawk/casebook"
	"goshawk/chain"
	"goshawk/identity"
	"goshawk/workbench"
)

// colours are those that things on pages and pictures may be marked with; each has a name, which
// is always said.
func colours() []string { return []string{"red", "amber", "green", "blue", "violet", "grey"} }

// subjectsPage lists a case's addresses, transactions and wallets.
func (q *request) subjectsPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read the addresses", casebook.KindSubject, casebook.KindWallet)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/subjects", "")
	v.title = v.t("nav.subjects")
	list := records(c, casebook.KindSubject)
	p := q.part(len(list), -1)
	return q.show(v, subjectsPage(v, cut(p, list, 0), p, records(c, casebook.KindWallet), q.usual(c)))
}

// usual is the network that most of the case is about; for an empty one, that of a ledger here.
func (q *request) usual(c *casebook.Case) string {
	n := map[string]int{}
	best := chain.Networks()[0]
	if here := q.networks(); len(here) > 0 && !slices.Contains(here, best) {
		best = here[0]
	}
	for _, k := range []casebook.Kind{casebook.KindSubject, casebook.KindWallet} {
		for _, r := range records(c, k) {
			name := r.Text("network")
			if n[name]++; n[name] > n[best] {
				best = name
			}
		}
	}
	return best
}

// subjectPage shows one.
func (q *request) subjectPage() error {
	c, err := q.s.Book.Read(q.Context(), q.subject, goshawk.ID(q.PathValue("case")), "read an address", casebook.KindCase, casebook.KindSubject)
	if err != nil {
		return err
	}
	r, err := find(c, casebook.KindSubject, goshawk.ID(q.PathValue("subject")))
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/subjects", "")
	v.trail = append(v.trail, crumb{v.t("nav.subjects"), casePath(c.ID) + "/subjects"})
	v.title = r.Text("title")
	if v.title == "" {
		v.title = v.t("what." + r.Text("what"))
	}
	facts, err := q.facts(r, own(c).Text("ledger"))
	if err != nil {
		// The case is there without its ledgers.
		q.s.Log.Warn("a ledger does not say what it knows of an address", "error", err)
	}
	return q.show(v, subjectPage(v, r, facts))
}

// offered is something found in a text, offered for import.
type offered struct {
	casebook.Found
	there   bool // the case has it
	network string
}

// mostPasted is the most bytes of a form with a text or a file to look through.
const mostPasted = casebook.MostText + 2<<20

// findPage looks for addresses in what was pasted or uploaded, and offers what it finds.
func (q *request) findPage() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	text, name, err := q.pasted()
	if err != nil {
		return err
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "looked for addresses in a text", casebook.KindSubject, casebook.KindWallet)
	if err != nil {
		return err
	}
	v := q.casePage(&c.Summary, "/subjects", "")
	v.title = v.t("find.title")
	v.trail = append(v.trail, crumb{v.t("nav.subjects"), casePath(c.ID) + "/subjects"})
	source := strings.TrimSpace(q.FormValue("source"))
	if source == "" {
		source = name
	}
	var kept *casebook.Fixed
	if q.FormValue("keep") != "" && len(text) > 0 {
		from := source
		if from == "" {
			from = v.t("find.pasted")
		}
		if name == "" {
			name = "pasted.txt"
		}
		if kept, err = q.s.Book.AddExhibit(q.Context(), q.subject, id, casebook.Exhibit{Name: name, Source: from}, strings.NewReader(text)); err != nil {
			return err
		}
		source = kept.Number + " " + kept.Name
	}
	list, more := q.s.find([]byte(text))
	there := map[string]bool{}
	for _, r := range records(c, casebook.KindSubject) {
		there[r.Text("text")] = true
	}
	for _, r := range records(c, casebook.KindWallet) {
		there[r.Text("key")] = true
	}
	best := q.usual(c)
	offers := make([]offered, len(list))
	for i, f := range list {
		if len(f.Networks) == 0 {
			f.Networks = chain.Networks()
		}
		offers[i] = offered{f, there[f.Text], f.Networks[0]}
		if slices.Contains(f.Networks, best) {
			offers[i].network = best
		}
	}
	return q.show(v, findPage(v, offers, more, source, kept))
}

// pasted is the text to look through, and the name of the file that it is.
func (q *request) pasted() (text, name string, err error) {
	if err := q.hurry(); err != nil {
		return "", "", err
	}
	q.Body = http.MaxBytesReader(q.w, q.Body, mostPasted)
	// The other way round it would not be said that a plain form is too large.
	if err = q.ParseForm(); err == nil {
		if err = q.ParseMultipartForm(mostPasted); errors.Is(err, http.ErrNotMultipart) {
			err = nil
		}
	}
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return "", "", goshawk.Errorf(goshawk.Invalid, "the text is too large to look through").WithHint("at most 8 MB at once: cut it into parts; a larger file can be kept as an exhibit")
	}
	if err != nil {
		return "", "", goshawk.Errorf(goshawk.Invalid, "the form cannot be read: %w", err).WithHint("send it again")
	}
	text = q.FormValue("text")
	file, head, err := q.FormFile("file")
	if err != nil {
		return text, "", nil // no file was chosen
	}
	defer file.Close()
	if head.Size == 0 {
		return text, "", nil
	}
	all, err := io.ReadAll(file)
	if err != nil {
		return "", "", goshawk.Errorf(goshawk.Invalid, "the file cannot be read: %w", err).WithHint("send it again")
	}
	if text == "" {
		return string(all), casebook.FileName(head.Filename), nil
	}
	return text + "\n" + string(all), casebook.FileName(head.Filename), nil
}

// find looks for addresses in a text.
func (s *Server) find(text []byte) ([]casebook.Found, bool) {
	know := chain.Recogniser()
	return casebook.Find(text, func(word string) (casebook.Known, bool) {
		w, ok := know(word)
		return casebook.Known(w), ok
	})
}

// importSubjects adds what was chosen of what was found. It is looked at again: a form can say
// anything.
func (q *request) importSubjects() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "chose addresses", casebook.KindSubject, casebook.KindWallet)
	if err != nil {
		return err
	}
	if len(q.PostForm["pick"]) > casebook.MostFound {
		return goshawk.Errorf(goshawk.Invalid, "%d are too many at once", len(q.PostForm["pick"])).WithHint("at most %d", casebook.MostFound)
	}
	there := map[string]bool{}
	for _, r := range records(c, casebook.KindSubject) {
		there[r.Text("network")+r.Text("text")] = true
	}
	for _, r := range records(c, casebook.KindWallet) {
		there[r.Text("network")+r.Text("key")] = true
	}
	source, title := strings.TrimSpace(q.PostForm.Get("source")), strings.TrimSpace(q.PostForm.Get("title"))
	var edits []casebook.Edit
	for _, pick := range q.PostForm["pick"] {
		text, network := strings.TrimSpace(q.PostForm.Get("t."+pick)), q.PostForm.Get("n."+pick)
		f, err := q.s.recognise(network, "", text)
		if err != nil {
			return err
		}
		if there[network+f.Text] {
			continue
		}
		there[network+f.Text] = true
		set := func(k casebook.Kind, r goshawk.ID, pairs ...string) {
			for i := 0; i+1 < len(pairs); i += 2 {
				if pairs[i+1] != "" {
					edits = append(edits, casebook.Set(k, r, pairs[i], pairs[i+1]))
				}
			}
		}
		if f.What == "wallet" {
			set(casebook.KindWallet, casebook.NewID(), "network", network, "key", f.Text, "title", title, "comment", source)
		} else {
			set(casebook.KindSubject, casebook.NewID(), "network", network, "what", f.What, "text", f.Text, "title", title, "source", source)
		}
	}
	to := casePath(id) + "/subjects"
	if len(edits) == 0 {
		return q.done(to, "unchanged", 0)
	}
	done, err := q.s.Book.Change(q.Context(), q.subject, id, "added addresses", edits)
	if err != nil {
		return err
	}
	return q.done(to, "added", done.Seq)
}

// addWallet adds a seized wallet's public key or descriptor.
func (q *request) addWallet() error {
	id := goshawk.ID(q.PathValue("case"))
	if err := q.form(); err != nil {
		return err
	}
	if err := q.s.Book.MayChange(q.Context(), q.subject, id); err != nil {
		return err
	}
	network, key := q.PostForm.Get("network"), strings.TrimSpace(q.PostForm.Get("key"))
	if _, err := chain.OpenWallet(network, key); err != nil {
		return err
	}
	r := casebook.NewID()
	edits := []casebook.Edit{casebook.Set(casebook.KindWallet, r, "network", network), casebook.Set(casebook.KindWallet, r, "key", key)}
	if title := strings.TrimSpace(q.PostForm.Get("title")); title != "" {
		edits = append(edits, casebook.Set(casebook.KindWallet, r, "title", title))
	}
	if gap := q.PostForm.Get("gap"); gap != "" {
		n, err := number(gap)
		if err != nil {
			return err
		}
		edits = append(edits, casebook.Set(casebook.KindWallet, r, "gap", min(n, mostGap)))
	}
	done, err := q.s.Book.Change(q.Context(), q.subject, id, "added a wallet", edits)
	if err != nil {
		return err
	}
	return q.done(casePath(id)+"/wallets/"+string(r), "added", done.Seq)
}

// Gaps: how many unused addresses in a row end a wallet (BIP 44 says 20), and the most of them.
const (
	usualGap    = 20
	mostGap     = 500
	mostDerived = 1_000 // of one branch, on one page
)

// branch is one of a wallet's chains of addresses.
type branch struct {
	key  string // of its name
	list []derived
	last bool // the gap was reached: there are no more
}

// derived is one of a wallet's addresses.
type derived struct {
	chain.Address
	there bool  // the case has it
	times int64 // transactions in the ledgers
}

// walletPage shows a wallet's addresses: as many as the gap without a ledger, else all of them up
// to the first gap.
func (q *request) walletPage() error {
	w, err := q.wallet(goshawk.ID(q.PathValue("case")), goshawk.ID(q.PathValue("wallet")))
	if err != nil {
		return err
	}
	v := q.casePage(&w.in.Summary, "/subjects", "")
	v.trail = append(v.trail, crumb{v.t("nav.subjects"), casePath(w.in.ID) + "/subjects"})
	v.title = w.Text("title")
	if v.title == "" {
		v.title = v.t("what.wallet")
	}
	return q.show(v, walletPage(v, w))
}

// seized is a wallet of a case with its addresses.
type seized struct {
	record
	in       *casebook.Case
	branches []branch
	gap      int
	ledger   goshawk.ID // that says which addresses were used; "": none does
}

// wallet derives a wallet's addresses, and looks them up.
func (q *request) wallet(id, name goshawk.ID) (*seized, error) {
	c, err := q.s.Book.Read(q.Context(), q.subject, id, "read a wallet", casebook.KindCase, casebook.KindWallet, casebook.KindSubject)
	if err != nil {
		return nil, err
	}
	w := &seized{in: c}
	if w.record, err = find(c, casebook.KindWallet, name); err != nil {
		return nil, err
	}
	wallet, err := chain.OpenWallet(w.Text("network"), w.Text("key"))
	if err != nil {
		return nil, err
	}
	if w.gap = min(int(w.Number("gap")), mostGap); w.gap <= 0 {
		w.gap = usualGap
	}
	there := map[string]bool{}
	for _, s := range records(c, casebook.KindSubject) {
		there[s.Text("text")] = true
	}
	held, err := q.ledgerOf(w.Text("network"), own(c).Text("ledger"))
	if err != nil {
		return nil, err
	}
	if held != nil {
		defer held.Release()
		w.ledger = held.ID
	}
	for n := range wallet.Branches() {
		b, err := q.derive(wallet, held, n, w.gap, there)
		if err != nil {
			return nil, err
		}
		b.key = []string{"wallet.branch_0", "wallet.branch_1", "wallet.branch_2"}[min(n, 2)]
		if wallet.Branches() == 1 {
			b.key = "wallet.only"
		}
		w.branches = append(w.branches, b)
	}
	return w, nil
}

// derive makes a branch's addresses: up to the gap, where a ledger says which of them were used.
func (q *request) derive(wallet *chain.Wallet, held *workbench.Held, n, gap int, there map[string]bool) (b branch, err error) {
	unused := 0
	for len(b.list) < mostDerived {
		list, err := wallet.Addresses(n, uint32(len(b.list)), uint32(gap)) //nolint:gosec // both are small
		if err != nil {
			return b, err
		}
		times := map[string]int64{}
		if held != nil {
			texts := make([]string, len(list))
			for i, a := range list {
				texts[i] = a.Text
			}
			if times, err = used(q.Context(), held, texts); err != nil {
				return b, err
			}
		}
		for _, a := range list {
			b.list = append(b.list, derived{a, there[a.Text], times[a.Text]})
			if unused++; times[a.Text] > 0 {
				unused = 0
			}
			if held != nil && unused >= gap {
				b.last = true
				return b, nil
			}
		}
		if held == nil || len(list) < gap {
			b.last = len(list) < gap
			return b, nil
		}
	}
	return b, nil
}

// mayKeep says whether exhibits can be made in the page's case.
func (v *view) mayKeep() bool { return v.q.s.Book.Files != nil && v.may(identity.ChangeCase) }
