// Package abi is the boundary between the core and hosts in other languages: one
// table of functions, numbers and layouts, and the Go side of each function.
// The C header, the export shims and the declarations for Python and
// TypeScript are generated from the table; docs/reference/abi.md is the contract.
package abi

//go:generate go run ./gen ../..
