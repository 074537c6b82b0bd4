"""The errors: what they keep and how they are shown."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

import evercreds
from evercreds import errors


def test_an_error_keeps_and_shows_what_it_was_given() -> None:
    error = errors.EvercredsRequestError(
        "Refused", code="Denied", status_code=403, param="role", value=7, details={"a": 1}
    )
    told = "code='Denied', status_code=403, param='role', value=7, details={'a': 1}"
    assert str(error) == f"Refused ({told})"
    assert repr(error) == f"EvercredsRequestError('Refused', {told})"
    assert str(errors.EvercredsError(code="x")) == "code='x'"
    assert repr(errors.EvercredsError()) == "EvercredsError()"
    assert str(errors.EvercredsError("", param="p")) == "param='p'", "no words, no brackets"
    assert errors.EvercredsError().args == ("",)
    assert errors.EvercredsError("words").args == ("words",)
    assert str(errors.EvercredsError("words", value=False)) == "words (value=False)"
    with pytest.raises(TypeError):
        errors.EvercredsError("words", "code")  # type: ignore[misc]
    for copied in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert repr(copied) == repr(error)
        assert copied.details == {"a": 1}


def test_the_names_of_the_predecessor_are_there() -> None:
    for name in ("", "Validation", "Configuration", "Credential", "Connection", "Request"):
        ours = getattr(evercreds, f"Evercreds{name}Error")
        assert getattr(evercreds, f"BRS{name}Error") is ours
        assert issubclass(ours, evercreds.EvercredsError)
    assert evercreds.BRSWarning is evercreds.EvercredsWarning


def test_a_warning_points_to_the_caller() -> None:
    def inner() -> None:
        errors.EvercredsWarning.warn("text")

    with pytest.warns(errors.EvercredsWarning, match="text") as caught:
        inner()
    assert caught[0].filename == __file__
    assert caught[0].message.message == "text"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(errors.EvercredsWarning):
            inner()


def test_every_public_name_is_there() -> None:
    for name in evercreds.__all__:
        assert getattr(evercreds, name) is not None
