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
// A key logs in again by itself where the token has forgotten this process: it was taken
// out and put back, reset, or made anew with the same key. For that the library is ended
// and initialized, with the logins of all its keys. A PIN that the token refused is not
// shown to it again before the process ends, whichever key it was for. One library serves
// all keys of a process; other code that initializes the same library in another way than
// by crypto11 keeps it from being opened.
//
// It needs cgo, and is a module of its own so that nobody else does; programs that are
// built without get an error from [Open]. Keys may be RSA or EC, and servers may speak
// TLS 1.2 or 1.3; for TLS 1.3 the token must know RSA-PSS (CKM_RSA_PKCS_PSS) where the
// key is RSA.
package pkcs11
