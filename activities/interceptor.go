package activities

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/jackc/pgx/v5/pgconn"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"

	"github.com/otklik/otklik/store"
	"github.com/otklik/otklik/workflows"
)

// Interceptor turns every error and panic of an activity, local ones too, into a code and a fixed message: errors of
// PostgreSQL quote rows, and rows hold what people wrote (design 2.7). The error itself goes to this process's log as
// its type only, for the same reason.
type Interceptor struct {
	interceptor.WorkerInterceptorBase
}

// InterceptActivity implements interceptor.WorkerInterceptor.
func (*Interceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	in := &inbound{}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity implements interceptor.ActivityInboundInterceptor.
func (i *inbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (res any, err error) {
	defer func() {
		if p := recover(); p != nil {
			slog.Error("activity panicked", "activity", activity.GetInfo(ctx).ActivityType.Name,
				"dialog", activity.GetInfo(ctx).WorkflowExecution.ID, "type", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			res, err = nil, coded("panic")
		}
	}()
	res, err = i.Next.ExecuteActivity(ctx, in)
	if err != nil {
		clean := clean(ctx, err)
		slog.Warn("activity failed", "activity", activity.GetInfo(ctx).ActivityType.Name,
			"dialog", activity.GetInfo(ctx).WorkflowExecution.ID, "attempt", activity.GetInfo(ctx).Attempt,
			"code", clean.Type(), "type", fmt.Sprintf("%T", err))
		return nil, clean
	}
	return res, nil
}

// clean says which kind of error it was in a word of ours.
func clean(ctx context.Context, err error) *temporal.ApplicationError {
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, store.ErrNotFound):
		return coded(workflows.CodeNotFound)
	case errors.As(err, &pg):
		return coded("sqlstate_" + pg.Code)
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return coded("timeout")
	case errors.Is(err, store.ErrUnavailable):
		return coded("unavailable")
	}
	return coded("internal")
}

func coded(code string) *temporal.ApplicationError {
	return temporal.NewApplicationErrorWithOptions("activity failed: "+code, code, temporal.ApplicationErrorOptions{
		NonRetryable: code == workflows.CodeNotFound,
	}).(*temporal.ApplicationError)
}
