package abi

// The results below zero; see Codes. ErrOptionValue minus an option's number
// refuses that option's value.
const (
	ErrHandle           = -1
	ErrPoisoned         = -2
	ErrPanic            = -3
	ErrState            = -4
	ErrArgument         = -5
	ErrCapacity         = -6
	ErrSnapshot         = -7
	ErrSnapshotVersion  = -8
	ErrHandles          = -9
	ErrOption           = -10
	ErrExpiryNaive      = -20
	ErrExpiryUnreadable = -21
	ErrIoTEndpoint      = -22
	ErrMFACode          = -23
	ErrDuration         = -24
	ErrDurationChained  = -25
	ErrOptionValue      = -1000
)

// Codes are the results below zero. Append only. Doc says whose fault it is and
// whether to retry.
var Codes = []Constant{
	{"ERR_HANDLE", ErrHandle, "host: the handle does not exist, or was freed; do not retry"},
	{"ERR_POISONED", ErrPoisoned, "evercreds: this handle panicked earlier; free it and restore a snapshot"},
	{"ERR_PANIC", ErrPanic, "evercreds: this call panicked, and its handle is poisoned; restore a snapshot"},
	{"ERR_STATE", ErrState, "host: calls in the wrong order (an option after open, an event before it); do not retry"},
	{"ERR_ARGUMENT", ErrArgument, "host: an argument is out of range, or a null pointer; do not retry"},
	{"ERR_CAPACITY", ErrCapacity, "host: the buffer is too small; retry with a larger one"},
	{"ERR_SNAPSHOT", ErrSnapshot, "host: not a snapshot, or a damaged one; open a new session"},
	{"ERR_SNAPSHOT_VERSION", ErrSnapshotVersion, "host: a snapshot of another version; open a new session"},
	{"ERR_HANDLES", ErrHandles, "host: too many handles are open; free some, then retry"},
	{"ERR_OPTION", ErrOption, "host: the option does not exist; the library is older than the binding, or the number is wrong"},
	{"ERR_EXPIRY_NAIVE", ErrExpiryNaive, "source: the expiry has neither an offset nor Z, so it names no instant"},
	{"ERR_EXPIRY_UNREADABLE", ErrExpiryUnreadable, "source: the expiry is not an RFC 3339 date and time"},
	{"ERR_IOT_ENDPOINT", ErrIoTEndpoint, "user: not an IoT credentials endpoint (ID.credentials.iot.REGION.amazonaws.com)"},
	{"ERR_MFA_CODE", ErrMFACode, "user: the output has no six-digit code"},
	{"ERR_DURATION", ErrDuration, "user: duration_seconds must be whole seconds from 900 to 43200"},
	{"ERR_DURATION_CHAINED", ErrDurationChained, "user: duration_seconds must be at most 3600 if one role assumes another"},
	{"ERR_OPTION_VALUE", ErrOptionValue, "user: ERR_OPTION_VALUE minus n refuses the value of option n"},
}
