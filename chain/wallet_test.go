package chain

import (
	"testing"

	"goshawk"
)

// The test vector of BIP 84.
func TestWallet(t *testing.T) {
	const key = "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs"
	w, err := OpenWallet("bitcoin", key)
	if err != nil {
		t.Fatal(err)
	}
	for branch, want := range []Address{{"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "0/0"}, {"bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el", "1/0"}} {
		list, err := w.Addresses(branch, 0, 3)
		if err != nil || len(list) != 3 || list[0] != want {
			t.Errorf("branch %d: %v, %v", branch, list, err)
		}
	}
	if k, ok := Recogniser()(key); !ok || k.What != "wallet" || k.Networks[0] != "bitcoin" {
		t.Errorf("%+v, %v", k, ok)
	}
	if w.Branches() != 2 {
		t.Errorf("%d branches", w.Branches())
	}
	for _, c := range [][2]string{{"nowhere", key}, {"bitcoin", "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"}, {"bitcoin", "hello"}} {
		if _, err := OpenWallet(c[0], c[1]); goshawk.CodeOf(err) != goshawk.Invalid {
			t.Errorf("%v: %v", c, err)
		}
	}
}
