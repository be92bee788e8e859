// Package compliance is a client for one endpoint, the Activity Feed of Anthropic's
// Compliance API: GET /v1/compliance/activities.
//
// It makes one kind of request: [Client.Page] gets one page, with retries, at the pace that
// the server allows, or says why it could not. Package activity knows what a page is;
// package feed knows which pages make up a read, and when it is complete.
//
// The package knows nothing of Terraform, and its callers decide what to ask for. It
// follows no redirect, stores nothing, and writes the API key nowhere but into the header.
package compliance
