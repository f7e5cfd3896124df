package goshawk

// Label is a statement by a source, with a confidence, about who controls an
// address. Labels are claims: several may speak of one address and contradict
// each other, and all of them are kept.
type Label struct {
	Address    string   `json:"address"`
	Text       string   `json:"label"`
	Actor      string   `json:"actor,omitempty"`             // id in an ActorPack
	Concepts   []string `json:"concepts,omitempty"`          // TagPack concepts, category first: exchange, mixing_service, …
	Inherited  bool     `json:"concepts_inherited,omitzero"` // the concepts are its actor's, from an ActorPack; the label itself names none
	Abuse      string   `json:"abuse,omitempty"`
	Confidence int      `json:"confidence"`               // 0 to 100, by the TagPack confidence levels
	Basis      string   `json:"basis,omitempty"`          // the confidence's name: ownership, web_crawl, …
	Network    string   `json:"network,omitempty"`        // empty where the source does not say
	Currency   string   `json:"currency,omitempty"`       // the source's own code for the asset
	Cluster    bool     `json:"cluster_definer,omitzero"` // the source says that it holds for the whole cluster
	Reference  string   `json:"reference,omitempty"`      // where the source found it, mostly a link
	Context    string   `json:"context,omitempty"`
	Modified   string   `json:"lastmod,omitempty"` // date, as YYYY-MM-DD
	Source     string   `json:"source"`            // the label file's name
	SourceHash string   `json:"source_hash"`       // its SHA-256, hexadecimal
	// Match is empty where the address matched to the letter, else says how it
	// did, for sources that damaged their addresses: "lower-cased".
	Match string `json:"match,omitempty"`
}

// LabelSource names a file of labels and the bytes it held.
type LabelSource struct {
	Source string `json:"source"` // file name
	Hash   string `json:"hash"`   // SHA-256, hexadecimal
	Date   string `json:"date,omitempty"`
	Labels int    `json:"labels,omitempty"`
}

// Less orders labels of one address for people: higher confidence first, then
// newer, then by source and text, so that the order never depends on chance.
func (l *Label) Less(m *Label) bool {
	switch {
	case l.Confidence != m.Confidence:
		return l.Confidence > m.Confidence
	case l.Modified != m.Modified:
		return l.Modified > m.Modified
	case l.Source != m.Source:
		return l.Source < m.Source
	case l.Text != m.Text:
		return l.Text < m.Text
	default:
		return l.Reference < m.Reference
	}
}

// Party names who the label speaks of: its actor where it has one, else its text.
// Two labels of one party are labels of one service.
func (l *Label) Party() string {
	if l.Actor != "" {
		return l.Actor
	}
	return l.Text
}
