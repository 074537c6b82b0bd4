// Package redis has the scripts by which Redis and Valkey are a store, the same for all
// languages. They need Redis 5 or newer.
package redis

import _ "embed"

//go:embed common.lua
var common string

// Script is one call of a store.
type Script struct {
	Name string
	part string
}

// The scripts. Each has one key; its file says what its arguments and its answer are.
var (
	Read     = Script{"read", read}
	Campaign = Script{"campaign", campaign}
	Publish  = Script{"publish", publish}
	Resign   = Script{"resign", resign}
)

//go:embed read.lua
var read string

//go:embed campaign.lua
var campaign string

//go:embed publish.lua
var publish string

//go:embed resign.lua
var resign string

// Source is the whole script.
func (s Script) Source() string { return common + "\n" + s.part }

// All has each script once.
func All() []Script { return []Script{Read, Campaign, Publish, Resign} }
