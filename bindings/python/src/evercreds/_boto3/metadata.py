"""A look at the metadata service of EC2."""

from __future__ import annotations

import botocore.session
from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError
from botocore.httpsession import URLLib3Session

__all__ = ["metadata_service_fails"]

_TIMEOUT_S = 1  # as botocore's own
_TOO_MANY_REQUESTS = 429
_SERVER_ERROR = 500


def metadata_service_fails(session: botocore.session.Session) -> bool:
    """Tell whether the last link of botocore's default chain answers with a fault of its own.

    botocore says nothing of that: to it, such a service has no credentials.

    Args:
        session: A botocore session that found no credentials.
    """
    try:
        chain = session.get_component("credential_provider")
        fetcher = chain.get_provider("iam-role")._role_fetcher
        if fetcher._disabled:
            return False
        request = AWSRequest(method="GET", url=fetcher.get_base_url())
        status = URLLib3Session(timeout=_TIMEOUT_S).send(request.prepare()).status_code
    except (BotoCoreError, ValueError, AttributeError):
        return False  # nobody answers, or the chain is not botocore's
    return bool(status >= _SERVER_ERROR or status == _TOO_MANY_REQUESTS)
