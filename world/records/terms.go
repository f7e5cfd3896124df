package records

import (
	"encoding/json"

	"goshawk"
	"goshawk/world"
)

// terms is what a service asks of those who come, and what it keeps of them. They
// are assumptions of this package: what such services said of themselves in an era.
type terms struct {
	files    []string // that it keeps, beside retention.json
	odds     odds
	identity string // what it asks for, in a word
	forgets  bool   // an order is all that it knows, and it is deleted
	hours    int    // how long after it is paid, if forgets
	says     string // when a desk asks
}

// odds are in percent of the accounts.
type odds struct {
	first, second, third uint64 // show so much or more: a name; a document; a proof of address
	mail                 uint64 // of the others, leave an e-mail address
	careful              uint64 // of the others, come through a VPN's exit and with a device that they use nowhere else
	none, text, key      uint64 // second factor; the rest have an authenticator
}

// accountFiles are those of a service that keeps accounts.
func accountFiles(deals string) []string {
	return []string{"customers.csv", "logins.csv", "addresses.csv", "deposits.csv", "internal.csv", "withdrawals.csv", deals, "balances.csv", "accounts.json"}
}

// termsOf returns the terms of a service of a role; without files where it keeps nothing.
func termsOf(e *world.Economy, a *world.Actor) terms {
	era := e.Era()
	switch a.Role {
	case world.Gambling:
		t := terms{files: accountFiles("bets.csv"), identity: "none", says: "A player needs a name for the game and a password. " +
			"An e-mail address is asked for so that a lost password can be sent, and may be left out. A stake is announced before it is paid to one of the house's addresses, and told from others by its amount."}
		switch {
		case era >= world.Era2022:
			t.odds = odds{first: 40, second: 15, mail: 90, careful: 20, none: 60, text: 10}
			t.identity = "e-mail address; a document of those who win much"
		case era >= world.Era2019:
			t.odds = odds{first: 10, mail: 85, careful: 15, none: 75, text: 10}
			t.identity = "e-mail address"
		default:
			t.odds = odds{mail: 40, careful: 10, none: 95}
		}
		return t
	case world.Broker:
		t := terms{files: accountFiles("trades.csv"), identity: "what the client says", odds: odds{first: 35, second: 5, mail: 60, careful: 30, none: 100},
			says: "Clients come by recommendation. Each deal has an address of its own; coins that come in are bought at once and paid for in cash or by a bank, of which this file says nothing."}
		switch {
		case era >= world.Era2022:
			t.odds, t.identity = odds{first: 80, second: 55, third: 15, mail: 70, careful: 30, none: 70, text: 25}, "document, of most clients"
		case era >= world.Era2019:
			t.odds, t.identity = odds{first: 60, second: 25, third: 5, mail: 65, careful: 30, none: 85, text: 15}, "name and telephone number, of most clients"
		}
		return t
	case world.MixingService:
		t := terms{files: []string{"addresses.csv", "deposits.csv", "withdrawals.csv", "balances.csv"}, identity: "none", forgets: true,
			says: "There are no customers, only orders: where one pays in, and where the coins are to go. Nobody logs in, and the server notes no visits. "}
		if r := e.Rand("retention", uint64(a.ID)); r.Chance(5_000) {
			t.hours = 24
			t.says += "An order is deleted a day after its last part is paid; until then its customer may complain."
		} else {
			t.says += "An order is deleted when its last part is paid."
		}
		return t
	case world.CoinJoinService:
		return terms{identity: "none", says: "Coins and the addresses that they are to go to are registered one apart from the other, and the coordinator cannot tell which belong together. Nothing but the transaction is kept, and that is in the chain."}
	default:
		t := terms{files: accountFiles("trades.csv"), identity: "document", says: "Everything is kept, for five years at least after an account is closed."}
		switch {
		case era >= world.Era2022:
			t.odds = odds{100, 100, 30, 0, 0, 5, 25, 15}
		case era >= world.Era2019:
			t.odds = odds{100, 85, 20, 0, 0, 20, 30, 5}
		default:
			t.odds = odds{100, 65, 15, 0, 0, 55, 15, 1}
			t.identity = "name; a document of most customers"
		}
		return t
	}
}

// retention writes what a service keeps, as it would tell a desk that asks.
func (t *terms) retention(create world.Create, a *world.Actor) error {
	files := t.files
	if files == nil {
		files = []string{}
	}
	var hours *int
	if t.forgets {
		hours = &t.hours
	}
	text, err := json.MarshalIndent(struct {
		Service  string   `json:"service"`
		Concept  string   `json:"concept"`
		Identity string   `json:"identity"`
		Files    []string `json:"files"`
		Hours    *int     `json:"hours"`
		Says     string   `json:"says"`
	}{a.Name, a.Role.Concept(), t.identity, files, hours, t.says}, "", "  ")
	if err != nil {
		return goshawk.Errorf(goshawk.Invalid, "what %s keeps cannot be written: %w", a.Name, err)
	}
	f, err := create("services/" + slug(a.Name, "-") + "/retention.json")
	if err != nil {
		return err
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return err
	}
	return f.Close()
}

// register draws what a customer shows when they open an account, and how they
// come. Those who live on crime show a service that asks for little nothing, as
// some of the others do.
func (a *account) register(o *odds) {
	level := 0
	switch n := a.rng.Below(100); {
	case n < o.third || a.who.Firm:
		level = 3
	case n < o.second:
		level = 2
	case n < o.first:
		level = 1
	}
	switch n := a.rng.Below(100); {
	case n < o.none:
		a.factor = "none"
	case n < o.none+o.text:
		a.factor = "text message"
	case n < o.none+o.text+o.key:
		a.factor = "security key"
	default:
		a.factor = "authenticator"
	}
	hides := a.customer.Role == world.Criminal && o.first < 100
	if hides {
		level = 0
	}
	a.papers = []paper{{since: a.opened, level: level}}
	if level > 0 {
		return
	}
	a.mail = a.rng.Below(100) < o.mail && !hides
	if a.rng.Below(100) < o.careful || hides {
		a.mail = false
		a.who.hide(&a.rng)
	}
}
