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

// letter words messages about one case, to one person, as one mail. base is where people find the server.
func letter(base string, list []store.Message) (subject, text string) {
	body := &list[0].Body
	about := "one of your cases"
	if body.Reference != "" {
		about = "the case " + clip(body.Reference, 80)
	}
	subject = "Movement in " + about
	if len(list) > 1 {
		subject = fmt.Sprintf("%d movements in %s", len(list), about)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "What is watched in %s has moved.\n", about)
	for i := range list[:min(len(list), mostListed)] {
		fmt.Fprintf(&b, "\n%s", told(&list[i].Body))
	}
	if more := len(list) - mostListed; more > 0 {
		fmt.Fprintf(&b, "\nAnd %d more.\n", more)
	}
	fmt.Fprintf(&b, "\nLook at it:\n%s/cases/%s/watches\n", base, body.Case)
	b.WriteString("\nThis mail says no more than that, because others may read it on its way. It comes from Goshawk, to members of the case whom a watch names: the same page takes your name off.\n")
	return subject, b.String()
}

// told words one movement.
func told(n *casebook.NoticeBody) string {
	var m movement
	var at block
	if json.Unmarshal(n.Movement, &m) != nil || len(n.Block) > 0 && json.Unmarshal(n.Block, &at) != nil {
		return clip(n.State, 40) + ": the page says what\n"
	}
	asset := goshawk.Asset{Ticker: m.Ticker, Decimals: uint8(min(max(m.Decimals, 0), 77))}
	amount := func(units string) string {
		var n goshawk.Units
		if n.SetFromDecimal(units) != nil {
			return units
		}
		return goshawk.Group(asset.Decimal(n)) + " " + asset.Ticker
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s:", strings.ToUpper(n.State), m.Network)
	if m.Received != "" {
		fmt.Fprintf(&b, " received %s", amount(m.Received))
	}
	if m.Spent != "" {
		if m.Received != "" {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " spent %s", amount(m.Spent))
	}
	b.WriteString("\n")
	if m.Address != "" {
		fmt.Fprintf(&b, "  address      %s\n", m.Address)
	}
	if m.Coin != "" {
		fmt.Fprintf(&b, "  coin         %s\n", m.Coin)
	}
	fmt.Fprintf(&b, "  transaction  %s\n", m.Tx)
	if !at.Time.IsZero() && (n.State == "confirmed" || n.State == "taken back") {
		fmt.Fprintf(&b, "  block        %s, %s UTC\n", goshawk.Group(fmt.Sprint(at.Height)), at.Time.UTC().Format(time.DateTime))
	}
	fmt.Fprintf(&b, "  seen         %s UTC\n", n.At.UTC().Format(time.DateTime))
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
