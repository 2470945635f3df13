package fire

import (
	"context"
	"net/url"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/otklik/otklik/local/localtest"
	"github.com/otklik/otklik/workflows"
)

// TestRestoreOfAnOlderDump: PostgreSQL is put back to a dump while Temporal has gone on (design 8). What is open in the
// dump runs again, whatever its workflow had come to, keeps its deadlines, and goes on; a workflow whose dialog the dump
// does not have ends when it looks.
func TestRestoreOfAnOlderDump(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api, w := h.serve(via{}), h.worker(via{})
	c, o := h.dialTemporal(), h.operators[0]
	untaken, answered, waiting := h.visitor(api), h.visitor(api), h.visitor(api)
	for _, v := range []*visitor{untaken, answered, waiting} {
		v.write(api, newID(), "hello").accepted(t)
	}
	o.reply(api, answered.dialogID, newID(), "good day").accepted(t)
	o.reply(api, waiting.dialogID, newID(), "good day").accepted(t)
	waiting.write(api, newID(), "well").accepted(t)
	h.everySessionRuns(promised)
	api.term()
	w.term()
	h.dump()

	api, w = h.serve(via{}), h.worker(via{})
	o.reply(api, untaken.dialogID, newID(), "good day").accepted(t)
	o.leave(api, untaken.dialogID, 1<<40).accepted(t)
	answered.write(api, newID(), "and?").accepted(t)
	o.reply(api, waiting.dialogID, newID(), "so").accepted(t)
	later := h.visitor(api)
	later.write(api, newID(), "hello").accepted(t)
	h.everySessionRuns(promised)
	h.until(promised, "the workflow of what was left ends", func() bool { return !running(c, untaken.dialogID) })
	api.term()
	w.term()
	h.restore()

	api, _ = h.serve(via{}), h.worker(via{})
	ran := h.everySessionRuns(promised)
	if n := h.count(`SELECT count(*) FROM sessions WHERE closed_at IS NULL`); n != 3 {
		t.Fatalf("%d open sessions in the dump", n)
	}
	marked := h.everyDeadlineIsMarked(promised)
	if n := h.count(`SELECT count(*) FROM sessions WHERE closed_at IS NULL AND (dialog_id = $1 AND unclaimed_marked OR dialog_id = $2 AND overdue_marked)`,
		untaken.dialogID, waiting.dialogID); n != 2 {
		t.Errorf("%d of the 2 that waited in the dump are marked", n)
	}
	// What the workflows had been told before must not keep them from hearing it again.
	o.reply(api, untaken.dialogID, newID(), "good day").accepted(t)
	o.reply(api, waiting.dialogID, newID(), "so").accepted(t)
	answered.write(api, newID(), "and?").accepted(t)
	h.everySessionRuns(promised)
	h.everyDeadlineIsMarked(promised)
	if !h.yes(`SELECT overdue_marked FROM sessions WHERE dialog_id = $1 AND closed_at IS NULL`, answered.dialogID) {
		t.Error("who waits since the restore is not marked")
	}
	check(t, c.SignalWorkflow(context.Background(), later.dialogID, "", workflows.SignalSync, workflows.Sync{}))
	h.until(promised, "the workflow of a dialog that is not in the dump ends", func() bool { return !running(c, later.dialogID) })
	t.Logf("all run %s after the restore, all marked %s after the clock moved", ran, marked)
}

// TestLostNamespace: Temporal comes back with nothing in it. PostgreSQL alone is enough (design 8).
func TestLostNamespace(t *testing.T) {
	t.Parallel()
	h := newHouse(t, plan{operators: 1})
	api, w := h.serve(via{}), h.worker(via{})
	untaken, answered := h.visitor(api), h.visitor(api)
	untaken.write(api, newID(), "hello").accepted(t)
	answered.write(api, newID(), "hello").accepted(t)
	h.operators[0].reply(api, answered.dialogID, newID(), "good day").accepted(t)
	h.everySessionRuns(promised)
	api.term()
	w.term()

	h.address, h.namespace = localtest.Temporal(t)
	h.serve(via{})
	h.worker(via{})
	ran := h.everySessionRuns(promised)
	marked := h.everyDeadlineIsMarked(promised)
	t.Logf("all run %s after the start, all marked %s after the clock moved", ran, marked)
}

// dump copies the house's database as it stands, with nobody at work in it.
func (h *house) dump() {
	h.t.Helper()
	h.atTheServer(func(admin *pgx.Conn, name string) {
		_, err := admin.Exec(context.Background(), `CREATE DATABASE `+quoted(name+"_dump")+` TEMPLATE `+quoted(name))
		check(h.t, err)
	})
	h.t.Cleanup(func() {
		h.atTheServer(func(admin *pgx.Conn, name string) {
			_, _ = admin.Exec(context.Background(), `DROP DATABASE IF EXISTS `+quoted(name+"_dump")+` WITH (FORCE)`)
		})
	})
}

// restore puts the copy in the place of the database.
func (h *house) restore() {
	h.t.Helper()
	h.atTheServer(func(admin *pgx.Conn, name string) {
		for _, sql := range []string{
			`DROP DATABASE ` + quoted(name) + ` WITH (FORCE)`,
			`CREATE DATABASE ` + quoted(name) + ` TEMPLATE ` + quoted(name+"_dump"),
		} {
			_, err := admin.Exec(context.Background(), sql)
			check(h.t, err)
		}
	})
}

// atTheServer acts beside the database, while nobody is connected to it, the test included.
func (h *house) atTheServer(act func(admin *pgx.Conn, name string)) {
	h.t.Helper()
	ctx := context.Background()
	u, err := url.Parse(h.databaseURL)
	check(h.t, err)
	name := u.Path[1:]
	u.Path = "/postgres"
	h.pool.Close()
	admin, err := pgx.Connect(ctx, u.String())
	check(h.t, err)
	defer admin.Close(ctx)
	act(admin, name)
	h.pool, err = pgxpool.New(ctx, h.databaseURL)
	check(h.t, err)
	h.t.Cleanup(h.pool.Close)
}

func quoted(name string) string { return pgx.Identifier{name}.Sanitize() }
