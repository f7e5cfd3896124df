package world

// Role is what an actor does in the economy, in the words of INTERPOL's
// taxonomy and of TagPack concepts where they have one.
type Role string

const (
	Citizen          Role = "user"
	Merchant         Role = "merchant"
	Miner            Role = "miner"
	MiningPool       Role = "mining_pool"
	ExchangeService  Role = "exchange"
	Gambling         Role = "gambling"
	MixingService    Role = "mixing_service"
	CoinJoinService  Role = "coinjoin"
	Broker           Role = "otc_broker"
	PaymentProcessor Role = "payment_processor"
	Publisher        Role = "data_publisher"
	TokenUser        Role = "token_user"
	Criminal         Role = "criminal" // a scenario's people; what they did is in their case
	Nobody           Role = "nobody"   // whom the genesis block pays
)

// Actor is a person or a firm.
type Actor struct {
	ID   uint32
	Role Role
	Name string
}

// Purpose says what an address is for.
type Purpose uint8

const (
	Receiving Purpose = iota // given to somebody who pays
	Change
	DepositAddress // a service's, one for each customer
	HotWallet
	ColdWallet
	Reward    // a coinbase pays it
	Mixed     // a CoinJoin's or mixing service's output
	Invoice   // a payment processor's or merchant's, for one purchase
	House     // a service's own well-known address
	Published // of a campaign, a note or a web page
)

// purposes is in the order of the Purposes.
var purposes = [...]string{"receiving", "change", "deposit", "hot_wallet", "cold_wallet", "mining_reward", "mixed", "invoice", "house", "published"}

func (p Purpose) String() string { return purposes[p] }

// Kind says why a transaction was made.
type Kind uint8

const (
	Purchase Kind = iota
	Personal      // between people, for whatever reason
	Deposit
	Withdrawal    // one customer's, from an exchange's wallet
	Batch         // many customers'
	Sweep         // from deposit addresses to a service's wallet
	Consolidation // a wallet's own coins into fewer
	Transfer      // between wallets of one owner
	Refill        // between hot and cold wallets
	PoolPayout
	Bet
	Winnings
	MixDeposit
	MixPayout
	CoinJoinPrepare // a tx0
	CoinJoin
	PayJoin
	DataNote
	TokenTransfer
	Settlement // a payment processor or broker paying its client
	Coinbase
)

// kinds is in the order of the Kinds.
var kinds = [...]string{
	"purchase", "payment", "deposit", "withdrawal", "batch", "sweep", "consolidation", "transfer", "refill", "pool_payout", "bet", "winnings", "mix_deposit",
	"mix_payout", "coinjoin_prepare", "coinjoin", "payjoin", "data_note", "token_transfer", "settlement", "coinbase",
}

func (k Kind) String() string { return kinds[k] }
