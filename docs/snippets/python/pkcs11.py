from os import environ
from pathlib import Path

library = "/usr/lib/softhsm/libsofthsm2.so"
if not Path(library).exists():
    raise SystemExit(0)  # this machine has no SoftHSM
environ["DEVICE_PIN"] = "1234"

import os

from evercreds import RefreshableSession

session = RefreshableSession(
    method="iot",
    endpoint="abc123.credentials.iot.us-east-1.amazonaws.com",
    role_alias="reader",
    certificate="certificate.pem.crt",
    pkcs11={
        "pkcs11_lib": "/usr/lib/softhsm/libsofthsm2.so",
        "token_label": "device",
        "private_key_label": "key",
        "user_pin": os.environ["DEVICE_PIN"],
    },
)
session.close()
