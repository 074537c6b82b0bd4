//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"
	"slices"

	"github.com/miekg/pkcs11"

	"github.com/evercreds/evercreds"
	"github.com/evercreds/evercreds/core"
)

// login shows the PIN to the token, unless it has refused it before. The library is
// initialized, and stays so: a login holds while the process has a session.
func login(raw *pkcs11.Ctx, at *place, pin string) error {
	if code, known := refusedBefore(at, pin); known {
		return pinRefused(at, pin, code)
	}
	if pin == "" && at.flags&pkcs11.CKF_LOGIN_REQUIRED == 0 {
		return nil
	}
	session, err := raw.OpenSession(at.slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return fmt.Errorf("evercreds/pkcs11: %s cannot be opened: %w", at, err)
	}
	defer func() { _ = raw.CloseSession(session) }()
	info, err := raw.GetSessionInfo(session)
	if err == nil && (info.State == pkcs11.CKS_RO_USER_FUNCTIONS || info.State == pkcs11.CKS_RW_USER_FUNCTIONS) {
		return nil // this process is logged in, and the token would not look at the PIN
	}
	if pin == "" && at.flags&pkcs11.CKF_PROTECTED_AUTHENTICATION_PATH == 0 {
		return refused("PIN", fmt.Sprintf("must be given: %s takes no login without one", at))
	}
	err = raw.Login(session, pkcs11.CKU_USER, pin) // "" becomes NULL: the token's own pad asks
	var code pkcs11.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &code):
		return fmt.Errorf("evercreds/pkcs11: no login to %s: %w", at, err)
	case code == pkcs11.CKR_USER_ALREADY_LOGGED_IN:
		return nil
	case refusesPIN(code) || pin == "" && code == pkcs11.CKR_ARGUMENTS_BAD:
		rememberRefusal(at, pin, code)
		return pinRefused(at, pin, code)
	}
	return fmt.Errorf("evercreds/pkcs11: no login to %s: %w", at, code)
}

func refusesPIN(code pkcs11.Error) bool {
	return slices.Contains([]pkcs11.Error{
		pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED,
		pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_USER_PIN_NOT_INITIALIZED,
	}, code)
}

// pinRefused says what the token said to a PIN, now or before.
func pinRefused(at *place, pin string, code pkcs11.Error) error {
	const once = "; this process does not send that PIN again"
	expected := ""
	switch code {
	case pkcs11.CKR_PIN_EXPIRED:
		expected = fmt.Sprintf("of %s has expired, and must be changed", at)
	case pkcs11.CKR_PIN_LOCKED:
		expected = fmt.Sprintf("is locked by %s, after too many wrong PINs", at)
	case pkcs11.CKR_USER_PIN_NOT_INITIALIZED:
		expected = fmt.Sprintf("is not set yet: %s has no user PIN", at)
	default:
		expected = fmt.Sprintf("must be the user's PIN of %s, which refused it", at)
		if pin == "" {
			expected = fmt.Sprintf("that was typed was refused by %s", at)
		}
	}
	return &pinError{evercreds.ParameterError{Parameter: "PIN", Expected: expected + once}}
}

// pinError is a PIN that the token has refused. It is permanent for a session:
// trying again cannot help.
type pinError struct{ evercreds.ParameterError }

func (e *pinError) Error() string { return e.ParameterError.Error() }

func (e *pinError) Unwrap() []error {
	return []error{&e.ParameterError, &evercreds.SourceError{
		Method: core.MethodIoT, Class: evercreds.Permanent, Reason: evercreds.CodeSource, Message: e.Error(), Err: &e.ParameterError,
	}}
}
