package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	uiserver "github.com/temporalio/ui-server/v2/server"
	uiconfig "github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// webUI is the running Web UI; nil stands for none.
type webUI struct {
	server  *uiserver.Server
	address string
}

// startUI starts the Web UI and waits until it answers.
func startUI(ctx context.Context, o options) (*webUI, error) {
	ui := &webUI{
		server: uiserver.NewServer(server_options.WithConfigProvider(&uiconfig.Config{
			TemporalGRPCAddress: net.JoinHostPort(o.host, fmt.Sprint(o.port)),
			Host:                o.host,
			Port:                o.uiPort,
			EnableUI:            true,
			DefaultNamespace:    o.namespace,
			DisableNewsFetch:    true,
			HideLogs:            true,
			CORS:                uiconfig.CORS{CookieInsecure: true}, // plain HTTP on loopback
		})),
		address: "http://" + net.JoinHostPort(o.host, fmt.Sprint(o.uiPort)),
	}
	go func() { _ = ui.server.Start() }()
	err := retry(ctx, 15*time.Second, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, ui.address+"/healthz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("web UI answers %s", res.Status)
		}
		return nil
	})
	return ui, err
}

// url is the address of the UI, "none" without one.
func (u *webUI) url() string {
	if u == nil {
		return "none"
	}
	return u.address
}

func (u *webUI) stop() {
	if u != nil {
		u.server.Stop()
	}
}
