package store

import (
	"sync"
	"time"
	_ "time/tzdata" // zones ship with the binary: this machine's may be older than the laws (D-22)

	"github.com/otklik/otklik/dialog"
)

// calendarColumns are the working hours of project p, read in the order of calendarScan.into (D-22).
const calendarColumns = ` p.time_zone, p.hours,
(SELECT jsonb_object_agg(dep.id, dep.hours) FROM departments dep WHERE dep.project_id = p.id),
ARRAY(SELECT dep.id::text FROM departments dep WHERE dep.project_id = p.id AND NOT dep.active ORDER BY dep.id)`

// calendarScan takes calendarColumns.
type calendarScan struct {
	zone        string
	widget      *dialog.Hours
	departments map[string]*dialog.Hours
	off         []string
}

func (c *calendarScan) into() []any { return []any{&c.zone, &c.widget, &c.departments, &c.off} }

func (c *calendarScan) calendar() dialog.Calendar {
	return dialog.Calendar{Zone: Zone(c.zone), Widget: c.widget, Departments: c.departments, Off: c.off}
}

var zones sync.Map // names of time zones to *time.Location

// Zone finds a time zone by its IANA name. An unknown one, which settings do not let in, is UTC.
func Zone(name string) *time.Location {
	if z, ok := zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	zones.Store(name, z)
	return z
}
