// Package deploy holds what larger installations start from. Its tests check
// it against the code, since most machines that test have no containers.
package deploy

import (
	"encoding/json"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

type compose struct {
	Services map[string]serviceSpec `yaml:"services"`
	Volumes  map[string]any         `yaml:"volumes"`
	Networks map[string]struct {
		IPAM struct {
			Config []struct{ Subnet, Gateway string }
		}
	} `yaml:"networks"`
}

type serviceSpec struct {
	Image       string            `yaml:"image"`
	Build       string            `yaml:"build"`
	Command     []string          `yaml:"command"`
	Entrypoint  []string          `yaml:"entrypoint"`
	Restart     string            `yaml:"restart"`
	Environment map[string]string `yaml:"environment"`
	Ports       []string          `yaml:"ports"`
	Volumes     []string          `yaml:"volumes"`
	Healthcheck map[string]any    `yaml:"healthcheck"`
	DependsOn   map[string]struct {
		Condition string `yaml:"condition"`
	} `yaml:"depends_on"`
}

const root = ".."

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse(t *testing.T) compose {
	t.Helper()
	var c compose
	if err := yaml.Unmarshal([]byte(read(t, "docker-compose.yml")), &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestComposeServicesStartInOrder(t *testing.T) {
	t.Parallel()
	c := parse(t)
	for _, name := range []string{"postgres", "temporal", "temporal-ui", "migrate", "worker", "serve"} {
		if _, ok := c.Services[name]; !ok {
			t.Errorf("there is no service %s", name)
		}
	}
	for name, s := range c.Services {
		for other, d := range s.DependsOn {
			o, ok := c.Services[other]
			switch {
			case !ok:
				t.Errorf("%s waits for %s, which does not exist", name, other)
			case d.Condition == "service_healthy" && o.Healthcheck == nil:
				t.Errorf("%s waits for the health of %s, which has no check", name, other)
			case d.Condition == "service_completed_successfully" && !strings.HasPrefix(o.Restart, "on-failure"):
				t.Errorf("%s waits for the end of %s, which starts again", name, other)
			case d.Condition != "service_healthy" && d.Condition != "service_completed_successfully":
				t.Errorf("%s waits for %s in an unknown way, %q", name, other, d.Condition)
			}
		}
	}
}

func TestComposeImagesArePinned(t *testing.T) {
	t.Parallel()
	for name, s := range parse(t).Services {
		if _, tag, _ := strings.Cut(s.Image, ":"); tag == "" || tag == "latest" {
			t.Errorf("%s has the image %q", name, s.Image)
		}
	}
}

func TestComposeFilesExist(t *testing.T) {
	t.Parallel()
	c := parse(t)
	for name, s := range c.Services {
		mounts := map[string]string{}
		for _, v := range s.Volumes {
			from, to, _ := strings.Cut(v, ":")
			to, _, _ = strings.Cut(to, ":")
			if !strings.HasPrefix(from, ".") {
				if _, ok := c.Volumes[from]; !ok {
					t.Errorf("%s mounts the volume %s, which does not exist", name, from)
				}
				continue
			}
			mounts[to] = from
		}
		for _, path := range append(s.Entrypoint, s.Environment["DYNAMIC_CONFIG_FILE_PATH"]) {
			for to, from := range mounts {
				if rest, ok := strings.CutPrefix(path, to+"/"); ok {
					read(t, filepath.Join(from, rest))
				}
			}
		}
	}
}

func TestComposePublishesWithCare(t *testing.T) {
	t.Parallel()
	for name, s := range parse(t).Services {
		for _, p := range s.Ports {
			if !strings.HasPrefix(p, "127.0.0.1:") && !strings.HasPrefix(p, "${OTKLIK_BIND:-127.0.0.1}:") {
				t.Errorf("%s publishes %s beyond this machine", name, p)
			}
		}
	}
}

// TestComposeSpeaksToOtklik compares commands and settings with the code.
func TestComposeSpeaksToOtklik(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "cmd/otklik/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if rel, _ := filepath.Rel(root, f); !strings.HasSuffix(f, "_test.go") && !strings.HasSuffix(f, "/dev.go") {
			code.WriteString(read(t, rel))
		}
	}
	for name, s := range parse(t).Services {
		if s.Build == "" {
			continue
		}
		if len(s.Command) == 0 || !strings.Contains(code.String(), `{"`+s.Command[0]+`", `) {
			t.Errorf("%s runs %v, which is no command", name, s.Command)
		}
		for env := range s.Environment {
			if !strings.Contains(code.String(), `"`+env+`"`) {
				t.Errorf("%s sets %s, which nothing reads", name, env)
			}
		}
	}
}

func TestEnvExampleIsWhatComposeReads(t *testing.T) {
	t.Parallel()
	text := read(t, "docker-compose.yml")
	example := read(t, "deploy/env.example")
	var offered []string
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=`).FindAllStringSubmatch(example, -1) {
		offered = append(offered, m[1])
		if !strings.Contains(text, "${"+m[1]) {
			t.Errorf("env.example offers %s, which is not read", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\$\{([A-Z_]+):\?`).FindAllStringSubmatch(text, -1) {
		if !slices.Contains(offered, m[1]) {
			t.Errorf("%s is required and not in env.example", m[1])
		}
	}
}

// TestDockerfileKnowsTheWorkspaces: npm ci needs the package.json of each.
func TestDockerfileKnowsTheWorkspaces(t *testing.T) {
	t.Parallel()
	var pkg struct{ Workspaces []string }
	if err := json.Unmarshal([]byte(read(t, "web/package.json")), &pkg); err != nil {
		t.Fatal(err)
	}
	dockerfile := read(t, "Dockerfile")
	for _, w := range pkg.Workspaces {
		if !strings.Contains(dockerfile, "COPY web/"+w+"/package.json "+w+"/") {
			t.Errorf("the Dockerfile does not copy the package.json of %s", w)
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^COPY (?:--from=\S+ )?(.+) \S+$`).FindAllStringSubmatch(dockerfile, -1) {
		for _, path := range strings.Fields(m[1]) {
			if strings.HasPrefix(path, "/") || strings.Contains(path, "dist") {
				continue
			}
			if _, err := os.Stat(filepath.Join(root, path)); err != nil {
				t.Errorf("the Dockerfile copies %s: %v", path, err)
			}
		}
	}
}

// TestProxyOnThisMachineIsTrusted: it comes from the gateway of the network, which the example names (D-48).
func TestProxyOnThisMachineIsTrusted(t *testing.T) {
	t.Parallel()
	example := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^([A-Z_]+)=(.*)$`).FindAllStringSubmatch(read(t, "deploy/env.example"), -1) {
		example[m[1]] = m[2]
	}
	net := parse(t).Networks["default"].IPAM.Config
	if len(net) != 1 {
		t.Fatal(net)
	}
	value := func(s string) string {
		m := regexp.MustCompile(`^\$\{([A-Z_]+):-(.*)\}$`).FindStringSubmatch(s)
		if m == nil || example[m[1]] != m[2] {
			t.Fatalf("%s: compose and example do not agree", s)
		}
		return m[2]
	}
	gateway := value(net[0].Gateway)
	subnet, err := netip.ParsePrefix(value(net[0].Subnet))
	if err != nil || !subnet.Contains(netip.MustParseAddr(gateway)) {
		t.Error(subnet, gateway, err)
	}
	if got := example["OTKLIK_TRUSTED_PROXIES"]; got != gateway {
		t.Errorf("trusted is %q, a proxy comes from %q", got, gateway)
	}
}
