"""A token as devices have them: it locks itself, is taken out, put back, reset and made anew.

It is the project's PKCS#11 module before SoftHSM, which ``internal/awstest/token`` describes.
Programs that use it run as processes of their own: SoftHSM has one state in a process, and says
yes to any PIN where somebody is logged in already.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from conftest import IOT_ENDPOINT, ROOT
from softhsm import softhsm_library

PIN, WRONG_PIN, LABEL = "86420975310", "5550199", "a-device"
_SO_PIN = "13579024680"
_SOURCE = ROOT / "internal" / "awstest" / "token" / "token.c"


def built_module(directory: Path) -> Path:
    """Compile the module; skip, or fail in CI, where there is no SoftHSM for it."""
    softhsm_library()
    module = directory / "token.so"
    compiler = shutil.which("cc") or shutil.which("gcc") or "clang"
    flags = ["-std=gnu11", "-O1", "-shared", "-fPIC", "-o", str(module), str(_SOURCE)]
    subprocess.run([compiler, *flags, "-ldl", "-lpthread"], check=True, timeout=60)
    return module


class DeviceToken:
    """One token in a folder of its own, and the files by which it is taken out and the like.

    Args:
        directory: The folder.
        module: The compiled module.
        introduction: The stand-in's.
        key: The name of the key in the introduction that the token has.
    """

    def __init__(
        self,
        directory: Path,
        module: Path,
        introduction: dict[str, Any],
        key: str = "private_key",
    ) -> None:
        self.directory, self.module = directory, module
        self.introduction, self.key = introduction, key
        self._control = directory / "control"

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment, from its start."""
        return {
            "SOFTHSM2_CONF": str(self.directory / "softhsm2.conf"),
            "EVERCREDS_TOKEN_DIR": str(self._control),
        }

    def make(self) -> None:
        """Make folder and token."""
        self._control.mkdir()
        (self.directory / "tokens").mkdir()
        (self.directory / "softhsm2.conf").write_text(
            f"directories.tokendir = {self.directory / 'tokens'}\n"
            "objectstore.backend = file\nlog.level = ERROR\n"
        )
        self.add()

    def add(self, label: str = LABEL, pin: str = PIN, *, has_key: bool = True) -> None:
        """Put a token with the device's key, or without, into a slot that is free."""
        self._util("--init-token", "--free", "--label", label, "--so-pin", _SO_PIN, "--pin", pin)
        if has_key:
            self._import_key(label, pin)

    def remove(self) -> None:
        (self._control / "removed").touch()

    def put_back(self) -> None:
        (self._control / "removed").unlink()

    def pull(self) -> None:
        """Take it out and put it back between two calls."""
        with (self._control / "pulls").open("a") as file:
            file.write(".")

    def slot(self) -> int:
        """Give the number of the slot that it is in."""
        shown = self._util("--show-slots")
        return int(shown.split("Slot ")[1].split()[0])

    def lock(self) -> None:
        """Have seen too many wrong PINs."""
        (self._control / f"wrong.{self.slot()}").write_text("3")

    def pad(self) -> None:
        """Give it a pad, on which somebody types the PIN."""
        (self._control / "pad").write_text(PIN)

    def slow(self, seconds: float) -> None:
        (self._control / "slow").write_text(str(int(seconds * 1000)))

    def reset(self) -> None:
        """Have it forget its keys and its PIN, and put them in again."""
        given = ("--label", LABEL, "--so-pin", _SO_PIN, "--pin", PIN)
        self._util("--init-token", "--token", LABEL, *given)
        self._import_key(LABEL, PIN)

    def delete(self) -> None:
        self._util("--delete-token", "--token", LABEL)

    def lines(self, call: str = "C_Login") -> list[str]:
        """What the module has written down of a call."""
        log = self._control / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        return [line for line in lines if line.startswith(call)]

    def run(self, body: str, *, seconds: float = 60, **more: Any) -> str:
        """Run a program that has ``token``, ``session`` and what else there is in ``_BEGINNING``.

        Give what it has printed. Its time is long: a busy machine is no failure.
        """
        port = int(self.introduction["tls_endpoint"].rpartition(":")[2])
        given = {
            "directory": str(self.directory),
            "module": str(self.module),
            "introduction": self.introduction,
            "key": self.key,
            "port": port,
            "more": more,
        }
        done = subprocess.run(
            [sys.executable, "-c", _BEGINNING + body, json.dumps(given)],
            env=os.environ | self.environment,
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            timeout=seconds,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        shown = done.stdout + done.stderr
        assert not any(pin in shown for pin in (PIN, WRONG_PIN)), "a PIN is shown"
        return done.stdout

    def _import_key(self, label: str, pin: str) -> None:
        path = self.introduction[self.key]
        self._util(
            *("--import", path, "--token", label, "--label", "key", "--id", "01", "--pin", pin)
        )

    def _util(self, *arguments: str) -> str:
        done = subprocess.run(
            ["softhsm2-util", *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def session_arguments(token: DeviceToken, **pkcs11: Any) -> dict[str, Any]:
    """Give the arguments of a session whose key is in the token."""
    given = {"pkcs11_lib": str(token.module), "user_pin": PIN, "token_label": LABEL, **pkcs11}
    certificates = {"private_key": "certificate", "rsa_private_key": "rsa_certificate"}
    return {
        "method": "iot",
        "endpoint": IOT_ENDPOINT,
        "role_alias": token.introduction["role_alias"],
        "ca": token.introduction["ca"],
        "certificate": token.introduction[certificates[token.key]],
        "pkcs11": {name: value for name, value in given.items() if value is not None},
        "timeout": 30,
    }


_BEGINNING = """
import json, os, sys, threading, time
from pathlib import Path
from device_token import DeviceToken, LABEL, PIN, WRONG_PIN, session_arguments
from evercreds import (
    EvercredsConfigurationError, EvercredsConnectionError, EvercredsError, RefreshableSession,
)
from evercreds._library import abi_generated as abi
from evercreds.methods.iot import _https
from reachable import found_on

given = json.loads(sys.argv[1])
more = given["more"]
_https._address = lambda *_: ("127.0.0.1", given["port"])
token = DeviceToken(
    Path(given["directory"]), Path(given["module"]), given["introduction"], given["key"]
)


def session(**pkcs11):
    return RefreshableSession(**session_arguments(token, **pkcs11))


def fresh(session):
    "Refresh over a new connection: for one that is kept nobody has to sign."
    idle, session._https._idle = session._https._idle, None
    if idle is not None:
        idle[0].close()
    session.refresh()


def failure(work):
    "What a call raises; no PIN hangs on it anywhere."
    try:
        work()
    except EvercredsError as error:
        assert not found_on(error, [PIN, WRONG_PIN]), "a PIN is shown"
        return error
    raise SystemExit("it passed")


def is_permanent(session, error):
    failed = session._host.loop.source.classify(error)
    return failed.error_class == abi.ErrorClass.PERMANENT


def refused(session, error):
    assert error.param == "pkcs11" and "user_pin" in str(error), error
    assert LABEL in str(error), error
    assert is_permanent(session, error), error


MQTT = {"endpoint": "stand-in-ats.iot.us-east-1.amazonaws.com", "client_id": "me"}
"""
