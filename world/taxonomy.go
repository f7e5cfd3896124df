package world

// Concept returns the TagPack concept of an actor's role (graphsense-lib, the
// concepts taxonomy), "" where it has none.
func (r Role) Concept() string {
	concept, _ := r.taxonomy()
	return concept
}

// Entity returns the id of an actor's role among the entities of INTERPOL's dark
// web and virtual assets taxonomy, version 0.3, "" where it has none.
func (r Role) Entity() string {
	_, entity := r.taxonomy()
	return entity
}

func (r Role) taxonomy() (concept, entity string) {
	switch r {
	case Citizen, TokenUser:
		return "user", "cryptocurrencies_user"
	case Merchant:
		return "shop", "shop"
	case Miner:
		return "miner", "cryptocurrencies_user"
	case MiningPool:
		return "mining_service", "service-provider"
	case ExchangeService:
		return "exchange", "exchange"
	case Gambling:
		return "gambling", "service-provider"
	case MixingService:
		return "mixing_service", "tumbler"
	case CoinJoinService:
		return "coinjoin", "coinjoin"
	case Broker: // an exchange without an order book
		return "exchange", "virtual_asset_service_provider"
	case PaymentProcessor:
		return "payment_processor", "virtual_asset_service_provider"
	case Publisher:
		return "organization", "service-provider"
	case Criminal:
		return "perpetrator", "actor"
	default:
		return "", ""
	}
}
