// Package workbench is what is done with ledgers while a server runs: which
// there are, what is around an address, why addresses are held to be one
// party's, traces as jobs, watches over what moves, and what a coin was worth on
// a day. The command line opens its ledgers and traces through the same
// functions.
//
// It reads ledgers and label stores and never writes one. What it finds it puts
// into cases through package casebook, as whoever asked, or as the server itself
// where a watch saw a movement. It answers no request and draws no page, and it
// decides nothing of who may do what: that do identity and casebook.
package workbench
