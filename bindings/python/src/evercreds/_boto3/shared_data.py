"""The data files of botocore and boto3, read once for all sessions of the process.

They weigh megabytes, and are the same for every session. What is shared no user can change, so
that nothing he does with one session reaches another.
"""

from __future__ import annotations

import functools
import os
import stat
from typing import Any

import boto3
from botocore.loaders import JSONFileLoader, Loader

from evercreds._boto3.frozen_data import freeze

__all__ = ["BOTO3_DATA_PATH", "SessionLoader"]

BOTO3_DATA_PATH = os.path.join(os.path.dirname(boto3.__file__), "data")
_BUILT_IN = (Loader.BUILTIN_DATA_PATH, BOTO3_DATA_PATH)


class _Reader(Loader):  # type: ignore[misc]
    """Reads files and forgets them: what is kept is the frozen copy."""

    def __init__(self, lists: Loader) -> None:
        super().__init__(list(lists.search_paths), include_default_search_paths=False)
        self._lists = lists

    def list_available_services(self, type_name: str) -> Any:
        return self._lists.list_available_services(type_name)

    def determine_latest_version(self, service_name: str, type_name: str) -> Any:
        return self._lists.determine_latest_version(service_name, type_name)


class _Store:
    """What lies in these directories, for all who read in them and nowhere else.

    It has no lock: two threads that read one file at once read the same, and one of the two is
    kept.
    """

    def __init__(self, paths: tuple[str, ...]) -> None:
        self.lists = Loader(list(paths), include_default_search_paths=False)
        self._models: dict[tuple[str, str, str | None], Any] = {}
        self._data: dict[str, tuple[Any, str]] = {}

    def model(self, service_name: str, type_name: str, api_version: str | None) -> Any:
        """Give the model of a service, with what the SDK adds to it."""
        key = service_name, type_name, api_version
        if key not in self._models:
            found = _Reader(self.lists).load_service_model(*key)
            self._models.setdefault(key, freeze(found))
        return self._models[key]

    def data(self, name: str) -> tuple[Any, str]:
        """Give what is in a file, and its path."""
        if name not in self._data:
            found, path = _Reader(self.lists).load_data_with_path(name)
            self._data.setdefault(name, (freeze(found), path))
        return self._data[name]


# A directory, and which one that is: a test may have put another in its place.
_Place = tuple[str, int, int, int]


@functools.lru_cache(maxsize=8)
def _store(places: tuple[_Place, ...]) -> _Store:
    return _Store(tuple(path for path, *_ in places))


def _places(paths: list[str]) -> tuple[_Place, ...]:
    found = []
    for path in dict.fromkeys(paths):
        try:
            place = os.stat(path)
        except (OSError, ValueError):
            continue
        if stat.S_ISDIR(place.st_mode):
            found.append((path, place.st_dev, place.st_ino, place.st_mtime_ns))
    return tuple(found)


class SessionLoader(Loader):  # type: ignore[misc]
    """A session's loader, with search paths of its own.

    As long as these lead to the data of botocore and boto3 alone, what it gives is shared. Where
    they lead to more, as to ``~/.aws/models``, it reads for itself, as botocore's does.
    """

    def copy(self) -> SessionLoader:
        """Make one that searches in the same places, until either's paths are changed."""
        return SessionLoader(list(self.search_paths), include_default_search_paths=False)

    def _shared(self) -> _Store | None:
        places = _places(self.search_paths)
        is_usual = type(self.file_loader) is JSONFileLoader
        is_usual = is_usual and self.extras_types == self.BUILTIN_EXTRAS_TYPES
        is_usual = is_usual and all(path in _BUILT_IN for path, *_ in places)
        return _store(places) if is_usual else None

    # As botocore's, each of them.

    def list_available_services(self, type_name: str) -> Any:
        shared = self._shared()
        if shared is None:
            return super().list_available_services(type_name)
        return list(shared.lists.list_available_services(type_name))

    def list_api_versions(self, service_name: str, type_name: str) -> Any:
        shared = self._shared()
        if shared is None:
            return super().list_api_versions(service_name, type_name)
        return list(shared.lists.list_api_versions(service_name, type_name))

    def determine_latest_version(self, service_name: str, type_name: str) -> Any:
        return max(self.list_api_versions(service_name, type_name))

    def load_service_model(
        self, service_name: str, type_name: str, api_version: str | None = None
    ) -> Any:
        shared = self._shared()
        if shared is None:
            return super().load_service_model(service_name, type_name, api_version)
        return shared.model(service_name, type_name, api_version)

    def load_data_with_path(self, name: str) -> Any:
        shared = self._shared()
        if shared is None:
            return super().load_data_with_path(name)
        return shared.data(name)
