package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/otklik/otklik/store"
)

// visitorCache remembers for a few seconds who a token belongs to: a visitor who writes ten messages is looked up once.
// A widget that is switched off closes within that time (D-59: 5 s for settings).
type visitorCache struct {
	store *store.Store
	mu    sync.Mutex
	known map[string]cachedVisitor
}

type cachedVisitor struct {
	store.Visitor
	until time.Time
}

const (
	visitorsCached  = 20_000
	visitorCacheFor = 4 * time.Second
)

func newVisitorCache(s *store.Store) *visitorCache {
	return &visitorCache{store: s, known: map[string]cachedVisitor{}}
}

// byToken finds the visitor of a token.
func (v *visitorCache) byToken(ctx context.Context, token string) (store.Visitor, error) {
	if token == "" || len(token) > 200 {
		return store.Visitor{}, wrong(codeUnauthenticated, "")
	}
	hash := hashToken(token)
	now := time.Now()
	v.mu.Lock()
	found, ok := v.known[string(hash)]
	v.mu.Unlock()
	if ok && now.Before(found.until) {
		return found.Visitor, switchedOff(found.Visitor)
	}
	visitor, err := v.store.VisitorByToken(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return store.Visitor{}, wrong(codeUnauthenticated, "")
	}
	if err != nil {
		return store.Visitor{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.known) >= visitorsCached {
		for k, c := range v.known {
			if now.After(c.until) || len(v.known) >= visitorsCached {
				delete(v.known, k)
			}
		}
	}
	v.known[string(hash)] = cachedVisitor{visitor, now.Add(visitorCacheFor)}
	return visitor, switchedOff(visitor)
}

// switchedOff refuses a visitor whose widget is switched off (D-02). It is not 401: a widget that gets that forgets its
// token, and the visitor would lose his dialog for good.
func switchedOff(v store.Visitor) error {
	if v.Off {
		return wrong(codeNotFound, "")
	}
	return nil
}
