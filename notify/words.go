package notify

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"goshawk"
	"goshawk/casebook"
	"goshawk/store"
)

// mostListed is how many movements one mail lists.
const mostListed = 50

// movement is what a message says of what moved.
type movement struct {
	Network  string `json:"network"`
	Tx       string `json:"tx"`
	What     string `json:"what"`
	Address  string `json:"address"`
	Coin     string `json:"coin"`
	Received string `json:"received"`
	Spent    string `json:"spent"`
	Ticker   string `json:"ticker"`
	Decimals int    `json:"decimals"`
}

// block is where it stands on the chain.
type block struct {
	Height int32     `json:"height"`
	Time   time.Time `json:"time"`
}

// Words says what mails say, from a catalogue of messages: T by a key, filled in with pairs of names and values; N about a
// number of things.
type Words interface {
	T(key string, pairs ...any) string
	N(key string, count int, pairs ...any) string
}

// letter words messages about one case, to one person, as one mail. base is where people find the server.
func letter(w Words, base string, list []store.Message) (subject, text string) {
	body := &list[0].Body
	about := w.T("post.about_one")
	if body.Reference != "" {
		about = w.T("post.about", "Reference", clip(body.Reference, 80))
	}
	subject = w.N("post.subject", len(list), "About", about)
	var b strings.Builder
	b.WriteString(w.T("post.moved", "About", about) + "\n")
	for i := range list[:min(len(list), mostListed)] {
		b.WriteString("\n" + told(w, &list[i].Body))
	}
	if more := len(list) - mostListed; more > 0 {
		b.WriteString("\n" + w.N("post.more", more) + "\n")
	}
	fmt.Fprintf(&b, "\n%s\n%s/cases/%s/watches\n\n%s\n", w.T("post.look"), base, body.Case, w.T("post.foot"))
	return subject, b.String()
}

// told words one movement.
func told(w Words, n *casebook.NoticeBody) string {
	var m movement
	var at block
	state := clip(n.State, 40)
	switch n.State {
	case "confirmed":
		state = w.T("post.confirmed")
	case "unconfirmed":
		state = w.T("post.unconfirmed")
	case "dropped":
		state = w.T("post.dropped")
	case "taken back":
		state = w.T("post.taken_back")
	}
	if json.Unmarshal(n.Movement, &m) != nil || len(n.Block) > 0 && json.Unmarshal(n.Block, &at) != nil {
		return w.T("post.unread", "State", state) + "\n"
	}
	asset := goshawk.Asset{Ticker: m.Ticker, Decimals: uint8(min(max(m.Decimals, 0), 77))}
	amount := func(units string) string {
		var n goshawk.Units
		if n.SetFromDecimal(units) != nil {
			return units
		}
		return goshawk.Group(asset.Decimal(n)) + " " + asset.Ticker
	}
	var what []string
	if m.Received != "" {
		what = append(what, w.T("post.received", "Amount", amount(m.Received)))
	}
	if m.Spent != "" {
		what = append(what, w.T("post.spent", "Amount", amount(m.Spent)))
	}
	var b strings.Builder
	b.WriteString(strings.TrimSpace(fmt.Sprintf("%s, %s: %s", state, m.Network, strings.Join(what, ", "))) + "\n")
	row := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "  %-12s %s\n", name, value)
		}
	}
	row(w.T("post.address"), m.Address)
	row(w.T("post.coin"), m.Coin)
	row(w.T("post.transaction"), m.Tx)
	if !at.Time.IsZero() && (n.State == "confirmed" || n.State == "taken back") {
		row(w.T("post.block"), goshawk.Group(fmt.Sprint(at.Height))+", "+at.Time.UTC().Format(time.DateTime)+" UTC")
	}
	row(w.T("post.seen"), n.At.UTC().Format(time.DateTime)+" UTC")
	return b.String()
}

// call is the body of a webhook.
type call struct {
	Type      string     `json:"type"`
	Timestamp time.Time  `json:"timestamp"` // when the message was made
	ID        goshawk.ID `json:"id"`
	Data      any        `json:"data"`
}

// payload is what a webhook is sent for a message: the same bytes each time.
func payload(m *store.Message) ([]byte, error) {
	return json.Marshal(call{"alert." + strings.ReplaceAll(m.Body.State, " ", "_"), m.Body.At, m.ID, &m.Body})
}

func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n]) + "…"
}

// payloadOfTry is what a webhook is sent when somebody tries it.
func payloadOfTry(id goshawk.ID, at time.Time) ([]byte, error) {
	return json.Marshal(call{"try", at, id, struct{}{}})
}
