package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/iancoleman/strcase"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jmoiron/sqlx"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/postgresql/driver"
	v12 "go.temporal.io/server/schema/postgresql/v12"
	"go.temporal.io/server/tools/common/schema"
	"go.temporal.io/server/tools/sql"
)

// Pool bounds. The server opens several pools on the main database (one per
// service and store), so each must be small: together they stay under about 60
// connections of a cluster that Otklik shares. Four busy history shards need
// no more: each shard writes under its own lock.
const (
	mainConns       = 12
	visibilityConns = 6
)

// claimLimit is how long a predecessor may take to stop.
const claimLimit = 5 * time.Second

// database names the two databases Temporal uses and how to reach them.
type database struct {
	base       *url.URL // as given: a database that exists, to connect to first
	main       string
	visibility string
}

// parseDatabase reads a postgres:// URL. The unix-socket form
// postgres://user@/db?host=/path&port=N is kept as it is, pgx understands it.
func parseDatabase(raw, prefix string) (database, error) {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		// The URL may hold a password: it is not repeated.
		return database{}, errors.New("the database URL must be of the form postgres://user@host:port/database")
	}
	// pgxpool's own parameters are unknown to the plain connections used here.
	q := u.Query()
	for k := range q {
		if strings.HasPrefix(k, "pool_") {
			q.Del(k)
		}
	}
	u.RawQuery = q.Encode()
	return database{base: u, main: prefix, visibility: prefix + "_visibility"}, nil
}

// url is the address of another database in the same cluster.
func (d database) url(name string) string {
	u := *d.base
	u.Path = "/" + name
	return u.String()
}

// claim takes a lock for the life of this process. Two servers with static
// membership on one database would both believe they own every shard. A
// predecessor that is just stopping is waited for.
func (d database) claim(ctx context.Context) (func(), error) {
	conn, err := pgx.Connect(ctx, d.base.String())
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	release := func() { _ = conn.Close(context.WithoutCancel(ctx)) }
	h := fnv.New64a()
	h.Write([]byte("otklik temporal " + d.main))
	key := int64(h.Sum64())
	deadline := time.Now().Add(claimLimit)
	for {
		var got bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", key).Scan(&got); err != nil {
			release()
			return nil, fmt.Errorf("lock database %s: %w", d.main, err)
		}
		if got {
			return release, nil
		}
		if time.Now().After(deadline) {
			release()
			return nil, fmt.Errorf("another process runs Temporal on database %s: stop it, or choose other databases with --db-prefix", d.main)
		}
		select {
		case <-ctx.Done():
			release()
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// prepare creates the databases where absent and brings their schema up to
// date. When nothing is to be done it costs two short connections.
func (d database) prepare(ctx context.Context) error {
	for _, s := range []struct{ name, dir, version string }{
		{d.main, "postgresql/v12/temporal", v12.Version},
		{d.visibility, "postgresql/v12/visibility", v12.VisibilityVersion},
	} {
		current, err := d.schemaVersion(ctx, s.name)
		if err != nil {
			return fmt.Errorf("database %s: %w", s.name, err)
		}
		if current == s.version {
			continue
		}
		// The schema code ends the process on some errors, so it gets its own.
		cmd := exec.CommandContext(ctx, os.Args[0], "schema", s.name, s.dir)
		cmd.Env = append(os.Environ(), "DATABASE_URL="+d.base.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("schema of database %s: %w\n%s", s.name, err, out)
		}
	}
	return nil
}

// schemaVersion reads the version of a database, "" when it has none. It
// creates the database when it is absent.
func (d database) schemaVersion(ctx context.Context, name string) (string, error) {
	conn, err := pgx.Connect(ctx, d.url(name))
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "3D000" { // no such database
		return "", d.create(ctx, name)
	}
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	var version string
	err = conn.QueryRow(ctx, "SELECT curr_version FROM schema_version WHERE version_partition = 0 AND db_name = $1", name).Scan(&version)
	if errors.As(err, &pgErr) && pgErr.Code == "42P01" || errors.Is(err, pgx.ErrNoRows) {
		return "", nil
	}
	return version, err
}

func (d database) create(ctx context.Context, name string) error {
	conn, err := pgx.Connect(ctx, d.base.String())
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) {
		switch pgErr.Code {
		case "42P04", "23505": // somebody else was quicker
			return nil
		case "42501":
			return fmt.Errorf("user %s may not create it: give it CREATEDB, or create the database yourself", conn.Config().User)
		}
	}
	return err
}

// sqlConfig is the server's configuration of one database. Connect is used
// instead of the server's own assembly of an address because that one does not
// escape user names and has no notion of a socket.
func (d database) sqlConfig(name string, conns int) *config.SQL {
	return &config.SQL{
		PluginName:   postgresql.PluginNamePGX,
		DatabaseName: name,
		Connect: func(*config.SQL) (*sqlx.DB, error) {
			db, err := (&driver.PGXDriver{}).CreateConnection(d.url(name))
			if err != nil {
				return nil, err
			}
			db.SetMaxOpenConns(conns)
			db.SetMaxIdleConns(conns) // a busy pool must not open and close connections
			db.SetConnMaxIdleTime(5 * time.Minute)
			db.MapperFunc(strcase.ToSnake) // as the server's own connections have it
			return db, nil
		},
	}
}

// runSchema is the hidden subcommand "schema <database> <embedded folder>".
func runSchema(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: temporal schema <database> <schema folder>")
	}
	name, dir := args[0], args[1]
	d, err := parseDatabase(os.Getenv("DATABASE_URL"), "temporal")
	if err != nil {
		return err
	}
	logger := log.NewZapLogger(log.BuildZapLogger(log.Config{Level: "warn", Format: "console"}))
	conn, err := sql.NewConnection(d.sqlConfig(name, 1), logger)
	if err != nil {
		return err
	}
	defer conn.Close()
	if _, err := conn.ReadSchemaVersion(); err != nil {
		setup := &schema.SetupConfig{InitialVersion: "0.0"}
		if err := schema.NewSetupSchemaTask(conn, setup, logger).Run(); err != nil {
			return fmt.Errorf("set up: %w", err)
		}
	}
	update := &schema.UpdateConfig{DBName: name, SchemaName: dir}
	if err := schema.NewUpdateSchemaTask(conn, update, logger).Run(); err != nil {
		return fmt.Errorf("update: %w", err)
	}
	return nil
}
