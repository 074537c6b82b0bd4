//go:build unix

package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pinentry puts a program of this name before all others: it answers as a script says,
// and writes down what it is asked.
func (w *world) pinentry(onGetPIN string) (asked func() string) {
	w.t.Helper()
	log := filepath.Join(w.dir, "asked")
	path := w.file("bin/pinentry", `#!/bin/sh
echo "OK Pleased to meet you"
while read -r line; do
    echo "$line" >>"`+log+`"
    case $line in
    OPTION*) echo "ERR 83886254 Unknown option" ;;
    GETPIN) `+onGetPIN+` ;;
    *) echo OK ;;
    esac
done
`)
	if err := os.Chmod(path, 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.env["PATH"] = filepath.Dir(path) + ":" + w.env["PATH"]
	return func() string {
		text, _ := os.ReadFile(log)
		return string(text)
	}
}

var byPinentry = []string{"--role-arn", role, "--serial-number", device, "--mfa", "pinentry"}

func TestPinentryAsksForTheCode(t *testing.T) {
	t.Parallel()
	for _, command := range [][]string{{"whoami"}, {"run"}} {
		w := newWorld(t, time.Hour)
		asked := w.pinentry(`echo "D 123456"; echo OK`)
		args := append(command, byPinentry...)
		if command[0] == "run" {
			args = append(args, "--", "echo", "assumed-role/app")
		}
		if out := w.good(args...); !strings.Contains(out, "assumed-role/app") {
			t.Errorf("%q: it said %q", command, out)
		}
		if !strings.Contains(asked(), "SETDESC One-time code of "+device+"\n") || strings.Count(asked(), "GETPIN") != 1 {
			t.Errorf("%q: pinentry was asked\n%s", command, asked())
		}
		if n := w.aws.Counts().Roles[role].Successes; n != 1 {
			t.Errorf("%q: %d calls of AssumeRole", command, n)
		}
	}
}

func TestPinentryWithoutACode(t *testing.T) {
	for name, c := range map[string]struct{ does, says string }{
		"it is cancelled":  {`echo "ERR 83886179 Operation cancelled"`, "Operation cancelled"},
		"it ends":          {`exit 1`, "ended without an answer"},
		"nothing is typed": {`echo OK`, "no code was given"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, time.Hour)
			w.pinentry(c.does)
			_, errs, code := w.run(append([]string{"whoami"}, byPinentry...)...)
			if code != 7 || !strings.Contains(errs, c.says) {
				t.Errorf("exit code %d: %s", code, errs)
			}
		})
	}
	w := newWorld(t, time.Hour)
	w.env["PATH"] = w.dir
	if _, errs, code := w.run(append([]string{"whoami"}, byPinentry...)...); code != 7 || !strings.Contains(errs, "cannot be started") {
		t.Errorf("there is no pinentry: exit code %d, %s", code, errs)
	}
}

// TestPinentryOnATerminal has the real one ask, where it is installed.
func TestPinentryOnATerminal(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("pinentry-curses"); err != nil {
		t.Skip("pinentry-curses is not installed")
	}
	w := newWorld(t, time.Hour)
	w.env["TERM"] = "xterm"
	path := w.file("bin/pinentry", "#!/bin/sh\nexec pinentry-curses \"$@\"\n")
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	w.env["PATH"] = filepath.Dir(path) + ":" + w.env["PATH"]
	tty := onTerminal(t, w.command(append([]string{"whoami"}, byPinentry...)...))
	tty.expect("One-time code of")
	tty.press("123456\r")
	tty.expect("assumed-role/app/")
}
