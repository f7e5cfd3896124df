package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"goshawk"
	"goshawk/audit"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Store is a database. It is safe for use by several goroutines.
type Store struct {
	writer *sql.DB // SQLite: one connection
	reader *sql.DB
	sqlite bool
	feed   feed
}

// Open opens the database that a URL names, postgres://…, or the SQLite file of a
// path, which it makes; and brings its tables up to date. A database of a newer
// program is refused, an Unsupported error.
func Open(ctx context.Context, where string) (*Store, error) {
	return connect(ctx, where, (*Store).migrate)
}

// Look opens a database to read it only. One that is not as this program makes it is
// refused, an Unsupported error.
func Look(ctx context.Context, where string) (*Store, error) {
	if _, err := os.Stat(where); err != nil && !postgres(where) {
		return nil, goshawk.Errorf(goshawk.NotFound, "there is no database %s", where).WithHint("name the data folder with --data DIR")
	}
	return connect(ctx, where, func(s *Store, ctx context.Context) error {
		p, err := s.provider()
		if err != nil {
			return err
		}
		has, knows, err := p.GetVersions(ctx)
		if err == nil && has != knows {
			err = goshawk.Errorf(goshawk.Unsupported, "the database's tables are at version %d, and this program's at %d", has, knows).WithHint("use the program that serves it")
		}
		return err
	})
}

func connect(ctx context.Context, where string, prepare func(*Store, context.Context) error) (*Store, error) {
	s := &Store{sqlite: !postgres(where)}
	var err error
	if s.sqlite {
		// Whatever is acknowledged is on the disk; who writes says so when they begin.
		at := (&url.URL{Scheme: "file", OmitHost: true, Path: filepath.ToSlash(where)}).String()
		const pragmas = "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)"
		if s.writer, err = sql.Open("sqlite", at+pragmas+"&_txlock=immediate"); err == nil {
			s.writer.SetMaxOpenConns(1)
			s.reader, err = sql.Open("sqlite", at+pragmas+"&_pragma=query_only(1)")
		}
	} else if s.writer, err = sql.Open("pgx", where); err == nil {
		s.writer.SetMaxOpenConns(16)
		s.reader = s.writer
	}
	if err == nil {
		err = prepare(s, ctx)
	}
	if err != nil {
		return nil, errors.Join(s.failed("open", err), s.Close())
	}
	return s, nil
}

func postgres(where string) bool {
	return strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://")
}

// Close ends all use of the database.
func (s *Store) Close() error {
	var err error
	if s.writer != nil {
		err = s.writer.Close()
	}
	if s.reader != nil && s.reader != s.writer {
		err = errors.Join(err, s.reader.Close())
	}
	return err
}

// ours shows the migrations of one kind of database: NAME.sql, and NAME.KIND.sql.
type ours struct {
	fs.FS
	not string
}

// Glob implements fs.GlobFS, through which they are listed.
func (o ours) Glob(pattern string) ([]string, error) {
	all, err := fs.Glob(o.FS, pattern)
	kept := all[:0]
	for _, name := range all {
		if !strings.HasSuffix(name, o.not) {
			kept = append(kept, name)
		}
	}
	return kept, err
}

// provider knows the migrations of the database.
func (s *Store) provider() (*goose.Provider, error) {
	at, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	dialect, not := goose.DialectSQLite3, ".postgres.sql"
	options := []goose.ProviderOption{goose.WithDisableGlobalRegistry(true)}
	if !s.sqlite {
		// Servers that start together take turns. A file has one server.
		dialect, not = goose.DialectPostgres, ".sqlite.sql"
		turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 10))
		if err != nil {
			return nil, err
		}
		options = append(options, goose.WithSessionLocker(turns))
	}
	return goose.NewProvider(dialect, s.writer, ours{at, not}, options...)
}

func (s *Store) migrate(ctx context.Context) error {
	p, err := s.provider()
	if err != nil {
		return err
	}
	has, knows, err := p.GetVersions(ctx)
	if err != nil {
		return err
	}
	if has > knows {
		return goshawk.Errorf(goshawk.Unsupported, "the database is of a newer Goshawk: its tables are at version %d, this program knows %d", has, knows).
			WithHint("run the newer program; nothing was changed")
	}
	if _, err = p.Up(ctx); err != nil {
		return err
	}
	return s.takeUp(ctx)
}

// failed gives an error of the database a code.
func (s *Store) failed(what string, err error) error {
	switch {
	case err == nil, goshawk.CodeOf(err) != "":
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return goshawk.Errorf(goshawk.Interrupted, "cannot %s the database: %w", what, err)
	}
	return goshawk.Errorf(goshawk.Unavailable, "cannot %s the database: %w", what, err).WithHint("is there room on the disk, and does the database run?")
}

// Tx is a transaction.
type Tx struct {
	ctx     context.Context
	tx      *sql.Tx
	s       *Store
	changed []goshawk.ID // cases
	attests []audit.Row  // without what became of them yet
}

// Do runs f in a transaction that also writes the entry, which f may complete: its
// number is known. Where f or any write fails, nothing was done.
func (s *Store) Do(ctx context.Context, e *audit.Entry, f func(*Tx) error) error {
	var once *Once
	done := &Tx{}
	err := s.in(ctx, s.writer, "write to", func(tx *Tx) (err error) {
		done = tx
		// PostgreSQL: others wait here. So the numbers have no gaps, and an entry is
		// never seen before one with a smaller number.
		if err := tx.row(`UPDATE audit_head SET seq = seq + 1 RETURNING seq`).Scan(&e.Seq); err != nil {
			return err
		}
		if _, err := rand.Read(e.Salt[:]); err != nil {
			return err
		}
		e.At = e.At.UTC().Truncate(time.Microsecond)
		if once, err = tx.once(e); err != nil {
			return err
		}
		if err := f(tx); err != nil {
			return err
		}
		if err := tx.noted(once, e); err != nil {
			return err
		}
		if err := tx.attested(e); err != nil {
			return err
		}
		attests := ""
		if len(e.Attests) > 0 {
			text, err := json.Marshal(e.Attests)
			if err != nil {
				return err
			}
			attests = string(text)
		}
		return tx.exec(`INSERT INTO audit (seq, at, person, name, agency, via, source, action, what, case_id, detail, salt, attests)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
			e.Seq, e.At.UnixMicro(), e.Person, e.Name, e.Agency, e.Via, e.From, e.Action, e.What, e.Case, string(e.Detail), hex.EncodeToString(e.Salt[:]), attests)
	})
	if err == nil {
		if once != nil {
			once.Done = true
		}
		s.feed.tell(done.changed)
	}
	return err
}

// View runs f in a transaction that only reads. It is for what nobody asked for in
// person: sessions, the log, lists of names.
func (s *Store) View(ctx context.Context, f func(*Tx) error) error {
	return s.in(ctx, s.reader, "read", f)
}

func (s *Store) in(ctx context.Context, db *sql.DB, what string, f func(*Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return s.failed(what, err)
	}
	t := &Tx{ctx: ctx, tx: tx, s: s}
	if err = f(t); err == nil && len(t.attests) > 0 {
		err = goshawk.Errorf(goshawk.Denied, "what is attested was to be written without an entry: %v", t.attests)
	}
	if err != nil {
		if bad := tx.Rollback(); bad != nil && !errors.Is(bad, sql.ErrTxDone) {
			err = errors.Join(err, bad)
		}
		return s.failed(what, err)
	}
	return s.failed(what, tx.Commit())
}

// text writes a query as the database takes it: parameters are ?1, ?2 in SQLite
// and $1, $2 in PostgreSQL.
func (t *Tx) text(query string) string {
	if t.s.sqlite {
		return query
	}
	return strings.ReplaceAll(query, "?", "$")
}

func (t *Tx) exec(query string, args ...any) error {
	_, err := t.tx.ExecContext(t.ctx, t.text(query), texts(args)...)
	return err
}

// texts makes a character of what is none, in what browsers send: PostgreSQL takes text only.
func texts(args []any) []any {
	for i, a := range args {
		if v := reflect.ValueOf(a); v.Kind() == reflect.String && (!utf8.ValidString(v.String()) || strings.ContainsRune(v.String(), 0)) {
			args[i] = strings.ReplaceAll(strings.ToValidUTF8(v.String(), "\uFFFD"), "\x00", "\uFFFD")
		}
	}
	return args
}

func (t *Tx) row(query string, args ...any) *sql.Row {
	return t.tx.QueryRowContext(t.ctx, t.text(query), texts(args)...)
}

// each calls f for each row of an answer; f scans it.
func (t *Tx) each(f func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := t.tx.QueryContext(t.ctx, t.text(query), texts(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

// one scans the one row of an answer into to; false where there is none.
func (t *Tx) one(query string, args []any, to ...any) (bool, error) {
	err := t.row(query, args...).Scan(to...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

func micro(n int64) time.Time { return time.UnixMicro(n).UTC() }

// Entries returns entries of the audit trail from a number on, at most so many;
// with a case's ID, those of the case.
func (t *Tx) Entries(from int64, most int, of goshawk.ID) ([]audit.Entry, error) {
	var list []audit.Entry
	err := t.each(func(scan func(...any) error) error {
		var e audit.Entry
		var at int64
		var detail, salt, attests string
		if err := scan(&e.Seq, &at, &e.Person, &e.Name, &e.Agency, &e.Via, &e.From, &e.Action, &e.What, &e.Case, &detail, &salt, &attests); err != nil {
			return err
		}
		if attests != "" && json.Unmarshal([]byte(attests), &e.Attests) != nil {
			e.Attests = []audit.Row{{Table: attests}} // edited, as below
		}
		e.At = micro(at)
		if detail != "" {
			e.Detail = []byte(detail)
		}
		if n, err := hex.Decode(e.Salt[:], []byte(salt)); err != nil || n != len(e.Salt) {
			e.Salt = [32]byte{} // somebody has edited the database: with this it is not what the log says it was
		}
		list = append(list, e)
		return nil
	}, fmt.Sprintf(`SELECT seq, at, person, name, agency, via, source, action, what, case_id, detail, salt, attests FROM audit
		WHERE seq >= ?1 AND (?2 = '' OR case_id = ?2) ORDER BY seq LIMIT %d`, most), from, of)
	return list, err
}

// Ping says whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.failed("reach", s.reader.PingContext(ctx)) }
