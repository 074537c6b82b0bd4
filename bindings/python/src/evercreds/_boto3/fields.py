"""The fields of credentials that are only ever read together."""

from __future__ import annotations

from typing import Any

__all__ = ["FieldsOfFrozen"]


class FieldsOfFrozen:
    """Gives each field from ``get_frozen_credentials``, and lets none be set.

    Fields that are read one after the other may come from different replies.
    """

    def get_frozen_credentials(self) -> Any:
        """Give all the fields, from one reply."""
        raise NotImplementedError

    @property
    def access_key(self) -> Any:
        """The access key id."""
        return self.get_frozen_credentials().access_key

    @property
    def secret_key(self) -> Any:
        """The secret access key."""
        return self.get_frozen_credentials().secret_key

    @property
    def token(self) -> Any:
        """The session token; ``None`` for credentials that are not temporary."""
        return self.get_frozen_credentials().token

    @property
    def account_id(self) -> Any:
        """The account; ``None`` where the source does not tell it."""
        return self.get_frozen_credentials().account_id
