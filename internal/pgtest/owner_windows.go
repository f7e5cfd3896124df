package pgtest

import (
	"syscall"
	"testing"
)

// hand is never asked: the server is not started here.
func hand(testing.TB, string) *syscall.SysProcAttr { return nil }
