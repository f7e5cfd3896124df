package workbench

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"goshawk"
)

// What a node of a picture stands for.
const (
	NodeAddress     = "address"
	NodeTransaction = "transaction"
	NodeCoin        = "coin"
	NodeCluster     = "cluster" // an inference: named by one of its addresses
	NodeService     = "service" // who labels say it is
)

// What an edge of a picture says.
const (
	EdgeSpend   = "spend"   // an address's coins, or a coin, went into a transaction
	EdgeReceive = "receive" // a transaction paid an address, or made a coin
	EdgePay     = "pay"     // from party to party, over all transactions in the scope
	EdgeTrace   = "trace"   // what a trace followed, by its method
	EdgeMember  = "member"  // an address of a cluster: an inference
)

// Node is something of a chain as a picture shows it: the value of a field "node/ID" of a
// graph, but for its place.
type Node struct {
	ID       string     `json:"id" doc:"a:ADDRESS, t:TXID, u:TXID:N, c:ADDRESS (the cluster of an address), s:SERVICE"`
	What     string     `json:"what" enum:"address,transaction,coin,cluster,service"`
	Network  string     `json:"network"`
	Text     string     `json:"text" doc:"the address, transaction or coin itself"`
	Title    string     `json:"title,omitempty"`
	Label    *NodeLabel `json:"label,omitempty"`
	Labels   int        `json:"labels,omitempty" doc:"how many labels there are, where there is more than one"`
	Inferred bool       `json:"inferred,omitempty" doc:"it stands for an inference, not for a fact of the chain"`
	Cluster  string     `json:"cluster,omitempty" doc:"ID of the cluster that the address is inferred to be in; left out where it is alone in it"`
	Time     *time.Time `json:"time,omitempty" doc:"of a transaction or coin: its block's"`
	Height   *int32     `json:"height,omitempty" doc:"of a transaction or coin: its block's"`
	Address  string     `json:"address,omitempty" doc:"of a coin: whose it was"`
	Value    string     `json:"value,omitempty" doc:"of a coin, in smallest units"`
	Spent    *bool      `json:"spent,omitempty" doc:"of a coin: whether it was spent by the ledger's last block"`
	CoinJoin string     `json:"coinjoin,omitempty" doc:"the rule by which a transaction is consistent with a CoinJoin: an inference"`
}

// NodeLabel is what the best label of an address says: a claim of its source.
type NodeLabel struct {
	Text       string `json:"text"`
	Confidence int    `json:"confidence" doc:"0 to 100, by the TagPack levels"`
	Words      string `json:"words" doc:"the confidence in words"`
	Basis      string `json:"basis,omitempty" doc:"the level's name: ownership, web_crawl, …"`
	Category   string `json:"category,omitempty" doc:"exchange, mixing_service, …"`
	Source     string `json:"source" doc:"the label file's name"`
	Hash       string `json:"source_hash" doc:"its SHA-256"`
	Because    string `json:"because,omitempty" doc:"not the address's own label: why the address is inferred to be theirs"`
}

// Edge is a movement as a picture shows it: the value of a field "edge/ID" of a graph.
type Edge struct {
	ID       string            `json:"id" doc:"the same for the same two nodes, kind and method"`
	From     string            `json:"from"`
	To       string            `json:"to"`
	What     string            `json:"what" enum:"spend,receive,pay,trace,member"`
	Value    string            `json:"value,omitempty" doc:"smallest units, decimal"`
	Asset    string            `json:"asset,omitempty" doc:"ticker"`
	Count    uint64            `json:"count,omitempty" doc:"transactions that it sums"`
	First    *time.Time        `json:"first,omitempty"`
	Last     *time.Time        `json:"last,omitempty"`
	Days     map[string]string `json:"days,omitempty" doc:"what moved on each day (UTC), where that was on several, and not on too many"`
	Method   string            `json:"method,omitempty" doc:"of a trace"`
	Note     string            `json:"note,omitempty"`
	Inferred bool              `json:"inferred,omitempty" doc:"the amount, or the link, is an inference"`
	Scope    string            `json:"scope,omitempty" doc:"of what the value is the sum, where that is not everything"`
	Run      goshawk.ID        `json:"run,omitempty" doc:"the trace that it is of"`
}

// Found is a part of a chain as a picture takes it.
type Found struct {
	Nodes   []Node `json:"nodes" nullable:"false"`
	Edges   []Edge `json:"edges" nullable:"false"`
	More    uint64 `json:"more" doc:"how many more there are that are not shown; 0: this is all"`
	Sampled bool   `json:"sampled,omitempty" doc:"the order, and more, are of what was looked at only, as scope says"`
	Cursor  string `json:"cursor,omitempty" doc:"asks for the next ones"`
	Scope   string `json:"scope" doc:"in words: of which blocks, days and amounts this is the answer"`
}

// Levels of a picture.
const (
	LevelTransaction = "transaction" // addresses, transactions and coins: facts of the chain
	LevelAggregated  = "aggregated"  // addresses, clusters and services, with sums between them
)

// ExpandQuestion asks what is around a node.
type ExpandQuestion struct {
	Ledger    goshawk.ID `json:"ledger"`
	Node      string     `json:"node" minLength:"3" maxLength:"300" doc:"ID of a node: a:ADDRESS, t:TXID, u:TXID:N, c:ADDRESS, s:SERVICE"`
	Direction string     `json:"direction" enum:"in,out" doc:"in: where value came from; out: where it went"`
	Level     string     `json:"level" enum:"transaction,aggregated"`
	By        string     `json:"by,omitempty" enum:"address,cluster,coin" doc:"at the aggregated level, who is one party: each address (if not said), or each cluster, an inference. At the transaction level, coin: of a transaction the coins that it made, each with the transaction that spent it"`
	From      time.Time  `json:"from,omitzero" doc:"blocks of this time and later"`
	Until     time.Time  `json:"until,omitzero" doc:"blocks of this time and earlier"`
	Min       string     `json:"min,omitempty" maxLength:"78" pattern:"^[0-9]*$" doc:"only what moved at least so many smallest units at once"`
	Asset     string     `json:"asset,omitempty" maxLength:"64" doc:"only this asset; a ledger of coins has one"`
	Label     string     `json:"label,omitempty" maxLength:"200" doc:"only counterparties with a label, actor or category in which this is found; at the aggregated level and of a transaction"`
	Order     string     `json:"order,omitempty" enum:"largest,newest,oldest" doc:"what comes first; largest, if it is not said"`
	Most      int        `json:"most,omitempty" minimum:"0" maximum:"500" doc:"show at most so many; 0: 25"`
	Cursor    string     `json:"cursor,omitempty" maxLength:"200"`
}

// EdgeID names an edge, the same for whoever draws it.
func EdgeID(from, to, what, method string) string {
	h := sha256.Sum256([]byte(from + "\n" + to + "\n" + what + "\n" + method))
	return hex.EncodeToString(h[:16])
}
