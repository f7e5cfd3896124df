package store

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"goshawk"
)

// What a copy of a database consists of, a line of JSON each: the version of its tables; then,
// for each table, its name and columns, and its rows as lists; then how many rows there were.
// It is the same for every kind of database.
type copyLine struct {
	Version int64    `json:"version,omitempty"`
	Table   string   `json:"table,omitempty"`
	Columns []string `json:"columns,omitempty"`
	Rows    *int64   `json:"rows,omitempty"`
}

// versions is where the migrations note themselves; a copy has its version in its first line.
const versions = "goose_db_version"

// Copy hands out every row as it is at one moment, in lines that Paste takes, while others go on
// writing.
func (s *Store) Copy(ctx context.Context, put func(line []byte) error) error {
	var options *sql.TxOptions // SQLite: who reads sees one moment
	if !s.sqlite {
		options = &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}
	}
	tx, err := s.reader.BeginTx(ctx, options)
	if err != nil {
		return s.failed("read", err)
	}
	err = (&Tx{ctx: ctx, tx: tx, s: s}).copy(put)
	if bad := tx.Rollback(); bad != nil && !errors.Is(bad, sql.ErrTxDone) {
		err = errors.Join(err, bad)
	}
	return s.failed("read", err)
}

func (t *Tx) copy(put func([]byte) error) error {
	say := func(v any) error {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return err
		}
		return put(b.Bytes())
	}
	var version, n int64
	if err := t.row(`SELECT MAX(version_id) FROM ` + versions).Scan(&version); err != nil {
		return err
	}
	if err := say(copyLine{Version: version}); err != nil {
		return err
	}
	tables, err := t.tables()
	if err != nil {
		return err
	}
	for _, table := range tables {
		columns, err := t.columns(table)
		if err != nil {
			return err
		}
		if err := say(copyLine{Table: table, Columns: columns}); err != nil {
			return err
		}
		row := make([]any, len(columns))
		to := make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		err = t.each(func(scan func(...any) error) error {
			if err := scan(to...); err != nil {
				return err
			}
			for i, v := range row {
				if b, ok := v.([]byte); ok {
					row[i] = string(b)
				}
			}
			n++
			return say(row)
		}, fmt.Sprintf(`SELECT %s FROM %s`, strings.Join(columns, ", "), table))
		if err != nil {
			return err
		}
	}
	return say(copyLine{Rows: &n})
}

// tables lists the tables that hold what nothing else does, each after those that it refers to.
func (t *Tx) tables() ([]string, error) {
	list := `SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' AND table_name <> ?1 ORDER BY table_name`
	refers := `SELECT c.conrelid::regclass::text, c.confrelid::regclass::text FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`
	if t.s.sqlite {
		list = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%' AND name <> ?1 ORDER BY name`
		refers = `SELECT m.name, f."table" FROM sqlite_master m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'`
	}
	var left, sorted []string
	err := t.each(func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		left = append(left, name)
		return err
	}, list, versions)
	if err != nil {
		return nil, err
	}
	needs := map[string][]string{}
	err = t.each(func(scan func(...any) error) error {
		var from, to string
		err := scan(&from, &to)
		if from != to {
			needs[from] = append(needs[from], to)
		}
		return err
	}, refers)
	for err == nil && len(left) > 0 {
		i := slices.IndexFunc(left, func(name string) bool {
			return !slices.ContainsFunc(needs[name], func(n string) bool { return slices.Contains(left, n) })
		})
		if i < 0 {
			return nil, goshawk.Errorf(goshawk.Unsupported, "the tables %v refer to each other", left)
		}
		sorted = append(sorted, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return sorted, err
}

// columns lists a table's, without those that the database works out.
func (t *Tx) columns(table string) (list []string, err error) {
	query := `SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = ?1 AND is_generated = 'NEVER' ORDER BY ordinal_position`
	if t.s.sqlite {
		query = `SELECT name FROM pragma_table_info(?1) ORDER BY cid`
	}
	err = t.each(func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		list = append(list, name)
		return err
	}, query, table)
	return list, err
}

// Paste makes a database of the lines that Copy handed out, next by next, and brings its tables up
// to date. Where there is anything in the database it is a Conflict error; where the copy is
// of a newer program, an Unsupported error; what is no copy, a Corrupt error. Rows come all or not at all.
func Paste(ctx context.Context, where string, next func() ([]byte, error)) (*Store, error) {
	return connect(ctx, where, func(s *Store, ctx context.Context) error {
		var first copyLine
		line, err := next()
		if err == nil && (json.Unmarshal(line, &first) != nil || first.Version < 1) {
			err = noCopy("it does not begin as one")
		}
		if err != nil {
			return err
		}
		p, err := s.provider()
		if err != nil {
			return err
		}
		has, knows, err := p.GetVersions(ctx)
		switch {
		case err != nil:
			return err
		case has > 0:
			return goshawk.Errorf(goshawk.Conflict, "there is something in the database already").WithHint("name an empty one: nothing is ever written over")
		case first.Version > knows:
			return goshawk.Errorf(goshawk.Unsupported, "the copy is of a newer Goshawk: its tables are at version %d, this program knows %d", first.Version, knows).WithHint("use the newer program")
		}
		if _, err := p.UpTo(ctx, first.Version); err != nil {
			return err
		}
		if err := s.in(ctx, s.writer, "write to", func(t *Tx) error { return t.paste(next) }); err != nil {
			return err
		}
		if _, err = p.Up(ctx); err != nil {
			return err
		}
		return s.takeUp(ctx)
	})
}

func noCopy(why string, args ...any) error {
	return goshawk.Errorf(goshawk.Corrupt, "this is no copy of a database: %s", fmt.Sprintf(why, args...)).WithHint("nothing of it was kept")
}

func (t *Tx) paste(next func() ([]byte, error)) error {
	tables, err := t.tables()
	if err != nil {
		return err
	}
	for _, table := range slices.Backward(tables) { // rows that a migration wrote
		if err := t.exec(`DELETE FROM ` + table); err != nil {
			return err
		}
	}
	var insert *sql.Stmt
	defer func() {
		if insert != nil {
			insert.Close()
		}
	}()
	width, n := 0, int64(0)
	for {
		line, err := next()
		if err != nil {
			return err
		}
		if len(line) > 0 && line[0] == '[' {
			row, err := values(line)
			if err != nil || insert == nil || len(row) != width {
				return noCopy("its row %d is none", n+1)
			}
			if _, err := insert.ExecContext(t.ctx, row...); err != nil {
				return noCopy("its row %d does not fit: %v", n+1, err)
			}
			n++
			continue
		}
		var head copyLine
		if err := json.Unmarshal(line, &head); err != nil {
			return noCopy("a line of it is no JSON")
		}
		if head.Rows != nil {
			if *head.Rows != n {
				return noCopy("it has %d rows, and says %d", n, *head.Rows)
			}
			return nil
		}
		if insert != nil {
			if err := insert.Close(); err != nil {
				return err
			}
			insert = nil
		}
		i := slices.Index(tables, head.Table)
		if i < 0 {
			return noCopy("there is no table %q, or it comes twice", head.Table)
		}
		tables = slices.Delete(tables, i, i+1)
		columns, err := t.columns(head.Table)
		if err != nil {
			return err
		}
		if !slices.Equal(slices.Sorted(slices.Values(head.Columns)), slices.Sorted(slices.Values(columns))) {
			return noCopy("the table %s has other columns", head.Table)
		}
		marks := make([]string, len(columns))
		for i := range marks {
			marks[i] = fmt.Sprintf("?%d", i+1)
		}
		width = len(marks)
		query := fmt.Sprintf(`INSERT INTO %s (%s) VALUES (%s)`, head.Table, strings.Join(head.Columns, ", "), strings.Join(marks, ", "))
		if insert, err = t.tx.PrepareContext(t.ctx, t.text(query)); err != nil {
			return err
		}
	}
}

// values reads a row: texts and whole numbers.
func values(line []byte) ([]any, error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.UseNumber()
	var row []any
	if err := d.Decode(&row); err != nil {
		return nil, err
	}
	for i, v := range row {
		switch v := v.(type) {
		case string:
		case json.Number:
			n, err := v.Int64()
			if err != nil {
				return nil, err
			}
			row[i] = n
		default:
			return nil, errors.New("neither text nor number")
		}
	}
	return row, nil
}
