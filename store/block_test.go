package store_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/store/storetest"
)

const ip1, ip2 = "203.0.113.1", "2001:db8::2"

func from(ip, text string) dialog.VisitorMessage {
	return dialog.VisitorMessage{Arrival: dialog.Arrival{IP: ip}, Text: text}
}

// blocksOf reads the lists of the shop as "ip source operator dialog".
func blocksOf(t *testing.T, shop *storetest.Shop) map[[2]string][2]string {
	t.Helper()
	rows, err := shop.Pool().Query(t.Context(), `SELECT host(ip), source, coalesce(operator_id::text, ''), coalesce(dialog_id::text, '') FROM blocks`)
	if err != nil {
		t.Fatal(err)
	}
	out := map[[2]string][2]string{}
	for rows.Next() {
		var ip, source, operator, dialogID string
		if err := rows.Scan(&ip, &source, &operator, &dialogID); err != nil {
			t.Fatal(err)
		}
		out[[2]string{ip, source}] = [2]string{operator, dialogID}
	}
	return out
}

// follow does what a server does when a list changed.
func follow(t *testing.T, shop *storetest.Shop) (followed []store.Applied) {
	t.Helper()
	ids, err := shop.OutOfStep(t.Context(), shop.Project, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		done, err := shop.FollowBlocks(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if done != nil {
			followed = append(followed, *done)
		}
	}
	if again, err := shop.OutOfStep(t.Context(), shop.Project, 100); err != nil || len(again) > 0 {
		t.Fatalf("still out of step: %v %v", again, err)
	}
	return followed
}

// D-48: the list gets the address of the current session with date, operator and dialog; another browser of
// that address is refused, the same one from elsewhere is not; I-13: the audit has it.
func TestBlockByAddress(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	shop.Exec(`UPDATE projects SET tagging = false`)
	d, other := shop.Dialog(), shop.Dialog()
	shop.Do(d, from(ip1, "Здравствуйте"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Anna), LastSeen: shop.Row(d).State.Seq})
	shop.Do(d, from(ip1, "Это снова я"))
	shop.Do(d, storetest.Reply(shop.Anna, "Слушаю"))
	shop.Do(d, from(ip2, "С телефона"))
	shop.Do(d, dialog.Block{By: storetest.By(shop.Anna)})
	got := blocksOf(t, shop)
	if len(got) != 1 || got[[2]string{ip2, "operator"}] != [2]string{shop.Anna, d} {
		t.Errorf("list %v", got)
	}
	for _, c := range []dialog.Command{from(ip2, "спам"), dialog.ChooseDepartment{Arrival: dialog.Arrival{IP: ip2}, ID: shop.Sales},
		dialog.SubmitForm{Arrival: dialog.Arrival{IP: ip2}, Phone: "+79000001842", Consent: true}} {
		if _, err := shop.Try(other, c); refusal(t, err).Code != dialog.Blocked {
			t.Errorf("%T of another browser: %v", c, err)
		}
	}
	if row := shop.Row(other); row.State.Seq != 0 || row.State.Session != nil {
		t.Errorf("R-086: something reached the operators: %+v", row.State)
	}
	shop.Do(d, from(ip1, "А отсюда?"))
	if row := shop.Row(d); row.State.Blocked || row.State.Session.IP != ip1 {
		t.Errorf("from elsewhere %+v", row.State)
	}
	var after map[string]string
	if err := shop.Pool().QueryRow(t.Context(), `SELECT after FROM audit WHERE action = 'block' AND operator_id = $1 AND dialog_id = $2`,
		shop.Anna, d).Scan(&after); err != nil || after["ip"] != ip2 {
		t.Errorf("audit %v %v", after, err)
	}
}

// D-48: open dialogs of the same address are blocked with it, and let go with it; those of other addresses and of other
// projects are not. Following is by the list, however it was changed.
func TestFollowBlocks(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	taken, untaken, elsewhere := shop.Dialog(), shop.Dialog(), shop.Dialog()
	shop.Do(taken, from(ip1, "Здравствуйте"))
	shop.Do(taken, storetest.Reply(shop.Oleg, "Добрый день"))
	shop.Do(taken, from(ip1, "Спам"))
	shop.Do(untaken, from(ip1, "Спам"))
	shop.Do(elsewhere, from(ip2, "Здравствуйте"))
	foreign := uuid.NewString()
	shop.Exec(`INSERT INTO projects (id, name, widget_key) VALUES ($1, 'Чужой', 'foreign')`, foreign)
	shop.Exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, $2::text::inet, 'manual')`, foreign, ip1)
	if done := follow(t, shop); len(done) > 0 {
		t.Fatalf("another project's list acted: %v", done)
	}
	shop.Exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, $2::text::inet, 'system')`, shop.Project, ip1)
	if done := follow(t, shop); len(done) != 2 {
		t.Fatalf("%d dialogs followed", len(done))
	}
	if row := shop.Row(taken); !row.State.Blocked || row.State.Waiting() || !row.State.Open() {
		t.Errorf("taken: %+v", row.State)
	}
	if row := shop.Row(untaken); row.State.Open() || row.State.Session.ClosedBy != "" {
		t.Errorf("untaken: %+v", row.State.Session)
	}
	if row := shop.Row(elsewhere); row.State.Blocked || !row.State.Open() {
		t.Errorf("elsewhere: %+v", row.State)
	}
	shop.Exec(`DELETE FROM blocks WHERE project_id = $1`, shop.Project)
	if done := follow(t, shop); len(done) != 2 {
		t.Fatalf("%d dialogs followed back", len(done))
	}
	row := shop.Row(taken)
	if row.State.Blocked || row.State.Waiting() {
		t.Errorf("D-67: the clock starts with the next message only: %+v", row.State)
	}
	shop.Do(taken, from(ip1, "Простите"))
	if row = shop.Row(taken); !row.State.Waiting() {
		t.Error("the clock does not start")
	}
	// The list changes back before anybody looks: nothing is to be done, whoever says so.
	if done, err := shop.FollowBlocks(t.Context(), taken); done != nil || err != nil {
		t.Errorf("followed %v %v", done, err)
	}
}

// R-089, D-50: unblocking takes off what operators and the account's own page put there, never the system's.
func TestUnblockSources(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	d := shop.Dialog()
	shop.Do(d, from(ip1, "Здравствуйте"))
	shop.Do(d, storetest.Reply(shop.Anna, "Добрый день"))
	shop.Do(d, dialog.Block{By: storetest.By(shop.Anna)})
	for _, source := range []string{"manual", "system"} {
		shop.Exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES (gen_random_uuid(), $1, $2::text::inet, $3)`, shop.Project, ip1, source)
	}
	unblock := dialog.Unblock{By: storetest.By(shop.Anna)}
	shop.Do(d, unblock)
	if got := blocksOf(t, shop); len(got) != 1 || !shop.Row(d).State.Blocked {
		t.Fatalf("left %v", got)
	}
	b, err := shop.BlockOf(t.Context(), d)
	if err != nil || b.IP != ip1 || len(b.Sources) != 1 || b.Sources[0] != "system" {
		t.Errorf("card: %+v %v", b, err)
	}
	shop.Exec(`DELETE FROM blocks`)
	follow(t, shop)
	shop.Do(d, from(ip1, "Спасибо"))
	before := shop.Row(d).State.Seq
	shop.Do(d, unblock)
	if after := shop.Row(d).State.Seq; after != before {
		t.Error("unblocking twice says it twice")
	}
}

// Messages that share a transaction are held against the lists too: a blocked dialog's and those of a new
// address leave the group, and the address they come from is kept (D-48).
func TestBlocksInGroups(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	quiet, moved, spam := shop.Dialog(), shop.Dialog(), shop.Dialog()
	for _, d := range []string{quiet, moved, spam} {
		shop.Do(d, from(ip1, "Здравствуйте"))
		shop.Do(d, storetest.Reply(shop.Vera, "Добрый день"))
	}
	for range 2 { // read anew, then kept
		out, inGroup, err := shop.Group(t.Context(), []store.Command{
			{DialogID: quiet, ClientID: uuid.NewString(), Do: from(ip1, "раз")},
			{DialogID: moved, ClientID: uuid.NewString(), Do: from(ip2, "раз")},
		})
		if err != nil || !inGroup[0] || out[0].Err != nil || inGroup[1] {
			t.Fatalf("%v %v %v", out, inGroup, err)
		}
	}
	shop.Do(spam, dialog.Block{By: storetest.By(shop.Vera)})
	out, inGroup, err := shop.Group(t.Context(), []store.Command{{DialogID: spam, ClientID: uuid.NewString(), Do: from(ip1, "спам")}})
	if err != nil || inGroup[0] {
		t.Errorf("a blocked dialog was written in a group: %+v %v", out, err)
	}
	if _, err := shop.Try(spam, from(ip1, "спам")); refusal(t, err).Code != dialog.Blocked {
		t.Errorf("%v", err)
	}
}

// D-50: an account that is told no more is owed nothing: once there is one again, stale news would be wrong. Another address
// gets what the first did not take. D-64: after an erase what is owed says no more whose address it is.
func TestHooksOfAnAccount(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	admin := shop.AddOperator("Администратор", dialog.LevelAdmin)
	tell := func(url string) {
		t.Helper()
		p, err := shop.ProjectSettings(t.Context(), shop.Project)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := shop.ChangeProject(t.Context(), admin, shop.Project, p.Rev, func(p *dialog.Project) error { p.BlockHookURL = url; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	owed := func(want string) {
		t.Helper()
		var got string
		if err := shop.Pool().QueryRow(t.Context(), `SELECT coalesce(string_agg(body->>'action' || ' ' || (body->>'ip') || ' ' || coalesce(body->>'dialog_id', '-'), ', ' ORDER BY id), '')
FROM hooks WHERE delivered_at IS NULL`).Scan(&got); err != nil || got != want {
			t.Errorf("owed %q %v, want %q", got, err, want)
		}
	}
	d := shop.Dialog()
	shop.Do(d, from(ip1, "спам"))
	shop.Do(d, storetest.Reply(shop.Oleg, "x"))
	tell("https://a.example/")
	shop.Do(d, dialog.Block{By: storetest.By(shop.Oleg)})
	owed("block " + ip1 + " " + d)
	tell("https://b.example/")
	owed("block " + ip1 + " " + d)
	shop.Exec(`INSERT INTO hooks (project_id, body, delivered_at) VALUES ($1, '{}', otklik_now())`, shop.Project)
	tell("")
	owed("")
	shop.Do(d, dialog.Unblock{By: storetest.By(shop.Oleg)})
	tell("https://a.example/")
	owed("")
	var told int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM hooks`).Scan(&told); err != nil || told != 1 {
		t.Errorf("what was told is gone: %d %v", told, err)
	}
	shop.Do(d, dialog.Block{By: storetest.By(shop.Oleg)})
	shop.Do(d, dialog.Leave{By: storetest.By(shop.Oleg), LastSeen: 1000, Tags: []string{shop.TagSale}})
	owed("block " + ip1 + " " + d)
	shop.Do(d, dialog.Erase{By: storetest.By(admin)})
	owed("block " + ip1 + " -")
}
