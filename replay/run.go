package replay

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what is played against what, and how fast.
type Options struct {
	Target  string         // http://host:port
	Logins  []Login        // operators
	Widgets []string       // widget keys; the conversations take turns among them
	Speed   float64        // pauses are divided by it; 0: no pauses
	Zone    *time.Location // of the projects, for the times in the downloaded files
	Timeout time.Duration  // of the whole run; 0: long enough for the pauses, with room
	Notes   io.Writer      // progress and remarks for people; nil: none

	pause func(ctx context.Context, d time.Duration) error // tests only
	step  time.Duration                                    // tests only
}

// ErrInterrupted is a run that was ended before its time; its report covers what was done.
var ErrInterrupted = errors.New("interrupted")

// errNobody is a widget whose visitors none of the logins may answer.
var errNobody = errors.New("none of the operators may answer")

type widget struct{ key, project string }

// run is what the scenes of one Run share.
type run struct {
	target    *target
	addresses *addresses
	widgets   []widget
	operators []*operator
	speed     float64
	zone      *time.Location
	pause     func(ctx context.Context, d time.Duration) error
	step      time.Duration // bound of each single wait
	id        string        // prefix of all client_ids

	notesMu sync.Mutex
	notes   io.Writer

	playing, done, messages atomic.Int64
}

// job is a conversation with its place in the file.
type job struct {
	n    int
	conv Conversation
}

// Run plays the conversations and compares what came of them. The report covers whatever was played, also with an error.
func Run(ctx context.Context, o Options, list []Conversation) (Report, error) {
	r := &run{speed: o.Speed, zone: o.Zone, notes: o.Notes, pause: o.pause, step: o.step}
	if r.step == 0 {
		r.step = stepTimeout
	}
	if r.zone == nil {
		r.zone = time.UTC
	}
	if r.pause == nil {
		r.pause = sleep
	}
	var seed [8]byte
	rand.Read(seed[:]) // never fails
	r.id = hex.EncodeToString(seed[:4])
	t, err := parseTarget(ctx, o.Target)
	if err != nil {
		return Report{}, err
	}
	r.target = t
	r.addresses = newAddresses(t, binary.BigEndian.Uint32(seed[4:])>>2)
	if r.addresses.Note != "" {
		r.say("%s", r.addresses.Note)
	}
	if err := r.prepare(ctx, o); err != nil {
		return Report{}, err
	}
	limit := o.Timeout
	if limit == 0 {
		limit = r.bound(list)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("the run took longer than %v", limit))
	defer cancel()
	return r.perform(ctx, list)
}

// prepare signs the operators in and finds out which projects the widgets stand for.
func (r *run) prepare(ctx context.Context, o Options) error {
	for _, l := range o.Logins {
		op, err := signIn(ctx, r.target, l, r.pause)
		if err != nil {
			return fmt.Errorf("sign in: %w", err)
		}
		r.operators = append(r.operators, op)
	}
	c := newClient(r.target, r.addresses.dialer())
	c.pause = r.pause
	defer c.close()
	for _, key := range o.Widgets {
		var config widgetConfig
		if err := c.call(ctx, http.MethodGet, "/widgets/"+key, nil, &config); err != nil {
			return fmt.Errorf("widget %s: %w", key, err)
		}
		w := widget{key: key, project: config.ProjectName}
		if len(r.staff(w)) == 0 {
			return fmt.Errorf("widget %s, project %s: %w", key, w.project, errNobody)
		}
		r.widgets = append(r.widgets, w)
	}
	if len(r.widgets) == 0 {
		return errors.New("no widgets")
	}
	return nil
}

// staff are the operators who may answer a widget's visitors.
func (r *run) staff(w widget) []*operator {
	var list []*operator
	for _, op := range r.operators {
		if op.desks[w.project] != nil {
			list = append(list, op)
		}
	}
	return list
}

// bound is a generous end for a whole run: the pauses twice, a minute for each round of conversations, ten at least.
func (r *run) bound(list []Conversation) time.Duration {
	slots := 0
	for _, op := range r.operators {
		slots += op.slots()
	}
	var total, longest time.Duration
	for _, c := range list {
		total += c.Duration()
		longest = max(longest, c.Duration())
	}
	pauses := time.Duration(0)
	if r.speed > 0 {
		pauses = time.Duration(float64(total/time.Duration(max(slots, 1))+longest) / r.speed)
	}
	rounds := time.Duration(len(list)/max(slots, 1) + 1)
	return 2*pauses + 10*time.Minute + rounds*time.Minute
}

// perform plays the list: every slot of every operator takes the next conversation when it is free.
func (r *run) perform(ctx context.Context, list []Conversation) (Report, error) {
	live, stop := context.WithCancelCause(ctx)
	var desks, slots sync.WaitGroup
	for _, op := range r.operators {
		for _, d := range op.desks {
			d.sock.pause = r.pause
			desks.Go(func() {
				if err := d.run(live); err != nil {
					stop(err)
				}
			})
		}
	}
	var t tally
	jobs := make(chan job, len(list))
	for n, c := range list {
		if why := c.Sendable(); why != "" {
			t.fail(c.ID, "skipped: "+why)
			continue
		}
		jobs <- job{n, c}
	}
	close(jobs)
	outcomes := make(chan outcome)
	for _, op := range r.operators {
		for range op.slots() {
			slots.Go(func() { r.slot(live, op, jobs, outcomes) })
		}
	}
	go func() { slots.Wait(); close(outcomes) }()

	r.collect(outcomes, &t, len(list))
	t.cut += len(jobs)
	var err error
	if live.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(live))
	}
	stop(nil)
	desks.Wait()
	for _, op := range r.operators {
		op.client.close()
	}
	return t.sum(), err
}

// slot plays one conversation after the other in one of an operator's places.
func (r *run) slot(ctx context.Context, op *operator, jobs <-chan job, out chan<- outcome) {
	for {
		ok, err := op.takeSlot(ctx, func() bool { return len(jobs) > 0 })
		if err != nil && ctx.Err() == nil {
			r.say("%s takes no further visitors: %v", op.me.Operator.Name, err)
		}
		if !ok {
			return
		}
		release := sync.OnceFunc(func() { op.addStarting(-1) })
		j, ok := <-jobs
		if !ok {
			release()
			return
		}
		r.playing.Add(1)
		s := r.scene(op, j)
		o := s.play(ctx, release)
		o.cut = o.err != nil && ctx.Err() != nil
		release()
		r.playing.Add(-1)
		r.done.Add(1)
		out <- o
		if refusal(o.err) == "outside_working_hours" {
			r.say("%s has no working time now and answers no further visitors", op.me.Operator.Name)
			return
		}
	}
}

// scene casts a conversation: the project by turns, as far as the operator has it.
func (r *run) scene(op *operator, j job) *scene {
	n := len(r.widgets)
	w := r.widgets[j.n%n]
	for i := range n {
		if c := r.widgets[(j.n+i)%n]; op.desks[c.project] != nil {
			w = c
			break
		}
	}
	return &scene{
		run: r, conv: j.conv, lang: Languages[j.n%len(Languages)], widget: w, op: op, desk: op.desks[w.project],
		clientID: r.id + "-" + itoa(j.n),
	}
}

// collect adds up what comes in and tells people once a second how far it is.
func (r *run) collect(outcomes <-chan outcome, t *tally, total int) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	told := ""
	for {
		select {
		case o, ok := <-outcomes:
			if !ok {
				return
			}
			t.add(o)
		case <-tick.C:
			if s := r.progress(t, total); s != told {
				r.say("%s", s)
				told = s
			}
		}
	}
}

func (r *run) progress(t *tally, total int) string {
	return fmt.Sprintf("%d of %d conversations, %d under way, %d messages, %d errors",
		r.done.Load(), total, r.playing.Load(), r.messages.Load(), len(t.report.Errors)+t.more)
}

func (r *run) moved() { r.messages.Add(1) }

// say writes a line for people.
func (r *run) say(format string, args ...any) {
	if r.notes == nil {
		return
	}
	r.notesMu.Lock()
	defer r.notesMu.Unlock()
	fmt.Fprintln(r.notes, strings.TrimSpace(fmt.Sprintf(format, args...)))
}
