package world

// Scenario plants a crime, or anything else with a story, into an economy. It
// acts through the economy's methods only, which are everybody's: it opens
// wallets with the software of the time, pays, deposits, withdraws, mixes and
// joins as citizens do. Whatever randomness it needs it takes from Economy.Rand
// under names of its own.
type Scenario interface {
	// Name is the scenario's name on the command line.
	Name() string
	// Begin is called once, before anything can be paid: people and wallets may
	// be made here.
	Begin(e *Economy) error
	// Step is called once in every block, somewhere among the transactions of the others.
	Step(e *Economy) error
	// End is called when every block is written and receipts are filled. What the
	// scenario writes about itself it writes here, through create, whose names
	// begin with public/, services/ or truth/.
	End(e *Economy, create Create) error
}

// Create makes a file of the world. The file must be closed before the next is made.
type Create func(name string) (File, error)
