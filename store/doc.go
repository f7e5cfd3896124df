// Package store keeps people, cases and the audit trail in SQL: SQLite in a file,
// or PostgreSQL for a team.
//
// Nothing is written but together with the entry of the audit trail that says so,
// and it never decides who may do what: identity and casebook do.
package store
