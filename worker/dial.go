package worker

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
)

// ClientOptions are how every process of ours talks to Temporal. The SDK waits up to 10 s between attempts to connect,
// which made deadlines 7 s late after an outage of 10; here it is one second at most.
func ClientOptions(address, namespace string, a Access, logger *slog.Logger) client.Options {
	o := client.Options{
		HostPort: address, Namespace: namespace, Logger: log.NewStructuredLogger(logger),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
				MinConnectTimeout: 2 * time.Second,
			}),
		}},
	}
	a.apply(&o)
	return o
}

// Dial connects to Temporal and keeps trying while it is not up yet: in a compose file or after a power cut the order
// of starting is not ours to choose.
//
// Calls of a worker wait for the connection, until their own deadline: its pollers would else fail at once while Temporal
// is away and back off for up to 10 s, each by itself.
func Dial(ctx context.Context, address, namespace string, a Access, logger *slog.Logger) (client.Client, error) {
	o := ClientOptions(address, namespace, a, logger)
	o.ConnectionOptions.DialOptions = append(o.ConnectionOptions.DialOptions, grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		c, err := client.DialContext(ctx, o)
		if err == nil {
			return c, nil
		}
		logger.Warn("Temporal is not up yet; trying again", "address", address, "after", wait, "error", err)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("dial Temporal at %s: %w", address, err)
		case <-time.After(wait):
		}
	}
}
