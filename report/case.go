package report

import (
	"encoding/json"
	"io"
	"time"

	"goshawk"
)

// Case is everything that a report to a court says of a case. It is values only: two
// reports of the same Case are the same, byte for byte. All texts are foreign.
//
// Exhibits are named by their numbers (E-3), traces by theirs, and what names one
// that is not listed is printed as it stands.
type Case struct {
	Version string `json:"version"` // of the program that wrote it
	ID      string `json:"case"`
	// Seq and At are the case's last change that the report knows of.
	Seq int64     `json:"change"`
	At  time.Time `json:"at"`

	Marking       string `json:"marking"`
	Reference     string `json:"reference"`
	Title         string `json:"title"`
	Agency        string `json:"agency"`
	Author        string `json:"author"`
	Qualification string `json:"qualification"`
	Question      string `json:"question"`
	Summary       string `json:"summary"`

	Findings     []CaseFinding   `json:"findings"`
	Runs         []CaseRun       `json:"traces"` // every one that was made, in order
	Ranges       []CaseRange     `json:"ranges"`
	Money        *CaseMoney      `json:"money,omitempty"` // nil: values are told in no currency
	Heuristics   []CaseHeuristic `json:"heuristics"`
	Picture      *CasePicture    `json:"graph"` // nil: none was chosen
	Alternatives string          `json:"alternatives"`
	Limitations  string          `json:"limitations"`
	Exhibits     []CaseExhibit   `json:"exhibits"`
	Labels       []CaseSource    `json:"labels"`
}

// CaseFinding is what the author found, and what it rests on.
type CaseFinding struct {
	Number   int      `json:"number"`
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Exhibits []string `json:"exhibits"`
	Runs     []string `json:"traces"`
	// Support is what speaks for it that does not come from this program; empty is printed as "none".
	Support string `json:"independent_support"`
}

// CaseRun is a trace that was made, used or not.
type CaseRun struct {
	Number     string     `json:"number"`
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	State      string     `json:"state"` // done, failed, cancelled, running
	Error      string     `json:"error,omitempty"`
	Used       bool       `json:"used"` // marked so, or a finding names it
	Ledger     string     `json:"ledger"`
	Network    string     `json:"network"`
	Ticker     string     `json:"ticker"`
	Decimals   int        `json:"decimals"`
	Version    string     `json:"version"` // of the program that traced
	Height     int32      `json:"height"`  // the ledger's last block
	Block      string     `json:"block"`
	Direction  string     `json:"direction"`
	Methods    []string   `json:"methods"`
	Parameters []CaseFact `json:"parameters"`
	Labels     []string   `json:"label_files"` // their SHA-256
	Starts     []string   `json:"starts"`
	Amount     string     `json:"amount"` // of the starts, in smallest units; empty where it is not known
	Steps      uint64     `json:"steps"`
	Truncated  bool       `json:"truncated"`
	Warnings   []string   `json:"warnings"`
	Totals     []CaseSum  `json:"totals"`
	Ends       []CaseEnd  `json:"ends"`         // the largest
	EndsCut    int        `json:"ends_omitted"` // in the exhibit only
	Exhibit    string     `json:"exhibit"`      // number of the whole answer
	SHA256     string     `json:"sha256"`       // of the exhibit
	Drawn      bool       `json:"drawn"`        // its whole answer was read, for the drawing and what follows from it
	// Traces are the whole answers, for the drawing and the command that asks again; nil
	// where the exhibit could not be read. The exhibit holds them for programs.
	Traces []*goshawk.Trace `json:"-"`
}

// CaseFact is something with a name.
type CaseFact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CaseSum sums a trace's ends of one kind, by each of its methods; an amount is nil where
// a method has no such end or nobody can say.
type CaseSum struct {
	Kind    string    `json:"kind"`
	Amounts []*string `json:"amounts"`
	Counts  []int     `json:"counts"`
	// Unknown is how many of them have an amount that nobody can say; nil where all are known.
	Unknown []int `json:"unknown,omitempty"`
	// Worth is what each amount was worth, part by part, where the report tells values; an entry is nil where that is not known.
	Worth []*string `json:"worth,omitempty"`
}

// CaseEnd is where traced value rests, by each of the trace's methods.
type CaseEnd struct {
	Kind      string     `json:"kind"`
	Tx        string     `json:"tx"`
	Out       *uint32    `json:"out"`
	Address   string     `json:"address"`
	Amounts   []*string  `json:"amounts"`
	Time      *time.Time `json:"time"`
	Label     string     `json:"label"`
	Sure      string     `json:"confidence"` // of the label, in words
	Source    string     `json:"source"`     // of the label
	Inference bool       `json:"inference"`
	Note      string     `json:"note"`
	// Candidates is at and beyond a CoinJoin how many coins could as well be meant; 0 elsewhere.
	Candidates int `json:"candidates,omitempty"`
	// Worth is what each of Amounts was worth on the day of Time, where the report tells values; an entry is nil where the
	// amount, or the rate, is missing.
	Worth []*string `json:"worth,omitempty"`
}

// CaseRange says between which amounts one end is, over all methods by which the same
// question was asked. Least and Most leave out poison, which claims no amounts; both are
// nil where no other method reaches the end. Where a method's list of ends is cut, Least is nil
// and Most the most that it can be.
type CaseRange struct {
	Runs      []string  `json:"traces"`
	Kind      string    `json:"kind"`
	Tx        string    `json:"tx"`
	Out       *uint32   `json:"out"`
	Address   string    `json:"address"`
	Label     string    `json:"label"`
	Direction string    `json:"direction"`
	Methods   []string  `json:"methods"`
	Amounts   []*string `json:"amounts"` // nil: the method does not reach it, or nobody can say
	Least     *string   `json:"least"`
	Most      *string   `json:"most"`
	Ticker    string    `json:"ticker"`
	Decimals  int       `json:"decimals"`
	// Worth is nil where the report tells no values.
	Worth *CaseRangeWorth `json:"worth,omitempty"`
}

// CaseHeuristic is a rule by which something in the case was inferred.
type CaseHeuristic struct {
	Name  string `json:"name"`  // with its version, as answers name it: co-spend/1
	Where string `json:"where"` // in the case it was used
	// First and Last are the times of the transactions that it was used on; zero: not known.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// Measured says that the network is the one whose economy the worlds of docs/accuracy.md copy.
	Measured bool `json:"measured_network"`
}

// CaseExhibit is bytes that were fixed, and their way from one custodian to the next.
type CaseExhibit struct {
	Number    string         `json:"number"`
	Name      string         `json:"name"`
	Media     string         `json:"media"`
	SHA256    string         `json:"sha256"`
	Bytes     int64          `json:"bytes"`
	Source    string         `json:"source"`
	Obtained  string         `json:"obtained"` // RFC 3339
	Custodian string         `json:"custodian"`
	Comment   string         `json:"comment"`
	Transfers []CaseTransfer `json:"transfers"`
}

// CaseTransfer is an exhibit's step from one custodian to the next.
type CaseTransfer struct {
	At     string `json:"at"` // RFC 3339
	From   string `json:"from"`
	To     string `json:"to"`
	Reason string `json:"reason"`
}

// CaseSource is a file of labels that answers rest on.
type CaseSource struct {
	Name string `json:"source"`
	Hash string `json:"sha256"`
	Date string `json:"date"`
}

// CasePicture is the investigation's graph as its authors laid it out.
type CasePicture struct {
	Title string     `json:"title"`
	Nodes []CaseNode `json:"nodes"`
	Edges []CaseEdge `json:"edges"`
}

// CaseNode is a node of the graph.
type CaseNode struct {
	ID       string  `json:"id"`
	What     string  `json:"what"` // address, transaction, coin, cluster, service
	Text     string  `json:"text"`
	Title    string  `json:"title"`
	Note     string  `json:"note"`
	X        float64 `json:"x"`
	Y        float64 `json:"y"` // downwards
	Label    string  `json:"label"`
	Sure     string  `json:"confidence"`
	Source   string  `json:"source"`
	Because  string  `json:"because,omitempty"` // why it is inferred to be theirs; empty: the label is its own
	Inferred bool    `json:"inferred"`
}

// CaseEdge leads from one node to another.
type CaseEdge struct {
	From     string `json:"from"`
	To       string `json:"to"`
	What     string `json:"what"`  // spend, receive, pay, trace, member, manual
	Value    string `json:"value"` // in smallest units; empty where it is of no amount
	Ticker   string `json:"ticker"`
	Decimals int    `json:"decimals"`
	Method   string `json:"method"`
	Note     string `json:"note"`
	Inferred bool   `json:"inferred"`
}

// Missing lists what a report to a court needs and this one lacks, in the order of the
// report; nil where nothing is missing. The names are keys, not sentences: author,
// qualification, question, summary, findings, finding-basis, alternatives, limitations,
// marking, running.
func (c *Case) Missing() []string {
	var list []string
	need := func(has bool, key string) {
		if !has {
			list = append(list, key)
		}
	}
	need(c.Marking != "", "marking")
	need(c.Author != "", "author")
	need(c.Qualification != "", "qualification")
	need(c.Question != "", "question")
	need(c.Summary != "", "summary")
	need(len(c.Findings) > 0, "findings")
	based, ended := true, true
	for i := range c.Findings {
		based = based && len(c.Findings[i].Exhibits)+len(c.Findings[i].Runs) > 0
	}
	for i := range c.Runs {
		ended = ended && c.Runs[i].State != "running"
	}
	need(based, "finding-basis")
	need(ended, "running")
	need(c.Alternatives != "", "alternatives")
	need(c.Limitations != "", "limitations")
	return list
}

// WriteCaseJSON writes a case's report for programs; docs/report.md describes the shape.
// Whole answers of traces are in their exhibits.
func WriteCaseJSON(w io.Writer, c Case) error {
	out := struct {
		Case
		Missing []string     `json:"missing"`
		Scores  []ScoreWords `json:"scores"`
	}{c, c.Missing(), Scores(&c)}
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(out)
}
