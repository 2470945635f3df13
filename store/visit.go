package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/dialog"
)

// Page is a page load as the visitor's browser tells it, and the address it came from.
type Page struct {
	URL, Title, Referrer string
	Landing              string        // first address of the visit, when it is another
	Landed               time.Duration // how long ago that was loaded
	Language, TimeZone   string
	IP, UserAgent        string
}

// Visit is a visitor's visit as «Детальная информация» shows it (D-55). Empty values are unknown.
type Visit struct {
	StartedAt, SeenAt              time.Time
	Source                         dialog.Source
	LandingURL, PageURL, PageTitle string
	Referrer, IP, UserAgent        string
	Language, TimeZone             string
}

// SeePage notes a page load: it goes on with the visitor's last visit, or begins a new one after a pause (D-55).
func (s *Store) SeePage(ctx context.Context, visitorID string, p Page) error {
	b := &pgx.Batch{} // one transaction: two tabs that load at once begin one visit
	queuePage(b, visitorID, p)
	return unavailable(s.pool.SendBatch(ctx, b).Close())
}

func queuePage(b *pgx.Batch, visitorID string, p Page) {
	if p.Landing == "" {
		p.Landing, p.Landed = p.URL, 0
	}
	from := dialog.SourceOf(p.Landing)
	d := dialog.Detail
	const lastVisit = `(SELECT id FROM visits WHERE visitor_id = $1 ORDER BY started_at DESC LIMIT 1)`
	gap := dialog.VisitGap.String()
	b.Queue(`UPDATE visitors SET page_url=$2, page_title=$3, ip=coalesce($4::text::inet, ip), user_agent=$5,
 visits_from=coalesce(visits_from, otklik_now()) WHERE id = $1`,
		visitorID, p.URL, p.Title, nullable(p.IP), p.UserAgent) // locks the visitor, too
	b.Queue(`INSERT INTO visits (id, visitor_id, started_at, seen_at, utm_source, utm_medium, utm_campaign, utm_term, landing_url, referrer)
SELECT gen_random_uuid(), $1, otklik_now() - $2::interval, otklik_now(), $3, $4, $5, $6, $7, $8
WHERE NOT EXISTS (SELECT FROM visits WHERE id = `+lastVisit+` AND seen_at > otklik_now() - $9::interval)`,
		visitorID, p.Landed.String(), from.Source, from.Medium, from.Campaign, from.Term, d(p.Landing), d(p.Referrer), gap)
	b.Queue(`UPDATE visits SET seen_at=otklik_now(), page_url=$2, page_title=$3, ip=coalesce($4::text::inet, ip), user_agent=$5, language=$6, time_zone=$7
WHERE id = `+lastVisit, visitorID, d(p.URL), d(p.Title), nullable(p.IP), d(p.UserAgent), d(p.Language), d(p.TimeZone))
}

// LastVisit reads the visitor's last visit, and only that. ErrNotFound when there was none.
func (s *Store) LastVisit(ctx context.Context, visitorID string) (v Visit, err error) {
	err = s.pool.QueryRow(ctx, `SELECT started_at, seen_at, utm_source, utm_medium, utm_campaign, utm_term, landing_url, page_url, page_title,
referrer, coalesce(host(ip), ''), user_agent, language, time_zone
FROM visits WHERE visitor_id = $1 ORDER BY started_at DESC LIMIT 1`, visitorID).
		Scan(&v.StartedAt, &v.SeenAt, &v.Source.Source, &v.Source.Medium, &v.Source.Campaign, &v.Source.Term, &v.LandingURL, &v.PageURL,
			&v.PageTitle, &v.Referrer, &v.IP, &v.UserAgent, &v.Language, &v.TimeZone)
	v.StartedAt, v.SeenAt = v.StartedAt.UTC(), v.SeenAt.UTC()
	return v, unavailable(err)
}
