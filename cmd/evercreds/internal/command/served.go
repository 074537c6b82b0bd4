package command

import (
	"context"
	"io"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"sync"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/endpoint"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
	"github.com/evercreds/evercreds/cmd/evercreds/internal/roles"
)

// served is a role with its session.
type served struct {
	role      roles.Role // as it was configured, so that a reload finds changes
	shared    string     // what the shared files said then
	opened    *roles.Opened
	endpoint  *endpoint.Role
	tokenFile string
	codes     *codes
}

// codes holds a one-time code that somebody gave, until it is used, once.
type codes struct {
	mu   sync.Mutex
	code string
}

func (c *codes) put(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.code = code
}

// ask never waits: a server has nobody to ask.
func (c *codes) ask(_ context.Context, serial string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	code := c.code
	c.code = ""
	if code == "" {
		return "", problem.MFA.New("a one-time code of %s is needed, and a server asks nobody: run `evercreds mfa ROLE`", serial)
	}
	return code, nil
}

// desk has all roles that are served.
type desk struct {
	mu       sync.Mutex
	roles    map[string]*served
	server   *endpoint.Server
	tokenDir string
	share    bool
	logger   *slog.Logger
}

// load brings the roles to what a file says. Roles that have not changed keep their
// sessions, unless the shared files have: a profile may be another. If one cannot be made, nothing changes.
func (d *desk) load(ctx context.Context, file *roles.File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	next, shared := map[string]*served{}, roles.SharedFiles()
	var fresh []*served
	fail := func(err error) error {
		for _, s := range fresh {
			_ = s.opened.Close()
		}
		return err
	}
	for _, name := range file.Names() {
		role := file.Roles[name]
		// A role that stands on another is made anew with it: the other may have changed.
		if old := d.roles[name]; old != nil && role.SourceRole == "" && old.shared == shared && reflect.DeepEqual(old.role, *role) {
			next[name] = old
			continue
		}
		s, err := d.open(ctx, role, file)
		if err != nil {
			return fail(err)
		}
		s.shared = shared
		fresh = append(fresh, s)
		next[name] = s
	}
	var listed []*endpoint.Role
	for _, s := range next {
		listed = append(listed, s.endpoint)
	}
	d.server.Set(listed)
	if s := next[file.IMDS]; s != nil {
		d.server.SetIMDS(s.endpoint, s.opened.Region)
	} else {
		d.server.SetIMDS(nil, "")
	}
	old := d.roles
	d.roles = next
	for name, s := range old {
		if next[name] != s {
			_ = s.opened.Close()
		}
	}
	return nil
}

func (d *desk) open(ctx context.Context, role *roles.Role, file *roles.File) (*served, error) {
	s := &served{role: *role, codes: &codes{}}
	how := roles.How{Mode: roles.Server, Share: d.share, Logger: d.logger, Code: s.codes.ask}
	var err error
	if s.opened, err = roles.Open(ctx, role, file, how); err != nil {
		return nil, err
	}
	secret := newToken()
	if d.tokenDir != "" {
		if secret, s.tokenFile, err = token(d.tokenDir, role.Name); err != nil {
			_ = s.opened.Close()
			return nil, err
		}
	}
	s.endpoint = &endpoint.Role{Name: role.Name, Token: secret, Held: endpoint.Keep(s.opened.Session)}
	return s, nil
}

// list returns the roles, by name.
func (d *desk) list() []*served {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*served
	for _, name := range slices.Sorted(maps.Keys(d.roles)) {
		all = append(all, d.roles[name])
	}
	return all
}

func (d *desk) find(name string) *served {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.roles[name]
}

// close ends all sessions.
func (d *desk) close() {
	var all sync.WaitGroup
	for _, s := range d.list() {
		all.Add(1)
		go func() {
			defer all.Done()
			_ = s.opened.Close()
		}()
	}
	all.Wait()
}

// gauges are the metrics of the roles.
func (d *desk) gauges(w io.Writer) {
	writeGauges(w, d.list())
}
