package child

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/evercreds/evercreds/cmd/evercreds/internal/problem"
)

// Sections are the parts of the user's shared files that matter here.
type Sections struct {
	Profile       string // whose region and settings are kept
	ConfigFile    string
	CredentialsIn string
}

// Write makes the files that stand in place of the user's: their [default] profile has
// the settings of the user's profile, and no credentials. There is no other profile, so
// that a command which names one fails, and does not get another identity silently.
func Write(from Sections) (*Files, error) {
	dir, err := os.MkdirTemp("", "evercreds-run-")
	if err != nil {
		return nil, problem.Config.New("TMPDIR: there is no place for the files that stand in place of the user's: %v", err)
	}
	files := &Files{
		Dir: dir, Config: filepath.Join(dir, "config"),
		Credentials: filepath.Join(dir, "credentials"), Boto: filepath.Join(dir, "boto.cfg"),
	}
	text := Generated(read(from.ConfigFile), read(from.CredentialsIn), from.Profile)
	for path, content := range map[string]string{files.Config: text, files.Credentials: "", files.Boto: ""} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			files.Remove()
			return nil, problem.Config.New("TMPDIR: there is no place for the files that stand in place of the user's: %v", err)
		}
	}
	return files, nil
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(text)
}

// Generated is the text of the generated config file.
func Generated(config, credentials, profile string) string {
	var b strings.Builder
	b.WriteString("# Made by \"evercreds run\"; the settings are those of profile " + oneLine(profile) + ".\n[default]\n")
	names := []string{"profile " + profile}
	if profile == "default" {
		names = append(names, "default")
	}
	seen := map[string]bool{}
	for _, name := range names {
		writeSettings(&b, section(config, name), seen)
	}
	writeSettings(&b, section(credentials, profile), seen)
	// Endpoints by service stand in sections of their own.
	for _, name := range sectionNames(config) {
		if strings.HasPrefix(name, "services ") {
			b.WriteString("\n[" + name + "]\n")
			writeSettings(&b, section(config, name), map[string]bool{})
		}
	}
	return b.String()
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// setting is a line of a section with the lines that are indented below it.
type setting struct {
	key   string
	lines []string
}

// writeSettings leaves out what names credentials, and what an earlier section has.
func writeSettings(b *strings.Builder, settings []setting, seen map[string]bool) {
	for _, s := range settings {
		if seen[s.key] || isCredential(s.key) {
			continue
		}
		seen[s.key] = true
		for _, line := range s.lines {
			b.WriteString(line + "\n")
		}
	}
}

// isCredential tells the settings from which SDKs get credentials.
func isCredential(key string) bool {
	switch key {
	case "role_arn", "source_profile", "credential_source", "external_id", "mfa_serial", "role_session_name",
		"duration_seconds", "credential_process", "web_identity_token_file", "login_session",
		"aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token",
		"aws_account_id", "aws_credential_scope", "source_identity", "transitive_tag_keys",
		"granted_sso_start_url", "include_profile", "parent_profile":
		return true
	}
	for _, prefix := range []string{"sso_", "granted_", "saml_", "aws_access", "aws_secret", "aws_session", "saml2aws"} {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return false
}

// section returns the settings of a section, by the SDKs' rules: names are trimmed, and
// keys fold case; an indented line belongs to the setting above it.
func section(text, name string) []setting {
	var found []setting
	in := false
	for _, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "["):
			in = sectionName(line) == name
		case !in || trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
		case line[0] == ' ' || line[0] == '\t':
			if len(found) > 0 {
				last := &found[len(found)-1]
				last.lines = append(last.lines, line)
			}
		default:
			key, _, ok := strings.Cut(line, "=")
			if ok {
				found = append(found, setting{strings.ToLower(strings.TrimSpace(key)), []string{line}})
			}
		}
	}
	return found
}

func sectionNames(text string) []string {
	var names []string
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "[") {
			names = append(names, sectionName(line))
		}
	}
	return names
}

func sectionName(line string) string {
	line, _, _ = strings.Cut(line, "]")
	return strings.Trim(oneLine(strings.TrimPrefix(line, "[")), `"'`)
}
