package fakeapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// A cursor is the signed position of an activity: a client can't make one, and it stays
// valid when the feed grows, with another key, and when the server is started again with
// the same feed, whose relative times are others then. The same position always has the same cursor. There is a plus sign in
// each, so that a client that does not percent-encode its values fails on the first.

// The secret keeps clients from making cursors; it protects nothing.
var cursorSecret = sha256.Sum256([]byte("fakeapi cursors"))

const cursorSeparator = "+"

func encodeCursor(p position) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(p.at.Unix()))
	plain = binary.BigEndian.AppendUint32(plain, uint32(p.at.Nanosecond()))
	plain = binary.BigEndian.AppendUint64(plain, uint64(p.number))
	plain = append(plain, p.id...)
	return base64.RawURLEncoding.EncodeToString(signature(plain)) + cursorSeparator + base64.RawURLEncoding.EncodeToString(plain)
}

func signature(plain []byte) []byte {
	digest := hmac.New(sha256.New, cursorSecret[:])
	digest.Write(plain)
	return digest.Sum(nil)[:12]
}

var errCursor = errors.New("not a cursor")

func decodeCursor(cursor string) (position, error) {
	first, second, _ := strings.Cut(cursor, cursorSeparator)
	signed, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil {
		return position{}, errCursor
	}
	plain, err := base64.RawURLEncoding.DecodeString(second)
	if err != nil || !hmac.Equal(signed, signature(plain)) {
		return position{}, errCursor
	}
	seconds := int64(binary.BigEndian.Uint64(plain))
	nanoseconds := int64(binary.BigEndian.Uint32(plain[8:]))
	return position{
		at:     time.Unix(seconds, nanoseconds),
		number: int(binary.BigEndian.Uint64(plain[12:])),
		id:     string(plain[20:]),
	}, nil
}
