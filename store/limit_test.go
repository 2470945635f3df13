package store_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

// R-031, D-29: claims, transfers and leaves at once, through two stores as two processes would; nobody ever has more
// than his limit. Every change of an assignee is counted by the database itself, as it is written.
func TestLimitIsNeverExceeded(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	other, err := store.Open(t.Context(), shop.URL, store.Options{AppName: "other"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Close)
	stores := []*store.Store{shop.Store, other}
	shop.Exec(`UPDATE operators SET dialog_limit = 2`)
	shop.Exec(`CREATE TABLE counted (operator uuid, n int)`)
	// At the end of each transaction, when it holds all its locks: what it sees is what everybody will see.
	shop.Exec(`CREATE FUNCTION count_open() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO counted SELECT NEW.assignee_id, count(*) FROM sessions WHERE assignee_id = NEW.assignee_id AND closed_at IS NULL;
RETURN NEW; END $$`)
	shop.Exec(`CREATE CONSTRAINT TRIGGER count_open AFTER UPDATE ON sessions DEFERRABLE INITIALLY DEFERRED
FOR EACH ROW WHEN (NEW.assignee_id IS DISTINCT FROM OLD.assignee_id) EXECUTE FUNCTION count_open()`)
	people := []string{shop.Anna, shop.Oleg, shop.Vera}
	dialogs := make([]string, 12)
	for i := range dialogs {
		dialogs[i] = shop.Dialog()
		shop.Do(dialogs[i], storetest.Write("Здравствуйте"))
	}
	var mu sync.Mutex
	did := map[string]int{}
	try := func(s *store.Store, n int, d string, do dialog.Command) {
		err := s.Apply(t.Context(), []store.Command{{DialogID: d, ClientID: fmt.Sprintf("command-%d", n), Do: do}})[0].Err
		var r *dialog.Refusal
		what := fmt.Sprintf("%T", do)
		switch {
		case errors.As(err, &r):
			what += " " + string(r.Code)
		case err != nil:
			t.Error(err)
		}
		mu.Lock()
		did[what]++
		mu.Unlock()
	}
	var wg sync.WaitGroup
	for worker := range 16 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(1, uint64(worker)))
			for i := range 60 {
				d, by, to := dialogs[rnd.IntN(len(dialogs))], people[rnd.IntN(3)], people[rnd.IntN(3)]
				s, n := stores[rnd.IntN(2)], worker*1000+i
				switch rnd.IntN(6) {
				case 0, 1, 2:
					try(s, n, d, storetest.Reply(by, "Добрый день"))
				case 3:
					try(s, n, d, dialog.Transfer{By: storetest.By(by), To: storetest.By(to)})
				case 4:
					try(s, n, d, dialog.Leave{By: storetest.By(by), LastSeen: 1 << 40, Tags: []string{shop.TagSale}})
				default:
					try(s, n, d, storetest.Write("и ещё"))
				}
			}
		})
	}
	wg.Wait()
	var most, changes int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT max(n), count(*) FROM counted`).Scan(&most, &changes); err != nil {
		t.Fatal(err)
	}
	if most != 2 {
		t.Errorf("somebody had %d dialogs, the limit is 2", most)
	}
	for _, what := range []string{"dialog.Reply", "dialog.Reply limit_reached", "dialog.Transfer", "dialog.Transfer limit_reached", "dialog.Leave"} {
		if did[what] == 0 {
			t.Errorf("never happened: %s (%v)", what, did)
		}
	}
}
