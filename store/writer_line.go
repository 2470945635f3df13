package store

import "sync"

// line is where messages wait for a group. Its methods that return messages have counted these as a group under way:
// the caller records it and calls ended.
type line struct {
	mu      sync.Mutex
	waiting []*job
	groups  int // under way
	closed  bool
	empty   *sync.Cond // of mu: no group is under way
}

func newLine() *line {
	l := &line{}
	l.empty = sync.NewCond(&l.mu)
	return l
}

// idle reports that nothing waits and no group is under way.
func (l *line) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.waiting) == 0 && l.groups == 0
}

// add puts the message last; ok is false when the line is full.
func (l *line) add(j *job) (group []*job, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= queueLength {
		return nil, false
	}
	l.waiting = append(l.waiting, j)
	return l.begin(), true
}

// ended says that a group is through.
func (l *line) ended() []*job {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.groups--
	if l.groups == 0 {
		l.empty.Broadcast()
	}
	return l.begin()
}

// close lets no more groups begin and waits for those under way.
func (l *line) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	for l.groups > 0 {
		l.empty.Wait()
	}
}

// begin takes the first messages of the line when it is time for a group, and leaves out whose caller has given up. The
// second group under way reads while the first commits; it begins only when enough wait, for one large group costs less
// than two small ones.
func (l *line) begin() []*job {
	enough := 1
	if l.groups > 0 {
		enough = besides
	}
	if l.closed || l.groups == maxUnderWay || len(l.waiting) < enough {
		return nil
	}
	taken := l.waiting[:min(maxGroup, len(l.waiting))]
	l.waiting = l.waiting[len(taken):]
	group := make([]*job, 0, len(taken))
	for _, j := range taken {
		if j.ctx.Err() == nil {
			group = append(group, j)
		}
	}
	clear(taken)
	if len(group) == 0 {
		return l.begin()
	}
	l.groups++
	return group
}
