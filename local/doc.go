// Package local gives one machine what Otklik needs to run: a private
// PostgreSQL and a Temporal in one process, both children that do not outlive
// their parent. `otklik dev` and the tests use it; nothing in production does.
package local
