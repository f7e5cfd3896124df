package web

import (
	"slices"
	"strings"
	"time"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
)

// What becomes of the tokens that may have been made by a way in which is taken away.
const (
	tokensEnd  = "end"
	tokensKeep = "keep"
)

// since lists those of tokens that are good, and were made once a way in was set up: whoever had come by it may have made them.
func since(list []identity.Token, setUp, now time.Time) []identity.Token {
	return slices.DeleteFunc(slices.Clone(list), func(k identity.Token) bool {
		return !k.Live(now) || k.Created.Before(setUp.Truncate(time.Second)) // a token's time is in whole seconds
	})
}

// toEnd lists those of one's own tokens, made since a way in was set up, that end with it, by what was chosen. Where there are
// such and nothing was chosen it is a Conflict error that names them: none outlives its way in unseen.
func (q *request) toEnd(tx *store.Tx, setUp time.Time, choice string) ([]identity.Token, error) {
	list, err := tx.Tokens(q.subject.Person.ID)
	if err != nil {
		return nil, err
	}
	made := since(list, setUp, q.s.Now())
	switch choice {
	case tokensEnd:
		return made, nil
	case tokensKeep:
		return nil, nil
	case "":
		if len(made) == 0 {
			return nil, nil
		}
		names := make([]string, len(made))
		for i := range made {
			names[i] = made[i].Name
		}
		slices.Sort(names)
		return nil, goshawk.Errorf(goshawk.Conflict, "since this way in was set up tokens were made: %s", strings.Join(slices.Compact(names), ", ")).
			WithHint("say whether they end with it or are kept: whoever had come by it may have made them")
	}
	return nil, goshawk.Errorf(goshawk.Invalid, "%q says nothing of tokens", clipped(choice)).WithHint("end, or keep")
}

func (q *request) endThese(tx *store.Tx, list []identity.Token) error {
	for i := range list {
		if err := tx.EndToken(q.subject.Person.ID, list[i].ID); err != nil {
			return err
		}
	}
	return nil
}

// endAllTokens ends all of one's own tokens.
func (q *request) endAllTokens() error {
	return q.s.Store.Do(q.Context(), q.note(identity.EndSelf, "ended all tokens"), func(tx *store.Tx) error { return tx.EndTokens(q.subject.Person.ID) })
}

func (q *request) endOwnTokens() error {
	if err := q.endAllTokens(); err != nil {
		return err
	}
	return q.done("/account", "tokens_ended", 0)
}

func endTokens(q *request, _ *struct{}) (*struct{}, error) { return nil, q.endAllTokens() }
