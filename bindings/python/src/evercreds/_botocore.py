"""botocore sessions of a session's own, so that the user's is never changed."""

from __future__ import annotations

import copy

import botocore.session
from botocore.loaders import Loader

__all__ = ["derived_session", "new_session"]


class _Paths(list[str]):
    """Search paths that do not grow: boto3 adds its own again with every session."""

    def append(self, path: str) -> None:
        if path not in self:
            super().append(path)


# What botocore reads of its data files weighs megabytes, and is the same for all sessions. A loader
# has no lock; two threads that read one file at once read the same.
_shared_loader = Loader(extra_search_paths=_Paths())


def new_session(profile: str | None = None) -> botocore.session.Session:
    """Make a botocore session that shares its data loader with the others of this process.

    It has one of its own where the environment or the profile names a path to other data.
    """
    session = botocore.session.Session(profile=profile)
    if session.get_config_variable("data_path") is None:
        session.register_component("data_loader", _shared_loader)
    return session


def derived_session(base: botocore.session.Session) -> botocore.session.Session:
    """Make a botocore session that is set up as another is, event handlers included.

    Later changes of either do not show in the other, but for the data loader, which they share.
    """
    session = botocore.session.Session(
        session_vars=dict(base.session_var_map),
        event_hooks=copy.copy(base.get_component("event_emitter")),
        include_builtin_handlers=False,
    )
    for name, value in base.instance_variables().items():
        session.set_config_variable(name, value)
    session.user_agent_name = base.user_agent_name
    session.user_agent_version = base.user_agent_version
    session.user_agent_extra = base.user_agent_extra
    session.set_default_client_config(base.get_default_client_config())
    session.register_component("data_loader", base.get_component("data_loader"))
    return session
