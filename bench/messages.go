package bench

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// talkers are visitors with a taken session each, and operators' sockets that have them all open.
type talkers struct {
	visitors  []*visitor
	desks     []*desk
	delivered atomic.Int64
	seen      func(text string, at time.Time) // besides counting; nil: nothing
}

// openTalkers makes n of them, spread over the desks.
func openTalkers(ctx context.Context, h *house, op *operator, n, desks int) (*talkers, error) {
	t := &talkers{}
	c := op.c
	byDesk := make([][]string, desks)
	for i := range n {
		v, err := c.visitor("zavarka")
		if err != nil {
			return nil, err
		}
		if _, err := v.write("start"); err != nil {
			return nil, err
		}
		if err := op.reply(v.dialog, "taken"); err != nil {
			return nil, err
		}
		t.visitors = append(t.visitors, v)
		byDesk[i%desks] = append(byDesk[i%desks], v.dialog)
	}
	for _, dialogs := range byDesk {
		k, err := op.desk(ctx, dialogs, func(_, text string, at time.Time) {
			if text == "start" {
				return
			}
			t.delivered.Add(1)
			if t.seen != nil {
				t.seen(text, at)
			}
		})
		if err != nil {
			return nil, err
		}
		t.desks = append(t.desks, k)
	}
	return t, h.drained(ctx)
}

func (t *talkers) close() {
	for _, k := range t.desks {
		k.close()
	}
}

// flood lets every visitor write as fast as he is acknowledged, for d. It returns the latencies of the acknowledgements.
func (t *talkers) flood(d time.Duration) ([]time.Duration, error) {
	end := time.Now().Add(d)
	acks := make([][]time.Duration, len(t.visitors))
	errs := make([]error, len(t.visitors))
	var wg sync.WaitGroup
	for i, v := range t.visitors {
		wg.Go(func() {
			for errs[i] == nil && time.Now().Before(end) {
				start := time.Now()
				_, errs[i] = v.write(text)
				acks[i] = append(acks[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	var all []time.Duration
	for i := range acks {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all = append(all, acks[i]...)
	}
	return all, nil
}

// throughput measures messages stored, acknowledged and delivered with 64 senders, in turns with pgbench.
func (b *bench) throughput(ctx context.Context, r *Report) error {
	t, err := openTalkers(ctx, b.h, b.op, senders, 4)
	if err != nil {
		return err
	}
	defer t.close()
	if _, err := t.flood(2 * time.Second); err != nil { // warm
		return err
	}
	var acks []time.Duration
	var took time.Duration
	cpu := map[string]time.Duration{}
	var tps []float64
	for i := range b.o.Rounds {
		b.say("throughput %d/%d", i+1, b.o.Rounds)
		rate, by, err := b.h.pgbench(ctx, b.o.Round)
		if err != nil {
			return err
		}
		tps, r.PgbenchBy = append(tps, rate), by
		before, err := b.h.cpu()
		if err != nil {
			return err
		}
		start, had := time.Now(), t.delivered.Load()
		got, err := t.flood(b.o.Round)
		if err != nil {
			return err
		}
		if err := t.arrived(ctx, had+int64(len(got))); err != nil {
			return err
		}
		took += time.Since(start)
		after, err := b.h.cpu()
		if err != nil {
			return err
		}
		for part := range after {
			cpu[part] += after[part] - before[part]
		}
		acks = append(acks, got...)
	}
	r.MessagesPerS = round(float64(len(acks)) / took.Seconds())
	r.PgbenchTPS = round(mean(tps))
	r.RatioToPgbench = round(r.MessagesPerS / r.PgbenchTPS)
	r.CPUMsPerMessage = round(millis(total(cpu)) / float64(len(acks)))
	r.CPUMsByPart = map[string]float64{}
	for part, d := range cpu {
		r.CPUMsByPart[part] = round(millis(d) / float64(len(acks)))
	}
	r.AckP50, r.AckP99 = percentiles(acks)
	return nil
}

// arrived waits until the operators' sockets have had n messages: what is not delivered is not done.
func (t *talkers) arrived(ctx context.Context, n int64) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for t.delivered.Load() < n {
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d messages were delivered", t.delivered.Load(), n)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// pace measures visitor message → operator's socket at a steady 20 a second.
func (b *bench) pace(ctx context.Context, r *Report) error {
	t, err := openTalkers(ctx, b.h, b.op, 20, 4)
	if err != nil {
		return err
	}
	defer t.close()
	var mu sync.Mutex
	sent := map[int]time.Time{}
	var took []time.Duration
	t.seen = func(text string, at time.Time) {
		number, _, _ := strings.Cut(text, " ")
		n, err := strconv.Atoi(number)
		mu.Lock()
		defer mu.Unlock()
		if start, ok := sent[n]; ok && err == nil {
			took = append(took, at.Sub(start))
		}
	}
	n := int(b.o.Pace.Seconds() * 20)
	b.say("pace: %d messages at 20/s", n)
	errs := make(chan error, n)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	var wg sync.WaitGroup
	for i := range n {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
		wg.Go(func() {
			mu.Lock()
			sent[i] = time.Now()
			mu.Unlock()
			if _, err := t.visitors[i%len(t.visitors)].write(strconv.Itoa(i) + " " + text); err != nil {
				errs <- err
			}
		})
	}
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
	}
	if err := t.arrived(ctx, int64(n)); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	r.E2EP50, r.E2EP99 = percentiles(took)
	return nil
}
