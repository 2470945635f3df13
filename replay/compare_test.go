package replay

import (
	"slices"
	"strings"
	"testing"
	"time"
)

var someTurns = []Turn{
	{From: Visitor, Text: "hello"}, {From: Operator, Text: "OK"}, {From: Visitor, Text: "a\nb"}, {From: Operator, Text: "OK"}, {From: Operator, Text: "bye"},
}

// cleanView is a faultless view of someTurns, with the acknowledgements its authors got.
func cleanView(side Side) (view, []Event) {
	v := view{name: "view", side: side}
	var acks []Event
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for i, t := range someTurns {
		at = at.Add(time.Second)
		e := Event{Seq: int64(i + 1), Kind: "message", Author: string(t.From), Audience: "all", Text: t.Text, At: at}
		acks = append(acks, e)
		v.entries = append(v.entries, e)
	}
	end := Event{Seq: int64(len(someTurns) + 1), Kind: "system", Author: "system", Key: endKeys[side], Audience: string(side), At: at.Add(time.Second)}
	v.entries = append(v.entries, end)
	return v, acks
}

func renumber(list []Event) []Event {
	start := list[0].At
	for i := range list {
		list[i].Seq = int64(i + 1)
		list[i].At = start.Add(time.Duration(i) * time.Second)
	}
	return list
}

// Every fault that can happen on the way is planted and has to be found, and counted as what it is.
func TestCompareFindsPlantedFaults(t *testing.T) {
	tests := []struct {
		name                       string
		side                       Side
		plant                      func([]Event) []Event
		lost, doubled, moved, more int
		noAcks                     bool
	}{
		{name: "nothing", side: Operator, plant: func(e []Event) []Event { return e }},
		{name: "nothing, without acknowledgements", side: Visitor, plant: func(e []Event) []Event { return e }, noAcks: true},
		{name: "lost, with a gap", side: Operator, plant: func(e []Event) []Event { return slices.Delete(e, 2, 3) }, lost: 1},
		{name: "lost, without a gap", side: Operator, plant: func(e []Event) []Event { return renumber(slices.Delete(e, 2, 3)) }, lost: 1, noAcks: true},
		{name: "last lost", side: Visitor, plant: func(e []Event) []Event { return slices.Delete(e, 4, 5) }, lost: 1},
		{name: "entry that is no message lost", side: Visitor, plant: func(e []Event) []Event { e[5].Seq = 7; return e }, lost: 1},
		{name: "end text lost", side: Visitor, plant: func(e []Event) []Event { return e[:5] }, lost: 1},
		{name: "same entry twice", side: Visitor, plant: func(e []Event) []Event { return slices.Insert(e, 3, e[2]) }, doubled: 1},
		{name: "stored twice", side: Operator, plant: func(e []Event) []Event { return renumber(slices.Insert(e, 3, e[2])) }, doubled: 1, noAcks: true},
		{name: "end text twice", side: Visitor, plant: func(e []Event) []Event { x := e[5]; x.Seq++; x.At = x.At.Add(1000); return append(e, x) }, doubled: 1},
		{name: "end frame twice", side: Visitor, plant: func(e []Event) []Event { return append(e, e[5]) }, doubled: 1},
		{name: "texts changed places", side: Visitor, plant: func(e []Event) []Event {
			e[2], e[3] = e[3], e[2]
			return renumber(e)
		}, moved: 1, noAcks: true},
		{name: "frames changed places", side: Visitor, plant: func(e []Event) []Event { e[3], e[4] = e[4], e[3]; return e }, moved: 2},
		{name: "time runs backwards", side: Operator, plant: func(e []Event) []Event { e[3].At = e[2].At; return e }, moved: 1, noAcks: true},
		{name: "other seq than acknowledged", side: Operator, plant: func(e []Event) []Event {
			x := Event{Seq: 1, Kind: "system", Author: "system", Key: "greeting", Audience: "all", At: e[0].At.Add(-time.Second)}
			for i := range e {
				e[i].Seq++
			}
			return slices.Insert(e, 0, x)
		}, moved: 3},
		{name: "end text before a message", side: Operator, plant: func(e []Event) []Event { e[5], e[4] = e[4], e[5]; return renumber(e) }, moved: 1, noAcks: true},
		{name: "altered", side: Operator, plant: func(e []Event) []Event { e[2].Text = "a b"; return e }, lost: 1},
		{name: "altered, without acknowledgements", side: Operator, plant: func(e []Event) []Event { e[2].Text = "a b"; return e }, lost: 1, more: 1, noAcks: true},
		{name: "wrong author", side: Operator, plant: func(e []Event) []Event { e[4].Author = "visitor"; return e }, lost: 1},
		{name: "nobody's message", side: Operator, plant: func(e []Event) []Event {
			return append(e, Event{Seq: 7, Kind: "message", Author: "visitor", Text: "who?", Audience: "all", At: e[5].At.Add(1000)})
		}, moved: 1, more: 1},
		{name: "operator's text at the visitor", side: Visitor, plant: func(e []Event) []Event {
			return append(e, Event{Seq: 7, Kind: "system", Author: "system", Key: endKeys[Operator], Audience: "operator", At: e[5].At.Add(1000)})
		}, more: 1},
		{name: "end text for all", side: Visitor, plant: func(e []Event) []Event { e[5].Audience = "all"; return e }, more: 1},
		{name: "other time than acknowledged", side: Visitor, plant: func(e []Event) []Event { e[4].At = e[4].At.Add(1000); return e }, more: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, acks := cleanView(tt.side)
			if tt.noAcks {
				acks = nil
			}
			v.entries = tt.plant(v.entries)
			f := newFaults()
			f.compare(someTurns, acks, v)
			if len(f.lost) != tt.lost || len(f.doubled) != tt.doubled || len(f.moved) != tt.moved || len(f.other) != tt.more {
				t.Errorf("lost %d doubled %d moved %d other %d, want %d %d %d %d:\n%s", len(f.lost), len(f.doubled), len(f.moved), len(f.other),
					tt.lost, tt.doubled, tt.moved, tt.more, strings.Join(f.notes, "\n"))
			}
		})
	}
}

// A message lost everywhere is one lost message, not four.
func TestCompareCountsAFaultOfSeveralViewsOnce(t *testing.T) {
	f := newFaults()
	for _, side := range []Side{Operator, Visitor} {
		v, acks := cleanView(side)
		v.entries = slices.Delete(v.entries, 2, 3)
		f.compare(someTurns, acks, v)
		f.compare(someTurns, acks, v)
	}
	if len(f.lost) != 1 || len(f.notes) < 4 {
		t.Fatalf("lost %d, notes %d", len(f.lost), len(f.notes))
	}
}

func TestPercentile(t *testing.T) {
	ms := func(n ...int) []time.Duration {
		var list []time.Duration
		for _, v := range n {
			list = append(list, time.Duration(v)*time.Millisecond)
		}
		return list
	}
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = 100 - i
	}
	for _, tt := range []struct {
		list []time.Duration
		p    float64
		want int
	}{
		{nil, 50, 0}, {ms(7), 50, 7}, {ms(7), 99, 7}, {ms(3, 1, 2), 50, 2}, {ms(4, 1, 3, 2), 50, 2},
		{ms(hundred...), 50, 50}, {ms(hundred...), 99, 99}, {ms(hundred...), 100, 100}, {ms(hundred...), 0, 1},
	} {
		if got := percentile(tt.list, tt.p); got != time.Duration(tt.want)*time.Millisecond {
			t.Errorf("p%v of %d: %v, want %d ms", tt.p, len(tt.list), got, tt.want)
		}
	}
	if got := millis(1234567 * time.Nanosecond); got != 1.234 {
		t.Errorf("millis: %v", got)
	}
}

// Each single thing that went wrong makes the run fail.
func TestReportOK(t *testing.T) {
	good := Report{Conversations: 2, MessagesSent: 9, MessagesAcknowledged: 9, MessagesDelivered: 9, TranscriptsEqual: true, SessionsClosed: 2}
	if !good.OK() {
		t.Fatal("a good report is not OK")
	}
	for name, spoil := range map[string]func(*Report){
		"nothing played": func(r *Report) { r.Conversations, r.SessionsClosed = 0, 0 },
		"not delivered":  func(r *Report) { r.MessagesDelivered-- },
		"lost":           func(r *Report) { r.Lost++ },
		"doubled":        func(r *Report) { r.Duplicated++ },
		"reordered":      func(r *Report) { r.Reordered++ },
		"unequal":        func(r *Report) { r.TranscriptsEqual = false },
		"not closed":     func(r *Report) { r.SessionsClosed-- },
		"other":          func(r *Report) { r.wrong++ },
	} {
		r := good
		if spoil(&r); r.OK() {
			t.Errorf("%s: OK", name)
		}
	}
}
