package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/fasthttp/websocket"
	"github.com/google/uuid"
	"github.com/tidwall/gjson"
	"github.com/valyala/fasthttp"
)

// caller makes the HTTP calls of all clients over kept connections; cheap, since its CPU time counts as the clients'.
type caller struct {
	http *fasthttp.HostClient
	base string
}

const callTimeout = 10 * time.Second

func newCaller(base string) *caller {
	return &caller{base: base, http: &fasthttp.HostClient{
		Addr: strings.TrimPrefix(base, "http://"), MaxConns: 512, ReadTimeout: callTimeout, WriteTimeout: callTimeout,
	}}
}

// post sends a command and decodes the answer into out (nil: not wanted). What is not 2xx is an error.
func (c *caller) post(path string, head map[string]string, body, out any) error {
	return c.call(path, head, body, func(answer []byte) error {
		if out == nil {
			return nil
		}
		return json.Unmarshal(answer, out)
	})
}

// call is post with the answer as it came; it is gone when read returns.
func (c *caller) call(path string, head map[string]string, body any, read func([]byte) error) error {
	req, res := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(res)
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req.SetRequestURI(c.base + "/api/v1" + path)
	req.Header.SetMethod(http.MethodPost)
	req.Header.SetContentType("application/json")
	for k, v := range head {
		req.Header.Set(k, v)
	}
	req.SetBodyRaw(raw)
	if err := c.http.DoTimeout(req, res, callTimeout); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if res.StatusCode() >= 300 {
		return fmt.Errorf("%s: %d %s", path, res.StatusCode(), res.Body())
	}
	return read(res.Body())
}

// operator is a signed-in operator.
type operator struct {
	c    *caller
	head map[string]string
	tag  string // an active tag of the project with tagging
}

func (c *caller) signIn(login, password string) (*operator, error) {
	// The cookie is read by net/http, which knows the format.
	res, err := http.Post(c.base+"/api/v1/operator/sign-in", "application/json",
		strings.NewReader(fmt.Sprintf(`{"login":%q,"password":%q}`, login, password)))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	var me struct {
		Csrf     string
		Projects []struct {
			Tags []struct{ ID string }
		}
	}
	if err := json.NewDecoder(res.Body).Decode(&me); err != nil || res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("sign in as %s: %d %w", login, res.StatusCode, err)
	}
	o := &operator{c: c, head: map[string]string{"X-CSRF-Token": me.Csrf, "Origin": c.base}}
	for _, k := range res.Cookies() {
		o.head["Cookie"] = k.Name + "=" + k.Value
	}
	for _, p := range me.Projects {
		for _, t := range p.Tags {
			o.tag = t.ID
		}
	}
	return o, nil
}

func (o *operator) reply(dialog, text string) error {
	return o.c.post("/operator/dialogs/"+dialog+"/messages", o.head, message(text), nil)
}

// leave finishes the session with a tag, having seen everything.
func (o *operator) leave(dialog string) error {
	return o.c.post("/operator/dialogs/"+dialog+"/leave", o.head,
		map[string]any{"client_id": uuid.NewString(), "last_seen_seq": 1 << 40, "tags": []string{o.tag}}, nil)
}

func message(text string) map[string]string {
	return map[string]string{"client_id": uuid.NewString(), "text": text}
}

// visitor is a browser that has become a visitor.
type visitor struct {
	c       *caller
	head    map[string]string
	dialog  string
	session string
}

func (c *caller) visitor(widget string) (*visitor, error) {
	var a struct {
		Token string
		State struct {
			DialogID string `json:"dialog_id"`
		}
	}
	if err := c.post("/widgets/"+widget+"/visitors", nil, struct{}{}, &a); err != nil {
		return nil, err
	}
	return &visitor{c: c, head: map[string]string{"Authorization": "Bearer " + a.Token}, dialog: a.State.DialogID}, nil
}

func (v *visitor) write(text string) (seq int64, err error) {
	err = v.c.call("/visitor/messages", v.head, message(text), func(answer []byte) error {
		e := gjson.GetBytes(answer, "event")
		seq, v.session = e.Get("seq").Int(), e.Get("session_id").String()
		return nil
	})
	return seq, err
}

func (v *visitor) rate(stars int) error {
	return v.c.post("/visitor/rating", v.head, map[string]any{"client_id": uuid.NewString(), "session_id": v.session, "stars": stars}, nil)
}

// desk is an operator's socket with some dialogs open. seen gets each message of a visitor as it arrives.
type desk struct {
	conn *websocket.Conn
	done chan error
}

func (o *operator) desk(ctx context.Context, dialogs []string, seen func(dialog, text string, at time.Time)) (*desk, error) {
	conn, _, err := websocket.DefaultDialer.DialContext(ctx, "ws"+strings.TrimPrefix(o.c.base, "http")+"/api/v1/operator/socket",
		http.Header{"Cookie": {o.head["Cookie"]}, "Origin": {o.c.base}})
	if err != nil {
		return nil, err
	}
	for _, d := range dialogs {
		if err := conn.WriteJSON(map[string]any{"type": "open", "dialog_id": d, "after": 0}); err != nil {
			return nil, err
		}
	}
	k := &desk{conn: conn, done: make(chan error, 1)}
	opened := make(chan struct{})
	go func() { k.done <- k.read(len(dialogs), opened, seen) }()
	select {
	case <-opened:
		return k, nil
	case err := <-k.done:
		return nil, fmt.Errorf("operator's socket: %w", err)
	case <-ctx.Done():
		_ = conn.Close()
		return nil, ctx.Err()
	}
}

func (k *desk) read(dialogs int, opened chan struct{}, seen func(string, string, time.Time)) error {
	for {
		_, raw, err := k.conn.ReadMessage()
		if err != nil {
			return err
		}
		at := time.Now()
		switch gjson.GetBytes(raw, "type").Str {
		case "event":
			if e := gjson.GetBytes(raw, "event"); e.Get("author").Str == "visitor" && e.Get("kind").Str == "message" {
				seen(gjson.GetBytes(raw, "dialog_id").Str, e.Get("text").Str, at)
			}
		case "opened":
			if dialogs--; dialogs == 0 {
				close(opened)
			}
		case "ping":
			if err := k.conn.WriteJSON(map[string]string{"type": "pong"}); err != nil {
				return err
			}
		}
	}
}

func (k *desk) close() {
	_ = k.conn.Close()
	<-k.done
}
