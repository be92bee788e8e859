package fakeapi

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"
)

// A cursor is the encrypted position of an activity: it looks random, can't be
// made by a client, and stays valid when the feed grows, when a key is rotated and
// when the server is started again with the same feed. The same position always
// has the same cursor. There is a plus sign in each, so that a client that does
// not percent-encode its values fails on the first.

// The secret keeps clients from making cursors; it protects nothing.
var cursorSecret = sha256.Sum256([]byte("fakeapi cursors"))

const cursorSeparator = "+"

var cursorCipher = func() cipher.AEAD {
	block, err := aes.NewCipher(cursorSecret[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return aead
}()

func encodeCursor(p position) string {
	plain := binary.BigEndian.AppendUint64(nil, uint64(p.createdAt.Unix()))
	plain = binary.BigEndian.AppendUint32(plain, uint32(p.createdAt.Nanosecond()))
	plain = binary.BigEndian.AppendUint64(plain, uint64(p.number))
	plain = append(plain, p.id...)
	digest := hmac.New(sha256.New, cursorSecret[:])
	digest.Write(plain)
	nonce := digest.Sum(nil)[:cursorCipher.NonceSize()]
	sealed := cursorCipher.Seal(nil, nonce, plain, nil)
	return base64.RawURLEncoding.EncodeToString(nonce) + cursorSeparator + base64.RawURLEncoding.EncodeToString(sealed)
}

var errCursor = errors.New("not a cursor")

func decodeCursor(cursor string) (position, error) {
	first, second, _ := strings.Cut(cursor, cursorSeparator)
	nonce, err := base64.RawURLEncoding.DecodeString(first)
	if err != nil || len(nonce) != cursorCipher.NonceSize() {
		return position{}, errCursor
	}
	sealed, err := base64.RawURLEncoding.DecodeString(second)
	if err != nil {
		return position{}, errCursor
	}
	plain, err := cursorCipher.Open(nil, nonce, sealed, nil)
	if err != nil {
		return position{}, errCursor
	}
	seconds := int64(binary.BigEndian.Uint64(plain))
	nanoseconds := int64(binary.BigEndian.Uint32(plain[8:]))
	return position{
		createdAt: time.Unix(seconds, nanoseconds),
		number:    int(binary.BigEndian.Uint64(plain[12:])),
		id:        string(plain[20:]),
	}, nil
}
