package web

import (
	"testing"

	"goshawk/identity"
	"goshawk/store"
	"goshawk/workbench"
)

// TestRates imports a file as worlds write it, and asks what a coin was worth.
func TestRates(t *testing.T) {
	s := newStage(t)
	s.chain(20)
	admin, b := s.as(string(identity.Administrator)), s.as("investigator")
	post := func(text string) answer {
		return admin.do("POST", apiRoot+"/rates?name=prices.csv&asset=regtest", text, "Content-Type", "text/csv")
	}
	var done workbench.ImportedRates
	post("date,currency,price\n2021-01-01,USD,29001.72\n2021-01-02,USD,32127.27\n").is(t, 201, &done)
	if done.Rates != 2 || done.Replaced != 0 || done.First != "2021-01-01" || done.Last != "2021-01-02" {
		t.Errorf("%+v", done)
	}
	post("date,currency,price\n2021-01-02,USD,32000\n2021-01-03,USD,1\n").is(t, 201, &done)
	if done.Replaced != 1 {
		t.Errorf("%+v", done)
	}
	post("date,currency,price\n2021-01-04,USD,5\n2021-01-05,USD,x\n").is(t, 400, nil)
	worth := func(day string) (w workbench.Worth) {
		b.do("GET", apiRoot+"/ledgers/main/worth?amount=150000001&at="+day+"T23:59:59Z&currency=USD", nil).is(t, 200, &w)
		return w
	}
	if w := worth("2021-01-02"); w.Exact != "48000.00032" || w.Value != "48000.00" || w.Missing {
		t.Errorf("%+v", w)
	}
	if w := worth("2021-01-04"); !w.Missing || w.Value != "" || w.Rate != "" {
		t.Errorf("a day without a rate, of a file that was refused: %+v", w)
	}
	var days workbench.DayRates
	b.do("GET", apiRoot+"/ledgers/main/rates?currency=USD&first=2021-01-02&last=2021-01-31", nil).is(t, 200, &days)
	if len(days.Rates) != 2 || days.Rates["2021-01-02"] != "32000" || days.Rates["2021-01-03"] != "1" || len(days.Sources) != 1 {
		t.Errorf("%+v", days)
	}
	b.do("GET", apiRoot+"/ledgers/main/rates?currency=USD&first=2021-01-02&last=2021-01-01", nil).is(t, 400, nil)
	b.do("GET", apiRoot+"/ledgers/main/rates?currency=USD&first=1900-01-02&last=2021-01-01", nil).is(t, 400, nil)
	var list struct {
		Rates   []store.RateSpan
		Sources []store.RateSource
	}
	b.do("GET", apiRoot+"/rates", nil).is(t, 200, &list)
	if len(list.Rates) != 1 || list.Rates[0].Days != 3 || len(list.Sources) != 2 {
		t.Errorf("%+v", list)
	}
}
