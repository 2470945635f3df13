package local

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// dbUser and dbName are the owner and the name of Otklik's database in a
	// private cluster.
	dbUser = "otklik"
	dbName = "otklik"

	socketPort = "5432" // only part of the socket's file name: nothing listens on TCP

	// startLimit bounds a start, crash recovery of a large database included.
	startLimit = 3 * time.Minute
	// stopLimit bounds a shutdown, whose checkpoint may take a moment. A server
	// killed after it recovers from its log at the next start.
	stopLimit = 6 * time.Second
)

// PostgresOptions says what PostgreSQL to use.
type PostgresOptions struct {
	// DatabaseURL, when not empty, is used as it is and nothing is started.
	DatabaseURL string
	// Dir is the folder for the cluster, its socket and its log.
	Dir string
	// Throwaway trades every promise of durability for speed: for tests.
	Throwaway bool
	// MaxConnections of the server, 200 when 0.
	MaxConnections int
	// Log receives progress lines for people; nil drops them.
	Log func(string)
}

func (o PostgresOptions) log(format string, args ...any) {
	if o.Log != nil {
		o.Log(fmt.Sprintf(format, args...))
	}
}

// Postgres is a running PostgreSQL.
type Postgres struct {
	URL string // of Otklik's database

	process    *Process // nil when it is not ours
	lock       *FileLock
	cluster    string
	account    *account
	log        *LogFile
	stopSignal syscall.Signal
	tempDir    string // a folder to remove at the end, when the socket needed one
}

// StartPostgres returns a PostgreSQL that answers. A private one keeps its
// data in opts.Dir between runs, recovers from having been killed, and listens
// on a socket in a folder only its user and root can enter, so it needs no
// password. Errors say what to do: *UnreadableError, *VersionError,
// *LockedError.
func StartPostgres(ctx context.Context, opts PostgresOptions) (*Postgres, error) {
	if opts.DatabaseURL != "" {
		conn, err := pgx.Connect(ctx, opts.DatabaseURL)
		if err != nil {
			return nil, fmt.Errorf("DATABASE_URL: %w", err)
		}
		return &Postgres{URL: opts.DatabaseURL}, conn.Close(ctx)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	opts.Dir = dir
	acc, err := serverAccount()
	if err != nil {
		return nil, err
	}
	if err := makeFolder(dir, acc); err != nil {
		return nil, err
	}
	if blocked := acc.blockedBy(dir); blocked != "" {
		return nil, &UnreadableError{Folder: dir, Blocked: blocked, User: acc.name}
	}
	lock, err := Lock(filepath.Join(dir, "postgres.lock"))
	if err != nil {
		return nil, err
	}
	p := &Postgres{lock: lock, account: acc, cluster: filepath.Join(dir, "pg"), stopSignal: syscall.SIGINT}
	if opts.Throwaway {
		p.stopSignal = syscall.SIGQUIT // at once: nobody will read the data again
	}
	if err := p.start(ctx, opts); err != nil {
		return nil, errors.Join(err, p.Stop())
	}
	return p, nil
}

func (p *Postgres) start(ctx context.Context, opts PostgresOptions) error {
	srv, err := chooseServer(ctx, p.cluster, p.account, opts)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(p.cluster, "PG_VERSION")); errors.Is(err, os.ErrNotExist) {
		opts.log("PostgreSQL %d: making a private cluster in %s", srv.major, p.cluster)
		if err := p.initialise(ctx, srv, opts.Throwaway); err != nil {
			return err
		}
	}
	if err := stopOrphan(ctx, p.cluster, opts); err != nil {
		return err
	}
	socket, err := p.socketFolder(opts.Dir)
	if err != nil {
		return err
	}
	logFile := filepath.Join(opts.Dir, "postgres.log")
	deadline := time.Now().Add(startLimit)
	for {
		err = p.launch(ctx, srv, socket, logFile, opts)
		// The backends of a killed server hold its shared memory for a moment.
		if err == nil || !strings.Contains(err.Error(), "pre-existing shared memory") || time.Now().After(deadline) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if err != nil {
		return err
	}
	return p.createDatabase(ctx, socket)
}

// initialise makes the cluster beside its place and moves it there when it is
// whole, so that a kill in between leaves nothing half made.
func (p *Postgres) initialise(ctx context.Context, srv server, throwaway bool) error {
	part := p.cluster + ".part"
	var out []byte
	// ICU sorts Kazakh and Russian as people do; C.UTF-8 at least knows their
	// letters; the last two are for systems that have neither.
	for _, locale := range [][]string{
		{"--locale-provider=icu", "--icu-locale=und", "--locale=C.UTF-8"},
		{"--locale-provider=icu", "--icu-locale=und", "--locale=en_US.UTF-8"},
		{"--locale=C.UTF-8"},
		{"--locale=en_US.UTF-8"},
	} {
		if err := os.RemoveAll(part); err != nil {
			return err
		}
		if err := os.Mkdir(part, 0o700); err != nil {
			return err
		}
		if err := p.account.own(part); err != nil {
			return err
		}
		args := append([]string{"-D", part, "--username=" + dbUser, "--encoding=UTF8",
			"--auth-local=trust", "--auth-host=reject", "--no-instructions"}, locale...)
		if throwaway {
			args = append(args, "--no-sync")
		}
		cmd := exec.CommandContext(ctx, filepath.Join(srv.bin, "initdb"), args...)
		cmd.SysProcAttr = p.account.credential()
		cmd.Dir = part
		cmd.Env = serverEnv()
		var err error
		if out, err = cmd.CombinedOutput(); err == nil {
			return os.Rename(part, p.cluster)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return fmt.Errorf("initdb failed: %s", out)
}

// serverEnv keeps the caller's PG… and LC_… settings away from the server.
func serverEnv() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=/", "LC_ALL=C.UTF-8", "TZ=UTC"}
}

// launch starts the server once and waits until it answers.
func (p *Postgres) launch(ctx context.Context, srv server, socket, logFile string, opts PostgresOptions) error {
	if p.log != nil {
		_ = p.log.Close() // of the attempt before
	}
	out, err := OpenLog(logFile)
	if err != nil {
		return err
	}
	p.log = out
	cmd := exec.Command(filepath.Join(srv.bin, "postgres"), serverArgs(p.cluster, socket, opts)...)
	cmd.SysProcAttr = p.account.credential()
	cmd.Dir = p.cluster
	cmd.Env = serverEnv()
	cmd.Stdout, cmd.Stderr = out, out
	if p.process, err = Start(cmd, syscall.SIGINT); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	p.URL = socketURL(socket, dbName)
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for {
		conn, err := pgx.Connect(ctx, socketURL(socket, "postgres"))
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-p.process.Done():
			return fmt.Errorf("PostgreSQL ended while starting (%w): %s", p.process.Err(), Tail(logFile, 2000))
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func serverArgs(cluster, socket string, opts PostgresOptions) []string {
	connections := opts.MaxConnections
	if connections == 0 {
		connections = 200 // Temporal's pools and Otklik's, with room for psql
	}
	settings := []string{
		"listen_addresses=",
		"unix_socket_directories=" + socket,
		"unix_socket_permissions=0700",
		"port=" + socketPort,
		fmt.Sprintf("max_connections=%d", connections),
		"shared_buffers=256MB",
		"max_wal_size=2GB",
		"jit=off", // short queries only: compiling them costs more than running them
		"timezone=UTC",
		"log_timezone=UTC",
		"log_line_prefix=%m [%p] %d ",
	}
	if opts.Throwaway {
		settings = append(settings, "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB")
	}
	args := []string{"-D", cluster}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	return args
}

// maxSocketPath is the shortest limit of the systems in use (macOS).
const maxSocketPath = 103

// socketFolder makes the folder for the socket: in dir, or in the system's
// folder for temporary files when dir's path is too long for a socket.
func (p *Postgres) socketFolder(dir string) (string, error) {
	socket := filepath.Join(dir, "run")
	if len(socket)+len("/.s.PGSQL.")+len(socketPort) > maxSocketPath {
		// The same at each start: what runs was told where it is. The system's folder is everybody's, so it has to be ours.
		sum := sha256.Sum256([]byte(dir))
		socket = filepath.Join(os.TempDir(), fmt.Sprintf("otklik-run-%d-%x", os.Geteuid(), sum[:8]))
		p.tempDir = socket
	}
	if err := os.MkdirAll(socket, 0o700); err != nil {
		return "", err
	}
	if p.tempDir != "" {
		if err := p.account.private(socket); err != nil {
			p.tempDir = "" // whose it is, is not ours to remove
			return "", err
		}
	}
	if err := p.account.own(socket); err != nil {
		return "", err
	}
	// The lock on dir is ours and no server runs on it: what lies here is left
	// by a killed one, and its lock file may name a process number in new use.
	name := filepath.Join(socket, ".s.PGSQL."+socketPort)
	for _, stale := range []string{name, name + ".lock"} {
		if err := os.Remove(stale); err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", err
		}
	}
	return socket, nil
}

func socketURL(socket, database string) string {
	u := url.URL{Scheme: "postgres", User: url.User(dbUser), Path: "/" + database,
		RawQuery: url.Values{"host": {socket}, "port": {socketPort}}.Encode()}
	return u.String()
}

func (p *Postgres) createDatabase(ctx context.Context, socket string) error {
	conn, err := pgx.Connect(ctx, socketURL(socket, "postgres"))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+dbName)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P04" { // it exists
		return nil
	}
	return err
}

// Done is closed when a private server has ended by itself; for one that is
// not ours it is nil and never ready.
func (p *Postgres) Done() <-chan struct{} {
	if p.process == nil {
		return nil
	}
	return p.process.Done()
}

// PID is the process number of a private server, 0 of any other.
func (p *Postgres) PID() int {
	if p.process == nil {
		return 0
	}
	return p.process.PID()
}

// Stop ends a private server: sessions are cut, data is written. One that is not ours keeps running.
func (p *Postgres) Stop() error {
	var err error
	if p.process != nil {
		err = p.process.Stop(p.stopSignal, stopLimit)
	}
	if p.log != nil {
		_ = p.log.Close()
	}
	if p.tempDir != "" {
		err = errors.Join(err, os.RemoveAll(p.tempDir))
	}
	if p.lock != nil {
		p.lock.Unlock()
	}
	return err
}
