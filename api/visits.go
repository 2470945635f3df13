package api

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/mileusna/useragent"

	"github.com/otklik/otklik/store"
)

// maxLanded is how long ago the first page of a visit may have been loaded.
const maxLanded = 24 * 60 * 60

// reportVisit notes a page load and says whether the widget may be shown (R-105, D-49).
func (s *Server) reportVisit(c *fiber.Ctx) error {
	req, _, err := body[VisitRequest](c)
	if err != nil {
		return err
	}
	page, err := s.pageOf(c, VisitorRequest{PageURL: req.PageURL, PageTitle: req.PageTitle, Referrer: req.Referrer, Language: req.Language, TimeZone: req.TimeZone})
	if err != nil {
		return err
	}
	v := visitorOf(c)
	if err := s.store.SeePage(c.UserContext(), v.ID, page); err != nil {
		return err
	}
	if err := s.seenAt(c.UserContext(), v.DialogID, page.IP); err != nil {
		return err
	}
	blocked, _, err := s.store.AddressBlocked(c.UserContext(), v.ProjectID, page.IP)
	if err != nil {
		return err
	}
	return c.JSON(VisitAnswer{Blocked: blocked})
}

// pageOf checks what the browser says of a page.
func (s *Server) pageOf(c *fiber.Ctx, req VisitorRequest) (store.Page, error) {
	for _, f := range []struct {
		name, text string
		max        int
	}{{"page_url", req.PageURL, 2000}, {"page_title", req.PageTitle, 300}, {"referrer", req.Referrer, 2000}, {"landing_url", req.LandingURL, 2000},
		{"language", req.Language, 35}, {"time_zone", req.TimeZone, 64}} {
		if err := plainText(f.name, f.text, f.max); err != nil {
			return store.Page{}, err
		}
	}
	if req.LandedSecondsAgo < 0 || req.LandedSecondsAgo > maxLanded {
		return store.Page{}, wrong(codeInvalid, "landed_seconds_ago")
	}
	return store.Page{URL: req.PageURL, Title: req.PageTitle, Referrer: req.Referrer, Landing: req.LandingURL,
		Landed: time.Duration(req.LandedSecondsAgo) * time.Second, Language: req.Language, TimeZone: req.TimeZone,
		IP: s.address(c), UserAgent: userAgent(c)}, nil
}

// visitOf is the last visit of a dialog's visitor; the zero value is left out of the answer.
func (s *Server) visitOf(ctx context.Context, visitorID string) (Visit, error) {
	v, err := s.store.LastVisit(ctx, visitorID)
	if errors.Is(err, store.ErrNotFound) {
		return Visit{}, nil
	}
	if err != nil {
		return Visit{}, err
	}
	out := Visit{StartedAt: v.StartedAt, SeenAt: v.SeenAt, UtmSource: v.Source.Source, UtmMedium: v.Source.Medium,
		UtmCampaign: v.Source.Campaign, UtmTerm: v.Source.Term, LandingURL: v.LandingURL, PageURL: v.PageURL, PageTitle: v.PageTitle,
		Referrer: v.Referrer, IP: v.IP, Language: v.Language, TimeZone: v.TimeZone}
	out.Browser, out.Os, out.Device = browserOf(v.UserAgent)
	return out, nil
}

// browserOf reads what a browser says it is.
func browserOf(userAgent string) (browser, os string, device VisitDevice) {
	if userAgent == "" {
		return "", "", ""
	}
	ua := useragent.Parse(userAgent)
	switch {
	case ua.Bot:
		device = VisitDeviceOther
	case ua.Tablet:
		device = VisitDeviceTablet
	case ua.Mobile:
		device = VisitDevicePhone
	case ua.Desktop:
		device = VisitDeviceDesktop
	default:
		device = VisitDeviceOther
	}
	if ua.Name != ua.String { // an unknown one is not named by the whole string
		browser = versioned(ua.Name, ua.Version)
	}
	return browser, versioned(ua.OS, windowsName(ua.OS, ua.OSVersion)), device
}

// versioned is a name with the first number of its version.
func versioned(name, version string) string {
	major, _, _ := strings.Cut(version, ".")
	return strings.TrimSpace(name + " " + major)
}

// windowsName leaves out what Windows 10 and later say of themselves: 11 says 10 (its makers froze the value).
func windowsName(os, version string) string {
	if os == useragent.Windows && version == "10.0" {
		return "10+"
	}
	return version
}
