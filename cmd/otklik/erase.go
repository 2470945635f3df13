package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/otklik/otklik/dialog"
	"github.com/otklik/otklik/store"
)

// runErase keeps erases through a restore (D-64). A backup older than an erase brings back what was erased, and forgets
// that it was: so the list of erases is written somewhere else (otklik erase --list), and after a restore all of it is
// erased again (otklik erase --again --from FILE). Done twice it does nothing.
func runErase(ctx context.Context, m *Main, args []string) error {
	f := m.Flags("erase")
	list := f.Bool("list", false, "print the erases, one JSON object a line")
	again := f.Bool("again", false, "repeat the erases the database knows of, and those of --from")
	from := f.String("from", "", "file with the output of --list; - is the standard input")
	if err := m.Parse(f, args); err != nil {
		return err
	}
	if *list == *again {
		return usageError("say --list or --again")
	}
	s, err := m.openStore(ctx, "otklik erase")
	if err != nil {
		return err
	}
	defer s.Close()
	if *list {
		out := json.NewEncoder(m.Stdout)
		return eachErased(ctx, s, func(e store.Erased) error { return out.Encode(e) })
	}
	a := eraser{m: m, s: s}
	if *from != "" {
		if err := a.file(ctx, *from); err != nil {
			return err
		}
	}
	if err := eachErased(ctx, s, func(e store.Erased) error { return a.again(ctx, e) }); err != nil {
		return err
	}
	fmt.Fprintf(m.Stdout, "erased again: %d; nothing left to erase: %d; not in this database: %d; open: %d\n", a.done, a.clean, a.unknown, a.open)
	if a.open > 0 {
		return errors.New("dialogs with an open session are erased when it has ended: run this again")
	}
	return nil
}

func eachErased(ctx context.Context, s *store.Store, f func(store.Erased) error) error {
	for after := ""; ; {
		page, err := s.ErasedAfter(ctx, after, 500)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, e := range page {
			if err := f(e); err != nil {
				return err
			}
			after = e.DialogID
		}
	}
}

type eraser struct {
	m                          *Main
	s                          *store.Store
	done, clean, unknown, open int
}

func (a *eraser) file(ctx context.Context, name string) error {
	var in io.Reader = os.Stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	for d := json.NewDecoder(bufio.NewReader(in)); ; {
		var e store.Erased
		if err := d.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := a.again(ctx, e); err != nil {
			return err
		}
	}
}

func (a *eraser) again(ctx context.Context, e store.Erased) error {
	did, err := a.s.EraseAgain(ctx, e)
	var refusal *dialog.Refusal
	switch {
	case errors.As(err, &refusal):
		fmt.Fprintf(a.m.Stderr, "otklik erase: %s: %v\n", e.DialogID, err)
		a.open++
	case errors.Is(err, store.ErrNotFound):
		a.unknown++
	case err != nil:
		return err
	case did:
		a.done++
	default:
		a.clean++
	}
	return nil
}
