package web

import (
	"strings"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
	"goshawk/workbench"
)

// benchRoutes are the pages of ledgers, rates, traces and watches.
func benchRoutes() []route {
	return []route{
		{"GET /ledgers", identity.ReadLedger, (*request).ledgersPage},
		{"POST /ledgers", identity.ManageServer, (*request).addLedgerForm},
		{"POST /ledgers/{ledger}/check", identity.ManageServer, (*request).checkLedgerForm},
		{"POST /ledgers/{ledger}/forget", identity.ManageServer, (*request).forgetLedgerForm},
		{"POST /rates", identity.ManageServer, (*request).importRatesForm},
		{"GET /cases/{case}/runs", identity.ReadCase, (*request).runsPage},
		{"POST /cases/{case}/runs", identity.ChangeCase, (*request).beginRunForm},
		{"GET /cases/{case}/runs/{run}", identity.ReadCase, (*request).runPage},
		{"POST /cases/{case}/runs/{run}/cancel", identity.ChangeCase, (*request).cancelRunForm},
		{"POST /cases/{case}/runs/{run}/again", identity.ChangeCase, (*request).againRunForm},
		{"GET /cases/{case}/watches", identity.ReadCase, (*request).watchesPage},
		{"POST /cases/{case}/watches", identity.ChangeCase, (*request).addWatchForm},
		{"POST /cases/{case}/watches/{watch}/end", identity.ChangeCase, (*request).endWatchForm},
		{"POST /cases/{case}/watches/{watch}/tell", identity.ChangeCase, (*request).tellForm},
		{"POST /cases/{case}/alerts/{alert}/seen", identity.ChangeCase, (*request).seenAlertForm},
	}
}

// ledgersPage shows which chains can be asked, and what is known of labels and rates.
func (q *request) ledgersPage() error {
	b, err := q.bench()
	if err != nil {
		return err
	}
	list, err := b.List(q.Context(), q.subject)
	if err != nil {
		return err
	}
	sources, err := b.LabelSources()
	if err != nil {
		q.s.Log.Error("the label store cannot be read", "error", err)
	}
	var spans []store.RateSpan
	if err := q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		spans, err = tx.RateSpans()
		return err
	}); err != nil {
		return err
	}
	v := q.page("")
	v.title = v.t("nav.ledgers")
	return q.show(v, ledgersPage(v, list, sources, spans))
}

func (q *request) addLedgerForm() error {
	b, err := q.bench()
	if err == nil {
		err = q.form()
	}
	if err == nil {
		err = b.Add(q.Context(), q.subject, goshawk.ID(strings.TrimSpace(q.PostForm.Get("name"))), strings.TrimSpace(q.PostForm.Get("path")))
	}
	if err != nil {
		return err
	}
	return q.done("/ledgers", "ledger_added", 0)
}

func (q *request) checkLedgerForm() error {
	b, err := q.bench()
	if err == nil {
		err = b.Check(q.Context(), q.subject, goshawk.ID(q.PathValue("ledger")))
	}
	if err != nil {
		return err
	}
	return q.done("/ledgers", "ledger_checking", 0)
}

func (q *request) forgetLedgerForm() error {
	b, err := q.bench()
	if err == nil {
		err = b.Remove(q.Context(), q.subject, goshawk.ID(q.PathValue("ledger")))
	}
	if err != nil {
		return err
	}
	return q.done("/ledgers", "ledger_forgotten", 0)
}

// importRatesForm takes pasted rates: a file's text.
func (q *request) importRatesForm() error {
	b, err := q.bench()
	if err == nil {
		err = q.form()
	}
	if err != nil {
		return err
	}
	text := strings.ReplaceAll(q.PostForm.Get("text"), "\r\n", "\n")
	if _, err := b.ImportRates(q.Context(), q.subject, q.PostForm.Get("name"), strings.TrimSpace(q.PostForm.Get("asset")), strings.NewReader(text)); err != nil {
		return err
	}
	return q.done("/ledgers", "rates_imported", 0)
}

// state is how a ledger is: a word of the catalogue, and how it looks.
func ledgerState(l *workbench.Status) (key, look string) {
	switch {
	case l.Fault != "":
		return "ledger.state_fault", "bad"
	case l.Checked != nil && l.Checked.Running:
		return "ledger.state_checking", "waiting"
	case l.Checked != nil && (l.Checked.Failed != "" || len(l.Checked.Faults) > 0):
		return "ledger.state_damaged", "bad"
	case l.Checked != nil:
		return "ledger.state_checked", "good"
	}
	return "ledger.state_open", "open"
}
