package worker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/otklik/otklik/workflows"
)

// searchAttributes are what ops filter the list of workflows by.
var searchAttributes = map[string]enumspb.IndexedValueType{
	workflows.AttributeProject.GetName():    enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.AttributeOperator.GetName():   enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.AttributeDepartment.GetName(): enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.AttributeState.GetName():      enumspb.INDEXED_VALUE_TYPE_KEYWORD,
	workflows.AttributeRed.GetName():        enumspb.INDEXED_VALUE_TYPE_KEYWORD_LIST,
}

// usableLimit bounds the wait for Temporal's caches to know new search attributes.
const usableLimit = 90 * time.Second

// RegisterSearchAttributes adds what is missing and returns when all can be used: a workflow that upserts one too
// early would fail its task. It may run at the same time in several processes.
func RegisterSearchAttributes(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(ctx, usableLimit)
	defer cancel()
	missing, err := missingAttributes(ctx, c, namespace)
	if notOurs(err) {
		return madeByOthers(ctx, c, namespace, err)
	}
	if err != nil {
		return fmt.Errorf("search attributes: %w", err)
	}
	if len(missing) > 0 {
		_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
			Namespace: namespace, SearchAttributes: missing,
		})
		var exists *serviceerror.AlreadyExists
		if notOurs(err) {
			return madeByOthers(ctx, c, namespace, err)
		}
		if err != nil && !errors.As(err, &exists) {
			return fmt.Errorf("add search attributes: %w", err)
		}
	}
	return untilUsable(ctx, c, namespace)
}

// notOurs reports whether Temporal refuses to be administered by us, as Temporal Cloud does.
func notOurs(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unknown *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unknown)
}

// madeByOthers is for a Temporal that refused us: the attributes have to be there already, and the error says which.
func madeByOthers(ctx context.Context, c client.Client, namespace string, refused error) error {
	err := usable(ctx, c, namespace)
	if err == nil {
		return nil
	}
	var want []string
	for name, kind := range searchAttributes {
		want = append(want, name+" ("+kind.String()+")")
	}
	slices.Sort(want)
	return fmt.Errorf("this Temporal does not let Otklik register search attributes (%w) and does not know them (%v): add them to the namespace %s by hand: %s",
		refused, err, namespace, strings.Join(want, ", "))
}

// missingAttributes are those the namespace does not have; one of another type cannot be repaired from here.
func missingAttributes(ctx context.Context, c client.Client, namespace string) (map[string]enumspb.IndexedValueType, error) {
	have, err := c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if err != nil {
		return nil, err
	}
	missing := map[string]enumspb.IndexedValueType{}
	for name, want := range searchAttributes {
		switch is, ok := have.GetCustomAttributes()[name]; {
		case !ok:
			missing[name] = want
		case is != want:
			return nil, fmt.Errorf("%s exists as %s, want %s", name, is, want)
		}
	}
	return missing, nil
}

// usable asks a question that names all of them.
func usable(ctx context.Context, c client.Client, namespace string) error {
	query := fmt.Sprintf("%s = 'x' AND %s = 'x' AND %s = 'x' AND %s = 'x' AND %s = 'x'",
		workflows.AttributeProject.GetName(), workflows.AttributeOperator.GetName(), workflows.AttributeDepartment.GetName(),
		workflows.AttributeState.GetName(), workflows.AttributeRed.GetName())
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
	return err
}

// untilUsable asks until Temporal understands.
func untilUsable(ctx context.Context, c client.Client, namespace string) error {
	for {
		err := usable(ctx, c, namespace)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("search attributes did not become usable: %w", err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
