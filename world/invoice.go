package world

// Invoice returns where a service takes one payment for an account: as payment
// processors do, who give each order of their clients' customers an address of
// its own.
func (c *Custodian) Invoice(e *Economy, a *Account) Dest {
	to := e.newAddress(c.deposits, c.style.form, Invoice)
	to.account = a
	e.give(to, a.ID)
	return to
}
