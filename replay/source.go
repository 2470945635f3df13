package replay

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode"
	"unicode/utf8"
)

// maxTextRunes is the longest message the API accepts, in characters.
const maxTextRunes = 4000

// maxLineBytes bounds one conversation of the file.
const maxLineBytes = 4 << 20

// Side is who speaks a turn.
type Side string

// The two sides of a conversation.
const (
	Visitor  Side = "visitor"
	Operator Side = "operator"
)

// Turn is one message of a conversation.
type Turn struct {
	At   float64 `json:"at"` // seconds from the first message
	From Side    `json:"from"`
	Text string  `json:"text"`
}

// Conversation is one session to be played.
type Conversation struct {
	ID    string `json:"id"`
	Topic string `json:"topic"`
	Turns []Turn `json:"turns"`
}

// Duration is the time from the first turn to the last, as it was in life.
func (c Conversation) Duration() time.Duration {
	if len(c.Turns) == 0 {
		return 0
	}
	return time.Duration(c.Turns[len(c.Turns)-1].At * float64(time.Second))
}

// LineError says which line of the file cannot be played, counted from 1.
type LineError struct {
	Line int
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap gives the reason.
func (e *LineError) Unwrap() error { return e.Err }

// Reasons for which a line is refused.
var (
	ErrNoID       = errors.New("no id")
	ErrTurns      = errors.New("fewer than two turns")
	ErrFirstTurn  = errors.New("the first turn is not the visitor's")
	ErrNoOperator = errors.New("the operator never speaks")
	ErrSide       = errors.New("a turn is neither the visitor's nor the operator's")
	ErrTime       = errors.New("the time of a turn runs backwards")
	ErrTrailing   = errors.New("more than one JSON object")
	ErrNotUTF8    = errors.New("not UTF-8")
)

// ReadFile reads conversations, one JSON object a line, gzip or plain; limit 0 means all.
func ReadFile(path string, limit int) ([]Conversation, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := Read(f, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// Read reads conversations from r, gzip or plain; limit 0 means all. A bad line gives a *LineError and no conversations.
func Read(r io.Reader, limit int) ([]Conversation, error) {
	br := bufio.NewReader(r)
	if magic, _ := br.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		zr, err := gzip.NewReader(br)
		if err != nil {
			return nil, err
		}
		defer zr.Close()
		r = zr
	} else {
		r = br
	}
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 64<<10), maxLineBytes)
	var list []Conversation
	line := 0
	for sc.Scan() {
		line++
		if len(bytes.TrimSpace(sc.Bytes())) == 0 {
			continue
		}
		c, err := parseLine(sc.Bytes())
		if err != nil {
			return nil, &LineError{Line: line, Err: err}
		}
		list = append(list, c)
		if limit > 0 && len(list) == limit {
			return list, nil
		}
	}
	if err := sc.Err(); err != nil {
		return nil, &LineError{Line: line + 1, Err: err}
	}
	return list, nil
}

func parseLine(b []byte) (Conversation, error) {
	var c Conversation
	if !utf8.Valid(b) {
		return c, ErrNotUTF8
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if err := dec.Decode(&c); err != nil {
		return c, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return c, ErrTrailing
	}
	return c, c.check()
}

func (c Conversation) check() error {
	switch {
	case c.ID == "":
		return ErrNoID
	case len(c.Turns) < 2:
		return ErrTurns
	case c.Turns[0].From != Visitor:
		return ErrFirstTurn
	}
	operator, last := false, 0.0
	for _, t := range c.Turns {
		if t.From != Visitor && t.From != Operator {
			return ErrSide
		}
		if t.At < last {
			return ErrTime
		}
		operator = operator || t.From == Operator
		last = t.At
	}
	if !operator {
		return ErrNoOperator
	}
	return nil
}

// Sendable says why the API would refuse a text of the conversation ("" when it would not): such a conversation is not
// started, since a session with a hole in it proves nothing.
func (c Conversation) Sendable() string {
	for i, t := range c.Turns {
		if why := refusedText(t.Text); why != "" {
			return fmt.Sprintf("turn %d: %s", i+1, why)
		}
	}
	return ""
}

func refusedText(s string) string {
	if n := utf8.RuneCountInString(s); n > maxTextRunes {
		return fmt.Sprintf("%d characters, at most %d are allowed", n, maxTextRunes)
	}
	blank := true
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return fmt.Sprintf("control character %U", r)
		}
		blank = blank && unicode.IsSpace(r)
	}
	if blank {
		return "empty"
	}
	return ""
}
