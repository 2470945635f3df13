package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/api"
	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// runSeed puts demo data into an empty database. What is there already stays as it is, so it may be run at every start.
func runSeed(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("seed")
	demo := f.Bool("demo", false, "two projects with departments, tags, labels, templates and four sign-ins")
	open := f.Int("open", 0, "with --demo: so many open dialogs in the first project, to look at long lists")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	if !*demo {
		return usageError("nothing to do without --demo")
	}
	s, err := m.openStore(ctx, "otklik seed")
	if err != nil {
		return err
	}
	defer s.Close()
	if err := seedDemo(ctx, s); err != nil {
		return err
	}
	if *open > 0 {
		if err := seedOpen(ctx, s, *open); err != nil {
			return err
		}
	}
	logins := make([]string, len(demoPeople))
	for i, p := range demoPeople {
		logins[i] = p.login + "/" + p.password
	}
	fmt.Fprintln(m.Stdout, "logins: "+strings.Join(logins, ", "))
	return nil
}

type demoProject struct {
	key, name, accent string
	full              bool // tagging, rating and the choice of a department are on
	departments, tags []string
}

var demoProjects = []demoProject{
	{"zavarka", "Лавка «Заварка»", "#17392D", true, []string{"Продажи", "Доставка"}, []string{"Продажа", "Лид", "Заявка", "Повторная продажа"}},
	{"knigi", "Книги у дома", "#7A2E3A", false, nil, nil},
}

// demoHours are of departments that have a timetable: one that the demo shows, and that never closes it.
var demoHours = map[string]*dialog.Hours{"Доставка": {Week: [7][]dialog.Interval{day, day, day, day, day, day, day}, Exceptions: []dialog.Exception{}}}

var day = []dialog.Interval{{From: 0, To: 24 * 60}}

var demoLabels = []struct{ department, text string }{
	{"", "Срочно"}, {"", "Постоянный клиент"}, {"Продажи", "Опт"}, {"Продажи", "Подарок"}, {"Доставка", "Самовывоз"},
}

var demoTemplates = []struct{ department, title, command, text string }{
	{"", "Приветствие", "привет", "Здравствуйте, {имя посетителя}! Меня зовут {имя оператора}. Чем могу помочь?"},
	{"", "Спасибо за обращение", "спасибо", "Спасибо, что написали нам. Если появятся вопросы, мы на связи."},
	{"Продажи", "Подбор чая", "подбор", "Подскажите, пожалуйста, какой чай вы любите: чёрный, зелёный, улун? И для каких случаев ищете?"},
	{"Доставка", "Сроки доставки", "сроки", "По городу доставляем за один-два дня, в другие города от трёх до семи дней. Назовите, пожалуйста, ваш город."},
}

type demoPerson struct {
	login, password, name string
	level                 dialog.Level
	limit                 int // 0: none
	departments           []string
}

var demoPeople = []demoPerson{
	{"anna@demo.otklik", "otklik-anna", "Анна Иванова", dialog.LevelSenior, 10, []string{"Продажи", "Доставка"}},
	{"oleg@demo.otklik", "otklik-oleg", "Олег Петров", dialog.LevelOperator, 10, []string{"Продажи"}},
	{"vera@demo.otklik", "otklik-vera", "Вера Кузнецова", dialog.LevelOperator, 10, []string{"Доставка"}},
	{"admin@demo.otklik", "otklik-admin", "Администратор", dialog.LevelAdmin, 0, nil},
}

// seedID gives the same thing the same id in every demo.
func seedID(parts ...string) string {
	sum := sha256.Sum256([]byte("otklik demo " + strings.Join(parts, " ")))
	id, _ := uuid.FromBytes(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8: of our own making
	return id.String()
}

func seedDemo(ctx context.Context, s *store.Store) error {
	b := &pgx.Batch{} // one transaction
	for _, p := range demoProjects {
		b.Queue(`INSERT INTO projects (id, name, widget_key, accent, company, language, tagging, rating, department_choice)
VALUES ($1, $2, $3, $4, $2, 'page', $5, $5, $5) ON CONFLICT DO NOTHING`, seedID("project", p.key), p.name, p.key, p.accent, p.full)
		seedProject(b, p)
	}
	for _, p := range demoPeople {
		id := seedID("operator", p.login)
		if known, err := exists(ctx, s, p.login); err != nil {
			return err
		} else if known {
			continue // his name, level and departments are whatever was made of them since
		}
		b.Queue(`INSERT INTO operators (id, login, name, password_hash, dialog_limit) VALUES ($1, $2, $3, $4, nullif($5, 0)) ON CONFLICT DO NOTHING`,
			id, p.login, p.name, api.HashPassword(p.password), p.limit)
		for _, project := range demoProjects {
			b.Queue(`INSERT INTO access (operator_id, project_id, level) SELECT $1, id, $3 FROM projects WHERE id = $2 ON CONFLICT DO NOTHING`,
				id, seedID("project", project.key), int(p.level))
			for _, name := range p.departments {
				b.Queue(`INSERT INTO department_members (operator_id, department_id) SELECT $1, id FROM departments WHERE id = $2 ON CONFLICT DO NOTHING`,
					id, seedID("department", project.key, name))
			}
		}
	}
	return s.Pool().SendBatch(ctx, b).Close()
}

// seedProject fills a project that nobody has changed yet: what an administrator deleted does not come back.
func seedProject(b *pgx.Batch, p demoProject) {
	project := seedID("project", p.key)
	for i, name := range p.departments {
		b.Queue(`INSERT INTO departments (id, project_id, name, position, hours) SELECT $1, id, $3, $4, $5 FROM projects WHERE id = $2 AND rev = 0 ON CONFLICT DO NOTHING`,
			seedID("department", p.key, name), project, name, i, demoHours[name])
	}
	for i, name := range p.tags {
		b.Queue(`INSERT INTO tags (id, project_id, name, position) SELECT $1, id, $3, $4 FROM projects WHERE id = $2 AND rev = 0 ON CONFLICT DO NOTHING`,
			seedID("tag", p.key, name), project, name, i)
	}
	if !p.full {
		return
	}
	for i, l := range demoLabels {
		b.Queue(`INSERT INTO labels (id, project_id, department_id, text, color) SELECT $1, id, (SELECT id FROM departments WHERE id = $3), $4, $5 FROM projects WHERE id = $2 AND rev = 0 ON CONFLICT DO NOTHING`,
			seedID("label", p.key, l.text), project, seedID("department", p.key, l.department), l.text, 2*i)
	}
	for _, t := range demoTemplates {
		b.Queue(`INSERT INTO templates (id, project_id, department_id, title, command, text) SELECT $1, id, (SELECT id FROM departments WHERE id = $3), $4, $5, $6 FROM projects WHERE id = $2 AND rev = 0 ON CONFLICT DO NOTHING`,
			seedID("template", p.key, t.title), project, seedID("department", p.key, t.department), t.title, t.command, t.text)
	}
}

func exists(ctx context.Context, s *store.Store, login string) (yes bool, err error) {
	err = s.Pool().QueryRow(ctx, `SELECT EXISTS (SELECT FROM operators WHERE login = $1)`, login).Scan(&yes)
	return yes, err
}
