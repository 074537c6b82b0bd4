"""A client of botocore's: signed calls for a while, and a line for each."""

import sys
import time

import botocore.session

duration, period = float(sys.argv[1]), float(sys.argv[2])
session, client = botocore.session.get_session(), None
end = time.monotonic() + duration
while True:
    began = time.monotonic()
    try:
        client = client or session.create_client("sts")  # which asks for credentials
        arn = client.get_caller_identity()["Arn"]
        print("ok", arn, int((time.monotonic() - began) * 1000), flush=True)
    except Exception as e:
        print(
            "fail",
            type(e).__name__,
            int((time.monotonic() - began) * 1000),
            " ".join(str(e).split()),
            flush=True,
        )
    if time.monotonic() >= end:
        break
    time.sleep(period)
