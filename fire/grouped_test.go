package fire

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// requestTime is how long a caller of the API has for a message.
const requestTime = 2 * time.Second

// crowd is a shop with dialogs that have an open session.
type crowd struct {
	*storetest.Shop
	t       *testing.T
	dialogs []string
}

func newCrowd(t *testing.T, dialogs int) *crowd {
	t.Helper()
	c := &crowd{Shop: storetest.New(t), t: t}
	for range dialogs {
		id := c.Dialog()
		c.Do(id, storetest.Write("начало"))
		c.dialogs = append(c.dialogs, id)
	}
	return c
}

// write sends one visitor's message as the API does.
func (c *crowd) write(dialogID, clientID, text string) store.Outcome {
	ctx, cancel := context.WithTimeout(context.Background(), requestTime)
	defer cancel()
	return c.Apply(ctx, []store.Command{{DialogID: dialogID, ClientID: clientID, Do: dialog.VisitorMessage{Text: text}}})[0]
}

// log reads a dialog whole and says what is wrong with its order, its numbers or its receipts.
func (c *crowd) log(dialogID string) []dialog.Event {
	c.t.Helper()
	var all []dialog.Event
	for {
		after := int64(len(all))
		page, err := c.EventsAfter(context.Background(), dialogID, store.OperatorLog, after, 200)
		if err != nil {
			c.t.Fatal(err)
		}
		all = append(all, page...)
		if len(page) == 0 {
			break
		}
	}
	for i, e := range all {
		if e.Seq != int64(i+1) {
			c.t.Fatalf("dialog %s: event %d has seq %d", dialogID, i+1, e.Seq)
		}
		if i > 0 && !e.At.After(all[i-1].At) {
			c.t.Errorf("dialog %s: event %d is not after the one before", dialogID, e.Seq)
		}
	}
	row := c.Row(dialogID)
	if row.State.Seq != int64(len(all)) {
		c.t.Errorf("dialog %s: the row says %d events, there are %d", dialogID, row.State.Seq, len(all))
	}
	var receipts int
	err := c.Pool().QueryRow(context.Background(), `SELECT count(*) FROM receipts WHERE dialog_id = $1`, dialogID).Scan(&receipts)
	if err != nil || receipts != len(all) {
		c.t.Errorf("dialog %s: %d receipts of %d messages, %v", dialogID, receipts, len(all), err)
	}
	return all
}

// TestGroupingIsForQueues: two senders get a transaction for each message, 64 share them; whichever way a message
// went, the answer says where it stands in the log.
func TestGroupingIsForQueues(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 16)
	send := func(senders, each int) (before, after store.WriterStats) {
		before = c.WriterStats()
		var wg sync.WaitGroup
		for s := range senders {
			wg.Go(func() {
				last := int64(0)
				for i := range each {
					id := uuid.NewString()
					d := c.dialogs[s%len(c.dialogs)]
					out := c.write(d, id, fmt.Sprintf("%d/%d %s", s, i, id))
					if out.Err != nil {
						t.Error(out.Err)
						return
					}
					e := out.Result.Event
					if e.Seq <= last || e.ClientID != id {
						t.Errorf("seq %d after %d, client id %q for %q", e.Seq, last, e.ClientID, id)
					}
					last = e.Seq
				}
			})
		}
		wg.Wait()
		return before, c.WriterStats()
	}
	if before, after := send(2, 20); after.Groups != before.Groups || after.Single != before.Single+40 {
		t.Errorf("two senders: %+v, then %+v", before, after)
	}
	const senders, each = 64, 20
	before, after := send(senders, each)
	groups, grouped, single := after.Groups-before.Groups, after.Grouped-before.Grouped, after.Single-before.Single
	t.Logf("%d messages of %d senders: %d in %d groups, %d singly", senders*each, senders, grouped, groups, single)
	if grouped+single != senders*each || grouped < 4*groups || groups == 0 {
		t.Error("messages that queue are not grouped")
	}
	for _, d := range c.dialogs {
		for _, e := range c.log(d)[1:] {
			if e.Author != dialog.ByVisitor || e.ClientID == "" {
				t.Errorf("event %+v", e)
			}
		}
	}
}

// TestGroupOfTwoProjects: a group may hold messages of projects whose settings differ; each goes by its own.
func TestGroupOfTwoProjects(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 8)
	c.Exec(`UPDATE projects SET form = '{"name": "required", "phone": "hidden", "email": "optional"}', long_wait_seconds = 600`)
	const other = "ffffffff-ffff-4fff-bfff-ffffffffffff" // read last
	c.Exec(`INSERT INTO projects (id, name, widget_key, form) VALUES ($1, 'Книги', 'knigi', '{}')`, other)
	for _, d := range c.dialogs[:4] {
		c.Exec(`UPDATE dialogs SET project_id = $2 WHERE id = $1`, d, other)
		c.Exec(`UPDATE sessions SET project_id = $2 WHERE dialog_id = $1`, d, other)
	}
	want := map[string]dialog.Settings{}
	for _, d := range c.dialogs {
		want[d] = c.Row(d).Settings
	}
	var wg sync.WaitGroup
	for s := range 48 {
		wg.Go(func() {
			d := c.dialogs[s%len(c.dialogs)]
			for range 8 {
				out := c.write(d, uuid.NewString(), "раз")
				if out.Err != nil {
					t.Error(out.Err)
				} else if got := out.Result.Applied.Row.Settings; !reflect.DeepEqual(got, want[d]) {
					t.Errorf("settings %+v, want %+v", got, want[d])
				}
			}
		})
	}
	wg.Wait()
	if c.WriterStats().Groups == 0 {
		t.Error("nothing was grouped")
	}
}

// TestBadMessageFailsAlone: what PostgreSQL refuses fails the transaction it is in; the messages it shared it with are
// accepted all the same, once each.
func TestBadMessageFailsAlone(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 32)
	var wg sync.WaitGroup
	for s := range 64 {
		wg.Go(func() {
			for i := range 8 {
				d := c.dialogs[s%len(c.dialogs)]
				if s%16 == 15 {
					if out := c.write(d, "bad\x00"+uuid.NewString(), "плохое"); out.Err == nil {
						t.Error("a client id that PostgreSQL cannot keep was accepted")
					}
					continue
				}
				if out := c.write(d, uuid.NewString(), fmt.Sprint("хорошее ", i)); out.Err != nil {
					t.Errorf("a good message beside a bad one: %v", out.Err)
				}
			}
		})
	}
	wg.Wait()
	if c.WriterStats().Failed == 0 {
		t.Error("no group held a bad message: the test tests nothing")
	}
	total := 0
	for _, d := range c.dialogs {
		total += len(c.log(d)) - 1
	}
	if total != 60*8 {
		t.Errorf("%d messages are in the logs, want %d", total, 60*8)
	}
}

// lock holds a dialog's row as another session would, until release is called.
func (c *crowd) lock(dialogID string) (release func()) {
	c.t.Helper()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.URL)
	if err != nil {
		c.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, `BEGIN`); err != nil {
		c.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, `SELECT FROM dialogs WHERE id = $1 FOR UPDATE`, dialogID); err != nil {
		c.t.Fatal(err)
	}
	release = sync.OnceFunc(func() { _ = conn.Close(ctx) })
	c.t.Cleanup(release)
	return release
}

// TestLockedDialogHoldsNobodyUp: while another session has a dialog locked, its messages wait and all others go
// through; when the lock goes, those that waited are accepted.
func TestLockedDialogHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 9)
	locked, free := c.dialogs[0], c.dialogs[1:]
	release := c.lock(locked)
	var waiting, others sync.WaitGroup
	var early atomic.Bool
	early.Store(true)
	for range 40 {
		waiting.Go(func() {
			out := c.write(locked, uuid.NewString(), "жду")
			if out.Err != nil || early.Load() {
				t.Errorf("answered before the lock went: %t, error %v", early.Load(), out.Err)
			}
		})
	}
	var mu sync.Mutex
	var took []time.Duration
	ends := time.Now().Add(time.Second)
	for s := range 24 {
		others.Go(func() {
			for time.Now().Before(ends) {
				began := time.Now()
				if out := c.write(free[s%len(free)], uuid.NewString(), "мимо"); out.Err != nil {
					t.Error(out.Err)
					return
				}
				mu.Lock()
				took = append(took, time.Since(began))
				mu.Unlock()
			}
		})
	}
	others.Wait()
	early.Store(false)
	release()
	waiting.Wait()
	slices.Sort(took)
	slowest := took[len(took)-1]
	t.Logf("%d messages beside the locked dialog, median %s, slowest %s", len(took), took[len(took)/2], slowest)
	if slowest > 600*time.Millisecond {
		t.Errorf("a message waited %s for a lock that is not its dialog's", slowest)
	}
	if n := len(c.log(locked)); n != 41 {
		t.Errorf("%d events in the dialog that was locked, want 41", n)
	}
}

// TestLockThatStaysIsAnswered: who waits for a dialog that stays locked is told so in time and nothing of his is kept.
func TestLockThatStaysIsAnswered(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 1)
	release := c.lock(c.dialogs[0])
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			began := time.Now()
			// No deadline of the caller's: the store has its own.
			out := c.Apply(context.Background(), []store.Command{{DialogID: c.dialogs[0], ClientID: uuid.NewString(), Do: storetest.Write("жду")}})[0]
			if !errors.Is(out.Err, store.ErrUnavailable) || time.Since(began) > 5*time.Second {
				t.Errorf("after %s: %v", time.Since(began), out.Err)
			}
		})
	}
	wg.Wait()
	release()
	if n := len(c.log(c.dialogs[0])); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

// TestDuplicatesInGroups: one client id sent many times at once, in one group and across groups, is one message, and
// everybody gets its answer; another text under the id is refused.
func TestDuplicatesInGroups(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 4)
	const ids, copies = 20, 5
	var all sync.WaitGroup
	for _, d := range c.dialogs {
		for k := range ids {
			all.Go(func() { c.copies(d, fmt.Sprintf("client-%d", k), copies) })
		}
	}
	all.Wait()
	for _, d := range c.dialogs {
		if n := len(c.log(d)); n != ids+1 {
			t.Errorf("%d events, want %d", n, ids+1)
		}
	}
	if s := c.WriterStats(); s.Failed > 0 || s.Groups == 0 {
		t.Errorf("%+v: duplicates are no reason for a group to fail", s)
	}
}

// copies sends n commands under one client id at once; the last has another text.
func (c *crowd) copies(dialogID, clientID string, n int) {
	outs := make([]store.Outcome, n)
	var wg sync.WaitGroup
	for i := range n {
		text := "одно"
		if i == n-1 {
			text = "другое"
		}
		wg.Go(func() { outs[i] = c.write(dialogID, clientID, text) })
	}
	wg.Wait()
	var accepted []store.Result
	first := 0
	for _, o := range outs {
		var r *dialog.Refusal
		switch {
		case errors.As(o.Err, &r) && r.Code == dialog.ClientIDReused:
		case o.Err != nil:
			c.t.Error(o.Err)
		default:
			accepted = append(accepted, o.Result)
			if !o.Result.Replayed {
				first++
			}
		}
	}
	for _, r := range accepted {
		if r.Event.Seq != accepted[0].Event.Seq || r.Event.Text != accepted[0].Event.Text {
			c.t.Errorf("one id has the answers %+v and %+v", accepted[0].Event, r.Event)
		}
	}
	if first != 1 || (len(accepted) != 1 && len(accepted) != n-1) {
		c.t.Errorf("%s: accepted %d times, answered %d times", clientID, first, len(accepted))
	}
}

// TestCallersWhoGiveUp: whoever gave up does not know; he tries again under the same id and his message is there once,
// in the order in which he sent.
func TestCallersWhoGiveUp(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 8)
	const senders, each = 64, 10
	var gaveUp atomic.Int64
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				cmd := store.Command{DialogID: c.dialogs[s%len(c.dialogs)], ClientID: fmt.Sprintf("s%d-%d", s, i), Do: storetest.Write("раз")}
				for try := 0; ; try++ {
					patience := requestTime
					if try == 0 && (s+i)%2 == 0 {
						patience = time.Duration((s*7+i*13)%9) * time.Millisecond
					}
					ctx, cancel := context.WithTimeout(context.Background(), patience)
					out := c.Apply(ctx, []store.Command{cmd})[0]
					cancel()
					if out.Err == nil {
						break
					}
					gaveUp.Add(1)
					if try > 3 || !errors.Is(out.Err, store.ErrUnavailable) {
						t.Errorf("try %d: %v", try, out.Err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	t.Logf("%d calls were given up", gaveUp.Load())
	if gaveUp.Load() == 0 {
		t.Error("nobody gave up: the test tests nothing")
	}
	next := map[int]int{}
	for _, d := range c.dialogs {
		for _, e := range c.log(d)[1:] {
			var s, i int
			if _, err := fmt.Sscanf(e.ClientID, "s%d-%d", &s, &i); err != nil || i != next[s] {
				t.Errorf("sender %d: message %d stands where %d should (%v)", s, i, next[s], err)
			}
			next[s]++
		}
	}
}

// TestStoreClosesWhileMessagesWait: whoever waits for the writer is answered when the store closes, also without a
// deadline of his own, and what was answered with yes is there.
func TestStoreClosesWhileMessagesWait(t *testing.T) {
	t.Parallel()
	c := newCrowd(t, 9)
	s, err := store.Open(context.Background(), c.URL, store.Options{AppName: "closing"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.lock(c.dialogs[0])()
	var accepted sync.Map
	var refused, under atomic.Int64
	var wg sync.WaitGroup
	for n := range 64 {
		wg.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("c%d-%d", n, i)
				under.Add(1)
				out := s.Apply(context.Background(), []store.Command{{DialogID: c.dialogs[n%len(c.dialogs)], ClientID: id, Do: storetest.Write("раз")}})[0]
				if out.Err == nil {
					accepted.Store(id, true)
					continue
				}
				if !errors.Is(out.Err, store.ErrUnavailable) {
					t.Error(out.Err)
				}
				refused.Add(1)
				return
			}
		})
	}
	until(t, 10*time.Second, "messages are under way", func() bool { return s.WriterStats().Groups >= 5 && under.Load() >= 100 })
	closed := make(chan struct{})
	go func() {
		s.Close()
		wg.Wait()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		t.Fatalf("%d of 64 callers were answered within 10 s of closing", refused.Load())
	}
	stored := map[string]bool{}
	for _, d := range c.dialogs[1:] {
		for _, e := range c.log(d) {
			stored[e.ClientID] = true
		}
	}
	n := 0
	accepted.Range(func(id, _ any) bool {
		n++
		if !stored[id.(string)] {
			t.Errorf("%s was acknowledged and is not there", id)
		}
		return true
	})
	t.Logf("%d accepted before the store closed", n)
}

// until polls a condition, for tests without a house.
func until(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	(&house{t: t}).until(limit, what, ok)
}

// TestAPIKilledAmongGroups: an API process killed with kill -9 while it groups messages of 64 senders, again and again:
// what it acknowledged is there once, in order, and who tried again under the same id got the same place.
func TestAPIKilledAmongGroups(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 4})
	var at atomic.Pointer[process]
	at.Store(h.serve(via{}))
	list := h.conversations(at.Load(), 32)
	stop := make(chan struct{})
	done := h.talk(list, stop, func(int, bool) *process { return at.Load() })
	for range times(2, 12) {
		n := h.count(`SELECT count(*) FROM events`)
		h.until(20*time.Second, "messages flow", func() bool { return h.count(`SELECT count(*) FROM events`) > n+1000 })
		p := at.Load()
		p.kill()
		at.Store(h.serve(via{listen: p.url[len("http://"):]}))
	}
	n := h.count(`SELECT count(*) FROM events`)
	h.until(20*time.Second, "messages flow", func() bool { return h.count(`SELECT count(*) FROM events`) > n+500 })
	close(stop)
	done.Wait()
	statuses := h.book.statuses()
	acknowledged := h.checkLogs()
	messages, transactions := h.transactions()
	t.Logf("%d messages acknowledged, by %d transactions; answers by status: %v", acknowledged, transactions, statuses)
	if messages != acknowledged || transactions*10 > messages*9 {
		t.Errorf("%d messages acknowledged, %d in the logs, by %d transactions", acknowledged, messages, transactions)
	}
	if statuses[0] == 0 {
		t.Error("nobody was cut off: the test tests nothing")
	}
}
