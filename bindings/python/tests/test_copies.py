"""Sessions and what belongs to them, copied and pickled."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from conftest import SessionMaker

COPIES: list[Callable[[Any], Any]] = [
    copy.copy,
    copy.deepcopy,
    lambda it: pickle.loads(pickle.dumps(it)),
]


@pytest.mark.parametrize("copied", COPIES)
def test_a_session_cannot_be_copied_and_says_so(
    copied: Callable[[Any], Any], sts_session: SessionMaker
) -> None:
    with pytest.raises(TypeError, match="session cannot be copied or pickled"):
        copied(sts_session())
    with pytest.raises(TypeError, match="credentials of a session cannot be copied"):
        copied(sts_session().get_credentials())


@pytest.mark.parametrize("copied", COPIES)
def test_what_it_gives_can_be(copied: Callable[[Any], Any], sts_session: SessionMaker) -> None:
    session = sts_session()
    frozen = session.get_credentials().get_frozen_credentials()
    for given in (frozen, session.credentials, session.status(), session.assume_role_kwargs):
        same = copied(given)
        assert same == given
        assert type(same) is type(given)
    assert frozen.secret_key not in repr(copied(frozen))
