"""botocore sessions of a session's own, so that the user's is never changed."""

from __future__ import annotations

import copy
from typing import Any

import botocore.handlers
import botocore.session
from botocore.hooks import EventAliaser

from evercreds._boto3.shared_data import SessionLoader

__all__ = ["derived_session", "new_session"]


class _BuiltinEvents:
    """An emitter with botocore's own handlers, to which nobody may add any.

    The list of these handlers belongs to the process, and others add to it: moto does when it is
    imported, which in a test suite is often after the first session. So the emitter is that of the
    list as it is now.
    """

    def __init__(self) -> None:
        # One tuple, so that a thread reads both or none.
        self._made: tuple[list[Any], Any] = ([], None)

    def get(self) -> Any:
        handlers, emitter = self._made
        now = botocore.handlers.BUILTIN_HANDLERS
        if emitter is None or handlers != now:
            handlers = list(now)
            emitter = botocore.session.Session().get_component("event_emitter")
            self._made = handlers, emitter
        return emitter


_builtin_events = _BuiltinEvents()


def new_session(profile: str | None = None) -> botocore.session.Session:
    """Make a botocore session that shares with the others what is the same for all.

    It is for base credentials, and not handed out: its event emitter is that of all such sessions,
    so that nobody may register handlers. What it loads is shared too, but where the environment or
    the profile names a path to other data.
    """
    session = botocore.session.Session(profile=profile, include_builtin_handlers=False)
    session.register_component("event_emitter", _builtin_events.get())
    if session.get_config_variable("data_path") is None:
        session.register_component("data_loader", SessionLoader())
    return session


def derived_session(base: botocore.session.Session) -> botocore.session.Session:
    """Make a botocore session that is set up as another is, event handlers included.

    Later changes of either do not show in the other, but for a data loader of the user's, which
    they share.
    """
    session = botocore.session.Session(
        session_vars=dict(base.session_var_map),
        event_hooks=_copy_of(base.get_component("event_emitter")),
        include_builtin_handlers=False,
    )
    for name, value in base.instance_variables().items():
        session.set_config_variable(name, value)
    session.user_agent_name = base.user_agent_name
    session.user_agent_version = base.user_agent_version
    session.user_agent_extra = base.user_agent_extra
    session.set_default_client_config(base.get_default_client_config())
    loader = base.get_component("data_loader")
    if isinstance(loader, SessionLoader):
        loader = loader.copy()
    session.register_component("data_loader", loader)
    return session


def _copy_of(events: Any) -> Any:
    """Copy an emitter, without the aliases that a session puts round it again."""
    copied = copy.copy(events)
    is_plain = type(copied) is EventAliaser and type(events) is EventAliaser
    return getattr(copied, "_emitter", copied) if is_plain else copied
