// Package hostfuncs has sessions of evercreds decide on the WASI module, in pure Go,
// under the WebAssembly runtime wazero. It is for programs that want the very
// module that browsers and other languages run; programs that need credentials
// alone use the root package, which has the same core compiled in.
//
// A [Runtime] is one instance of the module with the host functions that it imports.
// [New] makes it in a wazero runtime of its own, [Instantiate] in one of the caller's.
// [WithRuntime] is the option that has a session of the root package decide there:
//
//	rt, err := hostfuncs.New(ctx, hostfuncs.Config{})
//	...
//	session, err := evercreds.NewSTS(cfg, role, hostfuncs.WithRuntime(rt))
//
// Such a session has all that sessions have: sources, options, clients, events, errors.
package hostfuncs
