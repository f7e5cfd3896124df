package workbench

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/cluster"
	"goshawk/label"
)

// deed is what one transaction did to the node: what its addresses received, or spent.
type deed struct {
	tx    goshawk.TxID
	units goshawk.Units
}

// party shows the transactions or the counterparties of an address, a cluster or a service.
func (x *expansion) party(ctx context.Context, kind, text string) (*Found, error) {
	members, me, err := x.members(ctx, kind, text)
	if err != nil {
		return nil, err
	}
	for _, a := range members {
		x.own[a] = true
	}
	if x.first >= x.end {
		return x.done(0, 0), nil
	}
	w, err := x.window(ctx, members)
	if err != nil {
		return nil, err
	}
	if x.q.Level == LevelTransaction {
		return x.deeds(ctx, me, w)
	}
	return x.counterparties(ctx, me, w)
}

// members are the addresses that a node stands for.
func (x *expansion) members(ctx context.Context, kind, text string) ([]goshawk.AddressID, Node, error) {
	switch kind {
	case "a":
		id, err := x.AddressID(ctx, text)
		if err == nil {
			x.draw.ids["a:"+text] = id
		}
		return []goshawk.AddressID{id}, Node{ID: "a:" + text, What: NodeAddress, Text: text}, err
	case "c":
		if x.Local == nil {
			return nil, Node{}, NoClusters("ask of an address")
		}
		id, err := x.AddressID(ctx, text)
		if err != nil {
			return nil, Node{}, err
		}
		list, more, err := cluster.Of(x, x.Local).Members(ctx, id, mostMembers)
		if more {
			x.notes = append(x.notes, fmt.Sprintf("of the cluster's addresses %s were looked at", goshawk.Group(fmt.Sprint(mostMembers))))
		}
		return list, Node{ID: "c:" + text, What: NodeCluster, Text: text, Inferred: true}, err
	}
	matches, err := label.Match(ctx, x, x.Labels, x.Params.ParseAddress)
	if err != nil {
		return nil, Node{}, err
	}
	var list []goshawk.AddressID
	for _, m := range matches.Addresses {
		if slices.ContainsFunc(m.Labels, func(l goshawk.Label) bool { return ServiceID(&l) == "s:"+text }) {
			list = append(list, m.ID)
		}
	}
	if len(list) == 0 {
		return nil, Node{}, goshawk.Errorf(goshawk.NotFound, "no address of this ledger is labelled as %q", text)
	}
	if len(list) > mostMembers {
		x.notes = append(x.notes, fmt.Sprintf("of its %s labelled addresses %s were looked at", goshawk.Group(fmt.Sprint(len(list))), goshawk.Group(fmt.Sprint(mostMembers))))
		list = list[:mostMembers]
	}
	return list, Node{ID: "s:" + text, What: NodeService, Text: text, Inferred: true}, nil
}

// ServiceID names the node of who a label says it is: the party's name, as an ID takes it.
func ServiceID(l *goshawk.Label) string {
	var b strings.Builder
	b.WriteString("s:")
	for _, r := range strings.ToLower(l.Party()) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.' {
			b.WriteRune(r)
		} else {
			b.WriteByte('-')
		}
		if b.Len() > 80 {
			break
		}
	}
	return b.String()
}

// window is a part of a history that was looked at.
type window struct {
	deeds   []deed
	looked  uint64
	total   uint64       // transactions in all; 0: not known
	further bool         // there are others beyond it
	next    goshawk.TxID // where they begin; 0: nobody can say
}

// window reads what the node's addresses did, newest first unless the oldest were asked for.
func (x *expansion) window(ctx context.Context, members []goshawk.AddressID) (*window, error) {
	w := &window{}
	oldest := x.q.Order == "oldest"
	first, end := x.first, x.end
	if x.place.At > 0 && oldest {
		first = max(first, x.place.At)
	} else if x.place.At > 0 {
		end = min(end, x.place.At)
	}
	sums := map[goshawk.TxID]int{}
	left := mostLooked
	for _, a := range members {
		if left == 0 {
			w.further, w.next = true, 0
			break
		}
		page, err := x.History(ctx, goshawk.HistoryQuery{Address: a, Oldest: oldest, From: first, To: end, Limit: left})
		if err != nil {
			return nil, err
		}
		left -= len(page.Entries)
		w.looked += uint64(len(page.Entries))
		if page.More {
			w.further, w.next = true, page.Next
		}
		for i := range page.Entries {
			e := &page.Entries[i]
			units := &e.Received.Units
			if x.out {
				units = &e.Spent.Units
			}
			if units.IsZero() && !(x.out && e.Unresolved > 0) {
				continue
			}
			if len(members) == 1 {
				w.deeds = append(w.deeds, deed{e.Tx, *units})
				continue
			}
			at, has := sums[e.Tx]
			if !has {
				at = len(w.deeds)
				sums[e.Tx] = at
				w.deeds = append(w.deeds, deed{tx: e.Tx})
			}
			w.deeds[at].units.Add(&w.deeds[at].units, units)
		}
	}
	if w.further && len(members) > 1 {
		w.next = 0
	}
	if w.further && len(members) == 1 {
		infos, err := x.Addresses(ctx, members, goshawk.WantTotals)
		if err != nil {
			return nil, err
		}
		w.total = infos[0].Transactions
		which := "newest"
		if oldest {
			which = "oldest"
		}
		words := fmt.Sprintf("of its %s the %s %s were looked at", goshawk.Count(w.total, "transaction", "transactions"), which, goshawk.Group(fmt.Sprint(w.looked)))
		if x.filtersTime() || x.place.At > 0 {
			words = fmt.Sprintf("%s were looked at, the %s that are left", goshawk.Count(w.looked, "transaction", "transactions"), which)
		}
		x.notes = append(x.notes, words)
	} else if w.further {
		x.notes = append(x.notes, fmt.Sprintf("%s of its addresses were looked at, and there are more", goshawk.Count(w.looked, "transaction", "transactions")))
	}
	if x.filtersTime() {
		if err := x.inTime(ctx, w); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// inTime leaves out what lies outside of the times: header times are not in order.
func (x *expansion) inTime(ctx context.Context, w *window) error {
	kept := w.deeds[:0]
	var batch goshawk.Transactions
	for part := range slices.Chunk(slices.Clone(w.deeds), 1024) {
		if err := x.Transactions(ctx, txIDs(part), 0, &batch); err != nil {
			return err
		}
		for i, d := range part {
			if x.timed(batch.Rows[i].Time) {
				kept = append(kept, d)
			}
		}
	}
	w.deeds = kept
	return nil
}

func txIDs(list []deed) []goshawk.TxID {
	ids := make([]goshawk.TxID, len(list))
	for i := range list {
		ids[i] = list[i].tx
	}
	return ids
}

// turn says how many of n things are shown, from which on, what is left of them, and where the next page begins.
func (x *expansion) turn(n int, w *window) (from, to int, more uint64, next place) {
	from = min(x.place.Skip, n)
	to = min(from+x.most, n)
	more = uint64(n - to)
	next = x.place
	switch {
	case more > 0:
		next.Skip = to
	case w.further && w.next > 0:
		next.At, next.Skip = w.next, 0
	default:
		next = place{}
	}
	if w.further {
		rest := uint64(1)
		if w.total > w.looked && x.place.At == 0 && !x.filtersTime() {
			rest = w.total - w.looked
		}
		more += rest
	}
	return from, to, more, next
}

// deeds shows the transactions of a node.
func (x *expansion) deeds(ctx context.Context, me Node, w *window) (*Found, error) {
	list := slices.DeleteFunc(w.deeds, func(d deed) bool { return d.units.Lt(&x.min) })
	x.sortDeeds(list)
	from, to, more, next := x.turn(len(list), w)
	list = list[from:to]
	if len(list) > 0 {
		x.draw.put(me)
	}
	var batch goshawk.Transactions
	if err := x.Transactions(ctx, txIDs(list), goshawk.WantHashes, &batch); err != nil {
		return nil, err
	}
	for i := range list {
		tx := x.draw.transaction(&batch, i)
		e := Edge{From: tx, To: me.ID, What: EdgeReceive, Value: list[i].units.Dec(), Count: 1, Inferred: me.Inferred}
		if x.out {
			e.From, e.To, e.What = me.ID, tx, EdgeSpend
		}
		at := moment(batch.Rows[i].Time)
		x.draw.edge(e, at, at)
	}
	return x.page(more, w.further, next), nil
}

func (x *expansion) sortDeeds(list []deed) {
	slices.SortFunc(list, func(a, b deed) int {
		switch x.q.Order {
		case "newest":
			return compareTx(b.tx, a.tx)
		case "oldest":
			return compareTx(a.tx, b.tx)
		}
		return byAmount(&a.units, &b.units, a.tx, b.tx)
	})
}

func compareTx(a, b goshawk.TxID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// other is a counterparty, and what moved between it and the node.
type other struct {
	id      goshawk.AddressID // or its cluster's root
	units   goshawk.Units
	count   uint64
	shared  uint64 // of count: others' coins were spent too, so that its part is by value
	unknown uint64 // of count: nobody can say how much
	first   int64
	last    int64
	newest  goshawk.TxID
	days    map[int64]goshawk.Units // of its sum, by day; nil while there is one, and where there are too many
	split   bool                    // there was a second day
}

// mostDays is of how many days an edge says what moved on each: as many as a graph's line has room for, beside
// everything else that it says.
const mostDays = 200

// on counts an amount for its day. Most counterparties move something on one day only: they need no map.
func (o *other) on(at int64, v *goshawk.Units) {
	const day = 24 * 60 * 60
	switch {
	case !o.split && o.first/day == o.last/day:
		return
	case !o.split:
		o.split = true
		before := o.last / day // of the two days that there are now, the other one
		if before == at/day {
			before = o.first / day
		}
		o.days = map[int64]goshawk.Units{before: o.units}
	case o.days == nil:
		return
	}
	sum := o.days[at/day]
	sum.Add(&sum, v)
	if o.days[at/day] = sum; len(o.days) > mostDays {
		o.days = nil
	}
}

// perDay is what moved on each day, as an edge has it; nil where it is all of one day.
func (o *other) perDay() map[string]string {
	if o.days == nil {
		return nil
	}
	days := map[string]string{}
	for d, v := range o.days {
		days[time.Unix(d*24*60*60, 0).UTC().Format(time.DateOnly)] = v.Dec()
	}
	return days
}

// counterparties shows who paid the node, or whom it paid, with the sums of all transactions looked at.
//
// A transaction mixes its inputs: of what it pays to B, A paid in proportion to what A put in,
// rounded down. Where all inputs are A's that is all of it, and exact; else the sum is
// marked as inferred. The same formula from both sides: the edge from A to B is the same
// whether A or B was asked for.
func (x *expansion) counterparties(ctx context.Context, me Node, w *window) (*Found, error) {
	s := &summing{x: x, all: map[goshawk.AddressID]*other{}}
	var batch goshawk.Transactions
	for part := range slices.Chunk(w.deeds, 1024) {
		if err := x.Transactions(ctx, txIDs(part), 0, &batch); err != nil {
			return nil, err
		}
		for row := range batch.Rows {
			s.row(&batch, row)
		}
	}
	list, err := s.list(ctx)
	if err != nil {
		return nil, err
	}
	from, to, more, next := x.turn(len(list), w)
	list = list[from:to]
	scope := x.scope()
	names, err := x.name(ctx, list)
	if err != nil {
		return nil, err
	}
	if len(list) > 0 {
		x.draw.put(me)
	}
	for i, o := range list {
		e := Edge{From: names[i], To: me.ID, What: EdgePay, Value: o.units.Dec(), Count: o.count, Inferred: me.Inferred || x.q.By == "cluster" || o.shared > 0, Scope: scope, Days: o.perDay()}
		if x.out {
			e.From, e.To = me.ID, names[i]
		}
		if o.shared > 0 {
			e.Note = fmt.Sprintf("in %s others' coins were spent too: of these, a part by value is counted", goshawk.Count(o.shared, "transaction", "transactions"))
		}
		if o.unknown > 0 {
			e.Note = strings.TrimPrefix(e.Note+"; in "+goshawk.Count(o.unknown, "transaction", "transactions")+" nobody can say how much: not in the sum", "; ")
		}
		x.draw.edge(e, moment(o.first), moment(o.last))
	}
	return x.page(more, w.further, next), nil
}

// name puts the counterparties' nodes.
func (x *expansion) name(ctx context.Context, list []*other) ([]string, error) {
	ids := make([]goshawk.AddressID, len(list))
	for i, o := range list {
		ids[i] = o.id
	}
	if x.q.By != "cluster" {
		return x.draw.addresses(ctx, ids)
	}
	names := make([]string, len(list))
	for i, a := range ids {
		var err error
		if _, _, child := x.Local.Parent(a); !child && len(x.Local.Children(a)) == 0 {
			one, bad := x.draw.addresses(ctx, []goshawk.AddressID{a})
			if bad != nil {
				return nil, bad
			}
			names[i] = one[0]
			continue
		}
		if names[i], err = x.draw.cluster(ctx, a); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// summing adds up what moved between the node and others.
type summing struct {
	x     *expansion
	all   map[goshawk.AddressID]*other
	joins uint64 // transactions left out: who paid whom in them nobody can say
	mined uint64
	named uint64 // payments to scripts that are no address
	part  map[goshawk.AddressID]goshawk.Units
}

// key is who an address is counted for.
func (s *summing) key(a goshawk.AddressID) goshawk.AddressID {
	if s.x.q.By == "cluster" && a != goshawk.NoAddress {
		return cluster.Root(s.x.Local, a)
	}
	return a
}

func (s *summing) row(batch *goshawk.Transactions, row int) {
	x := s.x
	r := &batch.Rows[row]
	if IsCoinJoin(batch, row) {
		s.joins++
		return
	}
	if r.Coinbase {
		if !x.out {
			s.mined++
		}
		return
	}
	var total, mine goshawk.Units
	unknown := false
	if s.part == nil {
		s.part = map[goshawk.AddressID]goshawk.Units{}
	}
	clear(s.part)
	payers := s.part
	for _, in := range batch.In(row) {
		v := goshawk.U(in.Value)
		unknown = unknown || in.Link == goshawk.Unresolved
		total.Add(&total, &v)
		if x.own[in.Address] {
			mine.Add(&mine, &v)
		}
		if !x.out {
			sum := payers[s.key(in.Address)]
			sum.Add(&sum, &v)
			payers[s.key(in.Address)] = sum
		}
	}
	if x.out {
		clear(s.part)
		for _, o := range batch.Out(row) {
			if x.own[o.Address] || o.Value == 0 {
				continue
			}
			sum := s.part[s.key(o.Address)]
			v := goshawk.U(o.Value)
			sum.Add(&sum, &v)
			s.part[s.key(o.Address)] = sum
		}
		for a, paid := range s.part {
			s.add(a, r, share(&paid, &mine, &total), mine != total, unknown)
		}
		return
	}
	var got goshawk.Units
	for _, o := range batch.Out(row) {
		if x.own[o.Address] {
			v := goshawk.U(o.Value)
			got.Add(&got, &v)
		}
	}
	if got.IsZero() {
		return // it was paid nothing
	}
	for a, put := range payers {
		if x.own[a] || put.IsZero() && !unknown { // its own change; coins worth nothing
			continue
		}
		s.add(a, r, share(&got, &put, &total), put != total, unknown)
	}
}

// share is the part of an amount that belongs to a part of the whole, rounded down.
func share(amount, part, whole *goshawk.Units) goshawk.Units {
	var out goshawk.Units
	if whole.IsZero() {
		return out
	}
	// Amounts of 64-bit columns: the product does not come near 256 bits.
	out.Mul(amount, part)
	out.Div(&out, whole)
	return out
}

func (s *summing) add(a goshawk.AddressID, r *goshawk.Transaction, v goshawk.Units, shared, unknown bool) {
	if a == goshawk.NoAddress {
		s.named++
		return
	}
	if !unknown && v.Lt(&s.x.min) {
		return
	}
	o := s.all[a]
	if o == nil {
		o = &other{id: a, first: r.Time, last: r.Time}
		s.all[a] = o
	}
	o.count++
	o.first, o.last, o.newest = min(o.first, r.Time), max(o.last, r.Time), max(o.newest, r.ID)
	switch {
	case unknown:
		o.unknown++
		return
	case shared:
		o.shared++
	}
	o.on(r.Time, &v)
	o.units.Add(&o.units, &v)
}

// list is the counterparties in order, and what the scope says of those left out.
func (s *summing) list(ctx context.Context) ([]*other, error) {
	x := s.x
	if s.joins > 0 {
		x.notes = append(x.notes, goshawk.Count(s.joins, "transaction", "transactions")+" consistent with CoinJoins left out: who paid whom in them is not determinable")
	}
	if s.mined > 0 {
		x.notes = append(x.notes, goshawk.Count(s.mined, "payment", "payments")+" of newly mined coins left out")
	}
	var keep map[goshawk.AddressID]bool
	if x.q.Label != "" {
		ids := make([]goshawk.AddressID, 0, len(s.all))
		for a := range s.all {
			ids = append(ids, a)
		}
		slices.Sort(ids)
		var err error
		if keep, err = x.withLabel(ctx, ids); err != nil {
			return nil, err
		}
	}
	list := make([]*other, 0, len(s.all))
	for a, o := range s.all {
		if keep == nil || keep[a] {
			list = append(list, o)
		}
	}
	slices.SortFunc(list, func(a, b *other) int {
		switch x.q.Order {
		case "newest":
			return compareOthers(compareTx(b.newest, a.newest), a, b)
		case "oldest":
			return compareOthers(compareTime(a.first, b.first), a, b)
		}
		return compareOthers(b.units.Cmp(&a.units), a, b)
	})
	// What cannot be a node is not shown: scripts without an address, and those too long for one.
	infos, err := x.named(ctx, list)
	return infos, err
}

func compareOthers(by int, a, b *other) int {
	if by != 0 {
		return by
	}
	if a.id < b.id {
		return -1
	}
	return 1
}

func compareTime(a, b int64) int { return time.Unix(a, 0).Compare(time.Unix(b, 0)) }

// named leaves out, near the front of a list, who has no address that a node could be called by.
func (x *expansion) named(ctx context.Context, list []*other) ([]*other, error) {
	near := list[:min(len(list), x.place.Skip+x.most+32)]
	ids := make([]goshawk.AddressID, len(near))
	for i, o := range near {
		ids[i] = o.id
	}
	infos, err := x.Addresses(ctx, ids, 0)
	if err != nil {
		return nil, err
	}
	bad := map[goshawk.AddressID]bool{}
	for i := range infos {
		if id := "node/a:" + infos[i].Text; len(id) > goshawkID || !goshawk.ID("a:"+infos[i].Text).Valid() {
			bad[infos[i].ID] = true
		}
	}
	if len(bad) == 0 {
		return list, nil
	}
	x.notes = append(x.notes, "payments to scripts without an address left out")
	return slices.DeleteFunc(list, func(o *other) bool { return bad[o.id] }), nil
}
