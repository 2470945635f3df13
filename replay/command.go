package replay

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"
	_ "time/tzdata" // --zone works where the system has no zone files
)

// ErrFaults is a run that was played to its end and found something wrong; the report says what.
var ErrFaults = errors.New("the replay found faults")

// UsageError is a command line that cannot be understood.
type UsageError string

func (e UsageError) Error() string { return string(e) }

// Command is `otklik replay`: it plays a file and writes the report to stdout, remarks and progress to stderr. The error is
// ErrFaults, ErrInterrupted, flag.ErrHelp, a UsageError, or what kept it from starting.
func Command(ctx context.Context, stdout, stderr io.Writer, args []string) error {
	fs := flag.NewFlagSet("otklik replay", flag.ContinueOnError)
	fs.SetOutput(stderr)
	target := fs.String("target", "http://localhost:7080", "`URL` of the server")
	file := fs.String("file", "", "conversations, one JSON object a line, gzip or plain (replay/testdata has a sample)")
	speed := fs.Float64("speed", 60, "the real pauses are divided by `N`; 0: no pauses")
	limit := fs.Int("limit", 0, "play only the first `N` conversations; 0: all")
	asJSON := fs.Bool("json", false, "write the report as one JSON object")
	logins := fs.String("logins", DefaultLogins, "operators as `login/password,login/password`")
	widgets := fs.String("widgets", DefaultWidgets, "widget `keys`, by commas; the conversations take turns among them")
	zone := fs.String("zone", "Europe/Moscow", "time `zone` of the projects, for the times in the downloaded files")
	timeout := fs.Duration("timeout", 0, "end of the whole run after this time; 0: twice the pauses, with room")
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return UsageError(err.Error())
	case fs.NArg() > 0:
		return UsageError(fmt.Sprintf("unexpected argument %q", fs.Arg(0)))
	case *file == "":
		return UsageError("--file is missing; replay/testdata/conversations-sample.jsonl.gz is a sample")
	case *speed < 0 || *limit < 0 || *timeout < 0:
		return UsageError("--speed, --limit and --timeout cannot be negative")
	}
	o := Options{Target: *target, Speed: *speed, Timeout: *timeout, Notes: stderr}
	var err error
	if o.Zone, err = time.LoadLocation(*zone); err != nil {
		return UsageError("--zone: " + err.Error())
	}
	if o.Logins, err = ParseLogins(*logins); err != nil {
		return UsageError("--logins: " + err.Error())
	}
	for key := range strings.SplitSeq(*widgets, ",") {
		if key = strings.TrimSpace(key); key != "" {
			o.Widgets = append(o.Widgets, key)
		}
	}
	list, err := ReadFile(*file, *limit)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("%s: no conversations", *file)
	}
	report, err := Run(ctx, o, list)
	if err != nil && !errors.Is(err, ErrInterrupted) {
		return err
	}
	if writeErr := writeReport(stdout, report, *asJSON); writeErr != nil {
		return writeErr
	}
	if err == nil && !report.OK() {
		err = ErrFaults
	}
	return err
}

func writeReport(w io.Writer, r Report, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	return r.WriteTable(w)
}
