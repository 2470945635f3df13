package store

import (
	"context"

	"github.com/otklik/otklik/dialog"
)

// SetupOpen reports whether the first administrator is still to be made.
func (s *Store) SetupOpen(ctx context.Context) (bool, error) {
	var open bool
	err := s.pool.QueryRow(ctx, `SELECT NOT EXISTS (SELECT FROM operators)`).Scan(&open)
	return open, unavailable(err)
}

// OfferSetup keeps the hash of a code that opens the door, while nobody has gone through it. Every API process prints
// one of its own, and each accepts them all; those of the day before are forgotten.
func (s *Store) OfferSetup(ctx context.Context, codeHash []byte) (open bool, err error) {
	err = s.inAdminTx(ctx, "", func(a *admin) error {
		if open, err = a.setupOpen(); err != nil || !open {
			return err
		}
		_, err := a.Exec(a.ctx, `DELETE FROM setup_codes WHERE made_at < clock_timestamp() - interval '1 day'`)
		if err == nil {
			_, err = a.Exec(a.ctx, `INSERT INTO setup_codes (hash) VALUES ($1)`, codeHash)
		}
		return err
	})
	return open, err
}

// setupOpen looks whether there is no operator yet, and lets nobody else through the door meanwhile.
func (a *admin) setupOpen() (bool, error) {
	if _, err := a.Exec(a.ctx, `LOCK TABLE setup_codes IN EXCLUSIVE MODE`); err != nil {
		return false, err
	}
	known, err := a.exists(`SELECT FROM operators`)
	return !known, err
}

// FirstAdmin is who sets the installation up, with his first project.
type FirstAdmin struct {
	CodeHash []byte
	Locale   string
	Operator OperatorInput
	Project  NewProject
}

// SetUp makes the first administrator and his project, once ever: ErrNotFound when there is an operator already.
func (s *Store) SetUp(ctx context.Context, first FirstAdmin) (operatorID string, err error) {
	err = s.inAdminTx(ctx, "", func(a *admin) error {
		open, err := a.setupOpen()
		if err != nil {
			return err
		}
		if !open {
			return ErrNotFound
		}
		known, err := a.exists(`SELECT FROM setup_codes WHERE hash = $1`, first.CodeHash)
		if err != nil {
			return err
		}
		if !known {
			return &dialog.Refusal{Code: dialog.Invalid, Field: "code"}
		}
		if operatorID, err = a.createOperator(first.Operator, first.Locale); err != nil {
			return err
		}
		a.actor = operatorID
		if err := a.audit("setup", nil, first.Operator, map[string]any{"operator": operatorID}); err != nil {
			return err
		}
		if _, err := a.createProject(first.Project); err != nil {
			return err
		}
		_, err = a.Exec(a.ctx, `DELETE FROM setup_codes`)
		return err
	})
	return operatorID, err
}
