// Package world makes economies whose whole truth is known, and writes them as a
// chain's own data: block files that any software reads, and beside them who
// owned every address and why every transaction was made.
//
// Agents with motives hold wallets that behave as wallet software of their time
// did; they mine, trade, shop, gamble, mix and save. Crimes are planted by
// scenarios, which use the same wallets and services as everybody else.
//
// The same Spec gives the same bytes on every machine. A world shows how a
// method fares under this package's assumptions; it says nothing about any real
// person, and no figure from it is an error rate on a real chain.
//
// The package reads no clock, network or disk and writes only through the Folder
// that its caller hands it. It never judges a tracing method: world/score does.
package world
