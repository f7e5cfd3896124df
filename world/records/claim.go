package records

import (
	"cmp"

	"goshawk/world"
)

// claim is what a customer told a service of themselves; the zero value is the truth.
type claim world.Claim

// over returns an identity as the claim shows it.
func (c claim) over(p Identity) Identity {
	p.Name, p.Born, p.Nationality = cmp.Or(c.Name, p.Name), cmp.Or(c.Born, p.Born), cmp.Or(c.Nationality, p.Nationality)
	p.Number, p.Email, p.Phone = cmp.Or(c.Document, p.Number), cmp.Or(c.Email, p.Email), cmp.Or(c.Phone, p.Phone)
	return p
}

// verdict says what is wrong with the papers that were shown for a level of verification.
func (c claim) verdict(p Identity, level int) string {
	switch {
	case level == 0:
		return "none"
	case c.Forged:
		return "forged"
	case c.Name != "" && c.Name != p.Name:
		return "another's"
	default:
		return "genuine"
	}
}

// write ends a customer's row: who they are, as far as a level of verification
// asks. mail says whether one whom nobody asked left an e-mail address.
func (p *Identity) write(c *sheet, level int, mail bool) error {
	if level == 0 {
		for range 12 { // all from the type to the day a document expires
			c.text("")
		}
		if mail {
			c.text(p.Email)
		} else {
			c.text("")
		}
		return c.text("").number(0).end()
	}
	kind := "person"
	if p.Firm {
		kind = "firm"
	}
	c.text(kind).text(p.Name)
	if level < 2 { // a name, an e-mail address and a telephone number
		c.text("").text(p.Nationality).text("").text("").text("").text(p.Country).text("").text("").text("").text("")
	} else {
		c.text(p.Born).text(p.Nationality)
		if level < 3 {
			c.text("").text(p.City).text("")
		} else {
			c.text(p.Street).text(p.City).text(p.Postcode)
		}
		c.text(p.Country).text(p.Document).text(p.Number).text(p.Issued).text(p.Expires)
	}
	return c.text(p.Email).text(p.Phone).number(uint64(level)).end()
}
