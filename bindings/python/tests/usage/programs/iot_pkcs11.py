"""Gets credentials with a key that never leaves its token."""

import os

from boto3_refresh_session import RefreshableSession

token = {
    "pkcs11_lib": os.environ["PKCS11_LIB"],
    "user_pin": os.environ["PKCS11_PIN"],
    "slot_id": int(os.environ["PKCS11_SLOT"]),
    "token_label": os.environ["PKCS11_TOKEN"],
    "private_key_label": os.environ["PKCS11_KEY"],
}
session = RefreshableSession(
    method="iot",
    endpoint=os.environ["IOT_ENDPOINT"],
    role_alias=os.environ["ROLE_ALIAS"],
    certificate=os.environ["CERTIFICATE"],
    pkcs11=token,
    thing_name=os.environ["THING_NAME"],
    region_name="us-east-1",
    ca=os.environ["CA"],  # the server is not one of AWS's
)
print("buckets", len(session.client("s3").list_buckets()["Buckets"]))
