"""Has a service's word that credentials are no good reach the session, and the call tried again."""

from __future__ import annotations

import itertools
import weakref
from typing import Any

import botocore.session

from evercreds import _abi_generated as abi
from evercreds import _rules
from evercreds._session_core import SessionCore

__all__ = ["RejectionWatch"]

_numbers = itertools.count()


class RejectionWatch:
    """Watches all the clients of a session for replies that reject the session's credentials."""

    def __init__(self, core: SessionCore) -> None:
        # The handlers live in clients, which may outlive the session.
        self._core = weakref.ref(core)
        # With chained roles one call may have the watches of two sessions.
        number = next(_numbers)
        self._fingerprint = f"evercreds_fingerprint_{number}"
        self._tried_again = f"evercreds_tried_again_{number}"

    def watch(self, session: botocore.session.Session) -> None:
        """Watch the clients that this botocore session makes from now on."""
        events = session.get_component("event_emitter")
        # Last: the signature is put on by a handler of the same event.
        events.register_last("request-created", self._note_signature)
        events.register_first("needs-retry", self._needs_retry)

    def _note_signature(self, request: Any, **_: Any) -> None:
        """Note which of the session's sets signed the request, if one of them did."""
        core, token = self._core(), request.headers.get("X-Amz-Security-Token")
        request.context.pop(self._fingerprint, None)
        if core is None or token is None:
            return
        fingerprint = core.fingerprint_of(token if isinstance(token, str) else token.decode())
        if fingerprint is not None:
            request.context[self._fingerprint] = fingerprint

    def _needs_retry(self, response: Any, request_dict: Any, **_: Any) -> int | None:
        """Invalidate the set that was rejected, and ask for one more try: 0 is the time to wait."""
        code = response[1].get("Error", {}).get("Code") if response is not None else None
        context = request_dict["context"]
        core, fingerprint = self._core(), context.get(self._fingerprint)
        # The rule is asked last, and never about a call that succeeded.
        if not isinstance(code, str) or core is None or fingerprint is None:
            return None
        if _rules.evidence(code) is not abi.Evidence.STRONG:
            return None
        core.invalidate(fingerprint)
        if context.get(self._tried_again) or not _can_be_sent_again(request_dict.get("body")):
            return None
        context[self._tried_again] = True
        return 0


def _can_be_sent_again(body: Any) -> bool:
    if isinstance(body, dict) and "TokenCode" in body:
        return False  # a one-time code is good for one call
    return body is None or isinstance(body, (bytes, bytearray, str, dict)) or hasattr(body, "seek")
