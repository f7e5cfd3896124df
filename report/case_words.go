package report

// lackWords says in words what Case.Missing names by a key.
func lackWords(key string) string {
	switch key {
	case "marking":
		return "no classification marking"
	case "author":
		return "no author"
	case "qualification":
		return "no qualification of the author"
	case "question", "summary":
		return "no " + key
	case "findings":
		return "no findings"
	case "finding-basis":
		return "a finding that names neither exhibit nor trace"
	case "running":
		return "a trace that is still running"
	case "alternatives":
		return "no alternatives considered"
	case "limitations":
		return "no limitations of the author's own"
	}
	return key
}

// standingLimits hold of every report.
var standingLimits = [...]string{
	"A trace follows coins, not people. Who controls an address is a claim of the source that is named with it.",
	"Where coins of several origins are spent together, nothing on the chain says which units went where: the method decides, and another method may decide otherwise.",
	"A trace stops at a service that pools its customers' money: what leaves it later is not the same customer's by anything on the chain. It neither knows what was bought with a coin.",
	"An address without a label may be a service's: coins are then followed on, into hands that have nothing to do with the case.",
	"That addresses belong together is an inference by the rule that is named, and can be wrong.",
	"What lies beyond a CoinJoin is never a finding.",
	"“Unspent” holds up to the ledger's last block that is named, and not beyond.",
}

// glossary explains the field's words to who has to judge.
var glossary = [...][2]string{
	{"address", "What a payment names as its receiver. One party may have any number."},
	{"block", "A list of transactions that the network has agreed on, with its number (height) and hash."},
	{"cluster", "Addresses that evidence says one party controls: an inference, never a fact of the chain."},
	{"coin, output", "An amount that a transaction paid to an address, named as TRANSACTION:NUMBER. It is spent whole, by one later transaction."},
	{"CoinJoin", "A transaction in which several people pay together, so that it cannot be seen whose coin became whose."},
	{"end", "Where traced value rests: unspent, at a service, in fees, at a limit of the question."},
	{"exhibit", "Bytes that were fixed with their hash, source, time and custodian."},
	{"fee", "What a transaction's inputs hold more than its outputs; it goes to who made the block."},
	{"hash, SHA-256", "A number computed from bytes, by which the same bytes are known again: other bytes have another."},
	{"heuristic", "A rule that infers something from how transactions look. Named with its version."},
	{"label", "A statement by a source, with a confidence, about who controls an address."},
	{"ledger", "The network's blocks, indexed so that coins can be followed."},
	{"method", "The rule by which value is followed through a transaction that mixes coins."},
	{"service", "A labelled party that pools customers' money: an exchange, a mixer, a market. A trace stops there."},
	{"sweep", "A transaction by which a service collects what its customers' deposit addresses received."},
	{"trace", "Value followed from a start by a named method, forward or backward."},
	{"transaction", "Spends coins and makes new ones; it is named by its hash."},
}

// certified is what the author signs. It states facts that the author can know, and cites no law.
var certified = [...]string{
	"I made this report, or directed its making. The findings are mine; the program computed amounts and drew pictures, and decided nothing.",
	"I have listed every trace that was made in this case, whether or not it supports the findings, and named each one's method, parameters, program version and ledger.",
	"I have said which statements are facts of the chain, which are claims of sources, and which are inference.",
	"The exhibits that I rely on are those whose SHA-256 hashes this report names.",
	"To the best of my knowledge and belief what is stated here is true and complete.",
}
