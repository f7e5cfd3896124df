package world

// numbers are those that a service gives its accounts, or its orders. They are
// drawn, so that they tell neither who came first nor who came together.
type numbers struct {
	rng   Rand
	given map[uint32]bool
}

// next returns a number of seven digits that the service has not given yet.
func (n *numbers) next(e *Economy, service *Actor) uint32 {
	if n.given == nil {
		n.rng, n.given = newRand(e.spec.Seed, "numbers", uint64(service.ID)), map[uint32]bool{}
	}
	for {
		if number := uint32(n.rng.Between(1_000_000, 9_999_999)); !n.given[number] {
			n.given[number] = true
			return number
		}
	}
}
