package bench

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// tick is the unit of CPU times in /proc on every Linux there is (USER_HZ).
const tick = 10 * time.Millisecond

// process is what /proc says of one.
type process struct {
	parent int
	cpu    time.Duration // its own, and of children that have ended and were waited for
}

// cpuOf adds up the CPU time of each named process and its descendants. A child that ends is counted in its parent, so
// the difference of two readings loses nothing. Who descends from two of them counts for the nearer.
func cpuOf(roots map[string]int) (map[string]time.Duration, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("CPU time is read from /proc: %w", err)
	}
	all := map[int]process{}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		raw, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue // it has just ended
		}
		all[pid] = parseStat(string(raw))
	}
	names := map[int]string{}
	for name, pid := range roots {
		names[pid] = name
	}
	sum := map[string]time.Duration{}
	for pid, p := range all {
		if name, ok := family(all, pid, names); ok {
			sum[name] += p.cpu
		}
	}
	return sum, nil
}

// parseStat reads a line of /proc/<pid>/stat. The name in brackets may hold anything, so fields count from its end.
func parseStat(line string) process {
	fields := strings.Fields(line[strings.LastIndexByte(line, ')')+1:])
	number := func(i int) int { n, _ := strconv.Atoi(fields[i]); return n }
	return process{parent: number(1), cpu: time.Duration(number(11)+number(12)+number(13)+number(14)) * tick}
}

// family is the name of the nearest named ancestor, the process itself included.
func family(all map[int]process, pid int, names map[int]string) (string, bool) {
	for range 64 { // deeper than any family here
		if name, ok := names[pid]; ok {
			return name, true
		}
		p, ok := all[pid]
		if !ok || p.parent <= 1 {
			return "", false
		}
		pid = p.parent
	}
	return "", false
}

// total of all parts.
func total(parts map[string]time.Duration) (sum time.Duration) {
	for _, d := range parts {
		sum += d
	}
	return sum
}
