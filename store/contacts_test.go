package store_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

const shownForm = `{"enabled":true,"name":"shown","phone":"required","email":"shown","consent_version":"7"}`

func form(name, phone string) dialog.SubmitForm {
	return dialog.SubmitForm{Name: name, Phone: phone, Consent: true, Standard: "Даю {company} согласие",
		Proof: dialog.ConsentProof{IP: "192.0.2.1", UserAgent: "browser"}}
}

func cardOf(t *testing.T, shop *storetest.Shop, d string) store.Card {
	t.Helper()
	c, err := shop.Card(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func count(t *testing.T, shop *storetest.Shop, sql string, args ...any) (n int) {
	t.Helper()
	if err := shop.Pool().QueryRow(t.Context(), sql, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// R-049, D-34: the form that was sent stays what it was, and what is submitted is held against it; a newer one replaces it.
func TestSentFormOutlivesSettings(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET form = $1`, shownForm)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	sent := shop.Do(d, dialog.RequestContacts{By: storetest.By(shop.Anna), SeenSeq: -1})
	if !sent.Claimed || sent.Event.Kind != dialog.KindFormRequest || sent.Event.Params["company"] != "ООО «Заварка»" {
		t.Errorf("%+v", sent)
	}
	shop.Exec(`UPDATE projects SET form = '{"enabled":true,"name":"hidden","phone":"hidden","email":"required","consent_version":"8"}'`)
	if got := shop.Row(d).State.Session; got.FormSeq != sent.Event.Seq || got.FormVisitorSeq != sent.Event.VisitorSeq {
		t.Errorf("session %+v", got)
	}
	applied := shop.Do(d, form("Тимур", "+79000001842")).Applied.Row
	row := shop.Row(d)
	if applied.CardRev != row.CardRev || applied.VisitorName != row.VisitorName || applied.State.Session.FormSeq != 0 {
		t.Errorf("applied %+v", applied)
	}
	if row.State.Session.FormSeq != 0 || row.VisitorName != "Тимур" || row.CardRev != 1 || row.State.ConsentAt.IsZero() {
		t.Errorf("row %+v", row)
	}
	again, err := shop.Try(d, form("Тимур", "+79000001842")) // none stands open: the settings hold
	if r := refusal(t, err); r.Code != dialog.Required || r.Field != "email" {
		t.Errorf("%+v %+v", again, r)
	}
	shop.Do(d, dialog.RequestContacts{By: storetest.By(shop.Anna), SeenSeq: -1})
	_, err = shop.Try(d, form("Тимур", "+79000001842"))
	if r := refusal(t, err); r.Field != "email" {
		t.Errorf("the newer form: %+v", r)
	}
}

// R-047, D-28: two operators send the form at once; there is one form, of the winner.
func TestTwoContactRequestsAtOnce(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET form = $1`, shownForm)
	for range 5 {
		d := shop.Dialog()
		shop.Do(d, storetest.Write("Здравствуйте"))
		shop.Exec(`UPDATE operators SET dialog_limit = NULL`)
		var wg sync.WaitGroup
		won := make([]bool, 2)
		for i, o := range []string{shop.Anna, shop.Oleg} {
			wg.Go(func() {
				r, err := shop.Try(d, dialog.RequestContacts{By: storetest.By(o), SeenSeq: 1})
				if won[i] = err == nil && r.Claimed; err != nil && refusal(t, err).Code != dialog.AlreadyClaimed {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := count(t, shop, `SELECT count(*) FROM events WHERE dialog_id = $1 AND kind = 'form_request'`, d); n != 1 || won[0] == won[1] {
			t.Errorf("%d forms, won %v", n, won)
		}
	}
}

// I-10: the same client id sends one form, and gets it again.
func TestContactRequestRetried(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET form = $1`, shownForm)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	cmd := store.Command{DialogID: d, ClientID: "contacts-1", Do: dialog.RequestContacts{By: storetest.By(shop.Anna), SeenSeq: -1}}
	first, again := shop.Apply(t.Context(), []store.Command{cmd})[0], shop.Apply(t.Context(), []store.Command{cmd})[0]
	if first.Err != nil || again.Err != nil || !again.Result.Replayed || !again.Result.Claimed ||
		again.Result.Event.Seq != first.Result.Event.Seq || again.Result.Event.Kind != dialog.KindFormRequest {
		t.Errorf("first %+v\nagain %+v", first, again)
	}
}

// D-41, D-44, I-13: proofs of consent are only added to; withdrawal ends it and keeps them; empty fields erase nothing; each
// change is in the audit with before and after.
func TestConsentIsAppendOnly(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET form = $1`, shownForm)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	d := shop.Dialog()
	if _, err := shop.Try(d, dialog.SubmitForm{Phone: "+79000001842"}); refusal(t, err).Code != dialog.ConsentRequired {
		t.Error(err)
	}
	shop.Do(d, form("Тимур", "+79000001842"))
	given := shop.Row(d).State.ConsentAt
	shop.Do(d, form("", "+79000009999"))
	if c := cardOf(t, shop, d); c.Name != "Тимур" || c.Phone != "+79000009999" || c.Rev != 2 || !c.ConsentAt.Equal(given) {
		t.Errorf("card %+v", c)
	}
	_, err := shop.Try(d, dialog.WithdrawConsent{By: storetest.By(shop.Vera)})
	if refusal(t, err).Code != dialog.Forbidden {
		t.Error(err)
	}
	shop.Later(time.Hour)
	shop.Do(d, dialog.WithdrawConsent{By: storetest.By(admin)})
	if c, r := cardOf(t, shop, d), shop.Row(d); !c.ConsentAt.IsZero() || c.WithdrawnAt.Before(given) || !r.State.ConsentAt.IsZero() {
		t.Errorf("card %+v row %+v", c, r.State)
	}
	_, err = shop.Try(d, dialog.EditCard{By: storetest.By(shop.Anna), Field: dialog.CardName, Value: "x", Rev: 2})
	if refusal(t, err).Code != dialog.ConsentRequired {
		t.Error(err)
	}
	shop.Exec(`UPDATE clock SET "offset" = '0'`) // whatever the clock does
	shop.Do(d, form("", "+79000001842"))
	if c, r := cardOf(t, shop, d), shop.Row(d); !c.ConsentAt.After(given) || !c.WithdrawnAt.IsZero() || r.State.ConsentAt.IsZero() {
		t.Errorf("card %+v row %+v", c, r.State)
	}
	if n := count(t, shop, `SELECT count(*) FROM consents WHERE dialog_id = $1 AND text = 'Даю ООО «Заварка» согласие' AND version = '7'
AND host(ip) = '192.0.2.1' AND user_agent = 'browser' AND at IS NOT NULL
AND event_seq IN (SELECT seq FROM events WHERE kind = 'form')`, d); n != 3 {
		t.Errorf("%d proofs of 3", n)
	}
	rows, err := shop.Pool().Query(t.Context(), `SELECT action, coalesce(before, '{}'), coalesce(after, '{}') FROM audit
WHERE dialog_id = $1 AND action IN ('card', 'consent', 'consent_withdrawn') ORDER BY id`, d)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for rows.Next() {
		var action string
		var before, after map[string]string
		if err := rows.Scan(&action, &before, &after); err != nil {
			t.Fatal(err)
		}
		b, _ := json.Marshal([]any{before, after})
		got = append(got, action+string(b))
	}
	want := []string{
		`card[{"name":"","phone":""},{"name":"Тимур","phone":"+79000001842"}]`, `consent[{},{}]`,
		`card[{"phone":"+79000001842"},{"phone":"+79000009999"}]`, `consent[{},{}]`,
		`consent_withdrawn[{},{}]`,
		`card[{"phone":"+79000009999"},{"phone":"+79000001842"}]`, `consent[{},{}]`,
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("audit %q\nwant  %q", got, want)
	}
}

// D-43, D-44: of two who save at once one wins and the other is told; a form counts as a save; the list's name follows.
func TestCardSavedByTwo(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET form = $1`, shownForm)
	d := shop.Dialog()
	shop.Do(d, form("Тимур", "+79000001842"))
	edit := func(by, name string, rev int64) error {
		_, err := shop.Try(d, dialog.EditCard{By: storetest.By(by), Field: dialog.CardName, Value: name, Rev: rev})
		return err
	}
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() { errs[i] = edit([]string{shop.Anna, shop.Oleg}[i%2], fmt.Sprint("Имя ", i), 1) })
	}
	wg.Wait()
	winner := -1
	for i, err := range errs {
		if err == nil && winner < 0 {
			winner = i
		} else if r := refusal(t, err); r.Code != dialog.Conflict {
			t.Errorf("%+v", r)
		}
	}
	if row := shop.Row(d); winner < 0 || row.VisitorName != fmt.Sprint("Имя ", winner) || row.CardRev != 2 {
		t.Errorf("winner %d, row %q rev %d", winner, row.VisitorName, row.CardRev)
	}
	shop.Do(d, form("Тимур", "+79000001842"))
	if r := refusal(t, edit(shop.Anna, "поздно", 2)); r.Code != dialog.Conflict {
		t.Errorf("%+v", r)
	}
	if err := edit(shop.Anna, "", 3); err != nil {
		t.Error(err)
	}
	if row, card := shop.Row(d), cardOf(t, shop, d); row.VisitorName != "" || card.Name != "" || card.Phone == "" || card.Rev != 4 {
		t.Errorf("row %q card %+v", row.VisitorName, card)
	}
	// What the command answers with is what is stored.
	r := shop.Do(d, dialog.EditCard{By: storetest.By(shop.Anna), Field: dialog.CardName, Value: "Тимур", Rev: 4})
	if got, stored := r.Applied.Row, shop.Row(d); got.VisitorName != stored.VisitorName || got.CardRev != stored.CardRev || got.Rev != stored.Rev {
		t.Errorf("applied %+v\nstored %+v", got, stored)
	}
}

func (l labels) add(department, text string, active bool) string {
	l.t.Helper()
	id := uuid.NewString()
	l.shop.Exec(`INSERT INTO labels (id, project_id, department_id, text, color, active) VALUES ($1,$2,nullif($3,'')::uuid,$4,1,$5)`,
		id, l.shop.Project, department, text, active)
	return id
}

type labels struct {
	t    *testing.T
	shop *storetest.Shop
}

func attach(by, id string) dialog.AttachLabel {
	return dialog.AttachLabel{By: storetest.By(by), Label: dialog.Label{ID: id}}
}

// R-073, D-46: many attach at once to a dialog with four labels; it has exactly five, inactive ones counted. R-074: off again.
func TestFiveLabelsUnderConcurrency(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	l := labels{t, shop}
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	ids := make([]string, 10)
	for i := range ids {
		ids[i] = l.add("", fmt.Sprint("ярлык ", i), true)
	}
	for _, id := range ids[:4] {
		shop.Do(d, attach(shop.Anna, id))
	}
	shop.Exec(`UPDATE labels SET active = false WHERE id = $1`, ids[0])
	var wg sync.WaitGroup
	for _, id := range ids[4:] {
		for _, o := range []string{shop.Anna, shop.Oleg} {
			wg.Go(func() {
				if _, err := shop.Try(d, attach(o, id)); err != nil {
					if r := refusal(t, err); r.Code != dialog.LabelLimit || r.Max != 5 {
						t.Error(err)
					}
				}
			})
		}
	}
	wg.Wait()
	row := shop.Row(d)
	if len(row.Labels) != 5 || count(t, shop, `SELECT count(*) FROM dialog_labels WHERE dialog_id = $1`, d) != 5 {
		t.Fatalf("labels %+v", row.Labels)
	}
	if first := row.Labels[0]; first.ID != ids[0] || first.Active || first.Text != "ярлык 0" || first.Color != 1 || first.DepartmentID != "" {
		t.Errorf("the oldest, inactive one: %+v", first)
	}
	shop.Do(d, attach(shop.Anna, ids[1])) // it is on: nothing happens
	off := shop.Do(d, dialog.DetachLabel{By: storetest.By(shop.Anna), ID: ids[0]})
	if got := off.Applied.Row.Labels; len(got) != 4 || got[0].ID != ids[1] {
		t.Errorf("%+v", got)
	}
	shop.Do(d, dialog.DetachLabel{By: storetest.By(shop.Anna), ID: ids[0]})
	if r := refusal(t, second(shop.Try(d, attach(shop.Anna, ids[0])))); r.Code != dialog.NotFound {
		t.Errorf("an inactive one was attached: %+v", r)
	}
	if got := shop.Row(d).Labels; len(got) != 4 {
		t.Errorf("%+v", got)
	}
}

func second[T any](_ T, err error) error { return err }

// D-45: a new label goes to the session's department, else to the common ones; the same text in the same scope
// is refused, in whatever case, also when two make it at once in two dialogs; elsewhere it may be.
func TestLabelMadeInTheCard(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET label_level = 2`)
	fresh := func(by, text string) dialog.AttachLabel {
		return dialog.AttachLabel{By: storetest.By(by), Label: dialog.Label{Text: text, Color: 11}}
	}
	general, sales := shop.Dialog(), shop.Dialog()
	shop.Do(general, storetest.Write("Здравствуйте"))
	shop.Do(sales, dialog.ChooseDepartment{ID: shop.Sales})
	made := shop.Do(general, fresh(shop.Oleg, " Опт ")).Applied.Row.Labels
	if len(made) != 1 || made[0].Text != "Опт" || made[0].DepartmentID != "" || made[0].Color != 11 {
		t.Errorf("%+v", made)
	}
	if got := shop.Row(general).Labels; fmt.Sprint(got) != fmt.Sprint(made) {
		t.Errorf("stored %+v, answered %+v", got, made)
	}
	if r := refusal(t, second(shop.Try(general, fresh(shop.Anna, "оПТ")))); r.Code != dialog.Exists || r.Field != "text" {
		t.Errorf("%+v", r)
	}
	if got := shop.Do(sales, fresh(shop.Anna, "Опт")).Applied.Row.Labels; got[0].DepartmentID != shop.Sales {
		t.Errorf("%+v", got)
	}
	if n := count(t, shop, `SELECT count(*) FROM audit WHERE action = 'label_create' AND operator_id IS NOT NULL AND after->>'text' = 'Опт'`); n != 2 {
		t.Errorf("%d records of creation", n)
	}
	if n := count(t, shop, `SELECT rev FROM projects WHERE id = $1`, shop.Project); n != 2 {
		t.Errorf("the project's rev is %d", n)
	}
	shop.Exec(`UPDATE projects SET label_level = 3`)
	if r := refusal(t, second(shop.Try(general, fresh(shop.Anna, "Ещё")))); r.Code != dialog.Forbidden {
		t.Errorf("%+v", r)
	}
	shop.Do(general, fresh(shop.Vera, "Ещё"))

	dialogs := make([]string, 8)
	for i := range dialogs {
		dialogs[i] = shop.Dialog()
		shop.Do(dialogs[i], storetest.Write("Здравствуйте"))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i, d := range dialogs {
		wg.Go(func() {
			_, err := shop.Try(d, fresh(shop.Vera, []string{"Гонка", "ГОНКА"}[i%2]))
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if r := refusal(t, err); r.Code != dialog.Exists {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d made the same label", won)
	}
}

// D-45: offered are active labels of the session's department and common ones; none of another department or
// project can be attached; one that is on stays after a transfer to another department.
func TestLabelChoice(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	l := labels{t, shop}
	other := uuid.NewString()
	shop.Exec(`INSERT INTO projects (id, name, widget_key) VALUES ($1, 'Чужой', 'other-shop')`, other)
	foreign := l.add("", "чужой", true)
	shop.Exec(`UPDATE labels SET project_id = $2 WHERE id = $1`, foreign, other)
	common, sales, delivery := l.add("", "общий", true), l.add(shop.Sales, "продажи", true), l.add(shop.Delivery, "доставка", true)
	off := l.add("", "старый", false)
	choice := func(d string) (ids []string) {
		t.Helper()
		got, err := shop.LabelChoice(t.Context(), shop.Row(d))
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got {
			ids = append(ids, x.ID)
		}
		return ids
	}
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	if got := choice(d); fmt.Sprint(got) != fmt.Sprint([]string{common}) {
		t.Errorf("unknown department: %v", got)
	}
	shop.Do(d, dialog.ChooseDepartment{ID: shop.Sales})
	if got := choice(d); fmt.Sprint(got) != fmt.Sprint([]string{sales, common}) {
		t.Errorf("sales: %v", got)
	}
	for _, id := range []string{delivery, off, foreign, uuid.NewString()} {
		if r := refusal(t, second(shop.Try(d, attach(shop.Vera, id)))); r.Code != dialog.NotFound || r.Field != "label_id" {
			t.Errorf("%s: %+v", id, r)
		}
	}
	shop.Do(d, attach(shop.Oleg, sales))
	shop.Do(d, storetest.Reply(shop.Oleg, "Передаю"))
	shop.Do(d, dialog.Transfer{By: storetest.By(shop.Oleg), To: storetest.By(shop.Vera), Department: shop.Delivery})
	if got := shop.Row(d).Labels; len(got) != 1 || got[0].ID != sales {
		t.Errorf("after the transfer: %+v", got)
	}
	if got := choice(d); fmt.Sprint(got) != fmt.Sprint([]string{delivery, common}) {
		t.Errorf("delivery: %v", got)
	}
}

// A row that groups of messages keep is not believed when a label came in between.
func TestLabelsBetweenGroupedMessages(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	id := labels{t, shop}.add("", "важно", true)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	burst := func(labelled int) {
		t.Helper()
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				r, err := shop.Try(d, storetest.Write(fmt.Sprint("сообщение ", i)))
				if err != nil {
					t.Error(err)
				} else if got := r.Applied.Row.Labels; len(got) != labelled {
					t.Errorf("a message's row has %d labels, want %d", len(got), labelled)
				}
			})
		}
		wg.Wait()
	}
	burst(0)
	shop.Do(d, attach(shop.Anna, id))
	burst(1)
	shop.Do(d, dialog.DetachLabel{By: storetest.By(shop.Anna), ID: id})
	burst(0)
	if shop.WriterStats().Grouped == 0 {
		t.Error("no message was grouped")
	}
}

// D-54, R-100: a tag renamed is the same tag in what was finished with it. R-104: on, with none active, is off.
func TestTagsKeepHistoryById(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	leave := dialog.Leave{By: storetest.By(shop.Anna), LastSeen: 99}
	if r := refusal(t, second(shop.Try(d, leave))); r.Code != dialog.TagRequired || r.Field != "tags" {
		t.Errorf("%+v", r)
	}
	tagged := leave
	tagged.Tags = []string{shop.TagSale}
	shop.Do(d, tagged)
	shop.Exec(`UPDATE tags SET name = 'Сделка' WHERE id = $1`, shop.TagSale)
	shop.Exec(`UPDATE tags SET active = false`)
	sessions, err := shop.Sessions(t.Context(), d, 10)
	if err != nil || len(sessions[0].Tags) != 1 || sessions[0].Tags[0] != (store.Named{ID: shop.TagSale, Name: "Сделка"}) {
		t.Errorf("%+v %v", sessions, err)
	}
	shop.Do(d, storetest.Write("Снова я"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Do(d, leave)
}

// R-052, D-35: own templates, then the department's, then common ones; no colleague's, no other department's.
func TestTemplateChoice(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	for title, of := range map[string][2]string{"своё": {shop.Anna, ""}, "чужое": {shop.Oleg, ""}, "продажи": {"", shop.Sales},
		"доставка": {"", shop.Delivery}, "общее": {"", ""}} {
		shop.Exec(`INSERT INTO templates (id, project_id, operator_id, department_id, title, text)
VALUES ($1, $2, nullif($3,'')::uuid, nullif($4,'')::uuid, $5, 'x')`, uuid.NewString(), shop.Project, of[0], of[1], title)
	}
	d := shop.Dialog()
	shop.Do(d, storetest.Write("Здравствуйте"))
	titles := func() (out []string) {
		t.Helper()
		got, err := shop.TemplateChoice(t.Context(), shop.Row(d), shop.Anna)
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range got {
			out = append(out, x.Title)
		}
		return out
	}
	if got := fmt.Sprint(titles()); got != "[своё общее]" {
		t.Error(got)
	}
	shop.Do(d, dialog.ChooseDepartment{ID: shop.Sales})
	if got := fmt.Sprint(titles()); got != "[своё продажи общее]" {
		t.Error(got)
	}
}
