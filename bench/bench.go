package bench

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Options of a run.
type Options struct {
	Rounds   int           // of pgbench and messages, in turns
	Round    time.Duration // length of one; whole seconds
	Pace     time.Duration // at 20 messages a second
	Sessions time.Duration
	Open     int           // dialogs open while lateness is measured
	Lateness time.Duration // with 10 deadlines a second
}

// Report is the result; milliseconds and seconds as the names say.
type Report struct {
	MessagesPerS    float64            `json:"messages_per_s"`
	PgbenchTPS      float64            `json:"pgbench_tps"`
	PgbenchBy       string             `json:"pgbench_by"` // pgbench, or pgx where that is missing
	RatioToPgbench  float64            `json:"ratio_to_pgbench"`
	CPUMsPerMessage float64            `json:"cpu_ms_per_message"` // all processes, clients and PostgreSQL included
	CPUMsByPart     map[string]float64 `json:"cpu_ms_per_message_by_part"`
	AckP50          float64            `json:"ack_p50_ms"`
	AckP99          float64            `json:"ack_p99_ms"`
	E2EP50          float64            `json:"e2e_p50_ms"`
	E2EP99          float64            `json:"e2e_p99_ms"`
	SessionsPerS    float64            `json:"sessions_per_s"`
	CPUSPerSession  float64            `json:"cpu_s_per_session"`
	HistoryEvents   float64            `json:"history_events_per_session"`
	LateP50         float64            `json:"deadline_late_p50_ms"`
	LateP99         float64            `json:"deadline_late_p99_ms"`
	OpenDialogs     int                `json:"open_dialogs"` // while lateness was measured
}

// bench is one run.
type bench struct {
	o   Options
	h   *house
	op  *operator
	say func(string, ...any)
}

// Command is `otklik bench`. self is the otklik binary, which is started as API and as worker.
func Command(ctx context.Context, self string, stdout, stderr io.Writer, args []string) error {
	fs := flag.NewFlagSet("otklik bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	o := Options{}
	fs.IntVar(&o.Rounds, "rounds", 8, "turns of pgbench and messages")
	fs.DurationVar(&o.Round, "round", 2*time.Second, "length of one turn")
	fs.DurationVar(&o.Pace, "pace", 20*time.Second, "how long to send 20 messages a second")
	fs.DurationVar(&o.Sessions, "sessions", 20*time.Second, "how long to play whole sessions")
	fs.IntVar(&o.Open, "open", 2000, "dialogs open while lateness is measured")
	fs.DurationVar(&o.Lateness, "lateness", 20*time.Second, "how long 10 deadlines a second come due")
	asJSON := fs.Bool("json", false, "one JSON object instead of a table")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.Rounds < 1 || o.Round < time.Second || o.Open < 0 {
		return errors.New("--rounds and --round must be at least 1 and 1s, --open not negative")
	}
	say := func(format string, args ...any) { fmt.Fprintf(stderr, "bench: "+format+"\n", args...) }
	r, err := Run(ctx, self, o, say)
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(stdout).Encode(r)
	}
	raw, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(stdout, "%s\n", raw)
	return err
}

// Run measures everything, one after the other, in a house of its own.
func Run(ctx context.Context, self string, o Options, say func(string, ...any)) (r Report, err error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
	defer cancel()
	h, err := openHouse(ctx, self, say)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	b := &bench{o: o, h: h, say: say}
	if b.op, err = newCaller(h.base).signIn("anna@demo.otklik", "otklik-anna"); err != nil {
		return r, err
	}
	for _, part := range []func(context.Context, *Report) error{b.throughput, b.pace, b.sessions, b.lateness} {
		if err := part(ctx, &r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// percentiles of durations in milliseconds.
func percentiles(list []time.Duration) (p50, p99 float64) {
	if len(list) == 0 {
		return 0, 0
	}
	slices.Sort(list)
	at := func(p float64) float64 { return round(millis(list[int(p*float64(len(list)-1))])) }
	return at(0.50), at(0.99)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(len(list))
}

// round keeps three significant places after the point: more would be noise.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }
