package api

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/otklik/otklik/dialog"
)

// Parameters of argon2id: the second choice of OWASP's password storage sheet. A hash says which it was made with.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
)

// HashPassword makes the hash that is stored for a password.
func HashPassword(password string) string {
	salt := random(16)
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		b64.EncodeToString(salt), b64.EncodeToString(key))
}

// passwords checks passwords, a few at a time: each check takes 19 MiB and a core.
type passwords struct {
	slots  chan struct{}
	nobody string // hash that is compared when the login is unknown, so that it costs the same
}

func newPasswords() *passwords {
	return &passwords{slots: make(chan struct{}, max(2, runtime.NumCPU())), nobody: HashPassword(token())}
}

// make checks a new password and makes its hash.
func (p *passwords) make(ctx context.Context, password string) (string, error) {
	if err := dialog.CheckPassword(password); err != nil {
		return "", err
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return HashPassword(password), nil
}

// check compares a password with a stored hash; an empty hash is never right and takes as long as any other.
func (p *passwords) check(ctx context.Context, hash, password string) (bool, error) {
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	known := hash != ""
	if !known {
		hash = p.nobody
	}
	return verify(hash, password) && known, nil
}

func verify(hash, password string) bool {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false
	}
	var version int
	var memory, time uint32
	var threads uint8
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &time, &threads); err != nil {
		return false
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil || len(want) == 0 {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, time, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// token is a secret of 256 random bits.
func token() string { return base64.RawURLEncoding.EncodeToString(random(32)) }

// hashToken is what is stored of a token.
func hashToken(t string) []byte {
	sum := sha256.Sum256([]byte(t))
	return sum[:]
}
