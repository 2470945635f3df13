package api

import (
	"encoding/json"
	"time"
)

// Frames a server sends that need more care than the generated types take: those leave out what is zero, and a frame
// that says "none" or "no" must say so. All of them are held against openapi.yaml by the tests.
type (
	plainFrame struct {
		Type string    `json:"type"`
		Now  time.Time `json:"now,omitzero"`
	}
	watchingFrame struct {
		Type      string `json:"type"`
		ProjectID string `json:"project_id"`
	}
	openedFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id"`
		Seq      int64  `json:"seq"`
	}
	eventFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id,omitempty"`
		Event    Event  `json:"event"`
	}
	rowFrame struct {
		Type string `json:"type"`
		Row  Row    `json:"row"`
	}
	callsFrame struct {
		Type string `json:"type"`
		Rows []Row  `json:"rows"`
	}
	goneFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id"`
		Rev      int64  `json:"rev"`
		Operator Person `json:"operator,omitzero"`
	}
	hoursFrame struct {
		Type      string     `json:"type"`
		ProjectID string     `json:"project_id"`
		Hours     HoursState `json:"hours"`
	}
	countsFrame struct {
		Type      string    `json:"type"`
		ProjectID string    `json:"project_id"`
		Counts    Counts    `json:"counts"`
		ChangesAt time.Time `json:"changes_at,omitzero"`
	}
	backlogFrame struct {
		Type      string    `json:"type"`
		ProjectID string    `json:"project_id"`
		Backlog   int       `json:"backlog"`
		Queues    []string  `json:"backlog_queues,omitempty"`
		OfferAt   time.Time `json:"offer_at,omitzero"`
	}
	projectsFrame struct {
		Type     string       `json:"type"`
		Projects []ProjectDot `json:"projects"`
	}
	cardFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id"`
	}
	typingFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id,omitempty"`
		Name     string `json:"name,omitempty"`
	}
	readFrame struct {
		Type     string `json:"type"`
		DialogID string `json:"dialog_id,omitempty"`
		Seq      int64  `json:"seq"`
	}
	timersFrame struct {
		Type    string `json:"type"`
		Delayed bool   `json:"delayed"`
	}
	errorFrame struct {
		Type    string `json:"type"`
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	stateFrame struct {
		Type  string       `json:"type"`
		Now   time.Time    `json:"now,omitzero"`
		State VisitorState `json:"state"`
	}
)

// Close codes of sockets (openapi.yaml).
const (
	closeGoingAway  = 1001
	closeSignedOut  = 4001
	closeNotAllowed = 4003
	closeTooSlow    = 4008
	closeNotUnderst = 4009
	closeTooMany    = 4029 // sockets of one address or one visitor
)

func encode(frame any) []byte {
	raw, err := json.Marshal(frame)
	if err != nil {
		panic(err) // frames are plain data
	}
	return raw
}
