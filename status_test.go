package evercreds

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/internal/abi/words"
)

// Status has the fields of the table that all languages share, under the same names and
// in their units, and no others.
func TestStatusHasTheNamesOfTheTable(t *testing.T) {
	status := reflect.TypeFor[Status]()
	known := map[string]bool{}
	want := map[words.Unit]reflect.Type{
		words.Span: reflect.TypeFor[time.Duration](), words.Truth: reflect.TypeFor[bool](),
		words.Count: reflect.TypeFor[int64](), words.Name: reflect.TypeFor[Phase](),
	}
	for _, f := range words.Fields {
		name := ""
		for _, word := range strings.Split(f.Name, "_") {
			name += strings.ToUpper(word[:1]) + word[1:]
		}
		inError, ofError := strings.CutPrefix(name, "LastError")
		switch {
		case f.Unit == words.Hidden:
			continue
		case ofError: // Go has them as one error
			name = "LastError"
			if _, ok := reflect.TypeFor[Error]().FieldByName(inError); !ok {
				t.Errorf("%s: Error has no field %s", f.Name, inError)
			}
		default:
			if field, ok := status.FieldByName(name); !ok || field.Type != want[f.Unit] {
				t.Errorf("%s: Status has no field %s of type %s", f.Name, name, want[f.Unit])
			}
		}
		known[name] = true
	}
	for i := range status.NumField() {
		if name := status.Field(i).Name; !known[name] {
			t.Errorf("the table has no field for %s", name)
		}
	}
}
