//go:build unix

package command

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// task is a block of docs/guides/command-tasks.md.
func task(t *testing.T, mark string) string {
	t.Helper()
	return block(t, "command-tasks.md", mark)
}

// settled is the machine of the page: its configuration file, and evercreds in PATH.
func settled(t *testing.T, lifetime time.Duration) *world {
	t.Helper()
	w := newWorld(t, lifetime)
	w.env["EVERCREDS_CONFIG"] = w.file("etc/evercreds.yaml", task(t, "config of tasks"))
	w.inPath(t)
	return w
}

func TestTaskProfile(t *testing.T) {
	t.Parallel()
	w := settled(t, time.Hour)
	line := task(t, "profile of tasks")
	_, process, _ := strings.Cut(line, "credential_process = ")
	process = strings.ReplaceAll(process, "/etc/", w.dir+"/etc/")
	cmd := exec.Command("sh", "-c", process)
	cmd.Env = w.environ()
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), `"Version":1`) && !strings.Contains(string(out), `"Version": 1`) {
		t.Errorf("%v: it printed %d bytes that are no set", err, len(out))
	}
}

func TestTaskSystemd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd is not installed")
	}
	w := settled(t, time.Hour)
	service := strings.ReplaceAll(task(t, "evercreds.service"), "/usr/local/bin/", w.dir+"/bin/")
	for _, line := range strings.Split(service, "\n") {
		if _, start, ok := strings.Cut(line, "ExecStart="); ok {
			understood(t, strings.Fields(start)[1:])
		}
	}
	paths := []string{w.file("units/evercreds.service", service), w.file("units/evercreds.socket", task(t, "evercreds.socket"))}
	out, err := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, paths...)...).CombinedOutput()
	for _, line := range strings.Split(string(out), "\n") {
		if strings.Contains(line, "evercreds") {
			t.Errorf("systemd-analyze: %s", line)
		}
	}
	if err != nil && !strings.Contains(string(out), ".") {
		t.Errorf("%v: %s", err, out)
	}
}

// container is what compose and Kubernetes say alike of one.
type container struct {
	Args, Command []string
	Environment   map[string]string
	Env           []struct{ Name, Value string }
	Network       string                                    `yaml:"network_mode"`
	User          string                                    `yaml:"user"`
	StartupProbe  struct{ Exec struct{ Command []string } } `yaml:"startupProbe"`
}

// TestTaskContainers runs the server with the arguments of both pages, in a volume that all
// may write to and without a home, and has a client use the variables of the app.
func TestTaskContainers(t *testing.T) {
	t.Parallel()
	var compose struct{ Services map[string]container }
	var pod struct {
		Spec struct{ InitContainers, Containers []container }
	}
	for mark, to := range map[string]any{"compose": &compose, "pod": &pod} {
		if err := yaml.Unmarshal([]byte(strings.ReplaceAll(task(t, mark), "initContainers", "initcontainers")), to); err != nil {
			t.Fatalf("%s: %v", mark, err)
		}
	}
	server, app := compose.Services["evercreds"], compose.Services["app"]
	if server.Network != "service:app" || server.User != app.User {
		t.Errorf("compose: %+v", server)
	}
	sidecar, inPod := pod.Spec.InitContainers[0], pod.Spec.Containers[0]
	variables := map[string]string{}
	for _, e := range inPod.Env {
		variables[e.Name] = e.Value
	}
	if !reflect.DeepEqual(variables, app.Environment) {
		t.Errorf("the app's variables differ: %v, %v", variables, app.Environment)
	}
	for _, args := range [][]string{server.Command, sidecar.Args} {
		w := settled(t, time.Hour)
		w.without("HOME", "XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "EVERCREDS_CONFIG")
		place := strings.NewReplacer("/etc/evercreds/", w.dir+"/etc/", "/etc/", w.dir+"/etc/", "/run/", w.dir+"/run/")
		if err := os.MkdirAll(filepath.Join(w.dir, "run/evercreds"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(w.dir, "run/evercreds"), 0o777); err != nil {
			t.Fatal(err)
		}
		var here []string
		for _, a := range args[1:] {
			here = append(here, place.Replace(a))
		}
		running := w.serve(here...)
		if file := place.Replace(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]); running.tokens["app"] != file {
			t.Errorf("the token is in %s, not in %s", running.tokens["app"], file)
		}
		if !strings.HasSuffix(running.urls["app"], strings.TrimPrefix(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], "http://"+defaultListen)) {
			t.Errorf("the URL is %s", running.urls["app"])
		}
		if status, _, text := running.get(t, "app"); status != http.StatusOK {
			t.Errorf("got %d: %s", status, text)
		}
		var probe []string
		for _, a := range sidecar.StartupProbe.Exec.Command[1:] {
			probe = append(probe, place.Replace(a))
		}
		if out := w.good(probe...); !strings.Contains(out, "app: fresh") {
			t.Errorf("the probe said %q", out)
		}
	}
}

func TestTaskEditorsAndAgents(t *testing.T) {
	t.Parallel()
	var settings map[string]map[string]string
	if err := json.Unmarshal([]byte(task(t, "vscode")), &settings); err != nil {
		t.Fatal(err)
	}
	w := settled(t, time.Hour)
	running := w.serve()
	variables := settings["terminal.integrated.env.linux"]
	if file := strings.Replace(variables["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"], "${env:XDG_RUNTIME_DIR}", w.dir, 1); file != running.tokens["app"] {
		t.Errorf("the token is in %s, not in %s", running.tokens["app"], file)
	}
	var agent struct {
		Servers map[string]struct {
			Command string
			Args    []string
		} `json:"mcpServers"`
	}
	if err := json.Unmarshal([]byte(task(t, "agent")), &agent); err != nil {
		t.Fatal(err)
	}
	server := agent.Servers["aws"]
	understood(t, server.Args)
	w.file("bin/my-tool-server", "#!/bin/sh\necho \"$AWS_CONTAINER_CREDENTIALS_FULL_URI $AWS_ACCESS_KEY_ID\"\n")
	if err := os.Chmod(filepath.Join(w.dir, "bin/my-tool-server"), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `"$@"`, "sh", server.Command)
	cmd.Args = append(cmd.Args, server.Args...)
	cmd.Env = w.environ()
	if out, err := cmd.CombinedOutput(); err != nil || !strings.HasPrefix(string(out), "http://127.0.0.1:") || strings.Contains(string(out), "AK") {
		t.Errorf("%v: %s", err, out)
	}
}

// TestTaskElsewhere asks through a relay of TCP, as sshd's is one.
func TestTaskElsewhere(t *testing.T) {
	t.Parallel()
	if ssh, err := exec.LookPath("ssh"); err == nil {
		args := append([]string{"-G", "-F", "/dev/null"}, strings.Fields(task(t, "ssh"))[1:]...)
		if out, err := exec.Command(ssh, args...).CombinedOutput(); err != nil || !strings.Contains(string(out), "remoteforward 9911 [127.0.0.1]:9911") {
			t.Errorf("ssh does not understand %q: %v", args, err)
		}
	}
	w := settled(t, time.Hour)
	running := w.serve()
	far, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = far.Close() })
	near := strings.TrimSuffix(strings.TrimPrefix(running.urls["app"], "http://"), "/credentials/app")
	go func() {
		for {
			a, err := far.Accept()
			if err != nil {
				return
			}
			b, err := net.Dial("tcp", near)
			if err != nil {
				_ = a.Close()
				continue
			}
			go func() { _, _ = io.Copy(b, a); _ = b.Close() }()
			go func() { _, _ = io.Copy(a, b); _ = a.Close() }()
		}
	}()
	token, err := os.ReadFile(running.tokens["app"])
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]int{string(token): http.StatusOK, "": http.StatusUnauthorized} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+far.Addr().String()+"/credentials/app", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", given)
		reply, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = reply.Body.Close()
		if reply.StatusCode != want {
			t.Errorf("through the relay: %d, want %d", reply.StatusCode, want)
		}
	}
}
