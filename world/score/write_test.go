package score

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"goshawk"
)

// perfect is a shape that looks as the real blocks of 2022 do.
func perfect() *Shape {
	return &Shape{
		OneInput: Share{77, 100}, TwoOutputs: Share{70, 100}, OneToTwo: Share{57, 100}, OneToOne: Share{14, 100}, ManyOutputs: Share{22, 1000}, InMany: Share{29, 100},
		PubKeyHash: Share{23, 100}, ScriptHash: Share{37, 100}, WitnessPubKeyHash: Share{38, 100}, OwnAddress: Share{18, 100}, OwnType: Share{70, 100}, RoundValue: Share{5, 100},
		Values: 1, ValueMean: -2, ValueDeviation: 1.15, Ages: 1, AgeP25: 1, AgeMedian: 28, AgeP75: 187, Clusters: PowerLaw{Exponent: 2.1},
	}
}

func TestCompare(t *testing.T) {
	c, err := Compare(perfect(), "2022")
	if err != nil || !c.Pass() || len(c.Rows) != 18 {
		t.Fatalf("%+v, %v", c, err)
	}
	for i := range c.Rows { // every row with a target fails just outside it, and where there is nothing to measure
		r := c.Rows[i]
		if r.Name == "log_value_mean" {
			continue
		}
		if !r.Target || math.Abs(r.Measured-r.Wanted) > 1e-9 {
			t.Errorf("%+v", r)
		}
		for _, v := range []float64{r.High + 1e-9, r.Low - 1e-9, math.NaN()} {
			if r.Measured = v; r.Pass() {
				t.Errorf("%s passes with %v", r.Name, v)
			}
		}
		for _, v := range []float64{r.High, r.Low} {
			if r.Measured = v; !r.Pass() {
				t.Errorf("%s fails with %v", r.Name, v)
			}
		}
	}
	if c, _ := Compare(perfect(), "2015"); c.Pass() {
		t.Error("2022 passes for 2015")
	}
	if _, err := Compare(perfect(), "2017"); goshawk.CodeOf(err) != goshawk.Invalid || !strings.Contains(goshawk.HintOf(err), strings.Join(Eras()[:2], ", ")) {
		t.Errorf("an era without blocks: %v", err)
	}
}

func TestComparisonText(t *testing.T) {
	s := perfect()
	s.OneInput, s.Ages = Share{60, 100}, 0
	c, _ := Compare(s, "2022")
	var text strings.Builder
	if err := ComparisonText(&text, c); err != nil {
		t.Fatal(err)
	}
	want := `Compared with real blocks of 2022

                                                         measured    wanted  range
  FAIL  one input                                          60.0 %    77.0 %  69.0 % to 85.0 %
  ok    two outputs                                        70.0 %    70.0 %  62.0 % to 78.0 %
  ok    one input, two outputs                             57.0 %    57.0 %  49.0 % to 65.0 %
  ok    one input, one output                              14.0 %    14.0 %  6.0 % to 22.0 %
  ok    ten outputs or more: transactions                   2.2 %     2.2 %  0.7 % to 3.7 %
  ok    ten outputs or more: outputs                       29.0 %    29.0 %  19.0 % to 39.0 %
  ok    outputs that are P2PKH                             23.0 %    23.0 %  17.0 % to 29.0 %
  ok    outputs that are P2SH                              37.0 %    37.0 %  31.0 % to 43.0 %
  ok    outputs that are P2WPKH                            38.0 %    38.0 %  32.0 % to 44.0 %
  ok    an input's address among the outputs               18.0 %    18.0 %  11.0 % to 25.0 %
  ok    of two outputs one has the inputs' script type     70.0 %    70.0 %  58.0 % to 82.0 %
  ok    of two outputs one is round to 0.001                5.0 %     5.0 %  0.0 % to 11.0 %
        log10 of value in coins, mean                       -2.00         –  none
  ok    log10 of value in coins, deviation                   1.15      1.15  0.90 to 1.40
  FAIL  age of spent coins in blocks, p25                       –         1  0.3 to 3.0
  FAIL  age of spent coins in blocks, p50                       –        28  9.3 to 84.0
  FAIL  age of spent coins in blocks, p75                       –       187  62.3 to 561.0
  ok    cluster sizes, power-law exponent                    2.10         –  1.80 to 2.50

4 of 18 figures are out of range.
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func TestRowJSON(t *testing.T) {
	s := perfect()
	s.Clusters = PowerLaw{}
	c, _ := Compare(s, "2022")
	text, err := json.Marshal([]Row{c.Rows[1], c.Rows[17]})
	want := `[{"name":"two_outputs","unit":"percent","measured":70,"wanted":70,"low":62,"high":78,"pass":true},` +
		`{"name":"cluster_exponent","unit":null,"measured":null,"wanted":null,"low":1.8,"high":2.5,"pass":false}]`
	if err != nil || string(text) != want {
		t.Errorf("%v\n%s\nwant\n%s", err, text, want)
	}
}

func evaluation() *Evaluation {
	figure := func(mean float64, sweep ...Case) Figure {
		return Figure{Summary: Summary{Seeds: 2, Mean: mean, Low: mean - 0.01, High: mean + 0.01}, Sweep: sweep}
	}
	at := func(setting string, mean float64) Case { return Case{setting, Summary{Seeds: 2, Mean: mean}} }
	touched := figure(3, at("CoinJoins × 3", 9), at("no CoinJoins", 1))
	touched.Name, touched.Rising = "innocents_touched", true
	return &Evaluation{Version: "0.1.0", Worlds: "worlds 1", Seeds: 2, FirstSeed: 1000, Swept: 1, Transactions: 500, Sentences: []string{"On 2 chains, this."}, Notes: []string{"Mind that."}, Results: []Result{
		{Era: "2022", Task: "clusters, pairs", Method: "co-spend/1", Precision: figure(0.931, at("CoinJoins × 3", 0.8), at("no CoinJoins", 0.99)), Recall: figure(0.4), Real: "ours", Literature: "theirs | x"},
		{Era: "2022", Task: "clusters, pairs", Method: "change(peel|bip69)", Precision: Figure{Summary: Summarise(nil)}, Recall: figure(0)},
		{Era: "2022", Task: "tracing", Method: "fifo", Precision: figure(0.5), Recall: figure(0.5), Others: []Figure{touched}},
	}}
}

func TestEvaluationText(t *testing.T) {
	var text strings.Builder
	if err := EvaluationText(&text, evaluation()); err != nil {
		t.Fatal(err)
	}
	want := "Scores on worlds: 0.1.0, worlds 1\n2 worlds of each era, of about 500 transactions, with the seeds 1000 to 1001; under each other setting the first 1 of them.\n" +
		Caution + "\n" + Insufficient + `

On 2 chains, this.

2022: clusters, pairs
  co-spend/1
    precision           93.1 % (92.1 % to 94.1 %), worst 80.0 % with CoinJoins × 3
    recall              40.0 % (39.0 % to 41.0 %)
  change(peel|bip69)
    precision           –
    recall              0.0 % (-1.0 % to 1.0 %)

2022: tracing
  fifo
    precision           50.0 % (49.0 % to 51.0 %)
    recall              50.0 % (49.0 % to 51.0 %)
    innocents touched   3.0 (3.0 to 3.0), worst 9.0 with CoinJoins × 3
`
	if text.String() != want {
		t.Errorf("got\n%s\nwant\n%s", text.String(), want)
	}
}

func TestEvaluationMarkdown(t *testing.T) {
	var text strings.Builder
	if err := EvaluationMarkdown(&text, evaluation()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		Caution, Insufficient,
		"\n## 2022: clusters, pairs\n\n| method | precision | recall | real ground truth | literature |\n|---|---|---|---|---|\n| co-spend/1 | 93.1 % (92.1 % to 94.1 %), worst 80.0 % with CoinJoins × 3 | 40.0 % (39.0 % to 41.0 %) | ours | theirs \\| x |\n| change(peel\\|bip69) | – |",
		"\n> On 2 chains, this.\n\n- Mind that.\n\n## 2022", "| 0.0 % (-1.0 % to 1.0 %) | none | none |",
		"\n## 2022: tracing\n\n| method | precision | recall | innocents touched | real ground truth | literature |\n|---|---|---|---|---|---|\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}

func TestEvaluationJSON(t *testing.T) {
	var text strings.Builder
	if err := EvaluationJSON(&text, evaluation()); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sufficient *bool
		Seeds      int
		Caution    string
		Sentences  []string
		Rows       []map[string]any
	}
	if err := json.Unmarshal([]byte(text.String()), &got); err != nil {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	if *got.Sufficient || got.Seeds != 2 || got.Caution != Caution || len(got.Sentences) != 1 || len(got.Rows) != 3 {
		t.Fatalf("%+v", got)
	}
	for key, want := range map[string]any{
		"era": "2022", "task": "clusters, pairs", "method": "co-spend/1", "seeds": 2.0,
		"precision": 0.931, "precision_low": 0.921, "precision_high": 0.941, "precision_worst": 0.8, "precision_worst_at": "CoinJoins × 3",
		"recall": 0.4, "recall_worst": nil, "recall_worst_at": nil, "real_ground_truth": "ours", "literature": "theirs | x",
	} {
		if got.Rows[0][key] != want {
			t.Errorf("%s: %v, not %v", key, got.Rows[0][key], want)
		}
	}
	if v, ok := got.Rows[1]["literature"]; !ok || v != nil {
		t.Errorf("literature that there is not is %v", v)
	}
	if v, ok := got.Rows[1]["precision"]; !ok || v != nil {
		t.Errorf("a precision that is not known is %v", v)
	}
	if got.Rows[2]["innocents_touched_worst"] != 9.0 {
		t.Errorf("the worst of a count is %v", got.Rows[2]["innocents_touched_worst"])
	}
}

// TestShownJSON: docs/json.md shows an evaluation as it is written.
func TestShownJSON(t *testing.T) {
	e := evaluation()
	e.Results = e.Results[:2]
	var text strings.Builder
	if err := EvaluationJSON(&text, e); err != nil {
		t.Fatal(err)
	}
	document, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(document), "<!-- written: evaluate -->\n\n```json\n"+text.String()+"```\n") {
		t.Errorf("docs/json.md does not show as evaluate\n%s", text.String())
	}
}

func TestSentence(t *testing.T) {
	got := Sentence("0.1.0", "2022", "co-spend/1", Summary{Seeds: 20, Mean: 0.069}, []Case{{"a", Summary{Mean: 0.01}}, {"b", Summary{Mean: 0.2}}})
	want := "On 20 synthetic chains made by this program's authors (0.1.0, 2022), co-spend/1 wrongly joined 6.9 % of pairs, 1.0 to 20.0 % over varied assumptions; " +
		"this is not the probability that a finding here is wrong."
	if got != want {
		t.Errorf("got %s", got)
	}
	for mean, want := range map[float64]string{0.001: "0.1 % of pairs, 0.1 to 20.0 %", 0.3: "30.0 % of pairs, 1.0 to 30.0 %"} {
		if got := Sentence("0.1.0", "2022", "co-spend/1", Summary{Seeds: 20, Mean: mean}, []Case{{"a", Summary{Mean: 0.01}}, {"b", Summary{Mean: 0.2}}}); !strings.Contains(got, want) {
			t.Errorf("the mean itself lies outside of its range: %s", got)
		}
	}
}
