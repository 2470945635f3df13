package replay

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// pageSize is odd on purpose: most logs then take more than one page.
const pageSize = 37

// errPages is a log whose pages do not fit together.
var errPages = errors.New("a page of the log brings nothing new")

// visitor is one person on a site, with an address and a socket of his own.
type visitor struct {
	client *client
	sock   *socket
	stream *stream
	state  visitorState // as it was when he came
}

// newVisitor makes a visitor of the project behind the widget key.
func newVisitor(ctx context.Context, t *target, key, lang string, dial dialFunc, pause func(context.Context, time.Duration) error) (*visitor, error) {
	v := &visitor{client: newClient(t, dial), stream: newStream()}
	v.client.pause = pause
	in := map[string]string{"locale": lang, "page_url": t.origin + "/demo/" + key, "page_title": "Replay"}
	var out visitorCreated
	if err := v.client.call(ctx, http.MethodPost, "/widgets/"+key+"/visitors", in, &out); err != nil {
		v.client.close()
		return nil, err
	}
	v.state = out.State
	v.client.header.Set("Authorization", "Bearer "+out.Token)
	v.sock = newSocket(t, "/visitor/socket", dial, nil)
	v.sock.pause = pause
	v.sock.hello = func() []clientFrame {
		after := v.stream.resume()
		return []clientFrame{{Type: "hello", Token: out.Token, After: &after}}
	}
	v.sock.handle = func(f serverFrame) {
		if f.Type == "event" && f.Event != nil && v.stream.add(*f.Event, time.Now()) {
			v.sock.reconnect() // a visitor asks for what is missing with a new hello
		}
	}
	return v, nil
}

// run keeps his socket until ctx ends.
func (v *visitor) run(ctx context.Context) error {
	defer v.client.close()
	if err := v.sock.run(ctx); err != nil {
		return fmt.Errorf("visitor's socket: %w", err)
	}
	return nil
}

func (v *visitor) write(ctx context.Context, clientID, text string) (messageAnswer, error) {
	var out messageAnswer
	err := v.client.call(ctx, http.MethodPost, "/visitor/messages", map[string]string{"client_id": clientID, "text": text}, &out)
	return out, err
}

func (v *visitor) rate(ctx context.Context, clientID, sessionID string, stars int) (visitorState, error) {
	var out visitorState
	in := map[string]any{"client_id": clientID, "session_id": sessionID, "stars": stars}
	err := v.client.call(ctx, http.MethodPost, "/visitor/rating", in, &out)
	return out, err
}

func (v *visitor) now(ctx context.Context) (visitorState, error) {
	var out visitorState
	err := v.client.call(ctx, http.MethodGet, "/visitor", nil, &out)
	return out, err
}

func (v *visitor) log(ctx context.Context) ([]Event, error) {
	return v.client.pages(ctx, "/visitor/events")
}

func (v *visitor) transcript(ctx context.Context, lang string) ([]byte, error) {
	var b []byte
	err := v.client.call(ctx, http.MethodGet, "/visitor/transcript?lang="+lang, nil, &b)
	return b, err
}

// pages reads a whole log, page by page from its beginning.
func (c *client) pages(ctx context.Context, path string) ([]Event, error) {
	var list []Event
	after := int64(0)
	for {
		var page eventPage
		q := url.Values{"after": {fmt.Sprint(after)}, "limit": {itoa(pageSize)}}
		if err := c.call(ctx, http.MethodGet, path+"?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Events...)
		if !page.MoreAfter {
			return list, nil
		}
		if len(page.Events) == 0 || page.Events[len(page.Events)-1].Seq <= after {
			return nil, fmt.Errorf("%s after %d: %w", path, after, errPages)
		}
		after = page.Events[len(page.Events)-1].Seq
	}
}
