-- +goose Up

ALTER TABLE sessions
    ADD COLUMN quiet_since   timestamptz, -- the visitor has his answer since then and nobody has written; NULL: it is not an operator's word that stands (D-40)
    ADD COLUMN from_transfer boolean NOT NULL DEFAULT false; -- the department was picked with a transfer (D-19)

-- Open sessions only: of finished ones nobody asks.
UPDATE sessions s SET quiet_since = said.at
FROM (SELECT o.id, e.at, e.author FROM sessions o CROSS JOIN LATERAL
        (SELECT at, author FROM events WHERE dialog_id = o.dialog_id AND seq BETWEEN o.first_seq AND o.last_seq
           AND (kind = 'message' OR (kind = 'form_request' AND author = 'operator')) ORDER BY seq DESC LIMIT 1) e
      WHERE o.closed_at IS NULL AND o.assignee_id IS NOT NULL) said
WHERE s.id = said.id AND said.author = 'operator';

-- Their deadlines are worked out anew, see deadlines_rev.
UPDATE projects SET deadlines_rev = rev - 1 WHERE auto_close_minutes > 0;

-- +goose Down
ALTER TABLE sessions DROP COLUMN quiet_since, DROP COLUMN from_transfer;
