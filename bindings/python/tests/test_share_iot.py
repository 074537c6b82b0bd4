"""Sessions of AWS IoT that share: they are met by the certificate's key."""

from __future__ import annotations

from pathlib import Path

import pytest

from conftest import SessionMaker, StandIn, until

pytest.importorskip("awscrt")
pytestmark = pytest.mark.usefixtures("patient_file_stores")


def test_one_refresh_for_all(iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path) -> None:
    """A asks; B asks later, with the same certificate; one call is made."""
    first = iot_session(share=tmp_path / "store")
    key = first.credentials["access_key"]
    until(lambda: first.status().counters["share_published"] == 1)
    assert iot_session(share=tmp_path / "store").credentials["access_key"] == key
    assert stand_in.alias_calls()["attempts"] == 1


def test_another_thing_is_another_group(
    iot_session: SessionMaker, stand_in: StandIn, tmp_path: Path
) -> None:
    first = iot_session(share=tmp_path / "store")
    first.refreshable_credentials()
    until(lambda: first.status().counters["share_published"] == 1)
    other = iot_session(share=tmp_path / "store", thing_name=stand_in.introduction["thing_name"])
    other.refreshable_credentials()
    assert stand_in.alias_calls()["attempts"] == 2
