// Package pkcs11 signs with a device's private key in a PKCS#11 token: a security
// chip, a smart card, an HSM. The key never leaves it.
//
//	key, err := pkcs11.Open(pkcs11.Params{
//		Library:         "/usr/lib/softhsm/libsofthsm2.so",
//		TokenLabel:      "devices",
//		PIN:             pin,
//		PrivateKeyLabel: "device-1",
//	})
//	...
//	defer key.Close()
//	session, err := evercreds.NewIoT(evercreds.IoTParams{
//		Endpoint:    "ID.credentials.iot.eu-west-1.amazonaws.com",
//		RoleAlias:   "device",
//		Certificate: evercreds.PEMFile("/etc/device/certificate.pem.crt"),
//		Signer:      key,
//	})
//
// A key logs in again by itself if the token has forgotten this process: it was taken out
// and put back, reset, or made anew with the same key. For that it ends and initializes
// the library, with the logins of all its keys. A token never sees again a PIN that it has
// refused in this process, whichever key the PIN was for. One library serves all keys of a
// process. [Open] fails if other code has initialized the same library without crypto11.
//
// The package needs cgo, and is a Go module of its own so that nobody else does; without
// cgo Open returns an error. Keys may be RSA or EC, and servers may speak TLS 1.2 or 1.3.
// For TLS 1.3 an RSA key needs a token that knows RSA-PSS (CKM_RSA_PKCS_PSS).
package pkcs11
