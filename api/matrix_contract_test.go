package api

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/otklik/otklik/dialog"
)

// Who an operation of the contract is for. The dialog of the matrix is Vera's, in the department Доставка.
const (
	forAll     = "all"        // no sign-in is asked for
	forSelf    = "self"       // every operator
	forVisitor = "visitor"    // who has the visitor's token
	forDialog  = "dialog"     // who may see the dialog: its assignee, senior and above
	forWorkers = "workers"    // level operator and above in the project
	forSeniors = "seniors"    // senior and above
	forReaders = "readers"    // level view and above
	forAdmins  = "admins"     // administrators of the project
	forAny     = "any admins" // administrators of at least one project, of what is theirs
)

// operation says who may do it, with a body that would be accepted of those who may.
type operation struct {
	who  string
	body string // or, after a question mark, a query. %c: a new client id; {…}: the ids of the path
}

// matrix holds every operation of the contract: a new one that is not here fails the test.
var matrix = map[string]operation{
	"POST /operator/sign-in":                                 {forAll, `{"login":"nobody","password":"nothing at all"}`},
	"POST /operator/sign-out":                                {forSelf, ``},
	"GET /operator/me":                                       {forSelf, ``},
	"PATCH /operator/me":                                     {forSelf, `{"locale":"ru"}`},
	"GET /operator/socket":                                   {forSelf, ``},
	"GET /operator/projects/{project_id}/dialogs":            {forWorkers, ``},
	"GET /operator/projects/{project_id}/log":                {forReaders, ``},
	"GET /operator/projects/{project_id}/log/filters":        {forReaders, ``},
	"GET /operator/dialogs/{dialog_id}":                      {forDialog, ``},
	"GET /operator/dialogs/{dialog_id}/events":               {forDialog, ``},
	"POST /operator/dialogs/{dialog_id}/messages":            {forDialog, `{"client_id":"%c","text":"чужое"}`},
	"POST /operator/dialogs/{dialog_id}/transfer":            {forDialog, `{"client_id":"%c","operator_id":"{operator_id}"}`},
	"GET /operator/dialogs/{dialog_id}/transfer-targets":     {forDialog, ``},
	"POST /operator/dialogs/{dialog_id}/leave":               {forDialog, `{"client_id":"%c","last_seen_seq":99,"tags":["{tag_id}"]}`},
	"PUT /operator/dialogs/{dialog_id}/tags":                 {forDialog, `{"client_id":"%c","tags":["{tag_id}"]}`},
	"POST /operator/dialogs/{dialog_id}/read":                {forDialog, `{"seq":1}`},
	"GET /operator/dialogs/{dialog_id}/transcript":           {forDialog, ``},
	"POST /operator/dialogs/{dialog_id}/contact-request":     {forDialog, `{"client_id":"%c"}`},
	"PATCH /operator/dialogs/{dialog_id}/card":               {forDialog, `{"client_id":"%c","rev":0,"field":"name","value":"x"}`},
	"GET /operator/dialogs/{dialog_id}/labels":               {forDialog, ``},
	"POST /operator/dialogs/{dialog_id}/labels":              {forDialog, `{"client_id":"%c","label_id":"{label_id}"}`},
	"DELETE /operator/dialogs/{dialog_id}/labels/{label_id}": {forDialog, ``},
	"GET /operator/dialogs/{dialog_id}/templates":            {forDialog, ``},
	"POST /operator/dialogs/{dialog_id}/block":               {forDialog, `{"client_id":"%c"}`},
	"DELETE /operator/dialogs/{dialog_id}/block":             {forDialog, ``},
	"GET /operator/dialogs/{dialog_id}/search":               {forDialog, `?q=x`},
	"GET /operator/dialogs/{dialog_id}/sessions":             {forDialog, ``},
	"GET /setup":                                                      {forAll, ``},
	"POST /setup":                                                     {forAll, `{"code":"x","name":"x","login":"xyz","password":"0123456789","project_name":"x"}`},
	"GET /admin/projects":                                             {forSelf, ``},
	"POST /admin/projects":                                            {forAny, `{"name":"x"}`},
	"GET /admin/projects/{project_id}":                                {forAdmins, ``},
	"PATCH /admin/projects/{project_id}":                              {forAdmins, `{"rev":0,"name":"чужое"}`},
	"GET /admin/projects/{project_id}/departments":                    {forAdmins, ``},
	"POST /admin/projects/{project_id}/departments":                   {forAdmins, departmentBody},
	"PUT /admin/projects/{project_id}/departments/{department_id}":    {forAdmins, departmentBody},
	"DELETE /admin/projects/{project_id}/departments/{department_id}": {forAdmins, ``},
	"GET /admin/projects/{project_id}/labels":                         {forAdmins, ``},
	"POST /admin/projects/{project_id}/labels":                        {forAdmins, `{"text":"чужое","color":1}`},
	"PUT /admin/projects/{project_id}/labels/{label_id}":              {forAdmins, `{"text":"чужое","color":1}`},
	"DELETE /admin/projects/{project_id}/labels/{label_id}":           {forAdmins, ``},
	"GET /admin/projects/{project_id}/templates":                      {forWorkers, ``},
	"POST /admin/projects/{project_id}/templates":                     {forAdmins, `{"title":"чужое","text":"x"}`},
	"PUT /admin/projects/{project_id}/templates/{template_id}":        {forAdmins, `{"title":"чужое","text":"x"}`},
	"DELETE /admin/projects/{project_id}/templates/{template_id}":     {forAdmins, ``},
	"GET /admin/projects/{project_id}/tags":                           {forAdmins, ``},
	"POST /admin/projects/{project_id}/tags":                          {forAdmins, `{"name":"чужое"}`},
	"PUT /admin/projects/{project_id}/tags/{tag_id}":                  {forAdmins, `{"name":"чужое"}`},
	"DELETE /admin/projects/{project_id}/tags/{tag_id}":               {forAdmins, ``},
	"GET /admin/projects/{project_id}/blocks":                         {forAdmins, ``},
	"POST /admin/projects/{project_id}/blocks":                        {forAdmins, `{"ip":"203.0.113.7"}`},
	"PUT /admin/projects/{project_id}/blocks":                         {forAdmins, `{"source":"manual","ips":[]}`},
	"DELETE /admin/projects/{project_id}/blocks/{block_id}":           {forAdmins, ``},
	"GET /admin/projects/{project_id}/blocks/sync":                    {forAdmins, ``},
	"POST /admin/projects/{project_id}/blocks/sync":                   {forAdmins, ``},
	"GET /admin/projects/{project_id}/tag-report":                     {forSeniors, ``},
	"DELETE /admin/projects/{project_id}/dialogs/{dialog_id}/contact": {forAdmins, ``},
	"DELETE /admin/projects/{project_id}/dialogs/{dialog_id}/consent": {forAdmins, ``},
	"GET /admin/operators":                                            {forAny, ``},
	"POST /admin/operators":                                           {forAny, `{"name":"x","login":"xyz","password":"0123456789","hours":` + alwaysBody + `}`},
	"PUT /admin/operators/{operator_id}":                              {forAdmins, `{"name":"чужое","login":"captured","hours":` + alwaysBody + `}`},
	"GET /admin/access":                                               {forAny, ``},
	"PUT /admin/access/{operator_id}/{project_id}":                    {forAdmins, `{"level":"admin"}`},
	"GET /admin/audit":                                                {forAny, ``},
	"GET /widgets/{key}":                                              {forAll, ``},
	"POST /widgets/{key}/visitors":                                    {forAll, `{}`},
	"GET /visitor":                                                    {forVisitor, ``},
	"GET /visitor/events":                                             {forVisitor, ``},
	"POST /visitor/messages":                                          {forVisitor, `{"client_id":"%c","text":"x"}`},
	"POST /visitor/department":                                        {forVisitor, `{"client_id":"%c","department_id":"{department_id}"}`},
	"POST /visitor/form":                                              {forVisitor, `{"client_id":"%c","consent":true}`},
	"POST /visitor/rating":                                            {forVisitor, `{"client_id":"%c","session_id":"{dialog_id}","stars":5}`},
	"GET /visitor/transcript":                                         {forVisitor, ``},
	"POST /visitor/visit":                                             {forVisitor, `{}`},
	"GET /visitor/socket":                                             {forAll, ``}, // the token comes in the first frame
}

const (
	alwaysBody     = `{"always":true,"week":[[],[],[],[],[],[],[]],"exceptions":[]}`
	departmentBody = `{"name":"чужое","member_ids":[],"hours":` + alwaysBody + `}`
)

// who may do what, by role; a visitor's token is not among an operator's rights.
var allowed = map[string][]string{
	forSelf:    {"view", "operator", "assignee", "senior", "admin", "foreign operator", "foreign admin"},
	forVisitor: {"visitor"},
	forDialog:  {"assignee", "senior", "admin"},
	forWorkers: {"operator", "assignee", "senior", "admin"},
	forSeniors: {"senior", "admin"},
	forReaders: {"view", "operator", "assignee", "senior", "admin"},
	forAdmins:  {"admin"},
	forAny:     {"admin", "foreign admin"},
}

// I-03: every operation of the contract × every role, with the ids of a project, department and dialog that is not
// theirs: nothing is read, nothing is changed, nothing is named, and foreign looks like unknown.
func TestContractMatrix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	v := w.visitor()
	v.post("/visitor/department", map[string]any{"client_id": "dept-00001", "department_id": w.delivery}).want(200)
	secret := "секрет-" + uuid.NewString()
	v.says(secret)
	w.vera.says(v, "ответ")
	ids := map[string]string{"project_id": w.shop, "dialog_id": v.dialog, "department_id": w.delivery, "tag_id": w.sale, "operator_id": w.oleg.id, "key": w.key,
		"label_id": uuid.NewString(), "template_id": uuid.NewString(), "block_id": uuid.NewString()}
	w.exec(`INSERT INTO labels (id, project_id, text, color) VALUES ($1, $2, 'Срочно', 1)`, ids["label_id"], w.shop)
	w.exec(`INSERT INTO templates (id, project_id, title, text) VALUES ($1, $2, 'Вечер', 'Добрый вечер')`, ids["template_id"], w.shop)
	w.exec(`INSERT INTO blocks (id, project_id, ip, source) VALUES ($1, $2, '203.0.113.9', 'manual')`, ids["block_id"], w.shop)
	foreignAdmin := w.person("Чужой администратор", dialog.LevelAdmin, w.books)
	roles := map[string]map[string]string{"nobody": nil, "visitor": v.headers()}
	for role, p := range map[string]*person{"view": w.viewer, "operator": w.oleg, "assignee": w.vera, "senior": w.anna, "admin": w.admin,
		"foreign operator": w.vic, "foreign admin": foreignAdmin} {
		roles[role] = p.headers()
	}
	unknown := map[string]string{}
	for name := range ids {
		unknown[name] = uuid.NewString()
	}
	before := w.fingerprint()
	for _, name := range operations(t) {
		op, known := matrix[name]
		if !known {
			t.Errorf("%s is in the contract and not in the matrix", name)
			continue
		}
		if op.who == forAll || name == "POST /operator/sign-out" {
			continue // open to all, and tested where it is at home
		}
		for role, headers := range roles {
			may := slices.Contains(allowed[op.who], role)
			if may && !strings.HasPrefix(name, "GET ") {
				continue // what is allowed would change the ground
			}
			a := w.ask(name, op, ids, headers)
			if may {
				if slices.Contains([]int{401, 403, 404, 500}, a.status) && !w.unrouted(name) {
					t.Errorf("%s for %s: %d %s", name, role, a.status, a.raw)
				}
				continue
			}
			denied := []int{403, 404}
			if headers == nil || (role == "visitor") != (op.who == forVisitor) {
				denied = []int{401}
			}
			if !slices.Contains(denied, a.status) {
				t.Errorf("%s for %s: %d %s, want %v", name, role, a.status, a.raw, denied)
			}
			for _, word := range []string{secret, "Лавка", "Доставка", "Вера", "Олег"} {
				if strings.Contains(string(a.raw), word) {
					t.Errorf("%s tells %s %q: %s", name, role, word, a.raw)
				}
			}
			if b := w.ask(name, op, unknown, headers); strings.HasPrefix(role, "foreign") && strings.Contains(name, "{project_id}") && string(a.raw) != string(b.raw) {
				t.Errorf("%s tells %s foreign from unknown: %s against %s", name, role, a.raw, b.raw)
			}
		}
		// An administrator reaches nothing of another project through his own.
		if own := maps.Clone(ids); strings.Count(name, "{") > 1 && strings.HasPrefix(name, "PUT /admin/projects/") || strings.HasPrefix(name, "DELETE /admin/projects/") {
			own["project_id"] = w.books
			if a := w.ask(name, op, own, foreignAdmin.headers()); a.status != http.StatusNotFound {
				t.Errorf("%s of another project through his own: %d %s", name, a.status, a.raw)
			}
		}
	}
	if after := w.fingerprint(); after != before {
		t.Errorf("something changed: %s, then %s", before, after)
	}
	for _, path := range []string{"/admin/audit", "/admin/access", "/admin/projects", "/operator/me"} {
		if raw := string(foreignAdmin.get(path).want(200).raw); strings.Contains(raw, "Лавка") || strings.Contains(raw, w.shop) || strings.Contains(raw, secret) {
			t.Errorf("%s names another project: %s", path, raw)
		}
	}
	for name := range matrix {
		if !slices.Contains(operations(t), name) {
			t.Errorf("%s is in the matrix and not in the contract", name)
		}
	}
}

// operations are those of the contract, as "METHOD /path".
func operations(t *testing.T) []string {
	t.Helper()
	var out []string
	for path, item := range spec().Paths.Map() {
		for method := range item.Operations() {
			out = append(out, method+" "+path)
		}
	}
	slices.Sort(out)
	return out
}

var placeholder = regexp.MustCompile(`\{\w+_?\w*\}`)

// ask sends an operation's request with the ids in their places.
func (w *world) ask(name string, op operation, ids map[string]string, headers map[string]string) answer {
	w.t.Helper()
	fill := func(text string) string {
		return placeholder.ReplaceAllStringFunc(text, func(p string) string { return ids[strings.Trim(p, "{}")] })
	}
	method, path, _ := strings.Cut(name, " ")
	var body any
	switch {
	case strings.HasPrefix(op.body, "?"):
		path += op.body
	case op.body != "":
		body = strings.ReplaceAll(fill(op.body), "%c", uuid.NewString())
	}
	return w.do(method, fill(path), headers, body)
}

// unrouted reports whether nothing answers an operation, or only to a proper handshake.
func (w *world) unrouted(name string) bool {
	method, path, _ := strings.Cut(name, " ")
	path = "/api/v1" + placeholder.ReplaceAllStringFunc(path, func(p string) string { return ":" + strings.Trim(p, "{}") })
	for _, r := range w.server.app.GetRoutes(true) {
		if r.Method == method && strings.TrimSuffix(r.Path, "/") == path {
			return false
		}
	}
	return true
}

// fingerprint is what the matrix must not change.
func (w *world) fingerprint() string {
	w.t.Helper()
	var text string
	err := w.store.Pool().QueryRow(w.t.Context(), `SELECT concat_ws(' ',
 (SELECT count(*) FROM audit), (SELECT count(*) FROM events), (SELECT sum(rev) FROM dialogs), (SELECT sum(rev) FROM projects), (SELECT sum(rev) FROM operators),
 (SELECT count(*) FROM departments), (SELECT count(*) FROM tags), (SELECT count(*) FROM labels), (SELECT count(*) FROM templates),
 (SELECT count(*) FROM blocks), (SELECT sum(level) FROM access))`).Scan(&text)
	if err != nil {
		w.t.Fatal(err)
	}
	return text
}
