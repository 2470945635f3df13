-- +goose Up

-- How far the other side has read a dialog (D-72), both in dialogs.seq. Apart from dialogs: reading is no change of a
-- dialog, and must not wait for its row lock. No foreign key, as for events.
CREATE TABLE seen (
    dialog_id    uuid PRIMARY KEY,
    by_operators bigint NOT NULL DEFAULT 0, -- by those whose reading counts, see dialog.ReadingCounts
    by_visitor   bigint NOT NULL DEFAULT 0
);

-- +goose Down
DROP TABLE seen;
