package web

import (
	"errors"
	"strings"
	"time"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// errWrong says that somebody is not let in, and not why.
var errWrong = errors.New("the e-mail address, the password or the code is not right")

func wrong() error {
	return goshawk.Errorf(goshawk.Stranger, "%w", errWrong).WithHint("each code of the authenticator works once; if it keeps being refused, look whether the clock of its telephone is right")
}

// account is somebody who may be about to sign in; unknown to all who ask whether there is such.
type account struct {
	person   *identity.Person // nil: there is none, or they may not sign in
	password *identity.Password
	attempts identity.Attempts
}

// account finds one by its e-mail address.
func (q *request) account(email string, via identity.Via) (*account, error) {
	a := &account{}
	err := q.s.Store.View(q.Context(), func(tx *store.Tx) error {
		p, _, err := tx.PersonByEmail(email)
		if goshawk.CodeOf(err) != goshawk.NotFound && err != nil {
			return err
		}
		if err == nil && !p.Disabled {
			a.person = &p
		}
		if a.password, err = tx.Password(p.ID); err != nil {
			return err
		}
		a.attempts, err = tx.Attempts(p.ID, via)
		return err
	})
	if a.person == nil {
		a.password, a.attempts = nil, q.s.signs().limit.stranger(string(via)+" "+email, false, q.s.Now())
	}
	return a, err
}

// attempt lets somebody try what can be guessed: enter says whether they are let in. What it costs, and
// what is answered, is the same whether there is such an account or not.
func (q *request) attempt(email string, via identity.Via, enter func(*account) error) error {
	g := q.s.signs()
	now := q.s.Now()
	if email == "" || len(email) > 254 {
		return goshawk.Errorf(goshawk.Invalid, "your e-mail address is missing")
	}
	back, ok := g.limit.enter(via, q.from(), now)
	if !ok {
		return q.busy(now)
	}
	leave, err := g.turn(q.Context(), email)
	if err != nil {
		return err
	}
	defer leave()
	a, err := q.account(email, via)
	if err != nil {
		return err
	}
	if a.attempts.Locked(now) {
		return q.busy(a.attempts.Until)
	}
	switch err := enter(a); {
	case err == nil:
		back()
		return nil
	case !errors.Is(err, errWrong) && !errors.Is(err, errGone):
		back()
		return err
	}
	if a.person == nil {
		a.attempts = g.limit.stranger(string(via)+" "+email, true, now)
	} else {
		a.attempts = a.attempts.Fail(now)
	}
	if err := q.refused(a.person, via, &a.attempts); err != nil {
		return err
	}
	return wrong()
}

// byPassword signs somebody in with a password and a code.
func (q *request) byPassword() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	err := q.attempt(strings.ToLower(q.field("email")), identity.ViaPassword, func(a *account) error {
		g := q.s.signs()
		now := q.s.Now()
		hash, secret, step := g.decoy, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", int64(0)
		if a.password != nil {
			hash, secret, step = a.password.Hash, a.password.Secret, a.password.Step
		}
		leave, err := queue(q.Context(), g.tries)
		if err != nil {
			return err
		}
		right, err := identity.CheckPassword(hash, q.PostFormValue("password"))
		leave()
		if err != nil {
			return err
		}
		step = identity.CheckCode(secret, q.PostFormValue("code"), step, now)
		if a.person == nil || a.password == nil || !right || step == 0 {
			return wrong()
		}
		return q.admit(a.person, identity.ViaPassword, now, "signed in", func(tx *store.Tx) error {
			if first, err := tx.TakeStep(a.person.ID, step); err != nil {
				return err
			} else if !first {
				return wrong()
			}
			return tx.SetAttempts(a.person.ID, identity.ViaPassword, identity.Attempts{})
		})
	})
	if err != nil {
		return q.showSignIn(err)
	}
	return q.signedInto(q.PostFormValue("next"))
}

// byRecovery signs somebody in with one of their recovery codes, to set up another way in.
func (q *request) byRecovery() error {
	if err := q.smallForm(); err != nil {
		return err
	}
	err := q.attempt(strings.ToLower(q.field("email")), identity.ViaRecovery, func(a *account) error {
		p := a.person
		if p == nil {
			p = &identity.Person{} // whom no code is of
		}
		return q.admit(p, identity.ViaRecovery, time.Time{}, "signed in with a recovery code", func(tx *store.Tx) error {
			if taken, err := tx.TakeRecovery(p.ID, identity.HashCode(q.PostFormValue("code"))); err != nil {
				return err
			} else if !taken {
				return wrong()
			}
			return tx.SetAttempts(p.ID, identity.ViaRecovery, identity.Attempts{})
		})
	})
	if err != nil {
		return q.showSignIn(err)
	}
	return q.signedInto("")
}
