"""A subinterpreter is told that it cannot have sessions, and takes no harm."""

from __future__ import annotations

import sys

import pytest

from running import run

pytestmark = pytest.mark.skipif(
    sys.implementation.name != "cpython", reason="the modules are CPython's"
)

PROGRAM = """
import sys
try:
    import _interpreters as interpreters
    run, kinds = interpreters.exec, {"isolated": ("isolated",), "shared": ("legacy",)}
except ImportError:
    import _xxsubinterpreters as interpreters
    run = interpreters.run_string
    kinds = {"isolated": (), "shared": ()}
    isolated = {"isolated": True, "shared": False}

if sys.argv[1] == "used before":
    import evercreds._library.rules
    assert evercreds._library.rules.mfa_code(b"123456") == "123456"

CODE = '''
try:
    import evercreds
    evercreds.RefreshableSession(method="custom", custom_credentials_method=dict)
except Exception as error:
    print(type(error).__name__, getattr(error, "code", None), str(error)[:44], flush=True)
'''
CACHE = '''
import evercreds.cache
session = evercreds.cache.Session(region_name="us-east-1")
print("kept", session.client("s3") is session.client("s3"), flush=True)
'''
more = {} if kinds["isolated"] else {"isolated": isolated[sys.argv[2]]}
for code in (CODE, CODE, CACHE)[: int(sys.argv[3])]:
    number = interpreters.create(*kinds[sys.argv[2]], **more)
    failure = run(number, code)
    assert failure is None, failure
    interpreters.destroy(number)
if sys.argv[1] == "used before":
    assert evercreds._library.rules.mfa_code(b"123456") == "123456"
"""

REFUSAL = "EvercredsLibraryError subinterpreter evercreds cannot be used in a subinterpreter\n"


@pytest.mark.parametrize("kind", ["isolated", "shared"])
@pytest.mark.parametrize("before", ["used before", "not used before"])
def test_it_is_refused(before: str, kind: str) -> None:
    # A cache of clients needs no library. Python 3.12 alone has no ctypes in isolated ones, so
    # that the package cannot be imported there.
    has_cache = kind == "shared" or sys.version_info[:2] != (3, 12)
    done = run(PROGRAM, before, kind, "3" if has_cache else "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout == REFUSAL * 2 + "kept True\n" * has_cache
