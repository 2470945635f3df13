-- +goose Up

-- Retention of visits (D-64) walks visitors, not sessions: none of a visitor's visits that was last seen before
-- visits_from has anything left to empty; NULL: none has. It moves when a first visit begins and when retention was here,
-- not with a page load, so that those stay heap-only. Whoever was here before this migration is looked at once.
ALTER TABLE visitors ADD COLUMN visits_from timestamptz DEFAULT '-infinity';
ALTER TABLE visitors ALTER COLUMN visits_from DROP DEFAULT;
CREATE INDEX visitors_to_retain ON visitors (project_id, visits_from) WHERE visits_from IS NOT NULL;

-- News for accounts that are told no more, see dropHooks.
DELETE FROM hooks h USING projects p WHERE p.id = h.project_id AND h.delivered_at IS NULL AND p.block_hook_url = '';

-- +goose Down
DROP INDEX visitors_to_retain;
ALTER TABLE visitors DROP COLUMN visits_from;
