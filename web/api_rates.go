package web

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"goshawk"
	"goshawk/identity"
	"goshawk/store"
	"goshawk/workbench"
)

func rateCalls() []call {
	return []call{
		{id: "list-rates", pattern: "GET /rates", action: identity.ReadLedger, summary: "List rates",
			about: "Of which days there are rates, and which files said so last.", handle: typed(listRates)},
		{id: "import-rates", pattern: "POST /rates", action: identity.ManageServer, summary: "Import rates", status: http.StatusCreated,
			about: "Daily rates as CSV: the columns date, currency, price, and asset, which may be left out where `asset` says whose prices they are. A price is of one whole coin. A file with any line that cannot be read is refused whole.",
			adjust: func(op *huma.Operation) {
				op.RequestBody = &huma.RequestBody{Required: true, Description: "the CSV file", Content: map[string]*huma.MediaType{"text/csv": {Schema: &huma.Schema{Type: huma.TypeString}}}}
				op.MaxBodyBytes = 32 << 20
			}, handle: typed(importRates)},
		{id: "read-worth", pattern: "GET /ledgers/{ledger}/worth", action: identity.ReadLedger, summary: "Say what an amount was worth",
			about: "The value of an amount of a ledger's coin in a currency, by the rate of the day (UTC): exact, and rounded to hundredths. Where there is no rate of that day, `missing` says so: no other day's is taken for it.", handle: typed(readWorth)},
		{id: "read-day-rates", pattern: "GET /ledgers/{ledger}/rates", action: identity.ReadLedger, summary: "Read rates day by day",
			about: "The rates of a ledger's coin in a currency, of the days (UTC) from `first` to `last`, as `worth` takes them. A day without a rate is left out.", handle: typed(readDayRates)},
	}
}

type listRatesOutput struct {
	Body struct {
		Rates   []store.RateSpan   `json:"rates" nullable:"false"`
		Sources []store.RateSource `json:"sources" nullable:"false"`
	} `nameHint:"RateList"`
}

func listRates(q *request, _ *struct{}) (*listRatesOutput, error) {
	out := &listRatesOutput{}
	return out, q.s.Store.View(q.Context(), func(tx *store.Tx) (err error) {
		if out.Body.Rates, err = tx.RateSpans(); err == nil {
			out.Body.Sources, err = tx.RateSources(100)
		}
		return err
	})
}

type importRatesInput struct {
	Name  string `query:"name" required:"true" minLength:"1" maxLength:"200" doc:"the file's"`
	Asset string `query:"asset" maxLength:"32" doc:"whose prices they are, where the file has no such column: a network's name, or a coin's ticker"`
}

type importRatesOutput struct {
	Body *workbench.ImportedRates
}

func importRates(q *request, in *importRatesInput) (*importRatesOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	done, err := b.ImportRates(q.Context(), q.subject, in.Name, in.Asset, &flowing{q.Body, http.NewResponseController(q.w)})
	return &importRatesOutput{done}, err
}

type worthInput struct {
	LedgerInput
	Amount   string    `query:"amount" required:"true" pattern:"^[0-9]{1,78}$" doc:"in smallest units"`
	At       time.Time `query:"at" required:"true" doc:"when it moved"`
	Currency string    `query:"currency" required:"true" pattern:"^[A-Z]{3,5}$"`
}

type worthOutput struct {
	Body *workbench.Worth
}

func readWorth(q *request, in *worthInput) (*worthOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	var units goshawk.Units
	if err := units.SetFromDecimal(in.Amount); err != nil {
		return nil, goshawk.Errorf(goshawk.Invalid, "%q is no amount", in.Amount)
	}
	held, err := b.Use(q.Context(), goshawk.ID(in.Ledger))
	if err != nil {
		return nil, err
	}
	defer held.Release()
	w, err := b.Worth(q.Context(), held.Known.Asset, &units, in.At, in.Currency)
	return &worthOutput{w}, err
}

type dayRatesInput struct {
	LedgerInput
	Currency string    `query:"currency" required:"true" pattern:"^[A-Z]{3,5}$"`
	First    time.Time `query:"first" required:"true" timeFormat:"2006-01-02" format:"date"`
	Last     time.Time `query:"last" required:"true" timeFormat:"2006-01-02" format:"date"`
}

type dayRatesOutput struct {
	Body *workbench.DayRates
}

func readDayRates(q *request, in *dayRatesInput) (*dayRatesOutput, error) {
	b, err := q.bench()
	if err != nil {
		return nil, err
	}
	held, err := b.Use(q.Context(), goshawk.ID(in.Ledger))
	if err != nil {
		return nil, err
	}
	defer held.Release()
	rates, err := b.Rates(q.Context(), held.Known.Asset, in.Currency, in.First, in.Last)
	return &dayRatesOutput{rates}, err
}
