// Package share is the root of what no user of package share needs. What follows from it
// in all languages is generated: test vectors for sealing, and the scripts for Redis.
package share

//go:generate go run ./gen ../..
