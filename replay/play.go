package replay

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"time"
)

const (
	stepTimeout    = time.Minute      // one thing waited for: a row, a message on the other side, an end text
	cleanupTimeout = 15 * time.Second // for leaving what an interrupted run has begun
)

// errNotClaimed is an accepted first answer that does not say that it took the dialog.
var errNotClaimed = errors.New("the first answer did not claim the dialog")

// scene is one conversation being played.
type scene struct {
	run    *run
	conv   Conversation
	lang   string
	widget widget
	op     *operator
	desk   *desk

	vis       *visitor
	dialogID  string
	sessionID string
	clientID  string // prefix of every client_id of this conversation
	opStream  *stream
	row       row
	claimed   bool
	left      bool
	acks      []Event // by turn
	tags      []named // set by the operator
	stars     int     // given by the visitor, 0 when the project does not ask
	out       outcome
}

// play plays a conversation to its end and compares. onClaim is called once the server counts the dialog as the operator's.
func (s *scene) play(ctx context.Context, onClaim func()) outcome {
	s.out.id = s.conv.ID
	if s.out.err = s.story(ctx, onClaim); s.out.err != nil {
		s.cleanUp(ctx)
	}
	return s.out
}

func (s *scene) story(ctx context.Context, onClaim func()) error {
	ctx, cancel := context.WithCancelCause(ctx)
	var err error
	if s.vis, err = newVisitor(ctx, s.run.target, s.widget.key, s.lang, s.run.addresses.dialer(), s.run.pause); err != nil {
		cancel(nil)
		return fmt.Errorf("become a visitor: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		if err := s.vis.run(ctx); err != nil {
			cancel(err)
		}
	}()
	defer func() { cancel(nil); <-gone }()

	s.dialogID = s.vis.state.DialogID
	s.desk.expect(s.dialogID)
	defer s.desk.forget(s.dialogID)
	if err := s.turns(ctx, onClaim); err != nil {
		return err
	}
	if err := s.end(ctx); err != nil {
		return err
	}
	if err := s.rate(ctx); err != nil {
		return err
	}
	return s.judge(ctx)
}

// turns plays every turn: its pause, its sending, and the wait until the other side has seen it.
func (s *scene) turns(ctx context.Context, onClaim func()) error {
	s.acks = make([]Event, len(s.conv.Turns))
	count := map[Side]int{}
	begun := time.Now()
	for i, t := range s.conv.Turns {
		if i > 0 && s.run.speed > 0 {
			gap := time.Duration((t.At - s.conv.Turns[i-1].At) / s.run.speed * float64(time.Second))
			if err := s.run.pause(ctx, time.Until(begun.Add(gap))); err != nil {
				return err
			}
		}
		begun = time.Now()
		ack, err := s.send(ctx, i, t, onClaim)
		if err != nil {
			return fmt.Errorf("turn %d: %w", i+1, err)
		}
		s.acks[i] = ack
		s.sessionID = ack.SessionID
		s.out.acks = append(s.out.acks, time.Since(begun))
		if i == 0 {
			if err := s.notice(ctx); err != nil {
				return err
			}
		}
		count[t.From]++
		e, err := s.await(ctx, s.other(t.From), fmt.Sprintf("turn %d on the other side", i+1), nth(t.From, count[t.From]))
		if err != nil {
			if ctx.Err() == nil { // acknowledged, and the other side never saw it
				s.out.faults = newFaults()
				s.out.faults.lost[i] = true
			}
			return err
		}
		s.out.delivered = append(s.out.delivered, e.when.Sub(begun))
		s.run.moved()
	}
	return nil
}

func (s *scene) send(ctx context.Context, i int, t Turn, onClaim func()) (Event, error) {
	s.out.sent++
	id := s.clientID + "-t" + itoa(i)
	if t.From == Visitor {
		a, err := s.vis.write(ctx, id, t.Text)
		return a.Event, err
	}
	a, err := s.op.answer(ctx, s.dialogID, id, t.Text, s.opStream.after())
	if err == nil && !s.claimed {
		s.claimed = true
		onClaim()
		if !a.Claimed {
			return a.Event, errNotClaimed
		}
	}
	return a.Event, err
}

// notice is the operator finding the new visitor in his list and opening the dialog.
func (s *scene) notice(ctx context.Context) error {
	ctx, cancel := s.waiting(ctx, "the row in the operator's list")
	defer cancel()
	r, err := s.desk.row(ctx, s.dialogID)
	if err != nil {
		return err
	}
	s.row = r
	s.opStream = s.desk.open(s.dialogID)
	return nil
}

func (s *scene) other(side Side) *stream {
	if side == Visitor {
		return s.opStream
	}
	return s.vis.stream
}

// waiting bounds one wait and says what it was for when it is in vain.
func (s *scene) waiting(ctx context.Context, what string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, s.run.step, fmt.Errorf("waited %v in vain for %s", s.run.step, what))
}

func (s *scene) await(ctx context.Context, st *stream, what string, found func([]seen) (seen, bool)) (seen, error) {
	ctx, cancel := s.waiting(ctx, what)
	defer cancel()
	return st.await(ctx, found)
}

// chooseTags picks one or two tags by the conversation, none where the project does not ask for any.
func (s *scene) chooseTags() []string {
	p := s.desk.project
	if !p.Tagging || len(p.Tags) == 0 {
		return nil
	}
	first := s.hash() % len(p.Tags)
	s.tags = []named{p.Tags[first]}
	if s.hash()%3 == 0 && len(p.Tags) > 1 {
		s.tags = append(s.tags, p.Tags[(first+1)%len(p.Tags)])
	}
	ids := make([]string, len(s.tags))
	for i, t := range s.tags {
		ids[i] = t.ID
	}
	return ids
}

func (s *scene) hash() int {
	h := fnv.New32a()
	h.Write([]byte(s.conv.ID))
	return int(h.Sum32() & 0xffffff)
}

// end reads what there is, tags (in every second conversation before leaving, else with it) and leaves.
func (s *scene) end(ctx context.Context) error {
	if err := s.op.markRead(ctx, s.dialogID, s.opStream.after()); err != nil {
		return fmt.Errorf("mark as read: %w", err)
	}
	tags := s.chooseTags()
	if tags != nil && s.hash()%2 == 0 {
		if err := s.op.setTags(ctx, s.dialogID, s.clientID+"-tags", tags); err != nil {
			return fmt.Errorf("set tags: %w", err)
		}
		tags = nil
	}
	if err := s.op.leave(ctx, s.dialogID, s.clientID+"-leave", s.opStream, tags); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	s.left = true
	if _, err := s.await(ctx, s.vis.stream, "the end text at the visitor", system(endKeys[Visitor])); err != nil {
		return err
	}
	_, err := s.await(ctx, s.opStream, "the end text at the operator", system(endKeys[Operator]))
	return err
}

// rate gives the stars where the project asks for them.
func (s *scene) rate(ctx context.Context) error {
	if !s.desk.project.Rating {
		return nil
	}
	s.stars = 1 + s.hash()%5
	state, err := s.vis.rate(ctx, s.clientID+"-rate", s.sessionID, s.stars)
	if err != nil {
		return fmt.Errorf("rate: %w", err)
	}
	if state.Rating == nil || state.Rating.Stars != s.stars {
		return fmt.Errorf("rate: %d stars were given, the answer has others", s.stars)
	}
	return nil
}

// cleanUp leaves a session that cannot be played to its end, so that it does not stand open in somebody's list. One that
// nobody has answered is answered first: only its assignee can leave it.
func (s *scene) cleanUp(ctx context.Context) {
	if s.out.closed = s.left; s.left || s.out.sent == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	d, err := s.op.dialog(ctx, s.dialogID)
	if err != nil || len(d.Sessions) == 0 || d.Sessions[0].ClosedAt != nil {
		return
	}
	if d.Row.Session.Assignee == nil {
		i := slices.IndexFunc(s.conv.Turns, func(t Turn) bool { return t.From == Operator })
		a, err := s.op.answer(ctx, s.dialogID, s.clientID+"-last", s.conv.Turns[i].Text, d.HeadSeq)
		if err != nil {
			return
		}
		d.HeadSeq = a.Event.Seq
	}
	known := newStream() // what there is counts as read
	known.last = d.HeadSeq
	s.out.closed = s.op.leave(ctx, s.dialogID, s.clientID+"-quit", known, s.chooseTags()) == nil
}
