package leaks

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// Reached tells where, among all that can be reached from a value, a secret has
// left a trace: through fields that are not exported, pointers, atomic ones too,
// maps, slices and interfaces. What functions have closed over, and what waits in a
// channel, cannot be seen. A path that is skipped is not looked at; they read as
// those that it tells, such as ".source".
//
// Nothing may change the value meanwhile.
func (f *Finder) Reached(value any, skip ...string) []string {
	w := walk{finder: f, skip: skip, seen: map[visit]bool{}}
	w.value("", reflect.ValueOf(value))
	slices.Sort(w.found)
	return w.found
}

type visit struct {
	of reflect.Type
	at unsafe.Pointer
}

type walk struct {
	finder *Finder
	skip   []string
	seen   map[visit]bool
	found  []string
}

func (w *walk) look(path string, b []byte) {
	for _, told := range w.finder.In(b) {
		w.found = append(w.found, path+": "+told)
	}
}

func (w *walk) value(path string, v reflect.Value) {
	if slices.Contains(w.skip, path) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		w.look(path, []byte(v.String()))
	case reflect.Interface:
		w.value(path, v.Elem())
	case reflect.Pointer:
		if at := (visit{v.Type(), v.UnsafePointer()}); !v.IsNil() && !w.seen[at] {
			w.seen[at] = true
			w.value(path, v.Elem())
		}
	case reflect.Map:
		if at := (visit{v.Type(), v.UnsafePointer()}); v.IsNil() || w.seen[at] {
			return
		} else {
			w.seen[at] = true
		}
		for each := v.MapRange(); each.Next(); {
			w.value(path+"[key]", each.Key())
			w.value(path+"[]", each.Value())
		}
	case reflect.Slice, reflect.Array:
		w.list(path, v)
	case reflect.Struct:
		w.fields(path, v)
	}
}

func (w *walk) list(path string, v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		w.look(path, b)
		return
	}
	if v.Type().Elem().Kind() <= reflect.Complex128 { // numbers
		return
	}
	for i := range v.Len() {
		w.value(path+"[]", v.Index(i))
	}
}

func (w *walk) fields(path string, v reflect.Value) {
	if to, ok := atomicPointer(v); ok {
		w.value(path, to)
		return
	}
	for i := range v.NumField() {
		w.value(fmt.Sprintf("%s.%s", path, v.Type().Field(i).Name), v.Field(i))
	}
}

// atomicPointer gives what a sync/atomic.Pointer points to: to reflect its word is
// one without a type.
func atomicPointer(v reflect.Value) (to reflect.Value, ok bool) {
	t := v.Type()
	if t.PkgPath() != "sync/atomic" || !strings.HasPrefix(t.Name(), "Pointer[") {
		return to, false
	}
	of, word := t.Field(0).Type.Elem(), v.FieldByName("v")
	return reflect.NewAt(of.Elem(), word.UnsafePointer()), true
}
