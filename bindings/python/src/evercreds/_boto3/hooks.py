"""Has a service's word that credentials are no good reach the session, and the call sent again."""

from __future__ import annotations

import contextlib
import itertools
import weakref
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from evercreds._host.host import Host
from evercreds._host.source import CredentialSet
from evercreds._library import abi_generated as abi
from evercreds._library import rules
from evercreds._library.needs import Need

__all__ = ["AioRejectionWatch", "RejectionWatch"]

_numbers = itertools.count()


class RejectionWatch:
    """Watches all the clients of a session for replies that refuse the session's credentials.

    A refusal concerns its caller alone: the session looks for another set, with which that call is
    sent once more, and serves everybody else on. Where there is no other set, the caller gets the
    service's error as it came.
    """

    def __init__(self, host: Host) -> None:
        # The handlers live in clients, which may outlive the session.
        self._host = weakref.ref(host)
        # With chained roles one call may have the watches of two sessions.
        number = next(_numbers)
        self._fingerprint = f"evercreds_fingerprint_{number}"
        self._region = f"evercreds_region_{number}"
        self._reported = f"evercreds_reported_{number}"
        self._failure = f"evercreds_failure_{number}"

    def watch(self, session: botocore.session.Session) -> None:
        """Watch the clients that this botocore session makes from now on."""
        events = session.get_component("event_emitter")
        # Last: the signature is put on by a handler of the same event.
        events.register_last("request-created", self._note_signature)
        events.register_first("needs-retry", self._needs_retry)
        events.register_last("after-call", self._tell_why)

    def _note_signature(self, request: Any, **_: Any) -> None:
        """Note which of the session's sets signed the request, if one of them did."""
        host, token = self._host(), request.headers.get("X-Amz-Security-Token")
        request.context.pop(self._fingerprint, None)
        if host is None or token is None:
            return
        fingerprint = host.fingerprint_of(token if isinstance(token, str) else token.decode())
        if fingerprint is not None:
            request.context[self._fingerprint] = fingerprint
            request.context[self._region] = _region_of(request.headers.get("Authorization"))

    def _needs_retry(self, response: Any, request_dict: Any, **_: Any) -> int | None:
        """Look for another set, and ask for one more try with it: 0 is the time to wait."""
        host, need = self._host(), self._need_of(response, request_dict)
        if host is None or need is None:
            return None
        with _Search(need, request_dict["context"], self._failure) as search:
            search.found(host.obtain(need))
        return search.wait_s

    def _need_of(self, response: Any, request_dict: Any) -> Need | None:
        """Tell what a caller needs whose call was refused; None where it was not, or a second time.

        The rule is asked last, and never about a call that succeeded.
        """
        context = request_dict["context"]
        fingerprint = context.get(self._fingerprint)
        if response is None or fingerprint is None or context.get(self._reported):
            return None
        status, code = response[0].status_code, response[1].get("Error", {}).get("Code")
        if status < 300 and code is None:
            return None
        is_head = request_dict.get("method") == "HEAD"
        regions = {context.get(self._region), response[0].headers.get("x-amz-bucket-region")}
        if is_head and len(regions - {None}) == 2:
            return None  # the bucket is elsewhere, and botocore sends the call there
        evidence = _evidence(code, is_head, status)
        if evidence is abi.Evidence.NONE:
            return None
        context[self._reported] = True
        if not _can_be_sent_again(request_dict.get("body")):
            self._report(fingerprint, evidence)
            return None
        return Need(other=fingerprint, evidence=evidence)

    def _report(self, fingerprint: int, evidence: abi.Evidence) -> None:
        """Have another set fetched for the calls after this one, which cannot be sent again."""
        host = self._host()
        if host is not None:
            with contextlib.suppress(Exception):  # the caller gets the service's error
                host.report(fingerprint, evidence)

    def _tell_why(
        self, http_response: Any, parsed: Any, model: Any, context: Any, **_: Any
    ) -> None:
        """Raise the service's error as the client would, with the reason why no set came of it.

        The call may have been sent again since, by a handler that follows a bucket to its region.
        """
        failure = context.pop(self._failure, None)
        if failure is None or http_response.status_code < 300:
            return
        code = parsed.get("Error", {}).get("Code")
        is_head = model.http.get("method") == "HEAD"
        if _evidence(code, is_head, http_response.status_code) is abi.Evidence.NONE:
            return
        # A code that the service's model has is a class of the client's, which is not to be had.
        if code not in model.service_model.shape_names:
            raise ClientError(parsed, model.name) from failure


class AioRejectionWatch(RejectionWatch):
    """As above, for the clients of aiobotocore, whose event loop goes on while a call waits."""

    async def _needs_retry(  # type: ignore[override]
        self, response: Any, request_dict: Any, **_: Any
    ) -> int | None:
        host, need = self._host(), self._need_of(response, request_dict)
        if host is None or need is None:
            return None
        with _Search(need, request_dict["context"], self._failure) as search:
            search.found(await host.obtain_in_loop(need))
        return search.wait_s


class _Search:
    """What becomes of a refused call, once its session has looked for another set.

    Args:
        need: What was looked for.
        context: The call's, which keeps why there is none.
        failure: Under which name it does.
    """

    def __init__(self, need: Need, context: dict[str, Any], failure: str) -> None:
        self._need, self._context, self._failure = need, context, failure
        self.wait_s: int | None = None
        """Before the call is sent again; None where it is not."""

    def found(self, served: CredentialSet) -> None:
        """Have the call sent again, at once, where this is another set."""
        self.wait_s = None if served.fingerprint == self._need.other else 0

    def __enter__(self) -> _Search:
        return self

    def __exit__(self, kind: object, failure: BaseException | None, traceback: object) -> bool:
        if not isinstance(failure, Exception):
            return False
        # Without its traceback, which would keep the request's body alive.
        self._context[self._failure] = failure.with_traceback(None)
        return True


def _evidence(code: object, is_head: bool, status: int) -> abi.Evidence:
    text = code if isinstance(code, str) else ""
    return rules.evidence(text, is_head=is_head, http_status=status)


def _region_of(authorization: Any) -> str | None:
    """Read the region out of a signature's scope: ``Credential=KEY/DATE/REGION/...``."""
    text = authorization.decode() if isinstance(authorization, bytes) else str(authorization)
    scope = text.split("/")
    return scope[2] if len(scope) > 3 else None


def _can_be_sent_again(body: Any) -> bool:
    if isinstance(body, dict) and "TokenCode" in body:
        return False  # a one-time code is good for one call
    return body is None or isinstance(body, (bytes, bytearray, str, dict)) or hasattr(body, "seek")
