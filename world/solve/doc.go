// Package solve works a world's cases as an investigator would who has the
// papers and the chain and nothing else: it shows that a case can be solved, and
// measures how much work that takes, so that worlds of equal difficulty can be
// chosen.
//
// It reads public/CASE for addresses and transactions, and for the prices and
// times of what was paid for, opens what a cluster adds to them, follows what was
// paid there with the engine's own trace, stops at the services that public labels
// name, and says which coins at which services it would ask about. It never reads
// truth/ or services/: Solve is handed neither, and Grade, which holds an answer
// against the key, learns nothing for it. It decides by stated rules and by nothing
// that it knows of how worlds are made; its answer is one that can be found, not the
// best one.
package solve
