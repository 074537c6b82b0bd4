// Package fleet is many processes of many keys in virtual time. Those that share are real
// sessions of package core, each with the smallest host that there can be, and with a
// model of an engine as their store. Beside them are the same sessions without sharing,
// and a model of botocore's JSON file cache.
//
// A key has a group of processes, and a group has a store's record. Groups do not meet
// but in what is counted: calls of the source, and calls of the store, in each second.
package fleet
