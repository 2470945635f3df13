package replay

import (
	"slices"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

// clip quotes s, cut to what an error line can bear.
func clip(s string) string {
	const most = 80
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

// percentile is the smallest duration that p percent of them do not exceed (nearest rank), 0 of none. It sorts list.
func percentile(list []time.Duration, p float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	rank := int(p/100*float64(len(list)) + 0.999999)
	return list[min(max(rank, 1), len(list))-1]
}

// millis is d in milliseconds with microseconds behind the point.
func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
