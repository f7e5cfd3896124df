package workbench

import (
	"time"

	"goshawk"
)

// Why says why addresses are held to be one party's.
type Why struct {
	Cluster   string      `json:"cluster" doc:"ID of the cluster's node"`
	Addresses uint64      `json:"addresses" doc:"how many the cluster has; with more, at least so many"`
	Claim     string      `json:"claim" doc:"that it is an inference, and by which rule"`
	Merges    []WhyMerge  `json:"merges" nullable:"false" doc:"the chain of evidence from the address to the other; without another, what joins it to its nearest siblings"`
	Siblings  []string    `json:"siblings" nullable:"false"`
	More      uint64      `json:"more" doc:"siblings that are not listed"`
	Labels    []NodeLabel `json:"labels,omitempty" doc:"of the siblings that are listed"`
}

// WhyMerge is one piece of evidence.
type WhyMerge struct {
	Address string     `json:"address"`
	Other   string     `json:"other"`
	Rule    string     `json:"rule"`
	Tx      string     `json:"tx"`
	Height  int32      `json:"height"`
	Time    *time.Time `json:"time,omitempty"`
	Words   string     `json:"words"`
}

// WhyQuestion asks why an address is in its cluster.
type WhyQuestion struct {
	Ledger  goshawk.ID `json:"ledger"`
	Address string     `json:"address" minLength:"1" maxLength:"200"`
	Other   string     `json:"other,omitempty" maxLength:"200" doc:"an address of the same cluster: the whole chain of evidence between the two"`
}

// PathsQuestion asks how value can have come from one to another.
type PathsQuestion struct {
	Ledger          goshawk.ID `json:"ledger"`
	From            string     `json:"from" minLength:"1" maxLength:"300" doc:"an address, TXID:N, cluster:ADDRESS or label:NAME"`
	To              string     `json:"to" minLength:"1" maxLength:"300" doc:"an address, cluster:ADDRESS or label:NAME"`
	MaxHops         int        `json:"max_hops,omitempty" minimum:"0" maximum:"10000"`
	ThroughCoinJoin bool       `json:"through_coinjoin,omitempty"`
}

// FoundPaths is the paths that were found, and all of them as a picture.
type FoundPaths struct {
	Found
	Paths     []FoundPath `json:"paths" nullable:"false"`
	Truncated bool        `json:"truncated" doc:"the search stopped at a limit: there may be others"`
	Warnings  []string    `json:"warnings,omitempty"`
}

// FoundPath is one path. It says that value could have come this way, and claims no amount.
type FoundPath struct {
	By     string   `json:"by" doc:"what it is best at: shortest, largest"`
	Amount string   `json:"amount" doc:"of its smallest coin"`
	Nodes  []string `json:"nodes" nullable:"false" doc:"IDs, in order"`
}

// RunQuestion is what a trace is asked.
type RunQuestion struct {
	Ledger          goshawk.ID `json:"ledger"`
	Method          string     `json:"method,omitempty" enum:",poison,haircut,fifo,lifo,fifo-age,tiho"`
	Methods         []string   `json:"methods,omitempty" maxItems:"6" doc:"several: the same question by each, and their ends side by side"`
	Direction       string     `json:"direction,omitempty" enum:",forward,backward" doc:"forward, if it is not said"`
	Starts          []string   `json:"starts" minItems:"1" maxItems:"5000" nullable:"false" doc:"TXID:N, or an address: every coin that it received; a TXID: every output"`
	Since           time.Time  `json:"since,omitzero" doc:"of addresses: coins received at this time or later"`
	Before          time.Time  `json:"before,omitzero" doc:"of addresses: coins received at this time or earlier"`
	StopConfidence  *int       `json:"stop_confidence,omitempty" minimum:"0" maximum:"100" doc:"labels name a service from this confidence on; 50, if it is not said"`
	MaxHops         *int       `json:"max_hops,omitempty" minimum:"0" doc:"coins after so many transactions end; without it there is no limit"`
	MinAmount       string     `json:"min_amount,omitempty" maxLength:"78" pattern:"^[0-9]*$" doc:"coins with fewer tainted smallest units end"`
	Until           time.Time  `json:"until,omitzero" doc:"what was spent later is not walked; backward, what was created earlier"`
	ThroughCoinJoin bool       `json:"through_coinjoin,omitempty" doc:"what lies beyond a CoinJoin is never a finding"`
	ByCluster       bool       `json:"cluster_labels,omitempty" doc:"labels that define a cluster reach all of it: an inference"`
	ByStart         bool       `json:"by_start,omitempty" doc:"each end is split over the starts"`
	Graph           goshawk.ID `json:"graph,omitempty" doc:"of the picture that it was asked on"`
	Title           string     `json:"title,omitempty" maxLength:"200"`
}

// Progress says how far a run is.
type Progress struct {
	Run   goshawk.ID
	Done  int64 // transactions walked
	Total int64 // 0: nobody knows
	Text  string
}

// RunSummary is what a run's record keeps of its answer; all of it is in the exhibit.
type RunSummary struct {
	Error     string              `json:"error,omitempty"` // why it failed, or was cancelled
	Hint      string              `json:"hint,omitempty"`
	Method    string              `json:"method,omitempty"`
	Methods   []string            `json:"methods,omitempty"` // of a comparison, as amounts of its ends
	Direction string              `json:"direction,omitempty"`
	Network   string              `json:"network,omitempty"`
	Ticker    string              `json:"ticker,omitempty"`
	Decimals  int                 `json:"decimals,omitempty"`
	Version   string              `json:"version,omitempty"`
	Height    int32               `json:"height,omitempty"` // the ledger's last block
	Block     string              `json:"block,omitempty"`
	Labels    []string            `json:"labels,omitempty"` // SHA-256 of the label files
	Started   int                 `json:"starts,omitempty"`
	Amount    string              `json:"amount,omitempty"` // of the starts
	Steps     uint64              `json:"steps,omitempty"`
	Truncated bool                `json:"truncated,omitempty"`
	Totals    map[string]RunTotal `json:"totals,omitempty"` // by kind of end
	Each      []RunOfMethod       `json:"each,omitempty"`   // of a comparison, method by method
	Ends      []RunEnd            `json:"ends,omitempty"`   // the largest
	EndsCut   int                 `json:"ends_omitted,omitempty"`
	Warnings  []string            `json:"warnings,omitempty"`
	SHA256    string              `json:"sha256,omitempty"` // of the exhibit
	Again     goshawk.ID          `json:"again,omitempty"`  // the run that this one repeats
}

// RunOfMethod is one method of a comparison.
type RunOfMethod struct {
	Method    string              `json:"method"`
	Steps     uint64              `json:"steps"`
	Truncated bool                `json:"truncated,omitempty"`
	Totals    map[string]RunTotal `json:"totals"`
}

// RunTotal sums the ends of one kind.
type RunTotal struct {
	Amount  string `json:"amount"`
	Count   int    `json:"count"`
	Unknown int    `json:"unknown,omitempty"`
}

// RunEnd is where traced value rests.
type RunEnd struct {
	Kind       string     `json:"kind"`
	Tx         string     `json:"tx"`
	Out        *uint32    `json:"out,omitempty"`
	Address    *string    `json:"address,omitempty"`
	Amount     *string    `json:"amount,omitempty"`  // of one method
	Amounts    []*string  `json:"amounts,omitempty"` // of a comparison, by method
	Least      *string    `json:"least,omitempty"`
	Most       *string    `json:"most,omitempty"`
	Hops       int        `json:"hops,omitempty"`
	Time       *time.Time `json:"time,omitempty"`
	Height     int32      `json:"height,omitempty"`
	Label      *RunLabel  `json:"label,omitempty"`
	Sweep      string     `json:"sweep,omitempty"`
	Candidates int        `json:"candidates,omitempty"`
	Note       string     `json:"note,omitempty"`
}

// RunLabel is who is said to be at an end.
type RunLabel struct {
	Label      string `json:"label"`
	Confidence int    `json:"confidence"`
	Words      string `json:"words"`
	Category   string `json:"category,omitempty"`
	Source     string `json:"source"`
}
