package dialog

import (
	"net/netip"
	"time"
)

// PlainAddress is the one form of an address (D-48): IPv4 mapped into IPv6 is IPv4, and there are no zones.
func PlainAddress(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// ParseAddress reads one address of a block list, in its one form. Ranges and zones are none.
func ParseAddress(s string) (string, bool) {
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return "", false
	}
	return PlainAddress(a).String(), true
}

// mayBlock checks D-51: who may write or claim in the dialog may block its visitor.
func mayBlock(s State, o Operator, now time.Time) error {
	if c := mayWrite(s, o, now); c != "" {
		return refuse(c)
	}
	if s.Session.IP == "" {
		return refuse(NoAddress)
	}
	return nil
}

// block lists the address of the current session and stops the dialog's clock. An untaken dialog ends with it,
// without tag and rating; a taken one stays with its assignee (D-67).
func (d *decision) block(c Block) error {
	byList := c.By.ID == ""
	if !byList {
		if err := mayBlock(d.State, c.By, d.env.Now); err != nil {
			return err
		}
		if !c.Listed {
			d.list(c.By, "block", true)
		}
	}
	if !d.State.Open() || d.State.Blocked {
		return nil
	}
	d.blocked(true)
	d.answered()
	if !byList {
		d.system(AudienceOperator, KeyBlocked, map[string]string{"name": c.By.Name})
	}
	d.system(AudienceVisitor, KeyBlockedVisitor, nil)
	if ses := d.State.Session; ses.AssigneeID == "" {
		ses.ClosedAt, ses.ClosedBy = d.env.Now, c.By.ID
		d.audit("leave", c.By.ID, map[string]any{"tags": ses.Tags, "blocked": true})
	}
	return nil
}

// unblock takes the address off the list. The clock starts again only with the visitor's next message (D-67).
// One that no list has is unblocked already.
func (d *decision) unblock(c Unblock) error {
	if c.By.ID != "" {
		if err := mayTouch(d.State, c.By); err != nil {
			return err
		}
		if d.State.Session.IP == "" {
			return refuse(NoAddress)
		}
		if c.Listed {
			d.list(c.By, "unblock", false)
		}
		if (c.Listed || d.State.Blocked) && !c.Still {
			d.system(AudienceOperator, KeyUnblocked, map[string]string{"name": c.By.Name})
		}
	}
	d.blocked(c.Still && d.State.Blocked)
	return nil
}

// blocked says whether the visitor is. Taken back, the block gives him the whole time until automatic closing again (D-40):
// he could not write.
func (d *decision) blocked(yes bool) {
	if ses := d.State.Session; d.State.Blocked && !yes && d.State.Open() && !ses.QuietSince.IsZero() {
		ses.QuietSince = d.env.Now
	}
	d.State.Blocked = yes
}

// appear takes the address the visitor is seen at, for a block to take the last one (D-48). From a listed one he is not let
// in, and so not seen: else his coming by it would end a dialog that nobody has taken (D-67).
func (d *decision) appear(c Appear) {
	if !d.State.Open() || c.Blocked || c.IP == "" {
		return
	}
	d.State.Session.IP = c.IP
	d.blocked(false)
}

// list changes the block list by hand. The address stands in what an erase empties (D-64), not in the detail.
func (d *decision) list(by Operator, action string, add bool) {
	ip := map[string]any{"ip": d.State.Session.IP}
	d.Listed = &Listed{IP: d.State.Session.IP, OperatorID: by.ID, Add: add}
	a := Audit{Action: action, OperatorID: by.ID}
	if add {
		a.After = ip
	} else {
		a.Before = ip
	}
	d.Audit = append(d.Audit, a)
}

// mayTouch checks the right to change what stands around the conversation (card, labels, block): while the session is
// open its assignee, anybody who sees it untaken, or senior and above; after the end whoever may see it.
func mayTouch(s State, o Operator) error {
	if !MaySee(s, o) {
		return refuse(NotFound)
	}
	if a := s.Session.AssigneeID; s.Open() && a != "" && a != o.ID && o.Level < LevelSenior {
		return &Refusal{Code: NotAssignee, OperatorID: a}
	}
	return nil
}
