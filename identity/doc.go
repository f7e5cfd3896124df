// Package identity is about who is there and what they may do: agencies, their
// people, how somebody signed in, sessions, and the rules of what is allowed.
//
// It never stores anything itself and never reads a clock: package store keeps
// what it defines, and the time is an argument.
package identity
