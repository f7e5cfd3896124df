// Package archtest holds the house rules (who may import whom, what pure
// packages must not touch, where a chain's name may appear, no hidden state)
// as one table, and a test that parses every source file of the module and
// compares. It holds no code of the program and nothing imports it.
package archtest
