package main

import (
	"context"
	"fmt"
)

// runRevoke takes the token from a visitor, when it got into hands that it should not be in. Whoever holds it is a
// stranger within 5 s; the dialog stays with the operators. The dialog's id is its workflow's, and stands in the console's
// address.
func runRevoke(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("revoke")
	dialogID := f.String("dialog", "", "id of the visitor's dialog")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	if *dialogID == "" {
		return usageError("say --dialog")
	}
	s, err := m.openStore(ctx, "otklik revoke")
	if err != nil {
		return err
	}
	defer s.Close()
	revoked, err := s.RevokeVisitor(ctx, *dialogID)
	if err != nil {
		return fmt.Errorf("dialog %s: %w", *dialogID, err)
	}
	said := "revoked"
	if !revoked {
		said = "was revoked before"
	}
	_, err = fmt.Fprintf(m.Stdout, "the token of dialog %s: %s\n", *dialogID, said)
	return err
}
