package world

import (
	"net/netip"
	"strconv"
)

// Observer is told what a world's truth and its services' books say, in the
// order of the chain, while they are written: the papers of a world are made
// from it. Its methods are called one after the other, never at once; what they
// are handed is theirs until they return.
type Observer interface {
	// Begin is called once, before the first block. The files it makes may stay
	// open together until End.
	Begin(e *Economy, create Create) error
	// Owned tells of a new address and of who holds it.
	Owned(o *Owned) error
	// Booked tells of a line in a service's books.
	Booked(n *Entry, address string) error
	// Stated tells of a word said in public about an address.
	Stated(s *Statement, address string, time uint32) error
	// End is called once, when every block is written and before the scenarios'
	// End. It closes the files that Begin made.
	End(e *Economy, create Create) error
}

// Owned is an address with who holds it, as truth/addresses.csv says.
type Owned struct {
	Address string
	Wallet  uint32
	Actor   *Actor
	Purpose Purpose
	Account uint32 // of the customer who pays in there; 0: nobody's
	Height  int32
	Time    uint32
}

// Session is where a customer comes from when they visit a service: what its
// server notes. What is zero is as it always is with that customer.
type Session struct {
	Address netip.Addr
	Device  string
}

// Claim is what a customer tells a service of themselves. What is empty is true;
// the rest is what somebody else is called, or nobody.
type Claim struct {
	Name, Born, Nationality, Document, Email, Phone string
	// Forged says that the document is not what it seems. The service does not
	// know; truth does.
	Forged bool
}

// Statement is a word said in public about an address: a vendor's label, a
// victim's report, an authority's listing.
type Statement struct {
	Address  Address
	Label    string // who or what the address is said to be
	Concept  string // TagPack concept; may be empty
	Abuse    string // TagPack abuse; may be empty
	Basis    string // TagPack confidence level: forensic, web_crawl, authority_data, …
	Source   string // a link
	Actor    *Actor // who in truth holds the address; nil: truth names nobody
	Sanction string // programme under which an authority lists Label; empty: it does not
	Wrong    string // why the statement is false; empty: it is true
}

// Use has the customer come from there from now on, whatever the reason: a
// borrowed machine, a friend's line. nil: from where they always do. The session
// must not be changed afterwards.
func (a *Account) Use(s *Session) { a.session = s }

// Visit has a customer log in and do nothing. A session of nil is the usual one.
func (a *Account) Visit(e *Economy, s *Session) {
	n := a.service.entry(e, EntryLogin, a)
	if s != nil {
		n.Session = s
	}
	e.plan.books = append(e.plan.books, n)
}

// Identify has a customer hand in papers, true or not, that take the place of
// those they gave when they opened the account.
func (a *Account) Identify(e *Economy, c Claim) {
	n := a.service.entry(e, EntryIdentify, a)
	n.Claim = &c
	e.plan.books = append(e.plan.books, n)
}

// State says something about an address in public.
func (e *Economy) State(s Statement) { e.plan.said = append(e.plan.said, s) }

// Started returns the time at which the world begins, seconds since 1970.
func (e *Economy) Started() uint32 { return e.era.start }

// OwnName says whether the actor was given a name of their own, rather than one
// from their role and number.
func (a *Actor) OwnName() bool { return a.Name != defaultName(a.Role, a.ID) }

func defaultName(r Role, id uint32) string { return string(r) + "-" + strconv.Itoa(int(id)) }
