// Package web carries the built operator console and visitor widget inside the binary.
package web

import (
	"embed"
	"io/fs"
)

// Each dist folder holds a committed .gitkeep, so that Go compiles before the first web build.
//
//go:embed all:console/dist all:widget/dist
var files embed.FS

// Console is the built operator console: index.html and what it loads. Without a web build it holds no index.html.
func Console() fs.FS { return sub("console/dist") }

// Widget is the built visitor widget.
func Widget() fs.FS { return sub("widget/dist") }

func sub(dir string) fs.FS {
	f, err := fs.Sub(files, dir)
	if err != nil {
		panic(err) // the name is a constant of this file
	}
	return f
}
