package ledger

import (
	"bytes"
	"encoding/binary"

	"goshawk"
)

// outsidePiece is how many coins from outside the ledger are compared with each
// other at a time; their table takes 32 bytes for each at most.
const outsidePiece = 4 << 20

// outside checks the coins that the ledger spends and does not hold: each is
// spent once, and was there before the ledger begins. It goes over the column
// once for each piece of so many coins, and a coin's hash says which piece it
// belongs to.
func (c *checker) outside(piece uint64) error {
	const outpoint = 36
	rows, man := &c.v.cols[colOutside], c.r.store.man
	n := rows.count()
	pieces := (n + piece - 1) / piece
	for p := range pieces {
		seen := table{slots: make([]byte, tightSlots(int(min(piece, n)))*tableSlot)}
		for i := range n {
			if i&0xffff == 0 {
				if err := done(c.ctx); err != nil {
					return err
				}
			}
			row := rows.at(i)
			if height := int32(binary.LittleEndian.Uint32(row[outpoint:])); p == 0 && !man.Partial && height >= man.Start {
				c.fault(columnFile(colOutside), i*columnWidths[colOutside], "coin %v is from before the ledger, which begins at height %d, and says that it is of height %d", outsideName(row), man.Start, height)
			}
			h := secretHash(man.Secret, 0, row[:outpoint])
			if h%pieces != p {
				continue
			}
			const keys = 1<<62 - 1
			for key := h & keys; ; key = (key + 1) & keys { // of other coins of that hash, which there are hardly
				first, ok := seen.get(key)
				if !ok {
					seen.put(key, i)
					break
				}
				if bytes.Equal(rows.at(first)[:outpoint], row[:outpoint]) {
					c.fault(columnFile(colOutside), i*columnWidths[colOutside], "coin %v is spent twice: it is listed at byte %d too", outsideName(row), first*columnWidths[colOutside])
					break
				}
			}
		}
	}
	return nil
}

func outsideName(row []byte) goshawk.Outpoint {
	return goshawk.Outpoint{Tx: goshawk.Hash(row[:32]), Index: binary.LittleEndian.Uint32(row[32:])}
}
