package letter

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"goshawk"
)

func table(t *testing.T, file string) *Table {
	t.Helper()
	out, err := ReadTable([]byte(file), "")
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const hash = "dbab2033044b80ba7de1cc26a8ef11cfd8e5a0871f318c6d14200f3aaeef1417"

// TestForms: the same deposit, as services write it. What a file leaves open is asked.
func TestForms(t *testing.T) {
	want := Row{Line: 2, Time: time.Date(2022, 1, 25, 13, 4, 5, 0, time.UTC), Account: "7", Amount: 123450000000, Tx: hash}
	for name, c := range map[string]struct {
		file string
		open []string
		say  func(*Mapping)
	}{
		"whole": {"time,account,satoshis,tx\n2022-01-25T13:04:05Z,7,123450000000," + hash + "\n", nil, nil},
		"semicolons, commas, days first": {"Date;User;Amount;TxHash\n25.01.2022 14:04:05;7;1.234,50;" + strings.ToUpper(hash) + "\n", []string{"zone"},
			func(m *Mapping) { m.Zone = "+01:00" }},
		"tabs, months first, UTC": {"\ufeffTimestamp\tAccount ID\tAmount\tTransaction ID\n1/25/2022 1:04:05 PM UTC\t7\t1,234.5\t" + hash + "\n", nil, nil},
		"seconds, no unit":        {"timestamp,account,amount,tx\n1643115845,7,1234.50," + hash + "\n", nil, nil},
		"whole numbers, no unit":  {"timestamp,account,amount,tx\n1643115845000,7,123450000000," + hash + "\n", []string{"unit"}, func(m *Mapping) { m.Unit = UnitSmallest }},
		"two that could be the time": {"time,date,account,sats,tx\n2022-01-25 13:04:05Z,2022-01-25 13:04:05Z,7,123450000000," + hash + "\n", []string{"time form", "time"},
			func(m *Mapping) { m.Columns[ColTime], m.Time = 0, TimeISO }},
	} {
		x := table(t, c.file)
		p := x.Propose(Deposits, 8, "BTC")
		if !slices.Equal(p.Open, c.open) {
			t.Errorf("%s: open: %q, not %q", name, p.Open, c.open)
		}
		if c.say != nil {
			c.say(&p.Mapping)
		}
		got, err := x.Read(&p.Mapping)
		if err != nil || got.Bad > 0 || len(got.Rows) != 1 || !reflect.DeepEqual(got.Rows[0], want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// TestPlaces: a place's clock is read with its summer time; an hour that came twice there, or never, is no time.
func TestPlaces(t *testing.T) {
	for wall, want := range map[string]string{
		"2022-01-25 14:04:05": "2022-01-25T12:04:05Z", "2022-07-25 14:04:05": "2022-07-25T11:04:05Z",
		"2022-03-27 02:59:59": "2022-03-27T00:59:59Z", "2022-03-27 03:30:00": "clocks were put forward", "2022-03-27 04:00:00": "2022-03-27T01:00:00Z",
		"2022-10-30 02:59:59": "2022-10-29T23:59:59Z", "2022-10-30 03:30:00": "clocks were put back", "2022-10-30 04:00:00": "2022-10-30T02:00:00Z",
		"2022-10-30T03:30:00+03:00": "2022-10-30T00:30:00Z", // a time that says its zone needs none
	} {
		x := table(t, "time,sats\n"+wall+",5\n")
		x.Places = time.LoadLocation
		p := x.Propose(Deposits, 8, "BTC")
		p.Mapping.Time, p.Mapping.Zone = TimeISO, "Europe/Tallinn"
		got, err := x.Read(&p.Mapping)
		if err != nil || len(got.Rows)+len(got.Faults) != 1 {
			t.Fatalf("%s: %+v, %v", wall, got, err)
		}
		if got.Bad == 0 && got.Rows[0].Time.Format(time.RFC3339) != want || got.Bad == 1 && !strings.Contains(got.Faults[0].What, want) {
			t.Errorf("%s: %+v, not %s", wall, got, want)
		}
	}
	for _, z := range []string{"Local", "CET", "Europe/Nowhere", "../etc/passwd", "/etc/localtime", "Europe/../../x"} {
		x := table(t, "time,sats\n2022-01-25 14:04:05,5\n")
		x.Places = time.LoadLocation
		p := x.Propose(Deposits, 8, "BTC")
		p.Mapping.Time, p.Mapping.Zone = TimeISO, z
		if got, err := x.Read(&p.Mapping); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%q is taken for a zone: %+v, %v", z, got, err)
		}
	}
}

// TestDoubt: a day that can be two, and a number that can be two, are never chosen between.
func TestDoubt(t *testing.T) {
	p := table(t, "date,amount\n03/04/2022 10:00,\"1,234\"\n05/06/2022 10:00,\"2,345\"\n").Propose(Deposits, 8, "BTC")
	if p.Mapping.Time != "" || p.Mapping.Decimal != "" || p.Mapping.Unit != "" || !slices.Equal(p.Open, []string{"time form", "unit", "decimal mark"}) {
		t.Errorf("%+v", p)
	}
	// One day above twelve decides for all.
	if p = table(t, "date,amount\n03/04/2022 10:00,0.5\n25/06/2022 10:00,2\n").Propose(Deposits, 8, "BTC"); p.Mapping.Time != TimeDayFirst || p.Mapping.Unit != UnitCoin {
		t.Errorf("%+v", p)
	}
}

// TestFaults: a cell that cannot be what it should is a fault with its line, and no row less.
func TestFaults(t *testing.T) {
	x := table(t, "time,sats,tx,output\n2022-01-25T13:04:05Z,5,"+hash+",0\nnever,5,,\n2022-01-25T13:04:05Z,-5,,\n2022-01-25T13:04:05Z,5.5,,\n2022-01-25T13:04:05Z,0,,\n"+
		"2022-01-25T13:04:05Z,5,abc,\n2022-01-25T13:04:05Z,5,"+hash+":1,0\n2022-01-25T13:04:05Z,99999999999999999999,,\n2022-01-25T13:04:05Z,5,,-1\n")
	p := x.Propose(Deposits, 8, "BTC")
	p.Mapping.Decimal, p.Mapping.Time = ".", TimeISO
	got, err := x.Read(&p.Mapping)
	if err != nil || len(got.Rows) != 1 || got.Bad != 8 || got.Faults[0].Line != 3 || got.Faults[7].Line != 10 {
		t.Fatalf("%+v, %v", got, err)
	}
	for name, file := range map[string]string{"nothing": "", "a header": "a,b\n", "no columns": "a\nb\n", "ragged": "a,b\n1,2,3\n", "a spreadsheet": "PK\x03\x04a,b\n1,2", "bytes": "a,b\n\xff,1\n",
		"a quote without end": "a,b\n\"1,2\n3,4\n", "a long cell": "a,b\n1," + strings.Repeat("x", mostCell+1) + "\n"} {
		if _, err := ReadTable([]byte(file), ""); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStatement: a change with its sign, or two columns.
func TestStatement(t *testing.T) {
	for _, file := range []string{"time,account,reference,change,balance\n2022-01-25T13:04:05Z,7,D1,+5,5\n2022-01-26T13:04:05Z,7,W1,-2,3\n",
		"time,account,reference,credit,debit,balance\n2022-01-25T13:04:05Z,7,D1,5,,5\n2022-01-26T13:04:05Z,7,W1,,2,3\n"} {
		x := table(t, file)
		if x.ProposeList() != Statement {
			t.Error("it is a statement")
		}
		p := x.Propose(Statement, 8, "BTC")
		if !slices.Equal(p.Open, []string{"unit"}) {
			t.Errorf("open: %q", p.Open)
		}
		p.Mapping.Unit = UnitSmallest
		got, err := x.Read(&p.Mapping)
		if err != nil || len(got.Rows) != 2 || got.Rows[0].Credit != 5 || got.Rows[1].Debit != 2 || got.Rows[1].Balance != 3 {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add([]byte("time,account,satoshis,tx\n2022-01-25T13:04:05Z,7,5,"+hash+"\n"), byte(0))
	f.Add([]byte("time,account,asset,amount,tx\n2022-01-25T13:04:05Z,7,BTC,1.5,"+hash+"\n2022-01-25T13:04:05Z,7,ETH,1.5,"+hash+"\nsoon,7,BTC,1.5,"+hash+"\n"), byte(0))
	f.Add([]byte("\xff\xfet\x00,\x00b\x00\n\x001\x00,\x002\x00"), byte(1))
	f.Add([]byte("Date;Change;Balance\n25.01.2022 14:04;-1.234,5;0\n"), byte(2))
	f.Fuzz(func(t *testing.T, file []byte, which byte) {
		x, err := ReadTable(file, "")
		if err != nil {
			return
		}
		p := x.Propose(Lists()[int(which)%3], 8, "BTC")
		p.Mapping.Zone, p.Mapping.Asset = "+01:00", "BTC"
		if p.Mapping.Unit == "" {
			p.Mapping.Unit = UnitCoin
		}
		if p.Mapping.Decimal == "" {
			p.Mapping.Decimal = "."
		}
		if p.Mapping.Time == "" {
			p.Mapping.Time = TimeISO
		}
		got, err := x.Read(&p.Mapping)
		if err == nil && len(got.Rows)+got.Bad+got.Others != len(x.Rows) {
			t.Fatalf("%d rows, %d bad, %d of others: of %d", len(got.Rows), got.Bad, got.Others, len(x.Rows))
		}
	})
}

// TestDecimalComma: a part of a coin is never taken for thousands of them.
func TestDecimalComma(t *testing.T) {
	m := &Mapping{Unit: UnitCoin, Decimal: ".", Decimals: 8}
	for _, text := range []string{"0,123", "0,123.5", "00,123", "0 123"} {
		if n, _, err := m.amount(text); err == nil {
			t.Errorf("%q is taken for %d", text, n)
		}
	}
	if n, _, err := m.amount("1,234.5"); err != nil || n != 123_450_000_000 {
		t.Error(n, err)
	}
}
