package command

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/internal/awstest"
)

// running is a server that was started.
type running struct {
	cmd    *exec.Cmd
	log    *bytes.Buffer
	urls   map[string]string
	tokens map[string]string // files
}

// read reads what the server says when it begins: a line for each role.
func (r *running) read(t *testing.T, out io.Reader) {
	t.Helper()
	r.urls, r.tokens = map[string]string{}, map[string]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		url, file, ok := strings.Cut(lines.Text(), " token-file ")
		if !ok {
			break
		}
		name := url[strings.LastIndex(url, "/")+1:]
		r.urls[name], r.tokens[name] = url, file
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // to its end
	if len(r.urls) == 0 {
		_ = r.cmd.Wait()
		t.Fatalf("the server said nothing:\n%s", r.log)
	}
}

// get asks for a role's credentials.
func (r *running) get(t *testing.T, role string) (status int, body endpoint.Body, text string) {
	t.Helper()
	token, err := os.ReadFile(r.tokens[role])
	if err != nil {
		t.Fatal(err)
	}
	ask, _ := http.NewRequest(http.MethodGet, r.urls[role], nil)
	ask.Header.Set("Authorization", string(token))
	reply, err := http.DefaultClient.Do(ask)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	raw, _ := io.ReadAll(reply.Body)
	_ = json.Unmarshal(raw, &body)
	return reply.StatusCode, body, string(raw)
}

// two roles of a test, on one endpoint.
const twoRoles = `
roles:
  app: { sts: { role_arn: "arn:aws:iam::123456789012:role/app" } }
  other: { sts: { role_arn: "arn:aws:iam::123456789012:role/other" } }
`

func TestServeRefreshesAheadAndNeverServesAnExpiredSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 10*time.Second)
	server := w.serve("--no-share", "--config", w.file("roles.yaml", twoRoles))
	seen := map[string]bool{}
	for end := time.Now().Add(time.Minute); len(seen) < 3 && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		asked := time.Now()
		status, body, text := server.get(t, "app")
		if status != http.StatusOK {
			t.Fatalf("got %d: %s", status, text)
		}
		expires, err := time.Parse("2006-01-02T15:04:05Z", body.Expiration)
		if err != nil || expires.Sub(asked) < endpoint.LeastLife {
			t.Fatalf("got Expiration %q, %v", body.Expiration, err)
		}
		if body.AccountID != "123456789012" || body.Token == "" || body.SecretAccessKey == "" {
			t.Fatalf("fields are missing: account %q", body.AccountID)
		}
		seen[body.AccessKeyID] = true
	}
	if len(seen) < 3 {
		t.Errorf("saw %d sets in a minute of sets that live 10 s", len(seen))
	}
}

func TestServeThroughAnOutageThatOutlivesTheSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, 8*time.Second)
	server := w.serve("--no-share", "--role-arn", "arn:aws:iam::123456789012:role/app")
	eventually(t, "a set is there", func() bool { s, _, _ := server.get(t, "default"); return s == 200 })
	_ = w.aws.Inject(awstest.Fault{Kind: awstest.KindHTTP, Role: "arn:aws:iam::123456789012:role/app"})
	var failure struct{ Code, Message string }
	var lower struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	eventually(t, "the set has expired", func() bool {
		status, body, text := server.get(t, "default")
		if status == 200 {
			if end, _ := time.Parse(time.RFC3339, body.Expiration); time.Now().After(end.Add(time.Second)) {
				t.Fatalf("an expired set was served: %s", body.Expiration)
			}
			return false
		}
		if status != http.StatusServiceUnavailable {
			t.Fatalf("got %d: %s", status, text)
		}
		_, _ = json.Unmarshal([]byte(text), &failure), json.Unmarshal([]byte(text), &lower)
		return true
	})
	if failure.Code == "" || failure.Message == "" || lower.Code == "" || lower.Message == "" {
		t.Errorf("the error lacks code and message, in both spellings: %+v, %+v", failure, lower)
	}
	w.aws.ClearFaults()
	eventually(t, "there is a set again", func() bool { s, _, _ := server.get(t, "default"); return s == 200 })
}

func TestServeReloadsAndKeepsWhatHasNotChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	path := w.file("roles.yaml", twoRoles)
	server := w.serve("--no-share", "--config", path)
	_, before, _ := server.get(t, "app")
	w.file("roles.yaml", strings.Replace(twoRoles, "role/other", "role/changed", 1))
	w.good("reload")
	_, after, _ := server.get(t, "app")
	if before.AccessKeyID == "" || before.AccessKeyID != after.AccessKeyID {
		t.Errorf("a role that has not changed has another set: %q, %q", before.AccessKeyID, after.AccessKeyID)
	}
	eventually(t, "the changed role is served", func() bool { s, _, _ := server.get(t, "other"); return s == 200 })
	if w.aws.Counts().Roles["arn:aws:iam::123456789012:role/changed"].Successes == 0 {
		t.Error("the changed role was not assumed")
	}
	w.file("roles.yaml", "metrics: true"+twoRoles)
	w.good("reload")
	w.file("roles.yaml", "roles: { app: { nonsense: 1 } }")
	if _, errs, code := w.run("reload"); code != 3 || !strings.Contains(errs, "nonsense") {
		t.Errorf("a wrong file: exit code %d, %s", code, errs)
	}
	if s, _, _ := server.get(t, "app"); s != 200 {
		t.Errorf("a wrong file has changed what is served: %d", s)
	}
	server.stop(t)
	if n := strings.Count(server.log.String(), "until a restart"); n != 1 {
		t.Errorf("of two reloads one leaves something as it was, and it says so %d times", n)
	}
}

// TestReloadReadsProfilesAnew has the profile change that a role stands on, and not the role.
func TestReloadReadsProfilesAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	process, _ := w.script(time.Hour)
	w.without("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
	profile := func(arg string) {
		w.env["AWS_CONFIG_FILE"] = w.file("config", "[profile mine]\nregion = us-east-1\ncredential_process = "+process+" "+arg+"\n")
	}
	profile("a")
	server := w.serve("--config", w.file("roles.yaml", "roles: { app: { profile: mine } }"))
	has := func(end string) func() bool {
		return func() bool { _, set, _ := server.get(t, "app"); return strings.HasSuffix(set.AccessKeyID, end) }
	}
	eventually(t, "the profile's set is there", has("-a"))
	profile("b")
	w.good("reload")
	eventually(t, "the changed profile's set is there", has("-b"))
}

func TestServerAsksNobodyForACodeAndIsGivenOne(t *testing.T) {
	w := newWorld(t, time.Hour)
	server := w.serve("--no-share", "--config", w.file("roles.yaml", `
roles:
  admin: { sts: { role_arn: "arn:aws:iam::123456789012:role/admin", serial_number: "arn:aws:iam::123456789012:mfa/me" } }
`))
	if status, _, text := server.get(t, "admin"); status != http.StatusServiceUnavailable || !strings.Contains(text, "evercreds mfa") || inGo.MatchString(text) {
		t.Errorf("without a code: %d: %s", status, text)
	}
	if _, errs, code := w.run("mfa", "nobody", "--code", "123456"); code != 2 {
		t.Errorf("an unknown role: exit code %d, %s", code, errs)
	}
	if out := w.good("mfa", "admin", "--code", "123456"); !strings.Contains(out, "admin: fresh") {
		t.Errorf("mfa said %q", out)
	}
	if status, _, text := server.get(t, "admin"); status != http.StatusOK {
		t.Errorf("with a code: %d: %s", status, text)
	}
	if out := w.good("status"); !strings.Contains(out, "admin: fresh") {
		t.Errorf("status said %q", out)
	}
}

func TestServeEndsOnSIGTERMAndKeepsItsTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	path := w.file("roles.yaml", twoRoles)
	first := w.serve("--no-share", "--config", path)
	token, _ := os.ReadFile(first.tokens["app"])
	if strings.TrimSpace(string(token)) != string(token) || len(token) != 64 {
		t.Errorf("the token file has %d bytes, or a newline", len(token))
	}
	first.stop(t)
	second := w.serve("--no-share", "--config", path)
	again, _ := os.ReadFile(second.tokens["app"])
	if !bytes.Equal(token, again) {
		t.Error("a restart has changed the token")
	}
	if _, errs, code := w.run("serve", "--config", path, "--listen", "127.0.0.1:0"); code != 11 {
		t.Errorf("a second server on the same socket: exit code %d, %s", code, errs)
	}
	if _, errs, code := w.run("serve", "--config", path, "--listen", "0.0.0.0:0", "--control", w.dir+"/x/c.sock"); code != 3 {
		t.Errorf("a server for everybody: exit code %d, %s", code, errs)
	}
}

// TestEachRoleOfAChainLogsItsOwnName: the base of a chained role refreshes; its records
// have its own name.
func TestEachRoleOfAChainLogsItsOwnName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, time.Hour)
	server := w.serve("--no-share", "--config", w.file("roles.yaml", `
roles:
  app: { sts: { role_arn: "arn:aws:iam::123456789012:role/app" } }
  chained: { source_role: app, sts: { role_arn: "arn:aws:iam::123456789012:role/chained" } }
`))
	eventually(t, "both are there", func() bool {
		app, _, _ := server.get(t, "app")
		chained, _, _ := server.get(t, "chained")
		return app == 200 && chained == 200
	})
	server.stop(t)
	for _, line := range strings.Split(server.log.String(), "\n") {
		_, name, _ := strings.Cut(line, " name=")
		_, of, ok := strings.Cut(line, " role=arn:aws:iam::123456789012:role/")
		if ok && strings.Fields(name)[0] != strings.Fields(of)[0] {
			t.Errorf("a record of another role: %s", line)
		}
	}
	if !strings.Contains(server.log.String(), "name=chained") {
		t.Errorf("no record of the chained role:\n%s", server.log)
	}
}

// stop ends the server, so that its log is whole.
func (r *running) stop(t *testing.T) {
	t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v\n%s", err, r.log)
	}
}
