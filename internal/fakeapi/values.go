package fakeapi

import (
	"slices"
	"strconv"
	"strings"
)

// A value appends a plausible JSON value.
type value func(dst []byte, r *random) []byte

// valueOf chooses by a field's name what its values look like.
func valueOf(name string) value {
	if v, ok := namedValues[name]; ok {
		return v
	}
	has := func(suffixes ...string) bool {
		return slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) })
	}
	switch {
	case has("_id"):
		return idOf(strings.TrimSuffix(name, "_id"))
	case has("_ids"):
		return list(idOf(strings.TrimSuffix(name, "_ids")))
	case has("_uuid"):
		return func(dst []byte, r *random) []byte { return append(r.appendUUID(append(dst, '"')), '"') }
	case has("_usd", "amount"):
		return anyOf("0", "1.0", "25", "99.95", "250.50", "1e3")
	case has("_count", "_quantity", "_seats", "_ms", "port"):
		return integer
	case has("_date", "_at"):
		return anyOf(`"2026-01-01T00:00:00Z"`, `"2026-06-30T23:59:59.999999Z"`)
	case strings.HasPrefix(name, "is_"), has("enabled", "approved", "ignore", "_set", "_toggled", "_only", "_updated", "_truncated", "_unknown"):
		return anyOf("true", "false")
	case has("_email"):
		return email
	case has("name", "title"):
		return writing
	case has("_details", "_data", "_changes", "_descriptor", "policies", "mappings", "attributes"):
		return nested
	default:
		return word
	}
}

// namedValues are for fields whose name alone does not tell enough.
var namedValues = map[string]value{
	"alert_emails":   list(email),
	"audience":       list(grantee),
	"request_body":   anyOf("null"),
	"request_method": anyOf(`"GET"`),
	"scopes":         list(anyOf(`"read:compliance_activities"`, `"read:compliance_user_data"`, `"api:admin"`)),
	"status_code":    anyOf("200", "200", "200", "400", "403", "429"),
	"updates":        list(update),
	"url":            anyOf(`"https://api.anthropic.com/v1/compliance/activities?limit=100"`, `"https://api.anthropic.com/v1/compliance/activities?order=asc&limit=5000"`),
	"value":          anyOf("50", "4000", "12345678901234567890", "1.50"),
}

// anyOf makes one of the values given, each JSON text.
func anyOf(values ...string) value {
	return func(dst []byte, r *random) []byte { return append(dst, values[r.below(len(values))]...) }
}

func idOf(prefix string) value {
	return func(dst []byte, r *random) []byte {
		dst = append(append(append(dst, '"'), prefix...), "_01"...)
		return append(r.appendLetters(dst, 22), '"')
	}
}

// list makes arrays of up to three values.
func list(item value) value {
	return func(dst []byte, r *random) []byte {
		dst = append(dst, '[')
		for i := range r.below(4) {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item(dst, r)
		}
		return append(dst, ']')
	}
}

func integer(dst []byte, r *random) []byte { return strconv.AppendInt(dst, int64(r.below(500)), 10) }

func email(dst []byte, r *random) []byte {
	dst = append(dst, `"person`...)
	dst = strconv.AppendInt(dst, int64(r.below(1000)), 10)
	return append(dst, `@example.com"`...)
}

func ipAddress(dst []byte, r *random) []byte {
	dst = append(dst, []string{`"192.0.2.`, `"198.51.100.`, `"2001:db8::`}[r.below(3)]...)
	return append(strconv.AppendInt(dst, int64(1+r.below(254)), 10), '"')
}

var (
	userAgent = anyOf(
		`"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"`,
		`"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15"`,
		`"python-httpx/0.28.1"`,
		`"curl/8.14.1"`,
	)
	word    = anyOf(`"standard"`, `"monthly"`, `"active"`, `"manual"`, `"user"`, `"team"`)
	writing = anyOf(
		`"Quarterly report"`,
		`"Übersicht – März.pdf"`,
		`"r\u00e9sum\u00e9.docx"`,
		`"提案書 第2版"`,
		`"تقرير سنوي"`,
		`"🧭 planning \ud83d\udcc8"`,
		`"say \"hello\" \\ <b>&\/ both"`,
		`"two\nlines\tand a tab"`,
		`""`,
	)
	grantee = anyOf(
		`{"type":"organization"}`,
		`{"type":"user","user_id":"user_01TuVwXyZaBcDeFgH2JkLmN4","role":"admin"}`,
		`{"type":"group","role":"viewer"}`,
		`{"type":"anyone_with_link"}`,
	)
)

func update(dst []byte, r *random) []byte {
	dst = append(dst, `{"type":"name","previous_value":`...)
	dst = writing(dst, r)
	dst = append(dst, `,"current_value":`...)
	dst = writing(dst, r)
	return append(dst, '}')
}

func nested(dst []byte, r *random) []byte {
	dst = append(dst, `{"source":`...)
	dst = word(dst, r)
	dst = append(dst, `,"title":`...)
	dst = writing(dst, r)
	dst = append(dst, `,"size":`...)
	dst = integer(dst, r)
	dst = append(dst, `,"labels":[{"key":`...)
	dst = word(dst, r)
	return append(dst, `,"value":null},[]]}`...)
}

func (r *random) appendUUID(dst []byte) []byte {
	const hexadecimal = "0123456789abcdef"
	for i := range 36 {
		switch i {
		case 8, 13, 18, 23:
			dst = append(dst, '-')
		case 14:
			dst = append(dst, '4')
		case 19:
			dst = append(dst, hexadecimal[8+r.below(4)])
		default:
			dst = append(dst, hexadecimal[r.below(16)])
		}
	}
	return dst
}
