package worker_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/worker"
)

// access reads it from a map instead of the environment.
func access(env map[string]string) (worker.Access, error) {
	return worker.AccessFrom(func(name string) string { return env[name] })
}

// TestAccess: what is wrong in the settings for a Temporal with TLS is said, with the name of the variable.
func TestAccess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	check(t, os.WriteFile(text, []byte("no certificate"), 0o600))
	cert, key, _ := certificate(t, dir)
	for _, c := range []struct {
		env map[string]string
		tls bool
		err string
	}{
		{nil, false, ""},
		{map[string]string{"TEMPORAL_TLS": "false"}, false, ""},
		{map[string]string{"TEMPORAL_TLS": "true"}, true, ""},
		{map[string]string{"TEMPORAL_API_KEY": "k"}, true, ""},
		{map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": cert}, true, ""},
		{map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": cert, "TEMPORAL_TLS_CLIENT_KEY_PATH": key}, true, ""},
		{map[string]string{"TEMPORAL_TLS": "perhaps"}, false, "TEMPORAL_TLS is"},
		{map[string]string{"TEMPORAL_TLS": "0", "TEMPORAL_API_KEY": "k"}, false, "TEMPORAL_API_KEY needs TLS"},
		{map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": cert}, false, "TEMPORAL_TLS_CLIENT_KEY_PATH"},
		{map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": text, "TEMPORAL_TLS_CLIENT_KEY_PATH": key}, false, "TEMPORAL_TLS_CLIENT_CERT_PATH"},
		{map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": filepath.Join(dir, "none")}, false, "TEMPORAL_TLS_SERVER_CA_CERT_PATH"},
		{map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": text}, false, "TEMPORAL_TLS_SERVER_CA_CERT_PATH"},
	} {
		a, err := access(c.env)
		switch {
		case c.err == "" && err != nil, c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%v: %v", c.env, err)
		case err == nil && (a.TLS != nil) != c.tls:
			t.Errorf("%v: TLS %v", c.env, a.TLS != nil)
		}
	}
}

// cloud is a Temporal that wants a certificate and a key and lets nobody administer it.
type cloud struct {
	workflowservice.UnimplementedWorkflowServiceServer
	operatorservice.UnimplementedOperatorServiceServer
	keys  chan string
	knows bool // the search attributes
}

func (c *cloud) GetSystemInfo(ctx context.Context, _ *workflowservice.GetSystemInfoRequest) (*workflowservice.GetSystemInfoResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	select {
	case c.keys <- strings.Join(md.Get("authorization"), ","):
	default:
	}
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (c *cloud) ListSearchAttributes(context.Context, *operatorservice.ListSearchAttributesRequest) (*operatorservice.ListSearchAttributesResponse, error) {
	return nil, status.Error(codes.PermissionDenied, "not yours")
}

func (c *cloud) CountWorkflowExecutions(context.Context, *workflowservice.CountWorkflowExecutionsRequest) (*workflowservice.CountWorkflowExecutionsResponse, error) {
	if !c.knows {
		return nil, status.Error(codes.InvalidArgument, "no such attribute")
	}
	return &workflowservice.CountWorkflowExecutionsResponse{}, nil
}

// TestTLS: a Temporal behind TLS that asks for a client certificate and a key is reached with them; one that may not be
// administered is used when it has the search attributes, else the error names them.
func TestTLS(t *testing.T) {
	t.Parallel()
	cert, key, pool := certificate(t, t.TempDir())
	pair, err := tls.LoadX509KeyPair(cert, key)
	check(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	temporal := &cloud{keys: make(chan string, 1)}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool,
	})))
	workflowservice.RegisterWorkflowServiceServer(server, temporal)
	operatorservice.RegisterOperatorServiceServer(server, temporal)
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(server.Stop)

	a, err := access(map[string]string{
		"TEMPORAL_TLS_SERVER_CA_CERT_PATH": cert, "TEMPORAL_TLS_SERVER_NAME": "temporal.test", "TEMPORAL_API_KEY": "secret",
		"TEMPORAL_TLS_CLIENT_CERT_PATH": cert, "TEMPORAL_TLS_CLIENT_KEY_PATH": key,
	})
	check(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := worker.Dial(ctx, ln.Addr().String(), "otklik", a, slog.New(slog.NewTextHandler(io.Discard, nil)))
	check(t, err)
	defer c.Close()
	if got := <-temporal.keys; got != "Bearer secret" {
		t.Errorf("authorization %q", got)
	}
	err = worker.RegisterSearchAttributes(ctx, c, "otklik")
	if err == nil || !strings.Contains(err.Error(), "OtklikRed (KeywordList), OtklikState (Keyword)") {
		t.Errorf("without search attributes: %v", err)
	}
	temporal.knows = true
	if err := worker.RegisterSearchAttributes(ctx, c, "otklik"); err != nil {
		t.Errorf("with search attributes: %v", err)
	}
}

// certificate makes one for temporal.test that signs itself, and its files.
func certificate(t *testing.T, dir string) (cert, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	check(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "temporal.test"}, DNSNames: []string{"temporal.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	check(t, err)
	raw, err := x509.MarshalPKCS8PrivateKey(private)
	check(t, err)
	cert, key, pool = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), x509.NewCertPool()
	check(t, os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	check(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw}), 0o600))
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return cert, key, pool
}
