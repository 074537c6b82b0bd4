"""Where a file store may be: what names no directory, and what is wrong with one, is told."""

import os
from pathlib import Path

import pytest

from evercreds.errors import EvercredsValidationError
from evercreds.share import DynamoDBStore, FileStore, S3Store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="there is no file store on Windows")


@pytest.mark.parametrize(
    "given", ["", "store", "~/store", "./store", "redis://127.0.0.1:6379", "/tmp/a\0b"]
)
def test_what_names_no_place_is_refused(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EvercredsValidationError, match="absolute path of a directory") as caught:
        FileStore(given)
    assert caught.value.param == "share"
    assert not list(tmp_path.iterdir())


def test_the_mode_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(EvercredsValidationError, match="mode 0700, got 0755"):
        FileStore(tmp_path)


def test_a_relative_runtime_directory_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "run")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert str(tmp_path / ".cache" / "evercreds" / "share") in repr(FileStore())


@pytest.mark.parametrize("given", [None, 5, "", object()])
def test_tables_and_buckets_are_names(given: object) -> None:
    with pytest.raises(EvercredsValidationError) as caught:
        DynamoDBStore(given)  # type: ignore[arg-type]
    assert caught.value.param == "table"
    with pytest.raises(EvercredsValidationError) as caught:
        S3Store(given)  # type: ignore[arg-type]
    assert caught.value.param == "bucket"
