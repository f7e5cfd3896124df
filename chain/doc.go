// Package chain tells what a word from any text is to the networks: an address, and
// whose, or the public key of a wallet. It tries checksums and knows forms; it never
// guesses, and knows nothing of what was done with an address.
package chain
