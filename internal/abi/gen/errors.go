package main

import (
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

The word in the first column is the *AWS error code* where no service gave one. Programs read it, or the service's own code, from a status and from events: ` + "`Status.LastError.AWSErrorCode`" + ` and ` + "`Event.AWSErrorCode`" + ` in Go, ` + "`status().last_aws_error_code`" + ` and ` + "`event.aws_error_code`" + ` in Python, ` + "`status().lastAwsErrorCode`" + ` and ` + "`event.awsErrorCode`" + ` in Node, where words have hyphens. Records of the log have it too.

A *recoverable* failure can pass by itself, and the session tries again at its own pace. A *permanent* one needs you.

## Why a refresh failed
`

// errorsPage is docs/concepts/errors.md.
func errorsPage() string {
	p := &page{}
	p.line(errorsIntro, notice)
	p.line("| word | the error says | what to do | how it comes about | codes of the service | |\n|---|---|---|---|---|---|")
	for _, t := range words.Troubles {
		p.line("| `%s` | %s | %s | %s | %s | %s |", t.Name, cell(words.In(words.Docs, t.Wrong)), cell(words.In(words.Docs, t.Do)),
			cell(t.Why), codesOf(t), classOf(t))
	}
	p.line("\n## Codes of errors\n\nEach error of a session has a code, which says where things went wrong. For `source` see the table above.\n")
	p.line("| Go | Python | Node | the error says | what to do |\n|---|---|---|---|---|")
	for _, r := range words.Reasons {
		p.line("| `Code%s` | `%s` | `%s` | %s | %s |", goCode(r.Name), r.Name, kebab(r.Name), cell(words.In(words.Docs, r.Text)), cell(words.In(words.Docs, r.Do)))
	}
	p.line("| `CodeReentrant` | `reentrant` | `reentrant` | %s | %s |", cell(words.Reentrant), cell(words.ReentrantDo))
	p.line("%s", errorsElse)
	return p.String()
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
