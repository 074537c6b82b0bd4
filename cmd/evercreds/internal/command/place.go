package command

import (
	"crypto/rand"
	"encoding/hex"
	"os"
	"path/filepath"
	"regexp"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// place is the directory of a server: its socket and its tokens. Only its user may open it.
func place() (string, error) {
	dir := os.Getenv("XDG_RUNTIME_DIR")
	if dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", problem.Config.New("there is no place for the control socket: %v; give --control", err)
		}
		dir = cache
	}
	return filepath.Join(dir, "evercreds", "serve"), nil
}

// makePrivate makes a directory, or refuses one that others may write to.
func makePrivate(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return problem.Config.Of(err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return problem.Config.Of(err)
	}
	if !info.IsDir() || !isPrivate(info) {
		return problem.Config.New("%s must be a directory of this user's, with mode 0700", dir)
	}
	return nil
}

var tokenForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// token reads a role's token, or makes it. It stays the same over restarts, so that a
// client that read it goes on. The file has no newline: one breaks all SDKs.
func token(dir, role string) (string, string, error) {
	path := filepath.Join(dir, role)
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && isPrivate(info) {
		if text, err := os.ReadFile(path); err == nil && tokenForm.Match(text) {
			return string(text), path, nil
		}
	}
	text := newToken()
	temporary, err := os.CreateTemp(dir, ".token-")
	if err != nil {
		return "", "", problem.Config.Of(err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.WriteString(text)
	if e := temporary.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	if err != nil {
		return "", "", problem.Config.Of(err)
	}
	return text, path, nil
}

func newToken() string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw) // never fails since Go 1.24
	return hex.EncodeToString(raw)
}
