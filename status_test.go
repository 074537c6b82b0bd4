package evercreds

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/evercreds/evercreds/core"
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
		name := camel(f.Name)
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
			of := want[f.Unit]
			if f.Field == core.StatusShare {
				of = reflect.TypeFor[ShareState]()
			}
			if field, ok := status.FieldByName(name); !ok || field.Type != of {
				t.Errorf("%s: Status has no field %s of type %s", f.Name, name, want[f.Unit])
			}
		}
		known[name] = true
	}
	of := map[words.Unit]reflect.Type{words.Plain: reflect.TypeFor[string](), words.Instant: reflect.TypeFor[time.Time](), words.Name: reflect.TypeFor[Cause]()}
	event := reflect.TypeFor[Event]()
	for _, f := range words.Facts {
		if field, ok := event.FieldByName(camel(f.Name)); !ok || f.Unit != words.Name && field.Type != of[f.Unit] {
			t.Errorf("%s: Event has no field %s", f.Name, camel(f.Name))
		}
		name := camel(f.InStatus())
		known[name] = true
		if inError, ofError := strings.CutPrefix(name, "LastError"); ofError {
			name, known["LastError"] = "LastError", true
			if _, ok := reflect.TypeFor[Error]().FieldByName(inError); !ok {
				t.Errorf("%s: Error has no field %s", f.Name, inError)
			}
			continue
		}
		if inError, ofError := strings.CutPrefix(name, "LastAWSError"); ofError {
			if _, ok := reflect.TypeFor[Error]().FieldByName("AWSError" + inError); !ok {
				t.Errorf("%s: Error has no field %s", f.Name, inError)
			}
			continue
		}
		if field, ok := status.FieldByName(name); !ok || field.Type != of[f.Unit] {
			t.Errorf("%s: Status has no field %s of type %v", f.Name, name, of[f.Unit])
		}
	}
	for i := range status.NumField() {
		if name := status.Field(i).Name; !known[name] {
			t.Errorf("the table has no field for %s", name)
		}
	}
}

// camel is a name of the table in Go.
func camel(snake string) (name string) {
	for _, word := range strings.Split(snake, "_") {
		if word == "aws" {
			word = "AWS"
		}
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}
