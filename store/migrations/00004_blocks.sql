-- +goose Up

-- blocks_rev counts changes of a project's block lists (D-48): processes that keep sockets and dialogs in step with them
-- look again when it moves. Whoever writes blocks bumps it in the same transaction, first: so changes of one project come
-- one after the other, and hooks are numbered in the order of their commits.
ALTER TABLE projects ADD COLUMN blocks_rev bigint NOT NULL DEFAULT 0;
-- Dialogs of blocked visitors, to be unblocked when the list changes.
CREATE INDEX dialogs_blocked ON dialogs (project_id) WHERE blocked;
-- The page «Блокировка из чата», newest first.
CREATE INDEX blocks_newest ON blocks (project_id, at DESC, id);
-- Asked for by hand: the worker pulls at once.
ALTER TABLE block_pulls
    ADD COLUMN wanted_at timestamptz,
    ADD COLUMN url       text NOT NULL DEFAULT ''; -- where etag is from

-- +goose Down
ALTER TABLE block_pulls DROP COLUMN wanted_at, DROP COLUMN url;
DROP INDEX blocks_newest, dialogs_blocked;
ALTER TABLE projects DROP COLUMN blocks_rev;
