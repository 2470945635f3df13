-- +goose Up

-- Who may take what, and when (access, hours, limits, backlog, blocks, labels, settings, log).

-- rev counts changes of anything that decisions or screens take from a project: its settings, tags, departments, hours,
-- labels. Whoever writes those bumps it in the same transaction; see store/settings.go.
ALTER TABLE projects
    ADD COLUMN rev            bigint NOT NULL DEFAULT 0,
    ADD COLUMN side           text NOT NULL DEFAULT 'right' CHECK (side IN ('left', 'right')),
    ADD COLUMN greeting       text NOT NULL DEFAULT '',         -- empty: M-53 in the reader's language
    ADD COLUMN hours          jsonb,                            -- of the widget; dialog.Hours; NULL: around the clock (D-22)
    ADD COLUMN label_level    smallint NOT NULL DEFAULT 3 CHECK (label_level BETWEEN 2 AND 4), -- may create labels (D-03)
    ADD COLUMN origins        text[] NOT NULL DEFAULT '{}',     -- sites that may embed the widget; empty: any
    ADD COLUMN block_list_url text NOT NULL DEFAULT '',         -- outer account: lists are pulled from here
    ADD COLUMN block_hook_url text NOT NULL DEFAULT '',         -- outer account: operators' blocks are sent here
    ADD COLUMN block_secret   text NOT NULL DEFAULT '',         -- signs both
    ADD COLUMN retention_days integer NOT NULL DEFAULT 0 CHECK (retention_days >= 0); -- D-64; 0: kept
UPDATE projects SET form = '{"enabled":true,"before":false,"title":"","consent_text":"","consent_url":""}'::jsonb || form;
ALTER TABLE projects ALTER COLUMN form SET DEFAULT '{"enabled":true,"before":false,"title":"","name":"shown","phone":"required",
"email":"shown","consent_text":"","consent_url":"","consent_version":"1"}';

ALTER TABLE departments
    ADD COLUMN hours  jsonb,                         -- NULL: around the clock
    ADD COLUMN active boolean NOT NULL DEFAULT true; -- deactivated: not offered any more; sessions keep it

ALTER TABLE operators
    ADD COLUMN rev   bigint NOT NULL DEFAULT 0,
    ADD COLUMN hours jsonb,                          -- his own, in each project's time zone; NULL: around the clock
    ADD COLUMN away  boolean NOT NULL DEFAULT false, -- «Не в сети» set by hand (D-04)
    ADD COLUMN prefs jsonb NOT NULL DEFAULT '{}';    -- of the console: sorting, sounds; nothing is decided from it

ALTER TABLE tags ADD COLUMN created_at timestamptz NOT NULL DEFAULT clock_timestamp();

-- Coloured labels (R-068): of a department or common.
CREATE TABLE labels (
    id            uuid PRIMARY KEY,
    project_id    uuid NOT NULL REFERENCES projects,
    department_id uuid REFERENCES departments, -- NULL: common
    text          text NOT NULL,
    color         smallint NOT NULL CHECK (color BETWEEN 0 AND 11), -- of the fixed palette (D-45)
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE UNIQUE INDEX labels_text ON labels (project_id, coalesce(department_id, '00000000-0000-0000-0000-000000000000'), lower(text));
CREATE TABLE dialog_labels (
    dialog_id uuid NOT NULL REFERENCES dialogs,
    label_id  uuid NOT NULL REFERENCES labels,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (dialog_id, label_id)
);
CREATE INDEX ON dialog_labels (label_id);

-- Answers kept for use again (R-052, D-35): an operator's own, a department's, or common.
CREATE TABLE templates (
    id            uuid PRIMARY KEY,
    project_id    uuid NOT NULL REFERENCES projects,
    operator_id   uuid REFERENCES operators,   -- his own; NULL: of the project
    department_id uuid REFERENCES departments, -- NULL: common
    title         text NOT NULL,
    command       text NOT NULL DEFAULT '',    -- «/вечер», without the slash
    text          text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX ON templates (project_id);

-- Blocked addresses, three sources kept apart (D-50). Each is one address, IPv4 or IPv6 (D-48).
CREATE TABLE blocks (
    id          uuid PRIMARY KEY,
    project_id  uuid NOT NULL REFERENCES projects,
    ip          inet NOT NULL CHECK (masklen(ip) = CASE family(ip) WHEN 4 THEN 32 ELSE 128 END),
    source      text NOT NULL CHECK (source IN ('system', 'manual', 'operator')),
    operator_id uuid REFERENCES operators,
    dialog_id   uuid REFERENCES dialogs,
    note        text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (project_id, ip, source)
);
-- The last pull of the outer account's lists.
CREATE TABLE block_pulls (
    project_id uuid PRIMARY KEY REFERENCES projects,
    etag       text NOT NULL DEFAULT '',
    pulled_at  timestamptz,             -- last success
    tried_at   timestamptz,
    error      text NOT NULL DEFAULT '' -- of the last try; empty: it went well
);
-- What the outer account is owed: blocks and unblocks made here. Delivered by a workflow each, in order per project.
CREATE TABLE hooks (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   uuid NOT NULL REFERENCES projects,
    body         jsonb NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    delivered_at timestamptz,
    tries        integer NOT NULL DEFAULT 0,
    error        text NOT NULL DEFAULT ''
);
CREATE INDEX hooks_owed ON hooks (project_id, id) WHERE delivered_at IS NULL;

ALTER TABLE dialogs
    ADD COLUMN card_rev     bigint NOT NULL DEFAULT 0,      -- of name, e-mail, phone, comment (D-43)
    ADD COLUMN withdrawn_at timestamptz,                    -- consent withdrawn (D-41); later than consent_at: no consent
    ADD COLUMN blocked      boolean NOT NULL DEFAULT false; -- the current session's address is on a list (D-67)

ALTER TABLE sessions
    ADD COLUMN ip             inet,                           -- last seen in this session (D-48)
    ADD COLUMN form_seq       bigint NOT NULL DEFAULT 0,      -- the form that stands open in the stream; 0: none (D-34)
    ADD COLUMN form_visitor_seq bigint NOT NULL DEFAULT 0,    -- the same event for the visitor
    ADD COLUMN offered_at     timestamptz,                    -- backlog message and form, once (D-31)
    ADD COLUMN unattended     text NOT NULL DEFAULT '';       -- why nobody answers, told at the start (D-21): 'closed', 'offline'
CREATE INDEX sessions_ip ON sessions (project_id, ip) WHERE closed_at IS NULL;
-- The chat log, newest first, and its filters (D-63); the tag report (R-101).
CREATE INDEX sessions_closed ON sessions (project_id, closed_at DESC, id) WHERE closed_at IS NOT NULL;
CREATE INDEX sessions_tags ON sessions USING gin (tags) WHERE closed_at IS NOT NULL;
-- The backlog counts untaken dialogs of a queue (D-30).
CREATE INDEX sessions_untaken ON sessions (project_id, department_id, waiting_since) WHERE closed_at IS NULL AND assignee_id IS NULL;

-- Visits: page loads with gaps below 30 minutes (D-55). Utm values are of the first address.
CREATE TABLE visits (
    id          uuid PRIMARY KEY,
    visitor_id  uuid NOT NULL REFERENCES visitors,
    started_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL,
    utm_source  text NOT NULL DEFAULT '',
    utm_medium  text NOT NULL DEFAULT '',
    utm_campaign text NOT NULL DEFAULT '',
    utm_term    text NOT NULL DEFAULT '',
    landing_url text NOT NULL DEFAULT '',
    page_url    text NOT NULL DEFAULT '',
    page_title  text NOT NULL DEFAULT '',
    referrer    text NOT NULL DEFAULT '',
    ip          inet,
    user_agent  text NOT NULL DEFAULT '',
    language    text NOT NULL DEFAULT '',
    time_zone   text NOT NULL DEFAULT ''
);
CREATE INDEX ON visits (visitor_id, started_at DESC);
ALTER TABLE sessions ADD COLUMN visit_id uuid REFERENCES visits; -- the one it began in, for the source of its tags (R-100)

-- Contacts erased by an admin (D-64), to be erased again after a restore.
CREATE TABLE erased (
    dialog_id   uuid PRIMARY KEY,
    operator_id uuid,
    at          timestamptz NOT NULL
);

-- Consequential actions keep what was before and after (I-13).
ALTER TABLE audit ADD COLUMN before jsonb, ADD COLUMN after jsonb;
CREATE INDEX ON audit (operator_id, id);
CREATE INDEX ON audit (at);

-- +goose Down
DROP INDEX audit_at_idx, audit_operator_id_id_idx;
ALTER TABLE audit DROP COLUMN before, DROP COLUMN after;
DROP TABLE erased;
ALTER TABLE sessions DROP COLUMN visit_id;
DROP TABLE visits;
DROP INDEX sessions_untaken, sessions_tags, sessions_closed, sessions_ip;
ALTER TABLE sessions DROP COLUMN ip, DROP COLUMN form_seq, DROP COLUMN form_visitor_seq, DROP COLUMN offered_at,
    DROP COLUMN unattended;
ALTER TABLE dialogs DROP COLUMN card_rev, DROP COLUMN withdrawn_at, DROP COLUMN blocked;
DROP TABLE hooks, block_pulls, blocks, templates, dialog_labels, labels;
ALTER TABLE tags DROP COLUMN created_at;
ALTER TABLE operators DROP COLUMN rev, DROP COLUMN hours, DROP COLUMN away, DROP COLUMN prefs;
ALTER TABLE departments DROP COLUMN hours, DROP COLUMN active;
ALTER TABLE projects DROP COLUMN rev, DROP COLUMN side, DROP COLUMN greeting, DROP COLUMN hours, DROP COLUMN label_level,
    DROP COLUMN origins, DROP COLUMN block_list_url, DROP COLUMN block_hook_url, DROP COLUMN block_secret, DROP COLUMN retention_days;
