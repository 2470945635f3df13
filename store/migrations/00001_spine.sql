-- +goose Up

-- Time is the database's plus a stored offset that tests move (D-60). One row.
CREATE TABLE clock (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    "offset" interval NOT NULL DEFAULT '0'
);
INSERT INTO clock DEFAULT VALUES;

-- +goose StatementBegin
CREATE FUNCTION otklik_now() RETURNS timestamptz LANGUAGE plpgsql VOLATILE AS -- plans once; a function of SQL with each call
$$ BEGIN RETURN clock_timestamp() + (SELECT "offset" FROM clock); END $$;
-- +goose StatementEnd

CREATE TABLE projects (
    id         uuid PRIMARY KEY,
    name       text NOT NULL,
    widget_key text NOT NULL UNIQUE CHECK (widget_key ~ '^[a-z0-9-]{3,64}$'),
    active     boolean NOT NULL DEFAULT true, -- the chat widget is switched on (D-02)
    language   text NOT NULL DEFAULT 'page' CHECK (language IN ('ru', 'en', 'kk', 'page')),
    accent     text NOT NULL DEFAULT '#17392D',
    time_zone  text NOT NULL DEFAULT 'Europe/Moscow',
    company    text NOT NULL DEFAULT '',
    tagging    boolean NOT NULL DEFAULT false,
    rating     boolean NOT NULL DEFAULT false,
    department_choice     boolean NOT NULL DEFAULT false,
    long_wait_seconds     integer NOT NULL DEFAULT 180 CHECK (long_wait_seconds BETWEEN 30 AND 3600),    -- D-07
    rating_prompt_seconds integer NOT NULL DEFAULT 86400 CHECK (rating_prompt_seconds BETWEEN 1 AND 31536000), -- D-68
    auto_close_minutes    integer NOT NULL DEFAULT 0 CHECK (auto_close_minutes >= 0),                    -- D-40; 0: off
    form       jsonb NOT NULL DEFAULT '{"name":"shown","phone":"required","email":"shown","consent_version":"1"}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE departments (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    name       text NOT NULL,
    position   integer NOT NULL DEFAULT 0,
    UNIQUE (project_id, name)
);

CREATE TABLE operators (
    id            uuid PRIMARY KEY,
    login         text NOT NULL UNIQUE,
    name          text NOT NULL,
    password_hash text NOT NULL,
    locale        text NOT NULL DEFAULT 'ru' CHECK (locale IN ('ru', 'en', 'kk')),
    dialog_limit  integer CHECK (dialog_limit BETWEEN 1 AND 100), -- D-29; NULL: no limit
    active        boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- One record per user × widget (R-007, D-03). level is dialog.Level.
CREATE TABLE access (
    operator_id uuid NOT NULL REFERENCES operators,
    project_id  uuid NOT NULL REFERENCES projects,
    level       smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    PRIMARY KEY (operator_id, project_id)
);
CREATE INDEX ON access (project_id);

CREATE TABLE department_members (
    department_id uuid NOT NULL REFERENCES departments ON DELETE CASCADE,
    operator_id   uuid NOT NULL REFERENCES operators,
    PRIMARY KEY (operator_id, department_id)
);

CREATE TABLE tags (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    name       text NOT NULL,
    active     boolean NOT NULL DEFAULT true,
    position   integer NOT NULL DEFAULT 0,
    UNIQUE (project_id, name)
);

-- Sign-ins of operators. Only hashes of tokens are kept.
CREATE TABLE sign_ins (
    token_hash  bytea PRIMARY KEY,
    operator_id uuid NOT NULL REFERENCES operators,
    csrf        text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX ON sign_ins (operator_id);
CREATE INDEX ON sign_ins (expires_at);

-- One row per live connection of an operator, refreshed every 20 s (D-04).
CREATE TABLE presence (
    operator_id   uuid NOT NULL REFERENCES operators,
    connection_id uuid NOT NULL,
    seen_at       timestamptz NOT NULL,
    PRIMARY KEY (operator_id, connection_id)
);

CREATE SEQUENCE visitor_number START 1000;
CREATE TABLE visitors (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    token_hash bytea NOT NULL UNIQUE,
    number     text NOT NULL, -- short, for «Посетитель 7C41» (D-18)
    locale     text NOT NULL DEFAULT 'ru',
    page_url   text NOT NULL DEFAULT '',
    page_title text NOT NULL DEFAULT '',
    referrer   text NOT NULL DEFAULT '',
    ip         inet,
    user_agent text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The lasting thread of one visitor in one project (D-01), with its card, counters and outbox.
CREATE TABLE dialogs (
    id         uuid PRIMARY KEY,
    project_id uuid NOT NULL REFERENCES projects,
    visitor_id uuid NOT NULL REFERENCES visitors,
    rev        bigint NOT NULL DEFAULT 0,
    -- For the sweep: at most 2 s older than the last change, so that a busy dialog does not rewrite an index with each
    -- message. Real time, not the offset one.
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),

    seq              bigint NOT NULL DEFAULT 0,
    visitor_seq      bigint NOT NULL DEFAULT 0,
    last_at          timestamptz,
    turn_no          bigint NOT NULL DEFAULT 0,
    visitor_events   bigint NOT NULL DEFAULT 0,
    visitor_messages bigint NOT NULL DEFAULT 0,
    session_no       integer NOT NULL DEFAULT 0,
    session_id       uuid, -- the newest session
    -- The last entry the list shows: message, form or department.
    last_kind        text,
    last_author      text,
    last_operator_id uuid,
    last_text        text NOT NULL DEFAULT '', -- cut at 200 characters
    last_shown_at    timestamptz,

    card_name    text NOT NULL DEFAULT '',
    card_email   text NOT NULL DEFAULT '',
    card_phone   text NOT NULL DEFAULT '',
    card_comment text NOT NULL DEFAULT '',
    consent_at   timestamptz,

    -- The outbox (design 2.4): a signal is owed while signal_seq > signal_acked.
    signal_seq    bigint NOT NULL DEFAULT 0,
    signal_acked  bigint NOT NULL DEFAULT 0,
    signal_start  boolean NOT NULL DEFAULT false, -- one of the owed signals may start a run
    relay_at      timestamptz NOT NULL DEFAULT '-infinity', -- leased or backing off until then; real time
    relay_tries   integer NOT NULL DEFAULT 0,
    -- What the workflow has answered for, fenced so that a late attempt of a dead worker writes nothing.
    armed_until   timestamptz,
    fence_at      timestamptz NOT NULL DEFAULT 'epoch',
    fence_ordinal bigint NOT NULL DEFAULT 0,
    fence_attempt integer NOT NULL DEFAULT 0,
    fence_run     text NOT NULL DEFAULT '',
    next_deadline_at   timestamptz,
    next_deadline_kind text,
    woken_at      timestamptz, -- last signal the watchdog gave

    UNIQUE (project_id, visitor_id)
) WITH (fillfactor = 70); -- room for heap-only updates: a message changes no indexed column
CREATE INDEX dialogs_owed ON dialogs (relay_at) WHERE signal_seq > signal_acked;
CREATE INDEX dialogs_deadline ON dialogs (next_deadline_at) WHERE next_deadline_at IS NOT NULL;
CREATE INDEX dialogs_changed ON dialogs (changed_at);

CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    dialog_id  uuid NOT NULL REFERENCES dialogs,
    project_id uuid NOT NULL REFERENCES projects,
    no         integer NOT NULL,
    started_at timestamptz NOT NULL,
    first_seq  bigint NOT NULL,
    last_seq   bigint NOT NULL,
    department_id  uuid REFERENCES departments,
    from_claimer   boolean NOT NULL DEFAULT false, -- the department came with the claim
    assignee_id    uuid REFERENCES operators,
    claimed_by     uuid REFERENCES operators,
    claim_seq      bigint NOT NULL DEFAULT 0,
    claimed_at     timestamptz,
    waiting_since  timestamptz,
    transferred    boolean NOT NULL DEFAULT false,
    transferred_at timestamptz,
    unclaimed_marked boolean NOT NULL DEFAULT false,
    overdue_marked   boolean NOT NULL DEFAULT false,
    last_visitor_seq bigint NOT NULL DEFAULT 0,
    last_message_at  timestamptz,
    tags           uuid[] NOT NULL DEFAULT '{}',
    closed_at      timestamptz,
    closed_by      uuid REFERENCES operators,
    rating_until   timestamptz,
    prompt_ended   boolean NOT NULL DEFAULT false,
    rating         smallint NOT NULL DEFAULT 0 CHECK (rating BETWEEN 0 AND 5),
    rating_comment text NOT NULL DEFAULT '',
    UNIQUE (dialog_id, no)
) WITH (fillfactor = 70);
-- At most one open session per dialog (D-01): this index is what makes it true.
CREATE UNIQUE INDEX sessions_one_open ON sessions (dialog_id) WHERE closed_at IS NULL;
CREATE INDEX sessions_open_of_project ON sessions (project_id) WHERE closed_at IS NULL;
CREATE INDEX sessions_open_of_operator ON sessions (assignee_id) WHERE closed_at IS NULL;

-- The log: append-only, contiguous per dialog; all reading is reading it. No foreign key: whoever writes here holds the
-- dialog's row lock, and a check of each row is a query of its own.
CREATE TABLE events (
    dialog_id   uuid NOT NULL,
    seq         bigint NOT NULL,
    visitor_seq bigint, -- NULL: operators only
    session_id  uuid NOT NULL,
    session_no  integer NOT NULL,
    kind        text NOT NULL,
    author      text NOT NULL,
    operator_id uuid,
    operator_name text NOT NULL DEFAULT '', -- as it was then
    audience    text NOT NULL,
    body        text NOT NULL DEFAULT '',
    key         text NOT NULL DEFAULT '',
    params      jsonb,
    client_id   text NOT NULL DEFAULT '',
    at          timestamptz NOT NULL,
    PRIMARY KEY (dialog_id, seq)
);
CREATE UNIQUE INDEX events_visitor ON events (dialog_id, visitor_seq) WHERE visitor_seq IS NOT NULL;

-- What makes accepted commands idempotent (I-10): where the first answer is found again. It holds no text, so an erased
-- body is gone here, too. No foreign key, as for events.
CREATE TABLE receipts (
    dialog_id uuid NOT NULL,
    key       uuid NOT NULL,   -- hash of author ('visitor' or the operator's id) and client id
    body_hash bytea NOT NULL,
    seq       bigint NOT NULL, -- of the answer's event; 0: it had none
    rev       bigint NOT NULL,
    claimed   boolean NOT NULL,
    at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (dialog_id, key)
);

-- How far each operator has read (D-11). events is dialogs.visitor_events up to that seq.
CREATE TABLE reads (
    dialog_id   uuid NOT NULL REFERENCES dialogs,
    operator_id uuid NOT NULL REFERENCES operators,
    seq         bigint NOT NULL,
    events      bigint NOT NULL,
    PRIMARY KEY (dialog_id, operator_id)
);

-- Proof of consent, append-only (D-41).
CREATE TABLE consents (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dialog_id  uuid NOT NULL REFERENCES dialogs,
    event_seq  bigint NOT NULL,
    text       text NOT NULL,
    version    text NOT NULL,
    ip         inet,
    user_agent text NOT NULL DEFAULT '',
    at         timestamptz NOT NULL
);
CREATE INDEX ON consents (dialog_id);

-- Who did what, when (I-13). detail holds ids and numbers.
CREATE TABLE audit (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at          timestamptz NOT NULL,
    action      text NOT NULL,
    project_id  uuid,
    dialog_id   uuid,
    session_id  uuid,
    operator_id uuid,
    source      text NOT NULL DEFAULT 'api', -- api, temporal, system
    detail      jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON audit (dialog_id, id);
CREATE INDEX ON audit (project_id, id);

-- +goose Down
DROP TABLE audit, consents, reads, receipts, events, sessions, dialogs, visitors, presence, sign_ins, tags,
    department_members, access, operators, departments, projects, clock;
DROP SEQUENCE visitor_number;
DROP FUNCTION otklik_now();
