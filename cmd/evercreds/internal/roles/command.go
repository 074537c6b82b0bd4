package roles

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// maxOutput is what a command may print: a set with the longest token is far below.
const maxOutput = 64 << 10

// printed is what a credential_process prints.
type printed struct {
	Version         int
	AccessKeyId     string //nolint:revive // the name of the contract
	SecretAccessKey string
	SessionToken    string
	Expiration      string
	AccountId       string //nolint:revive
}

// runCommand runs a command of somebody else's, and reads what it prints.
func (r *Role) runCommand(ctx context.Context) (evercreds.Credentials, error) {
	path, err := exec.LookPath(r.Command[0])
	if err != nil {
		return evercreds.Credentials{}, said("", "the command of role "+r.Name+" cannot be started: "+err.Error())
	}
	cmd := exec.CommandContext(ctx, path, r.Command[1:]...)
	cmd.Env = markedEnviron(r)
	out := &bounded{}
	cmd.Stdout, cmd.Stderr = out, os.Stderr
	cmd.WaitDelay = 2 * time.Second
	switch err := cmd.Run(); {
	case err != nil && ctx.Err() != nil:
		return evercreds.Credentials{}, ctx.Err()
	case err != nil:
		return evercreds.Credentials{}, said("", fmt.Sprintf("the command of role %s failed: %v", r.Name, err))
	}
	return parsePrinted(out.Bytes(), "the command of role "+r.Name)
}

func said(code, text string) error {
	return &evercreds.SourceError{Class: evercreds.Recoverable, Code: code, Message: text}
}

// parsePrinted reads what a credential_process prints. Its errors show none of it.
func parsePrinted(text []byte, who string) (evercreds.Credentials, error) {
	malformed := func(what string) (evercreds.Credentials, error) {
		return evercreds.Credentials{}, &evercreds.SourceError{
			Class: evercreds.Recoverable, Reason: evercreds.CodeMalformed, Message: who + " " + what,
		}
	}
	var p printed
	if err := json.Unmarshal(text, &p); err != nil {
		return malformed("printed no JSON object of a credential_process")
	}
	switch {
	case p.Version != 1:
		return malformed(fmt.Sprintf("printed Version %d, not 1", p.Version))
	case p.AccessKeyId == "" || p.SecretAccessKey == "":
		return malformed("printed no AccessKeyId or no SecretAccessKey")
	case p.SessionToken == "":
		return evercreds.Credentials{}, longTerm(who + " printed")
	}
	set := evercreds.Credentials{
		AccessKeyID: p.AccessKeyId, SecretAccessKey: p.SecretAccessKey, SessionToken: p.SessionToken,
		AccountID: p.AccountId, NoExpiry: p.Expiration == "",
	}
	if p.Expiration != "" {
		expires, err := time.Parse(time.RFC3339, p.Expiration)
		if err != nil {
			return malformed("printed an Expiration that is no instant of ISO 8601")
		}
		set.Expires = expires
	}
	return set, nil
}

// bounded takes what a command prints, and refuses more than that.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errors.New("it printed more than 64 KiB")
	}
	return b.Buffer.Write(p)
}

// commandID names the group of a command: a name that was given; else all that may change
// what it prints. Two profiles never meet, since they are in the arguments or in AWS_*.
func (r *Role) commandID() string {
	if r.ShareID != "" {
		return "evercreds command id\x00" + r.ShareID
	}
	program, err := exec.LookPath(r.Command[0])
	if err == nil {
		if real, err := filepath.EvalSymlinks(program); err == nil {
			program = real
		}
		if abs, err := filepath.Abs(program); err == nil {
			program = abs
		}
	}
	parts := append([]string{program}, r.Command...)
	dir, _ := os.Getwd()
	parts = append(parts, fmt.Sprint(os.Getuid()), os.Getenv("HOME"), dir)
	parts = append(parts, awsVariables()...)
	return "evercreds command\x00" + digest(parts)
}

// digest tells lists of texts apart, and shows none of them.
func digest(parts []string) string {
	hash := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(hash, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// awsVariables are the variables that SDKs and their tools read, sorted.
func awsVariables() []string {
	var found []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			found = append(found, v)
		}
	}
	sort.Strings(found)
	return found
}

// running is the variable by which a process knows what its ancestors fetch.
const running = "EVERCREDS_FETCHING"

// mark names what a role fetches, without showing it.
func (r *Role) mark() string {
	configFile, _ := ConfigFiles()
	text := fmt.Sprintf("%s|%s|%s|%v|%+v|%+v", CurrentProfile(r.Profile), configFile, r.SourceRole, r.Command, r.STS, r.IoT)
	if r.STS != nil {
		text = fmt.Sprintf("%s|%s|%s", CurrentProfile(r.Profile), configFile, r.STS.RoleARN)
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// guardRecursion refuses to fetch what an ancestor is fetching, and marks this process,
// so that the programs that the SDK starts see it.
func guardRecursion(r *Role) error {
	ancestors := os.Getenv(running)
	if strings.Contains(ancestors, r.mark()) || strings.Count(ancestors, ",") >= 8 {
		return problem.Recursion.New("role %s: its own credential_process is being run to fetch it; give another profile", r.Name)
	}
	return nil
}

// Marked sets the mark of a role in this process's environment, for a process that fetches
// for one role alone and then ends.
func Marked(r *Role) { _ = os.Setenv(running, os.Getenv(running)+r.mark()+",") }

func markedEnviron(r *Role) []string {
	return append(os.Environ(), running+"="+os.Getenv(running)+r.mark()+",")
}
