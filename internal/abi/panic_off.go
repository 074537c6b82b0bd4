//go:build !evercreds_panic

package abi

const panicBuild = false
