// Package report turns answers into what people and programs read: text, JSON,
// CSV, GraphML, a drawing (SVG) and one self-contained page (HTML).
//
// Every function is pure: it reads the answer it is given and writes to the
// writer it is given, and the same answer gives the same bytes on every
// machine. It never computes a trace, looks anything up, reads a clock or a
// file, or writes a path, the present time or a duration. Labels and addresses
// are foreign text: whatever they hold, they cannot act on a terminal, a
// spreadsheet or a browser.
//
// The JSON shapes are described in docs/json.md, which the tests hold to what
// the code writes.
package report
