package api

import (
	"net/netip"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/otklik/otklik/dialog"
)

// address is the client's, in the one form it has everywhere (D-48); empty: unknown.
func (s *Server) address(c *fiber.Ctx) string {
	remote, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return ""
	}
	var forwarded []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		forwarded = append(forwarded, strings.Split(string(line), ",")...)
	}
	return clientAddress(remote, forwarded, s.proxies).String()
}

// clientAddress goes back along X-Forwarded-For only as far as proxies are trusted: what they did not add themselves
// anybody may have written.
func clientAddress(remote netip.Addr, forwarded []string, proxies []netip.Prefix) netip.Addr {
	addr := dialog.PlainAddress(remote)
	for i := len(forwarded) - 1; i >= 0 && trusted(addr, proxies); i-- {
		hop, ok := parseAddress(forwarded[i])
		if !ok {
			break
		}
		addr = hop
	}
	return addr
}

func trusted(a netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// parseAddress reads what a proxy calls an address: some add the port.
func parseAddress(s string) (netip.Addr, bool) {
	s = strings.TrimSpace(s)
	a, err := netip.ParseAddr(s)
	if err != nil {
		var with netip.AddrPort
		if with, err = netip.ParseAddrPort(s); err != nil {
			return netip.Addr{}, false
		}
		a = with.Addr()
	}
	return dialog.PlainAddress(a), true
}
