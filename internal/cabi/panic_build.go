//go:build evercreds_panic

package main

import "C"

//export evercreds_test_panic
func evercreds_test_panic(session int32) int32 { return library.TestPanic(session) }

//export evercreds_test_fatal
func evercreds_test_fatal() int32 { return library.TestFatal() }
