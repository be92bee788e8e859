package fakeapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// EditPage sends what edit makes of the JSON text of a page. Errors of the API
// are sent as they are.
func EditPage(edit func(page []byte) []byte) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		body := recordAnswer(w, r, next)
		if body.status == http.StatusOK {
			body.bytes = edit(body.bytes)
		}
		send(w, r, body.status, body.bytes)
	}
}

func editMembers(edit func(r *http.Request, m members) members) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		EditPage(func(page []byte) []byte { return edit(r, mustSplit(page)).join() })(w, r, next)
	}
}

// EditQuery has the API answer another query than the client's, as a server does that takes
// a parameter for something else. [CoarseBounds], [InclusiveUntil] and [IgnoreParameter]
// are made of it.
func EditQuery(edit func(url.Values)) Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		query := r.URL.Query()
		edit(query)
		r = r.Clone(r.Context())
		r.URL.RawQuery = query.Encode()
		next.ServeHTTP(w, r)
	}
}

// CoarseBounds rounds all time bounds down to a multiple of d, such as an hour or a day.
func CoarseBounds(d time.Duration) Fault {
	return EditQuery(func(query url.Values) {
		for name, values := range query {
			if t, err := parseTime(values[0]); err == nil && strings.HasPrefix(name, "created_at.") {
				values[0] = t.Truncate(d).UTC().Format(time.RFC3339)
			}
		}
	})
}

// InclusiveUntil takes created_at.lt for created_at.lte.
func InclusiveUntil() Fault {
	return EditQuery(func(query url.Values) {
		if query.Has("created_at.lt") && !query.Has("created_at.lte") {
			query.Set("created_at.lte", query.Get("created_at.lt"))
			query.Del("created_at.lt")
		}
	})
}

// IgnoreParameter has the server overlook a parameter, such as created_at.lt.
func IgnoreParameter(name string) Fault {
	return EditQuery(func(query url.Values) { query.Del(name) })
}

// CoarseTimes shows each created_at cut to a multiple of d, such as a minute. Order and
// time bounds are those of the real ones.
func CoarseTimes(d time.Duration) Fault {
	return editRecords(func(_ int, record []byte) []byte {
		m := mustSplit(record)
		t, err := parseTime(stringOf(m.get("created_at")))
		if err != nil {
			return record
		}
		return m.set("created_at", appendString(nil, formatTime(t.Truncate(d)))).join()
	})
}

// SetMember replaces the value of a page's member, such as has_more, by any text, JSON or not.
func SetMember(name, value string) Fault {
	return editMembers(func(_ *http.Request, m members) members { return m.set(name, []byte(value)) })
}

// DropMember leaves a member out of a page: data, has_more, first_id or last_id.
func DropMember(name string) Fault {
	return editMembers(func(_ *http.Request, m members) members { return m.drop(name) })
}

// MoreWithoutCursor says that there is more, and not where.
func MoreWithoutCursor() Fault {
	return editMembers(func(_ *http.Request, m members) members {
		return m.set("has_more", []byte("true")).set("first_id", []byte("null")).set("last_id", []byte("null"))
	})
}

// RepeatCursor says that there is more, at the cursor that the client has just passed. It
// changes no page that was asked for without one.
func RepeatCursor() Fault {
	return editMembers(func(r *http.Request, m members) members {
		cursor := r.URL.Query().Get("after_id") + r.URL.Query().Get("before_id")
		if cursor == "" {
			return m
		}
		return pointTo(m, cursor)
	})
}

// CycleCursors makes a read go round: page n, at least 2, says that there is more, at
// the cursor that the first page ended with. Inject it for all pages of one read.
func CycleCursors(n int) Fault {
	var mu sync.Mutex
	var first string
	var pages int
	return editMembers(func(r *http.Request, m members) members {
		mu.Lock()
		defer mu.Unlock()
		pages++
		if pages == 1 {
			first = stringOf(m.get(nextMember(r)))
		}
		if pages > 1 && (pages-1)%(n-1) == 0 {
			return pointTo(m, first)
		}
		return m
	})
}

func pointTo(m members, cursor string) members {
	quoted := []byte(strconv.Quote(cursor))
	return m.set("has_more", []byte("true")).set("first_id", quoted).set("last_id", quoted)
}

// RepeatActivity has each page begin with the activity that the page before ended with,
// where they touch: the first of a page asked for with after_id, the last with
// before_id. Inject it for all pages.
func RepeatActivity() Fault {
	var mu sync.Mutex
	ends := make(map[string][]byte) // by cursor
	return editMembers(func(r *http.Request, m members) members {
		mu.Lock()
		defer mu.Unlock()
		records := splitArray(m.get("data"))
		if len(records) > 0 {
			ends[stringOf(m.get("first_id"))] = records[0]
			ends[stringOf(m.get("last_id"))] = records[len(records)-1]
		}
		query := r.URL.Query()
		if end, ok := ends[query.Get("after_id")]; ok {
			records = append([][]byte{end}, records...)
		}
		if end, ok := ends[query.Get("before_id")]; ok {
			records = append(records, end)
		}
		return m.set("data", joinArray(records))
	})
}

// SetRecord replaces the activity with the given index, from 0, of a page by any text, JSON or
// not. A shorter page is sent as it is; so it is by [SetField], [DropField] and [DeepJSON].
func SetRecord(index int, record string) Fault {
	return editRecord(index, func([]byte) []byte { return []byte(record) })
}

// SetField replaces the value of an activity's field by any text, JSON or not, or adds it.
func SetField(index int, name, value string) Fault {
	return editRecord(index, func(record []byte) []byte { return mustSplit(record).set(name, []byte(value)).join() })
}

// DropField leaves a field out of an activity: id, created_at or any other.
func DropField(index int, name string) Fault {
	return editRecord(index, func(record []byte) []byte { return mustSplit(record).drop(name).join() })
}

// DeepJSON gives an activity a field "deep" of arrays nested depth times.
func DeepJSON(index, depth int) Fault {
	return SetField(index, "deep", strings.Repeat("[", depth)+strings.Repeat("]", depth))
}

func editRecord(index int, edit func(record []byte) []byte) Fault {
	return editRecords(func(i int, record []byte) []byte {
		if i != index {
			return record
		}
		return edit(record)
	})
}

func editRecords(edit func(i int, record []byte) []byte) Fault {
	return editMembers(func(_ *http.Request, m members) members {
		records := splitArray(m.get("data"))
		for i, record := range records {
			records[i] = edit(i, record)
		}
		return m.set("data", joinArray(records))
	})
}

// nextMember names the cursor that a walk goes on with.
func nextMember(r *http.Request) string {
	if r.URL.Query().Has("before_id") {
		return "first_id"
	}
	return "last_id"
}

func splitArray(array []byte) [][]byte {
	var values []json.RawMessage
	if err := json.Unmarshal(array, &values); err != nil {
		panic(err)
	}
	texts := make([][]byte, len(values))
	for i, value := range values {
		texts[i] = value
	}
	return texts
}

func joinArray(values [][]byte) []byte {
	array := append([]byte{'['}, bytes.Join(values, []byte{','})...)
	return append(array, ']')
}
