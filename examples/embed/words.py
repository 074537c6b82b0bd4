"""What a host tells of a decision, in its order (docs/reference/host.md, "What users are told")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from module import NEVER, N

NAMES = {
    kind: {number: name[len(kind) :].lower() for name, number in N.items() if name.startswith(kind)}
    for kind in ("CODE_", "CLASS_", "CAUSE_", "OPT_", "PHASE_", "STATE_")
}
STEPS = {"HELD_BY_NOTICE": "held_off", "PUBLISH_REFUSED": "refused"}
ORDER = "STORE_BACK TOOK_OVER LED FOLLOWED HELD_BY_NOTICE ALONE ADOPTED PUBLISHED PUBLISH_REFUSED"


def span(ms: int) -> str:
    """Write a span in milliseconds."""
    return "never" if ms == NEVER else str(ms)


def telling(d: Any, status: Callable[[str], int], trouble: str) -> Iterator[list[str]]:
    """Yield the words of each event that a decision is told as; ``trouble`` is the store's."""

    def noted(*names: str) -> bool:
        return any(d.notes & N["NOTE_" + name] for name in names)

    left = f"left={span(status('REMAINING_MS'))}" if d.notes else ""
    if noted("REJECTED", "REPORTED"):
        yield ["rejection", "all" if noted("REJECTED") else "caller", *["spaced"] * noted("SPACED")]
    if noted("FAILED", "FAILED_QUIETLY"):
        yield ["failure", NAMES["CODE_"][status("LAST_CODE")], *["waited"] * noted("FAILED")]
    if noted("DEGRADED"):
        yield ["degraded", left]
    if noted("STORE_FAILED"):
        yield ["share", "store_failed", trouble]
    yield from (["share", STEPS.get(step, step.lower())] for step in ORDER.split() if noted(step))
    if noted("INSTALLED", "LATE_INSTALLED"):
        yield ["refresh", left]
    if noted("WINDOWS_SHRUNK"):
        yield ["warning"]
    if d.started:
        yield ["start", NAMES["CAUSE_"][d.start_cause]]
