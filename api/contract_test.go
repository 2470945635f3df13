package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"regexp"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// spec is the contract, read as OpenAPI 3.0: what is used of 3.1 means the same there.
var spec = sync.OnceValue(func() *openapi3.T {
	raw := bytes.Replace(contract, []byte("openapi: 3.1.0"), []byte("openapi: 3.0.3"), 1)
	raw = regexp.MustCompile(`identifier: [^ }]+`).ReplaceAll(raw, []byte("url: https://example.org"))
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		panic(err)
	}
	return doc
})

var router = sync.OnceValue(func() routers.Router {
	r, err := gorillamux.NewRouter(spec())
	if err != nil {
		panic(err)
	}
	return r
})

// holdToContract checks every answer of every test against openapi.yaml, and every accepted request.
func (w *world) holdToContract(req *http.Request, a answer) {
	w.t.Helper()
	probe, err := http.NewRequest(req.Method, "/api/v1"+trimBase(req.URL.EscapedPath()), nil)
	if err != nil {
		w.t.Fatal(err)
	}
	probe.URL.RawQuery = req.URL.RawQuery
	probe.Header = req.Header
	route, params, err := router().FindRoute(probe)
	if err != nil {
		return // not part of the contract: files, health
	}
	if req.GetBody != nil {
		b, _ := req.GetBody()
		probe.Body = io.NopCloser(b)
	}
	in := &openapi3filter.RequestValidationInput{Request: probe, PathParams: params, Route: route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true}}
	if a.status < 300 {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			w.t.Errorf("accepted a request that the contract forbids: %s %s: %v", req.Method, req.URL, err)
		}
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: a.status, Header: a.header,
		Options: in.Options}
	out.SetBodyBytes(a.raw)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		w.t.Errorf("answer breaks the contract: %s %s: %v", req.Method, req.URL, err)
	}
}

func trimBase(path string) string {
	const base = "/api/v1"
	if len(path) >= len(base) && path[:len(base)] == base {
		return path[len(base):]
	}
	return path
}

// holdFrame checks a frame against its schema.
func holdFrame(t testing.TB, schema string, frame map[string]any) {
	t.Helper()
	ref := spec().Components.Schemas[schema]
	if ref == nil {
		t.Fatalf("no schema %s", schema)
	}
	if err := ref.Value.VisitJSON(frame); err != nil {
		t.Errorf("frame breaks %s: %v\n%v", schema, err, frame)
	}
	for name := range frame {
		if ref.Value.Properties[name] == nil {
			t.Errorf("frame has %q, which %s does not know", name, schema)
		}
	}
}
