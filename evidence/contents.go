package evidence

import "goshawk"

// format is the version of the packages that are written here.
const format = 1

// Contents is the table of contents of a package: data/package.json.
type Contents struct {
	Format  int       `json:"format"` // of the package: 1
	Version string    `json:"version"`
	Case    CaseLine  `json:"case"`
	Runs    []RunLine `json:"runs"`
	Missing []Missing `json:"missing"` // transactions that the traces came to, and that are not here
}

// CaseLine names the case.
type CaseLine struct {
	ID        goshawk.ID `json:"id"`
	Title     string     `json:"title"`
	Reference string     `json:"reference"`
	Marking   string     `json:"marking"`
	Agency    string     `json:"agency"`
}

// RunLine is a trace that was made, whether it was used or not.
type RunLine struct {
	Number int        `json:"number"` // of its folder in runs/
	ID     goshawk.ID `json:"id"`
	Title  string     `json:"title"`
	State  string     `json:"state"`
	Used   bool       `json:"used"`
	Ledger goshawk.ID `json:"ledger"`
	Traces []string   `json:"traces"` // methods whose numbers can be recomputed from the package
	Why    string     `json:"why,omitempty"`
}
