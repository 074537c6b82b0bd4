"""Replays scenarios on the shared library, as docs/conformance.md says.

``python -m evercreds.replay`` reads one on standard input and prints what the machine answered.
"""
