package main

import (
	"strings"

	"github.com/evercreds/evercreds/internal/abi"
)

// header is include/evercreds.h.
func header() string {
	p := &page{}
	p.line("/* %s */", notice)
	p.line("/* SPDX-License-Identifier: Apache-2.0 */")
	p.line("/* The contract is docs/reference/abi.md. */")
	p.line("#ifndef EVERCREDS_H\n#define EVERCREDS_H\n")
	p.line("#include <stdint.h>\n")
	p.line("#ifdef __cplusplus\nextern \"C\" {\n#endif\n")
	for _, c := range abi.Loose {
		comment(p, c.Doc)
		p.line("#define EVERCREDS_%s INT64_C(%d)", c.Name, c.Value)
	}
	for _, g := range abi.Groups() {
		enum(p, g.Name+": "+g.Doc, g.Constants)
	}
	enum(p, "Results below zero: whose fault it is, and whether to retry.", abi.Codes)
	p.line("\n/* A decision. Later minor versions may put slots where it is reserved. */")
	p.line("typedef struct evercreds_decision {")
	for _, s := range abi.Slots {
		p.line("    int64_t %s; /* %s */", s.Name, s.Doc)
	}
	p.line("    int64_t reserved[%d]; /* for slots of later minor versions; never written */", abi.StructSlots-abi.SlotCount)
	p.line("} evercreds_decision;\n")
	for _, f := range abi.HostFunctions {
		comment(p, sentence(f.Doc))
		p.line("typedef void (*evercreds_%s)(%s);\n", f.Name, cParams(f))
	}
	comment(p, "Sets the host functions of the whole process; either may be null, and none is called then.")
	p.line("void evercreds_set_host(evercreds_refresh_begin begin, evercreds_refresh_cancel cancel);")
	for _, f := range abi.Functions {
		p.line("")
		comment(p, sentence(f.Doc))
		for _, q := range f.Params {
			comment(p, "  "+q.Name+": "+q.Doc)
		}
		p.line("%s evercreds_%s(%s);", cResult(f), f.Name, cParams(f))
	}
	p.line("\n#ifdef __cplusplus\n}\n#endif\n")
	p.line("#endif /* EVERCREDS_H */")
	return p.String()
}

func comment(p *page, text string) { p.line("/* %s */", text) }

func enum(p *page, doc string, constants []abi.Constant) {
	p.line("")
	comment(p, doc)
	p.line("enum {")
	for _, c := range constants {
		p.line("    EVERCREDS_%s = %d, /* %s */", c.Name, c.Value, c.Doc)
	}
	p.line("};")
}

func cResult(f abi.Func) string {
	if f.Result == abi.Instant {
		return "int64_t"
	}
	return "int32_t"
}

func cParams(f abi.Func) string {
	if len(f.Params) == 0 {
		return "void"
	}
	var list []string
	for _, q := range f.Params {
		switch q.Type {
		case abi.I32:
			list = append(list, "int32_t "+q.Name)
		case abi.F64:
			list = append(list, "double "+q.Name)
		case abi.Instant:
			list = append(list, "int64_t "+q.Name)
		case abi.Hash:
			list = append(list, "uint64_t "+q.Name)
		case abi.Bytes:
			list = append(list, "const uint8_t *"+q.Name, "int32_t length")
		case abi.Buffer:
			list = append(list, "uint8_t *"+q.Name, "int32_t length", "int32_t capacity")
		case abi.Out:
			list = append(list, "evercreds_decision *"+q.Name)
		}
	}
	return strings.Join(list, ", ")
}
