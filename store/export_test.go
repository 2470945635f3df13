package store

import "context"

// Group decides and records the commands in one grouped transaction, as the writer does when messages queue. answered
// tells which of them it could answer; the others go singly or into the next group.
func (s *Store) Group(ctx context.Context, cmds []Command) (out []Outcome, answered []bool, err error) {
	out, next, err := s.applyGroup(ctx, cmds)
	for _, n := range next {
		answered = append(answered, n == 0)
	}
	return out, answered, err
}

// Public is the row without what nobody outside sees.
func (r Row) Public() Row {
	r.fence = Fence{}
	return r
}

// Migrations are the files of the schema.
var Migrations = migrations

// OriginOf is dialog.Origin of the dialog's session as SQL has it.
func (s *Store) OriginOf(ctx context.Context, dialogID string) (origin string, err error) {
	return origin, s.pool.QueryRow(ctx, `SELECT `+originSQL("s")+` FROM sessions s WHERE s.dialog_id = $1`, dialogID).Scan(&origin)
}
