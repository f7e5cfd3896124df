package report

import (
	"time"

	"goshawk"
)

// sampleCase is a case with something in every field, in several scripts.
func sampleCase() Case {
	t := small()
	l := blank("lifo", "forward")
	l.Start, l.Flows, l.Ends, l.Totals, l.Steps = t.Start, t.Flows, t.Ends, t.Totals, t.Steps
	amount, none := "4000000000", "9999"
	when := time.Date(2015, 7, 1, 12, 0, 0, 0, time.UTC)
	out := uint32(0)
	run := CaseRun{Number: "R-1", ID: "run1", Title: "haircut forward from the ransom", State: "done", Used: true, Ledger: "main", Network: "bitcoin", Ticker: "BTC", Decimals: 8, Version: "0.1.0", Height: 599,
		Block: name(599).String(), Direction: "forward", Methods: []string{"haircut", "lifo"}, Parameters: []CaseFact{{"stop confidence", "50"}}, Starts: []string{name(1).String() + ":0"}, Amount: "5000000000", Steps: 1,
		Totals: []CaseSum{{Kind: "service", Amounts: []*string{&amount, &none}, Counts: []int{1, 1}}}, Exhibit: "E-1", SHA256: hex64, Traces: []*goshawk.Trace{t, l},
		Ends: []CaseEnd{{Kind: "service", Tx: name(2).String(), Out: &out, Address: "1Deposit111111111111111111111111111", Amounts: []*string{&amount, &none}, Time: &when, Label: "Example Exchange", Sure: "high", Source: "exchanges.yaml", Inference: true},
			{Kind: "unspent", Tx: name(2).String(), Out: ptr(uint32(1)), Address: "1Change1111111111111111111111111111", Amounts: []*string{&none, nil}}}}
	failed := CaseRun{Number: "R-2", ID: "run2", Title: "an attempt", State: "failed", Error: "it took too long", Ledger: "main", Direction: "backward", Methods: []string{"fifo"}, Starts: []string{name(1).String() + ":0"}}
	c := Case{Version: "0.1.0", ID: "case1", Seq: 17, At: time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC), Marking: "OFFICIAL: SENSITIVE", Reference: "2026/17", Title: "Harbour ransom", Agency: "Eastmark Police",
		Author: "Ольга Семёнова", Qualification: "Investigator since 2014.\n\n- Certified tracer\n- Trainer", Question: "Where did the ransom of 1 July 2015 go?", Summary: "Most of it was paid to an address at Example Exchange.",
		Findings: []CaseFinding{{Number: 1, Title: "The ransom reached Example Exchange", Text: "By every method but one.\n\nالعميل محمد عبد الله (2015) دفع 12.5 مرات", Exhibits: []string{"E-1"}, Runs: []string{"R-1"}, Support: "The exchange's own records, E-2."},
			{Number: 2, Title: "The change was not spent", Runs: []string{"R-1"}}},
		Runs: []CaseRun{run, failed}, Heuristics: []CaseHeuristic{{Name: "co-spend/1", Where: "clusters on the graph", First: when, Last: when.AddDate(1, 0, 0), Measured: true}, {Name: "deposit-address/2", Where: "1 end of R-1", First: when, Last: when, Measured: true}},
		Picture: &CasePicture{Title: "The way of the ransom", Nodes: []CaseNode{{ID: "a:1", What: "address", Text: "1Start1111111111111111111111111111", Title: "ransom", X: 0, Y: 0}, {ID: "t:2", What: "transaction", Text: name(2).String(), X: 100, Y: 30},
			{ID: "s:x", What: "service", Text: "example_exchange", Label: "Example Exchange", Sure: "high", Source: "exchanges.yaml", X: 200, Y: -10, Inferred: true}, {ID: "c:3", What: "cluster", Text: "1Change1111111111111111111111111111", X: 200, Y: 80}, {ID: "u:4", What: "coin", Text: name(2).String() + ":1", X: 150, Y: 90}},
			Edges: []CaseEdge{{From: "a:1", To: "t:2", What: "spend", Value: "5000000000"}, {From: "t:2", To: "s:x", What: "trace", Value: "4000000000", Ticker: "BTC", Decimals: 8, Method: "haircut"}, {From: "t:2", To: "u:4", What: "receive"}, {From: "u:4", To: "c:3", What: "member", Inferred: true}}},
		Alternatives: "The address may belong to another customer.", Limitations: "The phone was not examined.",
		Exhibits: []CaseExhibit{{Number: "E-1", Name: "trace-run1.json", Media: "application/json", SHA256: hex64, Bytes: 12345, Source: "computed by Goshawk 0.1.0", Obtained: "2026-11-20T10:00:00Z", Custodian: "Jan Brandt"},
			{Number: "E-2", Name: "записи.csv", Media: "text/csv", SHA256: hex64, Bytes: 99, Source: "Example Exchange", Obtained: "2026-11-21T10:00:00Z", Custodian: "Jan Brandt", Comment: "as received", Transfers: []CaseTransfer{{At: "2026-11-22T10:00:00Z", From: "Jan Brandt", To: "محمد علي", Reason: "court"}}}},
		Labels: []CaseSource{{Name: "exchanges.yaml", Hash: hex64, Date: "2024-05-01"}}}
	c.Ranges = Ranges(c.Runs)
	return c
}
