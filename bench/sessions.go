package bench

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/dialog"
)

// turns of a whole session: start and claim are the first two.
const turns = 16

// session plays one from the first message to the rating; no pauses.
func (b *bench) session() (dialogID string, err error) {
	v, err := b.op.c.visitor("zavarka")
	if err != nil {
		return "", err
	}
	for i := range turns {
		if i%2 == 0 {
			_, err = v.write(text)
		} else {
			err = b.op.reply(v.dialog, text)
		}
		if err != nil {
			return "", err
		}
	}
	if err := b.op.leave(v.dialog); err != nil {
		return "", err
	}
	return v.dialog, v.rate(5)
}

// sessions measures whole sessions a second. Sustained: the time runs until every signal has been taken by its workflow.
func (b *bench) sessions(ctx context.Context, r *Report) error {
	b.say("whole sessions for %s", b.o.Sessions)
	before, err := b.h.cpu()
	if err != nil {
		return err
	}
	start := time.Now()
	end := start.Add(b.o.Sessions)
	var mu sync.Mutex
	var played []string
	var failed error
	// As many at a time as keep Temporal busy without a queue that grows: each waits for its own start to be taken.
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for time.Now().Before(end) && ctx.Err() == nil {
				dialog, err := b.session()
				mu.Lock()
				played = append(played, dialog)
				failed = errors.Join(failed, err)
				mu.Unlock()
				if err != nil {
					return
				}
				if err := b.acknowledged(ctx, dialog); err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	if failed != nil {
		return failed
	}
	if err := b.h.drained(ctx); err != nil {
		return err
	}
	took := time.Since(start)
	after, err := b.h.cpu()
	if err != nil {
		return err
	}
	r.SessionsPerS = round(float64(len(played)) / took.Seconds())
	r.CPUSPerSession = round((total(after) - total(before)).Seconds() / float64(len(played)))
	return b.historyLength(ctx, played, r)
}

// acknowledged waits until the dialog's workflow has taken every signal it was owed.
func (b *bench) acknowledged(ctx context.Context, dialog string) error {
	for {
		var owed bool
		if err := b.h.pool.QueryRow(ctx, `SELECT signal_seq > signal_acked FROM dialogs WHERE id = $1`, dialog).Scan(&owed); err != nil || !owed {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// historyLength is the mean number of events in the histories of some of the sessions.
func (b *bench) historyLength(ctx context.Context, dialogs []string, r *Report) error {
	c, err := client.DialContext(ctx, client.Options{HostPort: b.h.temporal.Address, Namespace: namespace, Logger: quiet{}})
	if err != nil {
		return err
	}
	defer c.Close()
	var events int64
	sample := dialogs[:min(len(dialogs), 20)]
	for _, d := range sample {
		info, err := c.DescribeWorkflowExecution(ctx, d, "")
		if err != nil {
			return err
		}
		events += info.GetWorkflowExecutionInfo().GetHistoryLength()
	}
	r.HistoryEvents = round(float64(events) / float64(len(sample)))
	return nil
}

// quiet is a logger that says nothing.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// armedTimersPass waits until the timers that the opened dialogs armed at their start have fired: a timer is let fire
// rather than cancelled, so very many dialogs opened at once look again at once, 3 minutes later, and what is measured
// beside that is not 10 deadlines a second.
func (b *bench) armedTimersPass(ctx context.Context) error {
	const few = 100
	if b.o.Open <= few {
		return nil
	}
	b.say("waiting until their first timers have fired")
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(dialog.UntakenAfter + 10*time.Second):
		return nil
	}
}

// lateness measures how late deadlines are kept: many dialogs open, taken and answered, ten deadlines due a second.
func (b *bench) lateness(ctx context.Context, r *Report) error {
	b.say("opening %d dialogs", b.o.Open)
	if err := b.parallel(ctx, b.o.Open, func() error {
		v, err := b.op.c.visitor("zavarka")
		if err == nil {
			_, err = v.write(text) // its workflow arms "untaken 3 min"
		}
		if err == nil {
			err = b.op.reply(v.dialog, text)
		}
		return err
	}); err != nil {
		return err
	}
	if err := b.armedTimersPass(ctx); err != nil {
		return err
	}
	due := int(b.o.Lateness.Seconds() * 10)
	ending := make(chan *visitor, due)
	if err := b.parallel(ctx, due, func() error {
		v, err := b.op.c.visitor("zavarka")
		if err != nil {
			return err
		}
		if _, err := v.write(text); err != nil {
			return err
		}
		ending <- v
		return b.op.reply(v.dialog, text)
	}); err != nil {
		return err
	}
	if err := b.h.drained(ctx); err != nil {
		return err
	}
	if _, err := b.h.pool.Exec(ctx, `UPDATE projects SET rating_prompt_seconds = 10 WHERE widget_key = 'zavarka'`); err != nil {
		return err
	}
	b.say("lateness: %d rating prompts end, 10 a second", due)
	since := time.Now()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	var left atomic.Int64
	var wg sync.WaitGroup
	for range due {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		v := <-ending
		wg.Go(func() {
			if b.op.leave(v.dialog) == nil {
				left.Add(1)
			}
		})
	}
	wg.Wait()
	late, err := b.ended(ctx, since, int(left.Load()))
	if err != nil {
		return err
	}
	r.LateP50, r.LateP99 = percentiles(late)
	r.OpenDialogs = b.o.Open
	return nil
}

// ended waits for n rating prompts to end and returns how late each did, by the database's clock (the audit of deadlines).
func (b *bench) ended(ctx context.Context, since time.Time, n int) ([]time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		rows, err := b.h.pool.Query(ctx, `SELECT (detail->>'late_us')::bigint FROM audit
WHERE action = 'deadline' AND detail->>'kind' = 'rating prompt' AND at > $1`, since)
		if err != nil {
			return nil, err
		}
		var late []time.Duration
		for rows.Next() {
			var us int64
			if err := rows.Scan(&us); err != nil {
				return nil, err
			}
			late = append(late, time.Duration(us)*time.Microsecond)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
		if len(late) >= n {
			return late, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(errors.New("some deadlines did not come"), ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// parallel runs f n times, 16 at a time, and keeps Temporal from being owed more than it takes.
func (b *bench) parallel(ctx context.Context, n int, f func() error) error {
	var next atomic.Int64
	errs := make([]error, 16)
	var wg sync.WaitGroup
	for i := range errs {
		wg.Go(func() {
			for errs[i] == nil && ctx.Err() == nil && next.Add(1) <= int64(n) {
				errs[i] = f()
			}
		})
	}
	wg.Wait()
	return errors.Join(append(errs, ctx.Err())...)
}
