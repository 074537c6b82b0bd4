"""The core executor: makes the calls that it reads, one a line.

docs/reference/conformance.md has the protocol.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any

from evercreds._library import abi_generated as abi
from evercreds._library.loading import library

_CAPACITY = 4096


def call(lib: Any, name: str, words: list[str]) -> str:
    """Make one call, and give its result with the decision or the text that it brought."""
    arguments: list[Any] = []
    out, buffer = None, None
    for word in words:
        kind, _, value = word.partition(":")
        if kind == "h":
            arguments.append(int(value))
        elif kind == "b":
            given = bytes.fromhex(value)
            arguments += [given, len(given)]
        elif kind == "w":
            given = bytes.fromhex(value)
            buffer = ctypes.create_string_buffer(given, _CAPACITY)
            arguments += [buffer, len(given), _CAPACITY]
        elif kind == "o":
            out = abi.Decision()
            arguments.append(ctypes.byref(out))
        else:
            arguments.append(float(word) if set(word) & set(".naife") else int(word))
    result = getattr(lib, f"evercreds_{name}")(*arguments)
    answer = [str(result)]
    if result >= 0 and out is not None:
        answer += [str(getattr(out, slot)) for slot in abi.DECISION_SLOTS]
    if result >= 0 and buffer is not None:
        answer.append(buffer.raw[:result].hex())
    return " ".join(answer)


def main() -> None:
    """Make calls until the input ends."""
    lib = library()
    for line in sys.stdin:
        name, *words = line.split()
        print(call(lib, name, words), flush=True)


main()
