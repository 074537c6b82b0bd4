"""The command: a scenario in, the answers out."""

from __future__ import annotations

import sys

from evercreds.replay._scenario import replay
from evercreds.replay._text import NotAnEventError


def main() -> int:
    """Replay standard input. The status is 2 for a line that is no event."""
    # Whatever bytes come in, the same go out.
    text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    try:
        for line in replay(text.split("\n")):
            sys.stdout.buffer.write(f"{line}\n".encode("utf-8", "surrogateescape"))
    except NotAnEventError as error:
        sys.stdout.buffer.flush()
        print(error, file=sys.stderr)
        return 2
    return 0


sys.exit(main())
