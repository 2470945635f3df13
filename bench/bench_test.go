package bench

import (
	"os"
	"os/exec"
	"testing"
	"time"
)

// The figures stand for what /proc says: a family's CPU time grows by what its members use, ended children included.
func TestCPUOfFamily(t *testing.T) {
	before, err := cpuOf(map[string]int{"us": os.Getpid()})
	if err != nil {
		t.Skip(err) // no /proc here
	}
	if err := exec.Command("sh", "-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done").Run(); err != nil {
		t.Fatal(err)
	}
	after, err := cpuOf(map[string]int{"us": os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	if after["us"]-before["us"] < tick {
		t.Errorf("a busy child used %s", after["us"]-before["us"])
	}
	if other, _ := cpuOf(map[string]int{"nobody": -1}); len(other) != 0 {
		t.Errorf("nobody's family used %s", other)
	}
}

func TestParseStat(t *testing.T) {
	p := parseStat("42 (a (strange) name) S 7 42 42 0 -1 4194560 1 2 3 4 100 50 20 10 20 0 1 0 1")
	if p.parent != 7 || p.cpu != 180*tick {
		t.Errorf("%+v", p)
	}
}

func TestPercentiles(t *testing.T) {
	var list []time.Duration
	for i := range 101 {
		list = append(list, time.Duration(100-i)*time.Millisecond)
	}
	if p50, p99 := percentiles(list); p50 != 50 || p99 != 99 {
		t.Errorf("p50 %v, p99 %v", p50, p99)
	}
}
