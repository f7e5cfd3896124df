package casebook

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"goshawk"
)

// Way is how somebody is told what moved.
type Way string

// The ways.
const (
	ByMail    Way = "mail"    // to a member of the case
	ByWebhook Way = "webhook" // to a program of the case's agency
)

// Notice is a message about an alert that is to go out. It is stored in the transaction that writes the
// alert: what is in a case is told, and nothing else is.
type Notice struct {
	ID   goshawk.ID
	Case goshawk.ID
	Way  Way
	To   goshawk.ID // a person, or a webhook
	Made time.Time
	Body NoticeBody
}

// NoticeBody is all that leaves the server: which case, by the reference that it has outside, and what
// moved. Nothing that people wrote in the case is in it.
type NoticeBody struct {
	Case      goshawk.ID      `json:"case"`
	Reference string          `json:"reference,omitempty"`
	Change    int64           `json:"change"` // of the case
	At        time.Time       `json:"at"`     // of the change
	Watch     goshawk.ID      `json:"watch"`
	Alert     goshawk.ID      `json:"alert"`
	State     string          `json:"state"`
	Movement  json.RawMessage `json:"movement"`
	Block     json.RawMessage `json:"block,omitempty"`
}

// mailTo begins the fields of a watch that say which members are told by mail.
const mailTo = "mail/"

// notices makes the messages that a change of alerts is to send, and stores them with it.
func (b *Book) notices(tx Tx, id goshawk.ID, c *Change) error {
	var alerts []goshawk.ID
	for _, e := range c.Edits {
		if e.Kind == KindAlert && e.Name == "state" && !slices.Contains(alerts, e.ID) {
			alerts = append(alerts, e.ID)
		}
	}
	if len(alerts) == 0 {
		return nil
	}
	whole, err := tx.Case(id, KindWatch)
	if err != nil {
		return err
	}
	var hooks []goshawk.ID
	for _, alert := range alerts {
		now := Record{}
		for _, name := range []string{"watch", "movement", "state", "block"} {
			if now[name], err = tx.Field(id, Field{KindAlert, alert, name}); err != nil {
				return err
			}
		}
		watch := goshawk.ID(now.Text("watch"))
		rec := whole.Records[KindWatch][watch]
		if rec == nil || rec.Gone() {
			continue
		}
		body := NoticeBody{id, whole.Reference, c.Seq, c.At, watch, alert, now.Text("state"), now["movement"].JSON, now["block"].JSON}
		var list []Notice
		for name := range rec {
			if person, to := strings.CutPrefix(name, mailTo); to && rec.Flag(name) {
				at, err := tx.Standing(id, goshawk.ID(person))
				if err != nil {
					return err
				}
				if at != nil && at.Part != "" {
					list = append(list, Notice{Way: ByMail, To: goshawk.ID(person), Body: body})
				}
			}
		}
		if rec.Flag("webhook") && hooks == nil {
			if hooks, err = tx.Hooks(whole.Agency); err != nil {
				return err
			}
		}
		if rec.Flag("webhook") {
			for _, h := range hooks {
				list = append(list, Notice{Way: ByWebhook, To: h, Body: body})
			}
		}
		for j := range list {
			n := &list[j]
			n.ID, n.Case, n.Made = noticeID(id, c.Seq, alert, n.Way, n.To), id, c.At
			if err := tx.Queue(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// noticeID names a message: the same change is told the same people under the same name.
func noticeID(c goshawk.ID, seq int64, alert goshawk.ID, way Way, to goshawk.ID) goshawk.ID {
	sum := sha256.Sum256(fmt.Appendf(nil, "notice\n%s\n%d\n%s\n%s\n%s", c, seq, alert, way, to))
	return goshawk.ID(hex.EncodeToString(sum[:16]))
}
