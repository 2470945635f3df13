// Package storetest gives tests a real database with one small shop in it.
package storetest

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/store"
)

// Shop is a project with two departments, two tags, tagging and rating on, and three operators of limit 3 who are online:
// Anna (Sales), Oleg (Sales, Delivery) and Vera (senior, Delivery).
type Shop struct {
	*store.Store
	URL              string
	Project          string
	Sales, Delivery  string
	TagSale, TagLead string
	Anna, Oleg, Vera string
	t                testing.TB
}

// New makes a database of its own for the test, with the shop in it.
func New(t testing.TB) *Shop {
	t.Helper()
	url := localtest.MigratedURL(t, store.Migrate)
	s, err := store.Open(t.Context(), url, store.Options{AppName: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	shop := &Shop{Store: s, URL: url, t: t}
	for _, id := range []*string{&shop.Project, &shop.Sales, &shop.Delivery, &shop.TagSale, &shop.TagLead, &shop.Anna, &shop.Oleg, &shop.Vera} {
		*id = uuid.NewString()
	}
	shop.Exec(`INSERT INTO projects (id, name, widget_key, tagging, rating, department_choice, company) VALUES ($1, 'Лавка «Заварка»', 'zavarka', true, true, true, 'ООО «Заварка»')`, shop.Project)
	shop.Exec(`INSERT INTO departments (id, project_id, name, position) VALUES ($2, $1, 'Продажи', 1), ($3, $1, 'Доставка', 2)`, shop.Project, shop.Sales, shop.Delivery)
	shop.Exec(`INSERT INTO tags (id, project_id, name, position) VALUES ($2, $1, 'Продажа', 1), ($3, $1, 'Лид', 2)`, shop.Project, shop.TagSale, shop.TagLead)
	shop.addOperator(shop.Anna, "anna@test", "Анна Иванова", dialog.LevelOperator, shop.Sales)
	shop.addOperator(shop.Oleg, "oleg@test", "Олег Петров", dialog.LevelOperator, shop.Sales, shop.Delivery)
	shop.addOperator(shop.Vera, "vera@test", "Вера Кузнецова", dialog.LevelSenior, shop.Delivery)
	return shop
}

// Exec runs SQL by which a test arranges things.
func (s *Shop) Exec(sql string, args ...any) {
	s.t.Helper()
	if _, err := s.Pool().Exec(s.t.Context(), sql, args...); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

func (s *Shop) addOperator(id, login, name string, level dialog.Level, departments ...string) {
	s.t.Helper()
	s.Exec(`INSERT INTO operators (id, login, name, password_hash, dialog_limit) VALUES ($1, $2, $3, '', 3)`, id, login, name)
	s.Exec(`INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, $3)`, id, s.Project, int(level))
	for _, d := range departments {
		s.Exec(`INSERT INTO department_members (operator_id, department_id) VALUES ($1, $2)`, id, d)
	}
	s.Online(id)
}

// AddOperator adds one more operator to the shop and returns his id; he has no department and the limit 3.
func (s *Shop) AddOperator(name string, level dialog.Level) string {
	s.t.Helper()
	id := uuid.NewString()
	s.addOperator(id, id+"@test", name, level)
	return id
}

// Online gives the operator a live connection for the length of a test.
func (s *Shop) Online(operator string) {
	s.t.Helper()
	s.Exec(`INSERT INTO presence (operator_id, connection_id, seen_at) VALUES ($1, $2, clock_timestamp() + interval '1 hour')`, operator, uuid.NewString())
}

// Dialog makes a visitor with an empty dialog and returns the dialog's id.
func (s *Shop) Dialog() string {
	s.t.Helper()
	dialogID, visitorID := uuid.NewString(), uuid.NewString()
	token := make([]byte, 32)
	_, _ = rand.Read(token)
	s.Exec(`INSERT INTO visitors (id, project_id, token_hash, number) VALUES ($1, $2, $3, '7C41')`, visitorID, s.Project, token)
	s.Exec(`INSERT INTO dialogs (id, project_id, visitor_id) VALUES ($1, $2, $3)`, dialogID, s.Project, visitorID)
	return dialogID
}

// Try applies one command with a client id of its own.
func (s *Shop) Try(dialogID string, do dialog.Command) (store.Result, error) {
	out := s.Apply(s.t.Context(), []store.Command{{DialogID: dialogID, ClientID: uuid.NewString(), Do: do}})[0]
	return out.Result, out.Err
}

// Do applies one command that must be accepted.
func (s *Shop) Do(dialogID string, do dialog.Command) store.Result {
	s.t.Helper()
	r, err := s.Try(dialogID, do)
	if err != nil {
		s.t.Fatalf("%T: %v", do, err)
	}
	return r
}

// Row reads the dialog.
func (s *Shop) Row(dialogID string) store.Row {
	s.t.Helper()
	row, err := s.Load(s.t.Context(), dialogID)
	if err != nil {
		s.t.Fatal(err)
	}
	return row
}

// Later moves the database's clock on, as a test of deadlines must (D-60).
func (s *Shop) Later(d time.Duration) {
	s.t.Helper()
	s.Exec(`UPDATE clock SET "offset" = "offset" + $1::interval`, d)
}

// By is an operator named by id alone: the store fills in the facts.
func By(id string) dialog.Operator { return dialog.Operator{ID: id} }

// Reply is an operator's message.
func Reply(operator, text string) dialog.Reply {
	return dialog.Reply{By: By(operator), Text: text, SeenSeq: -1}
}

// Write is a visitor's message.
func Write(text string) dialog.VisitorMessage { return dialog.VisitorMessage{Text: text} }

// Context with the deadline a single call of the product would have.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	t.Cleanup(cancel)
	return ctx
}
