-- +goose Up

-- What the queues' workflows have answered for. Hints for the sweep, never the truth: whatever stands here, a queue that
-- is a backlog is looked at in time (see store/queues.go).
CREATE TABLE backlogs (
    id          text PRIMARY KEY, -- workflow id: queue:<project>:<department or common>
    armed_until timestamptz,      -- when the workflow looks again by itself; NULL: not
    looked_at   timestamptz,      -- real time
    woken_at    timestamptz       -- last signal, real time
);

-- The settings the deadlines of open dialogs were computed by: a project whose rev is another is swept (R-035).
ALTER TABLE projects
    ADD COLUMN deadlines_rev   bigint NOT NULL DEFAULT 0,
    ADD COLUMN deadlines_again timestamptz; -- swept once more then, for what was under way with the old settings; real time

-- +goose Down
ALTER TABLE projects DROP COLUMN deadlines_rev, DROP COLUMN deadlines_again;
DROP TABLE backlogs;
