package letter

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// Proposal is what a file seems to mean. What could mean two things is left open.
type Proposal struct {
	Mapping Mapping           `json:"mapping"`
	Why     map[string]string `json:"why"`  // by field of the mapping or column: what it was concluded from
	Open    []string          `json:"open"` // what somebody has to say
}

// names are the headers that a column is known by, without spaces, marks and case.
func names(l List, c Column) []string {
	switch c {
	case ColTime:
		all := []string{"time", "date", "datetime", "timestamp", "createdat", "created", "utctime", "timeutc", "dateutc", "booked", "bookedat", "creditedat", "credited"}
		if l == Withdrawals {
			all = append(all, "requested", "requestedat", "requesttime")
		}
		return all
	case ColPaid:
		return []string{"paid", "paidat", "sent", "sentat", "completed", "completedat", "processed", "processedat"}
	case ColAccount:
		return []string{"account", "accountid", "user", "userid", "uid", "customer", "customerid"}
	case ColReference:
		return []string{"reference", "ref", "id", "deposit", "depositid", "withdrawal", "withdrawalid", "refid", "txnid", "orderid"}
	case ColAddress:
		return []string{"address", "depositaddress", "withdrawaladdress", "toaddress", "destination", "destinationaddress", "walletaddress"}
	case ColTx:
		return []string{"tx", "txid", "txhash", "hash", "transaction", "transactionid", "transactionhash", "blockchaintx"}
	case ColOut:
		return []string{"output", "out", "vout", "outputindex", "index", "n"}
	case ColAmount:
		return append([]string{"amount", "quantity", "volume", "value"}, smallest()...)
	case ColFee:
		return []string{"fee", "fees", "networkfee", "withdrawalfee", "feesatoshis", "feesats"}
	case ColChange:
		return []string{"change", "delta", "amount", "movement"}
	case ColCredit:
		return []string{"credit", "in", "paidin"}
	case ColDebit:
		return []string{"debit", "out", "paidout"}
	case ColBalance:
		return []string{"balance", "balanceafter", "runningbalance", "accountbalance"}
	case ColAsset:
		return []string{"asset", "currency", "coin", "symbol", "ticker"}
	}
	return nil
}

// smallest are headers of amounts that say their unit.
func smallest() []string {
	return []string{"satoshis", "satoshi", "sats", "sat", "amountsatoshis", "amountsats", "amountsat"}
}

func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// ProposeList says which list a table's header looks like; "" where it could be several.
func (t *Table) ProposeList() List {
	has := func(of ...string) bool {
		return slices.ContainsFunc(t.Head, func(h string) bool { return slices.Contains(of, plainName(h)) })
	}
	var fits []List
	if has("balance", "balanceafter", "runningbalance") {
		return Statement
	}
	if has("deposit", "depositid", "depositaddress", "credited", "creditedat") {
		fits = append(fits, Deposits)
	}
	if has("withdrawal", "withdrawalid", "withdrawaladdress", "destination", "destinationaddress", "requested") {
		fits = append(fits, Withdrawals)
	}
	if len(fits) == 1 {
		return fits[0]
	}
	return ""
}

// Propose says what a table seems to mean as a list, for a coin of so many decimals. Only what the file itself
// leaves no doubt about is proposed, with the reason; everything else is open.
func (t *Table) Propose(l List, decimals int, ticker string) *Proposal {
	p := &Proposal{Mapping: Mapping{List: l, Delimiter: t.Delimiter, Columns: map[Column]int{}, Decimals: decimals}, Why: map[string]string{}}
	must, may := l.Columns()
	taken := map[int]Column{}
	for _, c := range slices.Concat(must, may) {
		var at []int
		for i, h := range t.Head {
			if slices.Contains(names(l, c), plainName(h)) {
				at = append(at, i)
			}
		}
		if len(at) != 1 {
			continue
		}
		if first, twice := taken[at[0]]; twice {
			delete(p.Mapping.Columns, first) // one header that could be two things
			delete(p.Why, string(first))
			continue
		}
		taken[at[0]] = c
		p.Mapping.Columns[c] = at[0]
		p.Why[string(c)] = "the header says “" + short(t.Head[at[0]]) + "”"
	}
	p.times(t)
	p.amounts(t)
	if at, ok := p.Mapping.Columns[ColAsset]; ok && ticker != "" {
		if slices.ContainsFunc(t.Rows, func(r []string) bool { return strings.EqualFold(strings.TrimSpace(r[at]), ticker) }) {
			p.Mapping.Asset, p.Why["asset name"] = ticker, "rows say so"
		}
	}
	p.Open = p.Mapping.Check(len(t.Head))
	if at, ok := p.Mapping.Columns[ColTime]; ok && p.Mapping.Time != "" && p.Mapping.Zone == "" {
		if _, err := p.Mapping.moment(t.Rows[0][at], nil); err != nil {
			p.Open = append(p.Open, "zone")
		}
	}
	return p
}

// times finds the one form that fits every row.
func (p *Proposal) times(t *Table) {
	at, ok := p.Mapping.Columns[ColTime]
	if !ok {
		return
	}
	var fits []string
	for _, form := range TimeForms() {
		m := Mapping{Time: form}
		if !slices.ContainsFunc(t.Rows, func(r []string) bool { when, err := m.moment(r[at], time.UTC); return err != nil || !between(when) }) {
			fits = append(fits, form)
		}
	}
	if len(fits) == 1 {
		p.Mapping.Time, p.Why["time form"] = fits[0], "every row can be read so, and no other way"
	}
}

// amounts finds the unit and the decimal mark, where the file leaves no doubt.
func (p *Proposal) amounts(t *Table) {
	var columns []int
	for _, c := range []Column{ColAmount, ColChange, ColCredit, ColDebit, ColBalance, ColFee} {
		if at, ok := p.Mapping.Columns[c]; ok {
			columns = append(columns, at)
			if slices.Contains(smallest(), plainName(t.Head[at])) {
				p.Mapping.Unit, p.Why["unit"] = UnitSmallest, "the header says “"+short(t.Head[at])+"”"
			}
		}
	}
	if len(columns) == 0 {
		return
	}
	points, commas, doubt := 0, 0, false
	for _, row := range t.Rows {
		for _, at := range columns {
			s := strings.TrimSpace(row[at])
			point, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
			switch {
			case point < 0 && comma < 0:
			case point > comma && (comma >= 0 || len(s)-point-1 != 3 || strings.HasPrefix(strings.TrimLeft(s, "+-"), "0")):
				points++
			case comma > point && (point >= 0 || len(s)-comma-1 != 3 || strings.HasPrefix(strings.TrimLeft(s, "+-"), "0")):
				commas++
			default:
				doubt = true
			}
		}
	}
	switch {
	case points > 0 && commas == 0:
		p.Mapping.Decimal, p.Why["decimal mark"] = ".", "amounts are written so"
	case commas > 0 && points == 0:
		p.Mapping.Decimal, p.Why["decimal mark"] = ",", "amounts are written so"
	case !doubt && points == 0 && commas == 0:
		p.Mapping.Decimal, p.Why["decimal mark"] = ".", "no amount has any"
	}
	if p.Mapping.Unit == "" && points+commas > 0 && p.Mapping.Decimal != "" {
		p.Mapping.Unit, p.Why["unit"] = UnitCoin, "amounts have decimals"
	}
}
