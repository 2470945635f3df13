package dialog

import "time"

// erase redacts the dialog (D-64). An open conversation is left first: its visitor is still writing.
func (d *decision) erase(c Erase) error {
	again := !c.Again.IsZero()
	if !again && c.By.Level < LevelAdmin {
		return refuse(Forbidden)
	}
	if d.State.Open() {
		return refuse(Conflict)
	}
	d.Erased, d.NewErase = c.Again, !again // the proof of consent stays
	if !again {
		d.Erased = d.env.Now
	}
	if ses := d.State.Session; ses != nil {
		if !ses.StartedAt.After(d.Erased) {
			ses.RatingComment, ses.IP = "", ""
		}
		d.add(Event{Kind: KindErased, Author: BySystem, Audience: AudienceAll})
	}
	d.Audit = append(d.Audit, Audit{Action: "erase", OperatorID: c.By.ID, Detail: eraseDetail(c)})
	return nil
}

func eraseDetail(c Erase) map[string]any {
	if c.Again.IsZero() {
		return nil
	}
	return map[string]any{"again": c.Again.UTC().Format(time.RFC3339Nano)}
}
