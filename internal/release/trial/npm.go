package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"path/filepath"
	"strings"
	"sync"
)

// What a user's first program does, as an ES module and as CommonJS.
const (
	firstModule   = "import { RefreshableSession } from \"evercreds\";\n" + firstUse
	firstCommonJS = "const { RefreshableSession } = require(\"evercreds\");\n(async () => {\n" + firstUse + "})();\n"
	firstUse      = `const session = new RefreshableSession({
  method: "custom",
  customCredentialsMethod: async () => ({
    accessKeyId: "EXAMPLE", secretAccessKey: "secret", sessionToken: "token",
    expiration: new Date(Date.now() + 3600_000),
  }),
});
const { accessKeyId } = await session.credentials();
session.close();
console.log(accessKeyId);
`
)

// npm publishes the tarball to a registry of this machine with npm itself, installs it by
// its name from there, and runs a user's first programs.
func (p place) npm() (string, error) {
	r := &registry{files: map[string][]byte{}}
	server := httptest.NewServer(r)
	defer server.Close()
	dir, err := p.empty("npm")
	if err != nil {
		return "", err
	}
	tarball, err := filepath.Abs(filepath.Join(packages, "evercreds-"+p.version+".tgz"))
	if err != nil {
		return "", err
	}
	token := "//" + server.Listener.Addr().String() + "/:_authToken=of-a-trial\n"
	for name, text := range map[string]string{
		"publish/.npmrc": token, "user/package.json": `{"name":"user","private":true,"version":"1.0.0"}`,
		"user/first.mjs": firstModule, "user/first.cjs": firstCommonJS,
	} {
		if err := write(filepath.Join(dir, name), text); err != nil {
			return "", err
		}
	}
	if _, err := p.run(filepath.Join(dir, "publish"), nil, "npm", "publish", "--registry", server.URL, tarball); err != nil {
		return "", err
	}
	user := filepath.Join(dir, "user")
	if r.usual, err = p.run(dir, nil, "npm", "config", "get", "registry"); err != nil {
		return "", err
	}
	install := []string{"npm", "install", "--registry", server.URL, "evercreds@" + p.version, "@aws-sdk/client-sts@3.1169.0"}
	if _, err := p.run(user, []string{"npm_config_cache=" + filepath.Join(dir, "cache")}, install...); err != nil {
		return "", err
	}
	for _, program := range []string{"first.mjs", "first.cjs"} {
		said, err := p.run(user, nil, "node", program)
		if err == nil && said != "EXAMPLE" {
			err = fmt.Errorf("%s said %q", program, said)
		}
		if err != nil {
			return "", err
		}
	}
	return "npm publish to a registry, npm install evercreds@" + p.version + " from it, and first programs", nil
}

// registry is as much of npm's as publish and install need. Other packages than ours are
// had from the usual one.
type registry struct {
	usual string
	mu    sync.Mutex
	about []byte
	files map[string][]byte
}

func (r *registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch name := request.URL.Path; {
	case request.Method == http.MethodPut && name == "/evercreds":
		if err := r.keep(request.Body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, "{}")
	case name == "/evercreds" && r.about != nil:
		w.Header().Set("Content-Type", "application/json")
		w.Write(r.about)
	case r.files[path.Base(name)] != nil:
		w.Write(r.files[path.Base(name)])
	case r.usual != "" && !strings.Contains(name, "evercreds"):
		http.Redirect(w, request, strings.TrimSuffix(r.usual, "/")+request.URL.EscapedPath(), http.StatusFound)
	default:
		http.Error(w, "{}", http.StatusNotFound)
	}
}

// keep takes what npm publish sends: the metadata, with the tarball inside.
func (r *registry) keep(body io.Reader) error {
	var about map[string]any
	if err := json.NewDecoder(body).Decode(&about); err != nil {
		return err
	}
	attached, _ := about["_attachments"].(map[string]any)
	for name, each := range attached {
		content, _ := each.(map[string]any)
		text, _ := content["data"].(string)
		file, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		r.files[path.Base(name)] = file
	}
	delete(about, "_attachments")
	fresh, err := json.Marshal(about)
	r.about = fresh
	return err
}
