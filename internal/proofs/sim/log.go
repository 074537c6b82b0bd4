package sim

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/evercreds/evercreds/core"
)

// log keeps the last events, unformatted: a history has millions of them.
type log struct {
	entries []entry // as many as are kept
	count   int
}

type entry struct {
	what string
	arg  int64
	now  core.Now
	d    core.Decision
}

func (l *log) add(what string, arg int64, now core.Now, d core.Decision) {
	l.entries[l.count%len(l.entries)] = entry{what, arg, now, d}
	l.count++
}

func (l *log) String() string {
	var b strings.Builder
	for i := max(0, l.count-len(l.entries)); i < l.count; i++ {
		e := l.entries[i%len(l.entries)]
		fmt.Fprintf(&b, "%5d wall=%d elapsed=%d %s %d:%s\n", i, e.now.Wall, e.now.Elapsed, e.what, e.arg, show(e.d))
	}
	return b.String()
}

// show writes what a decision says, without what says nothing.
func show(d core.Decision) string {
	var b strings.Builder
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		if n := v.Field(i).Int(); n != 0 && n != core.Never {
			fmt.Fprintf(&b, " %s=%d", v.Type().Field(i).Name, n)
		}
	}
	return b.String()
}

// fail records the first broken promise; the history ends with it. Promise 0
// is one that the text of the specification makes outside its numbered list.
func (r *Room) fail(invariant int, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = fmt.Errorf("invariant %d: %s\nsetup: %+v\n%s", invariant, fmt.Sprintf(format, args...), r.setup, r.log.String())
}
