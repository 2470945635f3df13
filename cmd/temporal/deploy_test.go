package main

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"go.temporal.io/server/common/dynamicconfig"
)

// TestDeployIsConfiguredAlike: deploy/temporal/dynamicconfig.yaml, for larger installations, says the same as this program
// where ADR 5 and docs/architecture.md promise it, and sets nothing else.
func TestDeployIsConfiguredAlike(t *testing.T) {
	raw, err := os.ReadFile("../../deploy/temporal/dynamicconfig.yaml")
	if err != nil {
		t.Fatal(err)
	}
	file := map[dynamicconfig.Key]string{}
	for _, m := range regexp.MustCompile(`(?m)^(\S+):\n  - value: (\S+)$`).FindAllStringSubmatch(string(raw), -1) {
		file[dynamicconfig.MakeKey(m[1])] = m[2]
	}
	ours := dynamicConfig()
	for _, key := range []dynamicconfig.Key{
		dynamicconfig.KeepAliveTime.Key(), dynamicconfig.KeepAliveTimeout.Key(),
		dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(), dynamicconfig.TimerProcessorMaxTimeShift.Key(),
		dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(),
	} {
		if file[key] == "" {
			t.Errorf("%s is not set", key)
		}
	}
	for key, is := range file {
		want, ok := ours[key]
		switch {
		case !ok:
			t.Errorf("%s is set there and not here", key)
		case key == dynamicconfig.TimerProcessorMaxTimeShift.Key():
			want = "50ms" // clocks of several hosts
		}
		if is != fmt.Sprint(want) {
			t.Errorf("%s is %s there, %v here", key, is, want)
		}
	}
}
