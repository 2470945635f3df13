package store_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// Both logs are paged from anywhere without a gap or a repetition; the visitor's is the operators' without what is for
// them only (design 4, R-045).
func TestPagesOfBothLogs(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	for range 12 { // each session has events of every audience
		shop.Do(d, storetest.Write("вопрос"))
		shop.Do(d, dialog.SubmitForm{Phone: "+77010000000", Consent: true})
		shop.Do(d, storetest.Reply(shop.Anna, "ответ"))
		shop.Do(d, dialog.Leave{By: dialog.Operator{ID: shop.Anna}, LastSeen: 1 << 40, Tags: []string{shop.TagSale}})
	}
	all, err := shop.Store.EventsAfter(t.Context(), d, store.OperatorLog, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	own := map[store.Log][]int64{}
	for _, e := range all {
		own[store.OperatorLog] = append(own[store.OperatorLog], e.Seq)
		if e.VisitorSeq != 0 {
			own[store.VisitorLog] = append(own[store.VisitorLog], e.VisitorSeq)
		}
	}
	if len(own[store.VisitorLog]) >= len(all) || len(all) < 60 {
		t.Fatalf("%d events, %d of them the visitor's: nothing to tell apart", len(all), len(own[store.VisitorLog]))
	}
	for log, seqs := range own {
		of := func(events []dialog.Event, err error) []int64 {
			if err != nil {
				t.Fatal(err)
			}
			out := make([]int64, len(events))
			for i, e := range events {
				if out[i] = e.Seq; log == store.VisitorLog {
					out[i] = e.VisitorSeq
				}
			}
			return out
		}
		for range 100 {
			at, limit := rand.Int64N(int64(len(seqs))+3), 1+rand.IntN(9)
			after := slices.DeleteFunc(slices.Clone(seqs), func(n int64) bool { return n <= at })
			if got, want := of(shop.Store.EventsAfter(t.Context(), d, log, at, limit)), after[:min(limit, len(after))]; !slices.Equal(got, want) {
				t.Fatalf("visitor %v after %d: %v, want %v", log, at, got, want)
			}
			before := slices.DeleteFunc(slices.Clone(seqs), func(n int64) bool { return n >= at })
			if got, want := of(shop.Store.EventsBefore(t.Context(), d, log, at, limit)), before[max(0, len(before)-limit):]; !slices.Equal(got, want) {
				t.Fatalf("visitor %v before %d: %v, want %v", log, at, got, want)
			}
		}
	}
}
