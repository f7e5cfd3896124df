package records

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"goshawk"
	"goshawk/chain/bitcoin"
	"goshawk/label"
	"goshawk/world"
)

// memory is a world.Folder in memory.
type memory struct {
	fstest.MapFS
	open int
}

func (m *memory) Create(name string) (world.File, error) {
	if m.MapFS[name] != nil {
		return nil, fs.ErrExist
	}
	f := &fstest.MapFile{Mode: 0o644}
	m.MapFS[name] = f
	m.open++
	return &memoryFile{folder: m, file: f}, nil
}

type memoryFile struct {
	bytes.Buffer
	folder *memory
	file   *fstest.MapFile
	closed bool
}

func (f *memoryFile) Close() error {
	if f.closed {
		return errors.New("closed twice")
	}
	f.closed, f.file.Data = true, f.Bytes()
	f.folder.open--
	return nil
}

func build(t testing.TB, spec world.Spec) (*memory, *world.Manifest) {
	t.Helper()
	m := &memory{MapFS: fstest.MapFS{}}
	spec.Observer = New()
	manifest, err := world.Build(context.Background(), spec, m, nil)
	if err != nil {
		t.Fatal(err)
	}
	if m.open != 0 {
		t.Fatalf("%d files were left open", m.open)
	}
	return m, manifest
}

// rows reads a CSV file as maps from its columns.
func (m *memory) rows(t testing.TB, name string) (rows []map[string]string) {
	t.Helper()
	file := m.MapFS[name]
	if file == nil {
		t.Fatalf("there is no %s", name)
	}
	all, err := csv.NewReader(bytes.NewReader(file.Data)).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, r := range all[1:] {
		row := map[string]string{}
		for i, column := range all[0] {
			row[column] = r[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// services returns the folders of the services that have a file.
func (m *memory) services(with string) (folders []string) {
	for _, name := range slices.Sorted(maps.Keys(m.MapFS)) {
		if folder, file := path.Split(name); strings.HasPrefix(folder, "services/") && file == with {
			folders = append(folders, folder)
		}
	}
	return folders
}

// paid is an output of the chain.
type paid struct {
	address string
	value   uint64
	time    uint32
}

// chain reads the block files into the outputs that they hold.
func (m *memory) chain(t testing.TB) map[string]paid {
	t.Helper()
	params, err := bitcoin.Lookup("regtest")
	if err != nil {
		t.Fatal(err)
	}
	outs := map[string]paid{}
	d := bitcoin.NewDecoder(params)
	for data := m.MapFS["blocks/blk00000.dat"].Data; len(data) > 0; {
		size := binary.LittleEndian.Uint32(data[4:])
		var b goshawk.Block
		if err := d.Block(data[8:8+size], &b); err != nil {
			t.Fatal(err)
		}
		first := 0
		for i := range b.Txs {
			end := int(b.Txs[i].OutputEnd)
			for n, o := range b.Outs[first:end] {
				outs[fmt.Sprintf("%v:%d", b.Txs[i].Hash, n)] = paid{params.FormatAddress(o.Kind, b.Keys[o.KeyStart:o.KeyEnd]), o.Value, b.Time}
			}
			first = end
		}
		data = data[8+size:]
	}
	return outs
}

// optional reads a CSV file that not every service has.
func (m *memory) optional(t testing.TB, name string) []map[string]string {
	if m.MapFS[name] == nil {
		return nil
	}
	return m.rows(t, name)
}

func number(t testing.TB, s string) uint64 {
	t.Helper()
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestCustomersAgreeWithTheChain: every deposit and withdrawal in every customer
// file is an output of the chain, to the satoshi and at that address; balances
// follow from line to line and from the rows they name; and the accounts' sums
// are those of their rows.
func TestCustomersAgreeWithTheChain(t *testing.T) {
	for _, era := range world.Eras() {
		m, _ := build(t, world.Spec{Seed: 11, Era: era, Txs: 6_000})
		outs := m.chain(t)
		owners := map[string]string{}
		for _, r := range m.rows(t, "truth/addresses.csv") {
			owners[r["address"]] = r["purpose"]
		}
		if n := len(m.services("deposits.csv")); n < 8 {
			t.Fatalf("%d: %d services keep records", era, n)
		}
		used := map[string]bool{}
		for _, s := range m.services("deposits.csv") {
			type sum struct{ deposits, withdrawals, pending, fees, bought, sold, won, lost, balance uint64 }
			booked := map[string]*sum{}
			of := func(account string) *sum {
				if booked[account] == nil {
					booked[account] = &sum{}
				}
				return booked[account]
			}
			given := map[string]string{}
			for _, r := range m.rows(t, s+"addresses.csv") {
				given[r["address"]] = r["account"]
			}
			rows := map[string]int64{} // reference → change
			onChain := func(r map[string]string) {
				key := r["tx"] + ":" + r["output"]
				if o, ok := outs[key]; !ok || o.value != number(t, r["satoshis"]) || o.address != r["address"] {
					t.Fatalf("%d %s: %v: the chain has %v", era, s, r, o)
				}
				if used[s+key] {
					t.Fatalf("%d %s: %s is booked twice", era, s, key)
				}
				used[s+key] = true
			}
			for _, r := range m.rows(t, s+"deposits.csv") {
				onChain(r)
				house := owners[r["address"]] == "house"
				if account, ok := given[r["address"]]; !ok || account != r["account"] && (!house || account != "") {
					t.Fatalf("%d %s: %v came in at the address of account %q", era, s, r, account)
				}
				if p := owners[r["address"]]; p != "deposit" && p != "invoice" && !house {
					t.Fatalf("%v: an address of purpose %q", r, p)
				}
				of(r["account"]).deposits += number(t, r["satoshis"])
				rows[r["deposit"]] = int64(number(t, r["satoshis"]))
			}
			for _, r := range m.rows(t, s+"withdrawals.csv") {
				if r["paid"] == "" {
					of(r["account"]).pending += number(t, r["satoshis"])
					if owners[r["address"]] == "" || r["tx"] != "" || r["output"] != "" {
						t.Fatalf("%d %s: %v is to go nowhere", era, s, r)
					}
				} else {
					onChain(r)
					of(r["account"]).withdrawals += number(t, r["satoshis"])
					if r["paid"] < r["requested"] {
						t.Fatalf("%v is paid before it was requested", r)
					}
				}
				of(r["account"]).fees += number(t, r["fee"])
				rows[r["withdrawal"]] = -int64(number(t, r["satoshis"]) + number(t, r["fee"]))
			}
			for _, r := range m.optional(t, s+"bets.csv") {
				n := number(t, r["satoshis"])
				if rows[r["bet"]] = int64(n); r["result"] == "won" {
					of(r["account"]).won += n
				} else {
					rows[r["bet"]] = -int64(n)
					of(r["account"]).lost += n
				}
			}
			for _, r := range m.optional(t, s+"trades.csv") {
				n := number(t, r["satoshis"])
				rows[r["trade"]] = int64(n)
				if r["side"] == "sell" {
					rows[r["trade"]] = -int64(n)
					of(r["account"]).sold += n
				} else {
					of(r["account"]).bought += n
				}
			}
			for _, r := range m.rows(t, s+"balances.csv") {
				change, err := strconv.ParseInt(r["change"], 10, 64)
				if err != nil || rows[r["reference"]] != change {
					t.Fatalf("%d %s: %v, and its row says %d", era, s, r, rows[r["reference"]])
				}
				delete(rows, r["reference"])
				a := of(r["account"])
				a.balance += uint64(change)
				if a.balance != number(t, r["balance"]) {
					t.Fatalf("%d %s: %v: the balance is %d", era, s, r, a.balance)
				}
			}
			if len(rows) > 0 {
				t.Errorf("%d %s: %d rows changed no balance", era, s, len(rows))
			}
			if m.MapFS[s+"accounts.json"] == nil { // orders: what is owed is what is asked for
				for account, o := range booked {
					if o.balance != 0 || o.deposits != o.withdrawals+o.pending+o.fees {
						t.Errorf("%d %s order %s: %+v", era, s, account, *o)
					}
				}
				continue
			}
			var file struct {
				Accounts []struct {
					Account  int
					Name     string
					Satoshis sums
				}
			}
			if err := json.Unmarshal(m.MapFS[s+"accounts.json"].Data, &file); err != nil {
				t.Fatalf("%s: %v", s, err)
			}
			for _, a := range file.Accounts {
				want := of(strconv.Itoa(a.Account))
				got := sum{a.Satoshis.Deposits, a.Satoshis.Withdrawals, a.Satoshis.Pending, a.Satoshis.Fees, a.Satoshis.Bought, a.Satoshis.Sold, a.Satoshis.Won, a.Satoshis.Lost, a.Satoshis.Balance}
				if got != *want {
					t.Fatalf("%d %s account %d: %+v, and its rows say %+v", era, s, a.Account, got, *want)
				}
				// They pay at once what they owe.
				if quick := s == "services/lucky-heron/" || s == "services/meridian-desk/"; quick && want.balance != 0 {
					t.Errorf("%d %s account %d: %d satoshis are left", era, s, a.Account, want.balance)
				}
				delete(booked, strconv.Itoa(a.Account))
			}
			if len(booked) > 0 {
				t.Errorf("%d %s: %d accounts are not in accounts.json", era, s, len(booked))
			}
		}
		if len(used) < 500 {
			t.Errorf("%d: only %d payments are in the books", era, len(used))
		}
		whole(t, m, used)
	}
}

// whole: the books of the gambling site and the broker leave nothing out that the
// chain has, but what came with the last block.
func whole(t *testing.T, m *memory, used map[string]bool) {
	t.Helper()
	owners, last := map[string]string{}, ""
	names := map[string]string{}
	for _, r := range m.rows(t, "truth/actors.csv") {
		names[r["actor"]] = r["role"]
	}
	for _, r := range m.rows(t, "truth/addresses.csv") {
		owners[r["address"]] = names[r["actor"]] + " " + r["purpose"]
	}
	kinds, heights := map[string]string{}, map[string]string{}
	for _, r := range m.rows(t, "truth/transactions.csv") {
		kinds[r["tx"]], heights[r["tx"]], last = names[r["actor"]]+" "+r["kind"], r["height"], r["height"]
	}
	n := map[string]int{}
	for key, o := range m.chain(t) {
		tx, _, _ := strings.Cut(key, ":")
		service, kind := "", kinds[tx]
		switch owner := owners[o.address]; {
		case owner == "gambling house" && kind == "user bet", kind == "gambling winnings" && !strings.HasPrefix(owner, "gambling"):
			service = "services/lucky-heron/"
		case owner == "otc_broker deposit", kind == "otc_broker settlement" && !strings.HasPrefix(owner, "otc_broker"):
			service = "services/meridian-desk/"
		default:
			continue
		}
		if heights[tx] == last {
			continue
		}
		if n[kind]++; !used[service+key] {
			t.Errorf("%s: %s pays %+v, and the books have nothing of it", service, key, o)
		}
	}
	if n["user bet"] < 20 || n["gambling winnings"] < 8 || n["user settlement"] < 4 || n["otc_broker settlement"] < 4 {
		t.Errorf("the chain has only %v", n)
	}
}

// TestEveryDepositHasACustomer: the chain pays no deposit address that no
// customer file knows.
func TestEveryDepositHasACustomer(t *testing.T) {
	m, _ := build(t, world.Spec{Seed: 12, Era: world.Era2019, Txs: 5_000})
	known := map[string]bool{}
	for _, s := range m.services("customers.csv") {
		customers := map[string]bool{}
		for _, r := range m.rows(t, s+"customers.csv") {
			customers[r["account"]] = true
		}
		for _, r := range m.rows(t, s+"addresses.csv") {
			known[r["address"]] = true
			if r["account"] != "" && !customers[r["account"]] {
				t.Fatalf("%v belongs to no customer of %s", r, s)
			}
		}
	}
	roles := map[string]string{}
	for _, r := range m.rows(t, "truth/actors.csv") {
		roles[r["actor"]] = r["role"]
	}
	n := 0
	for _, r := range m.rows(t, "truth/addresses.csv") {
		if role := roles[r["actor"]]; r["purpose"] == "invoice" || r["purpose"] == "deposit" && (role == "exchange" || role == "otc_broker") {
			if n++; !known[r["address"]] {
				t.Errorf("%v is no customer's", r)
			}
		}
	}
	if n < 200 {
		t.Errorf("only %d deposit addresses", n)
	}
}

// TestPeopleAreNobody: what identifies somebody comes from ranges that nobody
// has, is in the right order of time, and is somebody else's for everybody.
func TestPeopleAreNobody(t *testing.T) {
	m, _ := build(t, world.Spec{Seed: 13, Era: world.Era2022, Txs: 5_000})
	var ranges []netip.Prefix
	for _, p := range []string{"10.0.0.0/8", "100.64.0.0/10", "198.18.0.0/15", "2001:db8::/32"} {
		ranges = append(ranges, netip.MustParsePrefix(p))
	}
	owner := map[string]string{} // document or e-mail → actor
	actors := map[string]string{}
	for _, r := range m.rows(t, "truth/customers.csv") {
		actors[r["service"]+r["account"]] = r["actor"]
		if r["papers"] != "genuine" && r["papers"] != "none" {
			t.Errorf("%v, and nobody told a lie", r)
		}
	}
	lines, shared, documents, unasked := map[string]string{}, 0, 0, 0
	for _, s := range m.services("customers.csv") {
		var name struct{ Service string }
		if err := json.Unmarshal(m.MapFS[s+"accounts.json"].Data, &name); err != nil {
			t.Fatal(err)
		}
		for _, r := range m.rows(t, s+"customers.csv") {
			actor := actors[name.Service+r["account"]]
			for _, column := range []string{"number", "email", "phone"} {
				v := r[column]
				if v == "" {
					continue
				}
				if was, ok := owner[v]; ok && was != actor {
					t.Errorf("%s is that of %s and of %s", v, was, actor)
				}
				owner[v] = actor
			}
			if r["number"] != "" {
				documents++
				if !strings.HasPrefix(r["number"], "ZZ") || r["issued"] > r["since"] || r["type"] == "person" && r["expires"] < r["since"] {
					t.Errorf("document: %v", r)
				}
			}
			if r["level"] == "0" {
				if unasked++; r["name"]+r["type"]+r["phone"]+r["country"]+r["number"] != "" {
					t.Errorf("%v was not asked", r)
				}
				if r["email"] == "" {
					continue
				}
				r["phone"] = "+"
			}
			if domain := strings.SplitN(r["email"], "@", 2)[1]; !strings.HasSuffix(domain, ".example") || r["phone"][0] != '+' {
				t.Errorf("%v can be reached", r)
			}
			if r["type"] == "person" && r["born"] != "" {
				born, err := time.Parse(time.DateOnly, r["born"])
				if err != nil {
					t.Fatal(err)
				}
				// A day, for years of different lengths.
				if adult := born.AddDate(18, 0, -1).Format(time.DateOnly); adult > r["issued"] || adult > r["since"] || r["born"] < "1925" {
					t.Errorf("a child's or nobody's papers: %v", r)
				}
			}
		}
		last := ""
		for _, r := range m.rows(t, s+"logins.csv") {
			ip, err := netip.ParseAddr(r["ip"])
			if err != nil || !slices.ContainsFunc(ranges, func(p netip.Prefix) bool { return p.Contains(ip) }) {
				t.Fatalf("%v comes from an address of somebody", r)
			}
			if r["time"] < last {
				t.Fatalf("%v comes after %s", r, last)
			}
			last = r["time"]
			who := name.Service + r["account"]
			if was, ok := lines[r["ip"]]; ok && was != who {
				shared++
			}
			lines[r["ip"]] = who
		}
	}
	if documents < 100 || len(lines) < 100 || shared < 10 || unasked < 10 {
		t.Errorf("%d documents, %d lines, %d log-ins from a line that others used, %d accounts without papers", documents, len(lines), shared, unasked)
	}
}

// TestVendors: goshawk's own reader takes every pack without a remark; vendors
// know a part, and are wrong in a part of it, and truth says which.
func TestVendors(t *testing.T) {
	for _, era := range world.Eras() {
		m, _ := build(t, world.Spec{Seed: 14, Era: era, Txs: 10_000})
		roles, actor, names := map[string]string{}, map[string]string{}, map[string]string{}
		for _, r := range m.rows(t, "truth/actors.csv") {
			roles[r["actor"]], names[r["actor"]] = r["role"], r["name"]
		}
		// A shop is called the same in public and by those whose customer it is.
		shops := map[string]string{}
		for _, r := range m.rows(t, "truth/customers.csv") {
			if role := roles[r["actor"]]; role == string(world.Merchant) || role == string(world.Publisher) {
				shops[r["actor"]] = r["name"]
			}
		}
		if len(shops) < 10 {
			t.Errorf("%d: only %d shops are anybody's customers", era, len(shops))
		}
		total := 0
		for _, r := range m.rows(t, "truth/addresses.csv") {
			actor[r["address"]] = r["actor"]
			if roles[r["actor"]] == "exchange" {
				total++
			}
		}
		read := 0
		var packs []*label.Source
		for _, name := range slices.Sorted(maps.Keys(m.MapFS)) {
			if !strings.HasPrefix(name, folder) {
				continue
			}
			s, err := label.Parse(path.Base(name), m.MapFS[name].Data, bitcoin.AddressCheck())
			if err != nil {
				t.Fatal(err)
			}
			if report := s.Report(); len(report) > 0 {
				t.Fatalf("%s: %v", name, report)
			}
			read += len(s.Labels)
			for _, actor := range s.Actors {
				if actor.Label == "Fogbank" && (!slices.Equal(actor.Categories, []string{"mixing_service", "tumbler"}) || len(actor.Jurisdictions) != 1) {
					t.Errorf("%+v", actor)
				}
			}
			packs = append(packs, s)
		}
		if len(packs) != 5 {
			t.Errorf("%d: %d files of labels", era, len(packs))
		}
		truth := m.rows(t, "truth/labels.csv")
		if len(truth) != read {
			t.Errorf("%d: truth judges %d labels of %d", era, len(truth), read)
		}
		wrong, services := 0, map[string]bool{}
		for _, r := range truth {
			if actor[r["address"]] != r["actor"] {
				t.Fatalf("%v is %s's", r, actor[r["address"]])
			}
			name := names[r["actor"]]
			if role := roles[r["actor"]]; role == string(world.Merchant) || role == string(world.Publisher) {
				if name = shops[r["actor"]]; name == "" { // nobody's customer: public only
					name = r["label"]
				}
			}
			isRight := name == r["label"] && world.Role(roles[r["actor"]]).Concept() == r["concept"]
			if isRight != (r["right"] == "yes") || isRight != (r["why"] == "") {
				t.Errorf("%v, and it is %v: %s, %s", r, isRight, roles[r["actor"]], name)
			}
			if !isRight {
				wrong++
			} else if roles[r["actor"]] == "exchange" {
				services[r["address"]] = true
			}
		}
		if wrong*1000 < len(truth)*4 || wrong*1000 > len(truth)*60 {
			t.Errorf("%d: %d of %d labels are wrong", era, wrong, len(truth))
		}
		if share := len(services) * 100 / total; share < 30 || share > 85 {
			t.Errorf("%d: %d %% of the exchanges' addresses are known", era, share)
		}
	}
}
