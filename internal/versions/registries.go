package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/evercreds/evercreds/internal/programs"
)

var anyVersion = []string{"GOFLAGS=-mod=mod"}

func (b *bench) goProxy() registry {
	return registry{
		list: func(ctx context.Context, name string) ([]string, error) {
			out, err := b.command(ctx, lookUpTime, ".", anyVersion, "go", "list", "-m", "-versions", "-f", `{{join .Versions " "}}`, name)
			return strings.Fields(out), err
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", anyVersion, "go", "mod", "download", name+"@"+version)
			return err
		},
	}
}

var pipVersions = regexp.MustCompile(`(?m)^Available versions: (.*)$`)

func (b *bench) pyPI() registry {
	return registry{
		list: func(ctx context.Context, name string) ([]string, error) {
			out, err := b.command(ctx, lookUpTime, ".", nil, programs.Python(), "-m", "pip", "index", "versions", name)
			if m := pipVersions.FindStringSubmatch(out); m != nil {
				return strings.Split(m[1], ", "), nil
			}
			return nil, err
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", nil, programs.Python(), "-m", "pip", "download", "--quiet", "--no-deps",
				"--dest", b.downloads(), name+"=="+version)
			return err
		},
	}
}

func (b *bench) npm() registry {
	return registry{
		list: func(ctx context.Context, name string) (versions []string, err error) {
			out, err := b.command(ctx, lookUpTime, ".", nil, "npm", "view", name, "versions", "--json")
			if err != nil {
				return nil, err
			}
			return versions, json.Unmarshal([]byte(out), &versions)
		},
		have: func(ctx context.Context, name, version string) error {
			_, err := b.command(ctx, lookUpTime, ".", nil, "npm", "pack", "--silent", "--pack-destination", b.downloads(), name+"@"+version)
			return err
		},
	}
}

// manifest is what is used of package.json.
type manifest struct {
	DevDependencies  map[string]string `json:"devDependencies"`
	PeerDependencies map[string]string `json:"peerDependencies"`
}

func (b *bench) readPackage() (m manifest, err error) {
	text, err := os.ReadFile(filepath.Join(b.clone, "bindings", "node", "package.json"))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(text, &m)
}

// npmInstall writes the versions of rows into package.json and its lock file. A row is
// called by its package, after a colon.
func (b *bench) npmInstall(ctx context.Context, rows []row) error {
	install := []string{"npm", "install", "--silent", "--no-audit", "--no-fund", "--save-dev", "--save-exact"}
	for _, r := range rows {
		if _, name, _ := strings.Cut(r.Name, ": "); r.Red == "" {
			install = append(install, name+"@"+r.Taken)
		}
	}
	_, err := b.command(ctx, installTime, "bindings/node", nil, install...)
	return err
}
