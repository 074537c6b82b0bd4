import { existsSync } from "node:fs";
import { RefreshableSession } from "evercreds";

process.env.DEVICE_PIN = "1234";
if (existsSync("/usr/lib/softhsm/libsofthsm2.so")) {
  const session = new RefreshableSession({
    method: "iot",
    endpoint: "abc123.credentials.iot.us-east-1.amazonaws.com",
    roleAlias: "reader",
    certificate: "certificate.pem.crt",
    pkcs11: {
      pkcs11Lib: "/usr/lib/softhsm/libsofthsm2.so",
      tokenLabel: "device",
      privateKeyLabel: "key",
      userPin: process.env.DEVICE_PIN,
    },
  });
  session.close();
}
