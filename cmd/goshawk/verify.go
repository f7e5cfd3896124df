package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"strings"

	"goshawk"
	"goshawk/evidence"
)

// runVerify verifies a package of evidence, without a server and without a network.
func runVerify(ctx context.Context, _ *terminal, c *command) error {
	signer := c.String("signer", "", "`FILE` with the public key, in OpenSSH's form, with which the package must be signed")
	format := c.format("text", "json")
	if err := c.parse(1, 1); err != nil {
		return err
	}
	var key ed25519.PublicKey
	if *signer != "" {
		text, err := readBounded(*signer, 1<<20)
		if err != nil {
			return err
		}
		if key, err = evidence.ParsePublic(text); err != nil {
			return err
		}
	}
	v, err := evidence.VerifyPath(ctx, c.args[0], key)
	if err != nil {
		return err
	}
	if *format == "json" {
		err = c.json(v)
	} else {
		sayPackage(c, v)
	}
	if err == nil && v.Faults > 0 {
		err = errFault
	}
	return err
}

// sayPackage writes line by line what was verified and what was not, for people.
func sayPackage(c *command, v *evidence.Verification) {
	w := c.t.out
	if v.Case.ID != "" {
		fmt.Fprintf(w, "Package of the case %q, reference %q, of %q\n\n", v.Case.Title, v.Case.Reference, v.Case.Agency)
	}
	open := 0
	for _, check := range v.Checks {
		state := string(check.State)
		if check.State == evidence.Open {
			open++
		}
		if check.State == evidence.Fault {
			state = "FAULT"
		}
		fmt.Fprintf(w, "%-12s  %-9s  %s\n", state, check.Of, printable(check.Text))
	}
	if v.Faults > 0 {
		fmt.Fprintf(w, "\n%s: this package is not what its maker signed, or does not say what its transactions say.\n", goshawk.Count(v.Faults, "fault", "faults"))
		return
	}
	if open > 0 {
		fmt.Fprintf(w, "\nNo fault in what was verified. Not all was: %s above not verified.\n", goshawk.Count(open, "line says what is", "lines say what is"))
		return
	}
	fmt.Fprintf(w, "\nNo fault.\n")
}

// printable is foreign text without what could act on a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfeff {
			return '\ufffd'
		}
		return r
	}, s)
}
