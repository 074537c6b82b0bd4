"""The marks of the predecessor's measured defects.

A defect has the letter of what it is about and a number. The numbers have gaps: those between
named behaviour that was measured too, and is as it should be.
"""

from __future__ import annotations

__all__ = ["GROUPS", "MARKS"]

GROUPS: dict[str, str] = {
    "Identity": "I1 I2 I3 I4 I5 I6 I8 I10 R1",
    "Windows and waiting": "W1 W2 W4 W5 W6 W7 W8 W10 W11 W12 W15 T2 T3",
    "What a source gives": "P1 P2 P3 P4 P5 P8",
    "Caches": "C1 C2 C3 C4 C5 C7 C9 C10",
    "Secrets": "S1 S2 S3 S4 S5 S6 S9",
    "One-time codes": "M3 M4 M5 M7 M8",
    "Processes and event loops": "F1 F2 A1",
    "IoT": "X1 X2 X3 X4 X5 X7 X8",
}

MARKS: tuple[str, ...] = tuple(mark for marks in GROUPS.values() for mark in marks.split())
