package replay

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"
	"testing"
)

const goodLine = `{"id":"a-1","topic":"t","turns":[{"at":0,"from":"visitor","text":"one\ntwo"},{"at":7,"from":"operator","text":"three"}]}`

func TestReadKeepsLineBreaksInsideTexts(t *testing.T) {
	list, err := Read(strings.NewReader(goodLine+"\n\n"+goodLine+"\r\n"), 0)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if list[1].Turns[0].Text != "one\ntwo" || list[1].Duration().Seconds() != 7 {
		t.Fatalf("got %+v", list[1])
	}
}

func TestReadGzipAndLimit(t *testing.T) {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if _, err := zw.Write([]byte(goodLine + "\n" + goodLine + "\nbroken")); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	list, err := Read(bytes.NewReader(b.Bytes()), 2)
	if err != nil || len(list) != 2 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	if _, err := Read(bytes.NewReader(b.Bytes()[:b.Len()-9]), 0); err == nil {
		t.Fatal("a cut file was read as whole")
	}
}

func TestReadNamesTheBadLine(t *testing.T) {
	tests := []struct {
		name, bad string
		want      error
	}{
		{"no json", `{"id":`, nil},
		{"wrong type", `{"id":7}`, nil},
		{"no id", `{"turns":[]}`, ErrNoID},
		{"one turn", `{"id":"x","turns":[{"at":0,"from":"visitor","text":"a"}]}`, ErrTurns},
		{"operator first", `{"id":"x","turns":[{"at":0,"from":"operator","text":"a"},{"at":0,"from":"visitor","text":"a"}]}`, ErrFirstTurn},
		{"no operator", `{"id":"x","turns":[{"at":0,"from":"visitor","text":"a"},{"at":0,"from":"visitor","text":"a"}]}`, ErrNoOperator},
		{"third side", `{"id":"x","turns":[{"at":0,"from":"visitor","text":"a"},{"at":0,"from":"robot","text":"a"}]}`, ErrSide},
		{"backwards", `{"id":"x","turns":[{"at":3,"from":"visitor","text":"a"},{"at":2,"from":"operator","text":"a"}]}`, ErrTime},
		{"two objects", goodLine + goodLine, ErrTrailing},
		{"not utf-8", "{\"id\":\"\xff\"}", ErrNotUTF8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := Read(strings.NewReader(goodLine+"\n\n"+tt.bad+"\n"+goodLine), 0)
			var le *LineError
			if !errors.As(err, &le) || le.Line != 3 || list != nil {
				t.Fatalf("got %v, %v", list, err)
			}
			if tt.want != nil && !errors.Is(err, tt.want) {
				t.Fatalf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func TestSampleIsPlayable(t *testing.T) {
	list, err := ReadFile("testdata/conversations-sample.jsonl.gz", 0)
	if err != nil || len(list) != 60 {
		t.Fatalf("got %d, %v", len(list), err)
	}
	broken := 0
	for _, c := range list {
		if why := c.Sendable(); why != "" {
			t.Errorf("%s: %s", c.ID, why)
		}
		for _, turn := range c.Turns {
			broken += strings.Count(turn.Text, "\n")
		}
	}
	if broken == 0 {
		t.Fatal("the sample has no text with a line break")
	}
}

func TestSendable(t *testing.T) {
	conv := func(text string) Conversation {
		return Conversation{ID: "x", Turns: []Turn{{From: Visitor, Text: "a"}, {From: Operator, Text: text}}}
	}
	for text, ok := range map[string]bool{
		strings.Repeat("ы", 4000): true, strings.Repeat("ы", 4001): false, "a\tb\r\nc": true,
		"": false, " \n\t": false, "a\x00b": false, "a\x1bb": false,
	} {
		if got := conv(text).Sendable(); (got == "") != ok {
			t.Errorf("%.10q: got %q", text, got)
		}
	}
}
