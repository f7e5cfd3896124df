package crime

import (
	"slices"
	"strings"

	"goshawk"
	"goshawk/world"
)

// Level says how hard a crime is to follow.
type Level struct {
	Name     string
	Hops     int  // wallets that coins pass through before they are divided
	Branches int  // ways into which they are divided
	Peels    int  // payments of a peel chain
	Mixed    int  // percent that goes to a mixing service
	Joins    bool // CoinJoins are used, where the time has them
	Accounts int  // at exchanges, for cashing out
	Victims  int  // percent of the usual number
	Decoys   int  // purchases from shops and payments to people, paid with the proceeds
}

// Levels lists the levels, the easiest first.
func Levels() []Level {
	return []Level{
		{Name: "basic", Hops: 1, Branches: 2, Peels: 5, Mixed: 6, Accounts: 2, Victims: 100, Decoys: 14},
		{Name: "standard", Hops: 3, Branches: 3, Peels: 8, Mixed: 12, Joins: true, Accounts: 3, Victims: 150, Decoys: 32},
		{Name: "advanced", Hops: 6, Branches: 5, Peels: 16, Mixed: 20, Joins: true, Accounts: 5, Victims: 200, Decoys: 55},
	}
}

// story is a kind of crime.
type story struct {
	name   string // on the command line and in files' names
	title  string
	abuse  string   // in TagPack's words
	models []string // the real cases that it is modelled on
	// play makes the people and wallets and plans the first acts. What it returns
	// writes the papers, when everything has happened.
	play func(c *Case) (tell func() error)
}

// stories lists all crimes, in the order in which they are listed for people.
func stories() []story {
	return []story{ransomware(), theft(), market(), scam(), donations(), site(), advertisements(), giveaway(), broker()}
}

// Kind describes a crime that can be planted.
type Kind struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Abuse  string   `json:"abuse"`
	Models []string `json:"models"`
}

// List returns the crimes that New knows.
func List() []Kind {
	var list []Kind
	for _, s := range stories() {
		list = append(list, Kind{s.name, s.title, s.abuse, s.models})
	}
	return list
}

// Size is the number of transactions that hide so many crimes: from there on, for
// each peel chain and each use of a mixing service by criminals there are twenty
// innocent ones.
func Size(crimes int) int { return 50_000 + 15_000*max(crimes-1, 0) }

// New returns the named crimes at a level, for world.Spec. Each is for one world
// only. An unknown name or level, or one name twice, is an Invalid error.
func New(names []string, level string) ([]world.Scenario, error) {
	levels := Levels()
	at := slices.IndexFunc(levels, func(l Level) bool { return l.Name == level })
	if at < 0 {
		return nil, goshawk.Errorf(goshawk.Invalid, "there is no level %q", level).WithHint("choose basic, standard or advanced")
	}
	var cases []world.Scenario
	for i, name := range names {
		all := stories()
		n := slices.IndexFunc(all, func(s story) bool { return s.name == name })
		if n < 0 {
			var known []string
			for _, s := range all {
				known = append(known, s.name)
			}
			return nil, goshawk.Errorf(goshawk.Invalid, "there is no scenario %q", name).WithHint("choose from %s", strings.Join(known, ", "))
		}
		if slices.Contains(names[:i], name) {
			return nil, goshawk.Errorf(goshawk.Invalid, "the scenario %q is named twice", name).WithHint("name each once")
		}
		cases = append(cases, &Case{story: all[n], level: levels[at]})
	}
	return cases, nil
}
