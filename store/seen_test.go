package store_test

import (
	"errors"
	"testing"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// D-72: each side is told in its own log how far the other has read; a mark only moves forward, and never beyond the log.
func TestSeen(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	ctx := t.Context()
	d := shop.Dialog()
	shop.Do(d, storetest.Write("раз"))
	shop.Do(d, storetest.Reply(shop.Oleg, "два"))
	shop.Do(d, dialog.Transfer{By: storetest.By(shop.Oleg), To: storetest.By(shop.Vera)}) // told to operators only
	shop.Do(d, storetest.Write("три"))
	events, err := shop.EventsAfter(ctx, d, store.OperatorLog, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	last := events[len(events)-1]
	if last.Seq == last.VisitorSeq {
		t.Fatal("the two logs do not differ")
	}
	want := func(what string, got, want int64, err error) {
		t.Helper()
		if err != nil || got != want {
			t.Errorf("%s: %d, want %d (%v)", what, got, want, err)
		}
	}
	seen := func(operators, visitor int64) {
		t.Helper()
		x, err := shop.Seen(ctx, d)
		if err != nil || x != (store.Seen{ByOperators: operators, ByVisitor: visitor}) {
			t.Errorf("seen %+v, want %d and %d (%v)", x, operators, visitor, err)
		}
	}
	seen(0, 0)
	for _, step := range []struct{ seq, told int64 }{{1, 1}, {last.Seq + 50, last.VisitorSeq}, {2, 0}, {last.Seq, 0}} {
		got, err := shop.SeenByOperators(ctx, d, step.seq)
		want("by operators", got, step.told, err)
	}
	seen(last.VisitorSeq, 0)
	for _, step := range []struct{ seq, told int64 }{{1, 1}, {last.VisitorSeq, last.Seq}, {1, 0}} {
		got, err := shop.SeenByVisitor(ctx, d, step.seq)
		want("by the visitor", got, step.told, err)
	}
	if _, err := shop.SeenByVisitor(ctx, d, last.VisitorSeq+1); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("beyond his log: %v", err)
	}
	seen(last.VisitorSeq, last.Seq)
}
