// Package evaluate runs the engine's heuristics and methods over a world, as an
// investigator would run them over a chain, and counts how much of what they say
// the world's truth bears out.
//
// It reads a ledger that was ingested from the world's blocks, and the world's
// truth folder, which no method of the engine ever sees. What a figure means is
// defined in world/score; which answers of the engine are compared with which
// part of the truth is decided here.
//
// It makes no world, knows no setting of the generator but the assumptions that
// a sweep varies, and tunes nothing: the settings of every method are those that
// the command line has by default. Its figures describe the program on chains
// made by this program's authors; it never offers one as the probability that a
// finding in a real case is wrong.
package evaluate
