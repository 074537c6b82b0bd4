package main

import (
	"fmt"
	"strings"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// methods have words of their own. Other sources have those of the custom one.
var methods = []core.Method{core.MethodSTS, core.MethodIoT, core.MethodCustom}

// pythonRecords writes what events, records of the log and errors say.
func pythonRecords(p *page) {
	p.line("\n# What events and records of the log tell, by its name there, its name in a status, and its unit.\nFACTS: tuple[tuple[str, str, str], ...] = (")
	for _, f := range words.Facts {
		p.line("    (%q, %q, %q),  # %s", f.Name, f.InStatus(), f.Unit, f.Text)
	}
	p.line(")\nEVENTS: tuple[str, ...] = (")
	for _, e := range words.Events {
		p.line("    %q,  # %s", e.Name, e.Text)
	}
	p.line(")\n\n# What sharing has come to: the Note, 0 where the host tells it by itself, and the name, in the order of telling.\nSHARE_STEPS: tuple[tuple[int, str], ...] = (")
	for _, s := range words.ShareSteps {
		p.line("    (%d, %q),  # %s", s.Note, s.Name, s.Text)
	}
	p.line(")\n# Why refreshes are not shared for a while.\nSTORE_TROUBLES: dict[str, str] = {")
	for _, t := range words.StoreTroubles {
		p.line("    %q: %q,", t.Name, words.In(words.Python, t.Text))
	}
	p.line("}\nSTORE_TIMEOUT = %q\nNOBODY_MET_AFTER = %d\n# Bounds of a session's first look: a client connects; and AWS is asked whose the base credentials are.", words.TroubleTimeout, words.NobodyMetAfter)
	p.line("FIRST_LOOK_MS = %d\nASKED_LOOK_MS = %d", words.FirstLook, words.AskedLook)
	p.line("\n# Our names for causes of failures that are known, and their sentences.\nTROUBLES: dict[str, str] = {")
	for _, t := range words.Troubles {
		p.line("    %q: %s,", t.Name, pythonString(words.In(words.Python, t.Sentence())))
	}
	p.line("}\n\n# How a service's answer means one: the methods, codes and statuses, how the message begins, the name.")
	p.line("ANSWERS: tuple[tuple[tuple[int, ...], tuple[str, ...], tuple[int, ...], str, str], ...] = (")
	for _, t := range answers() {
		p.line("    (%s, %s, %s, %q, %q),", pythonTuple(numbers(t)), pythonTuple(quoted(t.Codes)), pythonTuple(texts(t.Statuses)), t.Message, t.Name)
	}
	p.line(")\n\n# Whose error codes a method tells, and what its attempts do.\nSERVICES: dict[int, tuple[str, str]] = {")
	for _, m := range methods {
		p.line("    %d: (%q, %q),", m, words.Service(m), words.Doing(m))
	}
	p.line("}\n# Codes of errors that tell what an attempt did.\nOF_ATTEMPTS: tuple[int, ...] = %s", pythonTuple(texts(words.OfAttempts)))
	p.line("TIMED_OUT = %q", words.TimedOut.Code)
	p.line("# What SDKs put in place of an error code that a reply does not have.\nNO_CODES: tuple[str, ...] = %s", pythonTuple(quoted(words.NoCodes)))
	p.line("OWN_WORD = %q\nCODE_SHAPE = r\"%s\"", words.Own, words.CodeShape)
	p.line("NAME_SHAPE = r\"%s\"\nLONGEST_NAME = %d", words.NameShape, words.LongestName)
}

// tsRecords writes the same.
func tsRecords(p *page) {
	p.line("\n/** What events tell, by its name there, its name in a status, and its unit. */\n// prettier-ignore\nexport const FACTS = [")
	for _, f := range words.Facts {
		p.line("  /** %s */\n  [%q, %q, %q],", sentence(f.Text), lowerCamel(f.Name), lowerCamel(f.InStatus()), f.Unit)
	}
	p.line("] as const;\n/** The kinds of events. */\n// prettier-ignore\nexport const EVENTS = [")
	for _, e := range words.Events {
		p.line("  /** %s */\n  %q,", sentence(e.Text), kebab(e.Name))
	}
	p.line("] as const;\n\n/** What sharing has come to: the Note, 0 where the host tells it by itself, and the name, in the order of telling. */\n// prettier-ignore\nexport const SHARE_STEPS = [")
	for _, s := range words.ShareSteps {
		p.line("  /** %s */\n  [%d, %q],", sentence(s.Text), s.Note, kebab(s.Name))
	}
	p.line("] as const;\n/** Why refreshes are not shared for a while. */\n// prettier-ignore\nexport const STORE_TROUBLES = {")
	for _, t := range words.StoreTroubles {
		p.line("  %q: %q,", kebab(t.Name), words.In(words.TypeScript, t.Text))
	}
	p.line("} as const;\nexport const NOBODY_MET_AFTER = %d;", words.NobodyMetAfter)
	p.line("/** The bound of a session's first look, in which a client connects. */\nexport const FIRST_LOOK_MS = %d;", words.FirstLook)
	p.line("/** The same where AWS is asked whose the base credentials are. */\nexport const ASKED_LOOK_MS = %d;", words.AskedLook)
	p.line("\n/** Our names for causes of failures that are known, and their sentences. */\n// prettier-ignore\nexport const TROUBLES = {")
	for _, t := range words.Troubles {
		p.line("  %q: %q,", kebab(t.Name), words.In(words.TypeScript, t.Sentence()))
	}
	p.line("} as const;\n\n/** How a service's answer means one. */\n// prettier-ignore\nexport const ANSWERS = [")
	for _, t := range answers() {
		p.line("  { methods: [%s], codes: [%s], statuses: [%s], message: %q, name: %q },", strings.Join(numbers(t), ", "),
			strings.Join(quoted(t.Codes), ", "), strings.Join(texts(t.Statuses), ", "), t.Message, kebab(t.Name))
	}
	p.line("] as const;\n\n/** Whose error codes a method tells, and what its attempts do. */\n// prettier-ignore\nexport const SERVICES = {")
	for _, m := range methods {
		p.line("  [%d]: [%q, %q],", m, words.Service(m), words.Doing(m))
	}
	p.line("} as const;\n/** Codes of errors that tell what an attempt did. */\n// prettier-ignore\nexport const OF_ATTEMPTS: readonly number[] = [%s];", strings.Join(texts(words.OfAttempts), ", "))
	p.line("export const TIMED_OUT = %q;", words.TimedOut.Code)
	p.line("/** What SDKs put in place of an error code that a reply does not have. */\n// prettier-ignore\nexport const NO_CODES: readonly string[] = [%s];", strings.Join(quoted(words.NoCodes), ", "))
	p.line("export const OWN_WORD = %q;\nexport const CODE_SHAPE = /%s/;", words.Own, words.CodeShape)
	p.line("export const NAME_SHAPE = /%s/;\nexport const LONGEST_NAME = %d;", words.NameShape, words.LongestName)
}

// answers are the troubles that a service's answer can mean, each with its methods.
func answers() []words.Trouble {
	var list []words.Trouble
	for _, t := range words.Troubles {
		if len(t.Codes)+len(t.Statuses) == 0 {
			continue
		}
		if t.Methods == nil {
			t.Methods = methods
		}
		list = append(list, t)
	}
	return list
}

func numbers(t words.Trouble) []string { return texts(t.Methods) }

func texts[T any](list []T) []string {
	var all []string
	for _, each := range list {
		all = append(all, fmt.Sprintf("%d", any(each)))
	}
	return all
}

func quoted(list []string) []string {
	var all []string
	for _, each := range list {
		all = append(all, fmt.Sprintf("%q", each))
	}
	return all
}

func pythonTuple(list []string) string {
	if len(list) == 1 {
		return "(" + list[0] + ",)"
	}
	return "(" + strings.Join(list, ", ") + ")"
}
