// Command wasm is the WASI reactor module (wasip1, -buildmode=c-shared): the
// exports of package abi and the imported host functions, nothing else. An
// instance has one thread; a host function may call exports from within a call.
package main

func main() {}
