// Package feed reads the Activity Feed completely, or says why it could not.
//
// [Reader.Read] follows the cursors of a [Request] to the end, and hands what comes to a
// [Sink]. Anything that would leave the result short (a page that says there is more but not
// where, a cursor that does not move, a window that has not begun) ends the read with an
// error, and is never taken for the end of the feed. A window that can be divided is read
// from several places at once, and what that relies on is checked on every page. Package
// compliance makes the requests, with their retries and their pace; package activity knows
// what is on a page.
//
// The package knows nothing of Terraform or of HTTP. Its callers decide what a request asks
// for, and how many activities are too many. Parameters, cursors and the order are those of
// the API's public documentation of the Activity Feed.
package feed
