//go:build go1.25 && (linux || darwin)

package evercreds_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/share"
)

// childJob is what a process of the test's is to do: it shares in a directory, and says what
// it gets for each line that it reads.
type childJob struct {
	Dir, URL, Key, Secret string
	Hangs                 bool // its source is called, and never returns
}

const childVariable = "EVERCREDS_TEST_SHARE_CHILD"

// TestShareChild is such a process.
func TestShareChild(t *testing.T) {
	var job childJob
	if json.Unmarshal([]byte(os.Getenv(childVariable)), &job) != nil {
		t.Skip("for the tests with processes")
	}
	store, err := share.File(job.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := job.session(patient{store})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("ready")
	var last aws.Credentials
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var c aws.Credentials
		var err error
		if in.Text() == "refused" {
			c, err = s.Credentials(context.Background(), evercreds.OtherThan(last))
		} else {
			c, err = s.Retrieve(context.Background())
		}
		fmt.Println("got", c.AccessKeyID, err)
		last = c
	}
	_ = s.Close()
}

func (j childJob) session(store share.Store) (*evercreds.Session, error) {
	if j.URL == "" {
		return evercreds.NewCustom(func(context.Context) (evercreds.Credentials, error) {
			fmt.Println("called")
			if j.Hangs {
				select {}
			}
			return evercreds.Credentials{
				AccessKeyID: fmt.Sprint("PID", os.Getpid()), SecretAccessKey: "s", SessionToken: "t", Expires: time.Now().Add(time.Hour),
			}, nil
		}, evercreds.WithShare(store), evercreds.WithShareID("children"), evercreds.WithShareWait(time.Minute))
	}
	cfg := aws.Config{
		Region: "us-east-1", BaseEndpoint: &j.URL,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: j.Key, SecretAccessKey: j.Secret}, nil
		}),
	}
	return evercreds.NewSTS(cfg, evercreds.AssumeRole{RoleARN: roleARN}, evercreds.WithShare(store), evercreds.WithShareWait(time.Minute))
}

type childProcess struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func startShareChild(t *testing.T, job childJob) *childProcess {
	t.Helper()
	text, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestShareChild$")
	cmd.Env = append(os.Environ(), childVariable+"="+string(text))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &childProcess{t, cmd, in, bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	c.says("ready")
	return c
}

func (c *childProcess) ask() { _, _ = io.WriteString(c.in, "ask\n") }

// gets is what its caller gets who asks, or whom a service refused the last set.
func (c *childProcess) gets(word string) string {
	c.t.Helper()
	_, _ = io.WriteString(c.in, word+"\n")
	got := c.says("got ")
	if !strings.HasSuffix(got, "<nil>") {
		c.t.Errorf("%s: %s", word, got)
	}
	return got
}

// says waits for a line that begins so, and returns the rest of it.
func (c *childProcess) says(begin string) string {
	c.t.Helper()
	for c.out.Scan() {
		if rest, ok := strings.CutPrefix(c.out.Text(), begin); ok {
			return rest
		}
	}
	c.t.Fatalf("the process has not said %q", begin)
	return ""
}

// callers of five processes ask at once; the store has nothing: STS is called once.
func TestProcessesShareOneRefresh(t *testing.T) {
	server, _ := startStandIn(t, 0)
	job := childJob{Dir: groupDir(t), URL: server.URL, Key: server.Base.AccessKeyID, Secret: server.Base.SecretAccessKey}
	var children []*childProcess
	for range 5 {
		children = append(children, startShareChild(t, job))
	}
	for _, c := range children {
		c.ask()
	}
	first := ""
	for i, c := range children {
		switch got := c.says("got"); {
		case i == 0:
			first = got
		case got != first || !strings.HasSuffix(got, "<nil>"):
			t.Errorf("%q and %q", first, got)
		}
	}
	if calls := server.Counts().Actions["AssumeRole"].Attempts; calls != 1 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}

// caller A asks; its process leads, and is killed while its source is called; caller B, in
// another process, waits: B's process takes the turn over at once.
func TestALeaderIsKilled(t *testing.T) {
	dir := groupDir(t)
	leader, follower := startShareChild(t, childJob{Dir: dir, Hangs: true}), startShareChild(t, childJob{Dir: dir})
	leader.ask()
	leader.says("called")
	follower.ask()
	time.Sleep(100 * time.Millisecond) // it follows; if it is slower than that, it finds the turn over already
	_ = leader.cmd.Process.Kill()
	follower.says("called")
	if got := follower.says("got"); !strings.HasSuffix(got, "<nil>") {
		t.Error(got)
	}
}

// one client in one of three processes is sick: it is refused what all hold. Its process
// fetches once for it, and the others' answers do not change.
func TestASickClientInOneOfThreeProcesses(t *testing.T) {
	server, _ := startStandIn(t, 0)
	job := childJob{Dir: groupDir(t), URL: server.URL, Key: server.Base.AccessKeyID, Secret: server.Base.SecretAccessKey}
	sick, well, other := startShareChild(t, job), startShareChild(t, job), startShareChild(t, job)
	first := sick.gets("ask")
	for _, c := range []*childProcess{well, other} {
		if got := c.gets("ask"); got != first {
			t.Errorf("a member got %q, not %q", got, first)
		}
	}
	if got := sick.gets("refused"); got == first {
		t.Error("the sick client got the set that it was refused")
	}
	for _, c := range []*childProcess{well, other} {
		if got := c.gets("ask"); got != first {
			t.Errorf("a member's answer has changed to %q", got)
		}
	}
	if calls := server.Counts().Actions["AssumeRole"].Attempts; calls != 2 {
		t.Errorf("%d calls of AssumeRole", calls)
	}
}
