package store

import (
	"context"
	"encoding/hex"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// ProjectSettings is all of a project that is set in one form each.
type ProjectSettings struct {
	ID, WidgetKey string
	Rev           int64
	dialog.Project
}

// AdminProject is a project in the list of those who administer it.
type AdminProject struct {
	ID, Name, WidgetKey string
	Active              bool
}

// AdminProjects reads the projects an operator administers, switched off ones too.
func (s *Store) AdminProjects(ctx context.Context, operator string) ([]AdminProject, error) {
	return collect(ctx, s, func(r pgx.CollectableRow) (p AdminProject, err error) {
		return p, r.Scan(&p.ID, &p.Name, &p.WidgetKey, &p.Active)
	}, `SELECT p.id::text, p.name, p.widget_key, p.active FROM access a JOIN projects p ON p.id = a.project_id
WHERE a.operator_id = $1 AND a.level = $2 ORDER BY p.name, p.id`, operator, int(dialog.LevelAdmin))
}

const settingsSQL = `SELECT id::text, widget_key, rev, name, active, language, accent, side, greeting, company, origins, time_zone,
 department_choice, long_wait_seconds, auto_close_minutes, rating, rating_prompt_seconds, tagging, label_level,
 retention_days, form, hours, block_list_url, block_hook_url, block_secret FROM projects WHERE id = $1`

func readSettings(ctx context.Context, q queryer, project string) (ProjectSettings, error) {
	var p ProjectSettings
	var form formSettings
	var level int
	err := q.QueryRow(ctx, settingsSQL, project).Scan(&p.ID, &p.WidgetKey, &p.Rev, &p.Name, &p.Active, &p.Language, &p.Accent, &p.Side,
		&p.Greeting, &p.Company, &p.Origins, &p.TimeZone, &p.DepartmentChoice, &p.LongWaitSeconds, &p.AutoCloseMinutes,
		&p.Rating, &p.RatingPromptSeconds, &p.Tagging, &level, &p.RetentionDays, &form, &p.Hours, &p.BlockListURL,
		&p.BlockHookURL, &p.BlockSecret)
	p.LabelLevel, p.Form = dialog.Level(level), form.form("")
	return p, err
}

// ProjectSettings reads the settings of a project.
func (s *Store) ProjectSettings(ctx context.Context, project string) (ProjectSettings, error) {
	p, err := readSettings(ctx, s.pool, project)
	return p, unavailable(err)
}

// keptForm is the form as projects.form keeps it.
func keptForm(f dialog.Form) formSettings {
	return formSettings{Enabled: f.Enabled, Before: f.Before, Title: f.Title, Name: f.Name, Phone: f.Phone, Email: f.Email,
		ConsentText: f.ConsentText, ConsentURL: f.ConsentURL, ConsentVersion: f.ConsentVersion}
}

// audited is a project as the audit keeps it: without the secret, of which it says only that there is one.
func audited(p dialog.Project) map[string]any {
	m := asMap(p)
	m["form"], m["label_level"], m["block_secret_set"] = asMap(keptForm(p.Form)), p.LabelLevel.Name(), p.BlockSecret != ""
	return m
}

// ChangeProject changes settings of a project as change says, when rev is still the newest (409 conflict otherwise).
func (s *Store) ChangeProject(ctx context.Context, actor, project string, rev int64, change func(*dialog.Project) error) (ProjectSettings, error) {
	var out ProjectSettings
	err := s.administer(ctx, actor, project, dialog.LevelAdmin, func(a *admin) error {
		before, err := readSettings(ctx, a, project)
		if err != nil {
			return err
		}
		if before.Rev != rev {
			return &dialog.Refusal{Code: dialog.Conflict, Field: "rev"}
		}
		out = before
		if err := change(&out.Project); err != nil {
			return err
		}
		if err := checkProject(&out.Project); err != nil {
			return err
		}
		out.Form.ConsentVersion = dialog.NextConsentVersion(before.Form, out.Form)
		out.Rev++
		if err := a.write(out); err != nil {
			return err
		}
		if err := a.dropHooks(before.BlockHookURL, out.BlockHookURL); err != nil {
			return err
		}
		detail := map[string]any{}
		if before.BlockSecret != out.BlockSecret {
			detail["block_secret"] = "changed"
		}
		return a.audit("settings", audited(before.Project), audited(out.Project), detail)
	})
	return out, err
}

// dropHooks forgets what an outer account was still owed when it is not to be told any more: from now on nothing is queued,
// so by the time there is an account again the old news would be wrong. Another address gets it all: none is missing.
func (a *admin) dropHooks(before, after string) error {
	if before == "" || after != "" {
		return nil
	}
	_, err := a.Exec(a.ctx, `DELETE FROM hooks WHERE project_id = $1 AND delivered_at IS NULL`, a.project)
	return err
}

func checkProject(p *dialog.Project) error {
	if err := p.Check(); err != nil {
		return err
	}
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "" || p.TimeZone == "Local" {
		return &dialog.Refusal{Code: dialog.Invalid, Field: "time_zone"}
	}
	return nil
}

func (a *admin) write(p ProjectSettings) error {
	_, err := a.Exec(a.ctx, `UPDATE projects SET name=$2, active=$3, language=$4, accent=$5, side=$6, greeting=$7, company=$8,
 origins=$9, time_zone=$10, department_choice=$11, long_wait_seconds=$12, auto_close_minutes=$13, rating=$14,
 rating_prompt_seconds=$15, tagging=$16, label_level=$17, retention_days=$18, form=$19, hours=$20, block_list_url=$21,
 block_hook_url=$22, block_secret=$23 WHERE id=$1`,
		p.ID, p.Name, p.Active, p.Language, p.Accent, p.Side, p.Greeting, p.Company, p.Origins, p.TimeZone, p.DepartmentChoice,
		p.LongWaitSeconds, p.AutoCloseMinutes, p.Rating, p.RatingPromptSeconds, p.Tagging, int(p.LabelLevel), p.RetentionDays,
		keptForm(p.Form), p.Hours, p.BlockListURL, p.BlockHookURL, p.BlockSecret)
	return err
}

// NewProject is what a project begins with.
type NewProject struct {
	Name, TimeZone string   // no time zone: the default
	Tags           []string // offered as initial values
}

// CreateProject makes a project with its widget; who administers one already may make another, and is its
// administrator.
func (s *Store) CreateProject(ctx context.Context, actor string, n NewProject) (ProjectSettings, error) {
	var out ProjectSettings
	err := s.inAdminTx(ctx, actor, func(a *admin) error {
		if err := a.administersAny(); err != nil {
			return err
		}
		var err error
		out, err = a.createProject(n)
		return err
	})
	return out, err
}

// administersAny refuses who administers no project.
func (a *admin) administersAny() error {
	var n int
	err := a.QueryRow(a.ctx, `SELECT count(*) FROM access a JOIN operators o ON o.id = a.operator_id AND o.active
WHERE a.operator_id = $1 AND a.level = $2`, a.actor, int(dialog.LevelAdmin)).Scan(&n)
	if err == nil && n == 0 {
		err = &dialog.Refusal{Code: dialog.Forbidden}
	}
	return err
}

func (a *admin) createProject(n NewProject) (ProjectSettings, error) {
	id := uuid.Must(uuid.NewV7())
	a.project = id.String()
	if err := dialog.CheckTitle("name", &n.Name, dialog.MaxTitle); err != nil {
		return ProjectSettings{}, err
	}
	key := widgetKey(n.Name)
	made, err := a.insertProject(n.Name, key)
	if err == nil && !made { // another one has the key, perhaps since this moment
		_, err = a.insertProject(n.Name, key+"-"+hex.EncodeToString(id[12:])) // random
	}
	if err != nil {
		return ProjectSettings{}, err
	}
	if _, err := a.Exec(a.ctx, `INSERT INTO access (operator_id, project_id, level) VALUES ($1, $2, $3)`, a.actor, a.project, int(dialog.LevelAdmin)); err != nil {
		return ProjectSettings{}, err
	}
	for i, name := range n.Tags {
		if _, err := a.Exec(a.ctx, `INSERT INTO tags (id, project_id, name, position) VALUES ($1, $2, $3, $4)`,
			uuid.NewString(), a.project, name, i+1); err != nil {
			return ProjectSettings{}, err
		}
	}
	p, err := readSettings(a.ctx, a, a.project)
	if err != nil {
		return p, err
	}
	if n.TimeZone != "" {
		p.TimeZone = n.TimeZone
	}
	if err := checkProject(&p.Project); err != nil {
		return p, err
	}
	if err := a.write(p); err != nil {
		return p, err
	}
	return p, a.audit("project_create", nil, audited(p.Project), nil)
}

// insertProject reports false when the key is taken.
func (a *admin) insertProject(name, key string) (made bool, err error) {
	tag, err := a.Exec(a.ctx, `INSERT INTO projects (id, name, widget_key) VALUES ($1, $2, $3) ON CONFLICT (widget_key) DO NOTHING`, a.project, name, key)
	return tag.RowsAffected() == 1, err
}

// latin writes Cyrillic letters, Kazakh ones too, as addresses do.
var latin = map[rune]string{
	'а': "a", 'б': "b", 'в': "v", 'г': "g", 'д': "d", 'е': "e", 'ё': "e", 'ж': "zh", 'з': "z", 'и': "i", 'й': "i", 'к': "k",
	'л': "l", 'м': "m", 'н': "n", 'о': "o", 'п': "p", 'р': "r", 'с': "s", 'т': "t", 'у': "u", 'ф': "f", 'х': "h", 'ц': "c",
	'ч': "ch", 'ш': "sh", 'щ': "sch", 'ъ': "", 'ы': "y", 'ь': "", 'э': "e", 'ю': "yu", 'я': "ya",
	'ә': "a", 'ғ': "g", 'қ': "k", 'ң': "n", 'ө': "o", 'ұ': "u", 'ү': "u", 'һ': "h", 'і': "i",
}

// widgetKey makes a readable key of a name.
func widgetKey(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch l, known := latin[r]; {
		case known:
			b.WriteString(l)
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
	}
	key := strings.Join(strings.FieldsFunc(b.String(), func(r rune) bool { return r == '-' }), "-")
	if len(key) > 40 {
		key = strings.TrimRight(key[:40], "-")
	}
	if len(key) < 3 {
		key = strings.TrimPrefix(key+"-chat", "-")
	}
	return key
}
