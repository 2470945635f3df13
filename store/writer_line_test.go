package store

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
)

func waiting(n int) []*job {
	jobs := make([]*job, n)
	for i := range jobs {
		jobs[i] = &job{ctx: context.Background()}
	}
	return jobs
}

// addAll queues the messages and returns the sizes of the groups that began.
func (l *line) addAll(jobs []*job) (sizes []int) {
	for _, j := range jobs {
		if group, _ := l.add(j); len(group) > 0 {
			sizes = append(sizes, len(group))
		}
	}
	return sizes
}

func TestLine(t *testing.T) {
	l := newLine()
	if !l.idle() {
		t.Error("a new line is not idle")
	}
	// The first goes at once, the second group when enough wait, a third never.
	if got, want := fmt.Sprint(l.addAll(waiting(3*besides))), fmt.Sprint([]int{1, besides}); got != want {
		t.Errorf("groups of %s, want %s", got, want)
	}
	if got := len(l.ended()); got != 2*besides-1 {
		t.Errorf("then %d, want all that wait", got)
	}
	if l.idle() {
		t.Error("idle with two groups under way")
	}
	// Beside another group few wait on; alone they go.
	l.addAll(waiting(besides - 1))
	if got := len(l.ended()); got != 0 {
		t.Errorf("a group of %d began beside another", got)
	}
	if got := len(l.ended()); got != besides-1 {
		t.Errorf("the last %d did not go", besides-1)
	}
	if l.ended() != nil || !l.idle() {
		t.Error("not idle at the end")
	}
}

func TestLineLeavesOutWhoGaveUp(t *testing.T) {
	l := newLine()
	l.addAll(waiting(1))
	gone, giveUp := context.WithCancel(context.Background())
	giveUp()
	for range maxGroup {
		l.add(&job{ctx: gone})
	}
	l.ended()
	if !l.idle() {
		t.Error("those who gave up are waited for")
	}
	l.groups = maxUnderWay
	l.addAll(waiting(queueLength))
	if _, ok := l.add(&job{ctx: gone}); ok {
		t.Error("the line has no end")
	}
	l.waiting = nil
	l.groups = 0
	l.close()
	if group, _ := l.add(waiting(1)[0]); group != nil {
		t.Error("a group began after the end")
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range 3 * cachedRows {
		c.put(Row{State: dialog.State{ID: fmt.Sprint(i)}, Rev: int64(i)})
	}
	if n := len(c.young) + len(c.old); n > cachedRows {
		t.Errorf("%d rows are kept", n)
	}
	last := fmt.Sprint(3*cachedRows - 1)
	if got := c.get([]string{last, "0"}); len(got) != 1 || got[last].Rev != 3*cachedRows-1 {
		t.Errorf("kept: %v", got)
	}
}

// Names are shown only: they may be a little old, not older.
func TestNamesAge(t *testing.T) {
	c, read := newCache(), time.Now()
	rows := map[string]Row{"d": {State: dialog.State{Session: &dialog.Session{AssigneeID: "anna"}}}}
	if got := c.unnamed(rows, read); fmt.Sprint(got) != "[anna]" {
		t.Errorf("to read: %v", got)
	}
	c.name("anna", "Анна", read)
	if got := c.unnamed(rows, read.Add(namesMayAge)); len(got) != 0 {
		t.Errorf("read again: %v", got)
	}
	if got := c.unnamed(rows, read.Add(namesMayAge+1)); len(got) != 1 {
		t.Error("too old a name is shown")
	}
	if got := c.named(rows["d"]); got.AssigneeName != "Анна" {
		t.Errorf("named %q", got.AssigneeName)
	}
}

// Closing waits for the groups under way.
func TestLineCloses(t *testing.T) {
	l := newLine()
	l.addAll(waiting(2))
	closed := make(chan bool)
	go func() { l.close(); close(closed) }()
	for begun := true; begun; { // until close has the word
		l.mu.Lock()
		begun = !l.closed
		l.mu.Unlock()
	}
	select {
	case <-closed:
		t.Error("closed with a group under way")
	default:
	}
	if l.ended() != nil {
		t.Error("a group began after the end")
	}
	<-closed
}
