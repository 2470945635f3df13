package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// D-64: an erase is repeated after a restore by its id and time alone: what was there then goes, what came later stays,
// and a second repetition does nothing.
func TestEraseAgain(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	d := shop.Dialog()
	talk := func(text string) {
		shop.Do(d, storetest.Write(text))
		shop.Do(d, storetest.Reply(shop.Oleg, "ответ: "+text))
		shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	}
	talk("старое")
	if _, err := shop.Try(d, dialog.Erase{By: storetest.By(shop.Vera)}); !isRefusal(err, dialog.Forbidden) {
		t.Errorf("senior: %v", err)
	}
	shop.Do(d, dialog.Erase{By: storetest.By(admin)})
	list, err := shop.ErasedAfter(t.Context(), "", 10)
	if err != nil || len(list) != 1 || list[0].DialogID != d {
		t.Fatalf("%+v %v", list, err)
	}
	if did, err := shop.EraseAgain(t.Context(), list[0]); did || err != nil {
		t.Errorf("nothing to do: %v %v", did, err)
	}
	// As a restore of an older backup would leave it; and the visitor came again before the erase was repeated.
	shop.Exec(`DELETE FROM erased`)
	shop.Exec(`UPDATE events SET body = 'старое' WHERE kind = 'message'`)
	shop.Exec(`UPDATE dialogs SET card_name = 'Имя'`)
	shop.Later(time.Hour)
	talk("новое")
	if did, err := shop.EraseAgain(t.Context(), list[0]); !did || err != nil {
		t.Fatalf("%v %v", did, err)
	}
	var old, fresh, known int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT (SELECT count(*) FROM events WHERE body = 'старое'), (SELECT count(*) FROM events WHERE body LIKE '%новое'),
(SELECT count(*) FROM erased WHERE at = $1)`, list[0].At).Scan(&old, &fresh, &known); err != nil {
		t.Fatal(err)
	}
	row := shop.Row(d)
	if old != 0 || fresh != 2 || known != 1 || row.VisitorName != "" || row.Last.Text != "ответ: новое" {
		t.Errorf("old %d, fresh %d, known %d, %+v", old, fresh, known, row)
	}
	if did, err := shop.EraseAgain(t.Context(), list[0]); did || err != nil {
		t.Errorf("a second time: %v %v", did, err)
	}
	if _, err := shop.EraseAgain(t.Context(), store.Erased{DialogID: uuid.NewString(), At: list[0].At}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("unknown: %v", err)
	}
	shop.Exec(`UPDATE events SET body = 'старое' WHERE seq = 1`)
	shop.Do(d, storetest.Write("пишет"))
	if _, err := shop.EraseAgain(t.Context(), list[0]); !isRefusal(err, dialog.Conflict) {
		t.Errorf("open: %v", err)
	}
}

// D-64: an erase reaches what there is, also when the clock has gone back since it was written. The log's own times never go
// back; a visit's do.
func TestEraseAfterTheClockWentBack(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	d := shop.Dialog()
	shop.Do(d, dialog.SubmitForm{Name: "тайна", Phone: "+7 701 000-00-00", Consent: true, Proof: dialog.ConsentProof{Text: "тайна", Version: "1"}, Arrival: dialog.Arrival{IP: ip1}})
	shop.Do(d, storetest.Write("тайна"))
	shop.Do(d, storetest.Reply(shop.Oleg, "тайна"))
	shop.Do(d, dialog.EditCard{By: storetest.By(shop.Oleg), Field: dialog.CardComment, Value: "тайна", Rev: shop.Row(d).CardRev})
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	shop.Later(time.Minute)
	if err := shop.SeePage(t.Context(), shop.Row(d).State.VisitorID, store.Page{URL: "https://shop.example/тайна", IP: ip1, UserAgent: "тайна"}); err != nil {
		t.Fatal(err)
	}
	shop.Later(-2 * time.Minute)
	shop.Do(d, dialog.Erase{By: storetest.By(admin)})
	for _, table := range []string{"events", "dialogs", "sessions", "visitors", "visits", "consents", "audit"} {
		var n int
		if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM `+table+` x WHERE strpos(x::text, 'тайна') + strpos(x::text, $1) > 0`, ip1).Scan(&n); err != nil || n > 0 {
			t.Errorf("%s: %d rows keep it, %v", table, n, err)
		}
	}
	var late int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM events JOIN erased USING (dialog_id) WHERE events.at > erased.at`).Scan(&late); err != nil || late > 0 {
		t.Errorf("%d events are later than the erase, %v", late, err)
	}
}

// D-64: of several erases of a dialog, a backup from between them knows the first; the last is repeated all the same.
func TestEraseAgainAfterTwo(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("x"))
	shop.Do(d, storetest.Reply(shop.Oleg, "x"))
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	erase := func() store.Erased {
		t.Helper()
		shop.Do(d, dialog.Erase{By: storetest.By(admin)})
		list, err := shop.ErasedAfter(t.Context(), "", 10)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v %v", list, err)
		}
		return list[0]
	}
	first := erase()
	shop.Later(time.Hour)
	last := erase()
	shop.Exec(`UPDATE erased SET at = $1`, first.At)
	shop.Exec(`UPDATE dialogs SET card_comment = 'тайна'`)
	if did, err := shop.EraseAgain(t.Context(), first); did || err != nil {
		t.Errorf("the first: %v %v", did, err)
	}
	if did, err := shop.EraseAgain(t.Context(), last); !did || err != nil {
		t.Errorf("the last: %v %v", did, err)
	}
	var kept int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM dialogs WHERE card_comment <> ''`).Scan(&kept); err != nil || kept > 0 {
		t.Errorf("%d %v", kept, err)
	}
	if did, err := shop.EraseAgain(t.Context(), last); did || err != nil {
		t.Errorf("a second time: %v %v", did, err)
	}
}

// D-64: nothing of what was sent can be found out from receipts after an erase, nor after retention: a phone number is soon
// found from its hash. A retry is known all the same (I-10), and not taken for a new command.
func TestErasedReceipts(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	send := func(d string, c store.Command) error {
		c.DialogID = d
		return shop.Apply(t.Context(), []store.Command{c})[0].Err
	}
	hashes := func(d string) (n int) {
		t.Helper()
		if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM receipts WHERE dialog_id = $1 AND length(body_hash) > 0`, d).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	talk := func(d string) (form, card store.Command) {
		t.Helper()
		form = store.Command{ClientID: uuid.NewString(), Do: dialog.SubmitForm{Phone: "+7 701 000-00-00", Consent: true, Proof: dialog.ConsentProof{Text: "x", Version: "1"}}}
		if err := send(d, form); err != nil {
			t.Fatal(err)
		}
		shop.Do(d, storetest.Reply(shop.Oleg, "x"))
		card = store.Command{ClientID: uuid.NewString(), Do: dialog.EditCard{By: storetest.By(shop.Oleg), Field: dialog.CardPhone, Value: "+7 701 000-00-01", Rev: shop.Row(d).CardRev}}
		if err := send(d, card); err != nil {
			t.Fatal(err)
		}
		shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
		return form, card
	}
	d, other := shop.Dialog(), shop.Dialog()
	form, card := talk(d)
	talk(other)
	before := hashes(d)
	if err := send(d, form); err != nil {
		t.Errorf("a retry before it: %v", err)
	}
	erase := store.Command{ClientID: uuid.NewString(), Do: dialog.Erase{By: storetest.By(admin)}}
	if err := send(d, erase); err != nil {
		t.Fatal(err)
	}
	if n := hashes(d); n != 1 || before < 4 { // its own says nothing
		t.Errorf("%d of %d hashes are left", n, before)
	}
	for _, c := range []store.Command{form, card} {
		if err := send(d, c); !isRefusal(err, dialog.ClientIDReused) {
			t.Errorf("a retry after it: %v", err)
		}
	}
	if err := send(d, erase); err != nil {
		t.Errorf("its own retry: %v", err)
	}
	if n := hashes(other); n < 4 {
		t.Errorf("another dialog keeps %d", n)
	}
	shop.Exec(`UPDATE projects SET retention_days = 30`)
	shop.Later(31 * 24 * time.Hour)
	shop.Do(other, storetest.Write("новое"))
	if n, err := shop.Retain(t.Context(), 10); err != nil || n != 2 {
		t.Fatalf("%d %v", n, err)
	}
	if n := hashes(other); n != 1 {
		t.Errorf("retention keeps %d", n)
	}
}
