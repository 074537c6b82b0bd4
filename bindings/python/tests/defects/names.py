"""The package under test, and what goes by another name in the two."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

__all__ = ["CACHE_NAME", "PACKAGE_NAME", "REGISTERS_BY", "cache", "is_predecessor", "package"]

PREDECESSOR = "boto3_refresh_session"

PACKAGE_NAME = os.environ.get("EVERCREDS_DEFECTS_PACKAGE", "evercreds")
is_predecessor = PACKAGE_NAME == PREDECESSOR

CACHE_NAME = "boto3_client_cache" if is_predecessor else "evercreds.cache"
# The class argument under which a class of sessions is registered.
REGISTERS_BY = "registry_key" if is_predecessor else "method"

package: ModuleType = importlib.import_module(PACKAGE_NAME)
cache: ModuleType = importlib.import_module(CACHE_NAME)
