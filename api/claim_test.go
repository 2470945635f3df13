package api

import (
	"fmt"
	"reflect"
	"sync"
	"testing"

	"github.com/otklik/otklik/dialog"
)

// R-047, D-26: 20 operators answer one new dialog at once. One wins; the others learn his name, and nothing of theirs
// reaches the visitor.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.says("Кто первый?")
	people := make([]*person, 20)
	for i := range people {
		people[i] = w.person(fmt.Sprintf("Оператор %d", i), dialog.LevelOperator, w.shop, w.sales, w.delivery)
	}
	answers := make([]answer, len(people))
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Go(func() {
			<-start
			answers[i] = p.post("/operator/dialogs/"+v.dialog+"/messages", map[string]any{
				"client_id": fmt.Sprintf("claim-%04d", i), "text": p.name, "seen_seq": 1})
		})
	}
	close(start)
	wg.Wait()
	winner := -1
	for i, a := range answers {
		if a.status == 200 {
			if winner >= 0 {
				t.Fatalf("both %d and %d won", winner, i)
			}
			winner = i
		}
	}
	if winner < 0 {
		t.Fatal("nobody won")
	}
	for i, a := range answers {
		if i == winner {
			continue
		}
		a.want(409, "already_claimed")
		if got := a.error().Operator; got.Name != people[winner].name || got.ID != people[winner].id {
			t.Errorf("winner's name: %+v", got)
		}
	}
	page := as[EventPage](v.get("/visitor/events").want(200))
	var texts []string
	for _, e := range page.Events {
		if e.Author == AuthorKindOperator {
			texts = append(texts, e.Text)
		}
	}
	if len(texts) != 1 || texts[0] != people[winner].name {
		t.Errorf("the visitor got %q", texts)
	}
	// I-10: the winner's retry is a success, under the same id with another text it is not.
	retry := map[string]any{"client_id": fmt.Sprintf("claim-%04d", winner), "text": people[winner].name, "seen_seq": 1}
	again := as[MessageAnswer](people[winner].post("/operator/dialogs/"+v.dialog+"/messages", retry).want(200))
	if first := as[MessageAnswer](answers[winner]); !reflect.DeepEqual(again, first) {
		t.Errorf("retry %+v, first %+v", again, first)
	}
	retry["text"] = "другое"
	people[winner].post("/operator/dialogs/"+v.dialog+"/messages", retry).want(422, "client_id_reused")
	// D-27: who saw the claim before he wrote did not lose a race.
	loser := (winner + 1) % len(people)
	people[loser].post("/operator/dialogs/"+v.dialog+"/messages",
		map[string]any{"client_id": "after-claim", "text": "и я", "seen_seq": 3}).want(403, "not_assignee")
}

// R-031, D-29: at the limit a new dialog cannot be taken; after finishing one it can.
func TestLimitOfDialogs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`UPDATE operators SET dialog_limit = 1 WHERE id = $1`, w.oleg.id)
	a, b := w.visitor(), w.visitor()
	a.says("первый")
	b.says("второй")
	w.oleg.says(a, "беру")
	refused := w.oleg.post("/operator/dialogs/"+b.dialog+"/messages", message("и этот")).want(409, "limit_reached")
	if refused.error().Max != 1 {
		t.Errorf("%+v", refused.error())
	}
	d := as[Dialog](w.oleg.get("/operator/dialogs/" + b.dialog).want(200))
	if d.Row.Can.Write != CanWriteLimitReached {
		t.Errorf("can %+v", d.Row.Can)
	}
	w.oleg.post("/operator/dialogs/"+a.dialog+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 99, "tags": []string{w.sale}}).want(200)
	w.oleg.says(b, "теперь беру")
}
