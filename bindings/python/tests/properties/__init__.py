"""Random histories of sessions, checked against what is promised of every history.

The promises are the invariants of the machine; each check carries the number of its own, and
`promises.py` lists them. A history is made of real sessions, real threads and real replies. Only
the clocks, and whose turn it is, are the test's.
"""
