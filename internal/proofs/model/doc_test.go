// Package model_test holds a second reading of the specification of the refresh
// machine: a model written from its text, as plainly as could be, and without
// a look at the machine. It keeps a handful of facts about the past and works
// everything else out anew at each event. Random histories are told to both,
// and every field of every decision must agree; where the machine draws at
// random, the model says between which bounds, and takes over what was drawn. Sharing is
// read from docs/concepts/sharing.md likewise: what the store answers is drawn, and may be anything.
package model_test
