package worker

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strconv"

	"go.temporal.io/sdk/client"
)

// Access is how a process shows a Temporal of somebody else's who it is; the zero value is a Temporal without TLS.
type Access struct {
	TLS    *tls.Config
	APIKey string
}

// Variables of an access, named as Temporal's own tools name them.
const (
	onVar   = "TEMPORAL_TLS"
	certVar = "TEMPORAL_TLS_CLIENT_CERT_PATH"
	keyVar  = "TEMPORAL_TLS_CLIENT_KEY_PATH"
	caVar   = "TEMPORAL_TLS_SERVER_CA_CERT_PATH"
	nameVar = "TEMPORAL_TLS_SERVER_NAME"
	apiVar  = "TEMPORAL_API_KEY"
)

// AccessVariables are what AccessFrom reads.
var AccessVariables = []string{onVar, certVar, keyVar, caVar, nameVar, apiVar}

// AccessFrom reads how to reach a Temporal with TLS. A certificate, a name or a key means TLS.
func AccessFrom(env func(string) string) (Access, error) {
	a := Access{APIKey: env(apiVar)}
	on, err := wantsTLS(env)
	if err != nil || !on {
		return a, err
	}
	a.TLS = &tls.Config{ServerName: env(nameVar), MinVersion: tls.VersionTLS12}
	if (env(certVar) == "") != (env(keyVar) == "") {
		return a, fmt.Errorf("%s and %s are set together or not at all", certVar, keyVar)
	}
	if env(certVar) != "" {
		pair, err := tls.LoadX509KeyPair(env(certVar), env(keyVar))
		if err != nil {
			return a, fmt.Errorf("%s, %s: %w", certVar, keyVar, err)
		}
		a.TLS.Certificates = []tls.Certificate{pair}
	}
	if path := env(caVar); path != "" {
		pem, err := os.ReadFile(path)
		if err != nil {
			return a, fmt.Errorf("%s: %w", caVar, err)
		}
		a.TLS.RootCAs = x509.NewCertPool()
		if !a.TLS.RootCAs.AppendCertsFromPEM(pem) {
			return a, fmt.Errorf("%s: no certificate in %s", caVar, path)
		}
	}
	return a, nil
}

// wantsTLS is an error where TLS is switched off beside what needs it: a key must not travel in the open.
func wantsTLS(env func(string) string) (bool, error) {
	needs := ""
	for _, name := range AccessVariables[1:] {
		if env(name) != "" {
			needs = name
		}
	}
	v := env(onVar)
	if v == "" {
		return needs != "", nil
	}
	on, err := strconv.ParseBool(v)
	switch {
	case err != nil:
		return false, fmt.Errorf("%s is %q: true or false", onVar, v)
	case !on && needs != "":
		return false, fmt.Errorf("%s is %s, but %s needs TLS", onVar, v, needs)
	}
	return on, nil
}

// apply makes a client use the access.
func (a Access) apply(o *client.Options) {
	o.ConnectionOptions.TLS = a.TLS
	if a.APIKey != "" {
		o.Credentials = client.NewAPIKeyStaticCredentials(a.APIKey)
	}
}
