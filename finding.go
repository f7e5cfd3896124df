package goshawk

// Finding is a pattern seen in the chain. It says what was seen and what that
// is consistent with; it never says what it is.
type Finding struct {
	Kind       string     `json:"kind"`       // the pattern: coinjoin, peel_chain, consolidation, …
	Rule       string     `json:"rule"`       // the rule and its version: wasabi2/1
	Statement  string     `json:"statement"`  // "consistent with …"
	Confidence string     `json:"confidence"` // in words: strong, moderate, weak
	Saw        []string   `json:"saw"`        // the observations, one sentence each
	Tx         Hash       `json:"tx"`
	Height     int32      `json:"height"`
	Parts      []Evidence `json:"parts,omitempty"` // coins or addresses with their part in it
}

// Evidence is a coin or an address with its part in a finding.
type Evidence struct {
	Role    string  `json:"role"` // peel, change, mixed, deposit, sweep, …
	Tx      *Hash   `json:"tx"`   // nil where it is an address as such
	Out     *uint32 `json:"out"`  // nil where it is no single coin
	Address string  `json:"address,omitempty"`
	Amount  *Units  `json:"amount"`
}

// Merge is one piece of evidence that two addresses share an owner: the
// transaction and the heuristic that joined them. Both addresses are empty where
// it stands for all that its transaction would join.
type Merge struct {
	A         string `json:"a"`
	B         string `json:"b"`
	Tx        Hash   `json:"tx"`
	Height    int32  `json:"height"`
	Heuristic string `json:"heuristic"` // name and version: co-spend/1
}
