package feed

import "fmt"

// ReadError is what [Reader.Pages] ends with when it could not read everything. Err is one
// of the error types of package compliance.
type ReadError struct {
	Page       int // the page that could not be read, from 1
	Activities int // how many were read before it
	Attempts   int // requests sent for that page
	Err        error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("page %d, after %d activities and %d attempts: %v", e.Page, e.Activities, e.Attempts, e.Err)
}

func (e *ReadError) Unwrap() error { return e.Err }
