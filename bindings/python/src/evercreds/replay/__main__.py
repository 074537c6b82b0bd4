"""The command: a scenario in, the answers out; with ``--batch``, many of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from evercreds.replay._scenario import replay
from evercreds.replay._text import NotAnEventError

END = "==="  # the line behind each scenario of a batch, and behind its answers


def main() -> int:
    """Replay standard input. The status is 2 for a line that is no event."""
    # Whatever bytes come in, the same go out.
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        if sys.argv[1:] == ["--batch"]:
            *scenarios, _ = re.split(f"^{END}\n", text, flags=re.MULTILINE)
            for scenario in scenarios:
                show([*replay(scenario.split("\n")), END])
        else:
            show(replay(text.split("\n")))
    except NotAnEventError as error:
        sys.stdout.buffer.flush()
        print(error, file=sys.stderr)
        return 2
    return 0


def show(lines: Iterable[str]) -> None:
    """Print lines as the bytes that they came from."""
    for line in lines:
        sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "surrogateescape"))


sys.exit(main())
