package main

import (
	"errors"
	"strings"

	"github.com/evercreds/evercreds/internal/abi"
)

const (
	beginMark = "<!-- generated tables: begin -->\n"
	endMark   = "<!-- generated tables: end -->\n"
)

// tables puts the tables between the marks of docs/reference/abi.md.
func tables(old string) (string, error) {
	head, rest, found := strings.Cut(old, beginMark)
	_, tail, ended := strings.Cut(rest, endMark)
	if !found || !ended {
		return "", errors.New("docs/reference/abi.md: the marks of the generated tables are missing")
	}
	p := &page{}
	p.line("\n### Exports\n\nNames without the prefix `evercreds_`.\n")
	p.line("| C | wasm | result |\n|---|---|---|")
	for _, f := range abi.Functions {
		p.line("| `%s %s(%s)` | `%s` | %s |", cResult(f), f.Name, cParams(f), wasmSignature(f), cell(f.Doc))
	}
	for _, f := range abi.WasmFunctions {
		p.line("| | `%s` | %s |", wasmSignature(f), cell(f.Doc))
	}
	p.line("\n### Parameters\n\n| parameter | meaning |\n|---|---|")
	parameters(p)
	p.line("\n### Host functions\n\n| C | wasm | meaning |\n|---|---|---|")
	for _, f := range abi.HostFunctions {
		p.line("| `void %s(%s)` | `%s` | %s |", f.Name, cParams(f), wasmSignature(f), cell(f.Doc))
	}
	p.line("\n### Decision\n\n| slot | name | meaning |\n|---|---|---|")
	for i, s := range abi.Slots {
		p.line("| %d | `%s` | %s |", i, s.Name, cell(s.Doc))
	}
	constants(p, "Results below zero", "fault: meaning", abi.Codes)
	for _, g := range abi.Groups() {
		constants(p, g.Name, g.Doc, g.Constants)
	}
	wordTables(p)
	constants(p, "Other numbers", "meaning", abi.Loose)
	p.line("")
	return head + beginMark + p.String() + endMark + tail, nil
}

func constants(p *page, title, doc string, list []abi.Constant) {
	p.line("\n### %s\n\n| name | value | %s |\n|---|---|---|", title, cell(doc))
	for _, c := range list {
		p.line("| `%s` | %d | %s |", c.Name, c.Value, cell(c.Doc))
	}
}

// parameters explains each parameter once.
func parameters(p *page) {
	seen := map[string]bool{}
	for _, f := range abi.Functions {
		for _, q := range f.Params {
			row := "| `" + q.Name + "` | " + cell(q.Doc) + " |"
			if !seen[row] {
				seen[row] = true
				p.line("%s", row)
			}
		}
	}
}

func wasmSignature(f abi.Func) string {
	var list []string
	for _, q := range f.Params {
		switch q.Type {
		case abi.I32:
			list = append(list, q.Name+" i32")
		case abi.F64, abi.Instant:
			list = append(list, q.Name+" f64")
		case abi.Hash:
			list = append(list, q.Name+"_low i32", q.Name+"_high i32")
		case abi.Bytes, abi.Buffer:
			list = append(list, "length i32")
		}
	}
	signature := f.Name + "(" + strings.Join(list, ", ") + ")"
	switch f.Result {
	case abi.I32:
		signature += " i32"
	case abi.Instant:
		signature += " f64"
	}
	return signature
}

// cell keeps a text from ending a table's cell.
func cell(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
