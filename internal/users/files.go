package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// digest is of files and of all files in folders, with their names.
func digest(words []string, paths ...string) (string, error) {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q\n", words)
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(file)
			fmt.Fprintf(sum, "%q %d\n", file, len(text))
			sum.Write(text)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

// marked tells whether a file holds this mark: what it stands beside is as it was.
func marked(file, mark string) bool {
	text, err := os.ReadFile(file)
	return err == nil && bytes.Equal(text, []byte(mark))
}

// renewed makes something anew unless its file holds the mark, which it then does.
func renewed(file, mark string, make func() error) error {
	if marked(file, mark) {
		return nil
	}
	if err := os.RemoveAll(file); err != nil {
		return err
	}
	if err := make(); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(mark), 0o644)
}

// copied has a folder hold the files of others, and nothing else.
func copied(to string, from ...string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	for _, each := range from {
		info, err := os.Stat(each)
		if err != nil {
			return err
		}
		if info.IsDir() {
			if err := os.CopyFS(to, os.DirFS(each)); err != nil {
				return err
			}
			continue
		}
		text, err := os.ReadFile(each)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(each)), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// globbed is the files of a pattern, which is a good one.
func globbed(pattern string) []string {
	files, _ := filepath.Glob(pattern)
	return files
}

// turns gives each name a lock.
type turns struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

func (t *turns) take(name string) (done func()) {
	t.mu.Lock()
	if t.locks == nil {
		t.locks = map[string]*sync.Mutex{}
	}
	if t.locks[name] == nil {
		t.locks[name] = &sync.Mutex{}
	}
	lock := t.locks[name]
	t.mu.Unlock()
	lock.Lock()
	return lock.Unlock
}
