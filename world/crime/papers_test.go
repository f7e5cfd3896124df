package crime

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"goshawk/world"
)

// TestPapersAgree: what a service would disclose is what its own files say,
// organisations are organisations there, and what texts tell of time is the chain's.
func TestPapersAgree(t *testing.T) {
	for i, era := range world.Eras() {
		t.Run(fmt.Sprint(era), func(t *testing.T) {
			m, _ := whole(t, uint64(80+i), era, 30_000)
			disclosed(t, m)
			invented(t, m)
			reported(t, m)
			inTime(t, m)
		})
	}
}

// disclosed: whom a record names holds the account that it names, and what the
// service's file of customers says too it says alike.
func disclosed(t *testing.T, m memory) {
	t.Helper()
	checked := 0
	for name, f := range m.MapFS {
		if !strings.HasPrefix(name, "services/disclosures/") {
			continue
		}
		var r Record
		if err := json.Unmarshal(f.Data, &r); err != nil {
			t.Fatal(err)
		}
		said := map[string]string{}
		for _, x := range r.Facts {
			said[x.Name] = x.Value
		}
		if said["account"] == "" {
			continue // of an order, or of a line
		}
		known := map[string][]string{}
		for _, row := range m.table(t, "services/"+strings.ToLower(strings.ReplaceAll(r.Service, " ", "-"))+"/customers.csv") {
			if row["account"] == said["account"] {
				for column, v := range row {
					known[column] = append(known[column], v)
				}
			}
		}
		for fact, column := range map[string]string{"holder": "name", "e-mail": "email", "telephone": "phone", "telephone for lost passwords": "phone", "residence": "city"} {
			v, ok := said[fact]
			if !ok {
				continue
			}
			checked++
			// What level of verification asks for no address leaves the city open.
			if list := known[column]; !slices.Contains(list, v) && (column != "city" || strings.Join(list, "") != "") {
				t.Errorf("%s: %s is %q, and the customer file has %q", name, fact, v, list)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d facts of disclosures are in customer files", checked)
	}
}

// invented: an extorted organisation has an organisation's papers, and telephone
// numbers in advertisements are of ranges kept for drama.
func invented(t *testing.T, m memory) {
	t.Helper()
	firm := ""
	for _, x := range m.answer(t, "ransomware").Starts {
		if x.Note == "ransom for a firm's network" {
			firm = x.From
		}
	}
	files := 0
	for name := range m.MapFS {
		if !strings.HasSuffix(name, "/customers.csv") || !strings.HasPrefix(name, "services/") {
			continue
		}
		for _, r := range m.table(t, name) {
			if r["name"] != firm {
				continue
			}
			if files++; r["type"] != "firm" || r["document"] != "public register" || r["born"] > "2013" || r["level"] != "3" {
				t.Errorf("an organisation's papers: %v", r)
			}
		}
	}
	if firm == "" || files == 0 {
		t.Errorf("%q is in no customer file", firm)
	}
	brief := string(m.MapFS["public/advertisements/brief.md"].Data)
	drama := regexp.MustCompile(`^\+44 (7700 900|1632 960)[0-9]{3}$`)
	ours, others := map[string]int{}, map[string]int{}
	for _, r := range m.table(t, "public/advertisements/listings.csv") {
		n := r["telephone"]
		if !drama.MatchString(n) {
			t.Errorf("%s may be somebody's", n)
		}
		if strings.Contains(brief, n) {
			ours[n]++
		} else {
			others[n]++
		}
	}
	again := 0
	for _, n := range others {
		if n > 1 {
			again++
		}
	}
	if len(ours) != 2 || again < 3 {
		t.Errorf("%v in the brief, and %d others advertise more than once", ours, again)
	}
}

// reported: nobody reports twice as if it were the first time.
func reported(t *testing.T, m memory) {
	t.Helper()
	payers := map[string]bool{} // by name and place: names alone may be two people's
	text := string(m.MapFS["public/scam/victim-reports.md"].Data)
	for _, who := range regexp.MustCompile(`(?m)^(.* of .*) was shown the site`).FindAllStringSubmatch(text, -1) {
		if payers[who[1]] {
			t.Errorf("%s reports twice", who[1])
		}
		payers[who[1]] = true
	}
	if len(payers) < 4 {
		t.Errorf("%d reports:\n%s", len(payers), text)
	}
}

// inTime: the times that texts tell lie between the transactions that they are of.
func inTime(t *testing.T, m memory) {
	t.Helper()
	a := m.answer(t, "ransomware")
	var test, large *End
	for i := range a.Ends {
		switch d := &a.Ends[i]; {
		case d.Tx.String() == a.Slip.Tx:
			test = d
		case large == nil && test != nil && d.Own && d.Account != test.Account:
			large = d
		}
	}
	if test == nil || large == nil {
		t.Fatal("nothing tested, or nothing else brought to an account")
	}
	if want := lapse(test.Time, large.Time) + " before"; !strings.Contains(a.Slip.What, want) {
		t.Errorf("%q, and it was %s", a.Slip.What, want)
	}
	robbed := m.answer(t, "theft").Starts
	if want := "within " + lapse(robbed[0].Time, robbed[len(robbed)-1].Time); !strings.Contains(string(m.MapFS["public/theft/forum.md"].Data), want) {
		t.Errorf("the robbery was %s", want)
	}
	lured(t, m)
}

// lured: of the first payment of somebody so much came back, so much later, and
// more was paid after it.
func lured(t *testing.T, m memory) {
	t.Helper()
	forum := string(m.MapFS["public/scam/forum.md"].Data)
	told := regexp.MustCompile(`got (\d+) % of my first deposit back, (.*) later`).FindStringSubmatch(forum)
	if told == nil {
		t.Fatalf("nobody was lured:\n%s", forum)
	}
	a := m.answer(t, "scam")
	first := map[string]Source{}
	last := map[string]uint32{}
	for _, x := range a.Starts {
		if _, ok := first[x.Address]; !ok {
			first[x.Address] = x
		}
		last[x.Address] = x.Time
	}
	for _, d := range a.Ends {
		for at, x := range first {
			if d.Stage == Payback && fmt.Sprint(d.Satoshis*100/x.Satoshis) == told[1] && lapse(x.Time, d.Time) == told[2] && last[at] > d.Time {
				return
			}
		}
	}
	t.Errorf("no payout is as the forum tells:\n%s", forum)
}

func TestLapse(t *testing.T) {
	for _, x := range []struct {
		seconds uint32
		want    string
	}{{0, "1 minute"}, {119, "1 minute"}, {120, "2 minutes"}, {7_199, "119 minutes"}, {7_200, "2 hours"}, {172_799, "47 hours"}, {172_800, "2 days"}, {900_000, "10 days"}} {
		if got := lapse(1_433_390_533, 1_433_390_533+x.seconds); got != x.want {
			t.Errorf("%d seconds: %s", x.seconds, got)
		}
	}
	if got := lapse(10, 5); got != "1 minute" {
		t.Errorf("backwards: %s", got)
	}
}
