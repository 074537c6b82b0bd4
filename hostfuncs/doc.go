// Package hostfuncs runs sessions of evercreds on the WASI module, in pure Go,
// under the WebAssembly runtime wazero. It is for programs that want the very
// module that browsers and other languages run; Go programs that need
// credentials alone import the core through the root package.
//
// A [Runtime] compiles the module once and keeps one instance of it. A [Session]
// of it has credentials from an evercreds.Source; [NewSTS], [NewIoT] and [NewCustom] make some. A [Machine] is the
// layer below: the exports, one to one.
package hostfuncs
