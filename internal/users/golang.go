package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/evercreds/evercreds/internal/programs"
)

const module = "github.com/evercreds/evercreds"

// redis is the module that sessions which share by Redis import too. It is taken from its
// folder: what it needs of the root module is what is published.
const redis = "share/redisshare"

// aboveAll are a minor and a patch that no release of version 0 has.
const aboveAll = "99999.0"

// goPlace is the module users/go, which takes evercreds from a proxy of files as it
// would take it from a public one.
type goPlace struct {
	home    string
	turns   turns
	once    sync.Once
	version string
	err     error
}

func (*goPlace) stamp(p program) (string, error) {
	files, err := moduleFiles()
	if err != nil {
		return "", err
	}
	return digest(nil, append(files, "users/go/go.mod", "users/go/go.sum", "users/go/refreshed", redis, p.dir)...)
}

// moduleFiles are those of the root module, other modules in its folders left out.
func moduleFiles() ([]string, error) {
	out, err := exec.Command("git", "-c", "core.quotePath=false", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		return nil, fmt.Errorf("git ls-files: %w", err)
	}
	files := strings.Split(strings.TrimSpace(string(out)), "\n")
	var others []string
	for _, file := range files {
		if folder, name := filepath.Split(file); name == "go.mod" && folder != "" {
			others = append(others, folder)
		}
	}
	files = slices.DeleteFunc(files, func(file string) bool {
		info, err := os.Lstat(file)
		return err != nil || !info.Mode().IsRegular() ||
			slices.ContainsFunc(others, func(folder string) bool { return strings.HasPrefix(file, folder) })
	})
	slices.Sort(files)
	return slices.Compact(files), nil
}

func (l *goPlace) ready(ctx context.Context, p program) (seat, error) {
	defer l.turns.take("")()
	l.once.Do(func() { l.err = l.prepare(ctx) })
	s := seat{dir: filepath.Join(l.home, "programs", p.name)}
	if l.err != nil {
		return s, l.err
	}
	source := filepath.Join(l.home, "module")
	// no sources there: they would be packages of the root module
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return s, err
	}
	err := logged(ctx, filepath.Join(l.home, p.name+".build.log"), installTime, source, l.env(), "go", "build", "-o", filepath.Join(s.dir, "program"), "./"+p.name)
	if err != nil {
		return s, err
	}
	s.version, err = l.versionOf(ctx, source, p.framework)
	return s, err
}

func (l *goPlace) versionOf(ctx context.Context, source, framework string) (string, error) {
	args := []string{"go", "list", "-m", "-f", "{{.Version}}", framework}
	if framework == "go" {
		args = []string{"go", "env", "GOVERSION"}
	}
	var out bytes.Buffer
	err := programs.Run(ctx, &out, time.Minute, source, l.env(), args...)
	return strings.TrimSpace(out.String()), err
}

// env has go take evercreds from the files. Nobody else knows its checksum.
func (l *goPlace) env() []string {
	proxy := url.URL{Scheme: "file", Path: filepath.ToSlash(filepath.Join(l.home, "proxy"))}
	return environment("GOWORK=off", "GOFLAGS=-mod=mod", "GONOSUMDB="+module, "GOPROXY="+proxy.String()+","+goEnv("GOPROXY"))
}

func goEnv(name string) string {
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// prepare publishes the module under a version of its own, and has a copy of users/go
// need that.
func (l *goPlace) prepare(ctx context.Context) error {
	files, err := moduleFiles()
	if err != nil {
		return err
	}
	sum, err := digest(nil, files...)
	if err != nil {
		return err
	}
	// Above the version that our other modules require, so that Go takes this one.
	l.version = "v0." + aboveAll + "-users." + sum
	if err := forgetEarlier(filepath.Join(goEnv("GOMODCACHE")), l.version); err != nil {
		return err
	}
	if err := l.publish(files); err != nil {
		return err
	}
	source := filepath.Join(l.home, "module")
	if err := copied(source, "users/go"); err != nil {
		return err
	}
	folder, err := filepath.Abs(redis)
	if err != nil {
		return err
	}
	return logged(ctx, filepath.Join(l.home, "edit.log"), time.Minute, source, l.env(),
		"go", "mod", "edit", "-dropreplace="+module, "-require="+module+"@"+l.version, "-replace="+module+"/"+redis+"="+folder)
}

// publish writes the three files that a proxy has of a version
// (https://go.dev/ref/mod#goproxy-protocol).
func (l *goPlace) publish(files []string) error {
	folder := filepath.Join(l.home, "proxy", filepath.FromSlash(module), "@v")
	if err := copied(filepath.Join(l.home, "proxy")); err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	info, err := json.Marshal(map[string]string{"Version": l.version, "Time": "2024-01-01T00:00:00Z"})
	if err != nil {
		return err
	}
	described, err := os.ReadFile("go.mod")
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		w, err := archive.Create(module + "@" + l.version + "/" + filepath.ToSlash(file))
		if err != nil {
			return err
		}
		if _, err := w.Write(text); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	for name, text := range map[string][]byte{".info": info, ".mod": described, ".zip": packed.Bytes()} {
		if err := os.WriteFile(filepath.Join(folder, l.version+name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// forgetEarlier removes what earlier runs left in Go's cache of modules.
func forgetEarlier(cache, version string) error {
	extracted, err := filepath.Glob(filepath.Join(cache, filepath.FromSlash(module)+"@v0."+aboveAll+"-users.*"))
	if err != nil {
		return err
	}
	downloads, err := filepath.Glob(filepath.Join(cache, "cache/download", filepath.FromSlash(module), "@v", "v0."+aboveAll+"-users.*"))
	if err != nil {
		return err
	}
	for _, path := range append(extracted, downloads...) {
		if strings.Contains(path, version) {
			continue
		}
		// Go makes them read-only.
		_ = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				err = os.Chmod(file, 0o755)
			}
			return err
		})
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}
