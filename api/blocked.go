package api

import (
	"context"
	"sync/atomic"
	"time"
)

// blocks keep what is open in step with the block lists (D-67, R-086): sockets of visitors by the address they come
// from, open dialogs by the address of their session. A change of this process pokes it; every second it looks for
// changes of others, so a process that died after its commit loses nothing. One goroutine owns it.
type blocks struct {
	s    *Server
	wake chan struct{}

	revs  map[string]int64     // of the lists, by project
	dirty map[string]time.Time // projects whose dialogs are looked at until then
	whole time.Time            // when all of them were last looked at
	round atomic.Int64         // rounds done, for tests
}

const (
	blocksEvery = time.Second
	// blocksAgain is how long dialogs are looked at after a change: a message that was being recorded when the list
	// changed has asked the list before.
	blocksAgain = 5 * time.Second
	blocksWhole = 30 * time.Second // all projects, whatever their versions say
	blocksPage  = 200
)

func newBlocks(s *Server) *blocks {
	return &blocks{s: s, wake: make(chan struct{}, 1), revs: map[string]int64{}, dirty: map[string]time.Time{}}
}

func (b *blocks) poke() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

func (b *blocks) run(ctx context.Context) {
	t := time.NewTicker(blocksEvery)
	defer t.Stop()
	for {
		if !b.s.breaker.open.Load() {
			b.step(ctx)
			b.round.Add(1)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-b.wake:
		}
	}
}

// step looks once; what fails is looked at again in the next round.
func (b *blocks) step(ctx context.Context) {
	c, cancel := b.s.within()
	defer cancel()
	revs, err := b.s.store.BlockRevs(c)
	if err != nil {
		b.s.breaker.suspect()
		return
	}
	now := time.Now()
	whole := now.Sub(b.whole) >= blocksWhole
	if whole {
		b.whole = now
	}
	for project, rev := range revs {
		if known, ok := b.revs[project]; !ok || known != rev || whole {
			b.dirty[project] = now.Add(blocksAgain)
		}
	}
	b.revs = revs
	b.tellSockets(c, revs)
	for project, until := range b.dirty {
		if b.follow(ctx, project) && now.After(until) {
			delete(b.dirty, project)
		}
	}
}

// tellSockets tells visitors that they may write no more, or again. A socket knows by which version of the lists it was
// told last.
func (b *blocks) tellSockets(ctx context.Context, revs map[string]int64) {
	stale := map[string][]*conn{}
	for _, c := range b.s.hub.all(func(c *conn) bool { return c.operator == "" && c.listsRev.Load() != revs[c.visitor.ProjectID] }) {
		stale[c.visitor.ProjectID] = append(stale[c.visitor.ProjectID], c)
	}
	for project, conns := range stale {
		ips := make([]string, 0, len(conns))
		for _, c := range conns {
			ips = append(ips, c.address)
		}
		blocked, err := b.s.store.BlockedOf(ctx, project, ips)
		if err != nil {
			b.s.breaker.suspect()
			return
		}
		for _, c := range conns {
			c.listsRev.Store(revs[project])
			c.block(blocked[c.address])
		}
	}
}

// follow brings the project's dialogs in step and reports whether it could look at all of them.
func (b *blocks) follow(ctx context.Context, project string) bool {
	for ctx.Err() == nil {
		c, cancel := b.s.within()
		ids, err := b.s.store.OutOfStep(c, project, blocksPage)
		cancel()
		if err != nil {
			b.s.breaker.suspect()
			return false
		}
		for _, id := range ids {
			if !b.followOne(id) {
				return false
			}
		}
		if len(ids) < blocksPage {
			return true
		}
	}
	return false
}

func (b *blocks) followOne(dialogID string) bool {
	c, cancel := b.s.within()
	defer cancel()
	done, err := b.s.store.FollowBlocks(c, dialogID)
	if err != nil {
		b.s.log.Warn("block list: cannot bring a dialog in step", "dialog", dialogID, "error", err)
		b.s.breaker.suspect()
		return false
	}
	if done != nil {
		b.s.told(c, *done)
	}
	return true
}

// block says whether the visitor may write, from where he is now; his next command would be told the same.
func (c *conn) block(blocked bool) {
	c.mu.Lock()
	c.retell = c.retell || c.blocked != blocked
	c.blocked = blocked
	c.mu.Unlock()
	c.poke()
}
