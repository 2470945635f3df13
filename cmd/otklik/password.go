package main

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/otklik/otklik/api"
	"github.com/otklik/otklik/dialog"
)

// runPassword gives an operator a new password and prints it: the way back in for an administrator who has lost his, when
// nobody else can give him one in «Настройки». He is signed out everywhere.
func runPassword(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("password")
	login := f.String("login", "", "login of the operator")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	if err := dialog.CheckLogin(login); err != nil {
		return usageError("say --login")
	}
	s, err := m.openStore(ctx, "otklik password")
	if err != nil {
		return err
	}
	defer s.Close()
	password := rand.Text()
	if err := s.ResetPassword(ctx, *login, api.HashPassword(password)); err != nil {
		return fmt.Errorf("login %s: %w", *login, err)
	}
	_, err = fmt.Fprintf(m.Stdout, "the password of %s is now %s\n", *login, password)
	return err
}
