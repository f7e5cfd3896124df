package records

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"

	"goshawk"
	"goshawk/world"
)

// service is what one service keeps of its customers. Entries are written as
// they come; what is known of a customer is written at the end.
type service struct {
	actor    *world.Actor
	terms    terms
	text     func(world.Address) string // writes an address
	folder   string                     // below services/
	accounts []*account
	byID     map[uint32]*account

	// nil: it keeps none
	logins, deposits, withdrawals, trades, bets, balances, addresses *sheet
	internal                                                         *sheet
	cases                                                            *sheet  // of all services: withdrawals that are part of a crime
	visits                                                           []visit // of the block that is being told
	numbers                                                          numbers
	held                                                             []told // of orders that are not deleted yet
	full                                                             int    // how many to hold before looking for what is to be deleted
}

// numbers count a service's papers.
type numbers struct{ deposits, withdrawals, trades, bets uint64 }

// account is what a service knows of a customer.
type account struct {
	id       uint32
	customer *world.Actor
	opened   uint32
	began    int32   // height of the block in which the account came to be
	factor   string  // the second one
	papers   []paper // the first from when it was opened
	who      Identity
	rng      world.Rand
	asked    []request // withdrawals that are not paid yet, oldest first
	visited  int32     // height of the last log-in
	credited int32     // height of the last deposit
	last     uint32    // time of the last log-in
	address  string    // that it pays in at, of those who keep one
	mail     bool      // left an e-mail address where nothing was asked for
	due      int       // payments of an order that are still to come
	done     uint32    // time of the last one
	sums     sums
}

// sums are in satoshis.
type sums struct {
	Deposits    uint64 `json:"deposits,string"`
	Withdrawals uint64 `json:"withdrawals,string"` // that are paid
	Pending     uint64 `json:"pending,string"`     // asked for, and not paid yet
	Fees        uint64 `json:"fees,string"`
	Bought      uint64 `json:"bought,string"`
	Sold        uint64 `json:"sold,string"`
	Won         uint64 `json:"won,string"`
	Lost        uint64 `json:"lost,string"`
	Balance     uint64 `json:"balance,string"`
}

// paper is what a customer handed in, and when.
type paper struct {
	since uint32
	level int // of verification, 1 to 3: e-mail and name; identity document; proof of address
	claim claim
}

// request is a withdrawal that a customer asked for.
type request struct {
	number, satoshis, fee uint64
	at                    uint32
	to                    world.Address
}

// visit is a log-in.
type visit struct {
	at      uint32
	account uint32
	from    netip.Addr
	device  string
	factor  string
	failed  bool
}

func newService(a *world.Actor, t terms, create world.Create) (*service, error) {
	s := &service{actor: a, terms: t, folder: "services/" + slug(a.Name, "-") + "/", byID: map[uint32]*account{}}
	for _, t := range []struct {
		to           **sheet
		name, header string
	}{
		{&s.logins, "logins.csv", "time,account,ip,device,agent,second_factor,result"},
		{&s.deposits, "deposits.csv", "deposit,time,account,satoshis,address,tx,output"},
		{&s.withdrawals, "withdrawals.csv", "withdrawal,requested,paid,account,satoshis,fee,address,tx,output"},
		{&s.trades, "trades.csv", "trade,time,account,side,satoshis,usd"},
		{&s.bets, "bets.csv", "bet,time,account,satoshis,result"},
		{&s.balances, "balances.csv", "time,account,reference,change,balance"},
		{&s.addresses, "addresses.csv", "address,account,since"},
		{&s.internal, "internal.csv", "time,satoshis,address,tx,output"},
	} {
		if !slices.Contains(s.terms.files, t.name) {
			continue
		}
		var err error
		if *t.to, err = newSheet(create, s.folder+t.name, t.header); err != nil {
			return nil, err
		}
	}
	if s.terms.forgets {
		s.withdrawals.waits = true // each part is paid when it is due, in no order
	}
	return s, nil
}

// entry writes a line of the books into the papers that it belongs to.
func (s *service) entry(n *world.Entry, a *account, address string) error {
	switch n.Kind {
	case world.EntryDeposit:
		s.numbers.deposits++
		a.credited = n.Height
		a.sums.Deposits += n.Satoshis
		d := s.deposits.id('D', s.numbers.deposits).time(n.Time).number(uint64(a.id)).number(n.Satoshis)
		if err := d.text(address).hash(n.Tx).number(uint64(n.Output)).end(); err != nil {
			return err
		}
		return s.balance(n, a, 'D', s.numbers.deposits, '+', n.Satoshis)
	case world.EntryBuy, world.EntrySell:
		s.numbers.trades++
		side, sign := "buy", byte('+')
		if n.Kind == world.EntrySell {
			side, sign = "sell", '-'
			a.sums.Sold += n.Satoshis
		} else {
			a.sums.Bought += n.Satoshis
		}
		t := s.trades.id('T', s.numbers.trades).time(n.Time).number(uint64(a.id)).text(side).number(n.Satoshis)
		if err := t.money(n.Cents).end(); err != nil {
			return err
		}
		return s.balance(n, a, 'T', s.numbers.trades, sign, n.Satoshis)
	case world.EntryWin, world.EntryLoss:
		s.numbers.bets++
		result, sign := "won", byte('+')
		if n.Kind == world.EntryLoss {
			result, sign = "lost", '-'
			a.sums.Lost += n.Satoshis
		} else {
			a.sums.Won += n.Satoshis
		}
		if err := s.bets.id('B', s.numbers.bets).time(n.Time).number(uint64(a.id)).number(n.Satoshis).text(result).end(); err != nil {
			return err
		}
		return s.balance(n, a, 'B', s.numbers.bets, sign, n.Satoshis)
	case world.EntryRequest:
		s.numbers.withdrawals++
		a.sums.Fees += n.Fee
		a.asked = append(a.asked, request{s.numbers.withdrawals, n.Satoshis, n.Fee, n.Time, n.To})
		return s.balance(n, a, 'W', s.numbers.withdrawals, '-', n.Satoshis+n.Fee)
	case world.EntryWithdrawal:
		// A batch pays in the order of its outputs, not in that of the requests.
		i := slices.IndexFunc(a.asked, func(q request) bool { return q.satoshis == n.Satoshis && q.fee == n.Fee && q.to == n.Address })
		if i < 0 {
			return goshawk.Errorf(goshawk.Invalid, "%s pays account %d %d satoshis that nobody asked for", s.actor.Name, a.id, n.Satoshis)
		}
		q := a.asked[i]
		a.asked = slices.Delete(a.asked, i, i+1)
		a.sums.Withdrawals += n.Satoshis
		if n.Part.Case != "" {
			c := s.cases.text(s.actor.Name).id('W', q.number).number(uint64(a.id)).number(n.Satoshis).hash(n.Tx).number(uint64(n.Output))
			if err := c.text(n.Part.Case).text(n.Part.Stage).end(); err != nil {
				return err
			}
		}
		return s.withdrawal(a, q, n.Time).text(address).hash(n.Tx).number(uint64(n.Output)).end()
	default:
		return nil
	}
}

// withdrawal begins a withdrawal's row; paid is 0 until it is.
func (s *service) withdrawal(a *account, q request, paid uint32) *sheet {
	return s.withdrawals.id('W', q.number).time(q.at).time(paid).number(uint64(a.id)).number(q.satoshis).number(q.fee)
}

// balance writes a line of an account's extract: what an entry changed, and what
// the service owes afterwards.
func (s *service) balance(n *world.Entry, a *account, letter byte, number uint64, sign byte, satoshis uint64) error {
	a.sums.Balance = n.Balance
	return s.balances.time(n.Time).number(uint64(a.id)).id(letter, number).change(sign, satoshis).number(n.Balance).end()
}

// returned writes down a coin of the service's own that came to an address which it
// gave out. It is no customer's.
func (s *service) returned(n *world.Entry, address string) error {
	return s.internal.time(n.Time).number(n.Satoshis).text(address).hash(n.Tx).number(uint64(n.Output)).end()
}

// visit notes that a customer logged in, some time since the block before.
func (s *service) visit(n *world.Entry, a *account, before uint32) {
	r := &a.rng
	v := visit{at: n.Time, account: a.id, from: a.who.Home, device: a.who.Device, factor: a.factor}
	if wait := min(n.Time-before, 900); wait > 0 {
		v.at -= uint32(r.Below(uint64(wait)))
	}
	v.at = max(v.at, a.opened)
	second := a.who.Second != "" && r.Chance(2_500)
	if second {
		v.device = a.who.Second
	}
	switch {
	case a.who.Firm:
	case a.who.Away.IsValid() && r.Chance(6_000):
		v.from = a.who.Away
	case second || r.Chance(2_500):
		v.from = a.who.Mobile
	}
	if n.Session != nil {
		if n.Session.Device != "" {
			v.device = n.Session.Device
		}
		if n.Session.Address.IsValid() {
			v.from = n.Session.Address
		}
	}
	if !a.who.Firm && r.Chance(300) {
		wrong := v
		wrong.failed = true
		wrong.at = max(v.at-uint32(r.Between(4, 60)), before, a.opened)
		s.visits = append(s.visits, wrong)
	}
	s.visits = append(s.visits, v)
	a.visited, a.last = n.Height, v.at
}

// flush writes the log-ins of a block in the order of time.
func (s *service) flush(era world.Era) error {
	slices.SortStableFunc(s.visits, func(a, b visit) int { return cmp.Compare(a.at, b.at) })
	for _, v := range s.visits {
		result := "ok"
		if v.failed {
			result = "wrong password"
		}
		l := s.logins.time(v.at).number(uint64(v.account)).text(v.from.String()).text(v.device).text(agent(era, v.device))
		if err := l.text(v.factor).text(result).end(); err != nil {
			return err
		}
	}
	s.visits = s.visits[:0]
	return nil
}

// own writes an address that a customer was given to pay in at, or that all use.
func (s *service) own(o *world.Owned) error {
	if s.terms.forgets {
		s.held = append(s.held, told{entry: world.Entry{Account: o.Account, Time: o.Time}, address: o.Address, owned: true})
		return nil
	}
	if a := s.byID[o.Account]; a != nil && o.Purpose == world.DepositAddress && s.actor.Role != world.Broker { // there each is for one deal
		a.address = o.Address
	}
	return s.owned(o.Address, o.Account, o.Time)
}

func (s *service) owned(address string, account, since uint32) error {
	c := s.addresses.text(address)
	if account == 0 {
		c.text("")
	} else {
		c.number(uint64(account))
	}
	return c.time(since).end()
}

// told is what a service was told of an order that it may delete before anybody
// asks: a line of the books, or an address that it gave.
type told struct {
	entry   world.Entry
	address string
	owned   bool
}

// hold keeps a line of the books until its order is deleted or the world ends.
func (s *service) hold(t told, a *account) error {
	switch t.entry.Kind {
	case world.EntryRequest:
		a.due++
	case world.EntryWithdrawal:
		a.due--
		a.done = t.entry.Time
	default:
	}
	s.held = append(s.held, t)
	if len(s.held) > s.full {
		s.forget(t.entry.Time)
		s.full = max(256, 2*len(s.held))
	}
	return nil
}

// forget deletes the orders that were paid long enough before a time.
func (s *service) forget(now uint32) {
	s.held = slices.DeleteFunc(s.held, func(t told) bool {
		a := s.byID[t.entry.Account]
		return a != nil && a.due == 0 && a.done > 0 && int64(a.done)+int64(s.terms.hours)*3600 <= int64(now)
	})
}

// close writes what is known of the customers when the world ends, and ends the
// service's files.
func (s *service) close(create world.Create, truth *sheet, now uint32) error {
	s.forget(now)
	for i := range s.held {
		t := &s.held[i]
		err := error(nil)
		if t.owned {
			err = s.owned(t.address, t.entry.Account, t.entry.Time)
		} else {
			err = s.entry(&t.entry, s.byID[t.entry.Account], t.address)
		}
		if err != nil {
			return err
		}
	}
	if err := s.unpaid(); err != nil {
		return err
	}
	for _, c := range []*sheet{s.logins, s.deposits, s.withdrawals, s.trades, s.bets, s.balances, s.addresses, s.internal} {
		if c == nil {
			continue
		}
		if err := c.Close(); err != nil {
			return err
		}
	}
	for _, a := range s.accounts {
		for _, p := range a.papers {
			t := truth.text(s.actor.Name).number(uint64(a.id)).time(p.since).number(uint64(a.customer.ID)).text(a.who.Name)
			if err := t.text(p.claim.verdict(a.who, p.level)).end(); err != nil {
				return err
			}
		}
	}
	if !s.terms.forgets {
		if err := s.customers(create); err != nil {
			return err
		}
		if err := s.summary(create); err != nil {
			return err
		}
	}
	return s.terms.retention(create, s.actor)
}

// unpaid writes the withdrawals that were asked for and not paid.
func (s *service) unpaid() error {
	type pending struct {
		of *account
		request
	}
	var list []pending
	for _, a := range s.accounts {
		for _, q := range a.asked {
			list = append(list, pending{a, q})
		}
	}
	slices.SortFunc(list, func(a, b pending) int { return cmp.Compare(a.number, b.number) })
	for _, p := range list {
		if err := s.withdrawal(p.of, p.request, 0).text(s.text(p.to)).text("").text("").end(); err != nil {
			return err
		}
	}
	return nil
}

// customers writes who the customers say they are.
func (s *service) customers(create world.Create) error {
	c, err := newSheet(create, s.folder+"customers.csv", "account,since,type,name,born,nationality,street,city,postcode,country,document,number,issued,expires,email,phone,level")
	if err != nil {
		return err
	}
	for _, a := range s.accounts {
		for _, p := range a.papers {
			shown := p.claim.over(a.who)
			if err := shown.write(c.number(uint64(a.id)).time(p.since), p.level, a.mail); err != nil {
				return err
			}
		}
	}
	return c.Close()
}

// summary writes the accounts as one JSON document, an account a line.
func (s *service) summary(create world.Create) (err error) {
	f, err := create(s.folder + "accounts.json")
	if err != nil {
		return err
	}
	head, err := json.Marshal(s.actor.Name)
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "the accounts of %s cannot be written: %w", s.actor.Name, err)
	}
	if _, err := fmt.Fprintf(f, "{\"service\": %s, \"accounts\": [", head); err != nil {
		return err
	}
	for i, a := range s.accounts {
		for _, q := range a.asked {
			a.sums.Pending += q.satoshis
		}
		last := &a.papers[len(a.papers)-1]
		shown := last.claim.over(a.who)
		if last.level == 0 {
			shown.Name = ""
		}
		line, err := json.Marshal(struct {
			Account  uint32 `json:"account"`
			Name     string `json:"name"`
			Opened   string `json:"opened"`
			Level    int    `json:"level"`
			Factor   string `json:"second_factor"`
			Deposits string `json:"deposit_address,omitempty"`
			Last     string `json:"last_login,omitempty"`
			Satoshis sums   `json:"satoshis"`
		}{a.id, shown.Name, timestamp(a.opened), last.level, a.factor, a.address, timestamp(a.last), a.sums})
		if err != nil {
			return goshawk.Errorf(goshawk.Invalid, "an account of %s cannot be written: %w", s.actor.Name, err)
		}
		between := ",\n"
		if i == 0 {
			between = "\n"
		}
		if _, err := fmt.Fprintf(f, "%s%s", between, line); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprint(f, "\n]}\n"); err != nil {
		return err
	}
	return f.Close()
}
