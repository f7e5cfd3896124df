package crime

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"testing"

	"goshawk/world"
)

// customer is an account as its service's files show it.
type customer struct {
	actor    string
	criminal bool
	marks    map[string]bool
}

var (
	calls  = regexp.MustCompile(`^\+[1-9][0-9]{0,2}0`)
	device = regexp.MustCompile(`^(key-)?[0-9a-f]+$`)
)

// customers reads what services know of their customers, and marks what catches
// the eye of one who only counts.
func (m memory) customers(t *testing.T) map[string]*customer {
	t.Helper()
	criminal := map[string]bool{}
	for _, r := range m.table(t, "truth/actors.csv") {
		criminal[r["actor"]] = r["role"] == string(world.Criminal)
	}
	names := map[string]string{} // services' folders
	list := map[string]*customer{}
	for _, r := range m.table(t, "truth/customers.csv") {
		names[strings.ToLower(strings.ReplaceAll(r["service"], " ", "-"))] = r["service"]
		if k := r["service"] + r["account"]; list[k] == nil {
			list[k] = &customer{actor: r["actor"], criminal: criminal[r["actor"]], marks: map[string]bool{}}
		}
	}
	families := map[string]map[string]bool{} // last names, and who has them
	numbers := map[string]string{}           // of accounts by number and second
	each := func(file string, do func(c *customer, service string, r map[string]string)) {
		for name := range m.MapFS {
			if dir, base := path.Split(name); base == file && strings.HasPrefix(dir, "services/") {
				service := names[path.Base(dir)]
				for _, r := range m.table(t, name) {
					do(list[service+r["account"]], service, r)
				}
			}
		}
	}
	start := "9999"
	each("logins.csv", func(_ *customer, _ string, r map[string]string) { start = min(start, r["time"]) })
	last := func(r map[string]string) string { _, name, _ := strings.Cut(r["name"], " "); return name }
	seen := map[string]bool{}
	each("customers.csv", func(c *customer, service string, r map[string]string) {
		if families[last(r)] == nil {
			families[last(r)] = map[string]bool{}
		}
		if !c.criminal {
			families[last(r)][c.actor] = true
		}
		numbers[r["account"]+" "+r["since"]] = service
		if seen[service+r["account"]] {
			c.marks["more than one row"] = true
		}
		seen[service+r["account"]] = true
	})
	each("customers.csv", func(c *customer, service string, r map[string]string) {
		if r["since"] >= start && len(c.marks) == 0 { // not its second row
			c.marks["opened while the world ran, at "+service] = true
		}
		if strings.HasSuffix(r["since"], "T00:00:00Z") {
			c.marks["since midnight"] = true
		}
		if r["type"] == "person" {
			c.marks[fmt.Sprintf("last name that innocent others have: %t", len(families[last(r)]) > 1 || c.criminal && len(families[last(r)]) == 1)] = true
			if local, domain, ok := strings.Cut(r["email"], "@"); ok {
				c.marks["e-mail at "+domain] = true
				family := strings.ToLower(strings.ReplaceAll(last(r), " ", ""))
				c.marks[fmt.Sprintf("e-mail of the own name: %t", strings.Contains(local, family))] = true
			}
		}
		if r["phone"] != "" {
			c.marks[fmt.Sprintf("telephone of %q, %d characters", calls.FindString(r["phone"]), len(r["phone"])-len(calls.FindString(r["phone"])))] = true
		}
		if strings.ContainsAny(r["name"], "()_0123456789") || strings.ToLower(r["name"]) == r["name"] && r["name"] != "" {
			c.marks["nickname"] = true
		}
		var n int
		if _, err := fmt.Sscan(r["account"], &n); err != nil {
			t.Fatal(err)
		}
		for _, near := range []int{n - 1, n + 1} {
			if numbers[fmt.Sprint(near, " ", r["since"])] != "" {
				c.marks["the next number at the same second"] = true
			}
		}
	})
	each("logins.csv", func(c *customer, _ string, r map[string]string) {
		if strings.HasSuffix(r["time"], "T00:00:00Z") {
			c.marks["login at midnight"] = true
		}
		block := r["ip"][:strings.IndexAny(r["ip"], ".:")]
		if block == "198" || block == "203" {
			block = strings.Join(strings.Split(r["ip"], ".")[:2], ".")
		}
		c.marks["address in "+block] = true
		c.marks[fmt.Sprintf("device of the usual form: %t", device.MatchString(r["device"]))] = true
	})
	return list
}

// TestNoFingerprints: whoever only counts what is rare in the customer files finds
// no criminals by it. Of those who show a mark no more than ten times as many are
// criminals as of all.
func TestNoFingerprints(t *testing.T) {
	for i, era := range world.Eras() {
		m, _ := whole(t, uint64(60+i), era, 30_000)
		list := m.customers(t)
		all := 0
		shown, guilty := map[string]int{}, map[string]int{}
		for _, c := range list {
			for mark := range c.marks {
				shown[mark]++
				if c.criminal {
					guilty[mark]++
				}
			}
			if c.criminal {
				all++
			}
		}
		if all < 50 || len(list) < 1_000 {
			t.Fatalf("%d: %d of %d accounts are criminals'", era, all, len(list))
		}
		for mark, n := range guilty {
			// One or two of a kind are chance.
			if n > 2 && n*len(list) > 10*all*shown[mark] {
				t.Errorf("%d: %s: %d of %d are criminals', of all %d of %d", era, mark, n, shown[mark], all, len(list))
			}
		}
	}
}
