-- +goose Up

-- The chat log, search, erase and retention.

-- Text as search compares it: without case, ё as е (D-47). Where the database's locale knows Latin letters only, Russian
-- and Kazakh ones are named.
-- +goose StatementBegin
DO $do$ BEGIN
    IF lower('ЁӘ') = 'ёә' THEN
        CREATE FUNCTION otklik_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN replace(lower($1), 'ё', 'е');
    ELSE
        CREATE FUNCTION otklik_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
        RETURN translate(lower($1), 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯӘІҢҒҮҰҚӨҺё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяәіңғүұқөһе');
    END IF;
END $do$;
-- +goose StatementEnd

-- What a finished session was, counted once when it ends: nothing is said in it afterwards.
ALTER TABLE sessions
    ADD COLUMN messages          integer NOT NULL DEFAULT 0, -- of both sides
    ADD COLUMN first_message_seq bigint,                     -- NULL: it has none (D-53)
    ADD COLUMN first_message_at  timestamptz,
    ADD COLUMN last_message_seq  bigint,
    ADD COLUMN retained          boolean NOT NULL DEFAULT false; -- retention has been here (D-64)
UPDATE sessions s SET messages = m.n, first_message_seq = m.first, first_message_at = m.at, last_message_seq = m.last
FROM (SELECT session_id, count(*) AS n, min(seq) AS first, min(at) AS at, max(seq) AS last FROM events WHERE kind = 'message' GROUP BY session_id) m
WHERE s.id = m.session_id AND s.closed_at IS NOT NULL;

-- The log's filters, each in the order of the log (D-63).
CREATE INDEX sessions_closed_operator ON sessions (assignee_id, project_id, closed_at DESC, id) WHERE closed_at IS NOT NULL;
CREATE INDEX sessions_closed_department ON sessions (department_id, closed_at DESC, id) WHERE closed_at IS NOT NULL;
-- What retention has still to come to.
CREATE INDEX sessions_to_retain ON sessions (project_id, closed_at) WHERE closed_at IS NOT NULL AND NOT retained;

-- Whom the log is searched for: name, e-mail, phone (also by its digits alone), number.
-- +goose StatementBegin
CREATE FUNCTION otklik_contact(name text, email text, phone text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN otklik_fold(name || ' ' || email || ' ' || phone || ' ' || translate(phone, '+-() ', ''));
-- +goose StatementEnd

-- With pg_trgm, which comes with PostgreSQL but not with every installation, a part of a name is found by an index;
-- without it by reading, which is right but slower from some 100,000 dialogs on.
-- +goose StatementBegin
DO $do$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_trgm') THEN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX dialogs_contact ON dialogs USING gin (otklik_contact(card_name, card_email, card_phone) gin_trgm_ops);
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pg_trgm may not be created here: the chat log is searched by reading';
END $do$;
-- +goose StatementEnd
CREATE INDEX visitors_number ON visitors (project_id, lower(number) text_pattern_ops);

-- An erased proof of consent keeps the hash of its text (D-64).
ALTER TABLE consents ADD COLUMN text_hash bytea;

-- +goose Down
ALTER TABLE consents DROP COLUMN text_hash;
DROP INDEX visitors_number, sessions_to_retain, sessions_closed_department, sessions_closed_operator;
DROP INDEX IF EXISTS dialogs_contact;
DROP FUNCTION otklik_contact(text, text, text);
ALTER TABLE sessions DROP COLUMN messages, DROP COLUMN first_message_seq, DROP COLUMN first_message_at, DROP COLUMN last_message_seq,
    DROP COLUMN retained;
DROP FUNCTION otklik_fold(text);
