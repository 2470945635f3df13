// Package outside speaks with a project's outer account over HTTP: it fetches block lists from there and tells of
// blocks made here. docs/blocks.md is the same for the account's owner. Errors are codes: they are stored and shown, and
// hold nothing personal.
package outside

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/dialog"
)

// Bounds of one call.
const (
	Within       = 10 * time.Second
	MaxBody      = 8 << 20
	MaxAddresses = 100_000 // of one list
	maxHops      = 3
)

// Headers of every call.
const (
	HeaderTimestamp = "Otklik-Timestamp" // seconds since 1970
	HeaderSignature = "Otklik-Signature" // sha256=<hex of HMAC-SHA256(secret, timestamp "." body)>
	HeaderDelivery  = "Otklik-Delivery"  // of a webhook: the same number is the same news
)

// Error says in a word why a call came to nothing.
type Error struct{ Code string }

func (e *Error) Error() string { return e.Code }

func failed(code string) error { return &Error{code} }

// Code is the word for an error of this package; anything else is "connection".
func Code(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "connection"
}

// Lists are the whole block lists as the outer account has them, in the one form of addresses.
type Lists struct{ System, Manual []string }

// Account is where an outer account is.
type Account struct{ URL, Secret string }

// Client calls outer accounts.
type Client struct {
	http http.Client
	now  func() time.Time
}

// New makes a client. It follows redirects within the same host only: the address was chosen by an administrator, what
// it points to was not.
func New() *Client {
	return &Client{now: time.Now, http: http.Client{Timeout: Within, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		first := via[0].URL
		if len(via) > maxHops || next.URL.Host != first.Host || next.URL.Scheme != first.Scheme {
			return failed("redirect")
		}
		return nil
	}}}
}

// CheckURL refuses what no call may go to.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil {
		return failed("url")
	}
	return nil
}

// Fetch gets the lists if they changed since etag; otherwise lists is nil.
func (c *Client) Fetch(ctx context.Context, a Account, etag string) (lists *Lists, newTag string, err error) {
	req, err := c.request(ctx, http.MethodGet, a, nil)
	if err != nil {
		return nil, "", err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := c.do(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return nil, etag, nil
	case resp.StatusCode != http.StatusOK:
		return nil, "", failed("http_" + strconv.Itoa(resp.StatusCode))
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, MaxBody+1))
	if err != nil {
		return nil, "", broken(err)
	}
	if len(raw) > MaxBody {
		return nil, "", failed("too_large")
	}
	lists, err = parse(raw)
	newTag = resp.Header.Get("ETag")
	if len(newTag) > 200 || strings.ContainsFunc(newTag, func(r rune) bool { return r < ' ' || r > '~' }) {
		newTag = ""
	}
	return lists, newTag, err
}

// parse reads {"system": […], "manual": […]}. Both must be there: a list that is left out is no empty list.
func parse(raw []byte) (*Lists, error) {
	var body struct{ System, Manual *[]string }
	if json.Unmarshal(raw, &body) != nil || body.System == nil || body.Manual == nil {
		return nil, failed("bad_json")
	}
	out := &Lists{}
	var err error
	if out.System, err = addresses("system", *body.System); err == nil {
		out.Manual, err = addresses("manual", *body.Manual)
	}
	return out, err
}

// addresses brings a list into the one form. A wrong one is named by its place: addresses are personal.
func addresses(list string, in []string) ([]string, error) {
	if len(in) > MaxAddresses {
		return nil, failed("too_large")
	}
	out := make([]string, len(in))
	for i, s := range in {
		ip, ok := dialog.ParseAddress(strings.TrimSpace(s))
		if !ok {
			return nil, failed(fmt.Sprintf("bad_address %s[%d]", list, i))
		}
		out[i] = ip
	}
	return out, nil
}

// Deliver posts one piece of news; nil when the account took it (2xx).
func (c *Client) Deliver(ctx context.Context, a Account, id int64, body []byte) error {
	req, err := c.request(ctx, http.MethodPost, a, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(HeaderDelivery, strconv.FormatInt(id, 10))
	resp, err := c.do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can be used again
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return failed("http_" + strconv.Itoa(resp.StatusCode))
	}
	return nil
}

// request is signed: without a secret nothing is sent.
func (c *Client) request(ctx context.Context, method string, a Account, body []byte) (*http.Request, error) {
	if err := CheckURL(a.URL); err != nil {
		return nil, err
	}
	if a.Secret == "" {
		return nil, failed("no_secret")
	}
	req, err := http.NewRequestWithContext(ctx, method, a.URL, bytes.NewReader(body))
	if err != nil {
		return nil, failed("url")
	}
	stamp := strconv.FormatInt(c.now().Unix(), 10)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "Otklik")
	req.Header.Set(HeaderTimestamp, stamp)
	req.Header.Set(HeaderSignature, Sign(a.Secret, stamp, body))
	return req, nil
}

// Sign is what HeaderSignature holds; body is empty for a GET.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(timestamp))
	mac.Write([]byte("."))
	mac.Write(body)
	return "sha256=" + hex.EncodeToString(mac.Sum(nil))
}

func (c *Client) do(req *http.Request) (*http.Response, error) {
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, broken(err)
	}
	return resp, nil
}

// broken turns an error of the network, which quotes addresses, into a word.
func broken(err error) error {
	var ours *Error
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &timeout) && timeout.Timeout():
		return failed("timeout")
	}
	return failed("connection")
}
