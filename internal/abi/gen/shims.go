package main

import (
	"strings"

	"github.com/evercreds/evercreds/internal/abi"
)

// shim is one export being written for one of the two libraries.
type shim struct {
	f      abi.Func
	params []string // of the export
	checks []string // conditions that must hold
	before []string // statements ahead of the checks
	args   []string // for the method of abi.Library
	out    string   // where the decision goes; "": there is none
}

func (s *shim) param(name, kind, arg string) {
	s.params = append(s.params, name+" "+kind)
	s.args = append(s.args, arg)
}

func result(f abi.Func, instant string) string {
	if f.Result == abi.Instant {
		return instant
	}
	return "int32"
}

// body writes the checks and the call.
func (s *shim) body(p *page) {
	for _, b := range s.before {
		p.line("\t%s", b)
	}
	if len(s.checks) > 0 {
		p.line("\tif %s {\n\t\treturn abi.ErrArgument\n\t}", strings.Join(s.checks, " || "))
	}
	if s.out != "" {
		p.line("\tvar d core.Decision")
		s.args = append(s.args, "&d")
	}
}

func (s *shim) call() string {
	return "library." + camel(s.f.Name) + "(" + strings.Join(s.args, ", ") + ")"
}

// fill writes the function that copies a decision into slots of a type. One
// assignment each is far smaller and faster than a table of functions.
func fill(p *page, kind string) {
	p.line("\n// fill copies a decision into its slots.")
	p.line("func fill(slots *[abi.SlotCount]%s, d *core.Decision) {", kind)
	for i, s := range abi.Slots {
		p.line("\tslots[%d] = %s(d.%s) // %s", i, kind, s.Field, s.Name)
	}
	p.line("}")
}

// cabiShims is cabi/exports_generated.go.
func cabiShims() string {
	p := &page{}
	p.line("// %s\n\npackage main\n", notice)
	p.line("import \"C\"\n")
	p.line("import (\n\t\"unsafe\"\n\n\t\"github.com/evercreds/evercreds/internal/abi\"\n\t\"github.com/evercreds/evercreds/core\"\n)")
	for _, f := range abi.Functions {
		s := cabiShim(f)
		p.line("\n//export evercreds_%s", f.Name)
		p.line("func evercreds_%s(%s) %s {", f.Name, strings.Join(s.params, ", "), result(f, "int64"))
		s.body(p)
		if s.out != "" {
			p.line("\treturn write(%s, &d, %s)\n}", s.out, s.call())
			continue
		}
		p.line("\treturn %s\n}", s.call())
	}
	fill(p, "int64")
	return p.String()
}

func cabiShim(f abi.Func) *shim {
	s := &shim{f: f}
	for _, q := range f.Params {
		name := lowerCamel(q.Name)
		switch q.Type {
		case abi.I32:
			s.param(name, "int32", name)
		case abi.F64:
			s.param(name, "float64", name)
		case abi.Instant:
			s.param(name, "int64", name)
		case abi.Hash:
			s.param(name, "uint64", name)
		case abi.Bytes:
			s.param(name, "unsafe.Pointer", "view")
			s.params = append(s.params, "length int32")
			s.before = append(s.before, "view, ok := bytesAt("+name+", length, length)")
			s.checks = append(s.checks, "!ok")
		case abi.Buffer:
			s.param(name, "unsafe.Pointer", "view")
			s.params = append(s.params, "length int32", "capacity int32")
			s.args = append(s.args, "length")
			s.before = append(s.before, "view, ok := bytesAt("+name+", length, capacity)")
			s.checks = append(s.checks, "!ok")
		case abi.Out:
			s.params, s.out = append(s.params, name+" unsafe.Pointer"), name
			s.checks = append(s.checks, name+" == nil")
		}
	}
	return s
}

// wasmShims is wasm/exports_generated.go.
func wasmShims() string {
	p := &page{}
	p.line("// %s\n\n//go:build wasip1\n\npackage main\n", notice)
	p.line("import (\n\t\"github.com/evercreds/evercreds/internal/abi\"\n\t\"github.com/evercreds/evercreds/core\"\n)")
	for _, f := range abi.HostFunctions {
		var params []string
		for _, q := range f.Params {
			params = append(params, lowerCamel(q.Name)+" "+wasmScalar(q.Type))
		}
		p.line("\n//go:wasmimport %s %s", abi.HostModule, f.Name)
		p.line("func %s(%s)", lowerCamel(f.Name), strings.Join(params, ", "))
	}
	for _, f := range abi.Functions {
		s := wasmShim(f)
		p.line("\n//go:wasmexport evercreds_%s", f.Name)
		p.line("func export%s(%s) %s {", camel(f.Name), strings.Join(s.params, ", "), result(f, "float64"))
		if f.Name == abi.Wiped {
			p.line("\tdefer clear(buffer[:])")
		}
		s.body(p)
		switch {
		case s.out != "":
			p.line("\treturn write(&d, %s)\n}", s.call())
		case f.Result == abi.Instant:
			p.line("\treturn float64(%s)\n}", s.call())
		default:
			p.line("\treturn %s\n}", s.call())
		}
	}
	fill(p, "float64")
	return p.String()
}

func wasmScalar(t abi.Type) string {
	if t == abi.I32 {
		return "int32"
	}
	return "float64"
}

func wasmShim(f abi.Func) *shim {
	s := &shim{f: f}
	var instants []string
	for _, q := range f.Params {
		name := lowerCamel(q.Name)
		switch q.Type {
		case abi.I32, abi.F64:
			s.param(name, wasmScalar(q.Type), name)
		case abi.Instant:
			s.param(name, "float64", "int64("+name+")")
			instants = append(instants, name)
		case abi.Hash:
			s.params = append(s.params, name+"Low int32", name+"High int32")
			s.args = append(s.args, "hash("+name+"Low, "+name+"High)")
		case abi.Bytes:
			s.param("length", "int32", "buffer[:length]")
			s.checks = append(s.checks, "!fits(length)")
		case abi.Buffer:
			s.param("length", "int32", "buffer[:]")
			s.args = append(s.args, "length")
			s.checks = append(s.checks, "!fits(length)")
		case abi.Out:
			s.out = name
		}
	}
	if len(instants) > 0 {
		s.checks = append(s.checks, "!whole("+strings.Join(instants, ", ")+")")
	}
	return s
}
