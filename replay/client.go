package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	attemptTimeout = 10 * time.Second // one try of one call
	callTimeout    = 60 * time.Second // one call with its retries
	maxBackoff     = 5 * time.Second
	maxAnswerBytes = 32 << 20
)

// APIError is a refusal by the server.
type APIError struct {
	Status   int     `json:"-"`
	Code     string  `json:"code"`
	Message  string  `json:"message"`
	Field    string  `json:"field"`
	Operator *person `json:"operator"`
}

func (e *APIError) Error() string {
	s := fmt.Sprintf("%d %s", e.Status, e.Code)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Message != "" {
		s += ": " + e.Message
	}
	return s
}

// refusal is the code with which the server refused, "" when err is something else.
func refusal(err error) string {
	var ae *APIError
	if errors.As(err, &ae) {
		return ae.Code
	}
	return ""
}

// client makes the calls of one person, from one address.
type client struct {
	base   string // http://host/api/v1
	origin string // http://host
	http   *http.Client
	header http.Header // sent with every call; not changed after the first concurrent one
	pause  func(ctx context.Context, d time.Duration) error
}

func newClient(t *target, dial dialFunc) *client {
	jar, _ := cookiejar.New(nil) // errs only with options
	return &client{
		base: t.base, origin: t.origin, header: http.Header{}, pause: sleep,
		http: &http.Client{
			Timeout: attemptTimeout, Jar: jar,
			Transport: &http.Transport{
				DialContext: dial, MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute,
				TLSHandshakeTimeout: attemptTimeout, ForceAttemptHTTP2: true,
			},
		},
	}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// call does one API call and decodes the answer into out (nil: thrown away; *[]byte: as it is). What may pass by itself —
// a broken connection, 429, 502, 503, 504 — is tried again with the same body, so with the same client_id, waiting as long
// as the server asks; everything else that is not 2xx gives an *APIError.
func (c *client) call(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	backoff := 50 * time.Millisecond
	for {
		wait, err := c.once(ctx, method, path, body, out)
		if err == nil || wait < 0 || ctx.Err() != nil {
			return err
		}
		if wait == 0 {
			wait, backoff = backoff, min(2*backoff, maxBackoff)
		}
		if c.pause(ctx, wait) != nil {
			return err
		}
	}
}

// once is one try. The duration says when to try again: negative never, 0 when the caller likes.
func (c *client) once(ctx context.Context, method, path string, body []byte, out any) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return -1, err
	}
	for name, values := range c.header {
		req.Header[name] = values
	}
	req.Header.Set("Origin", c.origin)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := c.http.Do(req)
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return 0, fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return retryAfter(res), fmt.Errorf("%s %s: %w", method, path, asAPIError(res.StatusCode, answer))
	}
	switch out := out.(type) {
	case nil:
	case *[]byte:
		*out = answer
	default:
		if err := json.Unmarshal(answer, out); err != nil {
			return -1, fmt.Errorf("%s %s: %w", method, path, err)
		}
	}
	return -1, nil
}

func asAPIError(status int, answer []byte) *APIError {
	e := &APIError{Status: status}
	if json.Unmarshal(answer, e) != nil || e.Code == "" {
		e.Code, e.Message = "no_code", clip(string(answer))
	}
	return e
}

func retryAfter(res *http.Response) time.Duration {
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return -1
	}
	if s, err := strconv.ParseFloat(res.Header.Get("Retry-After"), 64); err == nil && s > 0 {
		return min(time.Duration(s*float64(time.Second)), callTimeout)
	}
	return 0
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// target is the server played against.
type target struct {
	origin, base string
	loopback     bool // every address of it is a loopback one
}

func parseTarget(ctx context.Context, raw string) (*target, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, err
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("target %q: want http://host:port", raw)
	}
	t := &target{origin: u.Scheme + "://" + u.Host}
	t.base = t.origin + strings.TrimRight(u.Path, "/") + "/api/v1"
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return nil, err
	}
	t.loopback = true
	for _, a := range addrs {
		t.loopback = t.loopback && a.Unmap().IsLoopback()
	}
	return t, nil
}

// socketURL is the address of a socket of the API.
func (t *target) socketURL(path string) string {
	return "ws" + strings.TrimPrefix(t.base, "http") + path
}
