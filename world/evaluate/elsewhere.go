package evaluate

import (
	"fmt"

	"goshawk/cluster"
	"goshawk/pattern"
)

// reference is what others measured of a method or of a near relation of it, and
// what this program measured on chains whose truth is real. Neither is to be
// averaged with, or compared to the digit with, what worlds give.
type reference struct {
	task, method     string
	real, literature string
}

// references holds published figures with their sources. Where a method differs
// from the published one the text says so; a method that is not here has none.
var references = [...]reference{
	{TaskPairsSpent, cluster.CoSpendRule, "", "no pairwise figure; 24.54 % to 94.85 % of three seized services' addresses found, under 0.5 % false positives, by a vendor whose methods go beyond this one (Lubbertsen et al., Ghost Clusters, USENIX Security 2025)"},
	{TaskCubedSpent, cluster.CoSpendRule, "", "recall: 68.59 % of a wallet's addresses, mean of 37,585 wallets (Nick 2015)"},
	{TaskCoinJoin, pattern.RuleWhirlpool, "7 found in block 702861, plausible, confirmed by no list; none in 20 public blocks of other times", "over 99 % accuracy of 223,597 transactions, related algorithm (Stütz et al., AFT 2022)"},
	{TaskCoinJoin, roundRules, "", "over 99 % accuracy of 30,251 rounds, related algorithm (Stütz et al., AFT 2022); hard false positives 10.3 %, then 1.6 %, of 5,287, similar rule (GraphSense 2026)"},
	{TaskCoinJoin, pattern.RuleJoinMarket, "6 found in three public blocks of 2015 and two of 2016, none in those before 2015 or of 2024; confirmed by no list", "86.8 % agreement with 2,008 labels of another program, 3.7 % hard false positives, similar rule (GraphSense 2026)"},
	{TaskCoinJoin, pattern.RuleWasabi2, "none found in 21 public blocks, where none should be", "0.47 % of true rounds lost, no hard false positives among 1,520, related conditions, labelled by another program (GraphSense 2026)"},
	{TaskCoinJoin, pattern.RuleTx0, "none found in 21 public blocks", ""},
	{TaskPeel, pattern.RulePeelChain, "", "none for this rule; Kappos et al. (USENIX Security 2022) validate a stricter one that compares the transactions' features"},
	{TaskDeposit, pattern.RuleDepositAddress, "", "none for coins; on accounts the best of three heuristics, which together cluster 17.9 % of active accounts (Victor, FC 2020)"},
}

// elsewhere returns what is known of a method beside worlds; empty where nothing is.
func elsewhere(task, method string) (real, literature string) {
	for _, r := range references {
		if r.task == task && r.method == method {
			return r.real, r.literature
		}
	}
	return "", ""
}

// Notes are what a page of these figures says beside them: what the program does
// about its weak heuristics, and what the figures cannot show.
func Notes() []string {
	return []string{
		fmt.Sprintf("Seeds from %d on are kept for measuring: no test and no tuning of this program uses them.", uint64(FirstSeed)),
		"Change heuristics never merge addresses unless asked: even those that mostly point to the right output of a transaction make errors that join clusters, so that of the pairs joined most can be wrong. " +
			"They are shown as hints, and used where a peel chain is followed.",
		"CoinJoins are left out of clusters: the rows with and without show what that saves, above all in the largest cluster of several owners where CoinJoins are frequent.",
		"Deposit addresses found without a label of the service are weak evidence, and no trace rests on them.",
		"Worlds hold no rounds of Wasabi 2 and no Stonewalls: their rules can only be wrong here.",
		"A trace knows neither that coins were spent on a purchase, nor that an unlabelled address is a customer's at a service that never sweeps it: it follows both on, into innocent hands.",
		"Tracing is judged kindly. Where the criminals paid coins of two sources together, either could have gone to each place, so that the true ends sum to more than the income; a claim is right up to the whole coin there; " +
			"and what stops at a service's own wallet, where the criminals did pay in, accuses nobody. The recall includes coins that never left the criminals' wallets: of_recall_still_held says how much.",
		"The worlds measured are small. Those of 2015 hold too few old coins: the third quartile of the age of spent coins is about 550 blocks, where real blocks had 2,616 and 'goshawk world verify' wants 872.",
		"Where the naive classifier's AUC is above 90 % the generator gives its crimes away, and figures on tracing deserve less trust.",
	}
}
