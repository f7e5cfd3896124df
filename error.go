package goshawk

import (
	"errors"
	"fmt"
)

// Code classes an error for machines. Every error that leaves a package of
// Goshawk either carries a code or is a bug.
type Code string

const (
	Invalid     Code = "invalid"     // the caller's input is wrong
	NotFound    Code = "not_found"   // nothing there by that name
	Corrupt     Code = "corrupt"     // stored or received bytes are damaged
	Conflict    Code = "conflict"    // it contradicts what is already there
	Locked      Code = "locked"      // somebody else is writing
	Unavailable Code = "unavailable" // a file, disk or server did not answer
	Unsupported Code = "unsupported" // a valid wish that this source or method cannot meet
	Interrupted Code = "interrupted" // cancelled by the caller
	Stranger    Code = "stranger"    // nobody knows who asks
	Denied      Code = "denied"      // who asks is known, and may not
	Busy        Code = "busy"        // asked too often, or too much at once
)

// Error is a code for machines, a sentence for people and a hint what to do.
type Error struct {
	Code    Code
	Message string // one sentence with its cause, no full stop
	Hint    string // what to do about it; may be empty
	Err     error  // what caused it; may be nil
}

// Error returns the sentence, without the hint.
func (e *Error) Error() string {
	return e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf builds an error with a code. A %w verb keeps its cause for errors.Is and errors.As.
func Errorf(code Code, format string, args ...any) *Error {
	wrapped := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: wrapped.Error(), Err: errors.Unwrap(wrapped)}
}

// WithHint returns the same error with a hint.
func (e *Error) WithHint(format string, args ...any) *Error {
	c := *e
	c.Hint = fmt.Sprintf(format, args...)
	return &c
}

// CodeOf returns the code of the first Error in err's chain, or "".
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// HintOf returns the first hint that is not empty in err's chain, or "".
func HintOf(err error) string {
	for err != nil {
		e, ok := errors.AsType[*Error](err)
		if !ok {
			return ""
		}
		if e.Hint != "" {
			return e.Hint
		}
		err = e.Err
	}
	return ""
}
