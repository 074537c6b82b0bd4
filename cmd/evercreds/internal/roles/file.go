package roles

import (
	"bytes"
	_ "embed" // the schema
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Schema is the JSON schema of the configuration file.
//
//go:embed schema.json
var Schema []byte

// File is the configuration file, YAML or JSON.
type File struct {
	Listen  string           `yaml:"listen"` // of serve; default 127.0.0.1:9911
	IMDS    string           `yaml:"imds"`   // the role that the IMDSv2 endpoint serves; default: none
	Metrics bool             `yaml:"metrics"`
	Hosts   []string         `yaml:"hosts"` // more names that requests may come to
	Roles   map[string]*Role `yaml:"roles"`
}

// Path is where the configuration file is looked for.
func Path() string {
	if path := os.Getenv("EVERCREDS_CONFIG"); path != "" {
		return path
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "evercreds", "config.yaml")
}

// Read reads a configuration file. Without a path it reads the usual one, which may be
// absent.
func Read(path string) (*File, error) {
	needed := path != "" || os.Getenv("EVERCREDS_CONFIG") != ""
	if path == "" {
		path = Path()
	}
	written, err := readSome(path)
	if err != nil {
		if !needed && (errors.Is(err, os.ErrNotExist) || path == "") {
			return &File{}, nil
		}
		return nil, problem.Config.Of(err)
	}
	file, err := Parse(written)
	if err != nil {
		return nil, problem.Config.New("%s: %s", path, text(err))
	}
	return file, nil
}

// most is how long a configuration file may be: a path may lead to what has no end.
const most = 1 << 20

func readSome(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	written, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(written) > most {
		err = fmt.Errorf("%s is longer than %d bytes, so it is no configuration file", path, most)
	}
	return written, err
}

// Parse reads the text of a configuration file. It refuses what it does not know.
func Parse(written []byte) (*File, error) {
	file := &File{}
	decoder := yaml.NewDecoder(bytes.NewReader(written))
	decoder.KnownFields(true)
	if err := decoder.Decode(file); err != nil && !errors.Is(err, io.EOF) {
		return nil, misread(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the first document (a line ---), which would not be read")
	}
	if err := refuseEmpty(written); err != nil {
		return nil, err
	}
	for _, name := range file.Names() {
		role := file.Roles[name]
		if role == nil {
			role = &Role{}
			file.Roles[name] = role
		}
		role.Name = name
		if err := role.Check(); err != nil {
			return nil, err
		}
	}
	if err := file.alike(); err != nil {
		return nil, err
	}
	for _, name := range file.Names() {
		if err := file.chain(name); err != nil {
			return nil, err
		}
	}
	if file.IMDS != "" && file.Roles[file.IMDS] == nil {
		return nil, fmt.Errorf("imds: must be one of the roles; got %q", file.IMDS)
	}
	return file, nil
}

// alike refuses two names that some systems take for one: each role has a token file of its
// name, and a token opens no other role.
func (f *File) alike() error {
	seen := map[string]string{}
	for _, name := range f.Names() {
		folded := strings.ToLower(name)
		if other, there := seen[folded]; there {
			return fmt.Errorf("roles %s and %s: names must differ by more than capitals", other, name)
		}
		seen[folded] = name
	}
	return nil
}

// chain follows the roles that a role stands on, which must end.
func (f *File) chain(name string) error {
	seen := map[string]bool{}
	for at := name; at != ""; at = f.Roles[at].SourceRole {
		if f.Roles[at] == nil {
			return fmt.Errorf("role %s: source_role: there is no role %q", name, at)
		}
		if seen[at] {
			return fmt.Errorf("role %s: source_role: the chain of roles comes back to %q", name, at)
		}
		seen[at] = true
	}
	return nil
}

// Names returns the names of all roles, sorted.
func (f *File) Names() []string {
	names := make([]string, 0, len(f.Roles))
	for name := range f.Roles {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Role returns the role of a name.
func (f *File) Role(name string) (*Role, error) {
	role := f.Roles[name]
	if role == nil {
		return nil, problem.Config.New("there is no role %q; the file has %s", name, some(f.Names()))
	}
	return role, nil
}
