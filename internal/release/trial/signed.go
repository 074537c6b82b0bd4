package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// signed signs the checksums with a key that is made for this and thrown away, and has them
// verified as docs/policies/releasing.md tells users: a changed line must not pass.
func (p place) signed() (string, error) {
	dir, err := p.empty("signed")
	if err != nil {
		return "", err
	}
	sums, err := filepath.Abs(filepath.Join(packages, "SHA256SUMS"))
	if err != nil {
		return "", err
	}
	if _, err := p.run(packages, nil, "sha256sum", "--check", "--strict", "--quiet", sums); err != nil {
		return "", err
	}
	key := filepath.Join(dir, "key")
	if _, err := p.run(dir, nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", key); err != nil {
		return "", err
	}
	script, err := filepath.Abs("tools/package/sign.sh")
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(sums)
	if err != nil {
		return "", err
	}
	copied := filepath.Join(dir, "SHA256SUMS")
	if err := write(copied, string(text)); err != nil {
		return "", err
	}
	if _, err := p.run(dir, nil, "sh", script, key, copied); err != nil {
		return "", err
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		return "", err
	}
	if err := write(filepath.Join(dir, "allowed_signers"), "evercreds "+string(public)); err != nil {
		return "", err
	}
	verify := []string{"sh", "-c", "ssh-keygen -Y verify -f allowed_signers -I evercreds -n evercreds-release -s SHA256SUMS.sig <SHA256SUMS"}
	if _, err := p.run(dir, nil, verify...); err != nil {
		return "", err
	}
	if err := write(copied, strings.Replace(string(text), "evercreds", "evercredz", 1)); err != nil {
		return "", err
	}
	if _, err := p.run(dir, nil, verify...); err == nil {
		return "", errors.New("checksums that were changed after they were signed pass")
	}
	return fmt.Sprintf("%d files; a signature of a throw-away key verifies offline, and a changed line does not", strings.Count(string(text), "\n")), nil
}

// equal compares what two builds made.
func equal(a, b string) error {
	left, err := folder(a)
	if err != nil {
		return err
	}
	right, err := folder(b)
	if err != nil {
		return err
	}
	var differ []string
	for name, sum := range left {
		if right[name] != sum {
			differ = append(differ, name)
		}
	}
	if len(left) != len(right) || len(differ) > 0 || len(left) == 0 {
		return fmt.Errorf("%d and %d files; these differ: %s", len(left), len(right), strings.Join(differ, ", "))
	}
	fmt.Printf("equal: %d files of two builds are the same bytes\n", len(left))
	return nil
}

func folder(dir string) (map[string][32]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	sums := map[string][32]byte{}
	for _, each := range entries {
		text, err := os.ReadFile(filepath.Join(dir, each.Name()))
		if err != nil {
			return nil, err
		}
		sums[each.Name()] = sha256.Sum256(text)
	}
	return sums, nil
}
