//go:build go1.25

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// haystack is what is searched.
type haystack struct {
	lock  sync.Mutex
	straw [][]byte
}

func (h *haystack) add(b []byte) {
	h.lock.Lock()
	defer h.lock.Unlock()
	h.straw = append(h.straw, bytes.Clone(b))
}

func (h *haystack) all() [][]byte {
	h.lock.Lock()
	defer h.lock.Unlock()
	return h.straw
}

func (h *haystack) size() (n int) {
	for _, straw := range h.all() {
		n += len(straw)
	}
	return n
}

// find looks for secrets as they are, in base64 and in hex, and gives the names of those
// that are there.
func (h *haystack) find(secrets map[string]string) (found []string) {
	for _, name := range slices.Sorted(maps.Keys(secrets)) {
		secret := []byte(secrets[name])
		for _, form := range []string{string(secret), base64.StdEncoding.EncodeToString(secret), hex.EncodeToString(secret)} {
			if slices.ContainsFunc(h.all(), func(straw []byte) bool { return bytes.Contains(straw, []byte(form)) }) {
				found = append(found, name+" was found")
				break
			}
		}
	}
	return found
}

// findWords looks for short words that stand alone: six digits are in any clock's time, and
// in much that is sealed.
func (h *haystack) findWords(words []string) (found []string) {
	for _, word := range words {
		alone := regexp.MustCompile(`(^|[^0-9A-Za-z+/=])` + regexp.QuoteMeta(word) + `($|[^0-9A-Za-z+/=])`)
		if slices.ContainsFunc(h.all(), alone.Match) {
			found = append(found, fmt.Sprintf("the code %s was found", word))
		}
	}
	return found
}

// monitor hears of every command that a server gets.
func monitor(address string, to *haystack) (stop func(), err error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewReader(conn); ; {
			line, err := lines.ReadBytes('\n')
			to.add(line)
			if err != nil {
				return
			}
		}
	}()
	return func() { _ = conn.Close() }, nil
}

// watch reads every file of a directory again and again, those with passing names too.
func watch(ctx context.Context, dir string, to *haystack) {
	go func() {
		known := map[string]int64{}
		for ctx.Err() == nil {
			entries, err := os.ReadDir(dir)
			if err != nil {
				return
			}
			for _, e := range entries {
				info, err := e.Info()
				if err != nil || known[e.Name()] == info.ModTime().UnixNano() {
					continue
				}
				known[e.Name()] = info.ModTime().UnixNano()
				to.add([]byte(e.Name()))
				if b, err := os.ReadFile(filepath.Join(dir, e.Name())); err == nil {
					to.add(b)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
}

// processList reads the command lines of all processes.
func processList(to *haystack) {
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range lines {
		if b, err := os.ReadFile(path); err == nil {
			to.add(b)
		}
	}
}

// scan reads a whole table.
func scan(ctx context.Context, at string, to *haystack) error {
	all, err := dynamo(ctx, at, "Scan", `{"TableName": "evercreds"}`)
	to.add(all)
	for _, word := range strings.Split(string(all), `"`) { // binary attributes
		if b, err := base64.StdEncoding.DecodeString(word); err == nil && len(b) > 16 {
			to.add(b)
		}
	}
	return err
}

// objects reads all of a bucket.
func objects(ctx context.Context, at string, to *haystack) error {
	list, err := s3(ctx, http.MethodGet, at, "")
	if err != nil {
		return err
	}
	to.add(list)
	for _, name := range regexp.MustCompile(`<Key>([^<]+)</Key>`).FindAllStringSubmatch(string(list), -1) {
		object, err := s3(ctx, http.MethodGet, at, "/"+name[1])
		if err != nil {
			return err
		}
		to.add(object)
	}
	return nil
}
