// Package child runs a command with credentials of ours, and with nothing in its
// environment that any SDK would take before them.
package child
