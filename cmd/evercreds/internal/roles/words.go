package roles

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// The sentences of the YAML library, which name types of Go, and show the first letters of
// a value: it may be a secret that stands in the wrong place.
var (
	unknownKey = regexp.MustCompile(`^line (\d+): field (.*) not found in type (.*)$`)
	wrongType  = regexp.MustCompile("(?s)^line (\\d+): cannot unmarshal (!!\\S+?)(?: `.*`)? into (.*)$")
)

// kinds has what a value is, and what it must be, in words of the configuration file.
var kinds = map[string]string{
	"!!str": "a text", "!!int": "a number", "!!float": "a number", "!!bool": "true or false",
	"!!seq": "a list", "!!map": "a mapping", "!!null": "nothing", "!!timestamp": "a date",
	"string": "a text", "int": "a whole number", "*int": "a whole number", "*uint": "a whole number from 0",
	"bool": "true or false", "[]string": "a list of texts", "map[string]string": "a mapping of texts",
	"[]roles.Context": "a list of mappings",
}

func kindOf(name string) string {
	if word, ok := kinds[name]; ok {
		return word
	}
	return "a mapping"
}

// places has the parts of the file by their types.
var places = map[string]string{
	"roles.File": "the file", "roles.Role": "a role", "roles.STS": "sts", "roles.IoT": "iot",
	"roles.Refresh": "refresh", "roles.PKCS11": "iot.pkcs11", "roles.Context": "provided_contexts",
}

// mostSaid is how many mistakes of a file one error tells.
const mostSaid = 3

// misread says what is wrong with a file in one line, in the file's own words.
func misread(err error) error {
	var mistakes *yaml.TypeError
	if !errors.As(err, &mistakes) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	var said []string
	for _, each := range mistakes.Errors {
		switch key, kind := unknownKey.FindStringSubmatch(each), wrongType.FindStringSubmatch(each); {
		case key != nil:
			each = fmt.Sprintf("line %s: %s has no key %s", key[1], places[key[3]], key[2])
		case kind != nil:
			each = fmt.Sprintf("line %s: must be %s, and not %s", kind[1], kindOf(kind[3]), kindOf(kind[2]))
		}
		said = append(said, each)
	}
	if more := len(said) - mostSaid; more > 0 {
		said = append(said[:mostSaid], fmt.Sprintf("and %d more", more))
	}
	return errors.New(strings.Join(said, "; "))
}

// text is what an error says, without the word of its kind: it stands within another's.
func text(err error) string {
	var own *problem.Error
	if errors.As(err, &own) {
		return own.Text
	}
	return err.Error()
}

// some lists names, as many as a person reads.
func some(names []string) string {
	const most = 10
	switch n := len(names); {
	case n == 0:
		return "none"
	case n > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), n-most)
	}
	return strings.Join(names, ", ")
}

// refuseEmpty refuses keys without a value, as a template leaves them: the role would have
// another base, silently. What is no YAML is the reader's to tell.
func refuseEmpty(written []byte) error {
	var document yaml.Node
	if yaml.Unmarshal(written, &document) != nil {
		return nil
	}
	var empty error
	var look func(node *yaml.Node, key string)
	look = func(node *yaml.Node, key string) {
		for i, each := range node.Content {
			if node.Kind != yaml.MappingNode {
				look(each, key)
				continue
			}
			if i%2 == 0 {
				continue
			}
			name := node.Content[i-1]
			isValue := key != "roles" && key != "tags" && name.Value != "roles" // a role may be empty, and a tag too
			if isValue && each.Kind == yaml.ScalarNode && each.Value == "" && empty == nil {
				empty = fmt.Errorf("line %d: %s has no value", name.Line, name.Value)
			}
			look(each, name.Value)
		}
	}
	look(&document, "")
	return empty
}
