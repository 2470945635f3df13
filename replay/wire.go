package replay

import "time"

// The shapes of the API that the replay reads. Only what it looks at is named; the rest is ignored.

type person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Event is one entry of a log as one reader has it.
type Event struct {
	Seq       int64             `json:"seq"` // the reader's own, contiguous from 1
	SessionID string            `json:"session_id"`
	SessionNo int               `json:"session_no"`
	Kind      string            `json:"kind"`     // message, form, department, system
	Author    string            `json:"author"`   // visitor, operator, system
	Audience  string            `json:"audience"` // all, operator, visitor
	Operator  *person           `json:"operator,omitempty"`
	Text      string            `json:"text,omitempty"`
	Key       string            `json:"key,omitempty"`
	Params    map[string]string `json:"params,omitempty"`
	ClientID  string            `json:"client_id,omitempty"`
	At        time.Time         `json:"at"`
}

func (e Event) isMessage() bool { return e.Kind == "message" && e.Author != "system" }

type eventPage struct {
	Events     []Event `json:"events"`
	HeadSeq    int64   `json:"head_seq"`
	MoreBefore bool    `json:"more_before"`
	MoreAfter  bool    `json:"more_after"`
}

type named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type project struct {
	ID      string  `json:"id"`
	Name    string  `json:"name"`
	Level   string  `json:"level"`
	Tagging bool    `json:"tagging"`
	Rating  bool    `json:"rating"`
	Tags    []named `json:"tags"`
}

type me struct {
	Operator struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		OpenDialogs int    `json:"open_dialogs"`
		DialogLimit *int   `json:"dialog_limit"`
	} `json:"operator"`
	CSRF     string    `json:"csrf"`
	Projects []project `json:"projects"`
}

type row struct {
	ID        string `json:"id"`
	ProjectID string `json:"project_id"`
	Rev       int64  `json:"rev"`
	Visitor   struct {
		Name   string `json:"name"`
		Number string `json:"number"`
	} `json:"visitor"`
	Session struct {
		ID       string     `json:"id"`
		ClosedAt *time.Time `json:"closed_at"`
		Assignee *person    `json:"assignee"`
	} `json:"session"`
	Groups []string `json:"groups"`
}

type dialogPage struct {
	Rows       []row  `json:"rows"`
	NextCursor string `json:"next_cursor"`
}

type dialog struct {
	Row      row `json:"row"`
	Sessions []struct {
		ID       string     `json:"id"`
		No       int        `json:"no"`
		ClosedAt *time.Time `json:"closed_at"`
		Operator *person    `json:"operator"`
		Tags     []named    `json:"tags"`
		Rating   *int       `json:"rating"`
	} `json:"sessions"`
	HeadSeq int64 `json:"head_seq"`
}

type widgetConfig struct {
	ProjectName string `json:"project_name"`
	Rating      bool   `json:"rating"`
}

type visitorState struct {
	DialogID string `json:"dialog_id"`
	HeadSeq  int64  `json:"head_seq"`
	Session  *struct {
		ID       string `json:"id"`
		Open     bool   `json:"open"`
		Operator string `json:"operator"`
	} `json:"session"`
	Rating *struct {
		SessionID string `json:"session_id"`
		Stars     int    `json:"stars"`
	} `json:"rating"`
}

type visitorCreated struct {
	Token string       `json:"token"`
	State visitorState `json:"state"`
}

type messageAnswer struct {
	Event   Event `json:"event"`
	Claimed bool  `json:"claimed"`
}

// clientFrame is what a client says on a socket, operator's or visitor's.
type clientFrame struct {
	Type      string `json:"type"`
	ProjectID string `json:"project_id,omitempty"`
	DialogID  string `json:"dialog_id,omitempty"`
	Token     string `json:"token,omitempty"`
	After     *int64 `json:"after,omitempty"`
}

// serverFrame is what a client hears on a socket, operator's or visitor's.
type serverFrame struct {
	Type     string        `json:"type"`
	DialogID string        `json:"dialog_id"`
	Rev      int64         `json:"rev"`
	Event    *Event        `json:"event"`
	Row      *row          `json:"row"`
	State    *visitorState `json:"state"`
	Code     string        `json:"code"`
	Message  string        `json:"message"`
}
