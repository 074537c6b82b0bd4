package words_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/evercreds/evercreds/core"
	"github.com/evercreds/evercreds/internal/abi"
	"github.com/evercreds/evercreds/internal/abi/words"
)

// Every constant has its words, by the name that the table gives it.
func TestEveryConstantHasItsWords(t *testing.T) {
	lines := map[core.Note]bool{}
	for _, l := range words.Lines {
		lines[l.Note] = true
	}
	fields := map[core.Field]bool{}
	for _, f := range words.Fields {
		fields[f.Field] = true
	}
	for _, g := range abi.Groups() {
		for _, c := range g.Constants {
			name := strings.ToLower(strings.TrimPrefix(c.Name, g.Prefix))
			switch g.Name {
			case "Code":
				reason, ok := words.ReasonOf(core.Code(c.Value))
				if c.Value != 0 && (!ok || reason.Name != name) {
					t.Errorf("%s has the reason %+v", c.Name, reason)
				}
			case "Note":
				if !lines[core.Note(c.Value)] {
					t.Errorf("%s has no line", c.Name)
				}
			case "Status":
				if !fields[core.Field(c.Value)] {
					t.Errorf("%s has no field", c.Name)
				}
			case "Phase":
				same(t, words.Phase(core.Phase(c.Value)), name)
			case "Cause":
				same(t, words.Cause(core.Cause(c.Value)), name)
			case "ErrorClass":
				same(t, words.Class(core.Class(c.Value)), name)
			}
		}
	}
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%q, expected %q", got, want)
	}
}

// No name is left in braces, in any language.
func TestEveryParameterHasItsName(t *testing.T) {
	for _, l := range []words.Language{words.Go, words.Python, words.TypeScript, words.Docs, words.Command} {
		for _, r := range append(slices.Clone(words.Reasons), words.Reentrant) {
			if text := words.In(l, r.Sentence()); strings.ContainsAny(text, "{}") {
				t.Errorf("%q", text)
			}
		}
		for i := range words.Troubles {
			if text := words.In(l, words.Troubles[i].Sentence()); strings.ContainsAny(text, "{}") {
				t.Errorf("%q", text)
			}
		}
		for _, n := range words.Lines {
			if text := words.In(l, n.Text); strings.ContainsAny(text, "{}") {
				t.Errorf("%q", text)
			}
		}
	}
}

// An error says what is wrong, and then what to do: what a source said is the remedy where
// nothing else is known.
func TestEveryErrorSaysWhatToDo(t *testing.T) {
	for _, r := range append(slices.Clone(words.Reasons), words.Reentrant) {
		if r.Do == "" && r.Code != core.CodeSource {
			t.Errorf("%s: no remedy", r.Name)
		}
		if strings.Contains(r.Text+r.Do, ": ") || strings.Contains(r.Text, ";") {
			t.Errorf("%q: the remedy begins after one colon", r.Sentence())
		}
	}
	same(t, words.Reentrant.Sentence(), words.Reentrant.Text+": "+words.Reentrant.Do)
}

// An error code is shown, and nothing that may be a secret in its place.
func TestOnlyWordsAreShownAsErrorCodes(t *testing.T) {
	for _, code := range []string{
		"AccessDenied", "Throttling", "SignatureDoesNotMatch", "InvalidClientTokenId", "IDPCommunicationError", "InvalidAMIID.NotFound",
		"EC2ThrottledException", "S3Error", "RequestTimeTooSkewed",
	} {
		same(t, words.ShownCode(code), code)
	}
	for _, hostile := range []string{
		"", "ASIAIOSFODNN7EXAMPLE", "AKIAQWERTYUIOPASDFGH", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "je7MtGbClwBFi2Zp9Utkh3yCo8nvbEXAMPLEKEYx",
		"AccessDenied\nASIAIOSFODNN7EXAMPLE", "AccessDenied ASIAIOSFODNN7EXAMPLE", "AccessDenied\n", "123456", "SENTINELsecretvalue",
		strings.Repeat("Throttling", 20), "IQoJb3JpZ2luX2VjEJv", "access-denied",
	} {
		same(t, words.ShownCode(hostile), "")
	}
}

// What a service answers means the most special thing that is known of it.
func TestAnswersMeanTroubles(t *testing.T) {
	for _, c := range []struct {
		method        core.Method
		code          string
		status        int
		message, want string
	}{
		{core.MethodSTS, "AccessDenied", 403, "User: arn:aws:iam::1:user/x is not authorized", "access_denied"},
		{core.MethodSTS, "AccessDenied", 403, "MultiFactorAuthentication failed with invalid MFA one time pass code.", "mfa_refused"},
		{core.MethodIoT, "AccessDeniedException", 403, "", "alias_denied"},
		{core.MethodIoT, "", 404, "", "no_alias"},
		{core.MethodSTS, "", 407, "", "proxy"},
		{core.MethodSTS, "", 502, "", "no_aws_reply"},
		{core.MethodSTS, "ServiceUnavailable", 503, "", "service_down"},
		{core.MethodSTS, "InternalFailure", 500, "", "service_down"},
		{core.MethodIoT, "InternalFailureException", 500, "", "service_down"},
		{core.MethodIoT, "", 502, "", "service_down"},
		{core.MethodCustom, "InternalError", 500, "", "service_down"},
		{core.MethodCustom, "Throttling", 400, "", "throttled"},
		{core.MethodCustom, "AccessDenied", 403, "", ""},
		{core.MethodSTS, "SomethingNew", 400, "", ""},
		{core.MethodSTS, "", 0, "", ""},
	} {
		name := ""
		if found := words.TroubleOf(c.method, c.code, c.status, c.message); found != nil {
			name = found.Name
		}
		same(t, name, c.want)
	}
}

// A name is shown that can stand in a line of a log, by one table for all languages.
func TestOnlyNamesOfOneLineAreShown(t *testing.T) {
	text, err := os.ReadFile("../../../testdata/sources/names.json")
	if err != nil {
		t.Fatal(err)
	}
	var names struct{ Shown, Hidden []string }
	if err := json.Unmarshal(text, &names); err != nil || len(names.Shown) == 0 || len(names.Hidden) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names.Shown {
		same(t, words.ShownName(name), name)
	}
	longest := strings.Repeat("ß", words.LongestName)
	same(t, words.ShownName(longest), longest)
	for _, name := range append(names.Hidden, "", longest+"s", "a\xffb") {
		same(t, words.ShownName(name), "")
	}
}
