package records

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"goshawk/world"
)

// Identity is who somebody is: what they tell a service that asks, and where
// they come from when they visit one.
type Identity struct {
	Firm        bool
	Name        string
	Born        string // YYYY-MM-DD; of a firm, when it was founded
	Nationality string // ISO 3166-1 alpha-2
	Street      string
	City        string
	Postcode    string
	Country     string // of residence
	Document    string // its kind
	Number      string
	Issued      string // YYYY-MM-DD
	Expires     string
	Email       string
	Phone       string

	Home   netip.Addr // the line at home, or a firm's
	Mobile netip.Addr // what the mobile network shows, and shows of others too; invalid for firms
	Away   netip.Addr // a VPN's exit, which others use too; invalid for most people
	Device string     // 16 hexadecimal digits, or "key-" and 12 of a firm's program
	Second string     // another device; empty for most people
}

// Person returns who an actor is, the same whenever it is asked: scenarios ask to
// know what a slip will show.
//
// Lines at home lie in 10.0.0.0/8 (RFC 1918), the second number is the country's,
// or for a part of them in 2001:db8::/32 (RFC 3849); mobile networks in
// 100.64.0.0/10 (RFC 6598), many customers behind one address as there;
// VPN exits in 198.18.0.0/16 and firms' lines in 198.19.0.0/16 (RFC 2544).
func Person(e *world.Economy, a *world.Actor) Identity { return newAtlas().person(e, a) }

// atlas is the countries, and how to draw one.
type atlas struct {
	countries []country
	all       uint64 // their shares
}

func newAtlas() *atlas {
	t := &atlas{countries: countries()}
	for i := range t.countries {
		t.all += t.countries[i].share
	}
	return t
}

func (t *atlas) draw(r *world.Rand) int {
	n := r.Below(t.all)
	for i := range t.countries {
		if n < t.countries[i].share {
			return i
		}
		n -= t.countries[i].share
	}
	return 0
}

func pick(r *world.Rand, list []string) string { return list[r.Pick(len(list))] }

// firm says whether an actor is a firm, and whether services know it by
// the name that it was given, if it was given one.
func firm(a *world.Actor) (firm, named bool) {
	switch a.Role {
	case world.MiningPool, world.ExchangeService, world.Gambling, world.Broker, world.PaymentProcessor, world.CoinJoinService:
		return true, true
	case world.Merchant, world.Publisher:
		return true, false
	case world.Citizen: // a crime names those who are organisations; people have the name of their papers
		return a.OwnName(), true
	case world.MixingService: // sends one of its people
		return false, false
	default:
		return false, true
	}
}

func (t *atlas) person(e *world.Economy, a *world.Actor) Identity {
	r := e.Rand("identity", uint64(a.ID))
	place := t.draw(&r)
	home := &t.countries[place]
	from := home
	if r.Chance(800) { // lives abroad
		from = &t.countries[t.draw(&r)]
	}
	n := from.names
	start := e.Started()
	var p Identity
	given, family := pick(&r, n.given), pick(&r, n.stems)+pick(&r, n.endings)
	var named bool
	if p.Firm, named = firm(a); named && a.OwnName() && !p.Firm {
		given, family, _ = strings.Cut(a.Name, " ")
	}
	p.Name = strings.TrimSpace(given + " " + family)
	// Nobody else has these, as long as there are no ten million people. Their
	// order says nothing about that of the actors.
	number := uint64(a.ID) % population * 6_180_339 % population
	p.Nationality, p.Country, p.City = from.code, home.code, pick(&r, home.cities)
	p.Postcode = fill(&r, home.post)
	street, house := pick(&r, home.names.streets), r.Between(1, 180)
	if strings.Index(home.street, "%d") < strings.Index(home.street, "%s") {
		p.Street = fmt.Sprintf(home.street, house, street)
	} else {
		p.Street = fmt.Sprintf(home.street, street, house)
	}
	const year = 31_557_600
	// Whoever is 20 when the world begins was of age when they opened an account.
	age := 20 + min(r.LogNormal(12, 1<<15), 60)
	born := int64(start) - int64(age)*year - int64(r.Below(year))
	p.Born = day(born)
	p.Document = home.card
	if from != home {
		p.Document = "passport"
	}
	// For ten years; accounts are at most two years old at the start, and papers are for adults.
	latest := int64(start) - 2*year
	issued := latest - int64(r.Below(uint64(min(7*year, latest-born-18*year)+1)))
	p.Issued, p.Expires = day(issued), day(issued+10*year)
	p.Number = fmt.Sprintf("ZZ%07d%c", number, 'A'+rune(r.Below(26)))
	local := slug(given[:1+r.Pick(len(given))], "") + slug(family, "")
	if r.Chance(2_500) {
		local = Nickname(r.Pick(Nicknames))
	}
	p.Email = mailbox(&r, local, number)
	p.Phone = fmt.Sprintf("+%s0%07d%d", home.calls, number, r.Between(10, 99))
	if p.Firm {
		p.Name = family + " " + n.firm
		if named && a.OwnName() {
			p.Name = a.Name
		}
		founded := 2*year + r.Below(8*year)
		p.Document, p.Nationality = "company register", home.code
		if a.Role == world.Citizen { // a hospital, a port: older than any exchange
			founded *= 5
			p.Document = "public register"
		}
		p.Born = day(int64(start) - int64(founded))
		p.Issued, p.Expires = p.Born, ""
		p.Email = fmt.Sprintf("treasury@%s-%s.example", slug(p.Name, "-"), strconv.FormatUint(number, 36))
	}
	p.connect(e.Era(), &r, byte(place), a.Role != world.Citizen)
	return p
}

// connect gives somebody in a country's place lines and devices. Firms that deal
// every day use the interface for programs.
func (p *Identity) connect(era world.Era, r *world.Rand, place byte, deals bool) {
	p.Device = hexadecimal(r.Uint64())
	if p.Firm {
		p.Home = netip.AddrFrom4([4]byte{198, 19, byte(r.Below(256)), byte(1 + r.Below(254))})
		if deals {
			p.Device = "key-" + p.Device[:12]
		}
		return
	}
	p.Home = netip.AddrFrom4([4]byte{10, place, byte(r.Below(256)), byte(1 + r.Below(254))})
	if era >= world.Era2019 && r.Chance(2_500) {
		b := [16]byte{0x20, 0x01, 0x0d, 0xb8, place}
		for i := 5; i < 16; i++ {
			b[i] = byte(r.Below(256))
		}
		p.Home = netip.AddrFrom16(b)
	}
	p.Mobile = netip.AddrFrom4([4]byte{100, 64 + place, byte(r.Below(4)), byte(1 + r.Below(60))})
	if r.Chance(900) {
		p.Away = exit(r)
	}
	if r.Chance(3_500) {
		p.Second = hexadecimal(r.Uint64())
	}
}

// hide has somebody come through VPNs' exits, with a device that is used nowhere else.
func (p *Identity) hide(r *world.Rand) {
	p.Home, p.Mobile, p.Away = exit(r), exit(r), netip.Addr{}
	p.Device, p.Second = hexadecimal(r.Uint64()), ""
}

// exit draws an exit of a VPN.
func exit(r *world.Rand) netip.Addr {
	return netip.AddrFrom4([4]byte{198, 18, byte(r.Below(24)), byte(1 + r.Below(12))})
}

// fill puts digits and letters into a pattern.
func fill(r *world.Rand, pattern string) string {
	b := []byte(pattern)
	for i, c := range b {
		switch c {
		case '0':
			b[i] = '0' + byte(r.Below(10))
		case 'A':
			b[i] = 'A' + byte(r.Below(26))
		}
	}
	return string(b)
}

// agent is how a device's program calls itself, as far as its time knew it.
func agent(era world.Era, device string) string {
	if strings.HasPrefix(device, "key-") {
		return "program"
	}
	var n int
	for _, c := range []byte(device) {
		n = (n*31 + int(c)) & 0xffff
	}
	list := []string{"Chrome on Windows 7", "Firefox on Windows 7", "Safari on iOS 8", "Chrome on Android 5", "Safari on OS X", "Chrome on Windows 8"}
	switch {
	case era >= world.Era2022:
		list = []string{"Chrome on Windows 10", "app on Android 12", "app on iOS 15", "Safari on macOS 12", "Firefox on Linux", "Edge on Windows 11", "app on Android 10"}
	case era >= world.Era2019:
		list = []string{"Chrome on Windows 10", "app on Android 9", "app on iOS 12", "Safari on macOS 10.14", "Firefox on Windows 10", "Chrome on Windows 7"}
	}
	return list[n%len(list)]
}
