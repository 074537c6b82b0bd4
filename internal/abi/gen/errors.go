package main

import (
	"cmp"
	"strings"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi/words"
)

const errorsIntro = `# Errors, and what to do

<!-- %s -->

When a refresh fails, the error's first sentence says what is wrong and what to do. In brackets it says by whose word that is, and which role it is about:

` + "```" + `
STS denied the role: check that the role exists, ... (STS: AccessDenied; assuming the role arn:aws:iam::123456789012:role/reader)
` + "```" + `

The error of the SDK or of the service stays its cause: ` + "`Unwrap`" + ` in Go, ` + "`__cause__`" + ` in Python, ` + "`cause`" + ` in Node. In Python an error of botocore's keeps its type, and its own text follows the sentence.

The *word* below is the AWS error code where no service gave one. Programs read it, or the service's own code, from a status and from events: ` + "`Status.LastError.AWSErrorCode`" + ` and ` + "`Event.AWSErrorCode`" + ` in Go, ` + "`status().last_aws_error_code`" + ` and ` + "`event.aws_error_code`" + ` in Python, ` + "`status().lastAwsErrorCode`" + ` and ` + "`event.awsErrorCode`" + ` in Node, where words have hyphens. Records of the log have it too.

A *recoverable* failure can pass by itself, and the session tries again at its own pace. A *permanent* one needs you.

## Why a refresh failed

The headings are what the errors say.
`

// errorsPage is docs/concepts/errors.md: an error has a section, which a reader finds by the
// error's own words.
func errorsPage() string {
	p := &page{}
	p.line(errorsIntro, notice)
	for _, t := range words.Troubles {
		p.trouble(t)
	}
	p.line("## By the code of the error\n\nEach error of a session has a code, which says where things went wrong. Its text says what is wrong and what to do, and the source's own error follows where there is one.\n")
	for _, r := range words.Reasons {
		p.reason(r)
	}
	p.reason(words.Reentrant)
	p.line("%s", strings.TrimPrefix(errorsElse, "\n"))
	return p.String()
}

// trouble is what kept a refresh from working.
func (p *page) trouble(t words.Trouble) {
	p.section(t.Name, words.In(words.Docs, t.Wrong))
	p.line("- **What to do:** %s.", words.In(words.Docs, t.Do))
	p.line("- **How it comes about:** %s.", t.Why)
	p.line("- **Word:** `%s`, which is %s.", t.Name, classOf(t))
	if codes := codesOf(t); codes != "" {
		p.line("- **Codes of the service:** %s.", codes)
	}
	p.line("")
}

// reason is the code of an error of a session.
func (p *page) reason(r words.Reason) {
	p.section(r.Name, words.In(words.Docs, r.Text))
	do := cmp.Or(r.Do, "see the word in the error, above; else the source's own error, which follows in the text")
	p.line("- **What to do:** %s.", words.In(words.Docs, do))
	p.line("- **Code:** `Code%s` in Go, `%s` in Python, `%s` in Node.\n", goCode(r.Name), r.Name, kebab(r.Name))
}

// section begins with what an error says; links lead to its name.
func (p *page) section(name, says string) {
	p.line("<a id=\"%s\"></a>\n\n### %s%s\n", name, strings.ToUpper(says[:1]), says[1:])
}

const errorsElse = `
## Errors of arguments and set-up

| what | Go | Python | Node |
|---|---|---|---|
| an argument is wrong: the text names it, what was expected and what came | ` + "`ParameterError`" + ` | ` + "`EvercredsValidationError`" + `, ` + "`param`" + ` | ` + "`EvercredsValidationError`" + `, code ` + "`validation`" + ` |
| arguments exclude each other, or a package is missing | ` + "`ParameterError`" + ` | ` + "`EvercredsConfigurationError`" + ` | code ` + "`configuration`" + ` |
| the core's library is missing or does not fit: install the package for this platform | | ` + "`EvercredsLibraryError`" + `; codes ` + "`missing`" + `, ` + "`musl`" + `, ` + "`load`" + `, ` + "`version`" + ` | code ` + "`configuration`" + ` |
| a fault of this package: please report it | | ` + "`EvercredsLibraryError`" + ` | code ` + "`internal`" + ` |`

func goCode(name string) string { return strings.ReplaceAll(camel(name), "Ttl", "TTL") }

func codesOf(t words.Trouble) string {
	var all []string
	for _, code := range t.Codes {
		all = append(all, "`"+code+"`")
	}
	if len(t.Codes) == 0 && len(t.Statuses) > 0 {
		all = append(all, "none, but HTTP "+strings.Join(texts(t.Statuses), ", "))
	}
	return strings.Join(all, ", ")
}

// classOf is how core sorts it.
func classOf(t words.Trouble) string {
	method, status, code := core.MethodSTS, 0, t.As
	if t.Methods != nil {
		method = t.Methods[0]
	}
	if len(t.Codes) > 0 {
		code, status = t.Codes[0], 403
	} else if len(t.Statuses) > 0 {
		status = t.Statuses[0]
	}
	if core.ErrorClass(method, status, []byte(code)) == core.Permanent {
		return "permanent"
	}
	return "recoverable"
}
