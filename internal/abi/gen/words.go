package main

import (
	"strconv"

	"github.com/evercreds/evercreds/internal/abi/words"
)

// warnings are what hosts notice by themselves.
var warnings = []struct{ name, of, text string }{
	{"PRESIGNED", "of a URL that is to last longer than what signed it", words.Presigned},
	{"UNOPENED", "of an entry", words.Entry},
	{"NOBODY_MET", "after so many refreshes", words.Lonely},
	{"SHORT_WAIT", "where a session is made", words.ShortWait},
}

// pythonWords writes what users read. Line length is not kept there.
func pythonWords(p *page) {
	p.line("\n\n# Of each Code: its name to users, and what its error says.\nREASONS: dict[int, tuple[str, str]] = {")
	for _, r := range words.Reasons {
		p.line("    %d: (%q, %q),", r.Code, r.Name, words.In(words.Python, r.Sentence()))
	}
	p.line("}\nREENTRANT = %q", words.Reentrant.Sentence())
	for _, w := range warnings {
		p.line("%s = %q", w.name, words.In(words.Python, w.text))
	}
	p.line("\n# What is logged for each Note, in the order in which things happen.\nLINES: tuple[tuple[int, str, str], ...] = (")
	for _, l := range words.Lines {
		p.line("    (%d, %q, %q),", l.Note, l.Level, words.In(words.Python, l.Text))
	}
	p.line(")\n\n# Of each Status field that users see: its name and its unit.\nFIELDS: dict[int, tuple[str, str]] = {")
	for _, f := range words.Fields {
		if f.Unit != words.Hidden {
			p.line("    %d: (%q, %q),  # %s", f.Field, f.Name, f.Unit, words.In(words.Python, f.Text))
		}
	}
	p.line("}")
	pythonRecords(p)
}

// tsWords writes what users read.
func tsWords(p *page) {
	p.line("\n/** Of each Code: its name to users, and what its error says. */\n// prettier-ignore\nexport const REASONS = {")
	for _, r := range words.Reasons {
		p.line("  [%d]: [%q, %q],", r.Code, kebab(r.Name), words.In(words.TypeScript, r.Sentence()))
	}
	p.line("} as const;\n/** The error of a caller who is part of an attempt of that very session's. */")
	p.line("export const REENTRANT =\n  %q;", words.Reentrant.Sentence())
	for _, w := range warnings {
		p.line("/** Told once, %s. */\n// prettier-ignore\nexport const %s =\n  %q;", w.of, w.name, words.In(words.TypeScript, w.text))
	}
	p.line("\n/** What is logged for each Note, in the order in which things happen. */\n// prettier-ignore\nexport const LINES = [")
	for _, l := range words.Lines {
		p.line("  [%d, %q, %q],", l.Note, l.Level, words.In(words.TypeScript, l.Text))
	}
	p.line("] as const;\n\n/** Of each Status field that users see: its name and its unit. */\n// prettier-ignore\nexport const FIELDS = {")
	for _, f := range words.Fields {
		if f.Unit != words.Hidden {
			p.line("  /** %s */\n  [%d]: [%q, %q],", sentence(words.In(words.TypeScript, f.Text)), f.Field, lowerCamel(f.Name), f.Unit)
		}
	}
	p.line("} as const;")
	tsRecords(p)
}

// wordTables are for docs/reference/abi.md.
func wordTables(p *page) {
	p.line("\n### What errors say\n\n| code | name | text |\n|---|---|---|")
	for _, r := range words.Reasons {
		p.line("| %d | `%s` | %s |", r.Code, r.Name, cell(words.In(words.Docs, r.Sentence())))
	}
	p.line("| | `reentrant` | %s |", cell(words.Reentrant.Sentence()))
	p.line("\n### What is logged\n\nWhere a decision has several notes, in this order.\n\n| note | level | text |\n|---|---|---|")
	names := map[int64]string{}
	for _, c := range group("Note").Constants {
		names[c.Value] = c.Name
	}
	for _, l := range words.Lines {
		p.line("| `%s` | %s | %s |", names[int64(l.Note)], l.Level, cell(words.In(words.Docs, l.Text)))
	}
	p.line("\n### What a status tells\n\n| field | name to users | unit | meaning |\n|---|---|---|---|")
	for _, f := range words.Fields {
		if f.Unit != words.Hidden {
			p.line("| %s | `%s` | %s | %s |", strconv.Itoa(int(f.Field)), f.Name, f.Unit, cell(words.In(words.Docs, f.Text)))
		}
	}
	p.line("\n### What sharing comes to\n\nAn event `share` tells one of these.\n\n| name | note | meaning |\n|---|---|---|")
	for _, s := range words.ShareSteps {
		note := ""
		if s.Note != 0 {
			note = "`" + names[int64(s.Note)] + "`"
		}
		p.line("| `%s` | %s | %s |", s.Name, note, cell(s.Text))
	}
	p.line("\n### Why refreshes are not shared\n\nThe reason of an event `share` that tells `store_failed`.\n\n| reason | what the log says |\n|---|---|")
	for _, t := range words.StoreTroubles {
		p.line("| `%s` | %s |", t.Name, cell(words.In(words.Docs, t.Text)))
	}
	p.line("\n### What events and records of the log tell\n\nA record has these as fields, each event too. A status has them by its own names.\n\n| name | in a status | unit | meaning |\n|---|---|---|---|")
	for _, f := range words.Facts {
		p.line("| `%s` | `%s` | %s | %s |", f.Name, f.InStatus(), f.Unit, cell(f.Text))
	}
}
