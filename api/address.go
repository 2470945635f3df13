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
	if len(forwarded) > 0 {
		s.doubtProxy(remote)
	}
	return clientAddress(remote, forwarded, s.proxies).String()
}

// doubtProxy says once that something nearby forwards and is not believed: most often a proxy that was forgotten in
// OTKLIK_TRUSTED_PROXIES, behind which all visitors have one address, with one limit and one block (D-48).
func (s *Server) doubtProxy(remote netip.Addr) {
	remote = dialog.PlainAddress(remote)
	if (remote.IsPrivate() || remote.IsLoopback()) && !trusted(remote, s.proxies) {
		s.doubted.Do(func() {
			s.log.Warn("X-Forwarded-For of an address that is not among OTKLIK_TRUSTED_PROXIES: visitors behind it count as one", "address", remote.String())
		})
	}
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
