// Package casebook is about cases and what is in them: records of notes, tasks,
// findings, exhibits, graphs, letters, and the changes that made them so.
//
// A case is a set of records, a record a set of named fields, and a change a list
// of edits, each of which says what one field was and what it is now. Everything
// else follows from that: the history of a case is the list of its changes, undoing
// one is the opposite change, two people's edits are merged field by field, and
// where both wrote the same field the later one is refused and nothing is lost.
//
// It never stores anything itself and never reads a clock: package store keeps
// what it defines, and the time is an argument.
package casebook
