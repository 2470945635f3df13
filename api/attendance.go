package api

import (
	"context"
	"sync"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// attendance knows whether somebody would answer in a queue now (D-21). The store is asked at most once a second for
// each queue that somebody looks at; visitors whose socket is open are told when it changes.
type attendance struct {
	s     *Server
	mu    sync.Mutex
	known map[store.Queue]attended
}

type attended struct {
	here  bool
	asked time.Time
}

const (
	attendanceEvery  = 2 * time.Second
	attendanceFresh  = time.Second
	attendanceQueues = 10_000 // known at most
)

func newAttendance(s *Server) *attendance {
	return &attendance{s: s, known: map[store.Queue]attended{}}
}

// online reports whether somebody is there. What the store does not answer stays as it was.
func (a *attendance) online(ctx context.Context, q store.Queue) bool {
	a.mu.Lock()
	last, ok := a.known[q]
	a.mu.Unlock()
	if ok && time.Since(last.asked) < attendanceFresh {
		return last.here
	}
	return a.ask(ctx, q)
}

// ask asks the store, whatever was known.
func (a *attendance) ask(ctx context.Context, q store.Queue) bool {
	a.mu.Lock()
	last := a.known[q]
	a.mu.Unlock()
	who, err := a.s.store.Attendance(ctx, q)
	if err != nil {
		return last.here
	}
	last = attended{who == dialog.Attended, time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= attendanceQueues {
		clear(a.known)
	}
	a.known[q] = last
	return last.here
}

// run tells the visitors who are connected when somebody comes, or the last one goes.
func (a *attendance) run(ctx context.Context) {
	every(ctx, attendanceEvery, func() {
		if a.s.breaker.open.Load() {
			return
		}
		queues := map[store.Queue][]*conn{}
		for _, c := range a.s.hub.all(func(c *conn) bool { return c.operator == "" }) {
			q := c.waits()
			queues[q] = append(queues[q], c)
		}
		for q, conns := range queues {
			c, cancel := a.s.within()
			here := a.online(c, q)
			cancel()
			for _, x := range conns {
				x.attend(here)
			}
		}
	})
}

// queueOf is where the visitor's dialog waits, or would wait if he wrote now.
func queueOf(r *store.Row) store.Queue {
	q := store.Queue{ProjectID: r.ProjectID}
	if r.State.Open() {
		q.DepartmentID = r.State.Session.DepartmentID
	}
	return q
}

func (c *conn) waits() store.Queue {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.in
}

// attend says whether somebody who may answer is there.
func (c *conn) attend(here bool) {
	c.mu.Lock()
	c.retell = c.retell || c.attended != here
	c.attended = here
	c.mu.Unlock()
	c.poke()
}
