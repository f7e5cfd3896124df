package workbench

import (
	"context"

	"goshawk"
	"goshawk/casebook"
	"goshawk/report"
)

// span is when the first and the last block of a ledger were made.
type span struct {
	times
	network string
}

// spans are those of the ledgers that a case's traces and pictures were made of, as far as they are here: of the others it
// is not known which transactions their clusters were made of.
func (b *Bench) spans(ctx context.Context, c *casebook.Case, out *report.Case) (map[goshawk.ID]span, error) {
	list := map[goshawk.ID]span{}
	names := []goshawk.ID{goshawk.ID(c.Records[casebook.KindCase]["case"].Text("ledger"))}
	for i := range out.Runs {
		names = append(names, goshawk.ID(out.Runs[i].Ledger))
	}
	for _, id := range names {
		if _, known := list[id]; known || id == "" {
			continue
		}
		s, err := b.span(ctx, id)
		if err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			// What a record calls a ledger is foreign text, and stays out of the log.
			b.Log.Warn("a ledger of a case cannot be read; its report says of clusters that their times are not known", "code", goshawk.CodeOf(err))
		}
		if end := out.At; s.first.Before(end) && s.last.After(end) { // the report stays the same as long as the case does
			s.last = end
		}
		list[id] = s
	}
	return list, nil
}

func (b *Bench) span(ctx context.Context, id goshawk.ID) (s span, err error) {
	held, err := b.Use(ctx, id)
	if err != nil {
		return s, err
	}
	defer held.Release()
	head, err := held.Head(ctx)
	if err != nil {
		return s, err
	}
	found, err := held.Find(ctx, goshawk.Names{Heights: []int32{head.Start}})
	if err != nil || found.Blocks[0] == goshawk.NoBlock {
		return s, err
	}
	first, err := held.Blocks(ctx, found.Blocks)
	if err != nil {
		return s, err
	}
	s.network = head.Network
	s.see(blockTime(first[0].Time))
	s.see(blockTime(head.Time))
	return s, nil
}
