package report

import (
	"strings"
	"testing"

	"goshawk"
)

// TestTextListsAll: how much is listed is the caller's choice, of text too.
func TestTextListsAll(t *testing.T) {
	a := sampleAddress()
	a.History, a.More = nil, false
	c := &Cluster{Basis: sampleBasis(), Address: address(1), Rule: "co-spend/1", Size: 150}
	for n := range uint64(150) {
		a.History = append(a.History, AddressEntry{Moment: Moment{name(1000 + n), 599, 1231900000}, Received: goshawk.U(1)})
		c.Addresses = append(c.Addresses, address(1000+n))
	}
	var shown strings.Builder
	if err := AddressText(&shown, a, Style{}); err != nil {
		t.Fatal(err)
	}
	if err := ClusterText(&shown, c, Style{}); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(150) {
		if hash := name(1000 + n).String(); !strings.Contains(shown.String(), hash) || !strings.Contains(shown.String(), address(1000+n)) {
			t.Fatalf("entry %d is not shown", n)
		}
	}
	if strings.Contains(shown.String(), "more") {
		t.Error("it says that there is more")
	}
}
