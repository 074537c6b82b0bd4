// Package sealing has what docs/reference/sharing-stores.md says of keys, sealed entries and store
// keys. It makes no call but that of a user's function for keys. No error of it shows a
// key, or anything of a set.
package sealing
