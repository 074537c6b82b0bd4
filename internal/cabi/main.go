//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command cabi is the C shared library (-buildmode=c-shared): the exports of
// package abi, nothing else. It opens no descriptor, starts no timer and no
// goroutine of its own: hosts fork, and close descriptors that are not theirs.
// The runtime's two watchers that are switched off here would break that.
package main

func main() {}
