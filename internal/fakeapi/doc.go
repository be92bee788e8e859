// Package fakeapi is a fake of Anthropic's Compliance API Activity Feed, for
// tests and for a demo without a key and without a network.
//
// It answers GET {prefix}/v1/compliance/activities as the API's public
// documentation and published captures of it say: keys, filters, cursors, order, errors
// and rate limit. It is strict where a real server may be lenient: a query parameter
// that is empty or repeated without brackets, or a date without a time, is answered with
// 400, so that a mistake in a client fails a test.
//
// What a server should not do, but a client must survive, is injected with
// [API.Inject].
//
// It shares no type and no code with any client, keeps nothing on disk, and knows none of
// the API's other endpoints.
package fakeapi
