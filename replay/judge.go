package replay

import (
	"context"
	"fmt"
	"time"
)

// judge reads everything back and holds it against the source: what came over the sockets, the log from both sides, the
// session as it stands, and both downloaded files.
func (s *scene) judge(ctx context.Context) error {
	opLog, err := s.op.log(ctx, s.dialogID)
	if err != nil {
		return fmt.Errorf("operator's log: %w", err)
	}
	visLog, err := s.vis.log(ctx)
	if err != nil {
		return fmt.Errorf("visitor's log: %w", err)
	}
	s.catchUp(ctx, s.opStream, opLog)
	s.catchUp(ctx, s.vis.stream, visLog)

	f := newFaults()
	s.out.faults = f
	for _, v := range []view{
		{"operator's socket", Operator, s.opStream.entries()},
		{"visitor's socket", Visitor, s.vis.stream.entries()},
		{"operator's log", Operator, opLog},
		{"visitor's log", Visitor, visLog},
	} {
		f.compare(s.conv.Turns, s.acks, v)
	}
	d, err := s.session(ctx, f)
	if err != nil {
		return err
	}
	return s.files(ctx, f, d, opLog, visLog)
}

// catchUp lets a socket show what the log has already. What does not come is found by the comparison.
func (s *scene) catchUp(ctx context.Context, st *stream, log []Event) {
	if len(log) > 0 {
		s.await(ctx, st, "the end of the log", upTo(log[len(log)-1].Seq))
	}
}

// session checks the session as both sides read it: closed, with its operator, its tags and its rating.
func (s *scene) session(ctx context.Context, f *faults) (dialog, error) {
	d, err := s.op.dialog(ctx, s.dialogID)
	if err != nil {
		return d, fmt.Errorf("read the dialog: %w", err)
	}
	state, err := s.vis.now(ctx)
	if err != nil {
		return d, fmt.Errorf("read the visitor's state: %w", err)
	}
	if len(d.Sessions) != 1 || d.Sessions[0].ID != s.sessionID {
		f.wrong("there are %d sessions, not the one that was played", len(d.Sessions))
		return d, nil
	}
	ses := d.Sessions[0]
	s.out.closed = ses.ClosedAt != nil && (state.Session == nil || !state.Session.Open)
	if ses.Operator == nil || ses.Operator.ID != s.op.me.Operator.ID {
		f.wrong("the session is not %s's", s.op.me.Operator.Name)
	}
	if !sameNames(ses.Tags, s.tags) {
		f.wrong("the session has the tags %v, set were %v", ses.Tags, s.tags)
	}
	senior := s.desk.project.Level == "senior" || s.desk.project.Level == "admin"
	switch {
	case !senior && ses.Rating != nil:
		f.wrong("an operator below senior sees the rating")
	case senior && s.stars > 0 && (ses.Rating == nil || *ses.Rating != s.stars):
		f.wrong("%d stars were given, the session has others", s.stars)
	}
	return d, nil
}

func sameNames(a, b []named) bool {
	if len(a) != len(b) {
		return false
	}
	count := map[named]int{}
	for i := range a {
		count[a[i]]++
		count[b[i]]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

// files downloads both files and holds them against what is rendered here.
func (s *scene) files(ctx context.Context, f *faults, d dialog, opLog, visLog []Event) error {
	opFile, err := s.op.transcript(ctx, s.dialogID, s.lang)
	if err != nil {
		return fmt.Errorf("operator's file: %w", err)
	}
	visFile, err := s.vis.transcript(ctx, s.lang)
	if err != nil {
		return fmt.Errorf("visitor's file: %w", err)
	}
	var tags []named
	if len(d.Sessions) == 1 {
		tags = d.Sessions[0].Tags // in the order the API gives them, which session has checked
	}
	s.out.compared, s.out.equal = true, true
	for _, c := range []struct {
		side Side
		log  []Event
		got  []byte
	}{{Operator, opLog, opFile}, {Visitor, visLog, visFile}} {
		want := s.expected(c.side, c.log, tags).Render()
		if at := differs(c.got, want); at != "" {
			s.out.equal = false
			f.notes = append(f.notes, fmt.Sprintf("%s's file (%s): %s", c.side, s.lang, at))
		}
	}
	return nil
}

// expected is the file that a side should get: the turns of the source, at the times of the log; only the system entries
// are taken from the log itself.
func (s *scene) expected(side Side, log []Event, tags []named) File {
	me := person{ID: s.op.me.Operator.ID, Name: s.op.me.Operator.Name}
	entries := make([]Event, 0, len(log))
	turn := 0
	for _, e := range log {
		if e.isMessage() && turn < len(s.conv.Turns) {
			t := s.conv.Turns[turn]
			turn++
			e = Event{Kind: "message", Author: string(t.From), Audience: "all", Text: t.Text, At: e.At, Operator: &me}
		}
		entries = append(entries, e)
	}
	for ; turn < len(s.conv.Turns); turn++ { // lost in the log: the file has to differ
		t := s.conv.Turns[turn]
		entries = append(entries, Event{Kind: "message", Author: string(t.From), Audience: "all", Text: t.Text, At: time.Unix(0, 0), Operator: &me})
	}
	names := make([]string, len(tags))
	for i, t := range tags {
		names[i] = t.Name
	}
	return File{
		Lang: s.lang, Side: side, Name: s.row.Visitor.Name, Number: s.row.Visitor.Number, Project: s.widget.project,
		Zone: s.run.zone, Sessions: []FileSession{{No: 1, Operator: me.Name, Tags: names, Entries: entries}},
	}
}
