package group

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unsafe"

	"github.com/evercreds/evercreds/core"
)

// place is where a field of a session is that other packages cannot name.
type place struct{ at, size uintptr }

// placeOf finds a field by its path from the session, with the indices of arrays.
func placeOf(path string) place {
	in, at := reflect.TypeFor[core.Session](), uintptr(0)
	for _, name := range strings.Split(path, ".") {
		if i, err := strconv.Atoi(name); err == nil {
			in = in.Elem()
			at += uintptr(i) * in.Size()
			continue
		}
		field, ok := in.FieldByName(name)
		if !ok || len(field.Index) != 1 {
			panic(fmt.Sprintf("a session has no field %s", path))
		}
		in, at = field.Type, at+field.Offset
	}
	return place{at, in.Size()}
}

func placesOf(paths ...string) (all []place) {
	for _, path := range paths {
		all = append(all, placeOf(path))
	}
	return all
}

func (p place) bytes(s *core.Session) []byte {
	return bytesOf(unsafe.Add(unsafe.Pointer(s), p.at), p.size)
}

// word is a field of 64 bits.
func (p place) word(s *core.Session) *int64 {
	if p.size != 8 {
		panic("no field of 64 bits")
	}
	return (*int64)(unsafe.Add(unsafe.Pointer(s), p.at))
}

// bytesOf is a value as it lies in memory.
func bytesOf(p unsafe.Pointer, size uintptr) []byte { return unsafe.Slice((*byte)(p), size) }

// span is a part of a value without padding, which may differ between equal values.
type span struct{ from, to uintptr }

// spansOf are all parts of a type that has neither pointers nor floats.
func spansOf(t reflect.Type, at uintptr, all []span) []span {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			all = spansOf(t.Field(i).Type, at+t.Field(i).Offset, all)
		}
	case reflect.Array:
		for i := range t.Len() {
			all = spansOf(t.Elem(), at+uintptr(i)*t.Elem().Size(), all)
		}
	case reflect.Bool, reflect.Int, reflect.Uint32, reflect.Int32, reflect.Int64, reflect.Uint64:
		if n := len(all); n > 0 && all[n-1].to == at {
			all[n-1].to += t.Size()
			break
		}
		all = append(all, span{at, at + t.Size()})
	default:
		panic(fmt.Sprintf("a %s in a room", t))
	}
	return all
}

var (
	memberSpans = spansOf(reflect.TypeFor[member](), 0, nil)
	zombieSpans = spansOf(reflect.TypeFor[zombie](), 0, nil)
	storeSpans  = spansOf(reflect.TypeFor[store](), 0, nil)
)

// add appends a value to a buffer.
func add(to []byte, value unsafe.Pointer, spans []span) []byte {
	for _, s := range spans {
		to = append(to, bytesOf(unsafe.Add(value, s.from), s.to-s.from)...)
	}
	return to
}
