package replay

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// desk is one console tab of an operator: a socket that watches one project.
type desk struct {
	client  *client
	project project
	sock    *socket

	mu      sync.Mutex
	rows    map[string]*row    // by dialog, of those expected; nil until it was seen
	streams map[string]*stream // by dialog, of those open
	changed chan struct{}      // closed and replaced when a row came
	trouble string             // the last error frame
	tasks   sync.WaitGroup     // list pages being fetched
}

func newDesk(t *target, c *client, p project, dial dialFunc) *desk {
	d := &desk{
		client: c, project: p, rows: map[string]*row{}, streams: map[string]*stream{}, changed: make(chan struct{}),
		sock: newSocket(t, "/operator/socket", dial, c.http.Jar),
	}
	d.sock.hello = d.hello
	return d
}

// run keeps the tab alive until ctx ends.
func (d *desk) run(ctx context.Context) error {
	d.sock.handle = func(f serverFrame) { d.handle(ctx, f) }
	defer d.tasks.Wait()
	if err := d.sock.run(ctx); err != nil {
		return fmt.Errorf("operator's socket for %s: %w", d.project.Name, err)
	}
	return nil
}

func (d *desk) hello() []clientFrame {
	d.mu.Lock()
	defer d.mu.Unlock()
	frames := []clientFrame{{Type: "watch", ProjectID: d.project.ID}}
	for id, s := range d.streams {
		frames = append(frames, openFrame(id, s.resume()))
	}
	return frames
}

func openFrame(dialogID string, after int64) clientFrame {
	return clientFrame{Type: "open", DialogID: dialogID, After: &after}
}

func (d *desk) handle(ctx context.Context, f serverFrame) {
	switch f.Type {
	case "watching": // rows that changed while there was no connection are not pushed: the page is fetched anew
		d.tasks.Add(1)
		go func() {
			defer d.tasks.Done()
			d.fetchRows(ctx)
		}()
	case "row":
		if f.Row != nil {
			d.see(*f.Row)
		}
	case "event":
		d.mu.Lock()
		s := d.streams[f.DialogID]
		d.mu.Unlock()
		if s != nil && f.Event != nil && s.add(*f.Event, time.Now()) {
			d.sock.send(openFrame(f.DialogID, s.after())) // a failed write ends the connection, and the next one asks
		}
	case "error":
		d.mu.Lock()
		d.trouble = f.Code + " " + f.Message
		d.mu.Unlock()
	}
}

func (d *desk) fetchRows(ctx context.Context) {
	var page dialogPage
	q := url.Values{"group": {"all"}, "sort": {"newest"}, "limit": {"200"}}
	if d.client.call(ctx, http.MethodGet, "/operator/projects/"+d.project.ID+"/dialogs?"+q.Encode(), nil, &page) != nil {
		return // the run ends, or whoever waits for a row says that it never came
	}
	for _, r := range page.Rows {
		d.see(r)
	}
}

func (d *desk) see(r row) {
	d.mu.Lock()
	defer d.mu.Unlock()
	old, expected := d.rows[r.ID]
	if !expected || (old != nil && old.Rev > r.Rev) {
		return
	}
	d.rows[r.ID] = &r
	close(d.changed)
	d.changed = make(chan struct{})
}

// expect keeps the row of a dialog from now on; call it before the visitor writes.
func (d *desk) expect(dialogID string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.rows[dialogID] = nil
}

// row waits until the operator has the dialog in his list.
func (d *desk) row(ctx context.Context, dialogID string) (row, error) {
	for {
		d.mu.Lock()
		r, changed, trouble := d.rows[dialogID], d.changed, d.trouble
		d.mu.Unlock()
		if r != nil {
			return *r, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			if trouble != "" {
				return row{}, fmt.Errorf("%w (last error frame: %s)", context.Cause(ctx), trouble)
			}
			return row{}, context.Cause(ctx)
		}
	}
}

// open opens a dialog from its first entry on.
func (d *desk) open(dialogID string) *stream {
	s := newStream()
	d.sock.say(func() []clientFrame { // without a connection the next hello opens it
		d.mu.Lock()
		defer d.mu.Unlock()
		d.streams[dialogID] = s
		return []clientFrame{openFrame(dialogID, s.resume())}
	})
	return s
}

// forget closes a dialog and drops what is known of it.
func (d *desk) forget(dialogID string) {
	d.sock.say(func() []clientFrame {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.rows, dialogID)
		if _, open := d.streams[dialogID]; !open {
			return nil
		}
		delete(d.streams, dialogID)
		return []clientFrame{{Type: "close", DialogID: dialogID}}
	})
}
