package letter

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"goshawk"
)

// Identifier is one thing of a letter by which a service can find its customer.
type Identifier struct {
	Address string  `json:"address,omitempty"`
	Tx      string  `json:"tx,omitempty"`
	Out     *uint32 `json:"out,omitempty"`
	// Amount is what is followed of the coin, in smallest units; empty where nothing is.
	Amount string `json:"amount,omitempty"`
	// Value is what the coin is worth, in smallest units; empty where nobody looked.
	Value  string     `json:"value,omitempty"`
	Time   *time.Time `json:"time,omitempty"` // of the block
	Height int32      `json:"height,omitempty"`
	// Why says why it is thought to be the service's: who says so and how sure, or the inference.
	Why      string `json:"why,omitempty"`
	Inferred bool   `json:"inferred,omitempty"`
}

// Coin is the outpoint, TXID:N; "" where no coin is meant.
func (i *Identifier) Coin() string {
	if i.Tx == "" || i.Out == nil {
		return ""
	}
	return i.Tx + ":" + strconv.FormatUint(uint64(*i.Out), 10)
}

// Identifiers is what a letter's record holds of them.
type Identifiers struct {
	Network  string       `json:"network,omitempty"`
	Ticker   string       `json:"ticker,omitempty"`
	Decimals int          `json:"decimals,omitempty"`
	Ledger   goshawk.ID   `json:"ledger,omitempty"`
	Method   string       `json:"method,omitempty"` // by which the amounts were followed
	Rows     []Identifier `json:"rows"`
	// Cut is how many more there may be that are not named: ends that a trace's record does not list, coins of an address.
	Cut int `json:"cut,omitempty"`
	// Prices are the daily rates that were known when the identifiers were collected; nil where values are told in no currency.
	Prices *Prices `json:"prices,omitempty"`
}

// Prices are a currency's daily rates of the letter's coin. They stay as they were when the letter was begun.
type Prices struct {
	Currency string            `json:"currency"`
	Days     map[string]string `json:"days"`  // of one whole coin, by day (UTC); a day that is not here had none
	Files    []string          `json:"files"` // SHA-256 of those that say so
}

// price is the day of an identifier's coin, and the rate of that day; "" where there is none.
func (x *Identifiers) price(r *Identifier) (day, price string) {
	if x.Prices == nil || r.Time == nil {
		return "", ""
	}
	day = r.Time.UTC().Format(time.DateOnly)
	return day, x.Prices.Days[day]
}

// ValueOf is what units of an identifier's coin were worth on its day, rounded to hundredths; "" where nobody can say.
func (x *Identifiers) ValueOf(r *Identifier, units string) string {
	_, price := x.price(r)
	var n goshawk.Units
	if price == "" || units == "" || n.SetFromDecimal(units) != nil {
		return ""
	}
	_, rounded, err := goshawk.Worth(min(max(x.Decimals, 0), 77), goshawk.AtPrice{Units: n, Price: price})
	if err != nil { // what came from elsewhere as a price
		return ""
	}
	return rounded
}

// Worth says what units of an identifier's coin were worth, for people: a value, or that the day's rate is missing. It is "" where
// values are told in no currency, or where nobody can say when the coin was made.
func (x *Identifiers) Worth(r *Identifier, units string) string {
	day, _ := x.price(r)
	if day == "" || units == "" {
		return ""
	}
	if v := x.ValueOf(r, units); v != "" {
		return goshawk.Group(v) + " " + x.Prices.Currency + " at the rate of " + day
	}
	return "no " + x.Prices.Currency + " rate of " + day
}

// MostIdentifiers is how many things one letter names.
const MostIdentifiers = 2_000

// Amount writes smallest units as people do, with the units beside: nothing is rounded.
func (x *Identifiers) Amount(units string) string {
	var n goshawk.Units
	if units == "" || n.SetFromDecimal(units) != nil {
		return units
	}
	a := goshawk.Asset{Ticker: x.Ticker, Decimals: uint8(min(max(x.Decimals, 0), 77))}
	return strings.TrimSpace(goshawk.Group(a.Decimal(n)) + " " + a.Ticker)
}

// Asked is one thing that a letter asks for.
type Asked string

// What can be asked. The words in which a letter says it: Words.
const (
	Identity  Asked = "identity"  // who the customer is
	Account   Asked = "account"   // deposits, withdrawals, trades, balances
	Logins    Asked = "logins"    // when, from where, by which device
	Linked    Asked = "linked"    // other accounts of the same person, document, device or line
	Preserve  Asked = "preserve"  // keep what there is
	Freeze    Asked = "freeze"    // let nothing out
	Discreet  Asked = "discreet"  // do not tell the customer
	Emergency Asked = "emergency" // somebody's life is in danger
)

// AskedFor lists what can be asked, in the order of letters.
func AskedFor() []Asked {
	return []Asked{Emergency, Identity, Account, Logins, Linked, Preserve, Freeze, Discreet}
}

// Words are what a letter says for it. days is for how long something is to be kept or held; 0: nobody said.
func (a Asked) Words(days int) string {
	term := ""
	if days > 0 {
		term = ", for " + goshawk.Count(days, "day", "days") + " from the date of this letter"
	}
	switch a {
	case Emergency:
		return "Treat this as an emergency request: a person's life or safety is in danger, as set out in this letter."
	case Identity:
		return "Disclose who holds the account or accounts to which the identifiers belong: name, date of birth, nationality, postal and e-mail addresses, telephone numbers, " +
			"copies of the identity documents and pictures given, bank accounts and cards linked, and the dates of each."
	case Account:
		return "Disclose the complete statement of each such account in the period: every deposit, withdrawal, transfer, trade and fee, with time (UTC), asset, amount, balance after it, " +
			"address, transaction id and output, as CSV or a spreadsheet, so that it can be matched with the chain."
	case Logins:
		return "Disclose the log of access to each such account in the period: times (UTC), network addresses with port, devices and their identifiers."
	case Linked:
		return "Disclose which other accounts share a person, document, device, network address, bank account or withdrawal address with them."
	case Preserve:
		return "Preserve all records about these accounts, from deletion in the ordinary course as well" + term + "."
	case Freeze:
		return "Restrain the assets in these accounts, and withdrawals from them" + term + ", and say what is held, by asset and amount."
	case Discreet:
		return "Do not tell the customer, or anybody else, of this letter, on the legal basis named."
	}
	return string(a)
}

// Letter is all that a letter says.
type Letter struct {
	Service   string
	Profile   Profile // how the service wants to be written to; zero: nothing is known
	Agency    string
	Officer   string
	Email     string
	Reference string
	Date      time.Time // when it is written
	Due       string    // a day; may be empty
	From      string    // the period, as days or times; may be empty
	Until     string
	Ask       []Asked
	Days      int // for how long things are to be kept or held
	Paper     string
	Marking   string
	Language  string // BCP 47
	Identifiers
}

// Missing lists what a letter lacks that a service will ask back for, in the words of the form. Nothing
// of it keeps a draft from being written; some of it keeps a letter from being sent.
func (l *Letter) Missing() []string {
	var list []string
	lack := func(is bool, what string) {
		if is {
			list = append(list, what)
		}
	}
	lack(len(l.Rows) == 0, "identifiers")
	lack(l.Cut > 0, "cut")
	lack(len(l.Ask) == 0, "ask")
	lack(strings.TrimSpace(l.Paper) == "", "paper")
	lack(strings.TrimSpace(l.Reference) == "", "reference")
	lack((slices.Contains(l.Ask, Account) || slices.Contains(l.Ask, Logins)) && (l.From == "" || l.Until == ""), "period")
	lack((slices.Contains(l.Ask, Freeze) || slices.Contains(l.Ask, Preserve)) && l.Days == 0, "hold")
	return list
}
