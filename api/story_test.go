package api

import (
	"testing"
)

// A whole session over HTTP and sockets: the visitor writes, the operator answers first, tags and leaves, the visitor
// rates..
func TestStory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	desk := w.anna.watching(w.shop)
	v := w.visitor()
	widget := v.socket(0)
	v.says("Здравствуйте")
	widget.next("event", eventText("Здравствуйте"))
	row := desk.next("row", rowOf(v.dialog))["row"].(map[string]any)
	if row["unread"] != 1.0 || row["unanswered"] != true {
		t.Errorf("row %v", row)
	}
	desk.next("counts", func(f map[string]any) bool { return f["counts"].(map[string]any)["unassigned"] == 1.0 })
	desk.next("projects")
	desk.send(map[string]any{"type": "open", "dialog_id": v.dialog, "after": 0})
	desk.next("opened")
	desk.next("event", eventText("Здравствуйте"))
	desk.send(map[string]any{"type": "typing", "dialog_id": v.dialog})
	widget.next("typing")
	if a := w.anna.says(v, "Добрый день"); !a.Claimed {
		t.Error("the first answer did not claim (R-046)")
	}
	widget.next("event", eventText("Добрый день"))
	state := widget.next("state")["state"].(map[string]any)
	if state["session"].(map[string]any)["operator"] != "Анна Иванова" {
		t.Errorf("state %v", state)
	}
	desk.next("event", eventText("Добрый день"))
	desk.next("row", func(f map[string]any) bool {
		ses := f["row"].(map[string]any)["session"].(map[string]any)
		return ses["assignee"] != nil
	})
	path := "/operator/dialogs/" + v.dialog
	w.anna.post(path+"/read", map[string]any{"seq": 3}).want(204)
	desk.next("row", func(f map[string]any) bool { return f["row"].(map[string]any)["unread"] == 0.0 })
	w.anna.post(path+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 3}).want(422, "tag_required")
	w.anna.put(path+"/tags", map[string]any{"client_id": "tags-00001", "tags": []string{w.sale}}).want(200)
	w.anna.post(path+"/leave", map[string]any{"client_id": "leave-0001", "last_seen_seq": 3}).want(200)
	desk.next("gone", func(f map[string]any) bool { return f["dialog_id"] == v.dialog })
	widget.next("event", func(f map[string]any) bool { return f["event"].(map[string]any)["key"] == "dialog.ended.visitor" })
	state = widget.next("state")["state"].(map[string]any)
	session := state["rating"].(map[string]any)["session_id"]
	v.post("/visitor/rating", map[string]any{"client_id": "rating-001", "session_id": session, "stars": 5}).want(200)
	d := as[Dialog](w.anna.get(path).want(200))
	if len(d.Sessions) != 1 || d.Sessions[0].Rating != 5 || len(d.Sessions[0].Tags) != 1 || d.ReadSeq != 3 {
		t.Errorf("dialog %+v", d)
	}
	page := as[EventPage](w.anna.get(path + "/events?limit=2").want(200))
	if len(page.Events) != 2 || !page.MoreBefore || page.MoreAfter {
		t.Errorf("page %+v", page)
	}
	w.anna.get("/operator/projects/" + w.shop + "/dialogs").want(200)
	w.anna.get(path + "/transcript").want(200)
	v.get("/visitor/transcript?lang=en").want(200)
	v.get("/visitor").want(200)
	me := as[Me](w.anna.get("/operator/me").want(200))
	if len(me.Projects) != 1 {
		t.Errorf("me %+v", me)
	}
}
