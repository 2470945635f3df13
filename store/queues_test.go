package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// crowd starts n dialogs in a department, or in the common queue.
func crowd(shop *storetest.Shop, department string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = shop.Dialog()
		if department == "" {
			shop.Do(ids[i], storetest.Write("есть кто?"))
		} else {
			shop.Do(ids[i], dialog.ChooseDepartment{ID: department})
		}
	}
	return ids
}

const withForm = `UPDATE projects SET form = form || '{"enabled": true}'`

// long moves the clock until everybody waits long.
func long(shop *storetest.Shop) { shop.Later(181 * time.Second) }

func offered(t *testing.T, shop *storetest.Shop, id string) (messages, forms int) {
	t.Helper()
	events, err := shop.EventsAfter(t.Context(), id, store.VisitorLog, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Key == dialog.KeyBacklog {
			messages++
		}
		if e.Kind == dialog.KindFormRequest {
			forms++
		}
	}
	return messages, forms
}

// R-034, D-30, D-51: the facts are counted under the lock: of this queue, without taken ones and blocked visitors.
func TestOfferIsCountedUnderTheLock(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	sales := crowd(shop, shop.Sales, 9)
	crowd(shop, shop.Delivery, 3)
	crowd(shop, "", 3)
	long(shop)
	shop.Exec(withForm)
	refused := func(why string) {
		t.Helper()
		if _, err := shop.Try(sales[0], dialog.OfferContacts{Untaken: 10, Open: true}); !isRefusal(err, dialog.NotYet) {
			t.Errorf("%s: %v", why, err)
		}
	}
	refused("nine")
	tenth := crowd(shop, shop.Sales, 1)[0]
	shop.Exec(`UPDATE dialogs SET blocked = true WHERE id = $1`, tenth)
	refused("the tenth is blocked")
	shop.Exec(`UPDATE dialogs SET blocked = false WHERE id = $1`, tenth)
	shop.Exec(`UPDATE departments SET hours = '{"week":[[],[],[],[],[],[],[]],"exceptions":[]}' WHERE id = $1`, shop.Sales)
	refused("closed (D-13)")
	shop.Exec(`UPDATE departments SET hours = NULL`)
	shop.Exec(`UPDATE projects SET active = false`)
	refused("the widget is off (D-02)")
	shop.Exec(`UPDATE projects SET active = true`)
	shop.Do(sales[0], dialog.OfferContacts{})
	if m, f := offered(t, shop, sales[0]); m != 1 || f != 1 {
		t.Errorf("%d messages, %d forms", m, f)
	}
	shop.Do(tenth, storetest.Reply(shop.Anna, "слушаю"))
	if _, err := shop.Try(sales[1], dialog.OfferContacts{}); !isRefusal(err, dialog.NotYet) {
		t.Errorf("a claim made it nine: %v", err)
	}
}

// D-31: two workers that serve the same queue at once, beside claims: nobody twice, nobody who is taken.
func TestNobodyIsServedTwice(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	ids := crowd(shop, "", 14)
	long(shop)
	shop.Exec(withForm)
	queue := store.Queue{ProjectID: shop.Project}
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			waiters, err := shop.LongWaiters(context.WithoutCancel(t.Context()), queue, 25)
			if err != nil || len(waiters) > 14 {
				t.Errorf("%d waiters, %v", len(waiters), err)
			}
			for _, w := range waiters {
				out := shop.Apply(context.WithoutCancel(t.Context()), []store.Command{{DialogID: w.DialogID, ClientID: "backlog-" + w.SessionID, Do: dialog.OfferContacts{}}})
				if err := out[0].Err; err != nil && !isRefusal(err, dialog.NotYet) {
					t.Error(err)
				}
			}
		})
	}
	for _, id := range ids[11:] { // eleven stay
		work.Go(func() { shop.Do(id, storetest.Reply(shop.Anna, "слушаю")) })
	}
	work.Wait()
	for i, id := range ids {
		m, f := offered(t, shop, id)
		if m != f || m > 1 || (i < 11 && m != 1) {
			t.Errorf("dialog %d: %d messages, %d forms", i, m, f)
		}
		if ses := shop.Row(id).State.Session; i >= 11 && m == 1 && ses.OfferedAt.After(ses.ClaimedAt) {
			t.Errorf("dialog %d was served after its claim", i)
		}
	}
}

// Design 3: the sweep wakes a queue that nobody will look at in time, once, whoever asks; and not for nothing.
func TestWakeQueues(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	sales := store.Queue{ProjectID: shop.Project, DepartmentID: shop.Sales}
	wake := func(only ...store.Queue) []store.Queue {
		t.Helper()
		queues, err := shop.WakeQueues(t.Context(), only...)
		if err != nil {
			t.Fatal(err)
		}
		return queues
	}
	look := func() store.Look {
		t.Helper()
		l, err := shop.LookAtQueue(t.Context(), sales)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	ids := crowd(shop, shop.Sales, 9)
	if q := wake(); len(q) != 0 {
		t.Fatalf("woken at nine: %v", q)
	}
	ids = append(ids, crowd(shop, shop.Sales, 1)...)
	crowd(shop, shop.Delivery, 4)
	if q := wake(); !slices.Equal(q, []store.Queue{sales}) {
		t.Fatalf("at ten: %v", q)
	}
	if q := wake(sales); len(q) != 0 {
		t.Errorf("woken again while nobody has looked: %v", q)
	}
	if err := shop.Unwake(t.Context(), sales); err != nil || len(wake(sales)) != 1 {
		t.Errorf("a wake that was not sent is not sent again: %v", err)
	}
	if l := look(); l.Untaken != 10 || l.Why != dialog.LongWaiter || !l.At.Equal(shop.Row(ids[0]).State.Session.WaitingSince.Add(180*time.Second+dialog.Tick)) {
		t.Errorf("%+v", l)
	}
	if q := wake(); len(q) != 0 {
		t.Errorf("woken although it looks by itself: %v", q)
	}
	shop.Exec(`UPDATE projects SET long_wait_seconds = 60`)
	if q := wake(); len(q) != 1 {
		t.Error("a shorter limit wakes nobody")
	}
	look()
	shop.Later(63 * time.Second)
	if q := wake(); len(q) != 1 {
		t.Error("its workflow is dead, and nobody is woken")
	}
	for _, id := range ids {
		shop.Do(id, dialog.OfferContacts{})
	}
	if l := look(); !l.At.IsZero() || l.Untaken != 10 {
		t.Errorf("all are served: %+v", l)
	}
	if q := wake(); len(q) != 0 {
		t.Errorf("all are served, woken: %v", q)
	}
	crowd(shop, shop.Sales, 1) // the eleventh crosses later
	if q := wake(); len(q) != 1 {
		t.Error("the eleventh is missed")
	}
}

// D-21: what the store finds out when a session starts, by who is online, and for whom.
func TestStartWhenNobodyIsThere(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	start := func(do dialog.Command) dialog.Unattended {
		d := shop.Dialog()
		shop.Do(d, do)
		shop.Do(d, storetest.Write("и ещё"))
		row := shop.Row(d)
		told := 0
		events, err := shop.EventsAfter(t.Context(), d, store.VisitorLog, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Key == dialog.KeyOffline || e.Key == dialog.KeyClosed {
				told++
			}
		}
		if want := map[bool]int{true: 0, false: 1}[row.State.Session.Unattended == dialog.Attended]; told != want || !row.State.Waiting() {
			t.Errorf("told %d times: %+v", told, row.State.Session)
		}
		return row.State.Session.Unattended
	}
	toSales, toDelivery := dialog.ChooseDepartment{ID: shop.Sales}, dialog.ChooseDepartment{ID: shop.Delivery}
	expect := func(why string, message, sales, delivery dialog.Unattended) {
		t.Helper()
		if a, b, c := start(storetest.Write("есть кто?")), start(toSales), start(toDelivery); a != message || b != sales || c != delivery {
			t.Errorf("%s: %q %q %q", why, a, b, c)
		}
	}
	nobody, closed := dialog.NobodyOnline, dialog.OutsideHours
	expect("all are online", "", "", "")
	shop.Exec(`DELETE FROM presence WHERE operator_id <> $1`, shop.Anna)
	expect("Anna of Sales alone", "", "", nobody)
	shop.Exec(`UPDATE operators SET away = true`)
	expect("«Не в сети» by hand", nobody, nobody, nobody)
	shop.Exec(`UPDATE operators SET away = false, hours = '{"week":[[],[],[],[],[],[],[]],"exceptions":[]}'`)
	expect("out of her own hours", nobody, nobody, nobody)
	shop.Exec(`UPDATE operators SET hours = NULL`)
	shop.Exec(`UPDATE projects SET hours = '{"week":[[],[],[],[],[],[],[]],"exceptions":[]}'`)
	expect("the widget is closed", closed, "", nobody)
	shop.Exec(`UPDATE departments SET hours = '{"week":[[],[],[],[],[],[],[]],"exceptions":[]}'`)
	expect("all is closed", closed, closed, closed)
	who, err := shop.Attendance(t.Context(), store.Queue{ProjectID: shop.Project, DepartmentID: shop.Sales})
	if err != nil || who != closed {
		t.Errorf("%q %v", who, err)
	}
}

func isRefusal(err error, code dialog.Code) bool {
	var r *dialog.Refusal
	return errors.As(err, &r) && r.Code == code
}

// D-30, D-31: two starts at once at eight make ten, which neither of them saw; and a queue that goes to nine and back to
// ten serves who waits still, not who was served before.
func TestQueueAtTheThreshold(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	queue := store.Queue{ProjectID: shop.Project}
	ids := crowd(shop, "", 8)
	var starts sync.WaitGroup
	for range 2 {
		id := shop.Dialog()
		ids = append(ids, id)
		starts.Go(func() { shop.Do(id, storetest.Write("есть кто?")) })
	}
	starts.Wait()
	if q, err := shop.WakeQueues(t.Context()); err != nil || len(q) != 1 {
		t.Fatalf("the tenth is missed: %v %v", q, err)
	}
	long(shop)
	waiters := func() []store.LongWaiter {
		t.Helper()
		w, err := shop.LongWaiters(t.Context(), queue, 25)
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if n := len(waiters()); n != 10 {
		t.Fatalf("%d long waiters", n)
	}
	for _, id := range ids[:4] {
		shop.Do(id, dialog.OfferContacts{})
	}
	shop.Do(ids[0], storetest.Reply(shop.Anna, "слушаю")) // nine
	if n := len(waiters()); n != 0 {
		t.Errorf("%d to be served at nine", n)
	}
	crowd(shop, "", 1) // ten again
	if n := len(waiters()); n != 6 {
		t.Errorf("%d to be served, want the six who got nothing and wait long", n)
	}
}

// D-70, D-30: what waits in a department that is switched off stands in the common queue: counted, woken and served there,
// and nowhere else; switched on again, it is the department's.
func TestQueueOfASwitchedOffDepartment(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	common, sales := store.Queue{ProjectID: shop.Project}, store.Queue{ProjectID: shop.Project, DepartmentID: shop.Sales}
	ids := crowd(shop, shop.Sales, 6)
	crowd(shop, "", 4)
	look := func(q store.Queue) int {
		t.Helper()
		l, err := shop.LookAtQueue(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		return l.Untaken
	}
	waiters := func(q store.Queue) int {
		t.Helper()
		w, err := shop.LongWaiters(t.Context(), q, 25)
		if err != nil {
			t.Fatal(err)
		}
		return len(w)
	}
	long(shop)
	if a, b := look(common), look(sales); a != 4 || b != 6 || waiters(common) != 0 {
		t.Fatalf("%d in common, %d in sales", a, b)
	}
	shop.Exec(`UPDATE departments SET active = false, hours = '{"week":[[],[],[],[],[],[],[]],"exceptions":[]}' WHERE id = $1`, shop.Sales)
	shop.Exec(`DELETE FROM backlogs`)
	if q, err := shop.WakeQueues(t.Context()); err != nil || !slices.Equal(q, []store.Queue{common}) {
		t.Errorf("woken: %v %v", q, err)
	}
	if a, b := look(common), look(sales); a != 10 || b != 0 {
		t.Errorf("switched off: %d in common, %d in sales", a, b)
	}
	if a, b := waiters(common), waiters(sales); a != 10 || b != 0 {
		t.Errorf("switched off: %d and %d to be served", a, b)
	}
	if untaken, err := shop.UntakenOf(t.Context(), common, 25); err != nil || len(untaken) != 10 {
		t.Errorf("%d untaken, %v", len(untaken), err)
	}
	shop.Exec(withForm)
	shop.Do(ids[0], dialog.OfferContacts{}) // under the lock: ten, and open
	none := shop.AddOperator("Нина", dialog.LevelOperator)
	shop.Do(ids[0], storetest.Reply(none, "слушаю"))
	if ses := shop.Row(ids[0]).State.Session; ses.AssigneeID != none || ses.DepartmentID != shop.Sales {
		t.Errorf("%+v", ses)
	}
	shop.Exec(`UPDATE departments SET active = true`)
	if a, b := look(common), look(sales); a != 4 || b != 5 {
		t.Errorf("switched on again: %d in common, %d in sales", a, b)
	}
}

// D-71: ten dialogs from one address do not send a queue the backlog's text, whoever asks: the sweep, the queue's
// workflow, or the offer under the dialog's lock.
func TestOneAddressIsNoBacklog(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(withForm)
	start := func(ip string) string {
		id := shop.Dialog()
		shop.Do(id, dialog.VisitorMessage{Text: "есть кто?", Arrival: dialog.Arrival{IP: ip}})
		return id
	}
	var ids []string
	for range 12 {
		ids = append(ids, start("203.0.113.7"))
	}
	for _, ip := range []string{"198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "2001:db8:0:1::1", "2001:db8:0:1::2"} {
		ids = append(ids, start(ip)) // with the three of the first address, nine
	}
	long(shop)
	queue := store.Queue{ProjectID: shop.Project}
	waiters := func() int {
		t.Helper()
		list, err := shop.LongWaiters(t.Context(), queue, 100)
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	look, err := shop.LookAtQueue(t.Context(), queue)
	if err != nil || look.Untaken != 9 || waiters() != 0 {
		t.Errorf("%d count, %d are to be served, %v", look.Untaken, waiters(), err)
	}
	if _, err := shop.Try(ids[12], dialog.OfferContacts{}); !isRefusal(err, dialog.NotYet) {
		t.Errorf("offered: %v", err)
	}
	start("198.51.100.5")
	long(shop)
	if n := waiters(); n != 19 {
		t.Errorf("%d are to be served, want 19: in a backlog that is one nobody is left out", n)
	}
	if _, err := shop.Try(ids[12], dialog.OfferContacts{}); err != nil {
		t.Error(err)
	}
}

// D-71: SQL and dialog.Origin mean the same.
func TestOriginOfSQL(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	id := shop.Dialog()
	shop.Do(id, storetest.Write("есть кто?"))
	for _, ip := range []string{"203.0.113.7", "2001:db8:0:1:a::1", "127.0.0.1", "10.1.2.3", "172.31.0.1", "172.32.0.1", "192.168.1.1", "192.169.0.1", "169.254.0.1", "::1", "fd00::1", "fe80::1", "100.64.0.1"} {
		shop.Exec(`UPDATE sessions SET ip = $1::inet`, ip)
		got, err := shop.OriginOf(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		want := shop.Row(id).State.Session.ID
		if origin, ok := dialog.Origin(ip); ok {
			want = strings.TrimSuffix(origin.String(), "/32")
		}
		if got != want {
			t.Errorf("%s: %s, want %s", ip, got, want)
		}
	}
}
