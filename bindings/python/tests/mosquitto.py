"""A real broker, mosquitto, on loopback; and the ways to it that tests need."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tls_server import Authority

MQTT_ENDPOINT = "stand-in-ats.iot.us-east-1.amazonaws.com"

_PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_MISSING = "mosquitto is not installed (./task services installs it)"
_STARTS = 3  # another process may take a port that was free a moment ago


class Broker:
    """Where the broker listens, and what its server certificates are to be checked with.

    ``tls_port`` takes MQTT from clients with a certificate of the stand-in's authority;
    ``websocket_port`` takes WebSockets from anybody, both over TLS and as ``MQTT_ENDPOINT``.
    """

    def __init__(self, directory: Path, client_ca: str) -> None:
        self.authority = Authority("a broker's authority")
        self.client_ca = client_ca
        self.ca = directory / "ca.pem"
        self.ca.write_bytes(self.authority.pem)
        certificate, key = self.authority.issue(MQTT_ENDPOINT)
        self.certificate, self.private_key = directory / "server.pem", directory / "server-key.pem"
        self.certificate.write_bytes(certificate)
        self.private_key.write_bytes(key)
        self.tls_port = self.websocket_port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._config, self._log = directory / "mosquitto.conf", directory / "mosquitto.log"

    def start(self) -> None:
        """Start the program; return when it listens."""
        assert _PROGRAM is not None
        for _ in range(_STARTS):
            self.tls_port, self.websocket_port = _free_ports(2)
            self._config.write_text(self._settings())
            with self._log.open("ab") as log:
                process = subprocess.Popen([_PROGRAM, "-c", str(self._config)], stderr=log)
            if self._listens(process):
                self._process = process
                return
            process.kill()
            process.wait()
        raise AssertionError(f"mosquitto does not start: {self.log()}")

    def stop(self) -> None:
        """End the program, and with it all connections and what it knew of clients."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def log(self) -> str:
        """What the broker has written: who connected, as what, and who was refused."""
        return self._log.read_text(errors="replace")

    def line_of(self, client_id: str) -> str:
        """What the broker has written when this client connected."""
        return next(line for line in self.log().splitlines() if f" as {client_id} (" in line)

    def server_context(self) -> ssl.SSLContext:
        """Show what the broker shows, and take clients with certificate or without."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.private_key)
        context.load_verify_locations(self.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        return context

    def client_context(self) -> ssl.SSLContext:
        """Trust the broker alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.ca)
        return context

    def _settings(self) -> str:
        server = f"certfile {self.certificate}\nkeyfile {self.private_key}\n"
        # Started by root it would become a user who cannot read these files.
        user = "user root\n" if os.geteuid() == 0 else ""
        return (
            f"{user}persistence false\nallow_anonymous true\nlog_dest stderr\nlog_type all\n"
            f"listener {self.tls_port} 127.0.0.1\n{server}cafile {self.client_ca}\n"
            "require_certificate true\nuse_identity_as_username true\n"
            f"listener {self.websocket_port} 127.0.0.1\nprotocol websockets\n{server}"
        )

    def _listens(self, process: subprocess.Popen[bytes]) -> bool:
        for port in (self.tls_port, self.websocket_port):
            end = time.monotonic() + 60
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > end:
                    return False
                time.sleep(0.02)
        return process.poll() is None


def _answers(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


@contextmanager
def running_broker(directory: Path, client_ca: str) -> Iterator[Broker]:
    """Run a broker that takes the clients of an authority; skip where there is none to run."""
    if _PROGRAM is None:
        if os.environ.get("CI"):
            pytest.fail(_MISSING)
        pytest.skip(_MISSING)
    made = Broker(directory, client_ca)
    made.start()
    try:
        yield made
    finally:
        made.stop()
