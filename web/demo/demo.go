// Package demo holds the pages of two made-up shops: host pages on which the visitor widget can be tried.
package demo

import (
	"bytes"
	"embed"
	"html/template"
)

//go:embed *.html
var files embed.FS

var pages = template.Must(template.ParseFS(files, "*.html"))

// Page is the page of one shop with its widget: the tea shop for the key "zavarka", a bookshop for any other.
func Page(widgetKey, projectName string) []byte {
	name := "books.html"
	if widgetKey == "zavarka" {
		name = "tea.html"
	}
	var b bytes.Buffer
	if err := pages.ExecuteTemplate(&b, name, struct{ Key, Name string }{widgetKey, projectName}); err != nil {
		panic(err) // the templates are compiled in, and a buffer takes every write
	}
	return b.Bytes()
}
