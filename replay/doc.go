// Package replay plays real conversations against a running Otklik as real people would: every visitor from his own source
// address, every operator signed in and bound by his limit, each turn sent only when the other side has seen the one before.
// Afterwards it compares what both sides saw, what the log says and what the downloaded files hold with the source.
//
// It speaks to the server only through the published API and shares no code with it: a rendering or an order that both got
// wrong in the same way would otherwise look right.
package replay
