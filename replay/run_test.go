package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// shortList is a few conversations of the sample, one with line breaks among them.
func shortList(t *testing.T, n int) []Conversation {
	t.Helper()
	list, err := ReadFile("testdata/conversations-sample.jsonl.gz", n)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// hurry replaces every wait by none and keeps what was asked for.
type hurry struct {
	mu    sync.Mutex
	asked []time.Duration
}

func (h *hurry) pause(ctx context.Context, d time.Duration) error {
	h.mu.Lock()
	h.asked = append(h.asked, d)
	h.mu.Unlock()
	return ctx.Err()
}

func play(t *testing.T, f *fake, list []Conversation, notes *bytes.Buffer) (Report, *hurry) {
	t.Helper()
	h := &hurry{}
	o := Options{Target: f.URL, Logins: f.logins(), Widgets: []string{"z", "k"}, Speed: 60, pause: h.pause, step: time.Second}
	if notes != nil {
		o.Notes = notes
	}
	r, err := Run(t.Context(), o, list)
	if err != nil {
		t.Fatal(err)
	}
	return r, h
}

func TestRunPlaysTheSampleWithoutAFault(t *testing.T) {
	f := newFake(t, 3, 2)
	list := shortList(t, 0)
	turns := 0
	for _, c := range list {
		turns += len(c.Turns)
	}
	r, h := play(t, f, list, nil)
	if !r.OK() || r.Conversations != 60 || r.SessionsClosed != 60 || r.Lost+r.Duplicated+r.Reordered != 0 || len(r.Errors) != 0 {
		t.Fatalf("%+v", r)
	}
	if r.MessagesSent != turns || r.MessagesAcknowledged != turns || r.MessagesDelivered != turns {
		t.Fatalf("%d turns: %+v", turns, r)
	}
	if r.AckP50 <= 0 || r.AckP99 < r.AckP50 || r.DeliveryP50 <= 0 || r.DeliveryP99 < r.DeliveryP50 {
		t.Errorf("times: %+v", r)
	}
	if f.mostOpen > 3 {
		t.Errorf("an operator with limit 3 had %d dialogs", f.mostOpen)
	}
	if len(f.addresses) != 60 {
		t.Errorf("60 visitors came from %d addresses", len(f.addresses))
	}
	projects := map[string]int{}
	for _, d := range f.dialogs {
		projects[d.project]++
		if (d.project == "pz") != (d.stars > 0) || (d.project == "pz") != (len(d.tags) > 0) {
			t.Errorf("%s of %s: %d stars, %d tags", d.id, d.project, d.stars, len(d.tags))
		}
	}
	if projects["pz"] != 30 || projects["pk"] != 30 {
		t.Errorf("projects: %v", projects)
	}
	longest := slices.Max(h.asked)
	if longest < time.Second || longest > time.Minute {
		t.Errorf("longest pause at speed 60: %v", longest)
	}
}

// The one JSON object has exactly the agreed keys.
func TestReportKeys(t *testing.T) {
	b, err := json.Marshal(Report{})
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	want := strings.Fields(`conversations messages_sent messages_acknowledged messages_delivered lost duplicated reordered
		transcripts_equal sessions_closed ack_p50_ms ack_p99_ms delivery_p50_ms delivery_p99_ms`)
	for _, key := range want {
		if _, ok := got[key]; !ok {
			t.Errorf("no %s", key)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d keys, want %d", len(got), len(want))
	}
}

// Faults of the server are planted; the run has to find each.
func TestRunFindsPlantedFaults(t *testing.T) {
	once := func(when func(*fakeConn, Event) bool, what func(Event) []Event) func(*fakeConn, Event) []Event {
		done := false
		return func(c *fakeConn, e Event) []Event {
			if done || !when(c, e) {
				return []Event{e}
			}
			done = true
			return what(e)
		}
	}
	atVisitor := func(c *fakeConn, e Event) bool { return c.side == Visitor && e.Author == "operator" }
	tests := []struct {
		name  string
		plant func(f *fake)
		check func(r Report) bool
		says  string
	}{
		{"doubled frame", func(f *fake) {
			f.onPush = once(atVisitor, func(e Event) []Event { return []Event{e, e} })
		}, func(r Report) bool { return r.Duplicated == 1 && r.Lost == 0 }, "came again"},
		{"altered frame", func(f *fake) {
			f.onPush = once(atVisitor, func(e Event) []Event { e.Text += "!"; return []Event{e} })
		}, func(r Report) bool { return r.Lost == 1 }, "is altered"},
		{"frame that never comes", func(f *fake) {
			f.onPush = once(func(c *fakeConn, e Event) bool { return c.side == Operator && e.Author == "visitor" && e.Seq > 4 }, func(e Event) []Event { return nil })
		}, func(r Report) bool {
			return r.Lost == 1 && r.SessionsClosed == 3 && r.MessagesDelivered == r.MessagesSent-1
		}, "in vain for turn"},
		{"log page without an entry", func(f *fake) {
			f.onPage = func(side Side, list []Event) []Event {
				if side == Visitor {
					return slices.Delete(slices.Clone(list), 1, 2)
				}
				return list
			}
		}, func(r Report) bool { return r.Lost == 3 }, "visitor's log: turn 2 is missing"},
		{"log page out of order", func(f *fake) {
			f.onPage = func(side Side, list []Event) []Event {
				list = slices.Clone(list)
				if side == Operator && len(list) > 3 {
					list[1], list[2] = list[2], list[1]
				}
				return list
			}
		}, func(r Report) bool { return r.Reordered > 0 && r.Lost == 0 }, "came after"},
		{"operator's text in the visitor's log", func(f *fake) {
			f.onPage = func(side Side, list []Event) []Event {
				if side == Visitor {
					last := list[len(list)-1]
					last.Seq, last.Audience, last.Key, last.At = last.Seq+1, "operator", endKeys[Operator], last.At.Add(time.Second)
					list = append(slices.Clone(list), last)
				}
				return list
			}
		}, func(r Report) bool { return !r.OK() && r.Lost == 0 }, "for operators only"},
		{"tags in the visitor's file", func(f *fake) {
			f.onFile = func(side Side, file string) string {
				if side == Visitor {
					return strings.Replace(file, "\r\n[", "\r\nТеги: Лид\r\n[", 1)
				}
				return file
			}
		}, func(r Report) bool { return !r.TranscriptsEqual && r.Lost == 0 }, "visitor's file"},
		{"bare line feeds in a file", func(f *fake) {
			f.onFile = func(side Side, file string) string { return strings.ReplaceAll(file, "\r\n", "\n") }
		}, func(r Report) bool { return !r.TranscriptsEqual }, "operator's file"},
		{"rating not kept", func(f *fake) {
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				if strings.HasSuffix(r.URL.Path, "/rating") {
					return fail(w, 403, "rating_disabled")
				}
				return false
			}
		}, func(r Report) bool { return !r.OK() && r.SessionsClosed == 3 }, "rate: "},
		{"answer refused", func(f *fake) {
			n := 0
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				if n++; strings.HasSuffix(r.URL.Path, "/messages") && strings.Contains(r.URL.Path, "operator") && strings.HasSuffix(in["client_id"].(string), "-t3") {
					return fail(w, 403, "not_assignee")
				}
				return false
			}
		}, func(r Report) bool {
			return !r.OK() && r.SessionsClosed == 3 && r.MessagesSent > r.MessagesAcknowledged
		}, "not_assignee"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, 3)
			tt.plant(f)
			r, _ := play(t, f, shortList(t, 3), nil)
			if r.OK() || !tt.check(r) || !strings.Contains(strings.Join(r.Errors, "\n"), tt.says) {
				t.Fatalf("%+v", r)
			}
		})
	}
}

// What the contract allows to go wrong is mended without a fault: a gap is asked for, a cut socket resumes, 503 and 429 are
// tried again with the same client_id after the time the server asked for, a full operator waits for a slot.
func TestRunMendsWhatMayHappen(t *testing.T) {
	tests := []struct {
		name  string
		plant func(f *fake)
		waits time.Duration // asked for at least once
	}{
		{"frames with a gap before them, on both sides", func(f *fake) {
			n := 0
			f.onPush = func(c *fakeConn, e Event) []Event {
				if n++; n%5 == 0 {
					e.Seq++
				}
				return []Event{e}
			}
		}, 0},
		{"sockets cut", func(f *fake) {
			n := 0
			f.onPush = func(c *fakeConn, e Event) []Event {
				if n++; n%7 == 0 {
					c.ws.Close()
				}
				return []Event{e}
			}
		}, 0},
		{"acknowledgements lost", func(f *fake) {
			seen := map[string]bool{}
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				id, _ := in["client_id"].(string)
				if _, stored := f.receipts[id]; stored || id == "" || seen[id] {
					return false
				}
				seen[id] = true
				return len(seen)%4 == 0 && fail(w, 503, "unavailable")
			}
		}, 2 * time.Second},
		{"too many requests", func(f *fake) {
			n := 0
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				n++
				return n%6 == 0 && fail(w, 429, "too_many_requests")
			}
		}, 2 * time.Second},
		{"operator is full for a while", func(f *fake) {
			f.operators[0].open = f.operators[0].limit
			asked := 0
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				if strings.HasSuffix(r.URL.Path, "/me") {
					if asked++; asked == 5 {
						f.operators[0].open = 0
					}
				}
				return false
			}
		}, time.Second},
		{"a slot of the operator is taken all the time", func(f *fake) { f.operators[0].open = 1 }, 0},
		{"somebody took the slot meanwhile", func(f *fake) {
			n := 0
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				id, _ := in["client_id"].(string)
				if strings.HasSuffix(id, "-t1") && n < 2 {
					n++
					return fail(w, 409, "limit_reached")
				}
				return false
			}
		}, 0},
		{"visitor wrote while the operator left", func(f *fake) {
			n := 0
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				if strings.HasSuffix(r.URL.Path, "/leave") && n < 2 {
					n++
					return fail(w, 409, "unseen_message")
				}
				return false
			}
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, 3)
			tt.plant(f)
			r, h := play(t, f, shortList(t, 6), nil)
			if !r.OK() || len(r.Errors) != 0 {
				t.Fatalf("%+v", r)
			}
			if tt.waits > 0 && !slices.Contains(h.asked, tt.waits) {
				t.Errorf("nobody waited %v", tt.waits)
			}
		})
	}
}

func TestRunSkipsWhatTheAPIRefuses(t *testing.T) {
	f := newFake(t, 3)
	list := shortList(t, 2)
	list[0].Turns[1].Text = strings.Repeat("x", 4001)
	r, _ := play(t, f, list, nil)
	if !r.OK() || r.Conversations != 1 || len(r.Errors) != 1 || !strings.Contains(r.Errors[0], list[0].ID+": skipped: turn 2") {
		t.Fatalf("%+v", r)
	}
}

// An interrupted run answers what it has and leaves no session open, not even one that nobody had answered.
func TestRunInterrupted(t *testing.T) {
	for _, stopAt := range []string{"-t0", "-t1", "-t4"} {
		t.Run(stopAt, func(t *testing.T) {
			f := newFake(t, 2)
			ctx, cancel := context.WithCancel(t.Context())
			h := &hurry{}
			f.before = func(w http.ResponseWriter, r *http.Request, in map[string]any) bool {
				id, _ := in["client_id"].(string)
				if strings.HasSuffix(id, stopAt) {
					cancel()
				}
				return false
			}
			r, err := Run(ctx, Options{Target: f.URL, Logins: f.logins(), Widgets: []string{"z", "k"}, Speed: 60, pause: h.pause}, shortList(t, 9))
			if !errors.Is(err, ErrInterrupted) || r.OK() || r.Conversations == 0 || r.Conversations > 4 {
				t.Fatalf("%v, %+v", err, r)
			}
			if !strings.Contains(strings.Join(r.Errors, "\n"), "9 conversations were not played to their end") {
				t.Errorf("%v", r.Errors)
			}
			f.mu.Lock()
			defer f.mu.Unlock()
			for _, d := range f.dialogs {
				if len(d.events) > 0 && !d.closed {
					t.Errorf("%s is still open", d.id)
				}
			}
		})
	}
}

func TestRunRefusesWhatCannotWork(t *testing.T) {
	f := newFake(t, 1)
	for name, o := range map[string]Options{
		"no scheme":                  {Target: "localhost:1", Logins: f.logins(), Widgets: []string{"z"}},
		"no widgets":                 {Target: f.URL, Logins: f.logins()},
		"no operator for the widget": {Target: f.URL, Logins: f.logins(), Widgets: []string{"other"}},
	} {
		if _, err := Run(t.Context(), o, shortList(t, 1)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestParseLogins(t *testing.T) {
	list, err := ParseLogins(DefaultLogins)
	if err != nil || len(list) != 4 || list[1] != (Login{"oleg@demo.otklik", "otklik-oleg"}) {
		t.Fatalf("%v, %v", list, err)
	}
	for _, bad := range []string{"", " , ", "anna", "/x", "anna/"} {
		if _, err := ParseLogins(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

func TestLoopbackAddressesAreDistinctAndNotTheServers(t *testing.T) {
	seen := map[string]bool{}
	for n := range uint32(100000) {
		a := loopbackAddress(n * 167)
		if !a.IsLoopback() || strings.HasPrefix(a.String(), "127.0.") || a.As4()[3] == 0 || a.As4()[3] == 255 {
			t.Fatalf("%d: %s", n, a)
		}
		seen[a.String()] = true
	}
	if len(seen) != 100000 {
		t.Fatalf("%d distinct addresses of 100000", len(seen))
	}
}
