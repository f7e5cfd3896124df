package ledgertest

import (
	"testing"

	"goshawk"
)

func TestModel(t *testing.T) {
	TestLedger(t, func(t *testing.T, h *History) goshawk.Ledger { return h.Ledger() })
}
