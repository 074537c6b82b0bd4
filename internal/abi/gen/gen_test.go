package main

import "testing"

// What is checked in must be what the table says now.
func TestGeneratedFilesAreFresh(t *testing.T) {
	for _, o := range outputs {
		old, want, err := o.read("../../..")
		switch {
		case err != nil:
			t.Errorf("%s: %v", o.path, err)
		case old != want:
			t.Errorf("%s is stale: run go generate ./abi", o.path)
		}
	}
}
