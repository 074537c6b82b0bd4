package main

import (
	"errors"
	"fmt"
)

// section numbers of the WebAssembly binary format.
const (
	sectionImport = 2
	sectionExport = 7
)

// module reads a WebAssembly binary just far enough for its imports and exports.
type module struct {
	b   []byte
	err error
}

func (m *module) byte() byte {
	if len(m.b) == 0 {
		m.err = errors.New("wasm: unexpected end")
		return 0
	}
	c := m.b[0]
	m.b = m.b[1:]
	return c
}

// number reads an unsigned LEB128.
func (m *module) number() (v uint32) {
	for shift := 0; shift < 35; shift += 7 {
		c := m.byte()
		v |= uint32(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
	m.err = errors.New("wasm: number too long")
	return 0
}

func (m *module) bytes() []byte {
	n := m.number()
	if uint64(n) > uint64(len(m.b)) {
		m.err = errors.New("wasm: unexpected end")
		return nil
	}
	b := m.b[:n]
	m.b = m.b[n:]
	return b
}

var kinds = []string{"func", "table", "memory", "global"}

// listing gives the lines of one section: "func MODULE NAME" for an import, and
// "func NAME" for an export.
func listing(binary []byte, section byte) ([]string, error) {
	if len(binary) < 8 || string(binary[:4]) != "\x00asm" {
		return nil, errors.New("wasm: not a module")
	}
	m := &module{b: binary[8:]}
	for len(m.b) > 0 && m.err == nil {
		id := m.byte()
		body := m.bytes()
		if id != section || m.err != nil {
			continue
		}
		return entries(&module{b: body}, section)
	}
	return nil, m.err
}

func entries(m *module, section byte) ([]string, error) {
	var lines []string
	for range m.number() {
		name := string(m.bytes())
		if section == sectionImport {
			name += " " + string(m.bytes())
		}
		kind := m.byte()
		if int(kind) >= len(kinds) || section == sectionImport && kind != 0 {
			return nil, fmt.Errorf("wasm: %s is of kind %d", name, kind)
		}
		m.number() // the index: of the type, or of what is exported
		lines = append(lines, kinds[kind]+" "+name)
	}
	return lines, m.err
}
