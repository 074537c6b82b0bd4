"""What a function of the user's gives, and how it is taken."""

from __future__ import annotations

import datetime
from typing import Any

import evercreds
from defects.sources import custom, good, outcome, session_in_advisory_window


def test_P1_one_naive_expiry_does_not_break_the_session() -> None:
    """After a reply with a naive expiry, which is an error, the next good one serves."""
    replies = [good(expiry_time=datetime.datetime(2099, 1, 1)), good(access_key="ASIASECOND")]
    session = custom(lambda: replies.pop(0) if len(replies) > 1 else replies[0])
    outcome(session.refreshable_credentials)
    assert session.refreshable_credentials()["access_key"] == "ASIASECOND"


def test_P2_a_malformed_expiry_leaves_no_torn_credentials() -> None:
    """A reply with an unreadable expiry changes nothing: all that is read is of the one before."""
    replies = [good(access_key="ASIATORN", expiry_time="at some time")]

    def later() -> Any:
        if replies:
            return replies.pop()
        raise LookupError("no credentials today")

    credentials = session_in_advisory_window(later).get_credentials()
    first = outcome(credentials.get_frozen_credentials)
    assert credentials.access_key == "ASIAFIRST"
    assert first == credentials.get_frozen_credentials()


def test_P3_a_reply_that_is_no_dict_is_a_clear_error() -> None:
    """A reply that is not a dict is one of the package's errors."""
    raised = [
        type(outcome(custom(lambda reply=reply: reply).refreshable_credentials))
        for reply in (None, "text", ["list"])
    ]
    assert raised == [evercreds.BRSCredentialError] * 3


def test_P4_what_cannot_be_a_key_is_refused() -> None:
    """None, an empty text and a number are refused as access key, secret key and token."""
    accepted = []
    for name in ("access_key", "secret_key", "token"):
        for value in (None, "", 7):
            reply = good(**{name: value})
            read = outcome(custom(lambda reply=reply: reply).refreshable_credentials)
            if not isinstance(read, evercreds.BRSCredentialError):
                accepted.append((name, value))
    assert accepted == []


def test_P5_the_providers_own_dict_is_not_changed() -> None:
    """The dict that a function returns stays as it was."""
    expiry = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    reply = good(expiry_time=expiry)
    custom(lambda: reply).refreshable_credentials()
    assert reply["expiry_time"] is expiry


def test_P8_an_ambiguous_expiry_is_not_guessed() -> None:
    """An expiry that could be two different days, or has no date, is refused."""
    accepted = []
    for text in ("03/04/2099 00:00:00+00:00", "23:59:59+00:00"):
        reply = good(expiry_time=text)
        read = outcome(custom(lambda reply=reply: reply).refreshable_credentials)
        if not isinstance(read, evercreds.BRSCredentialError):
            accepted.append(text)
    assert accepted == []
