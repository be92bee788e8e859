// Package feed reads the Activity Feed completely, or says why it could not.
//
// [Reader.Pages] follows the cursors of a [Query] to the end; anything that would leave the
// result short (a page that says there is more but not where, a cursor that does not move,
// a window that has not begun) ends the read with an error and is never taken for the end
// of the feed. Where a window can be divided, it is read from several places at once, and
// what that relies on is checked on every page. One request, with its retries and its pace,
// is what package compliance does; what is on a page, package activity says.
//
// The package knows nothing of Terraform or of HTTP. It decides no policy either: what a
// query may ask for and how many activities are too many is up to its callers.
package feed
