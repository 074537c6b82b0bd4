package main

import (
	"strconv"
	"strings"

	"github.com/evercreds/evercreds/internal/abi"
)

// pythonTypes are the letters of a signature.
var pythonTypes = map[abi.Type]string{
	abi.I32: "i", abi.F64: "d", abi.Instant: "q", abi.Hash: "Q", abi.Bytes: "si", abi.Buffer: "pii", abi.Out: "o",
}

const pythonTypeTable = `
# Letters of the signatures below.
_TYPES: dict[str, Any] = {
    "i": ctypes.c_int32,
    "q": ctypes.c_int64,
    "Q": ctypes.c_uint64,
    "d": ctypes.c_double,
    "s": ctypes.c_char_p,
    "p": ctypes.c_void_p,
    "o": ctypes.POINTER(Decision),
}

# Name without the prefix, result, parameters.
SIGNATURES: tuple[tuple[str, str, str], ...] = (`

const pythonDeclare = `)

# Host functions: keep a reference for as long as they are set.
RefreshBegin = ctypes.CFUNCTYPE(
    None, ctypes.c_int32, ctypes.c_int64, ctypes.c_int32, ctypes.c_int32
)
RefreshCancel = ctypes.CFUNCTYPE(None, ctypes.c_int32, ctypes.c_int64)


def declare(lib: ctypes.CDLL) -> None:
    """Set the result and argument types of every function of the library."""
    for name, result, parameters in SIGNATURES:
        function = getattr(lib, "evercreds_" + name)
        function.restype = _TYPES[result]
        function.argtypes = [_TYPES[letter] for letter in parameters]
    lib.evercreds_set_host.restype = None
    lib.evercreds_set_host.argtypes = [RefreshBegin, RefreshCancel]`

// python is the ctypes declarations. The layout is that of "ruff format".
func python() string {
	p := &page{}
	p.line("# %s", notice)
	p.line("# ruff: noqa: E501")
	p.line("\"\"\"Numbers, layouts and signatures of the library; docs/reference/abi.md is the contract.\"\"\"\n")
	p.line("from __future__ import annotations\n")
	p.line("import ctypes\nfrom enum import IntEnum, IntFlag\nfrom typing import Any\n")
	for _, c := range abi.Loose {
		p.line("%s = %d  # %s", c.Name, c.Value, c.Doc)
	}
	for _, g := range abi.Groups() {
		pythonEnum(p, g)
	}
	pythonEnum(p, abi.Group{Name: "Result", Doc: "results below zero", Constants: abi.Codes})
	pythonDecision(p)
	p.line("%s", pythonTypeTable)
	for _, f := range abi.Functions {
		letters := ""
		for _, q := range f.Params {
			letters += pythonTypes[q.Type]
		}
		p.line("    (%q, %q, %q),", f.Name, pythonTypes[f.Result], letters)
	}
	p.line("%s", pythonDeclare)
	pythonTexts(p)
	pythonWords(p)
	return p.String()
}

func pythonEnum(p *page, g abi.Group) {
	base := "IntEnum"
	if g.Bits {
		base = "IntFlag"
	}
	p.line("\n\nclass %s(%s):", g.Name, base)
	p.line("    \"\"\"%s\"\"\"\n", sentence(g.Doc))
	for _, c := range g.Constants {
		p.line("    # %s\n    %s = %d", c.Doc, short(g, c), c.Value)
	}
}

func pythonDecision(p *page) {
	p.line("\n\nDECISION_SLOTS = (")
	for _, s := range abi.Slots {
		p.line("    %q,", s.Name)
	}
	p.line(")\n\n\nclass Decision(ctypes.Structure):")
	p.line("    \"\"\"The answer to every event.\"\"\"\n")
	for _, s := range abi.Slots {
		p.line("    %s: int  # %s", s.Name, s.Doc)
	}
	p.line("\n    _fields_ = (")
	p.line("        *((slot, ctypes.c_int64) for slot in DECISION_SLOTS),")
	p.line("        (\"reserved\", ctypes.c_int64 * %d),  # for slots of later minor versions", abi.StructSlots-abi.SlotCount)
	p.line("    )\n")
}

// pythonTexts writes what errors say and what users may write.
func pythonTexts(p *page) {
	p.line("\n\nERROR_TEXTS: dict[int, str] = {")
	for _, c := range abi.Codes {
		p.line("    %d: %s,", c.Value, pythonString(c.Doc))
	}
	options := group("Option")
	p.line("}\n\n# What each option must be, beginning with its name.\nOPTION_RULES: dict[int, str] = {")
	for _, c := range options.Constants {
		p.line("    %d: %s,", c.Value, pythonString(c.Doc))
	}
	p.line("}\n\n# Each option's name to users; two numbers may be one option to them.\nOPTION_NAMES: dict[int, str] = {")
	for _, c := range options.Constants {
		p.line("    %d: %q,", c.Value, optionName(c))
	}
	p.line("}")
	for _, choice := range abi.Choices {
		g := group(choice.Group)
		p.line("\n%s: dict[str, int] = {", choice.Table)
		for _, c := range g.Constants {
			p.line("    %q: %d,", strings.ToLower(short(g, c)), c.Value)
		}
		p.line("}")
	}
}

// pythonString takes the quotes that need no escapes, as formatters do.
func pythonString(s string) string {
	if strings.Contains(s, `"`) && !strings.ContainsAny(s, `'\`) {
		return "'" + s + "'"
	}
	return strconv.Quote(s)
}
