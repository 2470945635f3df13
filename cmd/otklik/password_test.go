package main

import (
	"bytes"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/otklik/otklik/api"
	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store/storetest"
)

// I-02: ops give a lost password anew. It is printed, it works, what was signed in with the old one no longer is, and the
// audit tells.
func TestPassword(t *testing.T) {
	t.Parallel()
	shop := storetest.New(t)
	const login = "vera@example.com"
	id := shop.AddOperator("Vera", dialog.LevelAdmin)
	shop.Exec(`UPDATE operators SET login = $2, password_hash = $3 WHERE id = $1`, id, login, api.HashPassword("the password before"))
	shop.Exec(`INSERT INTO sign_ins (token_hash, operator_id, csrf, expires_at) VALUES ($1, $2, 'csrf', clock_timestamp() + interval '1 day')`, make([]byte, 32), id)
	run := func(want int, args ...string) string {
		t.Helper()
		var out, errs bytes.Buffer
		m := &Main{Environ: []string{"DATABASE_URL=" + shop.URL}, Stdout: &out, Stderr: &errs}
		if got := m.Run(t.Context(), append([]string{"password"}, args...)); got != want {
			t.Fatalf("%v: %d %s", args, got, errs.String())
		}
		return out.String() + errs.String()
	}
	said := strings.Fields(run(0, "--login", "Vera@Example.com"))
	if signIn(t, shop, login, "the password before") != http.StatusUnauthorized {
		t.Error("the old password still works")
	}
	if _, err := shop.SignInByToken(t.Context(), make([]byte, 32)); err == nil {
		t.Error("what was signed in still is")
	}
	if got := signIn(t, shop, login, said[len(said)-1]); got != http.StatusOK {
		t.Errorf("sign-in with what %q says: %d", said, got)
	}
	var told int
	if err := shop.Pool().QueryRow(t.Context(), `SELECT count(*) FROM audit WHERE action = 'operator_change' AND source = 'cli'
AND detail = jsonb_build_object('operator', $1::text, 'password', 'changed')`, id).Scan(&told); err != nil || told != 1 {
		t.Error(told, err)
	}
	if got := run(1, "--login", "nobody@example.com"); !strings.Contains(got, "not found") {
		t.Error(got)
	}
	run(2)
}

// signIn is the answer to a sign-in.
func signIn(t *testing.T, shop *storetest.Shop, login, password string) int {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server, err := api.New(api.Options{Store: shop.Store})
	if err != nil {
		t.Fatal(err)
	}
	listened := make(chan error, 1)
	go func() { listened <- server.Listen(ln) }()
	defer func() {
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		<-listened
	}()
	body := strings.NewReader(`{"login":"` + login + `","password":"` + password + `"}`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+ln.Addr().String()+"/api/v1/operator/sign-in", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode
}
