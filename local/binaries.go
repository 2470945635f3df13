package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// oldestPostgres is the oldest major version the schema is written for.
const oldestPostgres = 14

// searchEnv overrides, for tests, the folders PostgreSQL's programs are looked
// for in (separated like PATH).
const searchEnv = "OTKLIK_PG_SEARCH"

// server is one installed PostgreSQL.
type server struct {
	bin   string // folder with initdb and postgres
	major int
}

// VersionError says that a data folder belongs to a PostgreSQL that is not
// there.
type VersionError struct {
	Folder string
	Has    int   // major version that made the folder
	Found  []int // major versions installed
}

func (e *VersionError) Error() string {
	found := "none is installed"
	if len(e.Found) > 0 {
		found = "found only " + strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Found), " ", ", "), "[]")
	}
	return fmt.Sprintf("the data in %s was made by PostgreSQL %d, and %s: install PostgreSQL %d, or move the folder away to start empty",
		e.Folder, e.Has, found, e.Has)
}

// noServerError is the end of the search.
func noServerError() error {
	return fmt.Errorf("no PostgreSQL %d or newer found: type `%s`, or set DATABASE_URL to a running one", oldestPostgres, installCommand())
}

func installCommand() string {
	if runtime.GOOS == "darwin" {
		return "brew install postgresql@17"
	}
	if _, err := exec.LookPath("dnf"); err == nil {
		return "dnf install postgresql-server"
	}
	return "apt-get install postgresql"
}

// binaryFolders lists where PostgreSQL's programs may be, best first.
func binaryFolders() []string {
	if list, ok := os.LookupEnv(searchEnv); ok {
		return filepath.SplitList(list)
	}
	folders := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",         // Debian, Ubuntu
		"/usr/pgsql-*/bin",                  // PGDG on Red Hat
		"/opt/homebrew/opt/postgresql*/bin", // Homebrew on Apple silicon
		"/usr/local/opt/postgresql*/bin",    // Homebrew on Intel
	} {
		found, _ := filepath.Glob(pattern) // the patterns are well-formed
		slices.Reverse(found)              // newest first
		folders = append(folders, found...)
	}
	return folders
}

// findServers returns the usable servers in folders, in their order.
func findServers(ctx context.Context, folders []string, acc *account) []server {
	var servers []server
	seen := map[string]bool{}
	for _, folder := range folders {
		// A link in PATH (initdb → …/15/bin/initdb) leads to the real folder.
		real, err := filepath.EvalSymlinks(filepath.Join(folder, "initdb"))
		if err != nil {
			continue
		}
		bin := filepath.Dir(real)
		if seen[bin] {
			continue
		}
		seen[bin] = true
		if major, err := serverVersion(ctx, bin, acc); err == nil && major >= oldestPostgres {
			servers = append(servers, server{bin, major})
		}
	}
	return servers
}

var versionPattern = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

// serverVersion asks postgres for its major version, as the account that will
// run it: a server it cannot run is none.
func serverVersion(ctx context.Context, bin string, acc *account) (int, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "postgres"), "--version")
	cmd.SysProcAttr = acc.credential()
	cmd.Dir = "/"
	out, err := cmd.Output()
	if err != nil {
		return 0, err
	}
	m := versionPattern.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("unexpected version %q", out)
	}
	return strconv.Atoi(string(m[1]))
}

// chooseServer returns the server for a cluster: the one its data was made
// by, any for a new one. Without an installed one the npm package is fetched.
func chooseServer(ctx context.Context, cluster string, acc *account, opts PostgresOptions) (server, error) {
	folders := append(binaryFolders(), npmFolders(opts.Dir)...)
	servers := findServers(ctx, folders, acc)
	has, err := clusterVersion(cluster)
	if err != nil {
		return server{}, err
	}
	if has == 0 && len(servers) > 0 {
		return servers[0], nil
	}
	if has == 0 || has == npmMajor {
		if s, err := pick(servers, has); err == nil {
			return s, nil
		}
		bin, err := installFromNPM(ctx, opts, acc)
		if err != nil {
			opts.log("PostgreSQL from npm: %v", err)
			return server{}, noServerError()
		}
		return server{bin, npmMajor}, nil
	}
	s, err := pick(servers, has)
	if err != nil {
		e := &VersionError{Folder: cluster, Has: has}
		for _, s := range servers {
			e.Found = append(e.Found, s.major)
		}
		return server{}, e
	}
	return s, nil
}

func pick(servers []server, major int) (server, error) {
	for _, s := range servers {
		if s.major == major {
			return s, nil
		}
	}
	return server{}, errors.New("not found")
}

// clusterVersion reads the major version a cluster was made by, 0 when there is
// no cluster yet.
func clusterVersion(cluster string) (int, error) {
	b, err := os.ReadFile(filepath.Join(cluster, "PG_VERSION"))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return 0, fmt.Errorf("%s/PG_VERSION: %w", cluster, err)
	}
	return major, nil
}
