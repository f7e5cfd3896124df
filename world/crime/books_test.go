package crime

import (
	"encoding/json"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"goshawk"
	"goshawk/world"
)

// TestEveryCoinIsInTheBooks: whatever the chain pays to an address that a service
// gave out is credited in its books, to the satoshi and exactly once, but what is
// too young when the world ends; only what comes from the service itself may be in
// internal.csv instead. In every era, with every crime, and of every service that
// keeps books.
func TestEveryCoinIsInTheBooks(t *testing.T) {
	for _, era := range world.Eras() {
		m, _ := whole(t, 32, era, 50_000)
		everyCoin(t, era, m)
	}
}

// written is a row of deposits.csv or internal.csv.
type written struct {
	file     string
	satoshis uint64
	address  string
}

// everyCoin compares the chain with the books of all services.
func everyCoin(t *testing.T, era world.Era, m memory) {
	t.Helper()
	services := map[string]string{} // actor → name
	roles := map[string]string{}
	for _, r := range m.rows(t, "truth/actors.csv") {
		services[r[0]], roles[r[0]] = r[2], r[1]
	}
	holders, purposes := map[string]string{}, map[string]string{}
	for _, r := range m.rows(t, "truth/addresses.csv") {
		holders[r[0]], purposes[r[0]] = r[3], r[4]
	}
	heights, last := map[string]int{}, 0
	for _, r := range m.rows(t, "truth/transactions.csv") {
		var err error
		if heights[r[0]], err = strconv.Atoi(r[1]); err != nil {
			t.Fatal(err)
		}
		last = max(last, heights[r[0]])
	}
	given := map[string]string{} // address → service that has it in addresses.csv
	books := map[string][]written{}
	keepers := map[string]bool{} // services that keep all
	for name := range m.MapFS {
		if folder, file := path.Split(name); strings.HasPrefix(folder, "services/") && file == "retention.json" {
			var kept struct {
				Service string
				Files   []string
				Hours   *int
			}
			if err := json.Unmarshal(m.MapFS[name].Data, &kept); err != nil {
				t.Fatal(err)
			}
			if !slices.Contains(kept.Files, "deposits.csv") {
				continue
			}
			keepers[kept.Service] = kept.Hours == nil
			for _, r := range m.rows(t, folder+"addresses.csv") {
				given[r[0]] = kept.Service
			}
			inOrder(t, era, kept.Service, m.table(t, folder+"withdrawals.csv"), kept.Hours != nil)
			for _, file := range []string{"deposits.csv", "internal.csv"} {
				if m.MapFS[folder+file] == nil {
					continue
				}
				for _, r := range m.table(t, folder+file) {
					n, err := strconv.ParseUint(r["satoshis"], 10, 64)
					if err != nil {
						t.Fatal(err)
					}
					books[r["tx"]+":"+r["output"]] = append(books[r["tx"]+":"+r["output"]], written{kept.Service + " " + file, n, r["address"]})
				}
			}
		}
	}
	c := m.chain(t)
	seen := map[string]int{}
	for _, id := range c.list {
		f := c.txs[id]
		for n := range f.outs {
			key := id.String() + ":" + strconv.Itoa(n)
			out := c.outs[goshawk.Outpoint{Tx: id, Index: uint32(n)}]
			service, rows := given[out.address], books[key]
			holder := holders[out.address]
			if service == "" {
				if p := purposes[out.address]; keepers[services[holder]] && (p == "deposit" || p == "invoice" || p == "house") {
					t.Errorf("%d: %s has not given out %s, which the chain pays", era, services[holder], out.address)
				}
				if len(rows) > 0 {
					t.Errorf("%d: %s is %v, and nobody gave out its address", era, key, rows)
				}
				continue
			}
			own := slices.ContainsFunc(f.ins, func(in goshawk.Outpoint) bool { return holders[c.outs[in].address] == holder })
			young := 1 // blocks that a deposit may wait
			if role := roles[holder]; role == "exchange" || role == "payment_processor" {
				young = 6
			}
			switch {
			case len(rows) == 0 && heights[id.String()] > last-young && !own:
				seen["young"]++
			case len(rows) != 1:
				t.Errorf("%d: %s, %d satoshis to an address of %s in block %d of %d, is in its books as %v", era, key, out.value, service, heights[id.String()], last, rows)
			case rows[0].satoshis != out.value || rows[0].address != out.address || !strings.HasPrefix(rows[0].file, service+" "):
				t.Errorf("%d: %s of %s is %+v, and in the books %+v", era, key, service, *out, rows[0])
			case !own && rows[0].file == service+" internal.csv":
				t.Errorf("%d: %s is a customer's money: %v", era, key, rows[0])
			default:
				seen[roles[holder]]++
				seen[rows[0].file]++
			}
		}
	}
	for _, role := range []string{"exchange", "payment_processor", "otc_broker", "gambling", "mixing_service"} {
		if seen[role] == 0 && (role != "mixing_service" || era != world.Era2015) { // that world's deletes what is paid, and all is
			t.Errorf("%d: nobody paid a service of the role %s: %v", era, role, seen)
		}
	}
	if seen["Lucky Heron internal.csv"] < 20 || era == world.Era2022 && seen["Baltic Bourse internal.csv"] < 1_000 {
		t.Errorf("%d: services' change is missing: %v", era, seen)
	}
}

// inOrder: a service's withdrawals are in the order in which they were asked for;
// those not paid come last, where it does not hold all rows until the end.
func inOrder(t *testing.T, era world.Era, service string, rows []map[string]string, whole bool) {
	t.Helper()
	key := func(r map[string]string) string {
		if !whole && r["paid"] == "" {
			return "~" + r["requested"] // behind every time
		}
		return r["requested"]
	}
	for i := 1; i < len(rows); i++ {
		if key(rows[i]) < key(rows[i-1]) {
			t.Errorf("%d: %s writes withdrawal %s before %s, which was asked for earlier", era, service, rows[i-1]["withdrawal"], rows[i]["withdrawal"])
		}
	}
}
