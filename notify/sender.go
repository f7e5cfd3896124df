package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"log/slog"
	"sync"
	"time"

	"goshawk"
	"goshawk/audit"
	"goshawk/casebook"
	"goshawk/identity"
	"goshawk/store"
)

// How messages go out.
const (
	lookEvery   = 2 * time.Second
	mostClaimed = 200
	atOnce      = 4                   // mails and calls at the same time
	claimedFor  = 5 * time.Minute     // by one server: it has ended, or was killed, after that
	firstPause  = 30 * time.Second    // doubled after each failure
	longestWait = 6 * time.Hour       //
	givenUp     = 3 * 24 * time.Hour  // after it was made
	forgotten   = 90 * 24 * time.Hour // after it ended
)

// Sender brings what lies in the outbox to whom it is for. Several, of several servers on one database, share it.
type Sender struct {
	Store *store.Store
	Mail  *Mailer // nil: there is no mail server
	Hooks *Caller
	Words Words  // what mails say
	URL   string // where people find the server: https://HOST
	Now   func() time.Time
	Log   *slog.Logger
}

// Run sends until the context ends, and waits for what is being sent.
func (s *Sender) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if err := s.Once(ctx); err != nil && ctx.Err() == nil {
			s.Log.Error("the outbox cannot be sent from", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Once sends all that is due.
func (s *Sender) Once(ctx context.Context) error {
	for {
		now := s.Now()
		list, err := s.Store.Claim(ctx, now, now.Add(claimedFor), mostClaimed)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return nil
		}
		if err := s.share(ctx, now, list); err != nil {
			return err
		}
	}
}

// share sends what was claimed, a few at a time: what goes to one, one after the other.
func (s *Sender) share(ctx context.Context, claimed time.Time, list []store.Message) error {
	type target struct {
		way casebook.Way
		to  goshawk.ID
		of  goshawk.ID
	}
	var order []target
	by := map[target][]store.Message{}
	for _, m := range list {
		t := target{m.Way, m.To, ""}
		if m.Way == casebook.ByMail {
			t.of = m.Case // a mail is about one case
		}
		if by[t] == nil {
			order = append(order, t)
		}
		by[t] = append(by[t], m)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	turns := make(chan struct{}, atOnce)
	for _, t := range order {
		turns <- struct{}{}
		wg.Go(func() {
			defer func() { <-turns }()
			var err error
			if t.way == casebook.ByMail {
				err = s.mail(ctx, by[t])
			} else {
				err = s.call(ctx, claimed, by[t])
			}
			mu.Lock()
			defer mu.Unlock()
			failed = errors.Join(failed, err)
		})
	}
	wg.Wait()
	return failed
}

// mail sends messages about one case to one person, as one mail.
func (s *Sender) mail(ctx context.Context, list []store.Message) error {
	m := &list[0]
	var p identity.Person
	allowed := false
	err := s.Store.View(ctx, func(tx *store.Tx) (err error) {
		if p, _, err = tx.Person(m.To); err != nil {
			return err
		}
		at, err := tx.Standing(m.Case, m.To)
		allowed = err == nil && at != nil && at.Part != "" && !p.Disabled
		return err
	})
	switch {
	case err != nil && goshawk.CodeOf(err) != goshawk.NotFound:
		return err
	case !allowed:
		return s.end(ctx, list, store.MessageWithheld, "who was to be told is no member of the case any more", nil)
	case s.Mail == nil:
		return s.failed(ctx, list, faultf(false, "no mail server is set up"))
	}
	subject, text := letter(s.Words, s.URL, list)
	l := &Letter{ID: letterID(list), To: p.Email, Subject: subject, Text: text, Made: s.Now()}
	for i := range list {
		l.Messages = append(l.Messages, list[i].ID)
	}
	if err := s.Mail.Send(ctx, l); err != nil {
		return s.failed(ctx, list, err)
	}
	return s.end(ctx, list, store.MessageTold, "", &audit.Entry{What: "told " + string(p.ID) + " by mail what moved: " + goshawk.Count(len(list), "movement", "movements")})
}

// letterID names a mail by what is in it.
func letterID(list []store.Message) goshawk.ID {
	h := sha256.New()
	for i := range list {
		h.Write([]byte(list[i].ID))
	}
	return goshawk.ID(hex.EncodeToString(h.Sum(nil)[:16]))
}

// call calls one webhook with each message in turn. Where one fails the rest wait with it.
func (s *Sender) call(ctx context.Context, claimed time.Time, list []store.Message) error {
	var hook *store.Hook
	err := s.Store.View(ctx, func(tx *store.Tx) error {
		all, err := tx.AllHooks()
		for i := range all {
			if all[i].ID == list[0].To {
				hook = &all[i]
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if hook == nil {
		return s.end(ctx, list, store.MessageWithheld, "the webhook was removed", nil)
	}
	for i := range list {
		if s.Now().After(claimed.Add(claimedFor - 2*hookPatience)) {
			return nil // the rest is due again by itself
		}
		body, err := payload(&list[i])
		if err == nil {
			err = s.Hooks.Send(ctx, hook.URL, Secret(hook.Secret), list[i].ID, s.Now(), body)
		}
		if err != nil {
			return s.failed(ctx, list[i:], err)
		}
		if err := s.end(ctx, list[i:i+1], store.MessageTold, "", &audit.Entry{What: "told the webhook " + string(hook.ID) + " what moved"}); err != nil {
			return err
		}
	}
	return nil
}

// end notes what became of messages of one case, with what the trail says of it.
func (s *Sender) end(ctx context.Context, list []store.Message, state, why string, e *audit.Entry) error {
	ctx = context.WithoutCancel(ctx) // what was sent is not sent again because the server ends
	now := s.Now()
	note := func(tx *store.Tx) error {
		for i := range list {
			if err := tx.EndMessage(list[i].ID, state, why, now); err != nil {
				return err
			}
		}
		return tx.ForgetMessages(now.Add(-forgotten))
	}
	if e == nil {
		return s.Store.Note(ctx, note)
	}
	e.At, e.Action, e.Case, e.Via = now, string(identity.ReadCase), list[0].Case, string(identity.ViaConsole)
	return s.Store.Do(ctx, e, note)
}

// failed puts messages off, or gives them up.
func (s *Sender) failed(ctx context.Context, list []store.Message, why error) error {
	if ctx.Err() != nil {
		return ctx.Err() // they are due again by themselves
	}
	now := s.Now()
	s.Log.Warn("a message was not taken", "way", list[0].Way, "tries", list[0].Tries, "why", why)
	words := why.Error()
	if _, ok := errors.AsType[*fault](why); !ok {
		words = "it cannot be written"
	}
	return s.Store.Note(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		for i := range list {
			m := &list[i]
			var err error
			if final(why) || now.Sub(m.Made) > givenUp {
				err = tx.EndMessage(m.ID, store.MessageRefused, words, now)
			} else {
				err = tx.PutOff(m.ID, words, now.Add(pause(m.Tries)))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// pause is how long to wait after so many tries.
func pause(tries int) time.Duration {
	wait := firstPause
	for range min(max(tries-1, 0), 20) {
		wait = min(2*wait, longestWait)
	}
	return wait
}

// TryMail sends somebody a mail that says that mail comes through.
func (s *Sender) TryMail(ctx context.Context, to string) error {
	if s.Mail == nil {
		return goshawk.Errorf(goshawk.Conflict, "no mail server is set up").WithHint("the server's operator names one with --mail-server")
	}
	err := s.Mail.Send(ctx, &Letter{ID: casebook.NewID(), To: to, Subject: s.Words.T("post.try_subject"), Text: s.Words.T("post.try", "URL", s.URL) + "\n", Made: s.Now()})
	return tried(err)
}

// TryHook calls a webhook with a message that says that it is a try.
func (s *Sender) TryHook(ctx context.Context, h *store.Hook) error {
	id := casebook.NewID()
	body, err := payloadOfTry(id, s.Now())
	if err != nil {
		return err
	}
	return tried(s.Hooks.Send(ctx, h.URL, Secret(h.Secret), id, s.Now(), body))
}

// tried gives what went wrong a code.
func tried(err error) error {
	if err == nil {
		return nil
	}
	return goshawk.Errorf(goshawk.Conflict, "it was not taken: %w", err).WithHint("what is wrong lies outside of this server, or in its settings")
}
