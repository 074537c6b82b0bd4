"""Keys, names and sealed entries: the bytes that all languages share (testdata/share)."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from evercreds.share import _names
from evercreds.share._keys import DataKey, KeyRing, canonical
from evercreds.share._records import Entry
from evercreds.share._sealing import (
    ForeignError,
    Header,
    open_entry,
    open_notice,
    seal_entry,
    seal_notice,
)

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "testdata" / "share" / "vectors.json"
V: dict[str, Any] = json.loads(VECTORS.read_text()) if VECTORS.exists() else {}

pytestmark = pytest.mark.skipif(not V, reason="there are no shared vectors beside an installation")


def key_of(given: str) -> DataKey:
    return DataKey(bytes.fromhex(given))


def ring_of(keys: list[str]) -> KeyRing:
    return KeyRing([bytes.fromhex(key) for key in keys])


def test_canonical() -> None:
    for each in V["canonical"]:
        assert canonical(each["value"]).decode() == each["text"]
    with pytest.raises(ValueError, match="surrogates"):
        canonical({"a": "\ud800"})


def test_endpoints() -> None:
    for each in V["endpoints"]:
        assert _names.endpoint_url(each["given"]) == each["endpoint"]


def test_keys() -> None:
    for each in V["keys"]:
        key = key_of(each["data_key"])
        assert key.id.hex() == each["id"]
        assert (key._name.hex(), key._mark.hex()) == (each["name"], each["mark"])


def test_marks() -> None:
    for each in V["marks"]:
        assert key_of(each["data_key"]).mark_of(each["serial"], each["code"]) == each["mark"]


def test_principals() -> None:
    for each in V["principals"]:
        if each["kind"] == "caller":
            assert _names.caller_principal(each["given"]) == each["principal"]
        else:
            assert f"{each['kind']}:{each['given']}" == each["principal"]


def test_sets() -> None:
    for each in V["sets"]:
        key, name, sealed = key_of(each["data_key"]), each["store_key"], each["sealed"]
        fields = {
            part: each[part]
            for part in ("access_key", "secret_key", "token", "account", "source_identity")
        }
        header = Header(
            generation=each["generation"],
            fingerprint=int(each["fingerprint"], 16),
            replaces=int(each["replaces"], 16),
            expiry_ms=each["expiry_ms"],
            ends_ms=each["ends_ms"],
            life_ms=each["life_ms"],
        )
        made = seal_entry(key, name, header, fields, bytes.fromhex(each["nonce"]))
        assert base64.b64encode(made).decode() == sealed
        entry = Entry(made, each["generation"], each["fingerprint"], each["expiry_ms"])
        opened = open_entry(ring_of([each["data_key"]]), name, entry)
        assert opened is not None
        assert opened.fields == fields
        assert opened.header.replaces == header.replaces


def test_notices() -> None:
    for each in V["notices"]:
        key, name = key_of(each["data_key"]), each["store_key"]
        nonce = bytes.fromhex(each["nonce"])
        made = seal_notice(key, name, each["notice"], each["notice_ms"], nonce)
        assert base64.b64encode(made).decode() == each["sealed"]
        opened = open_notice(ring_of([each["data_key"]]), name, made)
        assert opened is not None
        assert (opened.notice, opened.notice_ms) == (each["notice"], each["notice_ms"])


def test_refused() -> None:
    for each in V["refused"]:
        ring, name = ring_of(each["keys"]), each["store_key"]
        sealed = base64.b64decode(each["sealed"])
        entry = Entry(
            sealed,
            each.get("generation", 0),
            each.get("fingerprint", ""),
            each.get("expiry_ms", 0),
        )
        try:
            if each["kind"] == "set":
                opened: Any = open_entry(ring, name, entry)
            else:
                opened = open_notice(ring, name, sealed)
            found = "junk" if opened is None else "opened"
        except ForeignError:
            found = "foreign"
        assert found == each["is"], each["why"]


def test_rings() -> None:
    for each in V["rings"]:
        named = bytes.fromhex(each["name_key"]) if "name_key" in each else None
        ring = KeyRing([bytes.fromhex(key) for key in each["keys"]], named)
        assert ring.sealing().id.hex() == each["seals"]
        assert ring.naming().name_of(_names.custom_inputs(each["share_id"])) == each["store_key"]
        assert ring.naming().mark_of(*each["mark_of"]) == each["mark"]
        assert all(ring.opening(bytes.fromhex(key_id)) for key_id in each["opens"])
        assert ring.opening(bytes(8)) is None


PARAMETERS = {
    "role_arn": "RoleArn",
    "session_name": "RoleSessionName",
    "duration_s": "DurationSeconds",
    "external_id": "ExternalId",
    "source_identity": "SourceIdentity",
    "policy": "Policy",
    "transitive_tag_keys": "TransitiveTagKeys",
    "serial_number": "SerialNumber",
    "minimum_token_size": "MinimumSessionTokenSize",
}


def inputs_of(each: dict[str, Any]) -> dict[str, Any]:
    given = each["given"]
    if each["method"] == "custom":
        return _names.custom_inputs(given["share_id"])
    if each["method"] == "iot":
        public_key = bytes.fromhex(given["public_key"])
        where = given["endpoint"], given["role_alias"], given.get("thing_name")
        return _names.iot_inputs(*where, public_key)
    parameters = {theirs: given[ours] for ours, theirs in PARAMETERS.items() if ours in given}
    parameters["PolicyArns"] = [{"arn": arn} for arn in given.get("policy_arns", ())]
    parameters["Tags"] = [{"Key": key, "Value": value} for key, value in given.get("tags", ())]
    parameters["ProvidedContexts"] = [
        {"ProviderArn": arn, "ContextAssertion": assertion}
        for arn, assertion in given.get("provided_contexts", ())
    ]
    principal = given["principal"]
    return _names.sts_inputs(parameters, "evercreds", given["endpoint"], given["region"], principal)


def test_store_keys() -> None:
    for each in V["store_keys"]:
        inputs = inputs_of(each)
        assert canonical(inputs).decode() == each["canonical"]
        assert key_of(each["data_key"]).name_of(inputs) == each["store_key"]
