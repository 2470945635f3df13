package main

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/store"
)

// seedOpen fills the first demo shop with n open dialogs, for looking at long lists and for measuring them. Of five, one
// is the administrator's and answered, four wait untaken, each 0.7 s longer than the one before it. They are in the
// database alone: a workflow gets one when something happens to it, or all of them by `otklik reconcile`.
func seedOpen(ctx context.Context, s *store.Store, n int) error {
	b := &pgx.Batch{}
	project, admin := seedID("project", demoProjects[0].key), seedID("operator", "admin@demo.otklik")
	b.Queue(`INSERT INTO visitors (id, project_id, token_hash, number)
SELECT md5('demo visitor ' || i)::uuid, $1, sha256(gen_random_uuid()::text::bytea), lpad(i::text, 4, '0')
FROM generate_series(1, $2::int) i ON CONFLICT DO NOTHING`, project, n)
	b.Queue(`INSERT INTO dialogs (id, project_id, visitor_id, rev, seq, visitor_seq, last_at, turn_no, visitor_events, visitor_messages, session_no,
 session_id, last_kind, last_author, last_operator_id, last_text, last_shown_at, card_name)
SELECT md5('demo dialog ' || i)::uuid, $1, md5('demo visitor ' || i)::uuid, 1, last, last, at, last, 1, 1, 1,
 md5('demo session ' || i)::uuid, 'message', author, operator, text, at, name
FROM (`+openDialogs+`) d ON CONFLICT DO NOTHING`, project, n, admin)
	b.Queue(`INSERT INTO sessions (id, dialog_id, project_id, no, started_at, first_seq, last_seq, assignee_id, claimed_by, claim_seq, claimed_at,
 waiting_since, last_visitor_seq, last_message_at, messages, first_message_seq, first_message_at, last_message_seq,
 quiet_since)
SELECT md5('demo session ' || i)::uuid, md5('demo dialog ' || i)::uuid, $1, 1, at, 1, last, operator, operator, last - 1, claimed,
 waits, 1, at, last, 1, at, last, claimed
FROM (`+openDialogs+`) d ON CONFLICT DO NOTHING`, project, n, admin)
	b.Queue(`INSERT INTO events (dialog_id, seq, visitor_seq, session_id, session_no, kind, author, operator_id, operator_name, audience, body, at)
SELECT md5('demo dialog ' || i)::uuid, seq, seq, md5('demo session ' || i)::uuid, 1, 'message',
 CASE seq WHEN 1 THEN 'visitor' ELSE 'operator' END, CASE seq WHEN 2 THEN operator END, CASE seq WHEN 2 THEN 'Администратор' ELSE '' END, 'all',
 CASE seq WHEN 1 THEN question ELSE text END, at
FROM (`+openDialogs+`) d, generate_series(1, last) seq WHERE $1::uuid IS NOT NULL ON CONFLICT DO NOTHING`, project, n, admin)
	if err := s.Pool().SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	_, err := s.Pool().Exec(ctx, `ANALYZE`)
	return err
}

// openDialogs says of each number what its dialog is: $2 how many, $3 the administrator.
const openDialogs = `SELECT i, name, question, last, at, operator,
 CASE last WHEN 2 THEN 'operator' ELSE 'visitor' END AS author,
 CASE last WHEN 2 THEN 'Здравствуйте! Сейчас посмотрю.' ELSE question END AS text,
 CASE last WHEN 2 THEN at END AS claimed,
 CASE last WHEN 1 THEN at END AS waits
FROM (SELECT i, otklik_now() - i * interval '0.7 seconds' AS at,
 CASE i % 5 WHEN 0 THEN 2 ELSE 1 END AS last, CASE i % 5 WHEN 0 THEN $3::uuid END AS operator,
 (ARRAY['Ирина', 'Тимур', 'Мария', 'Айгүл', 'Сергей', 'Дина', 'Павел', 'Ольга', 'Нұрлан', 'Вера', 'Глеб'])[1 + i % 11] || ' ' ||
 (ARRAY['Беляк', 'Асанова', 'Ким', 'Лебеденко', 'Шевчук', 'Омар', 'Ткач'])[1 + i / 11 % 7] AS name,
 (ARRAY['Где мой заказ?', 'Есть ли у вас улун в пачках по 100 граммов, и сколько он стоит с доставкой?', 'Здравствуйте!',
 'Не приходит письмо с подтверждением, посмотрите, пожалуйста.', 'Спасибо, жду'])[1 + i % 5] || ' № ' || i AS question
 FROM generate_series(1, $2::int) i) x`
