package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/evercreds/evercreds/internal/awstest"
)

func TestWhatAProgramSaysOfItself(t *testing.T) {
	file := filepath.Join(t.TempDir(), "python", "celery", "main.py")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("# It works,\n# and well.\n# framework: celery\n# time: 90s\n# sets: 0\n# moto: yes\nimport x  # short: yes\n")
	p, err := read(file, []string{"python", "main.py"})
	if err != nil {
		t.Fatal(err)
	}
	if p.id() != "python/celery" || p.shows != "It works, and well." || p.title != "celery" || p.limit != 90*time.Second || p.sets != 0 || !p.moto || p.short {
		t.Errorf("got %+v", p)
	}
	for text, want := range map[string]string{
		"import x\n":    "first lines",
		"# It works.\n": "framework",
		"# It works.\n# framework: x\n# colour: red\n":    "colour",
		"# It works.\n# framework: x\n# time: whenever\n": "time",
		"# It works.\n# framework: x\n# and more\n":       "key and a value",
	} {
		write(text)
		if _, err := read(file, []string{"python"}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestThePrograms(t *testing.T) {
	programs, err := find("../../users")
	if err != nil {
		t.Fatal(err)
	}
	if short := choose(programs, "", true); len(short) < 5 || len(short) > 12 {
		t.Errorf("%d programs say that they are short, which CI runs in three minutes", len(short))
	}
	if one := choose(programs, "python/celery,go/min", false); len(one) != 2 {
		t.Errorf("got %d programs", len(one))
	}
}

// A run of nothing, and one whose results cannot be kept, are not green.
func TestWhatDidNotRunIsNotGreen(t *testing.T) {
	t.Chdir("../..")
	if red, err := run(t.Context(), "no-such-program", false, false, 1); err == nil || !strings.Contains(err.Error(), "no-such-program") {
		t.Errorf("%d red, %v", red, err)
	}
	file := filepath.Join(t.TempDir(), "rows.json")
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	l := &lane{places: map[string]place{"go": nowhere{}}, rows: &rows{file: file, all: map[string]row{}}}
	if ran := l.play(t.Context(), []program{{language: "go", name: "a"}, {language: "go", name: "b"}}, 2); reds(ran) != 2 {
		t.Errorf("%+v", ran)
	}
}

// nowhere is a place that no program is ready in.
type nowhere struct{}

func (nowhere) ready(context.Context, program) (seat, error) { return seat{}, errors.New("no place") }
func (nowhere) stamp(program) (string, error)                { return "", nil }

// A run beside this one keeps its rows.
func TestRowsOfARunBesideThisOneStay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rows.json")
	list := []program{{language: "go", name: "a"}, {language: "go", name: "b"}, {language: "go", name: "gone"}}
	here, beside := &rows{file: file, all: map[string]row{}}, &rows{file: file, all: map[string]row{}}
	for _, err := range []error{
		here.put(list[0], row{State: green}), beside.put(list[1], row{State: green}), beside.put(list[2], row{State: green}), here.forget(list[:2]),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	kept, err := loadRows(file)
	if err != nil || len(kept.all) != 2 || len(kept.of(list[:2])) != 2 {
		t.Errorf("%+v, %v", kept.all, err)
	}
}

// role gives a set of the stand-in's that a role issued.
func role(t *testing.T, s *awstest.Server) aws.Credentials {
	t.Helper()
	client := sts.New(sts.Options{Region: awstest.DefaultRegion, BaseEndpoint: &s.URL, Credentials: aws.CredentialsProviderFunc(
		func(context.Context) (aws.Credentials, error) { return s.Base, nil })})
	reply, err := client.AssumeRole(t.Context(), &sts.AssumeRoleInput{RoleArn: &s.RoleARN, RoleSessionName: aws.String("test")})
	if err != nil {
		t.Fatal(err)
	}
	c := reply.Credentials
	return aws.Credentials{AccessKeyID: *c.AccessKeyId, SecretAccessKey: *c.SecretAccessKey, SessionToken: *c.SessionToken}
}

// gated is a gate in front of a stand-in.
func gated(t *testing.T) (*awstest.Server, *gate) {
	t.Helper()
	s, err := awstest.Start(awstest.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	g, err := openGate(s, s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.close)
	return s, g
}

func status(t *testing.T, r *http.Request) int {
	t.Helper()
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}

const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func TestTheGateCountsSetsThatSignedGoodCalls(t *testing.T) {
	s, g := gated(t)
	first, second := role(t, s), role(t, s)
	call := func(c aws.Credentials) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/?x-id=ListBuckets", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", emptyHash)
		if err := v4.NewSigner().SignHTTP(t.Context(), c, r, emptyHash, "s3", awstest.DefaultRegion, time.Now()); err != nil {
			t.Fatal(err)
		}
		return status(t, r)
	}
	forged := first
	forged.SecretAccessKey = "another"
	for _, c := range []struct {
		by   aws.Credentials
		want int
	}{{s.Base, 200}, {first, 200}, {first, 200}, {forged, 403}, {second, 200}} {
		if got := call(c.by); got != c.want {
			t.Errorf("got %d, want %d", got, c.want)
		}
	}
	if err := s.Revoke(second.AccessKeyID); err != nil {
		t.Fatal(err)
	}
	if got := call(second); got != http.StatusBadRequest {
		t.Errorf("an ended set: got %d", got)
	}
	if seen := g.so(); seen.Sets != 2 || seen.Calls != 3 || seen.Refused != 2 {
		t.Errorf("got %+v", seen)
	}
}

func TestTheGateVerifiesPresignedQueries(t *testing.T) {
	s, g := gated(t)
	by := role(t, s)
	presign := func(at time.Time, change func(string) string) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, g.url+"/bucket/a%20key?X-Amz-Expires=60&x-id=GetObject", nil)
		if err != nil {
			t.Fatal(err)
		}
		signed, _, err := v4.NewSigner().PresignHTTP(t.Context(), by, r, "UNSIGNED-PAYLOAD", "s3", awstest.DefaultRegion, at,
			func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
		if err != nil {
			t.Fatal(err)
		}
		r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, change(signed), nil)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	same := func(url string) string { return url }
	now := time.Now()
	status(t, presign(now, same)) // the stand-in itself serves no signed queries; the gate lets this one pass
	if seen := g.so(); seen.Calls != 1 || seen.Refused != 0 {
		t.Errorf("a good query: got %+v", seen)
	}
	status(t, presign(now, func(url string) string { return strings.Replace(url, "a%20key", "another", 1) }))
	status(t, presign(now.Add(-2*time.Minute), same))
	if seen := g.so(); seen.Calls != 1 || seen.Refused != 2 {
		t.Errorf("another key, and a query past its time: got %+v", seen)
	}
}

func TestThePageHasALineForEachProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := os.WriteFile(file, []byte("before\n<!-- programs -->\nold\n<!-- end of programs -->\nafter\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	programs := []program{
		{language: "python", name: "a", title: "A", shows: "It works.", dir: "users/python/a", main: "main.py"},
		{language: "node", name: "b", title: "B", shows: "So does it.", dir: "users/node/b", main: "main.mjs"},
		{language: "go", name: "c", title: "C", shows: "It too.", dir: "users/go/c", main: "main.go"},
	}
	r := &rows{all: map[string]row{
		"python/a": {State: green, Version: "1.0"}, "node/b": {State: skip, Version: "2.0", Said: "no file"}, "go/c": {State: red, Said: "boom"},
	}}
	if err := writePage(file, programs, r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"before\n", "\nafter\n", "| A | 1.0 | yes | It works. | [a](../../users/python/a/main.py) |",
		"| B | 2.0 | not run | So does it. (no file) |", "| C |  | **no** | It too. (boom) |", "`users: 3 programs, 1 red, 1 skipped`",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	// in another folder, where only one of them has run
	elsewhere := &rows{all: map[string]row{"go/c": {State: green, Version: "3.0"}}}
	if err := writePage(file, programs, elsewhere); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.NewReplacer("| C |  | **no** | It too. (boom) |", "| C | 3.0 | yes | It too. |", ", 1 red", ", 0 red").Replace(string(text))
	if string(kept) != want {
		t.Errorf("got\n%s\nwant\n%s", kept, want)
	}
	if strings.Contains(string(text), "old") {
		t.Error("the old part is still there")
	}
}
