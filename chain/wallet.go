package chain

import (
	"goshawk/chain/bitcoin"
)

// Wallet is the public side of a wallet of one network: it makes the wallet's addresses.
type Wallet struct {
	params *bitcoin.Params
	wallet *bitcoin.Wallet
}

// Address is one of a wallet's.
type Address struct {
	Text string
	Path string // the steps below the wallet's key: 0/5
}

// Networks names the networks whose wallets and transactions are known, the largest first.
func Networks() []string {
	var names []string
	for _, p := range bitcoin.Networks() {
		names = append(names, p.Name)
	}
	return names
}

// OpenWallet reads an extended public key or an output descriptor of a network. What it is not is
// an Invalid error that repeats no private key; see bitcoin.ParseWallet.
func OpenWallet(network, key string) (*Wallet, error) {
	p, err := bitcoin.Lookup(network)
	if err != nil {
		return nil, err
	}
	w, err := p.ParseWallet(key)
	if err != nil {
		return nil, err
	}
	return &Wallet{p, w}, nil
}

// Branches returns how many chains of addresses the wallet has: 2 for receiving and change.
func (w *Wallet) Branches() int { return w.wallet.Branches() }

// Addresses returns a branch's addresses from an index on.
func (w *Wallet) Addresses(branch int, from, count uint32) ([]Address, error) {
	list, err := w.wallet.Derive(branch, from, count)
	if err != nil {
		return nil, err
	}
	out := make([]Address, len(list))
	for i, d := range list {
		out[i] = Address{w.params.FormatAddress(d.Kind, d.Key), d.Path}
	}
	return out, nil
}
