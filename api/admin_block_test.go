package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// D-48, D-50: the page «Блокировка из чата»: an address is listed by hand and acts at once, a wrong one and
// one that is there already are refused, the row is deleted and the visitor can write again.
func TestBlocksByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	path := "/admin/projects/" + w.shop + "/blocks"
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.says(g.visitor, "Добрый день")
	page := g.socket()
	b := as[Block](w.admin.post(path, map[string]any{"ip": " ::ffff:" + ip1 + " ", "note": "ботнет"}).want(201))
	told := w.promise(blockIn)
	if b.IP != ip1 || b.Source != BlockSourceManual || b.Note != "ботнет" || b.Operator.ID != w.admin.id || b.At.IsZero() {
		t.Errorf("%+v", b)
	}
	page.within(told, "state", saysBlocked(true))
	g.writes("Спам").want(403, "blocked")
	g.loads().want(403, "blocked")
	told.until("the card knows", func() bool { return w.anna.dialog(g.dialog).Row.BlockedIP == ip1 })
	for in, code := range map[string]string{"203.0.113.0/24": "invalid", "nonsense": "invalid", "fe80::1%eth0": "invalid", " ": "required"} {
		if e := w.admin.post(path, map[string]any{"ip": in}).want(422, code).error(); e.Field != "ip" {
			t.Errorf("%q: %+v", in, e)
		}
	}
	w.admin.post(path, map[string]any{"ip": ip1}).want(409, "exists")
	w.admin.post(path, map[string]any{"ip": ip2, "note": "a\nb"}).want(422, "invalid")

	w.admin.delete(path + "/" + b.ID).want(204)
	told = w.promise(blockIn)
	page.within(told, "state", saysBlocked(false))
	g.loads().want(200)
	g.writes("Спасибо").want(200)
	told.until("the card changes back", func() bool { d := w.anna.dialog(g.dialog); return d.Row.BlockedIP == "" && d.Block.IP == "" })
	w.admin.delete(path+"/"+b.ID).want(404, "not_found")
	if w.audited("block") != 1 || w.audited("unblock") != 1 {
		t.Errorf("I-13: %d blocks and %d unblocks are audited", w.audited("block"), w.audited("unblock"))
	}
}

// a block in the workspace stands in the list with date, operator and dialog; deleting the row unblocks.
func TestOperatorsBlockInTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	path := "/admin/projects/" + w.shop + "/blocks"
	g := w.guest(ip1)
	g.writes("Спам").want(200)
	w.anna.blocks(g).want(200)
	list := as[BlockPage](w.admin.get(path).want(200))
	if len(list.Items) != 1 {
		t.Fatalf("%+v", list)
	}
	b := list.Items[0]
	if b.IP != ip1 || b.Source != BlockSourceOperator || b.Operator.Name != w.anna.name || b.Dialog.ID != g.dialog || b.Dialog.Name == "" || b.At.IsZero() {
		t.Errorf("%+v", b)
	}
	w.admin.delete(path + "/" + b.ID).want(204)
	g.writes("Простите").want(200)
}

// D-50: the system's list is read-only but for being replaced as a whole; lists are found, paged, and kept apart.
func TestBlockLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	path := "/admin/projects/" + w.shop + "/blocks"
	put := func(source string, ips ...string) BlockListAnswer {
		t.Helper()
		return as[BlockListAnswer](w.admin.put(path, map[string]any{"source": source, "ips": append([]string{}, ips...)}).want(200))
	}
	if a := put("system", ip1, "203.0.113.2", "::ffff:203.0.113.2"); a != (BlockListAnswer{Added: 2, Total: 2}) {
		t.Errorf("%+v", a)
	}
	if a := put("system", ip1, "203.0.113.3"); a != (BlockListAnswer{Added: 1, Removed: 1, Total: 2}) {
		t.Errorf("%+v", a)
	}
	if a := put("manual", ip1); a != (BlockListAnswer{Added: 1, Total: 1}) {
		t.Errorf("%+v", a)
	}
	g := &guest{&visitor{w: w}, ip1}
	g.loads().want(403, "blocked")
	system := as[BlockPage](w.admin.get(path + "?source=system").want(200)).Items
	if len(system) != 2 {
		t.Fatalf("%+v", system)
	}
	w.admin.delete(path+"/"+system[0].ID).want(403, "forbidden")
	if manual := as[BlockPage](w.admin.get(path).want(200)).Items; len(manual) != 1 || manual[0].Source != BlockSourceManual {
		t.Errorf("%+v", manual)
	}
	put("manual")
	g.loads().want(403, "blocked") // the system's list has it still
	put("system")
	g.loads().want(200)
	e := w.admin.put(path, map[string]any{"source": "system", "ips": []string{ip1, "203.0.113.0/24"}}).want(422, "invalid").error()
	if e.Field != "ips[1]" {
		t.Errorf("%+v", e)
	}
	w.admin.put(path, map[string]any{"source": "operator", "ips": []string{}}).want(422, "invalid")
	if g.loads().want(200); w.audited("blocks_replaced") != 5 {
		t.Errorf("I-13: %d changes are audited", w.audited("blocks_replaced"))
	}

	many := make([]string, 20_000) // longer than other requests may be
	for i := range many {
		many[i] = fmt.Sprintf("10.1.%d.%d", i/250, i%250)
	}
	if a := put("manual", many...); a.Added != len(many) {
		t.Errorf("%+v", a)
	}
	seen := map[string]bool{}
	for more, pages := "", 0; pages < 50; pages++ {
		p := as[BlockPage](w.admin.get(path + "?q=10.1.7&limit=100" + more).want(200))
		for _, b := range p.Items {
			seen[b.IP] = true
		}
		if more = "&cursor=" + p.NextCursor; p.NextCursor == "" {
			break
		}
	}
	if len(seen) != 250*11 { // .7. and .70. to .79.
		t.Errorf("%d found", len(seen))
	}
	w.admin.get(path+"?cursor=x").want(422, "invalid")
	w.admin.get(path+"?source=other").want(422, "invalid")
	w.admin.post(path, map[string]any{"ip": ip1, "note": strings.Repeat("x", maxBody)}).want(413, "too_large")
}

// I-03: the lists are their administrators' alone; another project's row is not found.
func TestBlocksAreForAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/blocks"
	b := as[Block](w.admin.post(path, map[string]any{"ip": ip1}).want(201))
	books := w.person("Управляющий", 4, w.books)
	for p, status := range map[*person]int{w.anna: 403, w.oleg: 403, w.viewer: 403, w.vic: 404, books: 404} {
		p.get(path).want(status)
		p.post(path, map[string]any{"ip": ip2}).want(status)
		p.put(path, map[string]any{"source": "system", "ips": []string{}}).want(status)
		p.delete(path + "/" + b.ID).want(status)
		p.get(path + "/sync").want(status)
		p.post(path+"/sync", nil).want(status)
	}
	books.delete("/admin/projects/" + w.books + "/blocks/" + b.ID).want(404)
	w.admin.delete(path + "/" + uuid.NewString()).want(404)
}

// D-50: changes by hand are owed to the outer account, whole lists are not; what is asked for waits for the worker.
func TestBlockSync(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path := "/admin/projects/" + w.shop + "/blocks"
	w.admin.post(path+"/sync", nil).want(422, "required")
	w.exec(`UPDATE projects SET block_list_url = 'https://lists.example.org/', block_hook_url = 'https://hooks.example.org/', block_secret = 'x' WHERE id = $1`, w.shop)
	b := as[Block](w.admin.post(path, map[string]any{"ip": ip1}).want(201))
	w.admin.delete(path + "/" + b.ID).want(204)
	w.admin.put(path, map[string]any{"source": "manual", "ips": []string{ip2}}).want(200)
	if s := as[BlockSync](w.admin.post(path+"/sync", nil).want(202)); !s.URLSet || s.Owed != 2 || s.Error != "" || !s.PulledAt.IsZero() {
		t.Errorf("%+v", s)
	}
	asked, err := w.store.PullProjects(t.Context(), true)
	if err != nil || len(asked) != 1 || asked[0] != w.shop {
		t.Errorf("asked %v %v", asked, err)
	}
	w.exec(`UPDATE block_pulls SET tried_at = clock_timestamp(), error = 'http_500'`)
	if s := as[BlockSync](w.admin.get(path + "/sync").want(200)); s.Error != "http_500" || s.TriedAt.IsZero() {
		t.Errorf("%+v", s)
	}
	var told string
	if err := w.store.Pool().QueryRow(t.Context(), `SELECT string_agg(body->>'action' || ' ' || (body->>'ip') || ' ' || (body->>'source') || ' ' || (body->>'operator'), ', ' ORDER BY id) FROM hooks`).
		Scan(&told); err != nil || told != fmt.Sprintf("block %s manual %s, unblock %s manual %s", ip1, w.admin.name, ip1, w.admin.name) {
		t.Errorf("owed %q %v", told, err)
	}
}
