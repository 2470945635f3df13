package fire

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// op is one command somebody sent, with what he was told.
type op struct {
	kind     string // write, reply, transfer, leave
	by, to   *operator
	clientID string
	lastSeen int64 // leave
	answer
	rev int64 // which change of the dialog it was; 0: none
}

func (o op) String() string {
	who := "visitor"
	if o.by != nil {
		who = o.by.name
	}
	return fmt.Sprintf("%s by %s: %s", o.kind, who, o.answer)
}

// moment is the dialog between two changes, as a few lines of a model know it.
type moment struct {
	open                bool
	assignee, claimedBy string
	claimSeq, lastWrote int64 // seqs of the operators' log
}

// refuses says with which code the model refuses the command now, "" when it accepts.
func (m moment) refuses(o op) string {
	if o.kind == "write" {
		return ""
	}
	switch {
	case !m.open:
		return "session_closed"
	case o.kind == "reply":
		switch {
		case m.assignee == "" || m.assignee == o.by.id:
			return ""
		case m.claimedBy != o.by.id:
			return "already_claimed"
		}
		return "not_assignee"
	case m.assignee == "":
		return "not_claimed"
	case m.assignee != o.by.id:
		return "not_assignee"
	case o.kind == "transfer" && o.to.id == m.assignee:
		return "target_unavailable"
	case o.kind == "leave" && o.lastSeen < m.lastWrote:
		return "unseen_message"
	}
	return ""
}

// tellStory holds the dialog's log against the model and the answers against the log: each accepted command is one change,
// in an order that agrees with real time; each refused one was refused by a state the dialog had while it was under way.
func (h *house) tellStory(dialogID string, ops []op) {
	h.t.Helper()
	byName := map[string]string{}
	for _, o := range h.operators {
		byName[o.name] = o.id
	}
	rows, err := h.pool.Query(context.Background(), `SELECT seq, kind, author, coalesce(operator_id::text, ''), key, client_id,
 coalesce(params->>'from', ''), coalesce(params->>'to', ''), coalesce(params->>'name', '') FROM events WHERE dialog_id = $1 ORDER BY seq`, dialogID)
	check(h.t, err)
	defer rows.Close()
	type line struct {
		seq                                            int64
		kind, author, operator, key, cid, from, to, by string
	}
	var lines []line
	for rows.Next() {
		var l line
		check(h.t, rows.Scan(&l.seq, &l.kind, &l.author, &l.operator, &l.key, &l.cid, &l.from, &l.to, &l.by))
		lines = append(lines, l)
	}
	check(h.t, rows.Err())
	mine := map[string]*op{} // accepted messages by client id
	for i := range ops {
		if ops[i].ok() && ops[i].clientID != "" {
			mine[ops[i].clientID] = &ops[i]
		}
	}
	moments := []moment{{}}
	changes := []string{""}
	for i := 0; i < len(lines); i++ {
		m, l := moments[len(moments)-1], lines[i]
		var what string
		next := func(key string) line {
			if i++; i < len(lines) && lines[i].key == key {
				return lines[i]
			}
			h.t.Fatalf("dialog %s: no %s after seq %d", dialogID, key, l.seq)
			return line{}
		}
		switch {
		case l.kind == "message" && l.author == "visitor":
			what = "write"
			if !m.open {
				m = moment{open: true}
			}
			m.lastWrote = l.seq
			if o := mine[l.cid]; o != nil {
				o.rev = int64(len(moments))
			}
		case l.key == "operator.joined" || l.kind == "message":
			what = "reply"
			if l.key != "" { // the first answer claims
				claim := l
				if i++; i >= len(lines) || lines[i].kind != "message" {
					h.t.Fatalf("dialog %s: a claim at %d without its message", dialogID, l.seq)
				}
				l = lines[i]
				if !m.open || m.assignee != "" {
					h.t.Errorf("dialog %s: %s claims at %d what is not to be claimed: %+v", dialogID, claim.by, claim.seq, m)
				}
				m.assignee, m.claimedBy, m.claimSeq = l.operator, l.operator, claim.seq
			}
			if !m.open || m.assignee != l.operator {
				h.t.Errorf("dialog %s: %s writes at %d into what is not his: %+v", dialogID, l.operator, l.seq, m)
			}
			if o := mine[l.cid]; o != nil {
				o.rev = int64(len(moments))
			}
		case l.key == "transfer.done":
			what = "transfer " + byName[l.from] + " " + byName[l.to]
			next("operator.joined")
			if !m.open || m.assignee != byName[l.from] || l.from == l.to {
				h.t.Errorf("dialog %s: transfer from %s at %d, but %+v", dialogID, l.from, l.seq, m)
			}
			m.assignee = byName[l.to]
		case l.key == "dialog.ended.visitor":
			by := next("dialog.ended.operator").by
			what = "leave " + byName[by]
			if !m.open || m.assignee != byName[by] {
				h.t.Errorf("dialog %s: %s leaves at %d, but %+v", dialogID, by, l.seq, m)
			}
			m.open = false
		default:
			h.t.Fatalf("dialog %s: what is %+v", dialogID, l)
		}
		moments, changes = append(moments, m), append(changes, what)
	}
	if rev := h.count(`SELECT rev FROM dialogs WHERE id = $1`, dialogID); rev != len(moments)-1 {
		h.t.Errorf("dialog %s: revision %d after %d changes", dialogID, rev, len(moments)-1)
	}
	accepted := 0
	for i := range ops {
		o := &ops[i]
		if !o.ok() {
			continue
		}
		accepted++
		if o.clientID == "" {
			o.rev = o.Rev
		}
		want := o.kind
		switch o.kind {
		case "transfer":
			want = "transfer " + o.by.id + " " + o.to.id
		case "leave":
			want = "leave " + o.by.id
		}
		switch {
		case o.rev <= 0 || o.rev >= int64(len(changes)) || changes[o.rev] != want:
			h.t.Errorf("dialog %s: %s was accepted as change %d, which is not in the log", dialogID, o, o.rev)
			return
		case moments[o.rev-1].refuses(*o) != "":
			h.t.Errorf("dialog %s: %s was accepted, but belongs refused: %s", dialogID, o, moments[o.rev-1].refuses(*o))
		}
	}
	if accepted != len(moments)-1 {
		h.t.Errorf("dialog %s: %d changes, %d accepted commands", dialogID, len(moments)-1, accepted)
	}
	for _, o := range ops {
		first, last := int64(0), int64(len(moments)-1)
		for _, other := range ops {
			if other.rev == 0 {
				continue
			}
			if other.ended.Before(o.began) {
				first = max(first, other.rev)
			}
			if o.ended.Before(other.began) {
				last = min(last, other.rev-1)
			}
		}
		if o.ok() {
			if o.rev <= first || o.rev > last {
				h.t.Errorf("dialog %s: %s is change %d, real time says %d to %d", dialogID, o, o.rev, first+1, last)
			}
			continue
		}
		possible := false
		for k := first; k <= last && !possible; k++ {
			possible = moments[k].refuses(o) == o.Code && (o.Code != "already_claimed" || o.Winner.ID == moments[k].assignee)
		}
		if !possible {
			h.t.Errorf("dialog %s: nothing between change %d and %d explains %s (winner %q)", dialogID, first, last, o, o.Winner.Name)
		}
	}
}

// TestOneStoryInEveryOrder: claim, transfer, leave and a visitor's message meet in one dialog in every order. The log
// tells one story, the answers agree with it, and so do the sockets of both sides.
func TestOneStoryInEveryOrder(t *testing.T) {
	h := newHouse(t, plan{operators: 3})
	at := []*process{h.serve(via{}), h.serve(via{})}
	first, second := func() *process { return at[0] }, func() *process { return at[1] }
	ctx := background(t)
	for round := range times(1, 6) {
		for n, order := range permutations(4) {
			for _, begin := range []string{"new", "taken", "left"} {
				if !whole && n%3 != 0 && begin != "taken" {
					continue
				}
				v := h.visitor(at[0])
				a, b, c := h.operators[n%3], h.operators[(n+1)%3], h.operators[(n+2)%3]
				ops := []op{{kind: "write", clientID: newID()}}
				ops[0].answer = v.write(at[0], ops[0].clientID, "hello").accepted(t)
				ears := []*listener{v.listen(ctx, first), a.listen(ctx, second, v.dialogID), b.listen(ctx, first, v.dialogID)}
				seen := int64(1)
				if begin != "new" {
					o := op{kind: "reply", by: a, clientID: newID()}
					o.answer = a.reply(at[1], v.dialogID, o.clientID, "good day").accepted(t)
					ops, seen = append(ops, o), 3
				}
				if begin == "left" {
					o := op{kind: "leave", by: a, lastSeen: seen}
					o.answer = a.leave(at[0], v.dialogID, seen).accepted(t)
					ops = append(ops, o)
				}
				storm := []op{
					{kind: "reply", by: b, clientID: newID()}, {kind: "transfer", by: a, to: c},
					{kind: "leave", by: a, lastSeen: seen}, {kind: "write", clientID: newID()},
					{kind: "reply", by: a, clientID: newID()}, {kind: "reply", by: c, clientID: newID()}, {kind: "leave", by: c, lastSeen: seen + 1},
				}
				atOnce(len(storm), func(i int) {
					o := &storm[i]
					// The first four set out in this order, a hair apart, the rest where they fall.
					place := i
					if i < 4 {
						place = order[i]
					}
					pause(time.Duration(place) * time.Duration(round*150) * time.Microsecond)
					to := at[(i+n)%2]
					switch o.kind {
					case "write":
						o.answer = v.write(to, o.clientID, "and another thing")
					case "reply":
						o.answer = o.by.reply(to, v.dialogID, o.clientID, "answer of "+o.by.name)
					case "transfer":
						o.answer = o.by.transfer(to, v.dialogID, o.to)
					case "leave":
						o.answer = o.by.leave(to, v.dialogID, o.lastSeen)
					}
				})
				h.tellStory(v.dialogID, append(ops, storm...))
				for i, l := range ears {
					l.agrees(h, v.dialogID, i == 0)
				}
				if t.Failed() {
					return
				}
			}
		}
	}
	h.checkLogs()
}

func permutations(n int) (list [][]int) {
	var extend func(have []int, used int)
	extend = func(have []int, used int) {
		if len(have) == n {
			list = append(list, append([]int(nil), have...))
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				extend(append(have, i), used|1<<i)
			}
		}
	}
	extend(nil, 0)
	return list
}

// pause spreads what would else start in one instant; nothing is waited for by it.
func pause(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
}
