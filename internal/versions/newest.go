package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// SDKs are what users have beside the package, in each language. What only builds,
// checks and runs tests here (pytest, vitest, ruff, the compiler of TypeScript) stays
// as it is pinned.
var (
	pythonSDKs = []string{"boto3", "botocore", "awscrt", "awsiotsdk", "wasmtime", "aiobotocore", "aioboto3", "celery", "gunicorn", "moto"}
	nodeSDKs   = []string{"@aws-sdk/client-sts", "@aws-sdk/client-s3", "@smithy/types", "aws-iot-device-sdk-v2"}
)

// newest takes every SDK at the newest version that there is.
func newest(context.Context, *bench) ([]part, error) {
	return []part{
		{"Go", newestGo, []command{{env: anyToolchain(), args: []string{"./task", "test:go"}}}},
		{"Python", newestPython, []command{{args: []string{"./task", "test:python"}}}},
		{"Node", newestNode, []command{{args: []string{"./task", "test:node"}}}},
	}, nil
}

// pin is a line of a file of requirements.
var pin = regexp.MustCompile(`(?m)^([a-z0-9-]+)(\[[a-z0-9,]+\])?==([0-9.]+)$`)

// newestPython turns the SDKs' pins into ranges, up to the newest version whose file is
// given: SDKs bind each other, and pip finds the newest that go together.
func newestPython(ctx context.Context, b *bench) (rows []row, err error) {
	found := map[string]row{}
	for _, name := range pythonSDKs {
		found[name] = b.pyPI().look(ctx, "", name, "", "")
	}
	for _, venv := range []string{"venv", "venv-aiobotocore", "venv-aioboto3"} {
		file := "requirements" + strings.TrimPrefix(venv, "venv") + ".txt"
		if venv == "venv" {
			file = "requirements-dev.txt"
		}
		path := filepath.Join(b.clone, "bindings", "python", file)
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		ranged := pin.ReplaceAllStringFunc(string(text), func(line string) string {
			m := pin.FindStringSubmatch(line)
			r, ours := found[m[1]]
			if !ours || r.Red != "" {
				return line
			}
			return fmt.Sprintf("%s%s>=%s,<=%s", m[1], m[2], m[3], r.Taken)
		})
		if err := os.WriteFile(path, []byte(ranged), 0o644); err != nil {
			return nil, err
		}
		if rows, err = b.installed(ctx, rows, found, string(text), venv); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	return rows, nil
}

// installed makes a virtual environment and adds a row for each SDK in it, with the
// version that it has got.
func (b *bench) installed(ctx context.Context, rows []row, found map[string]row, pins, venv string) ([]row, error) {
	task := "build:venv"
	if venv != "venv" {
		task = "build:venvs-aio"
	}
	if _, err := b.command(ctx, installTime, ".", nil, "./task", task); err != nil {
		return nil, err
	}
	list, err := b.command(ctx, lookUpTime, ".", nil, filepath.Join(b.clone, "build", venv, "bin", "python"), "-m", "pip", "list", "--format=freeze")
	if err != nil {
		return nil, err
	}
	for _, m := range pin.FindAllStringSubmatch(pins, -1) {
		r, ours := found[m[1]]
		if !ours {
			continue
		}
		newest := r.Taken
		got := regexp.MustCompile(`(?m)^` + m[1] + `==(.*)$`).FindStringSubmatch(list)
		if got == nil {
			return nil, fmt.Errorf("%s has no %s", venv, m[1])
		}
		if r.Pinned, r.Taken = m[3], got[1]; r.Taken != newest {
			r.Taken += " (others hold " + newest + " back)"
		}
		r.Name = "Python: " + r.Name
		if venv != "venv" {
			r.Name += " (" + venv + ")"
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// newestNode writes the newest versions into package.json and its lock file.
func newestNode(ctx context.Context, b *bench) (rows []row, err error) {
	p, err := b.readPackage()
	if err != nil {
		return nil, err
	}
	for _, name := range nodeSDKs {
		rows = append(rows, b.npm().look(ctx, "Node: ", name, p.DevDependencies[name], ""))
	}
	return rows, b.npmInstall(ctx, rows)
}
