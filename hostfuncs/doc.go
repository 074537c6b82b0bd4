// Package hostfuncs lets sessions of evercreds use the WASI module, in pure Go, under the
// WebAssembly runtime wazero. It is for programs that want the very module that browsers
// and other languages run. Programs that only need credentials use the root package alone,
// which has the same core compiled in.
//
// A [Runtime] is one instance of the module, with the host functions that it imports.
// [New] makes it in a wazero runtime of its own, [Instantiate] in one of yours. The option
// [WithRuntime] has a session of the root package decide there:
//
//	rt, err := hostfuncs.New(ctx, hostfuncs.Config{})
//	...
//	session, err := evercreds.NewSTS(cfg, role, hostfuncs.WithRuntime(rt))
//
// The session has everything that other sessions have: sources, options, clients, events
// and errors, and [evercreds.WithShare].
package hostfuncs
