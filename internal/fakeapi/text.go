package fakeapi

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// A text is an activity that was added as JSON text.
type text struct {
	place     position
	createdAt time.Time
	about     traits
	json      string
}

func (t text) compare(u text) int { return t.place.compare(u.place) }

// texts are a [source]; they are in ascending order.
type texts []text

func (t texts) count() int                          { return len(t) }
func (t texts) position(i int) position             { return t[i].place }
func (t texts) traits(i int) traits                 { return t[i].about }
func (t texts) appendJSON(dst []byte, i int) []byte { return append(dst, t[i].json...) }

// lateTexts are ordered by another time than the created_at of each; see [Feed.AddLate].
type lateTexts struct{ texts }

func parseText(activity string) (text, error) {
	// A map, since the fields of a struct would also match names of another case.
	var fields, actor map[string]json.RawMessage
	if err := json.Unmarshal([]byte(activity), &fields); err != nil {
		return text{}, fmt.Errorf("fakeapi: the activity %.200s is not a JSON object: %w", activity, err)
	}
	_ = json.Unmarshal(fields["actor"], &actor) // an actor may be anything
	t := text{
		place: position{id: stringOf(fields["id"])},
		about: traits{
			activityType:     stringOf(fields["type"]),
			organizationID:   stringOf(fields["organization_id"]),
			organizationUUID: stringOf(fields["organization_uuid"]),
			userID:           stringOf(actor["user_id"]),
		},
		json: activity,
	}
	if t.place.id == "" || t.about.activityType == "" {
		return text{}, fmt.Errorf("fakeapi: the activity %.200s lacks a string id or type", activity)
	}
	var err error
	if t.createdAt, err = parseTime(stringOf(fields["created_at"])); err != nil {
		return text{}, fmt.Errorf("fakeapi: created_at of the activity %.200s: %w", activity, err)
	}
	t.place.createdAt = t.createdAt
	return t, nil
}

// Load adds the activities that r holds as JSON lines, each as [Feed.Add] takes
// it; empty lines are skipped. Where created_at is a negative duration in Go's units,
// such as "-3h", it is replaced by the time that long before now, in RFC 3339
// and UTC; any other is RFC 3339 and stays as it is. On an error nothing is added.
func (f *Feed) Load(r io.Reader, now time.Time) error {
	var activities texts
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for number := 1; lines.Scan(); number++ {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		activity, err := absoluteTime(lines.Bytes(), now)
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		t, err := parseText(string(activity))
		if err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
		activities = append(activities, t)
	}
	if err := lines.Err(); err != nil {
		return err
	}
	f.add(&f.added, activities)
	return nil
}

func absoluteTime(activity []byte, now time.Time) ([]byte, error) {
	m, err := splitObject(activity)
	if err != nil {
		return nil, err
	}
	createdAt := stringOf(m.get("created_at"))
	if !strings.HasPrefix(createdAt, "-") {
		return activity, nil
	}
	ago, err := time.ParseDuration(createdAt)
	if err != nil {
		return nil, err
	}
	return m.set("created_at", now.Add(ago).UTC().AppendFormat(nil, `"`+time.RFC3339+`"`)).join(), nil
}
