package records

import (
	"strconv"

	"goshawk/world"
)

// The parts that nicknames are put together from.
var (
	nickFirst = [...]string{"amber", "ash", "basalt", "blue", "brass", "cinder", "copper", "dusk", "east", "fern", "flint", "frost", "ghost", "grey", "hollow", "iron",
		"ivory", "jade", "kelp", "lone", "low", "marsh", "mint", "moss", "night", "north", "ochre", "old", "pale", "quiet", "rapid", "river",
		"rust", "sable", "salt", "silver", "slate", "south", "steel", "storm", "sun", "tin", "umbra", "velvet", "west", "wild", "winter", "zinc"}
	nickSecond = [...]string{"badger", "bear", "bell", "bird", "bolt", "brook", "cat", "crow", "drift", "fall", "field", "finch", "fox", "gate", "hawk", "hill",
		"jar", "lark", "light", "lynx", "marten", "mole", "moth", "newt", "otter", "owl", "pike", "pine", "rook", "root", "seal", "smith",
		"soldier", "spark", "star", "stone", "swift", "tide", "toad", "vole", "wave", "whale", "wheel", "wind", "wolf", "wood", "wren", "yard"}
)

// Nicknames is how many nicknames there are.
const Nicknames = len(nickFirst) * len(nickSecond)

// Nickname returns what somebody calls themselves online, one of Nicknames.
func Nickname(n int) string { return nickFirst[n/len(nickSecond)] + nickSecond[n%len(nickSecond)] }

// Mailbox returns an e-mail address under a nickname, as some of the customers have.
func Mailbox(r *world.Rand, nickname string) string { return mailbox(r, nickname, r.Below(population)) }

// population is how many can be told apart by the numbers of their papers.
const population = 10_000_000

func mailbox(r *world.Rand, local string, number uint64) string {
	return local + strconv.FormatUint(number, 36) + "@" + pick(r, []string{"postbox.example", "mailwren.example", "inbox.example", "letterbird.example"})
}
