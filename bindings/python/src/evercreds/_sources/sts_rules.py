"""What AssumeRole's parameters must be like, as botocore's model of STS has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import botocore.session
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from evercreds.errors import EvercredsValidationError

__all__ = ["check_assume_role"]

_TYPES = {
    "string": (str, "a string"),
    "integer": (int, "a whole number"),
    "list": (list, "a list"),
    "structure": (dict, "a dict"),
}


def check_assume_role(session: botocore.session.Session, parameters: Mapping[str, Any]) -> None:
    """Check what the call would be refused for, here or by STS.

    Args:
        session: Whose model of STS is used.
        parameters: Of AssumeRole. A name that the model does not know is left to the call.

    Raises:
        EvercredsValidationError: A value has the wrong type, length, range or characters. The
            text has no value in it, which may be a secret.
    """
    try:
        model = session.get_component("data_loader").load_service_model("sts", "service-2")
        shape: Any = ServiceModel(model, "sts").operation_model("AssumeRole").input_shape
        members = shape.members
    except Exception:
        return  # a loader of the user's: the call itself will say what is wrong
    for name, value in parameters.items():
        if name in members and value is not None:
            for problem in _problems(name, value, members[name]):
                raise EvercredsValidationError(problem, param=name)


def _problems(name: str, value: Any, shape: Any) -> Iterator[str]:
    """Tell what is wrong with a value, and with what is within."""
    kind = shape.type_name
    wanted, called = _TYPES.get(kind, (object, ""))
    # What botocore takes for each kind is for it to say: a tuple for a list, for one.
    report = ParamValidator().validate(value, shape)
    if report.has_errors() and (not isinstance(value, wanted) or isinstance(value, bool)):
        yield f"{name} must be {called}, got {type(value).__name__}"
        return
    rules = shape.metadata
    if kind == "integer":
        yield from _out_of_range(f"{name} must be", value, value, rules, "")
    elif kind == "string":
        count = len(value)
        yield from _out_of_range(f"{name} must have", count, count, rules, " characters")
        if not _fits(value, rules.get("pattern")):
            yield f"{name} must have only characters that fit {rules['pattern']}"
    elif kind == "list":
        count = len(value)
        yield from _out_of_range(f"{name} must have", count, count, rules, " elements")
        for at, each in enumerate(value):
            yield from _problems(f"{name}[{at}]", each, shape.member)
    elif kind == "structure":
        for missing in shape.required_members:
            if missing not in value:
                yield f"{name} must have {missing}"
        for key, each in value.items():
            if key not in shape.members:
                yield f"{name} must have only {', '.join(shape.members)}"
            else:
                yield from _problems(f"{name}.{key}", each, shape.members[key])


def _out_of_range(
    must: str, number: int, given: int, rules: Mapping[str, Any], unit: str
) -> Iterator[str]:
    least, most = rules.get("min"), rules.get("max")
    if least is not None and number < least:
        yield f"{must} at least {least}{unit}, got {given}"
    if most is not None and number > most:
        yield f"{must} at most {most}{unit}, got {given}"


def _fits(text: str, pattern: str | None) -> bool:
    if pattern is None or "\\p{" in pattern:  # classes that Python's re does not have
        return True
    try:
        return re.fullmatch(pattern, text, re.ASCII) is not None
    except re.error:
        return True
