package store

import (
	"sync"
	"time"
)

const (
	cachedRows  = 10_000          // rows of dialogs kept, at most
	namesMayAge = 2 * time.Second // of operators and departments, which are shown and decide nothing
)

// cache keeps dialogs as groups of this process last wrote them, so that the next message into one reads less. Nobody
// believes it: a row counts only while the locked one is the same version, and what changes without a new version (the
// outbox, the armed timer, settings, operators' access) is not taken from it.
type cache struct {
	mu         sync.Mutex
	young, old map[string]Row // by dialog; when young is full it becomes old, and what was old and not used is gone
	names      map[string]shownName
}

type shownName struct {
	name string
	read time.Time
}

func newCache() *cache { return &cache{young: map[string]Row{}, names: map[string]shownName{}} }

// version tells whether a kept row is the one in the table. rev alone would be enough, were no database ever restored
// under a running process: then a number comes twice, but not with the same last entry. (Groups write messages only, so
// each kept version has a last entry of its own.)
type version struct {
	rev    int64
	lastAt time.Time
}

func (r Row) version() version { return version{r.Rev, r.State.LastAt.UTC()} }

// get returns those of the dialogs that are kept.
func (c *cache) get(dialogs []string) map[string]Row {
	c.mu.Lock()
	defer c.mu.Unlock()
	found := make(map[string]Row, len(dialogs))
	for _, id := range dialogs {
		row, ok := c.young[id]
		if !ok {
			row, ok = c.old[id]
		}
		if ok {
			found[id] = row
		}
	}
	return found
}

// put keeps a row whose change is committed.
func (c *cache) put(r Row) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= cachedRows/2 {
		c.young, c.old = map[string]Row{}, c.young
	}
	c.young[r.State.ID] = r
	delete(c.old, r.State.ID)
}

// unnamed returns the ids of operators and departments of the rows whose names have to be read.
func (c *cache) unnamed(rows map[string]Row, now time.Time) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ids []string
	asked := map[string]bool{"": true}
	for _, r := range rows {
		if r.State.Session == nil {
			continue
		}
		for _, id := range [2]string{r.State.Session.AssigneeID, r.State.Session.DepartmentID} {
			if !asked[id] && now.Sub(c.names[id].read) > namesMayAge {
				ids = append(ids, id)
			}
			asked[id] = true
		}
	}
	return ids
}

func (c *cache) name(id, name string, read time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.names[id] = shownName{name, read}
}

// named is the row with the names as they are now.
func (c *cache) named(r Row) Row {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ses := r.State.Session; ses != nil {
		r.AssigneeName, r.DepartmentName = c.names[ses.AssigneeID].name, c.names[ses.DepartmentID].name
	}
	return r
}
