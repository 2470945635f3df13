package replay

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// maxErrors is how many error texts a report keeps.
const maxErrors = 10

// Report is what a run found. Durations are milliseconds.
type Report struct {
	Conversations        int      `json:"conversations"`         // begun; one whose texts the API refuses is not
	MessagesSent         int      `json:"messages_sent"`         // tried, retries not counted
	MessagesAcknowledged int      `json:"messages_acknowledged"` // accepted by the server
	MessagesDelivered    int      `json:"messages_delivered"`    // seen by the other side over its socket
	Lost                 int      `json:"lost"`                  // missing or altered somewhere
	Duplicated           int      `json:"duplicated"`            // there more than once somewhere
	Reordered            int      `json:"reordered"`             // out of order somewhere
	TranscriptsEqual     bool     `json:"transcripts_equal"`     // every downloaded file is as rendered here
	SessionsClosed       int      `json:"sessions_closed"`       // finished by their operator
	AckP50               float64  `json:"ack_p50_ms"`            // send start → acknowledgement
	AckP99               float64  `json:"ack_p99_ms"`
	DeliveryP50          float64  `json:"delivery_p50_ms"` // send start → seen on the opposite socket
	DeliveryP99          float64  `json:"delivery_p99_ms"`
	Errors               []string `json:"errors,omitempty"` // the first few, with conversation ids

	wrong int // faults that fit none of the counts above
}

// OK says whether everything that was begun ended as it should.
func (r Report) OK() bool {
	return r.Conversations > 0 && r.SessionsClosed == r.Conversations && r.MessagesDelivered == r.MessagesSent &&
		r.Lost == 0 && r.Duplicated == 0 && r.Reordered == 0 && r.TranscriptsEqual && r.wrong == 0
}

// WriteTable writes the report for people.
func (r Report) WriteTable(w io.Writer) error {
	equal := "equal"
	if !r.TranscriptsEqual {
		equal = "NOT EQUAL"
	}
	_, err := fmt.Fprintf(w, `conversations   %6d   closed %d
messages sent   %6d   acknowledged %d, delivered %d
lost %d, duplicated %d, reordered %d
transcripts     %s
acknowledged    p50 %.1f ms, p99 %.1f ms
delivered       p50 %.1f ms, p99 %.1f ms
`, r.Conversations, r.SessionsClosed, r.MessagesSent, r.MessagesAcknowledged, r.MessagesDelivered,
		r.Lost, r.Duplicated, r.Reordered, equal, r.AckP50, r.AckP99, r.DeliveryP50, r.DeliveryP99)
	for _, e := range r.Errors {
		if err == nil {
			_, err = fmt.Fprintln(w, "error:", e)
		}
	}
	return err
}

// outcome is what became of one conversation.
type outcome struct {
	id        string
	sent      int
	acks      []time.Duration // send start → answer, by turn
	delivered []time.Duration // send start → seen by the other side
	faults    *faults         // nil when it did not come so far
	compared  bool            // both files were held against their rendering
	equal     bool            // both were as they should be
	closed    bool
	cut       bool // the run ended before the conversation did
	err       error
}

// tally makes a report of outcomes; it belongs to one goroutine.
type tally struct {
	report           Report
	compared         int
	unequal          bool
	acks, deliveries []time.Duration
	more             int // errors beyond those kept
	cut              int // conversations that were not played to their end, or not at all
}

func (t *tally) add(o outcome) {
	r := &t.report
	r.Conversations++
	r.MessagesSent += o.sent
	r.MessagesAcknowledged += len(o.acks)
	r.MessagesDelivered += len(o.delivered)
	t.acks = append(t.acks, o.acks...)
	t.deliveries = append(t.deliveries, o.delivered...)
	if o.closed {
		r.SessionsClosed++
	}
	switch {
	case o.cut:
		t.cut++
	case o.err != nil:
		t.fail(o.id, o.err.Error())
		r.wrong++
	}
	if o.compared {
		t.compared++
		t.unequal = t.unequal || !o.equal
	}
	if o.faults == nil {
		return
	}
	r.Lost += len(o.faults.lost)
	r.Duplicated += len(o.faults.doubled)
	r.Reordered += len(o.faults.moved)
	r.wrong += len(o.faults.other)
	for _, note := range o.faults.notes {
		t.fail(o.id, note)
	}
}

func (t *tally) fail(id, note string) {
	if len(t.report.Errors) == maxErrors {
		t.more++
		return
	}
	t.report.Errors = append(t.report.Errors, id+": "+note)
}

// sum is the report of what was added so far.
func (t *tally) sum() Report {
	r := t.report
	r.TranscriptsEqual = t.compared > 0 && !t.unequal
	r.AckP50, r.AckP99 = millis(percentile(t.acks, 50)), millis(percentile(t.acks, 99))
	r.DeliveryP50, r.DeliveryP99 = millis(percentile(t.deliveries, 50)), millis(percentile(t.deliveries, 99))
	r.Errors = slices.Clone(r.Errors)
	if t.more > 0 {
		r.Errors = append(r.Errors, fmt.Sprintf("and %d more", t.more))
	}
	if t.cut > 0 {
		r.Errors = append(r.Errors, fmt.Sprintf("%d conversations were not played to their end", t.cut))
		r.wrong += t.cut
	}
	return r
}
