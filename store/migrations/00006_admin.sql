-- +goose Up

-- Hashes of the codes that let the first administrator in; empty as soon as there is one.
CREATE TABLE setup_codes (
    hash    bytea PRIMARY KEY,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Deleting a department asks whether a session refers to it.
CREATE INDEX sessions_department ON sessions (department_id) WHERE department_id IS NOT NULL;

-- +goose Down
DROP INDEX sessions_department;
DROP TABLE setup_codes;
