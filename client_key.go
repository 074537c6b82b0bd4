package evercreds

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"unsafe"
)

// clientKey stands for a constructor and options, and shows nothing of them: a
// salted hash, since there may be secrets among the options.
type clientKey [sha256.Size]byte

// keyOf makes the key of what was chosen: the constructor, and the options that
// are no longer as they were by default. Addresses are in it, so whoever keeps
// the key must keep constructor and options too.
func (m *clientMaker) keyOf(s *service, chosen any) clientKey {
	text := make([]byte, 0, 256)
	text = append(text, m.salt[:]...)
	text = appendNumber(text, uint64(s.id))
	was, is := reflect.ValueOf(s.defaults), reflect.ValueOf(chosen)
	if s.fields == nil {
		text = appendValue(text, is.Elem())
	}
	for i, f := range s.fields {
		if !f.same(was.UnsafePointer(), is.UnsafePointer()) {
			text = appendChange(text, i, field(was.Elem(), i), field(is.Elem(), i))
		}
	}
	key := clientKey(sha256.Sum256(text))
	clear(text)
	return key
}

// appendChange appends an option, if it is not the same spelled out.
func appendChange(text []byte, i int, was, is reflect.Value) []byte {
	before, at := appendValue(nil, was), len(text)
	text = appendNumber(text, uint64(i))
	value := len(text)
	text = appendValue(text, is)
	if bytes.Equal(before, text[value:]) {
		return text[:at]
	}
	return text
}

// appendValue appends one text for equal values, and different texts for
// different ones of a type: each part has its length or number of parts before it.
func appendValue(text []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return append(text, 1)
		}
		return append(text, 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return appendNumber(text, uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return appendNumber(text, v.Uint())
	case reflect.Float32, reflect.Float64:
		return appendNumber(text, math.Float64bits(v.Float()))
	case reflect.Complex64, reflect.Complex128:
		return appendNumber(appendNumber(text, math.Float64bits(real(v.Complex()))), math.Float64bits(imag(v.Complex())))
	case reflect.String:
		return append(appendNumber(text, uint64(v.Len())), v.String()...)
	case reflect.Slice, reflect.Array:
		text = appendNumber(text, uint64(v.Len()))
		for i := range v.Len() {
			text = appendValue(text, addressable(v.Index(i)))
		}
		return text
	case reflect.Map:
		return appendMap(text, v)
	case reflect.Struct:
		for i := range v.NumField() {
			text = appendValue(text, field(v, i))
		}
		return text
	case reflect.Interface:
		if v.IsNil() {
			return append(text, 0)
		}
		text = appendNumber(append(text, 1), typeID(v.Elem().Type()))
		if v.Elem().Kind() == reflect.Pointer { // it has methods: it is itself, whatever it points to
			return appendNumber(text, uint64(v.Elem().Pointer()))
		}
		return appendValue(text, addressable(v.Elem()))
	case reflect.Pointer:
		switch {
		case v.IsNil():
			return append(text, 0)
		case isPlain(v.Elem().Kind()):
			return appendValue(append(text, 1), v.Elem())
		}
		return appendNumber(append(text, 2), uint64(v.Pointer()))
	case reflect.Func:
		return appendNumber(text, uint64(wordAt(v)))
	default: // channels and the like
		return appendNumber(text, uint64(v.Pointer()))
	}
}

// appendMap appends the entries in the order of their texts.
func appendMap(text []byte, v reflect.Value) []byte {
	var entries [][]byte
	for each := v.MapRange(); each.Next(); {
		entry := appendValue(nil, addressable(each.Key()))
		entries = append(entries, appendValue(entry, addressable(each.Value())))
	}
	slices.SortFunc(entries, bytes.Compare)
	text = appendNumber(text, uint64(len(entries)))
	for _, entry := range entries {
		text = append(appendNumber(text, uint64(len(entry))), entry...)
	}
	return text
}

func isPlain(k reflect.Kind) bool {
	return k >= reflect.Bool && k <= reflect.Complex128 || k == reflect.String
}

func appendNumber(text []byte, n uint64) []byte { return binary.BigEndian.AppendUint64(text, n) }

// addressable gives the value, or a copy of it that has an address.
func addressable(v reflect.Value) reflect.Value {
	if v.CanAddr() {
		return v
	}
	to := reflect.New(v.Type()).Elem()
	to.Set(v)
	return to
}

// field gives a field of an addressable struct, one that is not exported too.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
}

// span is where a field of a struct is.
type span struct{ offset, size uintptr }

// same tells whether the field is equal to the bit in both structs. Most are, and
// that spares most of the work; where it is not, the values may be equal still.
func (s span) same(a, b unsafe.Pointer) bool {
	return bytes.Equal(unsafe.Slice((*byte)(unsafe.Add(a, s.offset)), s.size), unsafe.Slice((*byte)(unsafe.Add(b, s.offset)), s.size))
}

// wordAt is the address of a function's closure. reflect has only that of its
// code, which all closures of one literal share, whatever they closed over.
func wordAt(f reflect.Value) uintptr { return *(*uintptr)(f.Addr().UnsafePointer()) }

// functionID is the same for a function F.
func functionID[F any](f F) uintptr { return *(*uintptr)(unsafe.Pointer(&f)) }

// typeID is the address of a type, of which there is one for each.
func typeID(t reflect.Type) uint64 { return uint64(reflect.ValueOf(t).Pointer()) }
