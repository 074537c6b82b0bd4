package leaks_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/evercreds/evercreds/internal/leaks"
)

const secret = "q7ZkSentinelValue0123456789abcdef"

var finder = leaks.Find(leaks.Secrets{"key": secret, "code": "918273"})

func TestPiecesAreFoundInEveryForm(t *testing.T) {
	noise := bytes.Repeat([]byte{0, 'q', '7', 0xff}, 500)
	if told := finder.In(noise); len(told) != 0 {
		t.Errorf("found in noise: %v", told)
	}
	for name, encode := range map[string]func(string) string{
		"as it is":       func(s string) string { return s },
		"in UTF-16":      func(s string) string { return strings.Join(strings.Split(s, ""), "\x00") + "\x00" },
		"in hexadecimal": func(s string) string { return hex.EncodeToString([]byte(s)) },
		"in numbers":     func(s string) string { return fmt.Sprint([]byte(s)) },
		"in Base64":      func(s string) string { return base64.StdEncoding.EncodeToString([]byte(`{"x":"` + s + `"}`)) },
	} {
		for of, whole := range map[string]string{"key": secret[5:24], "code": "918273"} {
			if of == "code" && name == "in Base64" {
				continue // six digits are four characters there, and such are found by chance
			}
			memory := slices.Concat(noise, []byte(encode(whole)), noise)
			if told := finder.In(memory); !slices.Contains(told, of+", "+name) {
				t.Errorf("%s %s: found %v", of, name, told)
			}
		}
		if told := finder.In([]byte(encode(secret[:6] + "......" + secret[10:16]))); len(told) != 0 {
			t.Errorf("too little %s: found %v", name, told)
		}
	}
}

func TestPartOfALongNumberIsNotACode(t *testing.T) {
	for text, want := range map[string]int{
		"at 70.918273951": 0, "at 0.77918273": 0, "the code 918273.": 1, "918273": 1, "x918273y and 1918273": 1,
	} {
		if told := finder.In([]byte(text)); len(told) != want {
			t.Errorf("%q: found %v", text, told)
		}
	}
}

type deep struct {
	next   *deep
	any    any
	list   [2][]map[string]any
	keys   map[[33]byte]int
	atomic atomic.Pointer[deep]
}

func TestWalkReachesEverything(t *testing.T) {
	sum := [33]byte([]byte(secret))
	held := &deep{any: []byte(secret)}
	loop := &deep{}
	loop.next = loop
	through := &deep{next: loop}
	through.atomic.Store(&deep{next: held})
	for _, c := range []struct {
		value any
		want  string
	}{
		{deep{next: &deep{next: held}}, ".next.next.any: key, as it is"},
		{&deep{list: [2][]map[string]any{1: {nil, {"x": &held.any}}}}, ".list[][][]: key, as it is"},
		{map[string]any{secret: 1}, "[key]: key, as it is"},
		{deep{keys: map[[33]byte]int{sum: 1}}, ".keys[key]: key, as it is"},
		{through, ".atomic.next.any: key, as it is"},
		{fmt.Errorf("x: %w", errors.New(secret)), ".msg: key, as it is"},
		{loop, ""},
		{struct{ a, b any }{1.5, "nothing"}, ""},
	} {
		got := finder.Reached(c.value)
		if c.want == "" && len(got) != 0 || c.want != "" && !slices.Contains(got, c.want) {
			t.Errorf("%T: got %q, want %q", c.value, got, c.want)
		}
	}
	if got := finder.Reached(&deep{next: held, any: secret}, ".any", ".next.any"); len(got) != 0 {
		t.Errorf("skipped, and found: %q", got)
	}
}

// frank shows more in one way than in all others.
type frank struct{ way string }

func (f frank) reply(way string) string {
	if f.way == way {
		return secret
	}
	return "hidden"
}
func (f frank) Error() string                { return f.reply("text") }
func (f frank) GoString() string             { return f.reply("go") }
func (f frank) MarshalText() ([]byte, error) { return []byte(f.reply("json")), nil }

func TestShownShowsEveryWay(t *testing.T) {
	for _, way := range []string{"text", "go", "json"} {
		for name, value := range map[string]error{
			"itself": frank{way}, "wrapped": fmt.Errorf("%.0w", frank{way}), "joined": errors.Join(errors.New("x"), frank{way}),
		} {
			if told := finder.In([]byte(leaks.Shown(value))); len(told) == 0 {
				t.Errorf("%s, %s: nothing was found", way, name)
			}
		}
	}
	if told := finder.In([]byte(leaks.Shown(frank{"never"}))); len(told) != 0 {
		t.Errorf("found %v", told)
	}
}
