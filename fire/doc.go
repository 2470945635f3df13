// Package fire holds tests only: the product's promises with real processes that are killed, stopped, cut off and
// restarted while people write. `go test ./fire/...` runs the short form, `make fire` the whole one.
package fire
