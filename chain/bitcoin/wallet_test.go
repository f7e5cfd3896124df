package bitcoin

import (
	"encoding/hex"
	"strings"
	"testing"

	"goshawk"
)

// Keys of the test vectors of BIP 32 and BIP 380 to 389.
const (
	keyA = "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL"
	keyB = "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y"
	keyC = "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCGu8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB"
	keyD = "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmXUbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH"
	keyE = "xpub661MyMwAqRbcGDZQUKLqmWodYLcoBQnQH33yYkkF3jjxeLvY8qr2wWGEWkiKFaaQfJCoi3HeEq3Dc5DptfbCyjD38fNhSqtKc1UHaP4ba3t"

	privateA     = "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc"
	privateWIF   = "L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1"
	compressed   = "03a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd"
	uncompressed = "04a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd5b8dec5235a0fa8722476c7709c02559e3aa73aa03918ba2d492eea75abea235"
)

func derive(t *testing.T, p *Params, text string, branch int, from, count uint32) []string {
	t.Helper()
	all, err := p.Derive(text, branch, from, count)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	var addresses []string
	for _, d := range all {
		addresses = append(addresses, p.FormatAddress(d.Kind, d.Key))
	}
	return addresses
}

// The account of the seed "abandon … about", as BIP 44, 49, 84 and 86, SLIP 132
// and the wallets that follow them publish it.
func TestExtendedKeys(t *testing.T) {
	for _, tc := range []struct {
		network, key string
		branch       int
		from         uint32
		want         []string
	}{
		{"bitcoin", "xpub6BosfCnifzxcFwrSzQiqu2DBVTshkCXacvNsWGYJVVhhawA7d4R5WSWGFNbi8Aw6ZRc1brxMyWMzG3DSSSSoekkudhUd9yLb6qx39T9nMdj", 0, 0,
			[]string{"1LqBGSKuX5yYUonjxT5qGfpUsXKYYWeabA"}},
		{"bitcoin", "ypub6Ww3ibxVfGzLrAH1PNcjyAWenMTbbAosGNB6VvmSEgytSER9azLDWCxoJwW7Ke7icmizBMXrzBx9979FfaHxHcrArf3zbeJJJUZPf663zsP", 0, 0,
			[]string{"37VucYSaXLCAsxYyAPfbSi9eh4iEcbShgf", "3LtMnn87fqUeHBUG414p9CWwnoV6E2pNKS"}},
		{"bitcoin", "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs", 0, 0,
			[]string{"bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu", "bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"}},
		{"bitcoin", "zpub6rFR7y4Q2AijBEqTUquhVz398htDFrtymD9xYYfG1m4wAcvPhXNfE3EfH1r1ADqtfSdVCToUG868RvUUkgDKf31mGDtKsAYz2oz2AGutZYs", 1, 0,
			[]string{"bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"}},
		{"testnet4", "upub5EFU65HtV5TeiSHmZZm7FUffBGy8UKeqp7vw43jYbvZPpoVsgU93oac7Wk3u6moKegAEWtGNF8DehrnHtv21XXEMYRUocHqguyjknFHYfgY", 0, 0,
			[]string{"2Mww8dCYPUpKHofjgcXcBCEGmniw9CoaiD2"}},
		{"signet", "vpub5Y6cjg78GGuNLsaPhmYsiw4gYX3HoQiRBiSwDaBXKUafCt9bNwWQiitDk5VZ5BVxYnQdwoTyXSs2JHRPAgjAvtbBrf8ZhDYe2jWAqvZVnsc", 0, 0,
			[]string{"tb1q6rz28mcfaxtmd6v789l9rrlrusdprr9pqcpvkl"}},
		{"bitcoin", "wpkh([73c5da0a/84'/0'/0']xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/0/*)#wc3n3van", 0, 1,
			[]string{"bc1qnjg0jd8228aq7egyzacy8cys3knf9xvrerkf9g"}},
		{"bitcoin", "wpkh([73c5da0a/84'/0'/0']xpub6CatWdiZiodmUeTDp8LT5or8nmbKNcuyvz7WyksVFkKB4RHwCD3XyuvPEbvqAQY3rAPshWcMLoP2fMFMKHPJ4ZeZXYVUhLv1VMrjPC7PW6V/1/*)#lv5jvedt", 0, 0,
			[]string{"bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el"}},
		{"bitcoin", "tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/<0;1>/*)", 0, 0,
			[]string{"bc1p5cyxnuxmeuwuvkwfem96lqzszd02n6xdcjrs20cac6yqjjwudpxqkedrcr", "bc1p4qhjn9zdvkux4e44uhx8tc55attvtyu358kutcqkudyccelu0was9fqzwh"}},
		{"bitcoin", "tr(xpub6BgBgsespWvERF3LHQu6CnqdvfEvtMcQjYrcRzx53QJjSxarj2afYWcLteoGVky7D3UKDP9QyrLprQ3VCECoY49yfdDEHGCtMMj92pReUsQ/<0;1>/*)", 1, 0,
			[]string{"bc1p3qkhfews2uk44qtvauqyr2ttdsw7svhkl9nkm9s9c3x4ax5h60wqwruhk7"}},
	} {
		got := derive(t, network(t, tc.network), tc.key, tc.branch, tc.from, uint32(len(tc.want)))
		if strings.Join(got, " ") != strings.Join(tc.want, " ") {
			t.Errorf("%.20s… branch %d from %d: %v, want %v", tc.key, tc.branch, tc.from, got, tc.want)
		}
	}
}

func TestDescriptorVectors(t *testing.T) {
	p := network(t, "bitcoin")
	for _, tc := range []struct {
		descriptor string
		scripts    []string // for the indexes from 0 on
	}{
		{"pk(" + compressed + ")", []string{"21" + compressed + "ac"}},
		{"pk(" + uncompressed + ")", []string{"41" + uncompressed + "ac"}},
		// BIP 383
		{"multi(1," + compressed + "," + uncompressed + ")", []string{"5121" + compressed + "41" + uncompressed + "52ae"}},
		{"sortedmulti(1," + uncompressed + "," + compressed + ")", []string{"5121" + compressed + "41" + uncompressed + "52ae"}},
		{"sh(multi(2,[00000000/111'/222]" + keyA + "," + keyB + "/0))", []string{"a91445a9a622a8b0a1269944be477640eedc447bbd8487"}},
		{"sortedmulti(2," + keyA + "/*," + keyB + "/0/0/*)", []string{
			"5221025d5fc65ebb8d44a5274b53bac21ff8307fec2334a32df05553459f8b1f7fe1b62102fbd47cc8034098f0e6a94c6aeee8528abf0a2153a5d8e46d325b7284c046784652ae",
			"52210264fd4d1f5dea8ded94c61e9641309349b62f27fbffe807291f664e286bfbe6472103f4ece6dfccfa37b211eb3d0af4d0c61dba9ef698622dc17eecdf764beeb005a652ae",
			"5221022ccabda84c30bad578b13c89eb3b9544ce149787e5b538175b1d1ba259cbb83321024d902e1a2fc7a8755ab5b694c575fce742c48d9ff192e63df5193e4c7afe1f9c52ae",
		}},
		{"sh(wsh(multi(16," + sixteenKeys + ")))", []string{"a9147fc63e13dc25e8a95a3cee3d9a714ac3afd96f1e87"}},
		// BIP 386
		{"tr(a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd)", []string{"512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11"}},
	} {
		w, err := p.ParseWallet(tc.descriptor)
		if err != nil {
			t.Errorf("%s: %v", tc.descriptor, err)
			continue
		}
		got, err := w.Derive(0, 0, 3)
		if err != nil || len(got) != len(tc.scripts) {
			t.Errorf("%s: %d addresses, want %d: %v", tc.descriptor, len(got), len(tc.scripts), err)
			continue
		}
		for i, d := range got {
			script, err := hex.DecodeString(tc.scripts[i])
			if err != nil {
				t.Fatal(err)
			}
			kind, key, _, _ := Classify(script, nil)
			if d.Kind != kind || p.FormatAddress(d.Kind, d.Key) != p.FormatAddress(kind, key) {
				t.Errorf("%s: index %d gives %s, want %s", tc.descriptor, i, p.FormatAddress(d.Kind, d.Key), p.FormatAddress(kind, key))
			}
		}
	}
}

const sixteenKeys = "03669b8afcec803a0d323e9a17f3ea8e68e8abe5a278020a929adbec52421adbd0,0260b2003c386519fc9eadf2b5cf124dd8eea4c4e68d5e154050a9346ea98ce600,0362a74e399c39ed5593852a30147f2959b56bb827dfa3e60e464b02ccf87dc5e8,0261345b53de74a4d721ef877c255429961b7e43714171ac06168d7e08c542a8b8,02da72e8b46901a65d4374fe6315538d8f368557dda3a1dcf9ea903f3afe7314c8,0318c82dd0b53fd3a932d16e0ba9e278fcc937c582d5781be626ff16e201f72286,0297ccef1ef99f9d73dec9ad37476ddb232f1238aff877af19e72ba04493361009,02e502cfd5c3f972fe9a3e2a18827820638f96b6f347e54d63deb839011fd5765d,03e687710f0e3ebe81c1037074da939d409c0025f17eb86adb9427d28f0f7ae0e9,02c04d3a5274952acdbc76987f3184b346a483d43be40874624b29e3692c1df5af,02ed06e0f418b5b43a7ec01d1d7d27290fa15f75771cb69b642a51471c29c84acd,036d46073cbb9ffee90473f3da429abc8de7f8751199da44485682a989a4bebb24,02f5d1ff7c9029a80a4e36b9a5497027ef7f3e73384a4a94fbfe7c4e9164eec8bc,02e41deffd1b7cce11cde209a781adcffdabd1b91c0ba0375857a2bfd9302419f3,02d76625f7956a7fc505ab02556c23ee72d832f1bac391bcd2d3abce5710a13d06,0399eb0a5487515802dc14544cf10b3666623762fbed2ec38a3975716e2c29c232"

// A descriptor with lists of branches stands for one descriptor each (BIP 389).
func TestMultipath(t *testing.T) {
	p := network(t, "bitcoin")
	for _, tc := range []struct {
		descriptor string
		expanded   []string
	}{
		{"pk(" + keyB + "/<0;1>)", []string{"pk(" + keyB + "/0)", "pk(" + keyB + "/1)"}},
		{"wpkh([ffffffff/13h]" + keyD + "/<1;3>/2/*)", []string{"wpkh([ffffffff/13h]" + keyD + "/1/2/*)", "wpkh([ffffffff/13h]" + keyD + "/3/2/*)"}},
		{"multi(2," + keyA + "/<1;2>/*," + keyB + "/<3;4>/0/*)", []string{"multi(2," + keyA + "/1/*," + keyB + "/3/0/*)", "multi(2," + keyA + "/2/*," + keyB + "/4/0/*)"}},
		{"sh(multi(2," + keyA + "/<1;2;3>/0/*," + keyB + "/0/*," + keyE + "/0/0/<3;4;5>/*))", []string{
			"sh(multi(2," + keyA + "/1/0/*," + keyB + "/0/*," + keyE + "/0/0/3/*))",
			"sh(multi(2," + keyA + "/2/0/*," + keyB + "/0/*," + keyE + "/0/0/4/*))",
			"sh(multi(2," + keyA + "/3/0/*," + keyB + "/0/*," + keyE + "/0/0/5/*))",
		}},
	} {
		w, err := p.ParseWallet(tc.descriptor)
		if err != nil {
			t.Errorf("%s: %v", tc.descriptor, err)
			continue
		}
		if w.Branches() != len(tc.expanded) || w.Ranged() != strings.Contains(tc.descriptor, "*") {
			t.Errorf("%s: %d branches, ranged %v", tc.descriptor, w.Branches(), w.Ranged())
		}
		for branch, single := range tc.expanded {
			got := derive(t, p, tc.descriptor, branch, 0, 3)
			want := derive(t, p, single, 0, 0, 3)
			if len(got) == 0 || strings.Join(got, " ") != strings.Join(want, " ") {
				t.Errorf("%s: branch %d gives %v, want %v", tc.descriptor, branch, got, want)
			}
		}
	}
	all, err := p.Derive("wpkh("+keyD+"/<1;3>/2/*)", 1, 7, 1)
	if err != nil || all[0].Path != "3/2/7" {
		t.Errorf("the path is %v: %v", all, err)
	}
}

func TestDescriptorChecksum(t *testing.T) {
	if sum, err := DescriptorChecksum("raw(deadbeef)"); err != nil || sum != "89f8spxm" {
		t.Errorf("checksum %s: %v", sum, err)
	}
	p := network(t, "bitcoin")
	sum, err := DescriptorChecksum("pkh(" + keyC + ")")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ParseWallet("pkh(" + keyC + ")#" + sum); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{"#", "#" + sum + "x", "#" + sum[:7], "##" + sum[1:], "#89f8spxm"} {
		if _, err := p.ParseWallet("pkh(" + keyC + ")" + bad); goshawk.CodeOf(err) != goshawk.Invalid || goshawk.HintOf(err) == "" {
			t.Errorf("the checksum %s is taken: %v", bad, err)
		}
	}
}

func TestWalletRefuses(t *testing.T) {
	p := network(t, "bitcoin")
	const tpub = "tpubDC5FSnBiZDMmhiuCmWAYsLwgLYrrT9rAqvTySfuCCrgsWz8wxMXUS9Tb9iVMvcRbvFcAHGkMD5Kx8koh4GquNGNTfohfk7pgjhaPCdXpoba"
	const cosigner = "Zpub74Jru6aftwwHxCUCWEvP6DgrfFsdA4U6ZRtQ5i8qJpMcC39yZGv3egBhQfV3MS9pZtH5z8iV5qWkJsK6ESs6mSzt4qvGhzJxPeeVS2e1zUG"
	const seed = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
	for _, tc := range []struct {
		text, says string
		code       goshawk.Code
	}{
		{privateA, "private key", goshawk.Invalid},
		{"wpkh(" + privateA + "/0/*)", "private key", goshawk.Invalid},
		{"pkh(" + privateWIF + ")", "private key", goshawk.Invalid},
		{privateWIF, "private key", goshawk.Invalid},
		{seed, "neither an extended public key nor a descriptor", goshawk.Invalid},
		{tpub, "testnet3, testnet4, signet, regtest, not of bitcoin", goshawk.Invalid},
		{cosigner, "alone it makes no address", goshawk.Unsupported},
		{keyA[:len(keyA)-1] + "M", "bad checksum", goshawk.Invalid},
		{"", "neither", goshawk.Invalid},
		{"wpkh(" + keyA + "/0h/*)", "hardened", goshawk.Invalid},
		{"wpkh(" + keyA + "/*')", "hardened", goshawk.Invalid},
		{"wpkh(" + keyA + "/*/0)", "last step", goshawk.Invalid},
		{"wpkh(" + uncompressed + ")", "65 bytes", goshawk.Invalid},
		{"tr(" + uncompressed + ")", "65 bytes", goshawk.Invalid},
		{"wsh(pkh(" + uncompressed + "))", "65 bytes", goshawk.Invalid},
		{"wsh(tr(" + compressed[2:] + "))", "cannot stand", goshawk.Invalid},
		{"sh(sh(pk(" + compressed + ")))", "cannot stand", goshawk.Invalid},
		{"wsh(wpkh(" + compressed + "))", "cannot stand", goshawk.Invalid},
		{"sh(multi(16," + sixteenKeys + "))", "520", goshawk.Invalid},
		{"multi(1," + keyA + "," + keyB + "," + keyC + "," + keyD + ")", "1 of 4", goshawk.Invalid},
		{"multi(a," + compressed + ")", "number of signatures", goshawk.Invalid},
		{"multi(0," + compressed + ")", "0 of 1", goshawk.Invalid},
		{"multi(3," + compressed + "," + uncompressed + ")", "3 of 2", goshawk.Invalid},
		{"tr(" + compressed[2:] + ",pk(" + compressed[2:] + "))", "script trees", goshawk.Unsupported},
		{"wsh(and_v(v:pk(" + compressed + "),older(10)))", "and_v", goshawk.Unsupported},
		{"pkh(" + keyC + "/<0;1>/<2;3>)", "two lists", goshawk.Invalid},
		{"pkh([deadbeef/<0;1>]" + keyC + "/0)", "origin", goshawk.Invalid},
		{"pkh([deadbef/0h]" + keyC + "/0)", "fingerprint", goshawk.Invalid},
		{"pkh([deadbeef/0h/]" + keyC + "/0)", "origin", goshawk.Invalid},
		{"sh(multi(2," + keyA + "/<1;2;3>/*," + keyE + "/<3;4>/*))", "3 and 2 branches", goshawk.Invalid},
		{"wpkh(" + keyC + "/<>/*)", "step", goshawk.Invalid},
		{"wpkh(" + keyC + "/0>/*)", "step", goshawk.Invalid},
		{"wpkh(" + keyC + "/<0/*)", "list", goshawk.Invalid},
		{"wpkh(" + keyC + "/<0;1/*)", "list", goshawk.Invalid},
		{"wpkh(" + keyC + "/<0;>/*)", "step", goshawk.Invalid},
		{"wpkh(" + keyC + "/<0;0>/*)", "twice", goshawk.Invalid},
		{"wpkh(" + keyC + "/2147483648/*)", "step", goshawk.Invalid},
		{"wpkh(" + keyC + "/0/*", "not closed", goshawk.Invalid},
		{"wpkh(" + keyC + "/0/*))", "follows", goshawk.Invalid},
		{"wpkh(" + strings.Repeat("0", 66) + ")", "not a public key", goshawk.Invalid},
		{"raw(Ü)", "no", goshawk.Invalid},
	} {
		_, err := p.ParseWallet(tc.text)
		if goshawk.CodeOf(err) != tc.code || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%.60s: %v, want %s saying %q", tc.text, err, tc.code, tc.says)
			continue
		}
		for _, secret := range []string{privateA, privateWIF, "abandon"} {
			if strings.Contains(err.Error()+goshawk.HintOf(err), secret) {
				t.Errorf("the error repeats a secret: %v", err)
			}
		}
	}
	w, err := p.ParseWallet(keyA)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Derive(2, 0, 1); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("branch 2: %v", err)
	}
	if _, err := w.Derive(0, 1<<31-1, 2); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("index 2^31: %v", err)
	}
	if _, err := w.Derive(0, 0, 1<<30); goshawk.CodeOf(err) != goshawk.Invalid {
		t.Errorf("2^30 addresses: %v", err)
	}
}

func FuzzWallet(f *testing.F) {
	for _, text := range []string{keyA, "wpkh([d34db33f/84h]" + keyA + "/<0;1>/*)", "sh(wsh(sortedmulti(1," + compressed + "," + keyB + "/*)))", "tr(" + compressed[2:] + ")", "pk(" + uncompressed + ")#", "multi(1,<;>/*,)"} {
		f.Add(text)
	}
	p := network(f, "bitcoin")
	f.Fuzz(func(t *testing.T, text string) {
		w, err := p.ParseWallet(text)
		if err != nil {
			if goshawk.CodeOf(err) == "" {
				t.Fatalf("error without a code: %v", err)
			}
			return
		}
		for branch := range min(w.Branches(), 3) {
			all, err := w.Derive(branch, 0, 1)
			if err != nil || len(all) != 1 {
				t.Fatalf("%q gives no address: %v", text, err)
			}
		}
	})
}
