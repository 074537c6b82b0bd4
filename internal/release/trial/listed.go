package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evercreds/evercreds/internal/release/tree"
)

// listed holds an SBOM against two others' words: the modules that Go says the program's
// packages are of, on that system, and their checksums in go.sum.
func (p place) listed(program, folder, target string) error {
	system, arch, _ := strings.Cut(target, "-")
	env := []string{"GOWORK=off", "CGO_ENABLED=0", "GOOS=" + system, "GOARCH=" + arch}
	out, err := p.run("cmd/evercreds", env, "go", "list", "-deps", "-f", "{{with .Module}}{{.Path}} {{.Version}}{{end}}", ".")
	if err != nil {
		return err
	}
	want := map[string]bool{}
	for line := range strings.Lines(out) {
		path, version, found := strings.Cut(strings.TrimSpace(line), " ")
		if found && path != tree.Path && !strings.HasPrefix(path, tree.Path+"/") {
			want[path+"@"+version] = true
		}
	}
	sums, err := os.ReadFile("cmd/evercreds/go.sum")
	if err != nil {
		return err
	}
	var bom struct {
		Components []struct {
			Name, Version string
			Hashes        []struct{ Content string }
			Licenses      []any
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "sbom.cdx.json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &bom); err != nil {
		return err
	}
	notices, err := os.ReadFile(filepath.Join(folder, "NOTICE-third-party.txt"))
	if err != nil {
		return err
	}
	for _, c := range bom.Components {
		if len(c.Licenses) == 0 || !strings.Contains(string(notices), "\n"+c.Name+" "+c.Version+" (") {
			return fmt.Errorf("%s: %s has no licence in the list, or none in the notices", target, c.Name)
		}
		if c.Name == "std" {
			continue
		}
		if !want[c.Name+"@"+c.Version] {
			return fmt.Errorf("%s: the list has %s %s, which go list has not", target, c.Name, c.Version)
		}
		delete(want, c.Name+"@"+c.Version)
		digest, err := hex.DecodeString(c.Hashes[0].Content)
		line := c.Name + " " + c.Version + " h1:" + base64.StdEncoding.EncodeToString(digest) + "\n"
		if err != nil || !strings.Contains(string(sums), line) {
			return fmt.Errorf("%s: go.sum has no %s", target, line)
		}
	}
	if len(want) > 0 {
		missing := make([]string, 0, len(want))
		for each := range want {
			missing = append(missing, each)
		}
		slices.Sort(missing)
		return fmt.Errorf("%s: the list lacks %s", target, strings.Join(missing, ", "))
	}
	_, err = os.Stat(program)
	return err
}
