package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store/storetest"
)

// D-64: the list of erases, kept apart from backups, is enough to make them again after a restore.
func TestEraseAgain(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	d := shop.Dialog()
	shop.Do(d, storetest.Write("тайна"))
	shop.Do(d, storetest.Reply(shop.Oleg, "ответ"))
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	shop.Do(d, dialog.Erase{By: storetest.By(admin)})
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		m := &Main{Environ: []string{"DATABASE_URL=" + shop.URL}, Stdout: &out, Stderr: &errs}
		if got := m.Run(t.Context(), append([]string{"erase"}, args...)); got != want {
			t.Fatalf("%v: %d %s", args, got, errs.String())
		}
		return out.String()
	}
	list := filepath.Join(t.TempDir(), "erased.jsonl")
	text := run(0, "--list") + `{"dialog_id":"` + uuid.NewString() + `","at":"2026-01-01T00:00:00Z"}` + "\n"
	if err := os.WriteFile(list, []byte(text), 0o600); err != nil || !strings.Contains(text, d) {
		t.Fatalf("%v %s", err, text)
	}
	shop.Exec(`DELETE FROM erased`) // as an older backup would have it
	shop.Exec(`UPDATE events SET body = 'тайна' WHERE seq = 1`)
	if got := run(0, "--again", "--from", list); got != "erased again: 1; nothing left to erase: 1; not in this database: 1; open: 0\n" {
		t.Error(got)
	}
	var left int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM events WHERE body <> ''`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d %v", left, err)
	}
	if got := run(0, "--again", "--from", list); !strings.HasPrefix(got, "erased again: 0;") {
		t.Error(got)
	}
	run(2)
	run(2, "--list", "--again")
}
