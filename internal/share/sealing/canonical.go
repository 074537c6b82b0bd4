package sealing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Canonical writes objects (map[string]any), lists ([]string and [][2]string), strings and
// integers in the one way in which all languages write them: names sorted by code points,
// no blanks, and no escapes but for quotes, backslashes and control characters.
func Canonical(v any) (string, error) {
	var b strings.Builder
	err := writeCanonical(&b, v)
	return b.String(), err
}

func writeCanonical(b *strings.Builder, v any) error {
	switch v := v.(type) {
	case string:
		return writeString(b, v)
	case int:
		b.WriteString(strconv.Itoa(v))
		return nil
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
		return nil
	case []string:
		return writeList(b, '[', ']', v, func(s string) error { return writeString(b, s) })
	case [][2]string:
		return writeList(b, '[', ']', v, func(p [2]string) error { return writeCanonical(b, p[:]) })
	case map[string]any:
		names := slices.Sorted(maps.Keys(v)) // bytes of UTF-8 sort as code points do
		return writeList(b, '{', '}', names, func(name string) error {
			if err := writeString(b, name); err != nil {
				return err
			}
			b.WriteByte(':')
			return writeCanonical(b, v[name])
		})
	}
	return fmt.Errorf("a value must be an object, a list, a string or an integer; got %T", v)
}

func writeList[T any](b *strings.Builder, begin, end byte, list []T, write func(T) error) error {
	b.WriteByte(begin)
	for i, v := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := write(v); err != nil {
			return err
		}
	}
	b.WriteByte(end)
	return nil
}

const short = "\b\f\n\r\t\"\\"

func writeString(b *strings.Builder, s string) error {
	if !utf8.ValidString(s) {
		return fmt.Errorf("a string must be valid Unicode; got one of %d bytes that is not", len(s))
	}
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(short, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(`bfnrt"\`[strings.IndexByte(short, c)])
		case c < ' ':
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return nil
}
