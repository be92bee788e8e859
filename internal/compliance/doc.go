// Package compliance is a client for one endpoint, the Activity Feed of
// Anthropic's Compliance API: GET /v1/compliance/activities.
//
// It exists to read the feed completely or to say why it could not. [Client.Pages]
// follows the cursors of a [Query] to the end; anything that would leave the
// result short (a page that says there is more but not where, a cursor that does
// not move, an activity without an id, a body that broke off) ends the walk with
// an error and is never taken for the end of the feed.
//
// The package knows nothing of Terraform. It decides no policy either: what a
// query may ask for and how many activities are too many is up to its callers.
//
// Facts about the server come from the API's public documentation of the
// Activity Feed, its errors and its rate limits.
package compliance
