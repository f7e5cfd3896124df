package notify

import (
	"errors"
	"fmt"
)

// fault is why a message could not be sent, in words that name nobody.
type fault struct {
	words string
	final bool // another try would fail, too
	err   error
}

func faultf(final bool, format string, args ...any) error {
	return &fault{words: fmt.Sprintf(format, args...), final: final}
}

// Error implements error. What caused it is not in it: that may be somebody's words.
func (f *fault) Error() string { return f.words }

// Unwrap returns the cause.
func (f *fault) Unwrap() error { return f.err }

// final says whether another try would fail, too.
func final(err error) bool {
	f, ok := errors.AsType[*fault](err)
	return ok && f.final
}
