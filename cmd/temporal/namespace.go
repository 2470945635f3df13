package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// retention keeps closed workflows for three days: long enough to look into a
// weekend's incident, short enough for a small disk.
const retention = 3 * 24 * time.Hour

// readyLimit bounds the wait for a server that started but does not answer.
const readyLimit = 60 * time.Second

// registerNamespace makes sure the namespace exists and returns when every
// service answers for it: the frontend (describe) and the visibility store (count).
func registerNamespace(ctx context.Context, address, name string) error {
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	c := workflowservice.NewWorkflowServiceClient(conn)
	for _, step := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := c.RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
				Namespace:                        name,
				Description:                      "Otklik: one workflow per dialog",
				WorkflowExecutionRetentionPeriod: durationpb.New(retention),
			})
			if status.Code(err) == codes.AlreadyExists {
				return nil
			}
			return err
		},
		func(ctx context.Context) error {
			_, err := c.DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: name})
			return err
		},
		func(ctx context.Context) error {
			_, err := c.CountWorkflowExecutions(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: name})
			return err
		},
	} {
		if err := retry(ctx, readyLimit, step); err != nil {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	return nil
}

// retry calls step until it succeeds, ctx ends or limit has passed; the last
// error is returned.
func retry(ctx context.Context, limit time.Duration, step func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		call, done := context.WithTimeout(ctx, 3*time.Second)
		err := step(call)
		done()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
