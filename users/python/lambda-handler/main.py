# A function's handler, with AWS_LAMBDA_FUNCTION_NAME set: refreshes run within calls, and
# none goes on after a call has returned.
# title: AWS Lambda (emulated)
# framework: python
# short: yes
import os
import threading

os.environ["AWS_LAMBDA_FUNCTION_NAME"] = "users"

from function import handler, session
from refreshed import refreshed


def invoke() -> None:
    assert handler({}, None)["statusCode"] == 200
    # the environment may be frozen from here on
    assert not session.status().refreshing
    assert "evercreds-timer" not in [thread.name for thread in threading.enumerate()]


refreshed(invoke)
