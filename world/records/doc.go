// Package records writes the papers of a world: the customer files of its
// services, which an officer may ask for, and what its vendors say in public
// about who holds which address, gaps and mistakes included. What of it is
// wrong, and why, goes to truth.
//
// Everything that the papers say of the chain is true to the satoshi. People,
// firms, documents and lines are invented, and cannot be anybody's: documents'
// numbers begin with ZZ, which no country has; e-mail goes to domains below
// .example (RFC 2606); telephone numbers have a zero behind the country's code;
// lines lie in ranges kept for private use, tests and documentation (Person says
// which). Any likeness of names is chance.
//
// A world's seed gives the same papers on every machine. The package reads no
// clock, network or disk; its memory follows the customers and one block, not
// the chain. It never decides what happens: it is an observer of package world.
package records
