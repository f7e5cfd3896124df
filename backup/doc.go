// Package backup writes all that a server keeps into one file while it serves, and makes a data
// folder of it again: the database, the exhibits, the log of the audit trail, and, where
// asked, the private keys.
//
// What a backup says of itself is never believed: each part is held against the hash that
// its manifest has, and the trail against the log. Nothing is ever restored over anything.
package backup
