package replay

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// unlimitedSlots is how many conversations an operator without a limit holds at once.
const unlimitedSlots = 10

// Login is how an operator signs in.
type Login struct{ Name, Password string }

// DefaultLogins are the operators of the demo.
const DefaultLogins = "anna@demo.otklik/otklik-anna,oleg@demo.otklik/otklik-oleg,vera@demo.otklik/otklik-vera,admin@demo.otklik/otklik-admin"

// DefaultWidgets are the widget keys of the demo: one project with tags and rating, one without.
const DefaultWidgets = "zavarka,knigi"

// ParseLogins reads "login/password,login/password".
func ParseLogins(s string) ([]Login, error) {
	var list []Login
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		name, password, ok := strings.Cut(part, "/")
		if !ok || name == "" || password == "" {
			return nil, fmt.Errorf("login %d: want login/password", len(list)+1)
		}
		list = append(list, Login{name, password})
	}
	if len(list) == 0 {
		return nil, errors.New("no logins")
	}
	return list, nil
}

// operator is one signed-in operator with a tab for each of his projects.
type operator struct {
	client *client
	me     me
	desks  map[string]*desk // by project name
	pause  func(ctx context.Context, d time.Duration) error

	mu       sync.Mutex // held while he looks for a free slot: one asks, the others wait behind
	starting int        // conversations that have a slot and do not count as open on the server yet
	startMu  sync.Mutex // guards starting
}

func signIn(ctx context.Context, t *target, l Login, pause func(context.Context, time.Duration) error) (*operator, error) {
	dial := (&net.Dialer{Timeout: attemptTimeout, KeepAlive: 15 * time.Second}).DialContext
	o := &operator{client: newClient(t, dial), desks: map[string]*desk{}, pause: pause}
	o.client.pause = pause
	in := map[string]string{"login": l.Name, "password": l.Password}
	if err := o.client.call(ctx, http.MethodPost, "/operator/sign-in", in, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	m, err := o.whoAmI(ctx)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.Name, err)
	}
	o.me = m
	o.client.header.Set("X-CSRF-Token", m.CSRF)
	for _, p := range m.Projects {
		if p.Level != "view" {
			o.desks[p.Name] = newDesk(t, o.client, p, dial)
		}
	}
	return o, nil
}

func (o *operator) whoAmI(ctx context.Context) (me, error) {
	var m me
	err := o.client.call(ctx, http.MethodGet, "/operator/me", nil, &m)
	return m, err
}

// slots is how many conversations he may hold at once when he has nothing else to do.
func (o *operator) slots() int {
	if limit := o.me.Operator.DialogLimit; limit != nil {
		return *limit
	}
	return unlimitedSlots
}

// takeSlot waits until he may take one more dialog, as a person looks at his list before he answers a new visitor; false
// when there is nothing left to wait for. Somebody working in his name elsewhere may still take the slot: the claim is then
// refused and waits in freeSlot.
func (o *operator) takeSlot(ctx context.Context, needed func() bool) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	promised := func() int {
		o.startMu.Lock()
		defer o.startMu.Unlock()
		return o.starting
	}
	free, err := o.freeSlot(ctx, promised, needed)
	if free {
		o.addStarting(1)
	}
	return free, err
}

func (o *operator) addStarting(n int) {
	o.startMu.Lock()
	defer o.startMu.Unlock()
	o.starting += n
}

// freeSlot waits until his open dialogs, with those promised already, are below his limit, as long as one is needed.
func (o *operator) freeSlot(ctx context.Context, promised func() int, needed func() bool) (bool, error) {
	for needed() {
		p := promised() // before asking: a claim in between is then counted twice rather than not at all
		m, err := o.whoAmI(ctx)
		if err != nil {
			return false, err
		}
		if m.Operator.DialogLimit == nil || m.Operator.OpenDialogs+p < *m.Operator.DialogLimit {
			return true, nil
		}
		if err := o.pause(ctx, time.Second); err != nil {
			return false, err
		}
	}
	return false, nil
}

// answer sends a turn, written with everything up to the entry seen on the screen. The first one claims the dialog, waiting
// for a free slot when the limit is reached.
func (o *operator) answer(ctx context.Context, dialogID, clientID, text string, seen int64) (messageAnswer, error) {
	in := map[string]any{"client_id": clientID, "text": text, "seen_seq": seen}
	for {
		var out messageAnswer
		err := o.client.call(ctx, http.MethodPost, "/operator/dialogs/"+dialogID+"/messages", in, &out)
		if refusal(err) != "limit_reached" {
			return out, err
		}
		none, yes := func() int { return 0 }, func() bool { return true }
		if _, err := o.freeSlot(ctx, none, yes); err != nil {
			return out, err
		}
	}
}

// setTags sets the tags of the open session.
func (o *operator) setTags(ctx context.Context, dialogID, clientID string, tags []string) error {
	in := map[string]any{"client_id": clientID, "tags": tags}
	return o.client.call(ctx, http.MethodPut, "/operator/dialogs/"+dialogID+"/tags", in, nil)
}

// leave finishes the session. When the visitor has written something he has not seen yet, he reads it and decides again.
func (o *operator) leave(ctx context.Context, dialogID, clientID string, s *stream, tags []string) error {
	for try := 1; ; try++ {
		in := map[string]any{"client_id": clientID + "-" + itoa(try), "last_seen_seq": s.after()}
		if tags != nil {
			in["tags"] = tags
		}
		err := o.client.call(ctx, http.MethodPost, "/operator/dialogs/"+dialogID+"/leave", in, nil)
		if refusal(err) != "unseen_message" || try == 5 {
			return err
		}
		d, err := o.dialog(ctx, dialogID)
		if err != nil {
			return err
		}
		if _, err := s.await(ctx, upTo(d.HeadSeq)); err != nil {
			return err
		}
	}
}

func (o *operator) markRead(ctx context.Context, dialogID string, seq int64) error {
	return o.client.call(ctx, http.MethodPost, "/operator/dialogs/"+dialogID+"/read", map[string]int64{"seq": seq}, nil)
}

func (o *operator) dialog(ctx context.Context, dialogID string) (dialog, error) {
	var d dialog
	err := o.client.call(ctx, http.MethodGet, "/operator/dialogs/"+dialogID, nil, &d)
	return d, err
}

func (o *operator) log(ctx context.Context, dialogID string) ([]Event, error) {
	return o.client.pages(ctx, "/operator/dialogs/"+dialogID+"/events")
}

func (o *operator) transcript(ctx context.Context, dialogID, lang string) ([]byte, error) {
	var b []byte
	err := o.client.call(ctx, http.MethodGet, "/operator/dialogs/"+dialogID+"/transcript?lang="+lang, nil, &b)
	return b, err
}
