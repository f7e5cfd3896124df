package world

// Era is the time that a world's wallets and services are taken from.
type Era int

const (
	Era2015 Era = 2015
	Era2019 Era = 2019
	Era2022 Era = 2022
)

// Eras lists all of them.
func Eras() []Era { return []Era{Era2015, Era2019, Era2022} }

// Assumptions are what an evaluation varies: how people behave who make
// clustering hard. Each counts parts of ten thousand.
type Assumptions struct {
	CoinJoins     int `json:"coinjoins"`      // transactions that are CoinJoins
	Reuse         int `json:"reuse"`          // people whose wallets keep to one address
	PayJoins      int `json:"payjoins"`       // payments to which the payee adds a coin
	SharedCustody int `json:"shared_custody"` // wallets that hold two owners' coins
	ChangeHands   int `json:"change_hands"`   // wallets that are sold, keys and all
}

// DefaultAssumptions returns what an era's worlds assume when not told otherwise.
func DefaultAssumptions(era Era) Assumptions { return eras(era).assumptions }

// era is what is typical of a time. Its figures are chosen so that the shapes of
// the transactions come out as those of real blocks of the time
// (361582; 574200; 702861 and 739990), which package score measures.
type era struct {
	year    Era
	start   uint32 // seconds since 1970
	cents   uint64 // price of a coin at the start
	swing   int64  // deviation of a day's price change, in binary orders of magnitude of 1/65536
	feeRate uint64 // usual, in satoshis for 1,000 virtual bytes

	assumptions  Assumptions
	software     []weighted
	mix          [deeds]uint64
	stretch      int32  // percent: blocks of a world, against 2,200 of 50,000 transactions
	people       int    // citizens for each transaction of a block
	spread       int64  // deviation of wealth, in binary orders of magnitude of 1/65536
	part         uint64 // a usual payment is so small a part of a payer's wealth
	partSpread   int64
	activityTail int64                    // exponent of how often people act, in hundredths
	sendAll      int                      // parts of ten thousand: deposits that empty the wallet
	round        int                      // parts of ten thousand: payments typed as round amounts of coin
	topup        uint64                   // percent of their wealth that people buy at a time, more or less
	prompt       int                      // parts of ten thousand: merchants who sell each payment at once
	gather       int                      // parts of ten thousand: people who let coins come in, and then spend most of them at once
	sticky       [len(stickyReuse)]uint64 // shares of the habits of those who keep to an address
	gatherLeast  uint64                   // so many coins at least
	gatherTail   int64                    // exponent of how many more, in hundredths
	spot         int                      // parts of ten thousand: people who buy coins when they need them, and no more
	wake         int                      // parts of ten thousand: deeds of anybody, rather than of those who act often
	again        int                      // parts of ten thousand: people who pay once more within the hour
	alike        int                      // of so many whom a person could pay, they pay the one whose wealth is most like theirs
	savers       int                      // people who bought long ago and spend once, for ten thousand transactions
	bets         uint64                   // bets in a session, at most
	idle         int                      // parts of ten thousand: payments that go to anybody, rather than to those who act often
	kin          int                      // parts of ten thousand: people who prefer counterparties with addresses like theirs
	hoard        int                      // coins that merchants let come in before they sell
	hoardWait    int32
	exchanges    []custody
	processors   []custody
	mined        Form   // of pools, and of small services
	notes        []Form // of those who write data into the chain
	poolMembers  int    // that a payout pays at most
	roundSize    int    // participants of a CoinJoin of many equal outputs
}

// minute, hour and day in blocks.
const (
	hour = 6
	day  = 144
)

func eras(y Era) *era {
	switch y {
	case Era2015:
		return era2015()
	case Era2019:
		return era2019()
	default:
		return era2022()
	}
}

func era2015() *era {
	return &era{
		year: Era2015, start: 1_433_116_800, cents: 22_500, swing: 3300, feeRate: 30_000,
		assumptions: Assumptions{CoinJoins: 60, Reuse: 3_100, PayJoins: 0, SharedCustody: 100, ChangeHands: 50},
		software: []weighted{
			{24, Software{Name: "core", Form: PayKeyHash, Choose: Knapsack, Place: Anywhere, Fee: Estimated, Version: 1, Changed: true}},
			{14, Software{Name: "electrum", Tidy: 6_000, Form: PayKeyHash, Choose: OldestFirst, Place: Anywhere, Fee: Flat, Version: 1, Snipe: false, Reuse: 3_000}},
			{22, Software{Name: "bitcoinj", Tidy: 6_000, Form: PayKeyHash, Choose: OldestFirst, Place: Last, Fee: Flat, Version: 1, Reuse: 5_000}},
			{26, Software{Name: "web", Tidy: 6_000, Form: PayKeyHash, Choose: SmallFirst, Place: Last, Fee: Flat, Version: 1, Reuse: 6_000}},
			{10, Software{Name: "mobile", Tidy: 6_000, Form: PayKeyHash, Choose: OldestFirst, Place: Anywhere, Fee: Flat, Version: 1, Changed: true, Reuse: 3_000}},
			{4, Software{Name: "multisig", Tidy: 6_000, Form: PayScript, Choose: OldestFirst, Place: Anywhere, Fee: Flat, Version: 1}},
		},
		mix:     [deeds]uint64{deedShop: 48, deedPerson: 30, deedMany: 9, deedDeposit: 10, deedCash: 4, deedRemote: 3, deedMove: 3, deedBet: 1, deedMix: 1, deedBroker: 1, deedNote: 1},
		stretch: 230, people: 350, spread: 3 * one, part: 4, partSpread: 2 * one, round: 3_200, topup: 25, prompt: 1_500, spot: 6_000, savers: 350, bets: 20, again: 9_000, alike: 5, gather: 7_700, sticky: [...]uint64{15, 25, 60}, gatherLeast: 4, gatherTail: 70, wake: 4_800, idle: 6_000, hoard: 100, hoardWait: 20 * day,
		exchanges: []custody{
			{form: PayKeyHash, hot: PayKeyHash, cold: PayScript, confirms: 6, batch: 3, patience: 2, atMost: 8, direct: true, choose: LargestFirst, fee: 10_000},
			{form: PayKeyHash, hot: PayKeyHash, cold: PayKeyHash, confirms: 3, batch: 2, patience: 1, atMost: 7, direct: true, choose: Knapsack, fee: 10_000},
			{form: PayKeyHash, hot: PayKeyHash, cold: PayScript, confirms: 3, batch: 6, patience: 2, atMost: 8, sweepAt: 20, sweepWait: day, fee: 20_000, choose: BestFit, back: true},
			{form: PayKeyHash, hot: PayKeyHash, cold: PayKeyHash, confirms: 4, direct: true, choose: LargestFirst, fee: 10_000},
		},
		processors: []custody{{form: PayKeyHash, hot: PayKeyHash, cold: PayKeyHash, confirms: 1, batch: 6, patience: day, atMost: 20, direct: true, choose: OldestFirst}},
		mined:      PayKeyHash, notes: []Form{PayKeyHash}, poolMembers: 8, activityTail: 120, sendAll: 2_500,
	}
}

func era2019() *era {
	return &era{
		year: Era2019, start: 1_556_668_800, cents: 530_000, swing: 3300, feeRate: 40_000,
		assumptions: Assumptions{CoinJoins: 25, Reuse: 1_100, PayJoins: 5, SharedCustody: 100, ChangeHands: 50},
		software: []weighted{
			{20, Software{Name: "core", Form: PayNestedKey, Choose: Knapsack, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Changed: true, Match: true}},
			{14, Software{Name: "electrum", Form: PayKeyHash, Choose: ByAddress, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Replace: true, Sorted: true}},
			{5, Software{Name: "electrum-segwit", Form: PayWitnessKey, Choose: ByAddress, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Replace: true, Sorted: true}},
			{22, Software{Name: "web", Form: PayKeyHash, Choose: LargestFirst, Place: Anywhere, Fee: Hasty, Version: 1, Reuse: 4_500}},
			{12, Software{Name: "mobile", Tidy: 3_000, Form: PayKeyHash, Choose: OldestFirst, Place: Anywhere, Fee: Estimated, Version: 1, Changed: true, Reuse: 3_000}},
			{17, Software{Name: "hardware", Form: PayNestedKey, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 1, Reuse: 3_000}},
			{10, Software{Name: "multisig", Form: PayScript, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 1}},
			{2, Software{Name: "samourai", Form: PayWitnessKey, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 1, Sorted: true, Replace: true}},
		},
		mix: [deeds]uint64{deedShop: 12, deedPerson: 18, deedMany: 1, deedDeposit: 10, deedCash: 6, deedRemote: 14, deedMove: 2, deedBet: 1, deedMix: 1, deedBroker: 1, deedNote: 10, deedToken: 6},

		stretch: 110, people: 120, spread: 3 * one, part: 6, partSpread: 2 * one, round: 2_200, topup: 30, prompt: 800, spot: 1_500, gather: 1_300, sticky: [...]uint64{30, 30, 40}, gatherLeast: 2, gatherTail: 120, savers: 190, bets: 5, again: 0, alike: 1, idle: 2_000, kin: 8_500, hoard: 36, hoardWait: 6 * day,
		exchanges: []custody{
			{form: PayScript, hot: PayScript, cold: PayScript, confirms: 3, batch: 10, patience: 4, atMost: 30, sweepAt: 30, sweepWait: day, fee: 40_000, choose: BestFit, ring: 6},
			{form: PayKeyHash, hot: PayKeyHash, cold: PayScript, confirms: 1, batch: 0, sweepEach: true, fee: 50_000, choose: BestFit, ring: 8},
			{form: PayNestedKey, hot: PayNestedKey, cold: PayScript, confirms: 2, batch: 12, patience: 4, atMost: 40, direct: true, fee: 50_000, choose: BestFit, ring: 6},
			{form: PayKeyHash, hot: PayKeyHash, cold: PayKeyHash, confirms: 2, batch: 5, patience: 2, atMost: 30, sweepAt: 20, sweepWait: day / 2, fee: 50_000, choose: BestFit, ring: 6},
		},
		processors: []custody{{form: PayScript, hot: PayScript, cold: PayScript, confirms: 1, batch: 8, patience: day, atMost: 40, sweepAt: 25, sweepWait: day, choose: BestFit}},
		mined:      PayKeyHash, notes: []Form{PayKeyHash, PayKeyHash, PayWitnessKey}, poolMembers: 20, roundSize: 40, activityTail: 95, sendAll: 2_500,
	}
}

func era2022() *era {
	return &era{
		year: Era2022, start: 1_641_081_600, cents: 4_700_000, swing: 3300, feeRate: 6_000,
		assumptions: Assumptions{CoinJoins: 30, Reuse: 1_100, PayJoins: 10, SharedCustody: 100, ChangeHands: 50},
		software: []weighted{
			{13, Software{Name: "core", Form: PayWitnessKey, Choose: BestFit, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Replace: true, Changed: true}},
			{16, Software{Name: "electrum", Form: PayWitnessKey, Choose: ByAddress, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Replace: true, Sorted: true}},
			{26, Software{Name: "web", Form: PayKeyHash, Choose: LargestFirst, Place: Anywhere, Fee: Hasty, Version: 1, Reuse: 600}},
			{8, Software{Name: "mobile", Tidy: 3_000, Form: PayWitnessKey, Choose: OldestFirst, Place: Anywhere, Fee: Estimated, Version: 1, Changed: true, Reuse: 600}},
			{17, Software{Name: "hardware", Form: PayNestedKey, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 2, Replace: true, Reuse: 600}},
			{15, Software{Name: "multisig", Form: PayNestedScript, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 1}},
			{2, Software{Name: "samourai", Form: PayWitnessKey, Choose: LargestFirst, Place: Anywhere, Fee: Estimated, Version: 1, Sorted: true, Replace: true}},
			{1, Software{Name: "multisig-segwit", Form: PayWitnessScript, Choose: BestFit, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true}},
			{1, Software{Name: "taproot", Form: PayTaproot, Choose: BestFit, Place: Anywhere, Fee: Estimated, Version: 2, Snipe: true, Replace: true}},
		},
		mix:     [deeds]uint64{deedShop: 14, deedPerson: 26, deedMany: 4, deedDeposit: 14, deedCash: 10, deedRemote: 60, deedMove: 2, deedBet: 1, deedMix: 1, deedBroker: 1, deedNote: 1},
		stretch: 100, people: 90, spread: 5 * one / 2, part: 6, partSpread: 7 * one / 4, round: 700, topup: 80, prompt: 6_500, gather: 1_800, sticky: [...]uint64{55, 28, 17}, gatherLeast: 2, gatherTail: 130, spot: 5_500, savers: 12, bets: 5, again: 0, alike: 1, hoard: 36, hoardWait: 3 * day,
		exchanges: []custody{
			{form: PayNestedScript, hot: PayNestedScript, cold: PayNestedScript, confirms: 1, batch: 20, patience: 3, atMost: 80, sweepAt: 4, sweepWait: day / 2, fee: 20_000, choose: BestFit},
			{form: PayNestedKey, hot: PayWitnessKey, cold: PayWitnessScript, confirms: 1, batch: 20, patience: 3, atMost: 100, sweepAt: 4, sweepWait: day / 2, fee: 30_000, choose: BestFit},
			{form: PayKeyHash, hot: PayWitnessKey, cold: PayScript, ring: 8, confirms: 1, batch: 0, sweepAt: 4, sweepWait: day / 2, fee: 30_000, choose: BestFit},
			{form: PayNestedKey, hot: PayNestedKey, cold: PayScript, confirms: 3, direct: true, fee: 30_000, choose: BestFit, back: true},
		},
		processors: []custody{{form: PayWitnessKey, hot: PayWitnessKey, cold: PayWitnessScript, confirms: 1, batch: 8, patience: day, atMost: 60, sweepAt: 4, sweepWait: day / 2, choose: BestFit}},
		mined:      PayKeyHash, notes: []Form{PayKeyHash, PayWitnessKey}, poolMembers: 30, roundSize: 50, activityTail: 75, sendAll: 4_000,
	}
}
