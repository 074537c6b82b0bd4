"""Every name that boto3-refresh-session and boto3-client-cache document is where they have it.

The package of the second is ``evercreds.cache`` here.
"""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
from typing import get_args

import boto3
import pytest

import evercreds
from evercreds import RefreshableSession, utils

ERRORS = [
    "BRSConfigurationError",
    "BRSConnectionError",
    "BRSCredentialError",
    "BRSError",
    "BRSRequestError",
    "BRSValidationError",
    "BRSWarning",
]
CONFIGS = ["AssumeRoleConfig", "STSClientConfig"]
TYPES = [
    "PKCS11",
    "AssumeRoleParams",
    "Identity",
    "Method",
    "RefreshMethod",
    "RegistryKey",
    "STSClientParams",
    "TemporaryCredentials",
    "Transport",
]
CONSTANTS = [
    "ASSUME_ROLE_CONFIG_PARAMETERS",
    "STS_CLIENT_CONFIG_PARAMETERS",
    "SUBPROCESS_ALLOWED_PARAMETERS",
]
SESSIONS = ["CustomRefreshableSession", "IOTX509RefreshableSession", "STSRefreshableSession"]
CACHES = [
    "CacheType",
    "ClientCache",
    "ClientCacheKey",
    "EvictionPolicy",
    "LFUClientCache",
    "LFUResourceCache",
    "LRUClientCache",
    "LRUResourceCache",
    "ResourceCache",
    "ResourceCacheKey",
]
CACHE_ERRORS = [
    "CacheError",
    "ClientCacheError",
    "ClientCacheExistsError",
    "ClientCacheNotFoundError",
    "ResourceCacheError",
    "ResourceCacheExistsError",
    "ResourceCacheNotFoundError",
]
CACHE_SESSIONS = [
    "Session",
    "SessionCache",
    "SessionClientCache",
    "SessionResourceCache",
    "client",
    "resource",
    "setup_default_session",
]
DUNDERS = ["__author__", "__email__", "__license__", "__maintainer__", "__title__"]

# By the place in the package, which is "" for the package itself.
NAMES: dict[str, list[str]] = {
    "": [
        "IOT_EXTRA_INSTALLED",
        "RefreshableSession",
        "exceptions",
        "methods",
        "session",
        "utils",
        *CONFIGS,
        *DUNDERS,
        *ERRORS,
        *SESSIONS,
        *TYPES,
    ],
    "cache": ["cache", "exceptions", "session", *CACHES, *CACHE_ERRORS, *CACHE_SESSIONS],
    "cache.cache": CACHES,
    "cache.exceptions": CACHE_ERRORS,
    "cache.session": CACHE_SESSIONS,
    "session": ["RefreshableSession"],
    "exceptions": ERRORS,
    "methods": ["custom", "iot", "sts", *SESSIONS],
    "methods.custom": ["CustomRefreshableSession"],
    "methods.iot": ["IOTX509RefreshableSession", "x509"],
    "methods.iot.x509": ["IOTX509RefreshableSession"],
    "methods.sts": ["STSRefreshableSession"],
    "utils": [
        "BRSSession",
        "CredentialProvider",
        "IOT_EXTRA_INSTALLED",
        "config",
        "constants",
        "extras",
        "typing",
        *CONFIGS,
        *CONSTANTS,
        *TYPES,
    ],
    "utils.config": CONFIGS,
    "utils.constants": CONSTANTS,
    "utils.extras": ["IOT_EXTRA_INSTALLED"],
    "utils.typing": TYPES,
}
TABLE = [(place, name) for place, names in NAMES.items() for name in names]


@pytest.mark.parametrize(("place", "name"), TABLE, ids=lambda given: given or "evercreds")
def test_a_documented_name_is_where_it_was(place: str, name: str) -> None:
    module = importlib.import_module(f"evercreds.{place}" if place else "evercreds")
    found = getattr(module, name)
    assert isinstance(found, (str, bool, type, frozenset, tuple)) or callable(found) or found
    if place and not inspect.ismodule(found):
        assert name in module.__all__


def test_one_import_of_the_package_is_enough() -> None:
    dotted = [f"evercreds.{place}" if place else "evercreds" for place in NAMES]
    program = f"import evercreds\nprint(len([{', '.join(dotted)}]))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60
    )
    assert done.stdout == f"{len(NAMES)}\n", done.stderr


def test_a_name_is_the_same_thing_wherever_it_is() -> None:
    first: dict[str, object] = {}
    for place, name in TABLE:
        module = importlib.import_module(f"evercreds.{place}" if place else "evercreds")
        found = getattr(module, name)
        if not inspect.ismodule(found):
            assert first.setdefault(name, found) is found, (place, name)


def test_what_the_names_are() -> None:
    assert issubclass(utils.BRSSession, boto3.Session)
    assert utils.ASSUME_ROLE_CONFIG_PARAMETERS[0] == "RoleArn"
    assert "region_name" in utils.STS_CLIENT_CONFIG_PARAMETERS
    assert {"timeout", "env", "cwd"} <= utils.SUBPROCESS_ALLOWED_PARAMETERS
    assert not {"stdout", "shell", "executable"} & utils.SUBPROCESS_ALLOWED_PARAMETERS
    assert set(RefreshableSession.get_available_methods()) <= set(get_args(evercreds.Method))
    assert evercreds.__title__ == "evercreds"
    assert evercreds.__email__ == "", "nobody's address is given out"
    session = RefreshableSession("custom", custom_credentials_method=dict)
    assert isinstance(session, utils.CredentialProvider)
    assert not isinstance(boto3.Session(), utils.CredentialProvider)
