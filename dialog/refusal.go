package dialog

import "fmt"

// Code names why a command was refused; it is stable and reaches clients.
type Code string

// Codes of refusals (docs/decisions.md, section L).
const (
	AlreadyClaimed      Code = "already_claimed"
	LimitReached        Code = "limit_reached"
	OutsideWorkingHours Code = "outside_working_hours"
	NotFound            Code = "not_found"
	Forbidden           Code = "forbidden"
	NotAssignee         Code = "not_assignee"
	NotClaimed          Code = "not_claimed"
	TargetUnavailable   Code = "target_unavailable"
	TagRequired         Code = "tag_required"
	UnseenMessage       Code = "unseen_message"
	SessionClosed       Code = "session_closed"
	RatingDisabled      Code = "rating_disabled"
	RatingClosed        Code = "rating_closed"
	ConsentRequired     Code = "consent_required"
	NoVisitorMessages   Code = "no_visitor_messages"
	Blocked             Code = "blocked"
	NoAddress           Code = "no_address"
	FormDisabled        Code = "form_disabled"
	Conflict            Code = "conflict"
	Exists              Code = "exists"
	InUse               Code = "in_use"
	LastAdmin           Code = "last_admin"
	LabelLimit          Code = "label_limit"
	NotYet              Code = "not_yet"
	Required            Code = "required"
	TooLong             Code = "too_long"
	Invalid             Code = "invalid"
	NotUTF8             Code = "not_utf8"
	ClientIDReused      Code = "client_id_reused"
)

// Refusal is the typed answer to a command that may not happen. Nothing is stored of a refused command.
type Refusal struct {
	Code       Code
	Field      string // the input that is wrong, if one is
	OperatorID string // the winner, for AlreadyClaimed; the assignee, for NotAssignee
	Max        int    // the limit passed, for TooLong and LimitReached
}

// Error says the code and the field; it holds no text of any person, so it may be logged.
func (r *Refusal) Error() string {
	if r.Field != "" {
		return fmt.Sprintf("refused: %s (%s)", r.Code, r.Field)
	}
	return fmt.Sprintf("refused: %s", r.Code)
}

func refuse(code Code) error                { return &Refusal{Code: code} }
func refuseField(code Code, f string) error { return &Refusal{Code: code, Field: f} }
