//go:build wasip1 && evercreds_panic

package main

//go:wasmexport evercreds_test_panic
func testPanic(session int32) int32 { return library.TestPanic(session) }

//go:wasmexport evercreds_test_fatal
func testFatal() int32 { return library.TestFatal() }
