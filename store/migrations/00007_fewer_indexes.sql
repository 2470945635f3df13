-- +goose Up

-- A message writes two indexes instead of three; both logs are read along seq (store/read_events.go).
DROP INDEX events_visitor;

-- +goose Down
CREATE UNIQUE INDEX events_visitor ON events (dialog_id, visitor_seq) WHERE visitor_seq IS NOT NULL;
