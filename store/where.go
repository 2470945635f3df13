package store

import (
	"strconv"
	"strings"
)

// where is a condition put together from parts, with its arguments. In a part each $ stands for the next of its arguments.
type where struct {
	parts []string
	args  []any
}

// and adds a part.
func (w *where) and(part string, args ...any) { w.parts = append(w.parts, w.number(part, args...)) }

// number gives each $ of the part its argument.
func (w *where) number(part string, args ...any) string {
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(part, "$")
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString(w.add(args[0]))
		part, args = rest, args[1:]
	}
}

// add takes one argument and returns what stands for it.
func (w *where) add(arg any) string {
	w.args = append(w.args, arg)
	return w.last()
}

// last stands for the argument that was added last.
func (w *where) last() string { return "$" + strconv.Itoa(len(w.args)) }

func (w *where) sql() string { return strings.Join(w.parts, " AND ") }
