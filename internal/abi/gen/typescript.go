package main

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/internal/abi"
)

// typescript is the declarations for the wasm module. The layout is that of
// prettier's defaults.
func typescript() string {
	p := &page{}
	p.line("// %s", notice)
	p.line("// Numbers, layouts and signatures of the module; docs/reference/abi.md is the contract.\n")
	for _, c := range abi.Loose {
		p.line("/** %s */", sentence(c.Doc))
		p.line("export const %s = %d;", c.Name, c.Value)
	}
	p.line("/** The module that the host functions are imported from. */")
	p.line("export const HOST_MODULE = %q;", abi.HostModule)
	for _, g := range abi.Groups() {
		tsEnum(p, g)
	}
	tsEnum(p, abi.Group{Name: "Result", Doc: "results below zero", Constants: abi.Codes})
	p.line("\n/** The index of each slot of a decision, a Float64Array. */")
	p.line("export const Slot = {")
	for i, s := range abi.Slots {
		p.line("  /** %s */\n  %s: %d,", s.Doc, lowerCamel(s.Name), i)
	}
	p.line("} as const;\n\n/** How many slots a decision has. */")
	p.line("export const SLOT_COUNT = %d;", abi.SlotCount)
	tsExports(p)
	tsTexts(p)
	tsWords(p)
	return p.String()
}

func tsEnum(p *page, g abi.Group) {
	p.line("\n/** %s */", sentence(g.Doc))
	p.line("export const %s = {", g.Name)
	for _, c := range g.Constants {
		p.line("  /** %s */\n  %s: %d,", c.Doc, short(g, c), c.Value)
	}
	p.line("} as const;")
}

func tsExports(p *page) {
	p.line("\n/** What the module exports. */\nexport interface Exports {")
	p.line("  readonly memory: { readonly buffer: ArrayBuffer };")
	p.line("  /** Starts the module; to be called once, first. */\n  _initialize(): void;")
	for _, f := range append(append([]abi.Func{}, abi.Functions...), abi.WasmFunctions...) {
		tsMethod(p, "evercreds_"+f.Name, f, "number")
	}
	p.line("}\n\n/** What the module imports from HOST_MODULE. */\nexport interface HostFunctions {")
	for _, f := range abi.HostFunctions {
		tsMethod(p, f.Name, f, "void")
	}
	p.line("}")
}

func tsMethod(p *page, name string, f abi.Func, result string) {
	var list []string
	add := func(names ...string) {
		for _, n := range names {
			list = append(list, n+": number")
		}
	}
	for _, q := range f.Params {
		n := lowerCamel(q.Name)
		switch q.Type {
		case abi.Hash:
			add(n+"Low", n+"High")
		case abi.Bytes, abi.Buffer:
			add("length")
		case abi.Out:
		default:
			add(n)
		}
	}
	p.line("  /** %s */", sentence(f.Doc))
	if one := "  " + name + "(" + strings.Join(list, ", ") + "): " + result + ";"; len(one) <= 80 {
		p.line("%s", one)
		return
	}
	p.line("  %s(", name)
	for _, q := range list {
		p.line("    %s,", q)
	}
	p.line("  ): %s;", result)
}

// tsTexts writes what errors say and what users may write. Formatters differ in
// where they put long strings, so they are kept off these.
func tsTexts(p *page) {
	table := func(doc, name, key string) {
		p.line("\n/** %s */\n// prettier-ignore\nexport const %s: Readonly<Record<%s>> = {", doc, name, key)
	}
	table("What each result below zero means.", "ERROR_TEXTS", "number, string")
	for _, c := range abi.Codes {
		p.line("  [%d]: %s,", c.Value, strconv.Quote(c.Doc))
	}
	p.line("};")
	options := group("Option")
	table("What each option must be, beginning with its name.", "OPTION_RULES", "number, string")
	for _, c := range options.Constants {
		p.line("  %d: %s,", c.Value, pythonString(tsSpelling(c.Doc)))
	}
	p.line("};")
	table("Each option's name to users; two numbers may be one option to them.", "OPTION_NAMES", "number, string")
	for _, c := range options.Constants {
		p.line("  %d: %q,", c.Value, optionName(c))
	}
	p.line("};")
	for _, choice := range abi.Choices {
		g := group(choice.Group)
		table(sentence(g.Doc), choice.Table, "string, number")
		for _, c := range g.Constants {
			p.line("  %s: %d,", tsKey(strings.ToLower(short(g, c))), c.Value)
		}
		p.line("};")
	}
}

var (
	quotedSnake = regexp.MustCompile(`"[a-z]+(_[a-z]+)+"`)
	snake       = regexp.MustCompile(`\b[a-z]+(_[a-z]+)+\b`)
)

// tsSpelling writes the names in a text as TypeScript does: options in camel case, and
// values in kebab case.
func tsSpelling(text string) string {
	return snake.ReplaceAllStringFunc(quotedSnake.ReplaceAllStringFunc(text, kebab), lowerCamel)
}

// tsKey is a value as the key of an object.
func tsKey(value string) string {
	if strings.Contains(value, "_") {
		return strconv.Quote(kebab(value))
	}
	return value
}
