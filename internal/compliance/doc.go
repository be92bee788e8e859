// Package compliance is a client for one endpoint, the Activity Feed of Anthropic's
// Compliance API: GET /v1/compliance/activities.
//
// Its whole surface is one request: [Client.Page] gets one page, with retries, at the pace
// that the server allows, or says why it could not. What a page of the feed is, package
// activity knows; which pages make a read, and when it is complete, package feed.
//
// The package knows nothing of Terraform. It decides no policy either: what to ask for is
// up to its callers.
//
// Facts about the server come from the API's public documentation of the Activity Feed,
// its errors and its rate limits.
package compliance
