// Package crime plants crimes into a world: each a story with people, victims,
// wallets and accounts, modelled on named real cases, and played through the
// same wallets and services that everybody else in the economy uses.
//
// A Case keeps the books of its story as it plays: every payment of a victim,
// every way the coins took, every place where they came to rest, what can no
// longer be followed honestly (mixing services, CoinJoins), what an exchange
// could have frozen and when, and the one slip that gives somebody away. At the
// end it writes what the public would know of it to public/, what a service
// would answer if asked to services/, and the answer key to truth/, kept apart
// so that it can be withheld.
//
// The package never reaches around the economy: it makes no transaction, key or
// fee of its own. Its texts tell of payments and references only, and describe
// no harm. Its people, firms and addresses are invented.
package crime
