package replay

import "fmt"

// view is a dialog as one side has it from one source.
type view struct {
	name    string // for the fault texts: "visitor's socket"
	side    Side
	entries []Event // in the order in which the source gave them
}

// faults is what went wrong with the messages of one conversation. A fault that several views show counts once. Turns are
// named by their index; entries that are no message by their seq, negative.
type faults struct {
	lost, doubled, moved map[int]bool
	other                []string // what is wrong without being one of the three
	notes                []string // one sentence for each fault
}

func newFaults() *faults {
	return &faults{lost: map[int]bool{}, doubled: map[int]bool{}, moved: map[int]bool{}}
}

func (f *faults) mark(set map[int]bool, index int, format string, args ...any) {
	set[index] = true
	f.notes = append(f.notes, fmt.Sprintf(format, args...))
}

func (f *faults) wrong(format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	f.other = append(f.other, note)
	f.notes = append(f.notes, note)
}

// endKeys are the end texts, each for its own side alone.
var endKeys = map[Side]string{Visitor: "dialog.ended.visitor", Operator: "dialog.ended.operator"}

// compare holds one view of a finished session against its source. acks are the answers the authors got, by turn.
func (f *faults) compare(turns []Turn, acks []Event, v view) {
	missing := f.messages(turns, acks, v)
	f.sequence(v, missing)
	f.systemEntries(v)
}

// messages finds what of the turns is missing, too much, altered or out of order. It answers how many are missing.
func (f *faults) messages(turns []Turn, acks []Event, v view) (missing int) {
	byTime := map[int64]int{}       // an entry has the same time for both sides
	byContent := map[string][]int{} // turns not found yet
	firstOf := map[string]int{}     // for naming a doubled one
	content := func(from, text string) string { return from + "\x00" + text }
	for i, t := range turns {
		if i < len(acks) && !acks[i].At.IsZero() {
			byTime[acks[i].At.UnixMicro()] = i
		}
		key := content(string(t.From), t.Text)
		byContent[key] = append(byContent[key], i)
		if _, ok := firstOf[key]; !ok {
			firstOf[key] = i
		}
	}
	found := make([]bool, len(turns))
	top := -1
	for _, e := range v.entries {
		if !e.isMessage() {
			continue
		}
		key := content(e.Author, e.Text)
		i, ok := byTime[e.At.UnixMicro()]
		if ok && content(string(turns[i].From), turns[i].Text) != key {
			found[i] = true
			f.mark(f.lost, i, "%s: turn %d is altered: %s", v.name, i+1, clip(e.Text))
			continue
		}
		if !ok {
			i, ok = firstUnfound(byContent[key], found)
		}
		switch {
		case !ok && len(byContent[key]) > 0:
			f.mark(f.doubled, firstOf[key], "%s: turn %d came again: %s", v.name, firstOf[key]+1, clip(e.Text))
			continue
		case !ok:
			f.wrong("%s: a message nobody sent: %s", v.name, clip(e.Text))
			continue
		case found[i]:
			f.mark(f.doubled, i, "%s: turn %d came again: %s", v.name, i+1, clip(e.Text))
			continue
		}
		found[i] = true
		if i < top {
			f.mark(f.moved, i, "%s: turn %d came after turn %d", v.name, i+1, top+1)
		}
		top = max(top, i)
		if i < len(acks) && !acks[i].At.IsZero() {
			f.asAcknowledged(i, turns[i], acks[i], e, v)
		}
	}
	for i := range turns {
		if !found[i] {
			missing++
			f.mark(f.lost, i, "%s: turn %d is missing: %s", v.name, i+1, clip(turns[i].Text))
		}
	}
	return missing
}

func firstUnfound(list []int, found []bool) (int, bool) {
	for _, i := range list {
		if !found[i] {
			return i, true
		}
	}
	return 0, false
}

// asAcknowledged holds an entry against the answer its author got.
func (f *faults) asAcknowledged(i int, t Turn, ack, e Event, v view) {
	if !ack.At.Equal(e.At) {
		f.wrong("%s: turn %d was acknowledged for %s and stands at %s", v.name, i+1, ack.At, e.At)
	}
	if v.side == t.From && ack.Seq != e.Seq {
		f.mark(f.moved, i, "%s: turn %d was acknowledged as entry %d and is entry %d", v.name, i+1, ack.Seq, e.Seq)
	}
}

// sequence finds gaps, repetitions and disorder of seq and time. lostMessages of this view are not counted a second time
// as gaps.
func (f *faults) sequence(v view, lostMessages int) {
	known := map[int64]bool{}
	var missing []int64
	top := int64(0)
	for i, e := range v.entries {
		switch {
		case known[e.Seq]:
			if !e.isMessage() {
				f.mark(f.doubled, -int(e.Seq), "%s: entry %d came again", v.name, e.Seq)
			}
			continue
		case e.Seq < top:
			f.mark(f.moved, -int(e.Seq), "%s: entry %d came after entry %d", v.name, e.Seq, top)
		case i > 0 && e.Seq > top && top > 0 && !e.At.After(v.entries[i-1].At):
			f.mark(f.moved, -int(e.Seq), "%s: entry %d is not later than the one before it", v.name, e.Seq)
		}
		known[e.Seq] = true
		top = max(top, e.Seq)
	}
	for seq := int64(1); seq <= top; seq++ {
		if !known[seq] {
			missing = append(missing, seq)
		}
	}
	for i, seq := range missing {
		if i < lostMessages {
			f.notes = append(f.notes, fmt.Sprintf("%s: there is no entry %d", v.name, seq))
			continue
		}
		f.mark(f.lost, -int(seq), "%s: there is no entry %d", v.name, seq)
	}
}

// systemEntries finds an end text that is missing, doubled or on the wrong side, and whatever is not for the reader's eyes.
func (f *faults) systemEntries(v view) {
	ends := map[int64]bool{}
	lastMessage, end := int64(0), int64(0)
	for _, e := range v.entries {
		if v.side == Visitor && e.Audience == string(Operator) {
			f.wrong("%s: entry %d (%s) is for operators only", v.name, e.Seq, e.Key)
		}
		if e.isMessage() {
			lastMessage = max(lastMessage, e.Seq)
		}
		for side, key := range endKeys {
			if e.Key != key {
				continue
			}
			if e.Audience != string(side) {
				f.wrong("%s: %s is for %s", v.name, key, e.Audience)
			}
			if side == v.side {
				ends[e.Seq] = true
				end = e.Seq
			}
		}
	}
	switch {
	case len(ends) == 0:
		f.mark(f.lost, endMark, "%s: the end text is missing", v.name)
	case len(ends) > 1:
		f.mark(f.doubled, endMark, "%s: the end text came %d times", v.name, len(ends))
	case end < lastMessage:
		f.mark(f.moved, endMark, "%s: the end text stands before a message", v.name)
	}
}

// endMark names the end text among the entries.
const endMark = -1 << 31
