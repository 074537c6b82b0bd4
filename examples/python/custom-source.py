"""Lists the S3 buckets that the credentials of a broker may see.

A broker is any program that hands out temporary credentials over HTTP. The session asks it
again before they expire.

    python custom-source.py http://broker.example/credentials
"""

import json
import sys
import urllib.request

from evercreds import RefreshableSession

if len(sys.argv) != 2:
    sys.exit("usage: python custom-source.py URL")


def ask():
    with urllib.request.urlopen(sys.argv[1], timeout=10) as reply:
        return json.load(reply)  # access_key, secret_key, token, expiry_time


with RefreshableSession(method="custom", custom_credentials_method=ask) as session:
    for bucket in session.client("s3").list_buckets()["Buckets"]:
        print(bucket["Name"])
