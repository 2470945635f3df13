package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
)

// blockIn is how soon a block acts on sockets and dialogs that are open.
const blockIn = 2 * time.Second

const ip1, ip2 = "203.0.113.1", "2001:db8::2"

// behindProxy lets tests say where a visitor comes from.
func behindProxy(o *Options) { o.TrustedProxies = []string{"127.0.0.0/8", "::1"} }

// guest is a visitor who comes from somewhere.
type guest struct {
	*visitor
	ip string
}

func (w *world) guest(ip string) *guest {
	w.t.Helper()
	a := w.do("POST", "/widgets/"+w.key+"/visitors", map[string]string{"X-Forwarded-For": ip}, map[string]any{}).want(201)
	v := as[VisitorCreated](a)
	return &guest{&visitor{w, v.Token, v.State.DialogID}, ip}
}

func (g *guest) headers() map[string]string {
	return map[string]string{"Authorization": "Bearer " + g.token, "X-Forwarded-For": g.ip}
}

func (g *guest) writes(text string) answer {
	g.w.t.Helper()
	return g.w.do("POST", "/visitor/messages", g.headers(), message(text))
}

func (g *guest) state() VisitorState {
	g.w.t.Helper()
	return as[VisitorState](g.w.do("GET", "/visitor", g.headers(), nil).want(200))
}

// loads is what the widget asks when a page is loaded.
func (g *guest) loads() answer {
	g.w.t.Helper()
	return g.w.do("GET", "/widgets/"+g.w.key, map[string]string{"X-Forwarded-For": g.ip}, nil)
}

func (g *guest) socket() *socket {
	g.w.t.Helper()
	s := dial(g.w.t, g.w.base+"/api/v1/visitor/socket", "VisitorServerFrame", http.Header{"X-Forwarded-For": {g.ip}})
	s.send(map[string]any{"type": "hello", "token": g.token, "after": 0})
	s.next("hello")
	return s
}

func (p *person) delete(path string) answer { return p.w.do("DELETE", path, p.headers(), nil) }

func (p *person) blocks(g *guest) answer {
	p.w.t.Helper()
	return p.post("/operator/dialogs/"+g.dialog+"/block", map[string]any{"client_id": uuid.NewString()})
}

func (p *person) dialog(id string) Dialog {
	p.w.t.Helper()
	return as[Dialog](p.get("/operator/dialogs/" + id).want(200))
}

// R-084, D-48: a page load and a socket say where the visitor is now: the operator sees it and blocks that.
func TestBlockTakesTheAddressOfAPageOrASocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.says(g.visitor, "Добрый день")
	at := func(want string) {
		t.Helper()
		if d := w.anna.dialog(g.dialog); d.IP != want {
			t.Errorf("address %s, want %s", d.IP, want)
		}
	}
	page := func() VisitAnswer {
		return as[VisitAnswer](w.do("POST", "/visitor/visit", g.headers(), map[string]any{"page_url": "https://shop.example/tea"}).want(200))
	}
	at(ip1)
	g.ip = ip2
	page()
	at(ip2)
	g.ip = "198.51.100.7"
	g.socket()
	at("198.51.100.7")
	if b := as[BlockAnswer](w.anna.blocks(&guest{g.visitor, g.ip}).want(200)); b.IP != "198.51.100.7" || !b.Blocked {
		t.Errorf("%+v", b)
	}
	g.writes("Ещё").want(403, "blocked")
	if !page().Blocked {
		t.Error("the page is shown")
	}
	g.ip = ip1
	page()
	if d := w.anna.dialog(g.dialog); d.IP != ip1 || d.Row.BlockedIP != "" {
		t.Errorf("seen elsewhere: %s, blocked %q", d.IP, d.Row.BlockedIP)
	}
}

func saysBlocked(blocked bool) func(map[string]any) bool {
	return func(f map[string]any) bool { return f["state"].(map[string]any)["blocked"] == blocked }
}

// D-49: the whole story of a block in the workspace, with every page that is open at the time.
func TestBlockStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	spammer, same, other, idle := w.guest(ip1), w.guest(ip1), w.guest(ip2), w.guest(ip1)
	spammer.writes("Спам").want(200)
	same.writes("Спам и отсюда").want(200)
	other.writes("Здравствуйте").want(200)
	w.anna.says(spammer.visitor, "Прекратите")
	page, samePage, idlePage := spammer.socket(), same.socket(), idle.socket()
	desk := w.anna.watching(w.shop)
	if can := w.anna.dialog(spammer.dialog).Row.Can.Block; can != "ok" {
		t.Errorf("can block: %s", can)
	}

	a := as[BlockAnswer](w.anna.blocks(spammer).want(200))
	told := w.promise(blockIn)
	if !a.Blocked || a.IP != ip1 {
		t.Errorf("answer %+v", a)
	}
	for name, p := range map[string]*socket{"own": page, "same address": samePage, "no dialog yet": idlePage} {
		if p.within(told, "state", saysBlocked(true)); t.Failed() {
			t.Errorf("page %s", name)
		}
	}
	row, gone := false, false // in whatever order they come
	desk.await(told.over, blockIn, "the row says blocked and the untaken dialog goes", func(f map[string]any) bool {
		if r, ok := f["row"].(map[string]any); ok && r["id"] == spammer.dialog && r["blocked_ip"] == ip1 {
			row = true
		}
		gone = gone || frameGone(same.dialog)(f) // D-51, D-67: out of the queues
		return row && gone
	})
	for name, g := range map[string]*guest{"himself": spammer, "same address": same, "no dialog yet": idle} {
		g.writes("Ещё спам").want(403, "blocked")
		g.loads().want(403, "blocked")
		if !g.state().Blocked {
			t.Errorf("%s is not told", name)
		}
	}
	w.do("POST", "/widgets/"+w.key+"/visitors", map[string]string{"X-Forwarded-For": ip1}, map[string]any{}).want(403, "blocked")
	other.writes("Я ни при чём").want(200)
	other.loads().want(200)

	d := w.anna.dialog(spammer.dialog)
	if d.IP != ip1 || d.Block.IP != ip1 || len(d.Block.Sources) != 1 || d.Block.Sources[0] != BlockSourceOperator || d.Row.BlockedIP != ip1 {
		t.Errorf("card %s %+v, row %s", d.IP, d.Block, d.Row.BlockedIP)
	}
	if d.Row.Session.Assignee.ID != w.anna.id || d.Row.Unanswered || d.Row.Important {
		t.Errorf("D-67: row %+v", d.Row)
	}
	log := as[EventPage](w.anna.get("/operator/dialogs/" + spammer.dialog + "/events").want(200))
	if e := log.Events[len(log.Events)-2]; e.Key != "block.done" || e.Params["name"] != w.anna.name {
		t.Errorf("R-085: %+v", e)
	}
	if e := log.Events[len(log.Events)-1]; e.Key != "block.visitor" {
		t.Errorf("R-085: %+v", e)
	}
	w.anna.blocks(spammer).want(200) // again, with another id: nothing new
	if again := w.anna.dialog(spammer.dialog); again.HeadSeq != d.HeadSeq {
		t.Error("blocked twice")
	}

	a = as[BlockAnswer](w.anna.delete("/operator/dialogs/" + spammer.dialog + "/block").want(200))
	told = w.promise(blockIn)
	if a.Blocked {
		t.Errorf("answer %+v", a)
	}
	for _, p := range []*socket{page, samePage, idlePage} {
		p.within(told, "state", saysBlocked(false))
	}
	w.anna.delete("/operator/dialogs/" + spammer.dialog + "/block").want(200)
	if d := w.anna.dialog(spammer.dialog); d.Block.IP != "" || d.Row.BlockedIP != "" || d.Row.Unanswered {
		t.Errorf("after unblocking %+v %+v", d.Block, d.Row)
	}
	spammer.writes("Спасибо").want(200)
	spammer.loads().want(200)
	if !w.anna.dialog(spammer.dialog).Row.Unanswered {
		t.Error("D-67: the clock does not start again")
	}
}

// R-089, D-67: an untaken dialog ends with its block; from its card the block is taken back, and the visitor may write.
func TestUnblockOfAnEndedDialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.blocks(g).want(200)
	d := w.anna.dialog(g.dialog)
	if !d.ReadOnly || d.Block.IP != ip1 || d.Row.Can.Write != CanWriteSessionClosed {
		t.Fatalf("read only %v, block %+v, can %+v", d.ReadOnly, d.Block, d.Row.Can)
	}
	if a := as[BlockAnswer](w.anna.delete("/operator/dialogs/" + g.dialog + "/block").want(200)); a.Blocked {
		t.Errorf("answer %+v", a)
	}
	if d := w.anna.dialog(g.dialog); d.Block.IP != "" || !d.ReadOnly {
		t.Errorf("after unblocking %+v, read only %v", d.Block, d.ReadOnly)
	}
	g.writes("Спасибо").want(200)
	if d := w.anna.dialog(g.dialog); d.ReadOnly || !d.Row.Unanswered {
		t.Errorf("a new session: %+v", d.Row.Session)
	}
}

// D-50: what the system's list has stays blocked, and the answer says so (M-24).
func TestUnblockOfASystemAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.says(g.visitor, "Добрый день")
	w.exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, $2::text::inet, 'system')`, w.shop, ip1)
	w.anna.blocks(g).want(200)
	if a := as[BlockAnswer](w.anna.delete("/operator/dialogs/" + g.dialog + "/block").want(200)); !a.Blocked || a.IP != ip1 {
		t.Errorf("answer %+v", a)
	}
	g.writes("Можно?").want(403, "blocked")
}

// D-51: who may not write may not block; an address must be known.
func TestWhoMayBlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.says(g.visitor, "Добрый день")
	w.oleg.blocks(g).want(403, "not_assignee")
	w.vic.blocks(g).want(404, "not_found")
	w.viewer.blocks(g).want(404, "not_found")
	w.oleg.delete("/operator/dialogs/"+g.dialog+"/block").want(403, "not_assignee")
	w.exec(`UPDATE sessions SET ip = NULL`)
	w.anna.blocks(g).want(409, "no_address")
	w.anna.post("/operator/dialogs/"+g.dialog+"/block", map[string]any{"client_id": "x"}).want(422, "invalid")
}

// A process that died after its commit, or another one: the lists act by themselves within 2 s, too (D-50).
func TestBlocksOfAnotherProcess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behindProxy)
	g := w.guest(ip1)
	g.writes("Здравствуйте").want(200)
	w.anna.says(g.visitor, "Добрый день")
	g.writes("Спам").want(200)
	page := g.socket()
	w.exec(`WITH p AS (UPDATE projects SET blocks_rev = blocks_rev + 1 WHERE id = $1)
		INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, $2::text::inet, 'system')`, w.shop, ip1)
	told := w.promise(blockIn)
	page.within(told, "state", saysBlocked(true))
	told.until("the dialog follows", func() bool { return w.anna.dialog(g.dialog).Row.BlockedIP == ip1 })
	w.exec(`WITH p AS (UPDATE projects SET blocks_rev = blocks_rev + 1 WHERE id = $1) DELETE FROM blocks`, w.shop)
	told = w.promise(blockIn)
	page.within(told, "state", saysBlocked(false))
	told.until("the dialog follows back", func() bool { return w.anna.dialog(g.dialog).Row.BlockedIP == "" })
	g.writes("Простите").want(200)
}
