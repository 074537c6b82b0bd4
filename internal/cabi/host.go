package main

// #include "host.h"
import "C"

import "unsafe"

// host passes on what the library tells to the C function pointers.
type host struct{}

func (host) RefreshBegin(session int32, ticket int64, method, cause int32) {
	C.host_begin(C.int32_t(session), C.int64_t(ticket), C.int32_t(method), C.int32_t(cause))
}

func (host) RefreshCancel(session int32, ticket int64) {
	C.host_cancel(C.int32_t(session), C.int64_t(ticket))
}

//export evercreds_set_host
func evercreds_set_host(begin, cancel unsafe.Pointer) { C.host_set(begin, cancel) }
