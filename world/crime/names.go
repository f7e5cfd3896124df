package crime

import (
	"fmt"
	"slices"

	"goshawk/world"
	"goshawk/world/records"
)

// Names are invented; any likeness is chance. None holds a comma.
var (
	firms = [...]string{"Harrow Valley Pipelines", "St. Alban General Hospital", "Port of Eastmark", "Tollgate Insurance", "Mercer & Lunn Foods",
		"Eastfold City Council", "Riverside Schools Trust", "Brightwater Utilities", "Halden Shipping", "Carrow Steelworks"}
	// drama are ranges of a thousand numbers that are never given out: Ofcom,
	// "Telephone numbers for use in TV and radio drama programmes", mobile numbers
	// (07700 900000 to 900999) and those of no place (01632 960000 to 960999).
	drama  = [...]string{"+44 7700 900", "+44 1632 960"}
	cities = [...]string{"Eastmark", "Halden", "Carrow", "Port Loring", "Tollgate", "Sankt Veit", "Novi Brod", "Maravel", "Kestrel Bay", "Ostrava Nova"}
)

// member adds somebody who takes part, under a name and with papers as all people have them.
func (c *Case) member(part string) *member {
	return c.enter(c.e.NewActor(world.Criminal, ""), part)
}

// nicknamed adds somebody whom the others know by a nickname only. Services know
// them by their name, as everybody.
func (c *Case) nicknamed(part string) *member {
	nick := c.handle()
	m := c.enter(c.e.NewActor(world.Criminal, ""), part+", known as "+nick)
	m.nick = nick
	return m
}

// enter has an actor take part. The truth calls them what services do.
func (c *Case) enter(a *world.Actor, part string) *member {
	a.Name = c.person(a).Name
	m := &member{actor: a, part: part}
	c.people = append(c.people, m)
	return m
}

// person is who somebody is, as services know them.
func (c *Case) person(a *world.Actor) records.Identity { return records.Person(c.e, a) }

// handle invents what somebody is called online. Nobody else in the world's cases
// is: each crime has nicknames of its own, and gives each once.
func (c *Case) handle() string {
	crimes := stories()
	own := max(slices.IndexFunc(crimes, func(s story) bool { return s.name == c.story.name }), 0)
	list := records.Nicknames / len(crimes)
	for n := c.rng.Pick(list); ; n = (n + 1) % list {
		if nick := records.Nickname(n*len(crimes) + own); !c.nicks[nick] {
			c.nicks[nick] = true
			return nick
		}
	}
}

// mailbox invents an e-mail address under a nickname.
func (c *Case) mailbox(nick string) string {
	r := c.e.Rand("mailbox/"+nick, 0)
	return records.Mailbox(&r, nick)
}

// firm invents a firm that is big enough to be extorted.
func (c *Case) firm() string { return firms[c.rng.Pick(len(firms))] }

// telephone invents a number that leads nowhere.
func (c *Case) telephone() string {
	return fmt.Sprintf("%s%03d", drama[c.rng.Pick(len(drama))], c.rng.Below(1_000))
}

// city invents a place.
func (c *Case) city() string { return cities[c.rng.Pick(len(cities))] }
