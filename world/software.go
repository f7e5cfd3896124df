package world

// Software is how a wallet behaves: the choices by which wallet programs differ
// and can be told apart.
type Software struct {
	Name    string
	Form    Form // of the addresses it gives out, change included
	Choose  Choose
	Place   Place
	Fee     FeePolicy
	Reuse   int  // parts of ten thousand: gives out the address it gave out last
	Back    bool // change goes back to the address of the first input
	Ring    int  // change goes to one of so many addresses, which are kept; 0: to a new one
	Match   bool // change takes the form of the first payment
	Snipe   bool // lock time is the current height, against fee sniping
	Replace bool // BIP 125: may be replaced by a higher fee
	Version uint32
	Tidy    int  // parts of ten thousand: payments that take more coins than they need, to have fewer
	Sorted  bool // BIP 69
	Changed bool // spends its own change before it is confirmed
}

// Choose is how a wallet chooses coins.
type Choose uint8

const (
	OldestFirst  Choose = iota
	LargestFirst        // until it suffices
	BestFit             // the smallest single coin that suffices, else the largest first
	ByAddress           // whole addresses, in random order
	SmallFirst          // the smallest first: tidy, and costly
	Knapsack            // Bitcoin Core until 2018: smaller coins together, if they suffice; else as BestFit
)

// Place is where the change output goes.
type Place uint8

const (
	Anywhere Place = iota
	Last
	First
)

// FeePolicy is how a wallet sets fees.
type FeePolicy uint8

const (
	Estimated FeePolicy = iota // the current rate, more or less
	Flat                       // 10,000 satoshis for each kilobyte begun, the default of 2013 to 2015
	Hasty                      // half as much again
	Patient                    // a third less
)

// weighted is a software with its share of the people.
type weighted struct {
	share uint64
	Software
}
