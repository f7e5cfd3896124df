package goshawk

import "unicode"

// Unseen says of a character that it is not seen, or turns the direction of writing round: with it two names look
// the same, or one as another. The two joiners, which some scripts write names with, are let through.
func Unseen(r rune) bool {
	return r != '\u200c' && r != '\u200d' && (unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp))
}
