// Package web is what a browser and other programs see: pages, and the same as an
// API under /api/v1/.
//
// It decides nothing: who may do what is identity's, what a case is casebook's, and
// what is done with ledgers workbench's. No text of an error of the inside reaches a
// browser.
package web
