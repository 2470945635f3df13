package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// Codes of answers that are not refusals of package dialog; openapi.yaml lists them all.
const (
	codeBadJSON         = "bad_json"
	codeUnknownField    = "unknown_field"
	codeWrongType       = "wrong_type"
	codeUnauthenticated = "unauthenticated"
	codeCSRF            = "csrf"
	codeOrigin          = "origin"
	codeNotFound        = string(dialog.NotFound)
	codeTooLarge        = "too_large"
	codeRequired        = string(dialog.Required)
	codeTooLong         = string(dialog.TooLong)
	codeInvalid         = string(dialog.Invalid)
	codeNotUTF8         = string(dialog.NotUTF8)
	codeTooMany         = "too_many_requests"
	codeUnavailable     = "unavailable"
	codeBlocked         = string(dialog.Blocked)
	codeForbidden       = string(dialog.Forbidden)
	codeExists          = string(dialog.Exists)
	codeInternal        = "internal"
)

// answers says what each code means to HTTP and to a developer. It is the one place where codes become statuses.
var answers = map[string]struct {
	status  int
	message string
}{
	codeBadJSON:         {http.StatusBadRequest, "The body is not one JSON object."},
	codeUnknownField:    {http.StatusBadRequest, "The body has a field this request does not know."},
	codeWrongType:       {http.StatusBadRequest, "A value has the wrong type."},
	codeUnauthenticated: {http.StatusUnauthorized, "Not signed in, or the token is unknown."},
	codeCSRF:            {http.StatusForbidden, "The X-CSRF-Token header is missing or wrong."},
	codeOrigin:          {http.StatusForbidden, "Requests from this origin are not allowed."},
	codeTooLarge:        {http.StatusRequestEntityTooLarge, "The body is larger than 64 KiB."},
	codeTooMany:         {http.StatusTooManyRequests, "Too many requests; try again after Retry-After seconds."},
	codeUnavailable:     {http.StatusServiceUnavailable, "The database cannot be asked now; try again after Retry-After seconds."},
	codeInternal:        {http.StatusInternalServerError, "An error of ours; it has been logged."},

	string(dialog.Forbidden):           {http.StatusForbidden, "The level of access does not allow this."},
	string(dialog.NotAssignee):         {http.StatusForbidden, "Another operator has this dialog."},
	string(dialog.OutsideWorkingHours): {http.StatusForbidden, "New dialogs can be taken in working hours only."},
	string(dialog.RatingDisabled):      {http.StatusForbidden, "Rating is switched off."},
	string(dialog.Blocked):             {http.StatusForbidden, "Visitors from this address are blocked."},
	string(dialog.NoAddress):           {http.StatusConflict, "The address of the visitor is not known."},
	string(dialog.Exists):              {http.StatusConflict, "There is one already."},
	string(dialog.FormDisabled):        {http.StatusForbidden, "The contact form is switched off."},
	string(dialog.LabelLimit):          {http.StatusConflict, "A dialog takes no more labels."},
	string(dialog.NotFound):            {http.StatusNotFound, "There is no such thing, or it is not yours."},
	string(dialog.AlreadyClaimed):      {http.StatusConflict, "Another operator answered first; nothing was sent."},
	string(dialog.LimitReached):        {http.StatusConflict, "The limit of dialogs is reached."},
	string(dialog.NotClaimed):          {http.StatusConflict, "Nobody has taken this dialog yet."},
	string(dialog.TargetUnavailable):   {http.StatusConflict, "This operator cannot take the dialog now."},
	string(dialog.UnseenMessage):       {http.StatusConflict, "The visitor wrote something the operator has not seen."},
	string(dialog.SessionClosed):       {http.StatusConflict, "The dialog has no open session."},
	string(dialog.RatingClosed):        {http.StatusConflict, "This session can no longer be rated."},
	string(dialog.NoVisitorMessages):   {http.StatusConflict, "The visitor has not written yet."},
	string(dialog.Conflict):            {http.StatusConflict, "Somebody else changed it meanwhile; read it again."},
	string(dialog.InUse):               {http.StatusConflict, "Something refers to it; deactivate it instead."},
	string(dialog.LastAdmin):           {http.StatusConflict, "The project would be left without an administrator."},
	string(dialog.Required):            {http.StatusUnprocessableEntity, "A required value is missing or empty."},
	string(dialog.TooLong):             {http.StatusUnprocessableEntity, "A value is too long."},
	string(dialog.Invalid):             {http.StatusUnprocessableEntity, "A value is not valid."},
	string(dialog.NotUTF8):             {http.StatusUnprocessableEntity, "A value is not UTF-8."},
	string(dialog.TagRequired):         {http.StatusUnprocessableEntity, "A tag is required to leave the dialog."},
	string(dialog.ConsentRequired):     {http.StatusUnprocessableEntity, "This needs the client's consent."},
	string(dialog.ClientIDReused):      {http.StatusUnprocessableEntity, "This client_id was used for another command."},
}

// problem is an answer other than success.
type problem struct {
	code     string
	field    string
	operator Person // the winner or the assignee
	max      int
	retry    time.Duration
}

func (p *problem) Error() string { return p.code + " " + p.field }

func wrong(code, field string) error    { return &problem{code: code, field: field} }
func tooLong(field string, n int) error { return &problem{code: codeTooLong, field: field, max: n} }
func tooMany(retry time.Duration) error { return &problem{code: codeTooMany, retry: retry} }
func unavailable() error                { return &problem{code: codeUnavailable, retry: time.Second} }
func (p *problem) status() int {
	if p.code == string(dialog.ConsentRequired) && p.field == "" {
		return http.StatusForbidden // not a form without its box: a card without consent (D-42)
	}
	return answers[p.code].status
}
func (p *problem) body() Error {
	return Error{Code: p.code, Message: answers[p.code].message, Field: p.field, Operator: p.operator, Max: p.max}
}

// answerError is Fiber's error handler: whatever went wrong becomes one JSON shape.
func (s *Server) answerError(c *fiber.Ctx, err error) error {
	p := s.problemOf(err)
	if p.code == codeInternal {
		s.log.Error("request failed", "method", c.Method(), "route", c.Route().Path, "error", err)
	}
	if p.retry > 0 {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int((p.retry+time.Second-1)/time.Second)))
	}
	return c.Status(p.status()).JSON(p.body())
}

// problemOf maps every error there is: ours, refusals of the rules, the store's, Fiber's.
func (s *Server) problemOf(err error) *problem {
	var p *problem
	var refusal *dialog.Refusal
	var fe *fiber.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &refusal):
		p := &problem{code: string(refusal.Code), field: refusal.Field, max: refusal.Max}
		if refusal.OperatorID != "" {
			p.operator = Person{ID: refusal.OperatorID, Name: s.nameOf(refusal.OperatorID)}
		}
		if _, known := answers[p.code]; !known {
			p.code = codeInternal
		}
		return p
	case errors.Is(err, store.ErrNotFound):
		return &problem{code: codeNotFound}
	case errors.Is(err, store.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		s.breaker.suspect()
		return &problem{code: codeUnavailable, retry: time.Second}
	case errors.As(err, &fe):
		switch fe.Code {
		case http.StatusRequestEntityTooLarge:
			return &problem{code: codeTooLarge}
		case http.StatusNotFound, http.StatusMethodNotAllowed:
			return &problem{code: codeNotFound}
		}
		return &problem{code: codeInvalid} // a request that could not be read: broken off, or no HTTP
	}
	return &problem{code: codeInternal}
}
