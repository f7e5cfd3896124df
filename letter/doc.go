// Package letter is about what goes to a service and what comes back: a request for records,
// written on an agency's template; how a service wants to be written to; and the lists of
// deposits, withdrawals and balances that it answers with.
//
// It sends nothing, stores nothing and reads no clock. It guesses nothing silently: what a column
// of an answer means is proposed with the reason, and taken when somebody said yes; a row that
// cannot be read is a fault with its line, never a row less. What a letter may ask, and on which
// paper, is for who signs it: nothing here is legal advice.
package letter
