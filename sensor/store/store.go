package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// DefaultLimit is how many octets of documents may wait.
const DefaultLimit = 1 << 30

// pragmas are set for each connection. The journal grows to 64 MiB before it is moved into the file: keeping events touches pages here and
// there, and each move writes them all and waits for the disk.
const pragmas = "?_pragma=journal_mode(%s)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(5000)" +
	"&_pragma=journal_size_limit(67108864)&_pragma=wal_autocheckpoint(16384)&_pragma=cache_size(-16384)"

// readerPragmas are those of who only looks.
const readerPragmas = "?mode=ro&_pragma=busy_timeout(5000)&_pragma=query_only(1)&_pragma=cache_size(-16384)"

// ErrDamaged is a file that is no store, or one whose pages are broken.
var ErrDamaged = errors.New("the store is damaged")

// ErrInUse is a store whose queue another process feeds or delivers.
var ErrInUse = errors.New("another popupwatch uses this store")

// Store is one SQLite file. Its methods may be called by several goroutines; one process at a time owns it, others may look (OpenReader).
type Store struct {
	path  string
	found int  // version of its tables
	looks bool // only to look at: the tables stay as they are
	db    *sql.DB
	lock  *os.File
	limit int64

	mu    sync.Mutex // one transaction at a time, on the one connection
	conn  *sql.Conn
	room  *sync.Cond // of mu: something was settled, or waiting ends
	ended bool       // nobody waits for room any more

	waiting atomic.Int64 // documents in the queue
	octets  atomic.Int64 // theirs, and of the dead letters, before compression
	carried int64
	arrived chan struct{}
	packed  []byte

	unhurried bool // questions go to their end

	recent [recentRows]recentRow
	keeper *keeper // keeps events for the console; nil for a temporary store and for who only looks
}

// Open opens the store, or makes it. limit is how many octets of documents may wait, 0 the default. It is ErrInUse while another process
// has it, and ErrDamaged where it cannot be read.
func Open(path string, limit int64) (*Store, error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // one file, one lock, whatever it is called
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s, err := open(path, fmt.Sprintf(pragmas, "WAL"), limit)
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	s.lock = lock
	s.keeper, err = newKeeper(s)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// OpenTemporary makes a store in dir that leaves nothing behind, however the process ends: its file has no name.
func OpenTemporary(dir string, limit int64) (*Store, error) {
	f, err := os.CreateTemp(dir, "popupwatch-queue-*.db")
	if err != nil {
		return nil, fmt.Errorf("make the temporary queue: %w (set TMPDIR, or give --store)", err)
	}
	path := f.Name()
	defer os.Remove(path) // SQLite has it open then; a journal in memory needs no other file
	if err := f.Close(); err != nil {
		return nil, err
	}
	return open(path, fmt.Sprintf(pragmas, "MEMORY"), limit)
}

// OpenReader opens a store to look at, beside the process that owns it. Nothing is written, but for the index of the journal that SQLite keeps
// beside the file: on a read-only file system, where nobody can write either, it does without.
func OpenReader(path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if !errors.Is(unix.Access(filepath.Dir(path), unix.W_OK), unix.EROFS) {
		return open(path, readerPragmas, 0)
	}
	if info, err := os.Stat(path + "-wal"); err == nil && info.Size() > 0 {
		return nil, fmt.Errorf("open store %s: it was not closed, and its file system is read-only (copy it with its -wal to where it can be written)", path)
	}
	return open(path, readerPragmas+"&immutable=1", 0)
}

// Unhurried lets questions take the time that they need, for answers that must not depend on how fast a machine is. It belongs before the first
// question.
func (s *Store) Unhurried() { s.unhurried = true }

// maxConnections bounds the questions that are asked at once, and with them the memory of their caches.
const maxConnections = 6

// lockFile takes the lock that tells one owner from another. It is the kernel's and goes with the process.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(ErrInUse, f.Close())
	}
	return f, nil
}

func open(path, options string, limit int64) (*Store, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: whole}).EscapedPath()+options)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	db.SetMaxOpenConns(maxConnections)
	s := &Store{path: path, db: db, looks: strings.HasPrefix(options, readerPragmas), limit: limit, arrived: make(chan struct{}, 1)}
	if s.limit == 0 {
		s.limit = DefaultLimit
	}
	s.room = sync.NewCond(&s.mu)
	if err := s.prepare(); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.Close())
	}
	return s, nil
}

// prepare checks the file, makes the tables where there are none, and counts what waits.
func (s *Store) prepare() (err error) {
	if s.conn, err = s.db.Conn(context.Background()); err != nil {
		return damaged(err)
	}
	if err := s.row("PRAGMA user_version").Scan(&s.found); err != nil {
		return damaged(err)
	}
	fresh := s.found == 0
	if s.found > version {
		return fmt.Errorf("its tables are of version %d, made by a newer popupwatch; this one knows %d", s.found, version)
	}
	if err := s.migrate(); err != nil && fresh {
		return fmt.Errorf("%w or no store of popupwatch: %w", ErrDamaged, err)
	} else if err != nil {
		return fmt.Errorf("bring its tables from version %d to %d: %w", s.found, version, err)
	}
	if err := s.check(); err != nil {
		return err
	}
	return s.count()
}

// migrate takes the steps that are missing, whole or not at all. Who only looks takes an older store as it is.
func (s *Store) migrate() error {
	if s.found == version || s.looks && s.found > 0 {
		return nil
	}
	err := s.within(func(tx *sql.Tx) error {
		for _, step := range migrations[s.found:] {
			if _, err := tx.Exec(step); err != nil {
				return err
			}
		}
		_, err := tx.Exec(fmt.Sprintf("PRAGMA user_version = %d", version))
		return err
	})
	if err == nil {
		s.found = version
	}
	return err
}

// check reads the pages of the queue (PRAGMA quick_check). It is empty most of the time; a full one of 1 GiB takes some seconds. Those of
// the kept events are many, and are not read at each start: what is damaged there is named when it is met. Who only looks checks nothing.
func (s *Store) check() error {
	if s.looks {
		return nil
	}
	for _, table := range []string{"sqlite_schema", "batch", "output", "dead", "damaged", "draft"} {
		var said string
		if err := s.row("PRAGMA quick_check('" + table + "')").Scan(&said); err != nil {
			return damaged(err)
		}
		if said != "ok" {
			return fmt.Errorf("%w: %s", ErrDamaged, said)
		}
	}
	return nil
}

// count takes over what an earlier process left.
func (s *Store) count() error {
	var documents, octets, dead int64
	if err := s.row("SELECT COALESCE(SUM(documents), 0), COALESCE(SUM(octets), 0) FROM batch").Scan(&documents, &octets); err != nil {
		return damaged(err)
	}
	if err := s.row("SELECT COALESCE(SUM(LENGTH(document)), 0) FROM dead").Scan(&dead); err != nil {
		return damaged(err)
	}
	s.waiting.Store(documents)
	s.octets.Store(octets + dead)
	s.carried = documents
	if documents > 0 {
		s.wake()
	}
	return nil
}

// damaged marks an error of SQLite that means that the file cannot be read.
func damaged(err error) error {
	var code interface{ Code() int }
	if errors.As(err, &code) {
		switch code.Code() & 0xff {
		case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB (sqlite.org/rescode.html)
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return err
}

// row asks for one row.
func (s *Store) row(query string, args ...any) *sql.Row {
	return s.conn.QueryRowContext(context.Background(), query, args...)
}

// within carries out one transaction, whole or not at all. The caller holds mu, but for prepare.
func (s *Store) within(do func(*sql.Tx) error) error {
	tx, err := s.conn.BeginTx(context.Background(), nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// Answers says whether the store can be asked questions: one that an earlier version made cannot, until a new one has opened it to write.
func (s *Store) Answers() error {
	if s.found < answering {
		return fmt.Errorf("the tables of %s are of version %d and keep no events for a console; popupwatch replay --store %s PATH... or live --store brings them to %d",
			s.path, s.found, s.path, version)
	}
	return nil
}

// Path is the file's name.
func (s *Store) Path() string { return s.path }

// Close gives the file up. What waits stays in it, unless it is a temporary one.
func (s *Store) Close() error {
	s.mu.Lock() // a transaction that was begun ends first
	defer s.mu.Unlock()
	errs := []error{s.keeper.close()}
	if s.conn != nil {
		errs = append(errs, s.conn.Close())
	}
	errs = append(errs, s.db.Close())
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// SetAside renames a damaged store, and what SQLite keeps beside it, so that a new one can be made. It gives the new name.
func SetAside(path string, now time.Time) (string, error) {
	aside := path + ".damaged-" + now.UTC().Format("20060102T150405Z")
	if err := os.Rename(path, aside); err != nil {
		return "", fmt.Errorf("set the damaged store aside: %w", err)
	}
	for _, tail := range []string{"-wal", "-shm"} {
		if err := os.Rename(path+tail, aside+tail); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("set the damaged store aside: %w", err)
		}
	}
	return aside, nil
}
