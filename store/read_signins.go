package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// SignIn is a live sign-in of an operator.
type SignIn struct {
	OperatorID string
	CSRF       string
}

// CreateSignIn keeps the hash of a new sign-in's token; the token itself is only in the operator's cookie. ErrNotFound: the
// account was switched off or has another password than the one that was checked. Checking takes its time; the lock on the
// account makes whoever changes it come before, and be seen here, or after, and end this sign-in with the others.
func (s *Store) CreateSignIn(ctx context.Context, tokenHash []byte, who Account, csrf string, lasts time.Duration) error {
	b := &pgx.Batch{}
	var made int64
	b.Queue(`INSERT INTO sign_ins (token_hash, operator_id, csrf, expires_at)
SELECT $1, id, $3, clock_timestamp() + $4::interval FROM operators WHERE id = $2 AND password_hash = $5 AND active FOR SHARE`,
		tokenHash, who.ID, csrf, lasts, who.PasswordHash).Exec(func(tag pgconn.CommandTag) error {
		made = tag.RowsAffected()
		return nil
	})
	b.Queue(`DELETE FROM sign_ins WHERE operator_id = $1 AND expires_at < clock_timestamp()`, who.ID)
	err := s.pool.SendBatch(ctx, b).Close()
	if err == nil && made == 0 {
		err = ErrNotFound
	}
	return unavailable(err)
}

// SignInByToken finds who is signed in. ErrNotFound: unknown, expired, or the operator was switched off.
func (s *Store) SignInByToken(ctx context.Context, tokenHash []byte) (SignIn, error) {
	var in SignIn
	err := s.pool.QueryRow(ctx, `SELECT i.operator_id::text, i.csrf FROM sign_ins i JOIN operators o ON o.id = i.operator_id
WHERE i.token_hash = $1 AND i.expires_at > clock_timestamp() AND o.active`, tokenHash).Scan(&in.OperatorID, &in.CSRF)
	return in, unavailable(err)
}

// DeleteSignIn ends a sign-in.
func (s *Store) DeleteSignIn(ctx context.Context, tokenHash []byte) error {
	_, err := s.pool.Exec(ctx, `DELETE FROM sign_ins WHERE token_hash = $1`, tokenHash)
	return unavailable(err)
}

// LiveSignIns returns those of the token hashes that are still signed in: open sockets are held against it.
func (s *Store) LiveSignIns(ctx context.Context, tokenHashes [][]byte) ([][]byte, error) {
	rows, err := s.pool.Query(ctx, `SELECT i.token_hash FROM sign_ins i JOIN operators o ON o.id = i.operator_id
WHERE i.token_hash = ANY($1) AND i.expires_at > clock_timestamp() AND o.active`, tokenHashes)
	if err != nil {
		return nil, unavailable(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	return out, unavailable(err)
}
