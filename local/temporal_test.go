package local

import (
	"context"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestTemporalStartsAgainOnItsData(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	pg := startPostgres(t, folder(t))
	opts := TemporalOptions{Binary: TemporalBinary(), DatabaseURL: pg.URL, Namespace: "otklik"}
	first, err := StartTemporal(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Stop()
	if err := EnsureNamespace(ctx, first.Address, "kept"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(first.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-first.Done()

	began := time.Now()
	second, err := StartTemporal(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
	t.Logf("second start after %s", time.Since(began))
	given, err := StartTemporal(ctx, TemporalOptions{Address: second.Address, Namespace: "kept"})
	if err != nil || given.PID() != 0 {
		t.Fatalf("got %+v, %v", given, err)
	}
	if err := second.Stop(); err != nil {
		t.Fatal(err)
	}
	if !gone(second.PID()) {
		t.Fatal("still there after Stop")
	}
}

func TestMissingTemporalSaysWhatToDo(t *testing.T) {
	t.Parallel()
	_, err := StartTemporal(context.Background(), TemporalOptions{Binary: "nowhere/otklik-temporal"})
	if err == nil || !strings.Contains(err.Error(), "make build") {
		t.Fatalf("got %v", err)
	}
}

func TestTemporalSaysWhyItDidNotStart(t *testing.T) {
	t.Parallel()
	_, err := StartTemporal(context.Background(), TemporalOptions{
		Binary: TemporalBinary(), DatabaseURL: "postgres://nobody@127.0.0.1:1/none", Namespace: "otklik",
	})
	if err == nil || !strings.Contains(err.Error(), "connect to PostgreSQL") {
		t.Fatalf("got %v", err)
	}
}

// TestTemporalHasItsDatabaseAlone: two servers on one database would both
// believe they own every shard.
func TestTemporalHasItsDatabaseAlone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	opts := TemporalOptions{Binary: TemporalBinary(), DatabaseURL: startPostgres(t, folder(t)).URL, Namespace: "otklik"}
	first, err := StartTemporal(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer first.Stop()
	if _, err := StartTemporal(ctx, opts); err == nil || !strings.Contains(err.Error(), "another process runs Temporal on database temporal") {
		t.Fatalf("got %v", err)
	}
	opts.DBPrefix = "other"
	second, err := StartTemporal(ctx, opts)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Stop()
}
